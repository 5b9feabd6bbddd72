/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/scene.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rand.h"
#include "pka/approval.h"
#include "pka/file.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/file.h"
#include "sc-hsm/init.h"
#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"
#include "sc-hsm/pin.h"
#include "server/call/token.h"
#include "test/folder.h"
#include "test/link_vcard.h"

#define PIN "648219"
#define SO_PIN "57621880"
#define MUST_OK(call) assert_int_equal((call), ERR_OK)
#define KEY 1

/* ---- cards ---- */

static void verify(struct hsm_card *card)
{
	struct deadline dl = deadline_never();
	struct secret *pin;

	MUST_OK(secret_new(RD_LIT(PIN), &pin));
	MUST_OK(hsm_pin_verify(card, HSM_REF_USER, pin, &dl));
	secret_free(&pin);
}

static void card_make(struct scene *s, const char *name, const char *profile, struct vcard **v, struct hsm_card **card)
{
	char dir[100], pki[100];
	struct vcard_spec spec = { .dir = dir, .profile = profile, .pki = pki };
	struct apdu_link *link;

	(void)snprintf(dir, sizeof(dir), "%s/%s", s->dir, name);
	(void)snprintf(pki, sizeof(pki), "%s/pki", s->dir);
	MUST_OK(vcard_create(&spec));
	MUST_OK(vcard_open(dir, v));
	MUST_OK(link_vcard_open(*v, &link));
	MUST_OK(hsm_card_new(link, card));
}

static void initialize(struct hsm_card *card, bool with_pin, unsigned total, unsigned required)
{
	struct deadline dl = deadline_never();
	struct hsm_init init = { .options = with_pin && total ? HSM_OPT_COMBINED : 0, .dkek_shares = -1, .total = total,
				 .required = required };
	struct secret *pin = NULL, *so;

	MUST_OK(secret_new(RD_LIT(SO_PIN), &so));
	if (with_pin)
		MUST_OK(secret_new(RD_LIT(PIN), &pin));
	init.so_pin = so;
	init.pin = pin;
	MUST_OK(hsm_card_select(card, &(struct hsm_version){ 0 }, &dl));
	MUST_OK(hsm_card_initialize(card, &init, true, &dl));
	if (with_pin)
		verify(card);
	secret_free(&pin);
	secret_free(&so);
}

static void person_make(struct scene *s, unsigned i)
{
	struct scene_person *p = &s->people[i];
	struct deadline dl = deadline_never();
	struct hsm_keygen g = { .key = KEY, .curve = EC_BP256R1, .algorithms = RD_LIT("\x73") };
	struct wr request;
	char name[16];

	(void)snprintf(name, sizeof(name), "person%u", i % 10);
	(void)snprintf(p->chr, sizeof(p->chr), "UTPERSON%uXX00001", i % 10);
	wr_init_heap(&p->devaut, FILE_SIZE_MAX);
	wr_init_heap(&p->file, 2 * CVC_MAX);
	wr_init_heap(&request, CVC_MAX);
	card_make(s, name, NULL, &p->v, &p->card);
	initialize(p->card, true, 0, 0);
	g.car = g.chr = rd_str(p->chr);
	MUST_OK(hsm_key_generate(p->card, &g, &request, &dl));
	MUST_OK(hsm_file_devaut(p->card, &p->devaut, &dl));
	MUST_OK(pka_file_write(wr_view(&p->devaut), wr_view(&request), &p->file));
	wr_free(&request);
}

static void person_register(struct scene *s, unsigned i)
{
	struct deadline dl = deadline_never();
	struct hsm_pka status;
	struct hsm_proof key;
	struct pka_file f;

	MUST_OK(pka_file_read(wr_view(&s->people[i].file), &f));
	key = pka_file_proof(&f, !s->is_open_firmware);
	MUST_OK(hsm_pka_register(s->card, &key, &status, &dl));
	assert_int_equal(status.missing, s->m - 1 - i);
}

/* What the card of a person says to message, as plain r || s. */
static void person_sign(struct scene_person *p, struct rd message, struct wr *sig)
{
	struct deadline dl = deadline_never();
	struct wr der;

	wr_init_heap(&der, 200);
	MUST_OK(hsm_key_sign(p->card, KEY, HSM_ECDSA_SHA256, message, &der, &dl));
	MUST_OK(ec_sig_from_der(wr_view(&der), 32, sig));
	wr_free(&der);
}

