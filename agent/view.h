/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent knows of one reader and its card, as clients may see it: kept by the card's thread, read by the thread
 * that serves clients. Everything is guarded by the lock inside, which is never held across I/O.
 */
#ifndef AGENT_VIEW_H
#define AGENT_VIEW_H

#include <limits.h>

#include "agent/cache.h"
#include "apdu/readers.h"
#include "base/lock.h"
#include "sc-hsm/cmd.h"

enum agent_state {
	AGENT_EMPTY,            /* no card of ours in the reader */
	AGENT_CLOSED,
	AGENT_ASKING,           /* a login runs: the card is for nobody else */
	AGENT_OPENED
};
/* How an answer about the login state is meant, when the card gives one. */
enum agent_note { AGENT_NOTE_NOTHING, AGENT_NOTE_CLOSED, AGENT_NOTE_OPEN };

struct agent_answer {
	uint8_t p[64];
	size_t n;               /* 0: not known */
};
struct agent_facts {            /* of an approval, for "agent status" */
	char limits[LIMITS_TEXT_MAX + 1];
	char receipt[PATH_MAX];
	uint32_t uid;           /* who asked */
	uint64_t ends_ms;       /* boot time; UINT64_MAX: by no time */
	uint32_t digests;       /* different ones that were signed */
	uint64_t uses;          /* all private-key operations */
};
struct agent_view {
	struct lock lock;
	char reader[READER_NAME_MAX];
	enum agent_state state;
	uint32_t card;          /* changes with each card that is put in */
	uint32_t approval;      /* changes with each login that opens it */
	uint32_t events;        /* of the reader */
	uint8_t atr[ATR_MAX];
	size_t atr_n;
	char device_id[CHR_MAX + 1];
	bool has_pad;           /* the reader asks for a PIN by itself */
	bool has_pad_change;    /* and changes it */
	bool looked;            /* the reader was looked at, whatever was found */
	char progress[AGENT_PROGRESS_MAX];      /* of the login that runs */
	struct agent_facts facts;               /* of the approval, while AGENT_OPENED */
	uint32_t ended;                         /* the approval that ended last, and why */
	bool ended_by_limits;
	char ended_why[AGENT_PROGRESS_MAX];
	enum agent_note note;
	struct agent_answer select, user[2], so, pka[2];        /* closed, open */
	struct agent_cache *cache;
};

MUST enum err agent_view_init(struct agent_view *v, const char *reader);
void agent_view_fini(struct agent_view *v);

/* ---- the card's thread ---- */

/* Another card, or none (atr empty): all that was known is forgotten. */
void agent_view_card(struct agent_view *v, struct rd atr, uint32_t events);
void agent_view_state(struct agent_view *v, enum agent_state s);
/* Known, and closed. */
void agent_view_ready(struct agent_view *v, const char *device_id, bool has_pad, bool has_pad_change);
void agent_view_looked(struct agent_view *v);
void agent_view_open(struct agent_view *v, const struct agent_facts *f);        /* a new approval */
void agent_view_used(struct agent_view *v, uint32_t digests, uint64_t uses);
void agent_view_progress(struct agent_view *v, const char *text);
/* The approval ended; clients that were in it are told so. */
void agent_view_end(struct agent_view *v, enum agent_state s, bool by_limits, const char *why);
void agent_view_noting(struct agent_view *v, enum agent_note n);
/* Something changed the card: what was read of it counts no more. */
void agent_view_changed(struct agent_view *v);
/* One exchange of the card. */
void agent_view_see(struct agent_view *v, struct rd cmd, struct rd rsp);

/* ---- the clients' thread ---- */

/*
 * The answer to a command of class AGENT_VIEW or AGENT_PUBLIC, if it is known; appended to rsp. is_in: this client has
 * logged in and the approval is in force.
 */
MUST bool agent_view_answer(struct agent_view *v, const struct apdu *a, struct rd cmd, const struct hsm_cmd *row,
			    bool is_in, struct wr *rsp);

#endif
