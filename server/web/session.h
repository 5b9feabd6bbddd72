/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is signed in. A session stands in for the token or the client certificate that began it, and no longer: each
 * request shows it to call/who.c again, so that a token that was taken back ends its sessions at once. Sessions are
 * kept in memory only.
 */
#ifndef SERVER_WEB_SESSION_H
#define SERVER_WEB_SESSION_H

#include "base/secret.h"
#include "server/base/random.h"
#include "server/srv/srv.h"

#define WEB_SESSION_MS (8 * 60 * 60 * 1000ull)
#define WEB_SESSIONS_MAX 256
#define WEB_SESSIONS_EACH 16            /* of one identity; then its oldest give way */
#define WEB_SECRET_SIZE (2 * SRV_RANDOM_MAX + 1)        /* srv_random_hex */

struct web_session {
	struct web_session *next;
	char cookie[WEB_SECRET_SIZE], form[WEB_SECRET_SIZE];    /* form: what a form of ours holds, and no other's */
	struct secret *authorization;   /* with its terminator; NULL: a certificate */
	char name[SRV_WHO_MAX + 1];
	uint64_t until_ms;
};
struct web_sessions {
	struct web_session *list;       /* the newest first */
};
void web_sessions_end(struct web_sessions *l);

/*
 * Whose call is this: sets call->who by its session, or leaves what front.c found where it has none. The session is
 * borrowed until the next call of these functions; NULL: none.
 */
struct web_session *web_session_find(struct srv *s, struct srv_call *call, uint64_t now_ms);
/* A new session for call->who, with its cookie in the reply. NULL: out of memory or randomness. */
struct web_session *web_session_begin(struct srv *s, struct srv_call *call, const char *authorization,
				      uint64_t now_ms);
void web_session_end(struct srv *s, struct srv_call *call, struct web_session *it);
/* Was this POST sent by a page of ours, and of this session? (NULL: by a page of ours.) */
bool web_session_sent(const struct srv_call *call, const struct web_session *it);

#endif