/* n people open the target, each with a challenge of his own where one does not serve all. */
static void target_unlock(struct scene *s)
{
	struct deadline dl = deadline_never();
	uint8_t challenge[PKA_CHALLENGE_SIZE], m[PKA_MESSAGE_MAX], sig[64];
	struct wr wm, ws;
	unsigned i;
	enum err e;

	MUST_OK(hsm_pka_challenge(s->card, challenge, &dl));
	for (i = 0; i < s->n; i++) {
		for (e = ERR_SIGNATURE; e;) {
			WR_ARR(&wm, m);
			WR_ARR(&ws, sig);
			MUST_OK(pka_message(rd_str(s->device_id), RD_ARR(challenge), &wm));
			person_sign(&s->people[i], wr_view(&wm), &ws);
			e = hsm_pka_authenticate(s->card, rd_str(s->people[i].chr), wr_view(&ws), &dl);
			if (e)
				MUST_OK(hsm_pka_challenge(s->card, challenge, &dl));
		}
	}
}

static void target_make(struct scene *s, const char *profile)
{
	struct deadline dl = deadline_never();
	struct hsm_keygen g = {
		.key = KEY, .curve = EC_SECP256R1, .car = RD_LIT("UTKEY000000001"), .chr = RD_LIT("UTKEY000000001")
	};
	struct p15_key p15 = { .type = P15_EC,
			       .label = RD_LIT(SCENE_KEY_LABEL),
			       .id = RD_LIT("\x01"),
			       .usage = P15_USE_SIGN,
			       .bits = 256 };
	struct cvc device, issuer;
	struct wr description;
	bool has_issuer;
	unsigned i;

	card_make(s, "target", profile, &s->v, &s->card);
	s->is_open_firmware = !strcmp(profile, "open-firmware");
	(void)snprintf(s->device_id, sizeof(s->device_id), "%.*s", (int)vcard_id(s->v).n,
		       (const char *)vcard_id(s->v).p);
	wr_init_heap(&s->devaut, FILE_SIZE_MAX);
	wr_init_heap(&s->attestation, CVC_MAX);
	wr_init_heap(&description, FILE_SIZE_MAX);
	initialize(s->card, s->is_open_firmware, s->m, s->n);
	for (i = 0; i < s->m; i++)
		person_register(s, i);
	target_unlock(s);
	MUST_OK(hsm_key_generate(s->card, &g, &s->attestation, &dl));
	MUST_OK(p15_key_write(&p15, &description));
	MUST_OK(hsm_file_write(s->card, HSM_FID(HSM_FID_PRKD, KEY), wr_view(&description), &dl));
	MUST_OK(hsm_file_devaut(s->card, &s->devaut, &dl));
	MUST_OK(cvc_devaut_read(wr_view(&s->devaut), &device, &issuer, &has_issuer));
	assert_true(rd_eq_str(device.chr, s->device_id));
	vcard_power(s->v, true);        /* closed again */
	wr_free(&description);
}

/* ---- server ---- */

static void server_open(struct scene *s)
{
	MUST_OK(srv_open(s->conf, SRV_STORE_SERVE, &s->srv));
}

static void server_close(struct scene *s)
{
	srv_stop(s->srv, s->now_ms);
	srv_close(&s->srv);
}

static void token_make(struct scene *s)
{
	struct secret *token;

	MUST_OK(srv_token_make(s->conf->server.state, false));
	MUST_OK(srv_token_read(s->conf->server.state, &token));
	(void)snprintf(s->token, sizeof(s->token), "Bearer %.*s", (int)secret_size(token),
		       (const char *)secret_view(token).p);
	secret_free(&token);
}

void scene_open(struct scene *s, const char *profile, unsigned n, unsigned m)
{
	char path[100], text[300];
	struct wr w;
	unsigned i;

	*s = (struct scene){ .n = n, .m = m, .now_ms = 1000000, .dir = "/tmp/quorum11-scene.XXXXXX" };
	assert_true(m <= SCENE_PEOPLE);
	assert_non_null(mkdtemp(s->dir));
	for (i = 0; i < m; i++)
		person_make(s, i);
	target_make(s, profile);
	(void)snprintf(path, sizeof(path), "%s/conf", s->dir);
	WR_ARR(&w, text);
	wr_printf(&w, "[server]\nhttp = yes\nurl = https://hsm.example.org\nstate = %s/state\n[trust]\n"
		      "roots = %s/pki/root.cvc\nproduction = no\n", s->dir, s->dir);
	MUST_OK(wr_done(&w));
	MUST_OK(file_write(path, 0600, wr_view(&w)));
	MUST_OK(conf_load_file(path, &s->conf));
	server_open(s);
	token_make(s);
}

