/* SPDX-License-Identifier: Apache-2.0 */
/*
 * T=1 of ISO 7816-3, clause 11, from the reader's side, as a machine without I/O: it says which block to send, and is
 * told what came. Chaining both ways, IFS, waiting time, retransmission, resynchronisation, abort.
 *
 * A command is never sent a second time as a whole: after a resynchronisation nobody knows whether the card has done it
 * (it may have spent a try of a PIN), so the exchange has failed, and the next one finds the card in good order.
 */
#ifndef APDU_USB_T1_H
#define APDU_USB_T1_H

#include "base/buf.h"

#define T1_INF_MAX   254
#define T1_BLOCK_MAX (3 + T1_INF_MAX + 2)
#define T1_TRIES     3                  /* of one block, then a resynchronisation; and of that (rules 6 and 7) */

struct t1_params {
	uint8_t nad;                    /* of our blocks; the card's have its halves exchanged (11.3.2.1) */
	uint8_t ifsc;                   /* of the answer to reset */
	uint8_t ifsd;                   /* what we take, told the card before the first command; up to T1_INF_MAX */
	bool crc;
};

/* What was sent last, and so what may come. */
enum t1_sent { T1_SENT_I, T1_SENT_R, T1_SENT_IFS, T1_SENT_RESYNCH, T1_SENT_ABORT, T1_SENT_ANSWER };

struct t1 {                             /* all of it is the machine's */
	struct t1_params params;
	uint8_t ifsc;                   /* now */
	uint8_t ns, nr;                 /* N(S) of our next I-block; that of the card's next */
	bool ifs_told, dead;
	/* the exchange */
	struct rd cmd;
	size_t done, chunk;             /* bytes of it that the card has; bytes of the I-block on its way */
	struct wr *rsp;
	size_t rsp_before;
	bool receiving, aborted;
	enum err failed;                /* how the exchange ends, once the card is in order again */
	unsigned bad, empty;            /* blocks in a row that were wrong; that were good and had nothing in them */
	unsigned asked_again;           /* by the card, in a row */
	enum t1_sent sent;
	uint8_t r_error;                /* of the last R-block */
	uint8_t wait;
	uint8_t out[T1_BLOCK_MAX];
	size_t out_n;
};

/* After each reset of the card. */
void t1_init(struct t1 *t, const struct t1_params *p);
void t1_ifs_is_told(struct t1 *t);                      /* somebody else has told the card how much we take */
/*
 * Begin an exchange; the first block is then in t1_block. cmd and rsp stay the caller's and must live until it is over.
 * ERR_ARG: no command; ERR_RESET: the card must be reset first.
 */
MUST enum err t1_begin(struct t1 *t, struct rd cmd, struct wr *rsp);
struct rd t1_block(const struct t1 *t);                 /* to be sent now */
/* Its answer may take so many times the card's block waiting time: 1, or what the card asked for. */
uint8_t t1_wait(const struct t1 *t);
/*
 * What came; empty: nothing in time, or nothing that was whole. ERR_OK and *over: the answer is in rsp; and not *over:
 * send t1_block. Failures end the exchange and leave rsp as it was: ERR_TRANSPORT; ERR_LIMIT, the answer has no room in
 * rsp; ERR_RESET, the card does not come back to order: it must be reset.
 */
MUST enum err t1_hear(struct t1 *t, struct rd block, bool *over);
void t1_wipe(struct t1 *t);                             /* what is left of the last block */

#endif
