/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way, one for each recipient's way, kept over a restart. Times are seconds since 1970. */
#ifndef SERVER_STORE_OUTBOX_H
#define SERVER_STORE_OUTBOX_H

#include "server/base/recipient.h"
#include "server/store/store.h"

#define SRV_OUTBOX_MAX 5000             /* messages; more are not taken */
#define SRV_OUTBOX_TEXT 16384           /* bytes of one */
#define SRV_OUTBOX_WHY 200

struct srv_outgoing {
	int64_t id;                             /* given by put */
	char request[SRV_ID_SIZE], device[CHR_MAX + 1];
	char about[12];                         /* srv_occasion_names */
	char kind[12];                          /* srv_way_names */
	char name[SRV_RECIPIENT_MAX + 1];       /* of the recipient */
	char why[SRV_OUTBOX_WHY];               /* what went wrong last, safe to show */
	int tries;                              /* how often it was begun */
	int64_t next, until;                    /* when to try, when to give up */
};
/* way: as in the settings; message: JSON. ERR_LIMIT: there are too many. */
MUST enum err srv_outbox_put(const struct srv_store *s, const struct srv_outgoing *o, const char *way,
			     const char *message);
/*
 * What is due for this way, the oldest first; the message is appended. A next that lies further ahead than any pause is
 * one of a clock that was set back, and due. ERR_NOT_FOUND: nothing is.
 */
MUST enum err srv_outbox_due(const struct srv_store *s, const struct srv_way *w, int64_t now, int64_t longest,
			     struct srv_outgoing *o, struct wr *message);
/* What is to be given up, the next one after this id. ERR_NOT_FOUND. */
MUST enum err srv_outbox_late(const struct srv_store *s, int64_t now, int64_t after, struct srv_outgoing *o);
/* The next time that something is due or late; INT64_MAX: nothing waits. */
MUST enum err srv_outbox_next(const struct srv_store *s, int64_t *when);
/* A try begins; if nothing else is heard of it, the next one is at next. */
MUST enum err srv_outbox_begun(const struct srv_store *s, int64_t id, int64_t next);
MUST enum err srv_outbox_failed(const struct srv_store *s, int64_t id, int64_t next, const char *why);
MUST enum err srv_outbox_drop(const struct srv_store *s, int64_t id);
/* Nobody needs to hear any more that custodians are asked: what has not reached them is late. */
MUST enum err srv_outbox_over(const struct srv_store *s, const char *request);
/* What goes ways that are not in the settings any more is late. */
MUST enum err srv_outbox_strays(const struct srv_store *s, const struct srv_recipients *r);
/* At a start: the same, and so is what asks for approvals, as a restart ends all requests. */
MUST enum err srv_outbox_settle(const struct srv_store *s, const struct srv_recipients *r);
/* How many wait; 0 if that cannot be read. */
size_t srv_outbox_count(const struct srv_store *s);

#endif
