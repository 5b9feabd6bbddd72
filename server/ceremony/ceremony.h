/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ceremony: a RAMOverHTTP session joined with the target's side of n-of-m (pka/activation.h). POSTs come in,
 * people's decisions come in, time passes; the waiting POST is answered as soon as there is something to say.
 */
#ifndef SERVER_CEREMONY_CEREMONY_H
#define SERVER_CEREMONY_CEREMONY_H

#include "base/text.h"
#include "pka/statement.h"
#include "server/base/random.h"
#include "server/call/call.h"
#include "server/ceremony/rules.h"
#include "server/ceremony/session.h"
#include "server/event/event.h"
#include "server/store/store.h"

#define SRV_COOKIE_BYTES 32
#define SRV_COOKIE_SIZE (2 * SRV_COOKIE_BYTES + 1)
#define SRV_FROM_SIZE 64
#define SRV_LINK_SIZE SRV_RANDOM_TEXT_SIZE

struct srv_ceremony;
struct srv_ceremony_env {               /* what all ceremonies share; borrowed */
	const struct att_anchors *anchors;
	const struct srv_store *store;
	struct srv_events *events;
	const char *instance;           /* this server process, among those that may use the store */
	const char *url;                /* how people call this server, NULL: not known */
	uint64_t deadline_ms, lease_ms, poll_ms, hold_ms;
	bool chip_auth;
	/* The other request that is in force for this one's card, which has one at a time; NULL: there is none. */
	struct srv_ceremony *(*holder)(void *ctx, const struct srv_ceremony *c);
	void *ctx;
};
/*
 * A client of another maker that holds its card connected (/rt/hold): idle until somebody has people asked, and open
 * until somebody ends it, as such a client switches its card off when its session is over.
 */
enum srv_hold {
	SRV_HOLD_NOT,           /* a login: it asks at once, and is over when the card is open */
	SRV_HOLD_IDLE, SRV_HOLD_ASKED, SRV_HOLD_OPEN,
	SRV_HOLD_CLOSE, SRV_HOLD_CLOSED         /* the card is to be reset; was reset, or is gone */
};
struct srv_progress {
	bool is_told, changed_mode;
	unsigned approvals;
	const struct pka_custodian *turn;
};
struct srv_ceremony {
	struct srv_ceremony *next;              /* desk.c's list */
	struct srv_ceremony *next_cookie;       /* and those of its index of cookies */
	const struct srv_ceremony_env *env;
	char id[SRV_ID_SIZE];                   /* of the request, hex */
	char link[SRV_LINK_SIZE];               /* whoever has it may read the request and take turns */
	char cookie[SRV_COOKIE_SIZE];           /* hex */
	char from[SRV_FROM_SIZE];
	char host[SRV_WHO_MAX + 1];             /* the identity that asks, "": nobody in particular */
	char only[CHR_MAX + 1];                 /* the device that it must be, "": any; srv_ceremony_join */
	uint8_t login_id[LOGIN_ID_SIZE];
	struct wr host_json;                    /* as sent; empty: a client without our header */
	struct srv_session session;
	struct srv_call *held;                  /* the POST that waits; NULL unless the session is READY */
	struct pka_activation *activation;
	struct pka_batch batch;
	struct pka_batch answers;               /* to the batch, of a host that gets its commands one by one */
	struct srv_target *target;              /* a reference; NULL until the card is identified */
	struct pka_target view;                 /* of target, for the activation */
	struct srv_rules rules;                 /* its policy */
	uint16_t firmware;                      /* from the first SELECT */
	bool has_firmware, is_begun;            /* the card has answered */
	bool is_admitted;                       /* people may be asked */
	uint64_t heard_ms;                      /* its host's last POST */
	uint64_t waits_ms;                      /* an older request for the card has until then; 0: it waits for none */
	uint64_t nudged_ms;                     /* when that one's host was made to speak */
	bool is_open;                           /* people were asked */
	enum srv_hold hold;
	uint64_t hold_until_ms;                 /* OPEN: then the card is closed */
	char hold_why[SHOWN_MAX + 1];           /* CLOSE: why, for people */
	bool is_last_round;                     /* over: desk.c forgets it at the next */
	uint32_t seen;                          /* how it stood when pages were told (server/web/stream.c); 0: never */
	struct srv_progress told;               /* to the host, of how far it is */
	int64_t created;                        /* seconds since 1970 */
	uint64_t deadline_ms;                   /* for people, from when they are asked */
	uint64_t ended_ms;                      /* 0: still going */
};

