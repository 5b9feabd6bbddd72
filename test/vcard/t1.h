/* SPDX-License-Identifier: Apache-2.0 */
/* T=1 as the card speaks it (ISO 7816-3, clause 11): block in, block out. LRC, NAD as it comes. */
#ifndef VCARD_T1_H
#define VCARD_T1_H

#include "base/buf.h"
#include "base/limits.h"

#define VCARD_T1_BLOCK_MAX 259

struct vcard_t1 {
	/* What the card does: appends an answer of at least two bytes. */
	void (*run)(void *ctx, struct rd cmd, struct wr *rsp);
	void *ctx;
	unsigned extend;                /* how many times it asks for more time before each answer */
	/* all else is its own */
	uint8_t ifsd;
	uint8_t ns, nr;
	unsigned asked;
	bool sending, waiting;          /* its answer is under way; a command is whole but for the extensions */
	size_t sent, chunk;
	struct wr cmd, rsp;
	uint8_t last[VCARD_T1_BLOCK_MAX];
	size_t last_n;
};

void vcard_t1_init(struct vcard_t1 *t, void (*run)(void *ctx, struct rd cmd, struct wr *rsp), void *ctx);
void vcard_t1_reset(struct vcard_t1 *t);                       /* power on, or a warm reset */
void vcard_t1_free(struct vcard_t1 *t);
/* The answer to a block, appended to out; nothing where a card says nothing. */
void vcard_t1_hear(struct vcard_t1 *t, struct rd block, struct wr *out);

#endif