void scene_close(struct scene *s)
{
	unsigned i;

	server_close(s);
	conf_free(&s->conf);
	for (i = 0; i < s->m; i++) {
		hsm_card_free(&s->people[i].card, true);
		vcard_close(&s->people[i].v);
		wr_free(&s->people[i].devaut);
		wr_free(&s->people[i].file);
	}
	hsm_card_free(&s->card, true);
	vcard_close(&s->v);
	wr_free(&s->devaut);
	wr_free(&s->attestation);
	assert_int_equal(folder_remove(s->dir), 0);
}

void scene_restart(struct scene *s)
{
	server_close(s);
	server_open(s);
}

void scene_wait(struct scene *s, uint64_t ms)
{
	uint64_t end = s->now_ms + ms, due;

	for (;;) {
		due = srv_tick(s->srv, s->now_ms);
		assert_true(due > s->now_ms);   /* or the real loop would spin */
		if (s->now_ms == end)
			return;
		s->now_ms = due < end ? due : end;
	}
}

static void call_begin(struct srv_call *call, const char *method, const char *path)
{
	srv_call_init(call);
	call->request = (struct srv_request){ .method = method, .path = path, .from = "192.0.2.7" };
}

int scene_ask(struct scene *s, const char *method, const char *path, const char *as, const char *body, json_t **out)
{
	struct srv_call call;
	json_error_t at;
	json_t *j;
	int status;

	call_begin(&call, method, path);
	call.request.authorization = as;
	call.request.body = rd_str(body);
	srv_front_handle(s->srv, &call, s->now_ms);
	assert_true(call.done);
	status = call.reply.status;
	assert_string_equal(call.reply.type, SRV_JSON);
	j = json_loadb((const char *)call.reply.body.p, call.reply.body.n, JSON_REJECT_DUPLICATES, &at);
	assert_true(json_is_object(j));
	if (status >= 400)
		assert_true(json_is_string(json_object_get(j, "error")) &&
			    json_is_string(json_object_get(j, "message")));
	srv_call_fini(&call);
	if (out)
		*out = j;
	else
		json_decref(j);
	return status;
}

int scene_enrol(struct scene *s, const char *more, json_t **out)
{
	struct wr w;
	unsigned i;
	int status;

	wr_init_heap(&w, HTTP_BODY_MAX);
	wr_text(&w, "{\"devaut\": \"");
	wr_base64url(&w, wr_view(&s->devaut));
	wr_printf(&w, "\", \"n\": %u, \"attestations\": [{\"key\": %d, \"attestation\": \"", s->n, KEY);
	wr_base64url(&w, wr_view(&s->attestation));
	wr_text(&w, "\"}], \"pka_files\": [");
	for (i = 0; i < s->m; i++) {
		wr_text(&w, i ? ", \"" : "\"");
		wr_base64url(&w, wr_view(&s->people[i].file));
		wr_text(&w, "\"");
	}
	wr_printf(&w, "]%s}", more);
	status = scene_ask(s, "POST", "/api/v1/targets", s->token, wr_cstr(&w), out);
	wr_free(&w);
	return status;
}

/* ---- host ---- */

void scene_host_open(struct scene_host *h, struct scene *s, bool facts)
{
	uint8_t id[LOGIN_ID_SIZE];
	struct wr w;

	*h = (struct scene_host){ .s = s, .v = s->v, .path = "/rt/hsm", .from = "192.0.2.7",
				   .hold_ins = -1 };
	wr_init_heap(&h->body, RAM_BODY_MAX);
	if (!facts)
		return;
	MUST_OK(rand_bytes(id, sizeof(id)));
	WR_ARR(&w, h->login_id);
	wr_hex(&w, RD_ARR(id));
	wr_u8(&w, 0);
	(void)snprintf(h->host_json, sizeof(h->host_json),
		       "{\"v\": 1, \"login_id\": \"%s\", \"reason\": \"release 7\"}", h->login_id);
	WR_ARR(&w, h->facts);
	wr_base64url(&w, rd_str(h->host_json));
	wr_u8(&w, 0);
	MUST_OK(wr_done(&w));
}

