/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tls/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_digest.h"
#include "base/crypto_x509.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define PEM_MAX (1 << 20)
#define CHAIN_MAX 8
/* As strict with a client's chain as OpenSSL's level 2: RSA from 2048 bits on, no SHA-1. */
#define CLIENT_FLAGS GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM)

struct srv_tls {
	struct srv_tls *next;                   /* retired ones */
	uint64_t retired_ms;
	gnutls_pcert_st chain[CHAIN_MAX];       /* the server's own first */
	unsigned chain_n;
	gnutls_x509_crt_t own;
	gnutls_privkey_t key;
	int64_t starts, expires;                /* of the whole chain */
	struct wr client_ca;                    /* PEM; empty: clients are not asked */
	gnutls_x509_trust_list_t clients;
};

/* GnuTLS gives its callback nothing to tell two servers of one process apart; there is one. */
static struct srv_tls *used, *retired;

/* ---- files ---- */

/* A PEM file with a terminator. */
static enum err pem_read(const char *what, const char *path, struct wr *out)
{
	enum err e = file_read(path, PEM_MAX, out);

	if (e)
		log_tell("[server] %s = %s: %s", what, path, e == ERR_IO ? strerror(errno) : err_text(e));
	else
		(void)wr_cstr(out);
	return e ? ERR_CONFIG : ERR_OK;
}

static enum err refuse(const char *what, const char *path, const char *is_not, int rc)
{
	log_tell("[server] %s = %s is no %s: %s", what, path, is_not, gnutls_strerror(rc));
	return ERR_CONFIG;
}

static gnutls_datum_t datum(const struct wr *w)
{
	return (gnutls_datum_t){ w->p, (unsigned)w->n };
}

static void crts_free(gnutls_x509_crt_t *crts, unsigned n)
{
	while (n)
		gnutls_x509_crt_deinit(crts[--n]);
	gnutls_free(crts);
}

static enum err chain_read(struct srv_tls *t, const char *path)
{
	gnutls_x509_crt_t *crts = NULL;
	gnutls_datum_t data;
	unsigned n = 0, i;
	struct wr pem;
	enum err e;
	int rc = 0;

	wr_init_heap(&pem, PEM_MAX + 1);
	e = pem_read("cert", path, &pem);
	if (e)
		goto out;
	data = datum(&pem);
	rc = gnutls_x509_crt_list_import2(&crts, &n, &data, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
	if (!rc && n > CHAIN_MAX)
		rc = GNUTLS_E_CERTIFICATE_LIST_UNSORTED;
	if (!rc) {
		t->chain_n = n;
		rc = gnutls_pcert_import_x509_list(t->chain, crts, &t->chain_n, 0);
	}
	if (!rc) {
		t->expires = INT64_MAX;
		for (i = 0; i < n; i++) {
			int64_t from = gnutls_x509_crt_get_activation_time(crts[i]),
				to = gnutls_x509_crt_get_expiration_time(crts[i]);

			if (from > t->starts)
				t->starts = from;
			if (to < t->expires)
				t->expires = to;
		}
		t->own = crts[0];
		crts[0] = NULL;
	}
	if (rc)
		e = refuse("cert", path, "certificate (chain) in PEM", rc);
out:
	crts_free(crts, n);
	wr_free(&pem);
	return e;
}

static enum err key_read(struct srv_tls *t, const char *path)
{
	gnutls_x509_privkey_t key = NULL;
	unsigned char of_key[64], of_cert[64];
	size_t key_n = sizeof(of_key), cert_n = sizeof(of_cert);
	gnutls_datum_t data;
	struct wr pem;
	enum err e;
	int rc;

	wr_init_heap(&pem, PEM_MAX + 1);
	e = pem_read("key", path, &pem);
	if (e)
		goto out;
	data = datum(&pem);
	rc = gnutls_x509_privkey_init(&key);
	if (!rc)
		rc = gnutls_x509_privkey_import2(key, &data, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
	if (!rc)
		rc = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_n);
	if (!rc)
		rc = gnutls_x509_crt_get_key_id(t->own, GNUTLS_KEYID_USE_SHA256, of_cert, &cert_n);
	if (!rc && !rd_eq(rd_of(of_key, key_n), rd_of(of_cert, cert_n))) {
		log_tell("[server] key = %s is not the key of this certificate; they do not belong together", path);
		e = ERR_CONFIG;
		goto out;
	}
	if (!rc)
		rc = gnutls_privkey_init(&t->key);
	if (!rc)
		rc = gnutls_privkey_import_x509(t->key, key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (rc)
		e = refuse("key", path, "key in PEM without a passphrase", rc);
	else
		key = NULL;             /* the abstract one's now */
out:
	if (key)
		gnutls_x509_privkey_deinit(key);
	wr_free(&pem);
	return e;
}

static enum err client_ca_read(struct srv_tls *t, const char *path)
{
	gnutls_datum_t data;
	enum err e = pem_read("client_ca", path, &t->client_ca);
	int rc;

	if (e)
		return e;
	data = datum(&t->client_ca);
	rc = gnutls_x509_trust_list_init(&t->clients, 0);
	if (!rc)
		rc = gnutls_x509_trust_list_add_trust_mem(t->clients, &data, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	if (rc > 0)
		return ERR_OK;
	return refuse("client_ca", path, "certificate of an authority in PEM", rc ? rc : GNUTLS_E_NO_CERTIFICATE_FOUND);
}

enum err srv_tls_read(const struct conf *conf, struct srv_tls **out)
{
	struct srv_tls *t;
	enum err e;

