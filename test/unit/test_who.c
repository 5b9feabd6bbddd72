/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Who may what: roles, tokens, certificates, inboxes, links, and those who ask too often. */
#include "test/unit/pair.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/crypto_digest.h"
#include "pka/file.h"
#include "pka/inbox.h"
#include "pka/sign.h"
#include "server/base/rate.h"
#include "server/store/token.h"
#include "test/fake/clock.h"

#define AUTH_SIZE 80
#define LOGIN_PATH "/api/v1/logins/%s/%s"

static char id[SRV_ID_SIZE];

static void asked(void)
{
	waits();
	scene_request(&s, id);
}

static void bearer(const json_t *j, char out[AUTH_SIZE])
{
	assert_int_equal(strlen(scene_text(j, "token")), 43);
	(void)snprintf(out, AUTH_SIZE, "Bearer %s", scene_text(j, "token"));
}

/* members: after the name, each with a comma before it. */
static int token_add(const char *name, const char *members, char out[AUTH_SIZE])
{
	char body[300];
	json_t *j;
	int status;

	(void)snprintf(body, sizeof(body), "{\"name\": \"%s\"%s}", name, members);
	status = scene_ask(&s, "POST", "/api/v1/tokens", s.token, body, &j);
	if (status == 201 && out)
		bearer(j, out);
	json_decref(j);
	return status;
}

static int ask(const char *method, const char *path, const char *as)
{
	return scene_ask(&s, method, path, as, strcmp(method, "POST") ? NULL : "{}", NULL);
}

static const char *request_path(const char *verb)
{
	static char path[100];

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s%s", id, verb);
	return path;
}

/* ---- roles ---- */

static void test_roles(void **state)
{
	/* what each gets: 401 and 403 are refusals of the route, everything else is the handler's */
	static const struct { const char *method, *path; bool may[4]; } rows[] = {
		{ "POST", "/api/v1/targets",           { 1, 0, 0, 0 } },
		{ "GET",  "/api/v1/targets",           { 1, 1, 1, 0 } },
		{ "GET",  "/api/v1/requests",          { 1, 1, 1, 1 } },
		{ "POST", "/api/v1/requests/x/cancel", { 1, 0, 0, 0 } },
		{ "GET",  "/api/v1/tokens",            { 1, 0, 0, 0 } },
		{ "POST", "/api/v1/tokens",            { 1, 0, 0, 0 } },
		{ "POST", "/api/v1/tokens/x/revoke",   { 1, 0, 0, 0 } },
		{ "GET",  "/api/v1/waiting/UTPERSON0XX00001", { 1, 1, 1, 0 } },
		{ "GET",  "/api/v1/requests/x",        { 1, 1, 1, 1 } },
		{ "POST", "/api/v1/requests/x/turn",   { 1, 1, 1, 0 } },
		{ "POST", "/api/v1/requests/x/deny",   { 1, 1, 1, 1 } },
		{ "GET",  "/healthz",                  { 1, 1, 1, 1 } },
	};
	static const char *const roles[] = { "operator", "auditor", "reader", "host" };
	char as[4][AUTH_SIZE], members[60];

	(void)state;
	for (size_t r = 0; r < 4; r++) {
		(void)snprintf(members, sizeof(members), ", \"roles\": [\"%s\"]", roles[r]);
		assert_int_equal(token_add(roles[r][0] == 'o' ? "boss" : roles[r], members, as[r]), 201);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t r = 0; r < 4; r++) {
			int status = ask(rows[i].method, rows[i].path, as[r]);

			if ((status != 403 && status != 401) != rows[i].may[r])
				fail_msg("%s %s as %s: %d", rows[i].method, rows[i].path, roles[r], status);
		}
	/* without any token nothing is read */
	assert_int_equal(ask("GET", "/api/v1/requests", NULL), 401);
	assert_int_equal(ask("GET", "/api/v1/requests/x", NULL), 401);
	assert_int_equal(ask("GET", "/api/v1/waiting/UTPERSON0XX00001", NULL), 401);
	assert_int_equal(ask("POST", "/api/v1/requests/x/turn", NULL), 401);
	assert_int_equal(ask("POST", "/api/v1/requests/x/deny", NULL), 404);
}

/* ---- tokens ---- */