void scene_host_close(struct scene_host *h)
{
	if (h->is_out && !h->call.done)
		srv_gone(h->s->srv, &h->call, h->s->now_ms);
	if (h->is_out)
		srv_call_fini(&h->call);
	wr_free(&h->body);
	h->is_out = false;
}

void scene_pair_open(struct scene *s, struct scene_host *h, const char *profile)
{
	scene_open(s, profile, 2, 3);
	assert_int_equal(scene_enrol(s, "", NULL), 201);
	scene_host_open(h, s, true);
}

void scene_pair_close(struct scene *s, struct scene_host *h)
{
	scene_host_close(h);
	scene_close(s);
}

struct rd scene_host_reply(const struct scene_host *h)
{
	return wr_view(&h->call.reply.body);
}

int scene_host_post(struct scene_host *h, struct rd body)
{
	const char *set, *end;

	assert_true(!h->is_out || h->call.done);
	if (h->is_out)
		srv_call_fini(&h->call);
	call_begin(&h->call, "POST", h->path);
	h->is_out = true;
	h->posts++;
	h->call.request.from = h->from;
	h->call.request.authorization = h->as;
	h->call.request.type = RAM_TYPE_REQUEST;
	h->call.request.body = body;
	h->call.request.cookie = h->cookie[0] ? h->cookie : NULL;
	h->call.request.host_facts = h->facts[0] && !h->cookie[0] ? h->facts : NULL;
	srv_front_handle(h->s->srv, &h->call, h->s->now_ms);
	set = h->call.reply.cookie;
	if (set[0]) {
		end = strchr(set, ';');
		assert_non_null(end);
		(void)snprintf(h->cookie, sizeof(h->cookie), "%.*s", (int)(end - set), set);
	}
	return h->call.done ? h->call.reply.status : 0;
}

int scene_host_begin(struct scene_host *h)
{
	struct ram_initiation i = { .atr = vcard_atr(h->v) };

	wr_reset(&h->body);
	ram_write_initiation(&h->body, &i);
	return scene_host_post(h, wr_view(&h->body));
}

/* One command or notification; false: the host holds here. */
static bool unit_take(struct scene_host *h, const struct ram_unit *u, struct wr *results, int32_t *n)
{
	struct wr rsp;

	if (u->kind == RAM_NOTIFY) {
		h->id = u->id;
		h->notes++;
		(void)snprintf(h->text, sizeof(h->text), "%.*s", (int)u->message.n, (const char *)u->message.p);
		return true;
	}
	assert_int_equal(u->kind, RAM_COMMAND); /* no reset: the test itself takes what asks for one */
	assert_true(u->cmd.n >= 4);
	if (u->cmd.p[1] == h->hold_ins)
		return false;
	h->commands++;
	h->challenges += u->cmd.p[1] == 0x84;
	wr_init_heap(&rsp, APDU_RSP_MAX);
	MUST_OK(vcard_exchange(h->v, u->cmd, &rsp));
	ram_write_answer(results, wr_view(&rsp));
	wr_free(&rsp);
	++*n;
	return true;
}

bool scene_host_step(struct scene_host *h)
{
	struct wr results, template;
	struct ram_unit u;
	struct rd units;
	int32_t n;
	size_t taken;
	enum err e;

	wr_init_heap(&results, RAM_BODY_MAX);
	wr_init_heap(&template, RAM_BODY_MAX);
	wr_put(&template, scene_host_reply(h));
	MUST_OK(ram_open_template(wr_view(&template), &units));
	for (n = 0, taken = 0; !(e = ram_next_unit(&units, &u)); taken++) {
		if (!unit_take(h, &u, &results, &n))
			break;
		if (u.kind == RAM_NOTIFY && u.id < 0)
			assert_true(taken == 0 && rd_end(&units)); /* some clients end at once at such a one */
	}
	h->most = (unsigned)n > h->most ? (unsigned)n : h->most;
	wr_reset(&h->body);
	ram_write_results(&h->body, wr_view(&results), n);
	MUST_OK(wr_done(&h->body));
	wr_free(&results);
	wr_free(&template);
	if (!e)
		return false;
	assert_int_equal(e, ERR_NOT_FOUND);
	(void)scene_host_post(h, wr_view(&h->body));
	return true;
}

