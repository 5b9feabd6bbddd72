/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way to a card: PC/SC, USB, an agent, recorded bytes, a remote card. A link has one owner at a time and no lock.
 */
#ifndef APDU_LINK_H
#define APDU_LINK_H

#include "apdu/apdu.h"
#include "apdu/pinpad.h"
#include "base/deadline.h"

struct apdu_link_ops {
	const char *name;
	/*
	 * Exclusive use for a command sequence; NULL: nothing to do. ERR_SHARING, ERR_REMOVED, ERR_RESET (the
	 * caller's card state is lost; begin again). After a failure there is nothing to end.
	 */
	enum err (*begin)(void *ctx, struct deadline *dl);
	/* One command, one answer (data and status word appended to rsp). */
	enum err (*transmit)(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl);
	void (*end)(void *ctx);
	/* Power cycle; the new ATR. NULL: not possible. */
	enum err (*reset)(void *ctx, struct wr *atr);
	/*
	 * Is the card there, without talking to it? ERR_OK, ERR_REMOVED, ERR_RESET (somebody reset it). NULL: not
	 * known.
	 */
	enum err (*present)(void *ctx);
	/*
	 * Has the reader a pad that asks for a PIN by itself? And a VERIFY with what is typed there: the answer of the
	 * card, or one of the reader's (part 10: 6400 nobody typed in time, 6401 the person cancelled, 6403 too short
	 * or too long), appended to rsp. It takes as long as the person takes. NULL both: no.
	 */
	bool (*has_pad)(void *ctx);
	enum err (*pad_verify)(void *ctx, const struct pinpad_ask *ask, struct wr *rsp);
	/* The same of a change of PIN (6402: the new one was not typed the same twice). NULL both: no. */
	bool (*has_pad_change)(void *ctx);
	enum err (*pad_change)(void *ctx, const struct pinpad_ask *ask, struct wr *rsp);
	/* The longest command APDU that the reader takes, bytes. NULL: as long as the card takes. */
	size_t (*cmd_max)(void *ctx);
	/* reset_card: leave the card powered off or reset, so that every login is gone; otherwise as it is. */
	void (*close)(void *ctx, bool reset_card);
	/* The child of a fork: free ctx, touch neither card nor service. NULL: ctx is leaked. */
	void (*abandon)(void *ctx);
};

struct apdu_link;

/* Takes ctx: on failure it is closed. where: reader or URL, for messages (copied). */
MUST enum err apdu_link_new(const struct apdu_link_ops *ops, void *ctx, const char *where, struct rd atr,
			    struct apdu_link **out);
/* The ctx of a link that has these ops; otherwise NULL. For whoever made it. */
void *apdu_link_ctx(const struct apdu_link *l, const struct apdu_link_ops *ops);
void apdu_link_close(struct apdu_link **l, bool reset_card);
/* The child of a fork: forget without touching the card or the service. */
void apdu_link_abandon(struct apdu_link **l);
const char *apdu_link_where(const struct apdu_link *l);
struct rd apdu_link_atr(const struct apdu_link *l);
/* How many commands went over this link: for tests and bench. */
uint64_t apdu_link_count(const struct apdu_link *l);
/* The longest command APDU, in bytes, that card and reader take (quirk.c). */
size_t apdu_link_cmd_max(const struct apdu_link *l);

/* What the trace may show of one exchange. Without a flag a body is secret and only its length is shown. */
enum { APDU_SHOW_CMD = 1, APDU_SHOW_RSP = 2 };

MUST enum err apdu_link_begin(struct apdu_link *l, struct deadline *dl);
void apdu_link_end(struct apdu_link *l);
/*
 * One exchange. Gathers 61xx by GET RESPONSE and repeats once for 6Cxx, if the command has an Le (ISO 7816-4 5.1.3);
 * traces (area apdu); the command bytes stay the caller's to wipe, intermediate buffers are wiped here. rsp gets data
 * and the final status word, and is as before on failure. A command that is not well formed is ERR_FORMAT or
 * ERR_LIMIT and is not sent.
 */
MUST enum err apdu_link_transmit(struct apdu_link *l, struct rd cmd, unsigned show, struct wr *rsp,
				 struct deadline *dl);
bool apdu_link_has_pad(const struct apdu_link *l);
/* As the ops; ERR_UNSUPPORTED: there is none. Traced without any data: there is none here. */
MUST enum err apdu_link_pad_verify(struct apdu_link *l, const struct pinpad_ask *ask, struct wr *rsp,
				   struct deadline *dl);
bool apdu_link_has_pad_change(const struct apdu_link *l);
MUST enum err apdu_link_pad_change(struct apdu_link *l, const struct pinpad_ask *ask, struct wr *rsp,
				   struct deadline *dl);
MUST enum err apdu_link_reset(struct apdu_link *l);
MUST enum err apdu_link_present(struct apdu_link *l);          /* ERR_OK also where the link cannot tell */

#endif
