/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts of real sessions with virtual cards: two of three custodians open a target, its keys sign, and what the
 * agent would write down is written down. And what a forger does with the text.
 */
#ifndef TEST_UNIT_RECEIPT_H
#define TEST_UNIT_RECEIPT_H

#include "test/unit/test.h"

#include "pka/receipt_check.h"
#include "test/quorum.h"

#define SESSION_KEYS 4
enum { KEY_COUNTED = 1, KEY_PLAIN, KEY_RSA, KEY_UNATTESTED };    /* all EC but KEY_RSA; that and the first count */

struct session {
	struct quorum q;
	struct wr attestations[SESSION_KEYS];
	struct receipt_key keys[SESSION_KEYS];
	uint8_t login_id[LOGIN_ID_SIZE];
	int64_t now;

	/* What the next session_begin asks for. */
	const char *json;
	const char *limits[2];                  /* of the two statements */
	const char *in_force;
	bool deny, other_login;                 /* of the second */

	struct receipt_chain chain;
	struct wr file;
};
void session_open(struct session *s, const char *profile);
void session_close(struct session *s);
/* The card is opened and the head written. */
void session_begin(struct session *s);
/* One signature by the card, written down; program "mkimage", uid 1000. */
void session_sign(struct session *s, uint8_t key, uint8_t alg, struct rd data, bool repeat);
void session_end(struct session *s);
/* begin, n signatures with KEY_COUNTED, one with each other key, end. */
void session_make(struct session *s, unsigned n);

/* The member "budget" of JSON as tests write it. */
enum err session_budget(void *ctx, struct rd host_json, struct wr *text);
struct receipt_trust session_trust(const struct session *s);
/* Read and judged with the session's root. */
void session_judge(const struct session *s, struct rd file, struct receipt_verdict *v);

/*
 * The same receipt with one line's text replaced (NULL: removed), and all hashes made again: what somebody can do who
 * has only the file. Lines count from 1.
 */
void receipt_forge(struct rd file, size_t line, const char *text, struct wr *out);
/* Line n without its hash, as a C string; and the number of the first line that begins so, 0: none. */
const char *receipt_line_text(struct rd file, size_t n, char *buf, size_t cap);
size_t receipt_find_line(struct rd file, const char *start, unsigned nth);
size_t receipt_count_lines(struct rd file);

#endif