int scene_host_go(struct scene_host *h)
{
	while (h->call.done && h->call.reply.status == 200)
		if (!scene_host_step(h))
			return -1;
	return h->call.done ? h->call.reply.status : 0;
}

/* ---- people ---- */

const char *scene_text(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	assert_true(json_is_string(v) || json_is_null(v));
	return json_is_string(v) ? json_string_value(v) : "";
}

int64_t scene_number(const json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

void scene_request(struct scene *s, char id[SRV_ID_SIZE])
{
	json_t *j, *first;

	assert_int_equal(scene_ask(s, "GET", "/api/v1/requests", s->token, NULL, &j), 200);
	first = json_array_get(json_object_get(j, "requests"), 0);
	assert_non_null(first);
	(void)snprintf(id, SRV_ID_SIZE, "%s", scene_text(first, "id"));
	json_decref(j);
}

struct fetched {                /* a request as JSON and decoded */
	json_t *j;
	struct wr devaut, host_json, challenge, login_id;
	struct wr attestations[8];
	struct pka_key_facts keys[8];
	struct pka_request r;
};

static struct rd bytes_of(const json_t *o, const char *key, struct wr *w)
{
	wr_init_heap(w, FILE_SIZE_MAX);
	MUST_OK(text_unbase64url(rd_str(scene_text(o, key)), w));
	return wr_view(w);
}

static void fetch(struct scene *s, const char *id, const char *login_id, struct fetched *f)
{
	const json_t *keys;
	char path[100];
	size_t i;

	*f = (struct fetched){ .j = NULL };
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(s, "GET", path, s->token, NULL, &f->j), 200);
	f->r.devaut = bytes_of(f->j, "devaut", &f->devaut);
	f->r.host_json = bytes_of(f->j, "host_json", &f->host_json);
	f->r.challenge = bytes_of(f->j, "challenge", &f->challenge);
	wr_init_heap(&f->login_id, LOGIN_ID_SIZE);
	MUST_OK(text_unhex(rd_str(login_id ? login_id : scene_text(f->j, "login_id")), &f->login_id));
	f->r.login_id = wr_view(&f->login_id);
	f->r.device_id = scene_text(f->j, "device_id");
	f->r.n = (unsigned)scene_number(f->j, "n");
	f->r.m = (unsigned)scene_number(f->j, "m");
	keys = json_object_get(f->j, "keys");
	f->r.keys_n = json_array_size(keys);
	assert_true(f->r.keys_n <= 8);
	f->r.keys = f->keys;
	for (i = 0; i < f->r.keys_n; i++) {
		f->keys[i].key = (uint8_t)scene_number(json_array_get(keys, i), "key");
		(void)snprintf(f->keys[i].label, sizeof(f->keys[i].label), "%s",
			       scene_text(json_array_get(keys, i), "label"));
		f->keys[i].is_attested = json_is_true(json_object_get(json_array_get(keys, i), "attested"));
		f->keys[i].attestation = bytes_of(json_array_get(keys, i), "attestation", &f->attestations[i]);
	}
}

static void fetched_free(struct fetched *f)
{
	size_t i;

	for (i = 0; i < f->r.keys_n; i++)
		wr_free(&f->attestations[i]);
	wr_free(&f->devaut);
	wr_free(&f->host_json);
	wr_free(&f->challenge);
	wr_free(&f->login_id);
	json_decref(f->j);
}

/* Until the turn is his; the status that ended it if it cannot be. */
static int turn_take(struct scene *s, const char *id, const char *chr, struct scene_host *host, struct wr *challenge,
		     json_t **out)
{
	char path[100], body[100];
	int status;

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/turn", id);
	(void)snprintf(body, sizeof(body), "{\"chr\": \"%s\"}", chr);
	status = scene_ask(s, "POST", path, s->token, body, out);
	if (status == 202) {
		json_decref(*out);
		if (host)
			(void)scene_host_go(host);
		status = scene_ask(s, "POST", path, s->token, body, out);
	}
	if (status == 200) {
		wr_reset(challenge);
		MUST_OK(text_unbase64url(rd_str(scene_text(*out, "challenge")), challenge));
	}
	return status;
}

