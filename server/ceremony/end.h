/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a card was opened: a custodian's statement that this is over (pka/end.h), kept with its request in the store,
 * and the hosts that wait for one. It does not matter which server the card was opened at, nor how often that was
 * started anew. A waiting call costs little but its connection; nothing here waits.
 */
#ifndef SERVER_CEREMONY_END_H
#define SERVER_CEREMONY_END_H

#include "server/ceremony/ceremony.h"
#include "server/ceremony/past.h"

struct srv_ends;
struct srv_ends_config {                /* borrowed */
	const struct srv_store *store;
	struct srv_events *events;
	const char *instance;
	uint64_t poll_ms;
};
MUST enum err srv_ends_new(const struct srv_ends_config *config, struct srv_ends **out);
void srv_ends_free(struct srv_ends **e);        /* NULL-safe; nobody may be waiting: srv_ends_stop */

/*
 * A custodian's end of this request. The first one is kept, and then told to whoever waits; another one later is as
 * good and changes nothing. ERR_CONDITIONS: it has not opened its card; ERR_SIGNATURE, ERR_FORMAT: not a registered
 * key's end of this login; ERR_IO: the store (srv_events_why). All other members of d are as in srv_ceremony_decide.
 */
MUST enum err srv_end_say(struct srv_ends *e, const struct srv_past *p, const struct srv_decision *d);
/*
 * A host waits for the end of this login of its own. Answers the call at once: by the end that was said, by 404 where
 * no login of it has opened a card; or keeps it for the poll time.
 */
void srv_end_wait(struct srv_ends *e, struct rd login_id, struct srv_call *call, uint64_t now_ms);
/* The call's connection is gone. false: it is none of those that wait here. */
bool srv_end_gone(struct srv_ends *e, struct srv_call *call);
/* Answer (204) those that have waited long enough; when to come again (boot time, UINT64_MAX: nobody waits). */
uint64_t srv_ends_tick(struct srv_ends *e, uint64_t now_ms);
void srv_ends_stop(struct srv_ends *e);         /* whoever waits is refused: the server stops */

#endif
