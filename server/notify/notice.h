/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people are told of a request, as one JSON object (docs/SERVER.md, "Telling people"): members for programs, and
 * a subject and a text for people. Everything that somebody else has said is escaped in it. No login_id, cookie, token.
 */
#ifndef SERVER_NOTIFY_NOTICE_H
#define SERVER_NOTIFY_NOTICE_H

#include "server/base/recipient.h"
#include "server/ceremony/ceremony.h"

struct srv_notice {
	enum srv_occasion about;
	const struct srv_event *event;
	const struct srv_ceremony *ceremony;    /* NULL: it is forgotten; the event says what is told */
	const char *url;                        /* how people call this server */
};
/* Appended. ERR_NOMEM; ERR_LIMIT. */
MUST enum err srv_notice_write(const struct srv_notice *n, struct wr *out);

#endif
