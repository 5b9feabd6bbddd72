/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling people of requests. An event becomes a message in the store for each recipient whom it concerns (settings,
 * and the card's policy); child processes deliver, a few at once and two at most for one way; what fails is tried again
 * with growing pauses, also after a restart, and given up in the end, which is an event of its own (tell). A message is
 * delivered at least once. The server waits for nobody.
 */
#ifndef SERVER_NOTIFY_NOTIFY_H
#define SERVER_NOTIFY_NOTIFY_H

#include "server/base/recipient.h"
#include "server/ceremony/desk.h"

#define SRV_NOTIFY_TRY_S   30           /* a child that takes longer is killed */
#define SRV_NOTIFY_PAUSE_S 900          /* the longest */

struct srv_notify_config {              /* borrowed */
	const struct conf *conf;        /* until srv_notify_adopt */
	const struct srv_store *store;
	struct srv_events *events;
	struct srv_desk *desk;
	const char *url;                /* how people call this server; may change, "" for not known */
};
struct srv_notify;
/* ERR_CONFIG (said), ERR_NOMEM, ERR_IO, or the store's. */
MUST enum err srv_notify_new(const struct srv_notify_config *config, struct srv_notify **out);
/* NULL-safe. Children that are at work are killed; what they had is tried again after the next start. */
void srv_notify_free(struct srv_notify **n);
/*
 * Go on by other settings: conf and the recipients that were read from it are its own from now on. What waits for
 * somebody who is not in them any more is given up; what is being delivered is.
 */
void srv_notify_adopt(struct srv_notify *n, struct conf *conf, struct srv_recipients *recipients);
const struct srv_recipients *srv_notify_recipients(const struct srv_notify *n);

/* Readable when a child has something to say; then srv_notify_look, and a tick. */
int srv_notify_descriptor(const struct srv_notify *n);
void srv_notify_look(struct srv_notify *n);
/* Start what is due; when to come again (boot time; UINT64_MAX: never). */
uint64_t srv_notify_tick(struct srv_notify *n, uint64_t now_ms);
size_t srv_notify_waiting(const struct srv_notify *n);

#endif
