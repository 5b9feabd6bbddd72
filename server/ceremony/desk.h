/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All ceremonies of the server that go on: found by cookie, id or login, counted, and forgotten when they are over, as
 * the store has them then (server/ceremony/past.h). One thread owns it; nothing here waits.
 */
#ifndef SERVER_CEREMONY_DESK_H
#define SERVER_CEREMONY_DESK_H

#include "server/ceremony/ceremony.h"
#include "server/ceremony/past.h"

struct srv_desk_config {        /* borrowed */
	const struct att_anchors *anchors;
	const struct srv_store *store;
	struct srv_events *events;
	const char *instance;   /* this server process */
	const char *url;        /* how people call this server, NULL: not known */
	uint64_t deadline_ms, lease_ms, poll_ms, hold_ms;
	bool chip_auth;
	unsigned sessions;      /* at once */
};
struct srv_desk;
MUST enum err srv_desk_new(const struct srv_desk_config *config, struct srv_desk **out);
void srv_desk_free(struct srv_desk **d);        /* NULL-safe; every held call must be done: srv_desk_stop */

/*
 * A POST to the RAMOverHTTP path. cookie: the value of HSMSESSION, empty if none. An initiation begins a session,
 * with the host's facts, whatever the cookie, and ends the one that the cookie names; anything else belongs to that
 * one. A host that lost its connection and asks again for the same login (login_id, words, address, identity) goes on
 * with the same request, if it is for the same card; anybody else who names that login_id is refused (409). secure: the
 * cookie is for TLS only. A login that is not known here may be in the store: the same holds for it.
 */
struct srv_post {
	struct rd cookie;
	struct srv_host host;
	const char *path;       /* of the cookie */
	bool secure;
};
void srv_desk_post(struct srv_desk *d, const struct srv_post *p, struct srv_call *call, uint64_t now_ms);
/* The connection of a held call is gone: the call is done, and if it was a POST its session is over. */
void srv_desk_gone(struct srv_desk *d, struct srv_call *call, uint64_t now_ms);

/* By the request's id (hex), or by its link; NULL: no such. Borrowed until the next tick. */
struct srv_ceremony *srv_desk_find(struct srv_desk *d, const char *id);
struct srv_ceremony *srv_desk_find_link(struct srv_desk *d, const char *link);
/* Ends of opened logins (server/ceremony/end.h), for whoever says one: as srv_end_say. */
MUST enum err srv_desk_say_end(struct srv_desk *d, const struct srv_past *p, const struct srv_decision *decision,
			       uint64_t now_ms);
/* As srv_end_wait; 503 at once when the server stops. */
void srv_desk_wait_end(struct srv_desk *d, struct rd login_id, struct srv_call *call, uint64_t now_ms);
/* Enumerate those of enrolled cards for which somebody asks, the newest first; NULL begins. */
struct srv_ceremony *srv_desk_next(struct srv_desk *d, const struct srv_ceremony *last);
/* The session that holds this card connected (srv_hold), the latest; NULL: none does. */
struct srv_ceremony *srv_desk_held(const struct srv_desk *d, const char *device_id);
/* End what goes on for this device. */
void srv_desk_end_device(struct srv_desk *d, const char *device_id, enum err result, const char *why, uint64_t now_ms);

/* Do what time demands, forget what is old; when to come again (boot time; UINT64_MAX: never). */
uint64_t srv_desk_tick(struct srv_desk *d, uint64_t now_ms);
/* The server stops: no new session; everybody waiting is told. */
void srv_desk_stop(struct srv_desk *d, uint64_t now_ms);
bool srv_desk_is_stopping(const struct srv_desk *d);
bool srv_desk_is_quiet(const struct srv_desk *d);       /* every session has been told its end */

#endif
