/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a receipt prove what it says? With root certificates only, offline. What it cannot prove: that the custodians'
 * keys are those registered in the card (compare their names with your own list), and that nothing is missing for keys
 * without a use counter (docs/RECEIPT.md).
 */
#ifndef PKA_RECEIPT_CHECK_H
#define PKA_RECEIPT_CHECK_H

#include "attest/chain.h"
#include "pka/manifest.h"
#include "pka/receipt_read.h"

struct receipt_trust {
	const struct att_anchors *anchors;
	/* Devices, target's or custodians', that may be without a chain: ids, or any. A note says UNVERIFIED then. */
	const char *const *accepted;
	size_t accepted_n;
	bool accept_any;
	bool accept_pin;                /* a session that a PIN opened: nobody approved it */
	const struct pka_manifest *manifest;    /* NULL: not at hand */
	/*
	 * The text of the member "budget" of the host's JSON, appended; nothing if there is none. Reading JSON is the
	 * caller's work. ERR_FORMAT: it cannot be read.
	 */
	enum err (*budget)(void *ctx, struct rd host_json, struct wr *text);
	void *ctx;
};
struct receipt_custodian {              /* what a consent says, as far as it could be read */
	char chr[CHR_MAX + 1], device[CHR_MAX + 1];
	bool is_good;
	char limits[STATEMENT_MAX];     /* of his statement; foreign text */
};
struct receipt_judged {
	struct att_chain chain;         /* of the target; views into the receipt */
	struct receipt_custodian custodians[PKA_CUSTODIANS_MAX];        /* as r->consents */
	bool is_attested[KEYS_MAX + 1]; /* by key number */
	struct pka_limits limits;       /* as the receipt says they were in force */
	bool has_limits;
	size_t distinct;                /* digests that were signed; signatures that show none count singly */
	size_t signatures;
};
/* The other checks of the verdict. ERR_NOMEM, ERR_CRYPTO. */
MUST enum err receipt_judge(const struct receipt *r, const struct receipt_trust *trust, struct receipt_judged *out,
			    struct receipt_verdict *v);
/*
 * r is of the same device as before and began after it was ended, and all receipts are at hand: what a counter counted
 * between them is in neither. Adds to COUNTERS of r's verdict.
 */
void receipt_judge_next(const struct receipt *before, const char *before_name, const struct receipt *r,
			struct receipt_verdict *v);

#endif
