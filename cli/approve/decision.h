/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request in front of a custodian, in the steps that are the same with and without a network: which of his keys
 * decides, what his own client finds of it, what he sees, what he is asked, what his card signs.
 */
#ifndef CLI_APPROVE_DECISION_H
#define CLI_APPROVE_DECISION_H

#include "cli/book/book.h"
#include "cli/custodian/custodian.h"
#include "cli/remote/request.h"
#include "pka/limits.h"

struct cli_case {
	struct cli *cli;
	struct cli_book *devices, *people;      /* cli_decision_begin */
	struct cli_custodians *mine;
	bool deny;

	/* Of one request: cli_decision_request, until cli_decision_drop. */
	struct cli_request *request;
	const char *source;             /* what names it in "devices add": a URL and an id, or a file */
	struct cli_custodian *me;       /* one of mine */
	struct pka_approval *approval;  /* our own judgement of it */
	const char *name;               /* the card's, of the address book; NULL: not there, or with another key */
	bool lowers;                    /* --limits, to an approval */
	struct pka_limits low;          /* if it does: what is left of what the host asks for */
	struct wr limits;               /* for the statement */
};

/*
 * The address book. To say no or end, a custodian need not know the card: then a book that cannot be read is said, and
 * NULL.
 */
MUST enum err cli_decision_books(bool may_fail, struct cli_book **devices, struct cli_book **people);
/* The address book and the keys at hand; none: ERR_NOT_FOUND. Said. */
MUST enum err cli_decision_begin(struct cli *cli, struct cli_case *d);
void cli_decision_end(struct cli_case *d);

/*
 * Take a request (r is owned from now on) and judge it. ERR_REFUSED: it does not pass our checks; its card is not in
 * the address book, and this is not a denial; its card's key is another one than there. Others: no key at hand may
 * decide, limits. Said.
 */
MUST enum err cli_decision_request(struct cli_case *d, struct cli_request *r, const char *source);
void cli_decision_drop(struct cli_case *d);

/*
 * The card's name in the address book, NULL: none. What is there under another key is warned of, whatever is decided.
 */
const char *cli_decision_name(const struct cli_book *devices, const struct pka_approval *p, enum cli_book_device *is);

MUST enum err cli_decision_show(const struct cli_case *d);  /* to stdout. Said. */
/* Approve, or deny? ERR_CANCELLED: no. With a challenge, --expect-code is looked at before. Said. */
MUST enum err cli_decision_ask(const struct cli_case *d);
/*
 * Per-key mode, after a yes: the challenge that came with the turn, and the code that is known only now: compared with
 * --expect-code, else shown and asked for. ERR_CANCELLED: it is not the code. Said.
 */
MUST enum err cli_decision_challenge(struct cli_case *d, struct rd challenge);

struct cli_signed {                     /* views into the decision; sig empty: a denial */
	struct rd sig, statement, statement_sig;
};
/* The PIN, and the card's signatures, verified. Said. */
MUST enum err cli_decision_sign(struct cli_case *d, struct cli_signed *out);

#endif
