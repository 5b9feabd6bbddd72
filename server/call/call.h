/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request and its answer, without any HTTP library: http.c fills it, front.c and below answer it, at once,
 * later, or bit by bit.
 */
#ifndef SERVER_CALL_CALL_H
#define SERVER_CALL_CALL_H

#include "base/buf.h"
#include "base/limits.h"
#include "server/call/who.h"

struct srv_request {                    /* borrowed from the call's owner until the call is done */
	const char *method;
	const char *path;               /* as sent: percent-encoded, without the query */
	const char *query;              /* as sent: what stands after the question mark, NULL: nothing */
	const char *type;               /* headers; NULL: absent */
	const char *cookie;
	const char *authorization;
	const char *host_facts;         /* X-Quorum11-Request */
	const char *host;
	const char *origin;             /* from where a browser's form was sent */
	const char *fetch_site;         /* Sec-Fetch-Site */
	const char *if_none_match;
	struct rd body;
	const char *from;               /* the peer's address as text, for limits and the log */
	const struct srv_peer *peer;    /* its certificate; NULL: none, or one that does not hold */
};
struct srv_reply {
	int status;
	const char *refused;            /* literal: the word of the refusal; NULL: none */
	const char *type;               /* literal; NULL: no body */
	const char *allow;              /* literal: methods, with 405 */
	char cookie[160];               /* Set-Cookie, "" if none */
	unsigned retry_after;           /* seconds, with 429; 0: none */
	struct wr head;                 /* further fields: name, zero byte, value, zero byte */
	struct wr body;
};
struct srv_call {
	struct srv_request request;
	struct srv_reply reply;
	const char *route;              /* the path as front.c's table has it: unlike the path it holds no secret */
	struct srv_identity who;        /* whose call it is: srv_who_admit */
	bool done;                      /* the reply is complete */
	bool is_stream;                 /* what is in the body is sent as it comes */
	/* Called when done becomes true, and with each piece of a stream; NULL: nobody waits. */
	void (*wake)(struct srv_call *call);
	/* The keeper's, told that nobody is there any more; NULL: srv_gone finds the call. */
	void (*gone)(struct srv_call *call);
	void *keeper;
	struct srv_call *next;          /* of whoever keeps several (ceremony/end.c), and until when: boot time */
	uint64_t until_ms;
};

/* Answers the calls of one path. arg: what stands for '*' in the path (server/front/front.c), "" if nothing does. */
struct srv;
typedef void srv_handler(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms);

#define SRV_JSON "application/json"

void srv_call_init(struct srv_call *call);
void srv_call_fini(struct srv_call *call);
/* The reply's body has been written: it is done. A body that failed to be written becomes status 500 without body. */
void srv_call_answer(struct srv_call *call, int status, const char *type);
/* {"error": word, "message": text}; word is a literal. */
void srv_call_refuse(struct srv_call *call, int status, const char *word, const char *fmt, ...) PRINTF(4, 5);
/*
 * What was asked for was not done, as the store could not be read or written: 503 store, why from srv_events_why.
 * 500 if e says that there is no memory.
 */
void srv_call_refuse_store(struct srv_call *call, enum err e, const char *why);
/* 429: so many seconds too early. */
void srv_call_refuse_rate(struct srv_call *call, unsigned seconds);
/* A field of the reply's header; name is a literal. A value that is not printable ASCII makes the reply a 500. */
void srv_call_header(struct srv_call *call, const char *name, const char *value);
/*
 * The answer goes on: status 200 and the header now, then each piece as the keeper puts it, until he ends it. When
 * nobody listens any more gone is called, and the call is over when that returns.
 */
void srv_call_stream(struct srv_call *call, const char *type, void (*gone)(struct srv_call *call), void *keeper);
/* false: the other side is SRV_STREAM_MAX bytes behind; end it. */
MUST bool srv_call_stream_put(struct srv_call *call, struct rd bytes);
void srv_call_stream_end(struct srv_call *call);

#endif