static void test_token_life(void **state)
{
	char as[AUTH_SIZE], later[AUTH_SIZE];

	(void)state;
	assert_int_equal(token_add("ann", ", \"roles\": [\"reader\"], \"days\": 2", as), 201);
	assert_int_equal(token_add("ann", ", \"roles\": [\"reader\"]", NULL), 409);
	assert_int_equal(ask("GET", "/api/v1/targets", as), 200);
	as[20] ^= 1;
	assert_int_equal(ask("GET", "/api/v1/targets", as), 401);
	as[20] ^= 1;
	fake_clock_set_wall(2 * 86400);
	assert_int_equal(ask("GET", "/api/v1/targets", as), 401);
	/* its name is free again */
	assert_int_equal(token_add("ann", ", \"roles\": [\"reader\"]", later), 201);
	scene_restart(&s);
	assert_int_equal(ask("GET", "/api/v1/targets", later), 200);
	assert_int_equal(ask("POST", "/api/v1/tokens/ann/revoke", s.token), 200);
	assert_int_equal(ask("GET", "/api/v1/targets", later), 401);
	assert_int_equal(ask("POST", "/api/v1/tokens/ann/revoke", s.token), 404);
	fake_clock_set_wall(-2 * 86400);
}

static void test_rotation(void **state)
{
	char as[AUTH_SIZE], text[SRV_TOKEN_SIZE], fresh[AUTH_SIZE];
	uint8_t hash[SHA256_SIZE];
	struct srv_grant g;

	(void)state;
	assert_int_equal(token_add("ann", ", \"roles\": [\"reader\", \"host\"], \"days\": 10", as), 201);
	assert_int_equal(srv_token_new(text, hash), ERR_OK);
	assert_int_equal(srv_grant_rotate(s.srv->store.db, "ann", hash, clock_wall_s(), 60, &g), ERR_OK);
	(void)snprintf(fresh, sizeof(fresh), "Bearer %s", text);
	assert_int_equal(g.roles, SRV_ROLE(SRV_READER) | SRV_ROLE(SRV_HOST));
	assert_int_equal(g.expires - g.created, 10 * 86400);
	assert_int_equal(ask("GET", "/api/v1/targets", as), 200);
	assert_int_equal(ask("GET", "/api/v1/targets", fresh), 200);
	fake_clock_set_wall(60);
	assert_int_equal(ask("GET", "/api/v1/targets", as), 401);
	assert_int_equal(ask("GET", "/api/v1/targets", fresh), 200);
	fake_clock_set_wall(-60);
	assert_int_equal(srv_grant_rotate(s.srv->store.db, "ben", hash, clock_wall_s(), 0, &g), ERR_NOT_FOUND);
}

static void test_list(void **state)
{
	char as[AUTH_SIZE], *text;
	const json_t *one;
	json_t *j;

	(void)state;
	assert_int_equal(token_add("ann", ", \"roles\": [\"auditor\"], \"days\": 1", as), 201);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/tokens", s.token, NULL, &j), 200);
	one = json_array_get(json_object_get(j, "tokens"), 0);
	assert_string_equal(scene_text(one, "name"), "ann");
	assert_string_equal(scene_text(one, "kind"), "token");
	assert_true(json_is_null(json_object_get(one, "used")));
	assert_int_equal(scene_number(one, "expires") - scene_number(one, "created"), 86400);
	/* neither the token nor its hash is there */
	text = json_dumps(j, 0);
	assert_null(strstr(text, as + 7));
	assert_null(strstr(text, "hash"));
	free(text);
	json_decref(j);
	assert_int_equal(ask("GET", "/api/v1/requests", as), 200);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/tokens", s.token, NULL, &j), 200);
	assert_true(json_is_integer(json_object_get(json_array_get(json_object_get(j, "tokens"), 0), "used")));
	json_decref(j);
}

