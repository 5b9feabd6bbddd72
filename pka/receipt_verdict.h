/* SPDX-License-Identifier: Apache-2.0 */
/* What was checked of a receipt: each check once, with the first line where it does not hold. */
#ifndef PKA_RECEIPT_VERDICT_H
#define PKA_RECEIPT_VERDICT_H

#include "base/buf.h"

enum receipt_check {
	RECEIPT_CHECK_FORMAT,           /* the lines are well formed and in their order */
	RECEIPT_CHECK_CHAIN,            /* each line's hash */
	RECEIPT_CHECK_DEVICE,           /* the target's chain */
	RECEIPT_CHECK_KEYS,             /* attestations of its keys */
	RECEIPT_CHECK_CONSENTS,         /* each custodian's key, signature over M and statement */
	RECEIPT_CHECK_QUORUM,           /* n distinct ones */
	RECEIPT_CHECK_LIMITS,           /* in force: what was asked, lowered by all statements */
	RECEIPT_CHECK_SIGNATURES,       /* each verifies with the attested key */
	RECEIPT_CHECK_USES,             /* all within the limits */
	RECEIPT_CHECK_COUNTERS,         /* of keys that have one: none is missing */
	RECEIPT_CHECK_END,              /* the session was ended, not cut off */
	RECEIPT_CHECKS
};
enum receipt_result {
	RECEIPT_NOT_MADE,               /* counts as failure */
	RECEIPT_PASS,
	RECEIPT_NOTE,                   /* not wrong, but something that cannot be proved: said */
	RECEIPT_FAIL
};
struct receipt_finding {
	enum receipt_result result;
	uint64_t line;                  /* of the first note or failure; 0: none, or the file as a whole */
	uint64_t count;                 /* of them */
	char text[240];                 /* safe to show */
};
struct receipt_verdict {
	struct receipt_finding v[RECEIPT_CHECKS];
};
const char *receipt_check_name(enum receipt_check c);          /* "consents" */
/* The first failure stays, and a failure outdoes a note; later ones are counted. */
void receipt_fail(struct receipt_verdict *v, enum receipt_check c, uint64_t line, const char *fmt, ...) PRINTF(4, 5);
void receipt_note(struct receipt_verdict *v, enum receipt_check c, uint64_t line, const char *fmt, ...) PRINTF(4, 5);
/* The check is made: it passes if nothing was found so far. */
void receipt_pass(struct receipt_verdict *v, enum receipt_check c, const char *fmt, ...) PRINTF(3, 4);
bool receipt_verdict_is_good(const struct receipt_verdict *v); /* every check was made, none failed */

#endif
