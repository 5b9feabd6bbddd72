/* SPDX-License-Identifier: Apache-2.0 */
/* What a custodian sees before he decides: what was checked here, and apart from it what others merely say. */
#ifndef CLI_APPROVE_TEXT_H
#define CLI_APPROVE_TEXT_H

#include "cli/book/book.h"
#include "cli/remote/request.h"
#include "pka/limits.h"

struct cli_approve_view {
	const struct cli_request *request;
	const struct pka_approval_facts *facts;
	const char *own_chr;            /* the key that would sign */
	const struct pka_limits *low;   /* to what its limits lower the host's, or NULL */
	const char *name;               /* the card's in the address book, which has its key; NULL: not there */
	const struct cli_book *people;  /* names of the others; may be NULL */
};
/* The request as text for a terminal, appended; every foreign byte is escaped. */
void cli_approve_text(const struct cli_approve_view *v, struct wr *out);
/* Of it only which card: its name in the address book, or NULL, and whether it is genuine. */
void cli_card_text(const char *request, const struct pka_approval_facts *f, const char *name, struct wr *out);
/* Only who has approved, by the names of people, which may be NULL; within a line. */
void cli_approvers_text(const struct cli_request *r, const struct cli_book *people, struct wr *out);
/* Only the host's claims; limits are said in words. */
void cli_claims_text(struct rd host_json, struct wr *out);
/* Of them only why it asks, within a line. */
void cli_reason_text(struct rd host_json, struct wr *out);

#endif