static void test_bad_tokens(void **state)
{
	static const char *const bad[] = {
		"", ", \"roles\": []", ", \"roles\": [\"custodian\"]", ", \"roles\": [\"root\"]",
		", \"roles\": \"host\"",
		", \"roles\": [\"host\"], \"days\": -1", ", \"roles\": [\"host\"], \"more\": 1",
		", \"roles\": [\"host\"], \"fingerprint\": \"00\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(token_add("ann", bad[i], NULL), 400);
	assert_int_equal(token_add("operator", ", \"roles\": [\"host\"]", NULL), 400);
	assert_int_equal(token_add("a b", ", \"roles\": [\"host\"]", NULL), 400);
}

/* The file of the operator's token can be read by others: it counts no more, which is said once, and then again. */
static void test_unreadable_token(void **state)
{
	static const mode_t modes[] = { 0644, 0644, 0600, 0644, 0600 };
	char path[100], reader[AUTH_SIZE];
	const char *what;
	json_t *j, *entry;
	size_t i, said = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/token", s.conf->server.state);
	assert_int_equal(token_add("rob", ", \"roles\": [\"reader\"]", reader), 201);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(ask("GET", "/api/v1/targets", s.token), modes[i] == 0600 ? 200 : 401);
		assert_int_equal(ask("GET", "/api/v1/targets", reader), 200);
	}
	scene_wait(&s, 1);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/audit", s.token, NULL, &j), 200);
	json_array_foreach(json_object_get(j, "entries"), i, entry) {
		what = json_string_value(json_object_get(json_object_get(entry, "event"), "what"));
		said += what && !strcmp(what, "unreadable");
	}
	assert_int_equal(said, 2);
	json_decref(j);
}

/* That there is none yet is nothing to be told of. */
static void test_no_token(void **state)
{
	char path[100], reader[AUTH_SIZE], elsewhere[100];
	struct chain_entry before, after;
	const struct srv_store *store = &s.srv->store;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/token", s.conf->server.state);
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/token.away", s.conf->server.state);
	assert_int_equal(token_add("rob", ", \"roles\": [\"reader\"]", reader), 201);
	scene_wait(&s, 1);
	assert_int_equal(store->ops->audit_last(store->ctx, &before, NULL), ERR_OK);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(ask("GET", "/api/v1/targets", reader), 200);
	scene_wait(&s, 1);
	assert_int_equal(store->ops->audit_last(store->ctx, &after, NULL), ERR_OK);
	assert_int_equal(after.seq, before.seq);
	assert_int_equal(ask("GET", "/api/v1/targets", s.token), 401);
	assert_int_equal(rename(elsewhere, path), 0);
	assert_int_equal(ask("GET", "/api/v1/targets", s.token), 200);
}

/* Who it is cannot be looked up: that is the store's failure, and nobody's token is wrong. */
static void test_unreadable_store(void **state)
{
	char reader[AUTH_SIZE];
	json_t *j;

	(void)state;
	assert_int_equal(token_add("rob", ", \"roles\": [\"reader\"]", reader), 201);
	assert_int_equal(srv_db_exec(s.srv->store.db, "ALTER TABLE grants RENAME TO away"), ERR_OK);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/targets", reader, NULL, &j), 503);
	assert_string_equal(scene_text(j, "error"), "store");
	json_decref(j);
	assert_int_equal(srv_db_exec(s.srv->store.db, "ALTER TABLE away RENAME TO grants"), ERR_OK);
	assert_int_equal(ask("GET", "/api/v1/targets", reader), 200);
}

/* ---- certificates ---- */

static int ask_certified(const char *path, const struct srv_peer *peer, const char *as)
{
	struct srv_call call;
	int status;

	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "GET", .path = path, .from = "192.0.2.7", .peer = peer,
					     .authorization = as };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_true(call.done);
	status = call.reply.status;
	srv_call_fini(&call);
	return status;
}

static void test_certificates(void **state)
{
	struct srv_peer known = { .subject = "ann" }, other = { .subject = "ann" };

	(void)state;
	memset(known.fingerprint, 0xAB, sizeof(known.fingerprint));
	memset(other.fingerprint, 0xAC, sizeof(other.fingerprint));
	assert_int_equal(token_add("ann", ", \"roles\": [\"reader\"], \"fingerprint\": \""
				   "abababababababababababababababababababababababababababababababab\"", NULL), 201);
	assert_int_equal(ask_certified("/api/v1/targets", &known, NULL), 200);
	/* a subject is no identity */
	assert_int_equal(ask_certified("/api/v1/targets", &other, NULL), 401);
	/* a token comes first, and a wrong one is not made good by a certificate */
	assert_int_equal(ask_certified("/api/v1/tokens", &known, s.token), 200);
	assert_int_equal(ask_certified("/api/v1/targets", &known, "Bearer x"), 401);
	/* a fingerprint is no token */
	assert_int_equal(ask("GET", "/api/v1/targets", "Bearer q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"), 401);
	assert_int_equal(ask("POST", "/api/v1/tokens/ann/revoke", s.token), 200);
	assert_int_equal(ask_certified("/api/v1/targets", &known, NULL), 401);
}

/* ---- hosts ---- */

