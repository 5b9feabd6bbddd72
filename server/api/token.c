/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and identities for the operator, inbox tokens for custodians (docs/API.md). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/cvc.h"
#include "base/text.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/base/rate.h"
#include "server/srv/inbox.h"
#include "server/store/token.h"

#define DAY_S 86400
#define DAYS_MAX 36500

static json_t *when_json(int64_t at)
{
	return at ? json_integer(at) : json_null();
}

static json_t *roles_json(unsigned roles)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < SRV_ROLES; i++)
		if (roles & SRV_ROLE(i))
			srv_json_append(&list, json_string(srv_role_name((enum srv_role)i)));
	return list;
}

static json_t *grant_json(const struct srv_grant *g)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:o, s:o, s:o}", "name", srv_json_text(g->name), "kind",
			 g->is_certificate ? "certificate" : "token", "roles", roles_json(g->roles), "chr",
			 g->chr[0] ? srv_json_text(g->chr) : json_null(), "created", (json_int_t)g->created, "expires",
			 when_json(g->expires), "used", when_json(g->used), "revoked", when_json(g->revoked));
}

static enum err list_add(void *ctx, const struct srv_grant *g)
{
	json_t **list = ctx;

	srv_json_append(list, grant_json(g));
	return *list ? ERR_OK : ERR_NOMEM;
}

void srv_api_tokens(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	json_t *list = json_array();
	enum err e = srv_grant_each(s->store.db, list_add, &list);

	(void)arg;
	(void)now_ms;
	if (!e) {
		srv_api_answer(call, 200, json_pack("{s:o}", "tokens", list));
		return;
	}
	json_decref(list);
	srv_api_refuse_store(s, call, e);
}

static void event_begin(struct srv_event *ev, const struct srv_call *call, const char *what, const char *name)
{
	srv_event_init(ev, "token", NULL, NULL);
	srv_event_word(ev, "what", what);
	srv_event_text(ev, "name", name);
	srv_event_word(ev, "from", call->request.from);
	srv_event_text(ev, "who", call->who.name);
}

static enum err grant_write(void *ctx, const struct srv_store *store)
{
	return srv_grant_add(store->db, ctx);
}

static enum err inbox_write(void *ctx, const struct srv_store *store)
{
	return srv_grant_add_inbox(store->db, ctx);
}

/* "roles": [...] */
static enum err roles_take(const json_t *list, unsigned *roles)
{
	const json_t *one;
	enum srv_role role;
	size_t i;

	*roles = 0;
	if (!json_is_array(list) || !json_array_size(list))
		return ERR_ARG;
	json_array_foreach(list, i, one) {
		if (!json_is_string(one) || srv_role_read(json_string_value(one), &role) || role == SRV_CUSTODIAN)
			return ERR_ARG;
		*roles |= SRV_ROLE(role);
	}
	return ERR_OK;
}

/* What is to be made; ERR_FORMAT: the call is refused. */
static enum err grant_read(struct srv_call *call, json_t *j, struct srv_grant *g)
{
	const char *name, *fingerprint = NULL;
	const json_t *roles;
	json_error_t at;
	json_int_t days = 0;
	struct wr w;

	*g = (struct srv_grant){ .created = clock_wall_s() };
	if (json_unpack_ex(j, &at, 0, "{s:s, s:o, s?I, s?s !}", "name", &name, "roles", &roles, "days", &days,
			   "fingerprint", &fingerprint)) {
		srv_call_refuse(call, 400, "bad_request", "%s", at.text);
		return ERR_FORMAT;
	}
	wr_init(&w, g->hash, sizeof(g->hash));
	if (!srv_who_name_is_valid(name) || !strcmp(name, SRV_OPERATOR_NAME)) {
		srv_call_refuse(call, 400, "bad_request", "a name has 1 to %d letters, digits and ._-, and is not %s",
				SRV_WHO_MAX, SRV_OPERATOR_NAME);
	} else if (roles_take(roles, &g->roles)) {
		srv_call_refuse(call, 400, "bad_request", "roles are operator, auditor, reader, host; custodians get "
				"theirs by a signature");
	} else if (days < 0 || days > DAYS_MAX) {
		srv_call_refuse(call, 400, "bad_request", "days are 1 to %d, or 0 for no end", DAYS_MAX);
	} else if (fingerprint && (text_unhex(rd_str(fingerprint), &w) || w.n != sizeof(g->hash))) {
		srv_call_refuse(call, 400, "bad_request", "a fingerprint is the SHA-256 of the public key (SPKI), "
				"64 hexadecimal digits");
	} else {
		(void)snprintf(g->name, sizeof(g->name), "%s", name);
		g->is_certificate = fingerprint != NULL;
		g->expires = days ? g->created + days * DAY_S : 0;
		return ERR_OK;
	}
	return ERR_FORMAT;
}

void srv_api_token_add(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	json_t *j = srv_api_body(call);
	char token[SRV_TOKEN_SIZE] = "";
	struct srv_event ev;
	struct srv_grant g;
	enum err e;

	(void)arg;
	(void)now_ms;
	if (!j)
		return;
	if (grant_read(call, j, &g))
		goto out;
	e = g.is_certificate ? ERR_OK : srv_token_new(token, g.hash);
	event_begin(&ev, call, "add", g.name);
	if (!e)
		e = srv_event_commit(s->events, &ev, grant_write, &g);
	if (!e)
		srv_api_answer(call, 201, json_pack("{s:s, s:s*, s:o}", "name", g.name, "token",
						    g.is_certificate ? NULL : token, "expires", when_json(g.expires)));
	else if (e == ERR_CONDITIONS)
		srv_call_refuse(call, 409, "exists", "%s is in use, or this key has a name already", g.name);
	else
		srv_api_refuse_store(s, call, e);
out:
	wipe(token, sizeof(token));
	json_decref(j);
}

