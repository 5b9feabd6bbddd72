/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's certificate and key, and whose certificates clients may show: one set, read from files and replaced as a
 * whole. Handshakes take it from here, so another certificate needs no other daemon. tls.c is the only file that sees
 * GnuTLS.
 */
#ifndef SERVER_HTTP_TLS_H
#define SERVER_HTTP_TLS_H

#include "base/conf.h"
#include "server/call/who.h"

struct srv_tls;
/*
 * What [server] cert, key and client_ca name. ERR_CONFIG (said): a file cannot be read or is none of these, or the key
 * is another certificate's. Without cert: *out is NULL.
 */
MUST enum err srv_tls_read(const struct conf *conf, struct srv_tls **out);
void srv_tls_free(struct srv_tls **t);          /* NULL-safe */

/*
 * Handshakes use t from now on, which is handed over; one that goes on keeps the set that it began with. NULL: the
 * server is gone.
 */
void srv_tls_use(struct srv_tls **t, uint64_t now_ms);
#define SRV_TLS_HANDSHAKE_MS 60000      /* the oldest handshake is younger than this */
/* What gives the set in use to a handshake: a gnutls_certificate_retrieve_function3. */
typedef void srv_tls_fn(void);
srv_tls_fn *srv_tls_retriever(void);
const struct srv_tls *srv_tls_used(void);       /* NULL: none */

/* Does it ask clients for certificates? Then the authorities as PEM, which live as long as t; NULL: it does not. */
const char *srv_tls_client_ca(const struct srv_tls *t);
/*
 * Has the peer of this session (a gnutls_session_t) shown a certificate of the authorities in use, made for clients if
 * it says what it is made for? Then its facts. Without such authorities: no.
 */
bool srv_tls_client(void *session, struct srv_peer *out);

/* Seconds since 1970: from when and until when each certificate of the server's chain can be used. */
int64_t srv_tls_starts(const struct srv_tls *t);
int64_t srv_tls_expires(const struct srv_tls *t);
/* Is it a certificate for this host, a name or an address (RFC 6125)? */
bool srv_tls_is_for(const struct srv_tls *t, const char *host);

#endif