static void named(bool on)
{
	s.conf->server.hosts = on ? CONF_HOSTS_NAMED : CONF_HOSTS_OPEN;
	scene_restart(&s);
}

static void test_named_hosts(void **state)
{
	char build1[AUTH_SIZE], build2[AUTH_SIZE], reader[AUTH_SIZE], path[100];
	struct scene_host second;
	json_t *j;

	(void)state;
	assert_int_equal(token_add("build1", ", \"roles\": [\"host\"]", build1), 201);
	assert_int_equal(token_add("build2", ", \"roles\": [\"host\"]", build2), 201);
	assert_int_equal(token_add("reader", ", \"roles\": [\"reader\"]", reader), 201);
	named(true);
	assert_int_equal(scene_host_begin(&h), 401);
	h.as = reader;
	assert_int_equal(scene_host_begin(&h), 403);
	h.as = build1;
	asked();
	/* custodians see the name beside what the host claims */
	assert_int_equal(scene_ask(&s, "GET", request_path(""), build1, NULL, &j), 200);
	assert_string_equal(scene_text(j, "host_name"), "build1");
	assert_int_equal(strlen(scene_text(j, "link")), SRV_LINK_SIZE - 1);
	json_decref(j);
	/* another host sees nothing of it */
	assert_int_equal(ask("GET", request_path(""), build2), 404);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/requests", build2, NULL, &j), 200);
	assert_int_equal(json_array_size(json_object_get(j, "requests")), 0);
	json_decref(j);
	/* nor goes on with it under the same login_id */
	scene_host_open(&second, &s, true);
	memcpy(second.facts, h.facts, sizeof(second.facts));
	second.as = build2;
	assert_int_equal(scene_host_begin(&second), 409);
	scene_host_close(&second);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	(void)snprintf(path, sizeof(path), LOGIN_PATH, h.login_id, "proofs");
	assert_int_equal(ask("GET", path, NULL), 401);
	assert_int_equal(ask("GET", path, build2), 404);
	assert_int_equal(ask("GET", path, build1), 200);
	(void)snprintf(path, sizeof(path), LOGIN_PATH, h.login_id, "end");
	assert_int_equal(ask("GET", path, build2), 404);
}

/* ---- links ---- */

static void test_links(void **state)
{
	char link[SRV_LINK_SIZE], path[120], reader[AUTH_SIZE];
	json_t *j;

	(void)state;
	asked();
	assert_int_equal(token_add("reader", ", \"roles\": [\"reader\"]", reader), 201);
	assert_int_equal(scene_ask(&s, "GET", request_path(""), s.token, NULL, &j), 200);
	(void)snprintf(link, sizeof(link), "%s", scene_text(j, "link"));
	assert_true(json_is_null(json_object_get(j, "host_name")));
	json_decref(j);
	/* who may only read is not shown what he could pass on */
	assert_int_equal(scene_ask(&s, "GET", request_path(""), reader, NULL, &j), 200);
	assert_string_equal(scene_text(j, "link"), "");
	json_decref(j);
	(void)snprintf(path, sizeof(path), "/api/v1/links/%s", link);
	assert_int_equal(scene_ask(&s, "GET", path, NULL, NULL, &j), 200);
	assert_string_equal(scene_text(j, "id"), id);
	json_decref(j);
	(void)snprintf(path, sizeof(path), "/api/v1/links/%s/turn", link);
	assert_int_equal(scene_ask(&s, "POST", path, NULL, "{\"chr\": \"UTPERSON0XX00001\"}", NULL), 200);
	link[0] ^= 1;
	(void)snprintf(path, sizeof(path), "/api/v1/links/%s", link);
	/* guesses: some, and then no more for a while; whoever has the link is not kept out by them */
	for (unsigned i = 0; i < srv_rate_burst(SRV_RATE_GUESS); i++)
		assert_int_equal(ask("GET", path, NULL), 404);
	assert_int_equal(ask("GET", path, NULL), 429);
	path[strlen("/api/v1/links/")] ^= 1;
	assert_int_equal(ask("GET", path, NULL), 200);
	/* the id is a handle and opens nothing */
	(void)snprintf(path, sizeof(path), "/api/v1/links/%s", id);
	s.now_ms += 60000;
	assert_int_equal(ask("GET", path, NULL), 404);
}

/* ---- inbox ---- */

struct wish {
	const char *server, *chr;       /* instead of the right ones */
	uint64_t late_ms;
	bool spoil;
	char nonce[80];                 /* one from before; "": a new one */
};

