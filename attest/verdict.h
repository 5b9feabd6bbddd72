/* SPDX-License-Identifier: Apache-2.0 */
/* Every check that was made, in order, with its result: a person sees all of them, not the first failure. */
#ifndef ATTEST_VERDICT_H
#define ATTEST_VERDICT_H

#include "base/buf.h"

#define ATT_CHECKS_MAX 64
#define ATT_TEXT_MAX 159
enum att_result {
	ATT_PASS,
	ATT_FAIL,
	ATT_NOT_MADE                /* an earlier failure leaves nothing to check; counts as failure */
};
enum att_step {                                                /* reference key-attestation 5 */
	ATT_FORMAT, ATT_GENUINE, ATT_CHAIN, ATT_ANCHOR, ATT_SIG_CHAIN, ATT_ROLE, ATT_TIME, ATT_LIVE,
	ATT_OTHER_DEVICE, ATT_SIG_ATT, ATT_KEYPARAM, ATT_SIG_INNER, ATT_KEY_MISMATCH, ATT_PKA_NAMES, ATT_ARCHIVE,
	ATT_STEPS
};
struct att_check {                  /* all 0: before the first */
	enum att_step step;
	enum att_result result;
	const char *text;           /* what was checked or why it failed; safe to show; lives as long as the verdict */
	size_t number, end;         /* how many up to this one, and where the next begins */
};
/* One after the other, each as long as its text: a server keeps thousands of them. */
struct att_verdict {
	size_t n;                   /* checks; 0: none, whatever the bytes are */
	uint8_t bytes[ATT_CHECKS_MAX * (2 + ATT_TEXT_MAX + 1)];
};
/* The check after c; false: c was the last one. */
bool att_verdict_next(const struct att_verdict *v, struct att_check *c);
const char *att_step_name(enum att_step s);                    /* "SIG_CHAIN" */
/* When the list is full, passes are dropped and a failure takes the last place. */
void att_verdict_add(struct att_verdict *v, enum att_step s, enum att_result r, const char *fmt, ...) PRINTF(4, 5);
/* Adds a check that passes or fails, with the text for each; returns ok. */
bool att_verdict_check(struct att_verdict *v, enum att_step s, bool ok, const char *passed, const char *failed);
/*
 * Of a verdict that is complete and stands on the heap: gives back the memory of the checks that it does not have. No
 * check may be added any more, and it must not be copied as a whole.
 */
void att_verdict_pack(struct att_verdict **v);
bool att_verdict_is_good(const struct att_verdict *v);         /* at least one check, and all passed */
/* Without a text: none failed. */
struct att_check att_verdict_first_failure(const struct att_verdict *v);

#endif
