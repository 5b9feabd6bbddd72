/* SPDX-License-Identifier: Apache-2.0 */
/* What a custodian sees before he decides: what was checked here, and apart from it what others merely say. */
#ifndef CLI_APPROVE_TEXT_H
#define CLI_APPROVE_TEXT_H

#include "cli/request.h"
#include "pka/limits.h"

/*
 * The request as text for a terminal, appended; every foreign byte is escaped. own_chr: the key that would sign; low:
 * to what its limits lower the host's, or NULL.
 */
void cli_approve_text(const struct cli_request *r, const struct pka_approval_facts *f, const char *own_chr,
		      const struct pka_limits *low, struct wr *out);
/* Only the host's claims; limits are said in words. */
void cli_claims_text(struct rd host_json, struct wr *out);

#endif