static int post_inbox(const char *body, json_t **out)
{
	return scene_ask(&s, "POST", "/api/v1/inbox", NULL, body, out);
}

static void card_signs(unsigned person, struct rd text, uint8_t buf[EC_SIG_MAX], struct rd *sig)
{
	struct pka_batch batch;
	struct pka_file file;
	struct wr rsp;

	pka_batch_init(&batch);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_sign(&batch.bytes, 1, HSM_ECDSA_SHA256, text);
	pka_batch_close(&batch);
	assert_int_equal(wr_done(&batch.bytes), ERR_OK);
	assert_int_equal(vcard_exchange(s.people[person].v, pka_batch_cmd(&batch, 0), &rsp), ERR_OK);
	assert_int_equal(pka_file_read(wr_view(&s.people[person].file), &file), ERR_OK);
	assert_int_equal(pka_sign_take(wr_view(&rsp), text, file.curve, file.request.inner.key.q, buf, sig), ERR_OK);
	wr_free(&rsp);
	pka_batch_fini(&batch);
}

/* The person proves his key; the status, and his token. */
static int prove(unsigned person, struct wish *w, char out[AUTH_SIZE])
{
	const char *chr = w->chr ? w->chr : s.people[person].chr;
	uint8_t text_bytes[STATEMENT_MAX], sig_bytes[EC_SIG_MAX];
	struct pka_inbox p = { .server = rd_str(w->server ? w->server : "https://hsm.example.org") };
	struct wr text, nonce, body;
	struct rd sig;
	json_t *j;
	int status;

	wr_init_heap(&body, 4096);
	wr_printf(&body, "{\"chr\": \"%s\"}", chr);
	if (!w->nonce[0]) {
		assert_int_equal(post_inbox(wr_cstr(&body), &j), 200);
		(void)snprintf(w->nonce, sizeof(w->nonce), "%s", scene_text(j, "nonce"));
		json_decref(j);
	}
	wr_init(&nonce, p.nonce, sizeof(p.nonce));
	assert_int_equal(text_unhex(rd_str(w->nonce), &nonce), ERR_OK);
	p.key = rd_str(chr);
	WR_ARR(&text, text_bytes);
	assert_int_equal(pka_inbox_write(&p, &text), ERR_OK);
	card_signs(person, wr_view(&text), sig_bytes, &sig);
	sig_bytes[5] ^= w->spoil;
	s.now_ms += w->late_ms;
	wr_reset(&body);
	wr_printf(&body, "{\"chr\": \"%s\", \"statement\": \"", chr);
	wr_base64url(&body, wr_view(&text));
	wr_text(&body, "\", \"statement_signature\": \"");
	wr_base64url(&body, sig);
	wr_text(&body, "\"}");
	status = post_inbox(wr_cstr(&body), &j);
	if (status == 201)
		bearer(j, out);
	json_decref(j);
	wr_free(&body);
	return status;
}

static int turn(const char *as, const char *chr)
{
	char body[60];

	(void)snprintf(body, sizeof(body), "{\"chr\": \"%s\"}", chr);
	return scene_ask(&s, "POST", request_path("/turn"), as, body, NULL);
}

static void test_inbox(void **state)
{
	char as[AUTH_SIZE], other[AUTH_SIZE], path[100];
	struct wish w = { .server = NULL }, again;
	json_t *j;

	(void)state;
	asked();
	assert_int_equal(prove(0, &w, as), 201);
	assert_int_equal(prove(2, &(struct wish){ .server = NULL }, other), 201);
	(void)snprintf(path, sizeof(path), "/api/v1/waiting/%s", s.people[0].chr);
	assert_int_equal(scene_ask(&s, "GET", path, as, NULL, &j), 200);
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "requests"), 0)), id);
	json_decref(j);
	assert_int_equal(ask("GET", path, other), 403);
	assert_int_equal(ask("GET", request_path(""), as), 200);
	assert_int_equal(turn(as, "UTPERSON1XX00001"), 403);
	assert_int_equal(turn(as, "UTPERSON0XX00001"), 200);
	/* it is no operator's */
	assert_int_equal(ask("GET", "/api/v1/requests", as), 403);
	assert_int_equal(ask("GET", "/api/v1/targets", as), 403);
	/* one nonce, one token */
	again = w;
	assert_int_equal(prove(0, &again, as), 409);
	/* it ends */
	fake_clock_set_wall(SRV_INBOX_DAYS * 86400);
	assert_int_equal(ask("GET", path, as), 401);
	fake_clock_set_wall(-SRV_INBOX_DAYS * 86400);
}