	*out = NULL;
	if (!conf->server.cert)
		return ERR_OK;
	t = calloc(1, sizeof(*t));
	if (!t) {
		log_tell("%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	wr_init_heap(&t->client_ca, PEM_MAX + 1);
	e = chain_read(t, conf->server.cert);
	if (!e)
		e = key_read(t, conf->server.key);
	if (!e && conf->server.client_ca)
		e = client_ca_read(t, conf->server.client_ca);
	if (e)
		srv_tls_free(&t);
	*out = t;
	return e;
}

void srv_tls_free(struct srv_tls **t)
{
	struct srv_tls *it = *t;

	*t = NULL;
	if (!it)
		return;
	while (it->chain_n)
		gnutls_pcert_deinit(&it->chain[--it->chain_n]);
	if (it->own)
		gnutls_x509_crt_deinit(it->own);
	if (it->key)
		gnutls_privkey_deinit(it->key);
	if (it->clients)
		gnutls_x509_trust_list_deinit(it->clients, 1);
	wr_free(&it->client_ca);
	free(it);
}

/* ---- in use ---- */

void srv_tls_use(struct srv_tls **t, uint64_t now_ms)
{
	struct srv_tls **at = &retired, *old;

	if (used) {
		used->retired_ms = now_ms;
		used->next = retired;
		retired = used;
	}
	used = t ? *t : NULL;
	if (t)
		*t = NULL;
	while ((old = *at)) {
		if (used && now_ms - old->retired_ms < SRV_TLS_HANDSHAKE_MS) {
			at = &old->next;
			continue;
		}
		*at = old->next;
		srv_tls_free(&old);
	}
}

const struct srv_tls *srv_tls_used(void)
{
	return used;
}

static int retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
		    unsigned *certs_n, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_n, gnutls_privkey_t *key,
		    unsigned *flags)
{
	(void)info;
	if (!used)
		return GNUTLS_E_CERTIFICATE_ERROR;
	/* The list would be of the authorities that we began with; a client with one certificate needs none. */
	gnutls_certificate_send_x509_rdn_sequence(session, 1);
	*certs = used->chain;
	*certs_n = used->chain_n;
	*ocsp = NULL;
	*ocsp_n = 0;
	*key = used->key;
	*flags = 0;                     /* the set stays ours */
	return 0;
}

srv_tls_fn *srv_tls_retriever(void)
{
	gnutls_certificate_retrieve_function3 *f = retrieve;

	return (srv_tls_fn *)f;
}

const char *srv_tls_client_ca(const struct srv_tls *t)
{
	return t && t->clients ? (const char *)t->client_ca.p : NULL;
}

/* The peer's chain, the owner of which the caller becomes; the number of certificates, 0: none, or not whole. */
static unsigned peer_chain(gnutls_session_t session, gnutls_x509_crt_t crts[CHAIN_MAX])
{
	unsigned n = 0, i;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n);

	if (!shown || n > CHAIN_MAX)
		return 0;
	for (i = 0; i < n; i++) {
		if (gnutls_x509_crt_init(&crts[i]))
			break;
		if (!gnutls_x509_crt_import(crts[i], &shown[i], GNUTLS_X509_FMT_DER))
			continue;
		gnutls_x509_crt_deinit(crts[i]);
		break;
	}
	if (i == n)
		return n;
	while (i)
		gnutls_x509_crt_deinit(crts[--i]);
	return 0;
}

/* The certificate's facts. What is asked for is the key, which outlives certificates. */
static bool peer_read(gnutls_session_t session, gnutls_x509_crt_t own, struct srv_peer *out)
{
	unsigned n = 0;
	const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &n);
	char name[SRV_WHO_MAX] = "";
	size_t size = sizeof(name);
	struct x509 x;

	if (!der || !n || x509_parse(rd_of(der->data, der->size), &x) || sha256(x.spki, out->fingerprint))
		return false;
	if (gnutls_x509_crt_get_dn_by_oid(own, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size))
		name[0] = '\0';
	(void)text_shown(rd_str(name), out->subject, sizeof(out->subject));
	return true;
}

bool srv_tls_client(void *session, struct srv_peer *out)
{
	/* A web server's does not make its holder a custodian. */
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (unsigned char[]){ GNUTLS_KP_TLS_WWW_CLIENT } };
	gnutls_x509_crt_t crts[CHAIN_MAX];
	unsigned n = used && used->clients ? peer_chain(session, crts) : 0, status = 0;
	bool is_ours;

	if (!n)
		return false;
	is_ours = !gnutls_x509_trust_list_verify_crt2(used->clients, crts, n, &purpose, 1, CLIENT_FLAGS, &status,
						      NULL) &&
		  !status && peer_read(session, crts[0], out);
	while (n)
		gnutls_x509_crt_deinit(crts[--n]);
	return is_ours;
}

/* ---- what it says ---- */

int64_t srv_tls_starts(const struct srv_tls *t)
{
	return t->starts;
}

int64_t srv_tls_expires(const struct srv_tls *t)
{
	return t->expires;
}

bool srv_tls_is_for(const struct srv_tls *t, const char *host)
{
	return gnutls_x509_crt_check_hostname(t->own, host);
}
