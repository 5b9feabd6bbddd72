/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the daemon, its connections, and the calls that libmicrohttpd makes to us. */
#ifndef SERVER_HTTP_HTTP_INT_H
#define SERVER_HTTP_HTTP_INT_H

#include <microhttpd.h>

#include "server/http/http.h"
#include "server/http/listen.h"

#define SRV_READ_MS 10000       /* handshake, header and body of one request (reference ramoverhttp 7.6) */
#define SRV_WRITE_MS 30000      /* its answer */
#define SRV_IDLE_MS 60000       /* between an answer and the first byte of the next request */

/* A connection, for the time limits of its requests. */
struct srv_conn {
	struct srv_conn *next, **at;
	int fd;
	uint64_t until_ms;              /* a request must have been read, or its answer taken, by then; 0: no limit */
	bool is_idle;                   /* nothing of the next request has come since the last answer */
	uint64_t received;              /* bytes until then */
};
struct srv_http {
	struct srv *srv;
	struct MHD_Daemon *daemon;
	struct srv_listen listen;
	bool is_tls;
	char *asked;                    /* clients' authorities at the start; NULL: no client is asked */
	struct srv_conn *conns;
	uint64_t slow_ms, tick_ms;      /* when conns, and the sessions, are looked through again at the earliest */
	size_t requests;                /* begun and not completed */
	int epoll;
	char url[SRV_ADDRESS_SIZE + 8];
};

/* ---- a connection: conn.c ---- */
struct srv_conn *srv_conn_of(struct MHD_Connection *mhd);       /* NULL: no memory when it came */
void srv_conn_limit(struct srv_conn *c, uint64_t ms);           /* from now on; 0: none. c may be NULL */
void srv_conn_idle(struct srv_conn *c);                         /* a request is over. c may be NULL */
/* Whoever takes too long to say what he wants, or to hear the answer, is cut off. */
void srv_conn_cut_slow(struct srv_http *h, uint64_t now_ms);
/* The library's: MHD_OPTION_NOTIFY_CONNECTION, MHD_OPTION_URI_LOG_CALLBACK. */
void srv_conn_notify(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_ConnectionNotificationCode what);
void *srv_conn_uri(void *cls, const char *uri, struct MHD_Connection *mhd);

/* ---- a request: request.c ---- */
/* The other side of a connection that waits has closed it; request is what request.c gave to the epoll set. */
void srv_http_gone(void *request);
/* The library's: its access handler, MHD_OPTION_NOTIFY_COMPLETED. */
enum MHD_Result srv_http_request(void *cls, struct MHD_Connection *mhd, const char *path, const char *method,
				 const char *version, const char *data, size_t *size, void **ctx);
void srv_http_completed(void *cls, struct MHD_Connection *mhd, void **ctx, enum MHD_RequestTerminationCode how);

#endif
