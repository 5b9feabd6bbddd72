/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts as people and programs want to see them. */
#ifndef CLI_AUDIT_AUDIT_H
#define CLI_AUDIT_AUDIT_H

#include <jansson.h>

#include "pka/receipt_check.h"

#define AUDIT_RECEIPTS_MAX 1000

struct cli_receipt {
	const char *path;
	struct receipt *r;              /* NULL: not read */
	struct receipt_verdict verdict;
	struct receipt_judged judged;
};
/* For the callback of struct receipt_trust. */
enum err cli_audit_budget(void *ctx, struct rd host_json, struct wr *text);
void cli_audit_text(const struct cli_receipt *c, struct wr *out);
json_t *cli_audit_json(const struct cli_receipt *c);           /* NULL: no memory */

#endif
