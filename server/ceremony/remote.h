/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custodians with a client of another maker: each lends his card, PIN verified, to approve the one request whose link
 * he has called (pka/remote.h). Only requests of hosts of other makers can be approved so, as ours ask for statements;
 * and only where [server] stock_custodians says yes. One thread owns it; nothing here waits.
 */
#ifndef SERVER_CEREMONY_REMOTE_H
#define SERVER_CEREMONY_REMOTE_H

#include "server/ceremony/desk.h"

#define SRV_REMOTES_MAX 64              /* at once */

struct srv_remotes;
/* For the requests of this desk, borrowed. ERR_NOMEM. */
MUST enum err srv_remotes_new(struct srv_desk *desk, uint64_t poll_ms, struct srv_remotes **out);
void srv_remotes_free(struct srv_remotes **r);  /* NULL-safe; every held call must be done: srv_remotes_stop */

/*
 * A POST of such a client: with an initiation a session for c begins, whatever its cookie; c NULL: the link is
 * nobody's. All else belongs to the session that the cookie names. path: the cookie's.
 */
struct srv_remote_post {
	struct srv_ceremony *c;
	struct rd cookie;
	const char *path;
	bool secure;
};
void srv_remotes_post(struct srv_remotes *r, const struct srv_remote_post *p, struct srv_call *call, uint64_t now_ms);
/* The call's connection is gone. false: it is none of those held here. */
bool srv_remotes_gone(struct srv_remotes *r, struct srv_call *call);
/* Do what time and the requests demand; when to come again (boot time, UINT64_MAX: never). Before srv_desk_tick. */
uint64_t srv_remotes_tick(struct srv_remotes *r, uint64_t now_ms);
void srv_remotes_stop(struct srv_remotes *r, uint64_t now_ms);  /* each is told that the server stops */
bool srv_remotes_are_quiet(const struct srv_remotes *r);        /* each has been told */

#endif