static void test_inbox_forged(void **state)
{
	struct wish rows[] = {
		{ .server = "https://hsm.example.org:8443" }, { .spoil = true }, { .chr = "UTPERSON1XX00001" },
		{ .chr = "UTNOBODY00001" }, { .late_ms = SRV_NONCE_S * 1000 },
		{ .nonce = "0000000000000000000000000000000000000000000000000000000000000000" },
	};
	static const int status[] = { 409, 401, 401, 401, 409, 409 };
	char as[AUTH_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (prove(0, &rows[i], as) != status[i])
			fail_msg("row %zu", i);
	/* a nonce is for one name */
	rows[0] = (struct wish){ .server = NULL };
	assert_int_equal(prove(1, &rows[0], as), 201);
	rows[1] = (struct wish){ .server = NULL };
	memcpy(rows[1].nonce, rows[0].nonce, sizeof(rows[1].nonce));
	assert_int_equal(prove(0, &rows[1], as), 409);
}

/* Each of his machines has one, but not any number. */
static void test_inboxes(void **state)
{
	char as[SRV_INBOXES_MAX + 1][AUTH_SIZE], path[100];

	(void)state;
	(void)snprintf(path, sizeof(path), "/api/v1/waiting/%s", s.people[0].chr);
	for (unsigned i = 0; i <= SRV_INBOXES_MAX; i++)
		assert_int_equal(prove(0, &(struct wish){ .server = NULL }, as[i]), 201);
	assert_int_equal(ask("GET", path, as[0]), 401);
	for (unsigned i = 1; i <= SRV_INBOXES_MAX; i++)
		assert_int_equal(ask("GET", path, as[i]), 200);
}

static void test_inbox_bodies(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"chr\": 1}", "{\"chr\": \"\"}", "{\"chr\": \"UT\"}",
		"{\"chr\": \"UT\\u0007RSON0001\"}",
		"{\"chr\": \"UTPERSON0XX00001\", \"statement\": \"\"}", "{\"chr\": \"UTPERSON0XX00001\", \"more\": 1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(post_inbox(bad[i], NULL), 400);
	assert_int_equal(post_inbox("{\"chr\": \"UTPERSON0XX00001\", \"statement\": \"AA\","
				    " \"statement_signature\": \"AA\"}", NULL), 401);
}

/* ---- too often ---- */

static void test_failures(void **state)
{
	struct srv_call call;

	(void)state;
	for (unsigned i = 0; i < srv_rate_burst(SRV_RATE_FAILED); i++)
		assert_int_equal(ask("GET", "/api/v1/targets", "Bearer x"), 401);
	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "GET", .path = "/api/v1/targets", .from = "192.0.2.7",
					     .authorization = "Bearer x" };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_int_equal(call.reply.status, 429);
	assert_true(call.reply.retry_after > 0);
	s.now_ms += call.reply.retry_after * 1000ull;
	srv_call_fini(&call);
	assert_int_equal(ask("GET", "/api/v1/targets", "Bearer x"), 401);
	assert_int_equal(ask("GET", "/api/v1/targets", "Bearer x"), 429);
	/* who has the right one is not kept out by a neighbour */
	assert_int_equal(ask("GET", "/api/v1/targets", s.token), 200);
}

static void test_sessions(void **state)
{
	unsigned i, burst = srv_rate_burst(SRV_RATE_SESSION);

	(void)state;
	for (i = 0; i < burst; i++) {
		scene_host_close(&h);
		scene_host_open(&h, &s, false);
		assert_int_not_equal(scene_host_begin(&h), 429);
	}
	scene_host_close(&h);
	scene_host_open(&h, &s, false);
	assert_int_equal(scene_host_begin(&h), 429);
	h.from = "192.0.2.9";
	assert_int_equal(scene_host_begin(&h), 200);
}

#define with(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_roles), with(test_token_life), with(test_rotation), with(test_list), with(test_bad_tokens),
		with(test_unreadable_token), with(test_no_token), with(test_unreadable_store),
		with(test_certificates), with(test_named_hosts), with(test_links), with(test_inbox),
		with(test_inbox_forged), with(test_inboxes), with(test_inbox_bodies), with(test_failures),
		with(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
