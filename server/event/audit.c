/* SPDX-License-Identifier: Apache-2.0 */
#include "server/event/audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "server/base/path.h"

#define KEY_BYTES 32

struct srv_audit {
	const struct srv_store *store;
	struct ec_key *key;             /* NULL: only to look */
};

/* ---- the key ---- */

static enum err key_read(const char *path, struct ec_key **out)
{
	uint8_t d[KEY_BYTES];
	struct secret *text;
	struct wr w;
	enum err e = srv_path_secret(path, &text);

	if (e)
		return e;
	WR_ARR(&w, d);
	e = text_unbase64url(secret_view(text), &w);
	if (!e)
		e = ec_key_import(EC_SECP256R1, wr_view(&w), out);
	wipe(d, sizeof(d));
	secret_free(&text);
	return e;
}

static enum err key_make(const char *path, struct ec_key **out)
{
	uint8_t d[KEY_BYTES], text[2 * KEY_BYTES];
	struct wr wd, wt;
	enum err e = ec_key_generate(EC_SECP256R1, out);

	WR_ARR(&wd, d);
	WR_ARR(&wt, text);
	if (!e)
		e = ec_key_export(*out, &wd);
	if (!e) {
		wr_base64url(&wt, wr_view(&wd));
		wr_u8(&wt, '\n');
		e = wr_done(&wt);
	}
	if (!e)
		e = file_create(path, 0600, wr_view(&wt));
	wipe(d, sizeof(d));
	wipe(text, sizeof(text));
	return e;
}

static enum err key_open(const char *state, bool may_make, struct ec_key **out)
{
	char path[SRV_PATH_MAX];
	enum err e = srv_path(path, state, "audit", ".key");

	*out = NULL;
	if (!e)
		e = key_read(path, out);
	if (e == ERR_NOT_FOUND && may_make)
		e = key_make(path, out);
	if (e && (e != ERR_NOT_FOUND || may_make))
		log_tell("%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

static void pem_write(struct rd der, struct wr *out)
{
	struct wr text;
	size_t i;

	wr_init_heap(&text, CVC_MAX);
	wr_base64url(&text, der);
	wr_text(out, "-----BEGIN PUBLIC KEY-----\n");
	for (i = 0; i < (text.n + 3) / 4 * 4; i++) {
		char c = i < text.n ? (char)text.p[i] : '=';

		wr_u8(out, (uint8_t)(c == '-' ? '+' : c == '_' ? '/' : c));
		if (i % 64 == 63)
			wr_u8(out, '\n');
	}
	wr_text(out, i % 64 ? "\n-----END PUBLIC KEY-----\n" : "-----END PUBLIC KEY-----\n");
	if (wr_done(&text))
		wr_fail(out, wr_done(&text));
	wr_free(&text);
}

enum err srv_audit_key_pem(const char *state, struct wr *out)
{
	uint8_t point[CHAIN_POINT_SIZE], der[200];
	struct ec_key *key;
	struct wr q, d;
	enum err e = key_open(state, false, &key);

	if (e)
		return e;
	WR_ARR(&q, point);
	WR_ARR(&d, der);
	e = ec_key_public(key, &q);
	if (!e)
		e = ec_spki(EC_SECP256R1, wr_view(&q), &d);
	if (!e)
		pem_write(wr_view(&d), out);
	ec_key_free(&key);
	return e ? e : wr_done(out);
}

/* ---- the chain ---- */

enum err srv_audit_open(const char *state, enum srv_store_use use, const struct srv_store *store,
			struct srv_audit **out)
{
	struct srv_audit *a = calloc(1, sizeof(*a));
	enum err e = ERR_OK;

	*out = a;
	if (!a)
		return ERR_NOMEM;
	a->store = store;
	if (use == SRV_STORE_SERVE)
		e = key_open(state, true, &a->key);
	if (e)
		srv_audit_close(out);
	return e;
}

void srv_audit_close(struct srv_audit **a)
{
	if (!*a)
		return;
	ec_key_free(&(*a)->key);
	free(*a);
	*a = NULL;
}

enum err srv_audit_add(struct srv_audit *a, int64_t when, struct rd event)
{
	struct chain_entry last, next;
	enum err e = a->store->ops->audit_last(a->store->ctx, &last, NULL);

	if (!e)
		e = chain_entry_make(&last, when, event, &next);
	return e ? e : a->store->ops->audit_add(a->store->ctx, &next);
}

enum err srv_audit_checkpoint(struct srv_audit *a, int64_t when)
{
	struct chain_entry last;
	char event[400];
	bool is_checkpoint;
	struct wr w;
	enum err e = a->store->ops->audit_last(a->store->ctx, &last, &is_checkpoint);

	if (e || !a->key || !last.seq || is_checkpoint)
		return e;
	WR_ARR(&w, event);
	e = chain_checkpoint_write(a->key, &last, when, &w);
	return e ? e : srv_audit_add(a, when, wr_view(&w));
}