/* The person's card works off a batch. */
static void card_answers(struct scene_person *p, const struct pka_batch *b, struct wr rsp[PKA_BATCH_MAX],
			 struct pka_answers *a)
{
	size_t i;

	a->n = b->n;
	for (i = 0; i < b->n; i++) {
		wr_init_heap(&rsp[i], APDU_RSP_MAX);
		MUST_OK(vcard_exchange(p->v, pka_batch_cmd(b, i), &rsp[i]));
		a->v[i] = wr_view(&rsp[i]);
	}
}

static int send(struct scene *s, const char *id, const struct scene_wish *w, const char *chr, const struct rd part[3],
		json_t **out)
{
	static const char *const names[3] = { "statement", "statement_signature", "signature" };
	struct wr body;
	char path[100];
	bool deny = w->deny != w->wrong_endpoint;
	const char *verb = w->end && !w->wrong_endpoint ? "end" : deny ? "deny" : "approve";
	size_t i;
	int status;

	wr_init_heap(&body, 1 << 16);
	wr_printf(&body, "{\"chr\": \"%s\"", chr);
	for (i = 0; i < (deny || w->end ? 2 : 3); i++) {
		wr_printf(&body, ", \"%s\": \"", names[i]);
		wr_base64url(&body, part[i]);
		wr_text(&body, "\"");
	}
	wr_text(&body, "}");
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/%s", id, verb);
	status = scene_ask(s, "POST", path, NULL, wr_cstr(&body), out);
	wr_free(&body);
	return status;
}

int scene_decide(struct scene *s, unsigned person, const struct scene_wish *w, json_t **out)
{
	static const char *unverified[1];
	struct scene_person *p = &s->people[person];
	struct pka_approval *a = NULL;
	struct pka_answers answers;
	struct pka_batch batch;
	struct att_verdict v = { .n = 0 };
	struct wr rsp[PKA_BATCH_MAX], spoilt;
	struct fetched f;
	struct cvc_request request;
	struct pka_file file;
	struct rd part[3];
	char id[SRV_ID_SIZE];
	json_t *j = NULL;
	size_t i;
	int status = 200;
	bool is_per_key;

	if (w->id)
		(void)snprintf(id, sizeof(id), "%s", w->id);
	else
		scene_request(s, id);
	fetch(s, id, w->login_id, &f);
	is_per_key = !w->deny && !w->end && !strcmp(scene_text(f.j, "mode"), "per-key");
	if (is_per_key) {
		status = turn_take(s, id, p->chr, w->host, &f.challenge, &j);
		f.r.challenge = wr_view(&f.challenge);
	}
	if (status != 200)
		goto out;
	unverified[0] = s->device_id;
	MUST_OK(pka_approval_new(&f.r, s->srv->anchors, unverified, 1, clock_wall_s(), &a, &v));
	assert_int_equal(pka_approval_facts(a)->attested_n, 1);
	assert_int_equal(pka_approval_facts(a)->unattested_n, 0);
	assert_string_equal(pka_approval_facts(a)->keys[0].label, SCENE_KEY_LABEL);

	pka_batch_init(&batch);
	MUST_OK(pka_file_read(wr_view(&p->file), &file));
	request = file.request;
	MUST_OK(pka_approval_decide(a, w->end ? PKA_END : w->deny ? PKA_DENY : PKA_APPROVE,
				    rd_str(w->limits ? w->limits : ""), rd_str(p->chr), KEY, &batch));
	card_answers(p, &batch, rsp, &answers);
	MUST_OK(pka_approval_finish(a, &answers, file.curve, request.inner.key.q, &part[2], &part[0], &part[1]));
	wr_init_heap(&spoilt, 200);
	wr_put(&spoilt, part[2]);
	if (w->spoil) {
		spoilt.p[spoilt.n / 2] ^= 1;
		part[2] = wr_view(&spoilt);
	}
	json_decref(j);
	j = NULL;
	if (w->think_ms)
		scene_wait(s, w->think_ms);
	status = send(s, id, w, p->chr, part, &j);
	wr_free(&spoilt);
	for (i = 0; i < answers.n; i++)
		wr_free(&rsp[i]);
	pka_batch_fini(&batch);
	if (w->host)
		(void)scene_host_go(w->host);
out:
	pka_approval_free(&a);
	fetched_free(&f);
	if (out)
		*out = j;
	else
		json_decref(j);
	return status;
}
