/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request and its answer, without any HTTP library: http.c fills it, front.c and below answer it, at once or
 * later.
 */
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "base/buf.h"
#include "base/limits.h"
#include "server/who.h"

struct srv_request {                    /* borrowed from the call's owner until the call is done */
	const char *method;
	const char *path;               /* as sent: percent-encoded, without the query */
	const char *type;               /* headers; NULL: absent */
	const char *cookie;
	const char *authorization;
	const char *host_facts;         /* X-Quorum11-Request */
	struct rd body;
	const char *from;               /* the peer's address as text, for limits and the log */
	const struct srv_peer *peer;    /* its certificate; NULL: none, or one that does not hold */
};
struct srv_reply {
	int status;
	const char *type;               /* literal; NULL: no body */
	const char *allow;              /* literal: methods, with 405 */
	char cookie[160];               /* Set-Cookie, "" if none */
	unsigned retry_after;           /* seconds, with 429; 0: none */
	struct wr body;
};
struct srv_call {
	struct srv_request request;
	struct srv_reply reply;
	struct srv_identity who;        /* whose call it is: srv_who_admit */
	bool done;                      /* the reply is complete */
	void (*wake)(struct srv_call *call);    /* called once, when done becomes true; NULL: nobody waits */
	struct srv_call *next;          /* of whoever keeps several waiting (server/end.c), and until when: boot time */
	uint64_t until_ms;
};

#define SRV_JSON "application/json"

void srv_call_init(struct srv_call *call);
void srv_call_fini(struct srv_call *call);
/* The reply's body has been written: it is done. A body that failed to be written becomes status 500 without body. */
void srv_call_answer(struct srv_call *call, int status, const char *type);
/* {"error": word, "message": text}; word is a literal. */
void srv_call_refuse(struct srv_call *call, int status, const char *word, const char *fmt, ...) PRINTF(4, 5);
/* 429: so many seconds too early. */
void srv_call_refuse_rate(struct srv_call *call, unsigned seconds);

/* Foreign text as it may stand between double quotes on a log line: no control character, no such quote. */
struct srv_quoted { char text[SHOWN_MAX + 1]; };
const char *srv_quote(const char *text, struct srv_quoted *q);

#endif
