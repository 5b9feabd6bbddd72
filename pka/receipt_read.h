/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt as it is in the file: what it says, nothing of it believed. Bytes in, no I/O. */
#ifndef PKA_RECEIPT_READ_H
#define PKA_RECEIPT_READ_H

#include "pka/receipt.h"
#include "pka/receipt_verdict.h"

struct receipt_read_consent {
	uint64_t line;
	struct pka_consent c;
};
struct receipt_read_key {
	uint64_t line;
	struct receipt_key k;
	uint64_t left_line;             /* 0: no counter at the end */
	uint32_t left;
};
struct receipt_read_use {
	uint64_t line;
	struct receipt_use u;
};
struct receipt {                        /* absent: zero and empty; views live as long as this */
	int64_t when;
	struct rd device_id, devaut, login_id, host_json, limits;
	unsigned n, m;
	size_t consents_n, keys_n, uses_n;
	struct receipt_read_consent *consents;
	struct receipt_read_key *keys;
	struct receipt_read_use *uses;
	bool has_end;
	int64_t end_when;
	const char *why;
	uint64_t device_line, quorum_line, limits_line, end_line;       /* 0: not there */
	struct receipt_chain chain;     /* after the last line: its hash names the whole receipt */
	struct wr arena;
};
/*
 * Reads as much as can be read; FORMAT and CHAIN of the verdict are settled, END as far as there is one. ERR_NOMEM;
 * ERR_LIMIT: more than RECEIPT_FILE_MAX. Bad lines are no error here: the verdict tells. Views are copies: file may go.
 */
MUST enum err receipt_read(struct rd file, struct receipt **out, struct receipt_verdict *v);
/* NULL-safe. */
void receipt_free(struct receipt **r);
struct receipt_read_key *receipt_key_find(const struct receipt *r, uint8_t key);        /* NULL: not listed */

#endif