/* What the host says about itself: login_id and JSON, copied. */
struct srv_host {
	struct rd login_id;     /* empty: one is made */
	struct rd json;
	const char *from, *name;        /* address, and identity as the server knows it ("": none) */
	uint64_t deadline_ms;           /* 0: as all have it */
	uint32_t answer_max;            /* pka_policy's */
	bool is_held;                   /* SRV_HOLD_IDLE, without login_id and JSON */
};
MUST enum err srv_ceremony_new(const struct srv_ceremony_env *env, const struct srv_host *host,
			       struct srv_ceremony **out);
/*
 * Before it begins: it goes on with old's request, under the same id and link, and for the same card only. What was
 * approved there was for a challenge that is dead.
 */
void srv_ceremony_join(struct srv_ceremony *c, const struct srv_ceremony *old);
struct srv_past;
void srv_ceremony_join_past(struct srv_ceremony *c, const struct srv_past *old);
void srv_ceremony_free(struct srv_ceremony **c);        /* NULL-safe; all held calls must have been answered */

/* A POST of its session: the first one (E8), and each later one. Answers the call now or keeps it. */
void srv_ceremony_begin(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms);
void srv_ceremony_post(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms);
/*
 * The waiting POST's connection is gone, and the answer with it: nothing can be resynchronised (reference ramoverhttp
 * 9).
 */
void srv_ceremony_gone(struct srv_ceremony *c, uint64_t now_ms);
/* As pka_activation_turn. */
MUST enum err srv_ceremony_turn(struct srv_ceremony *c, const char *chr, uint64_t now_ms);
/*
 * As pka_activation_check, after a check that the statement says what the endpoint does: ERR_SIGNATURE otherwise. What
 * holds is kept, and then counts. ERR_IO: it could not be kept (srv_events_why), and does not count.
 */
struct srv_decision {
	const char *chr, *from;
	enum pka_decision decision;
	struct rd sig, statement, statement_sig;
	bool is_bare;   /* an approval without a statement, for a host of another maker: ERR_REFUSED of ours */
};
MUST enum err srv_ceremony_decide(struct srv_ceremony *c, const struct srv_decision *d, uint64_t now_ms);
/* End it, unless it has ended. */
void srv_ceremony_end(struct srv_ceremony *c, enum err result, const char *why, uint64_t now_ms);
/* The operator ends it, which is told with his name. false: it has ended. */
bool srv_ceremony_cancel(struct srv_ceremony *c, const struct srv_call *by, uint64_t now_ms);
/*
 * Of a card that is held idle: people are asked now, because this call says so. ERR_CONDITIONS: it is not idle, or not
 * looked at yet.
 */
MUST enum err srv_ceremony_ask(struct srv_ceremony *c, const struct srv_call *by, uint64_t now_ms);
/* A card that is held open is closed; false: it is not held open. why for people. */
bool srv_ceremony_release(struct srv_ceremony *c, const char *why, uint64_t now_ms);
/* Do what time demands; when to come again (boot time, UINT64_MAX: never). */
uint64_t srv_ceremony_tick(struct srv_ceremony *c, uint64_t now_ms);

/* Is its host of another maker? Then it sent nothing about itself, and asks for no statements. */
bool srv_ceremony_is_stock(const struct srv_ceremony *c);
/* Begin an event about this ceremony. */
void srv_ceremony_event(const struct srv_ceremony *c, const char *name, struct srv_event *ev);
/* May this identity read the request? His card's custodian, the host that asks, or who may read all. */
bool srv_ceremony_is_seen_by(const struct srv_ceremony *c, const struct srv_identity *who);
/* May he have its link? It is for those who pass it on: the operator, and the host whose request it is. */
bool srv_ceremony_is_linked_by(const struct srv_ceremony *c, const struct srv_identity *who);
bool srv_ceremony_waits_for(const struct srv_ceremony *c, const char *chr);     /* for the decision of this key */
const struct pka_facts *srv_ceremony_facts(const struct srv_ceremony *c);
/* The record of a custodian's decision that counts, NULL if none. */
const struct pka_approval_record *srv_ceremony_record(const struct srv_ceremony *c, const char *chr);

#endif