struct revocation {
	const char *name;
	int64_t now;
};

static enum err revoke_write(void *ctx, const struct srv_store *store)
{
	const struct revocation *r = ctx;

	return srv_grant_revoke(store->db, r->name, r->now);
}

void srv_api_token_revoke(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct revocation r = { arg, clock_wall_s() };
	json_t *j = srv_api_body(call);
	struct srv_event ev;
	enum err e;

	(void)now_ms;
	if (!j)
		return;
	event_begin(&ev, call, "revoke", arg);
	if (json_object_size(j)) {
		srv_call_refuse(call, 400, "bad_request", "the body has no members");
	} else if (!(e = srv_event_commit(s->events, &ev, revoke_write, &r))) {
		srv_api_answer(call, 200, json_pack("{s:s, s:I}", "name", arg, "revoked", (json_int_t)r.now));
	} else if (e == ERR_NOT_FOUND) {
		srv_call_refuse(call, 404, "not_found", "nothing of this name is in force");
	} else {
		srv_api_refuse_store(s, call, e);
	}
	json_decref(j);
}

/* ---- inbox ---- */

static void nonce_answer(struct srv *s, struct srv_call *call, const char *chr, uint64_t now_ms)
{
	uint8_t nonce[PKA_INBOX_NONCE_SIZE];

	if (srv_inbox_nonce(s->inbox, chr, now_ms, nonce))
		srv_call_refuse(call, 500, "server", "the server failed");
	else
		srv_api_answer(call, 200, json_pack("{s:o, s:s, s:i}", "nonce", srv_json_hex(RD_ARR(nonce)), "server",
						    s->url, "seconds", SRV_NONCE_S));
}

static void token_answer(struct srv *s, struct srv_call *call, const char *chr)
{
	struct srv_grant g = { .roles = SRV_ROLE(SRV_CUSTODIAN), .created = clock_wall_s() };
	char token[SRV_TOKEN_SIZE];
	struct srv_event ev;
	enum err e = srv_token_new(token, g.hash);

	(void)snprintf(g.name, sizeof(g.name), "inbox %s", chr);
	(void)snprintf(g.chr, sizeof(g.chr), "%s", chr);
	g.expires = g.created + SRV_INBOX_DAYS * DAY_S;
	event_begin(&ev, call, "inbox", chr);
	if (!e)
		e = srv_event_commit(s->events, &ev, inbox_write, &g);
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer(call, 201, json_pack("{s:s, s:s, s:I}", "chr", chr, "token", token, "expires",
						    (json_int_t)g.expires));
	wipe(token, sizeof(token));
}

static void redeem(struct srv *s, struct srv_call *call, const char *chr, json_t *part[2], uint64_t now_ms)
{
	struct srv_inbox_proof p = { .chr = chr, .server = s->url };
	struct wr w[2];
	enum err e;

	wr_init_heap(&w[0], STATEMENT_MAX);
	wr_init_heap(&w[1], STATEMENT_MAX);
	e = srv_json_read_bytes(part[0], &w[0]);
	if (!e)
		e = srv_json_read_bytes(part[1], &w[1]);
	p.statement = wr_view(&w[0]);
	p.sig = wr_view(&w[1]);
	if (!e)
		e = srv_inbox_redeem(s->inbox, &s->store, &p, now_ms);
	if (!e)
		token_answer(s, call, chr);
	else if (e == ERR_POLICY)
		srv_call_refuse(call, 409, "other_server", "what was signed is for another server: this one is "
				"called %s ([server] url)", s->url);
	else if (e == ERR_EXPIRED)
		srv_call_refuse(call, 409, "dead_nonce", "the nonce is old or used; ask for another");
	else
		srv_call_refuse(call, 401, "bad_signature", "no card that is enrolled here has a custodian %s with the "
				"key that signed this; has its operator enrolled it (quorum11 enrol)?", chr);
	wr_free(&w[0]);
	wr_free(&w[1]);
}

void srv_api_inbox(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	json_t *j, *part[2] = { NULL, NULL };
	json_error_t at;
	const char *chr;

	(void)arg;
	if (!srv_who_admit_rate(s->who, call, SRV_RATE_INBOX, now_ms))
		return;
	j = srv_api_body(call);
	if (!j)
		return;
	if (json_unpack_ex(j, &at, 0, "{s:s, s?o, s?o !}", "chr", &chr, "statement", &part[0], "statement_signature",
			   &part[1]) || !part[0] != !part[1])
		srv_call_refuse(call, 400, "bad_request", "%s",
				at.text[0] ? at.text : "a signature with its statement");
	else if (!cvc_reference_is_valid(rd_str(chr)))
		srv_call_refuse(call, 400, "bad_request", "chr is no holder reference");
	else if (part[0])
		redeem(s, call, chr, part, now_ms);
	else
		nonce_answer(s, call, chr, now_ms);
	json_decref(j);
}
