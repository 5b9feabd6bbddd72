/* SPDX-License-Identifier: Apache-2.0 */
/* For receipt_check.c and receipt_uses.c only. */
#ifndef PKA_RECEIPT_CHECK_INT_H
#define PKA_RECEIPT_CHECK_INT_H

#include "attest/keyatt.h"
#include "pka/receipt_check.h"

struct receipt_judging {
	const struct receipt *r;
	const struct receipt_trust *trust;
	struct receipt_judged *out;
	struct receipt_verdict *v;
	struct att_key *keys;           /* as r->keys; valid where out->is_attested */
};
void receipt_check_signatures(const struct receipt_judging *j);
MUST enum err receipt_check_uses(const struct receipt_judging *j);
void receipt_check_counters(const struct receipt_judging *j);

#endif
