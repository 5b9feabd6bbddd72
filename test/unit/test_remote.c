/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custodians with clients of other makers (reference public-key-authentication 9.4): they verify their PIN, post to the
 * request's own path, and do whatever they are told. Only hosts of other makers get what they give.
 */
#include "test/unit/scene.h"

#include "pka/file.h"
#include "pka/message.h"
#include "pka/remote.h"
#include "server/ceremony/remote.h"
#include "server/store/sqlite.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ALIVE RD_LIT("\xAB\x03\x80\x01\x00")

static struct scene s;
static struct scene_host target;
static char id[SRV_ID_SIZE], path[100];

static json_t *request(void)
{
	char at[100];
	json_t *j;

	(void)snprintf(at, sizeof(at), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", at, s.token, NULL, &j), 200);
	return j;
}

/* A host of another maker waits; path: where its custodians' clients post to. */
static void begins(const char *profile, bool facts)
{
	json_t *j;

	scene_open(&s, profile, 2, 3);
	s.conf->server.stock_custodians = true;
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	scene_host_open(&target, &s, facts);
	assert_int_equal(scene_host_begin(&target), 200);
	assert_int_equal(scene_host_go(&target), 0);
	scene_request(&s, id);
	j = request();
	(void)snprintf(path, sizeof(path), "/rt/r/%s", scene_text(j, "link"));
	json_decref(j);
}

static void ends(void)
{
	scene_host_close(&target);
	scene_close(&s);
}

/* What a custodian of this key has decided, and whether by a client of another maker. */
static bool stands(unsigned person, const char *decision, bool is_stock)
{
	json_t *j = request(), *one;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(j, "custodians"), i, one)
		found |= !strcmp(scene_text(one, "chr"), s.people[person].chr) &&
			 !strcmp(scene_text(one, "decision"), decision) &&
			 json_is_true(json_object_get(one, "stock")) == is_stock;
	json_decref(j);
	return found;
}

static void lender_open(struct scene_host *h, unsigned person)
{
	scene_host_open(h, &s, false);
	h->v = s.people[person].v;
	h->path = path;
	h->from = "192.0.2.30";
}

/* From the first message to the end, or until it is held (0). */
static int lends(struct scene_host *h)
{
	int status = scene_host_begin(h);

	return status == 200 ? scene_host_go(h) : status;
}

static void last_event(const char *name, char *out, size_t cap)
{
	const json_t *list, *event;
	json_t *j;
	size_t i;

	out[0] = '\0';
	(void)srv_tick(s.srv, s.now_ms);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/audit", s.token, NULL, &j), 200);
	list = json_object_get(j, "entries");
	for (i = 0; i < json_array_size(list); i++) {
		char *text;

		event = json_object_get(json_array_get(list, i), "event");
		if (strcmp(scene_text(event, "event"), name))
			continue;
		text = json_dumps(event, JSON_COMPACT);
		(void)snprintf(out, cap, "%s", text);
		free(text);
	}
	json_decref(j);
}

/* What the request's own page says. */
static bool page_shows(const char *text)
{
	struct srv_call call;
	char page[100];
	bool found;

	(void)snprintf(page, sizeof(page), "%s", path + strlen("/rt"));
	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "GET", .path = page, .from = "192.0.2.7" };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_int_equal(call.reply.status, 200);
	found = strstr(wr_cstr(&call.reply.body), text);
	srv_call_fini(&call);
	return found;
}

static void test_approves(void **state)
{
	struct scene_host h;
	char event[600], proofs[100];
	json_t *j;

	(void)state;
	begins("vendor-shared", false);
	assert_true(page_shows(path));                  /* to be copied */
	assert_false(page_shows("without a statement"));
	lender_open(&h, 0);
	assert_int_equal(lends(&h), 204);
	assert_true(page_shows("without a statement"));
	assert_int_equal(h.id, 0);
	assert_string_equal(h.text, "approved");
	assert_int_equal(h.most, 1);
	assert_true(stands(0, "approve", true));
	last_event("decision", event, sizeof(event));
	assert_non_null(strstr(event, "\"client\":\"stock\""));
	assert_non_null(strstr(event, "\"result\":\"accepted\""));
	assert_non_null(strstr(event, s.people[0].chr));

	/* The other one has our client, and says so by a statement. */
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &target }, NULL), 200);
	assert_true(target.call.done);
	assert_int_equal(scene_host_go(&target), 204);
	assert_int_equal(target.id, 0);
	assert_true(stands(0, "approve", true));
	assert_true(stands(1, "approve", false));
	last_event("decision", event, sizeof(event));
	assert_null(strstr(event, "stock"));

	/* What has no statement proves nothing to a host. */
	j = request();
	(void)snprintf(proofs, sizeof(proofs), "/api/v1/logins/%s/proofs", scene_text(j, "login_id"));
	json_decref(j);
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, &j), 200);
	assert_int_equal(json_array_size(json_object_get(j, "proofs")), 1);
	json_decref(j);
	scene_host_close(&h);
	ends();
}

/* The exact commands, in their order: no SELECT, which would drop the PIN, and nothing but M is signed. */
static void test_commands(void **state)
{
	static const char *const want[] = { "00200081", "00b12f02", "80580000", "00b1ce01", "80680173" };
	uint8_t hex[2 * APDU_CMD_MAX + 1], m[PKA_MESSAGE_MAX], bytes[PKA_CHALLENGE_SIZE];
	struct wr w, results, all, rsp, wm, wc;
	struct scene_host h;
	struct ram_unit u;
	struct rd units;
	json_t *j;
	size_t n = 0;

	(void)state;
	begins("vendor-shared", false);
	j = request();
	WR_ARR(&wc, bytes);
	WR_ARR(&wm, m);
	assert_int_equal(text_unbase64url(rd_str(scene_text(j, "challenge")), &wc), ERR_OK);
	assert_int_equal(pka_message(rd_str(s.device_id), wr_view(&wc), &wm), ERR_OK);
	json_decref(j);
	lender_open(&h, 2);
	assert_int_equal(scene_host_begin(&h), 200);
	wr_init_heap(&results, RAM_BODY_MAX);
	wr_init_heap(&all, RAM_BODY_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	while (h.call.reply.status == 200) {
		wr_reset(&results);
		wr_reset(&all);
		assert_int_equal(ram_open_template(scene_host_reply(&h), &units), ERR_OK);
		while (!ram_next_unit(&units, &u)) {
			if (u.kind != RAM_COMMAND)
				continue;
			WR_ARR(&w, hex);
			wr_hex(&w, u.cmd);
			wr_u8(&w, 0);
			assert_true(n < COUNT(want));
			if (strncmp((const char *)hex, want[n], 8))
				fail_msg("command %zu is %s", n, (const char *)hex);
			if (++n == COUNT(want))         /* Lc, then M as it is, then Le */
				assert_bytes_equal(rd_of(u.cmd.p + u.cmd.n - 1 - wm.n, wm.n), wr_view(&wm));
			wr_reset(&rsp);
			assert_int_equal(vcard_exchange(h.v, u.cmd, &rsp), ERR_OK);
			ram_write_answer(&results, wr_view(&rsp));
		}
		ram_write_results(&all, wr_view(&results), 1);
		(void)scene_host_post(&h, wr_view(&all));
	}
	assert_int_equal(n, COUNT(want));
	assert_int_equal(h.call.reply.status, 204);
	assert_true(stands(2, "approve", true));
	wr_free(&results);
	wr_free(&all);
	wr_free(&rsp);
	scene_host_close(&h);
	ends();
}

/* A card that wants a challenge for each key: the second is asked once more, and takes his turn. */
static void test_turns(void **state)
{
	struct scene_host a, b;
	unsigned i;

	(void)state;
	begins("vendor-per-key", false);
	lender_open(&a, 0);
	lender_open(&b, 1);
	assert_int_equal(lends(&a), 204);
	assert_int_equal(lends(&b), 204);
	assert_int_equal(scene_host_go(&target), 0);
	assert_true(stands(0, "approve", true));
	assert_true(stands(1, "", false));
	scene_host_close(&b);
	lender_open(&b, 1);
	assert_int_equal(lends(&b), 0);                 /* until the target's card has made his challenge */
	for (i = 0; i < 4 && b.call.reply.status != 204; i++) {
		(void)scene_host_go(&target);
		(void)srv_tick(s.srv, s.now_ms);
		(void)scene_host_go(&b);
	}
	assert_string_equal(b.text, "approved");
	assert_int_equal(scene_host_go(&target), 204);
	assert_int_equal(target.id, 0);
	assert_true(stands(1, "approve", true));
	scene_host_close(&a);
	scene_host_close(&b);
	ends();
}

static void test_waits_for_turn(void **state)
{
	struct scene_host b;
	char body[60], at[100];
	json_t *j;

	(void)state;
	begins("vendor-per-key", false);
	/* The server learns how this card is. */
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &target }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &target }, NULL), 200);
	(void)scene_host_go(&target);
	j = request();
	assert_string_equal(scene_text(j, "mode"), "per-key");
	assert_int_equal(scene_number(j, "approvals"), 1);
	json_decref(j);
	/* Whose turn it is hesitates; the other one's client is told so, and comes when his time is over. */
	(void)snprintf(at, sizeof(at), "/api/v1/requests/%s/turn", id);
	(void)snprintf(body, sizeof(body), "{\"chr\": \"%s\"}", s.people[1].chr);
	assert_int_equal(scene_ask(&s, "POST", at, s.token, body, NULL), 202);
	(void)scene_host_go(&target);
	lender_open(&b, 2);
	assert_int_equal(lends(&b), 0);
	(void)snprintf(body, sizeof(body), "waiting, it is the turn of %s", s.people[1].chr);
	assert_string_equal(b.text, body);
	for (unsigned i = 0; i < 25 && b.call.reply.status != 204; i++) {      /* a lease is 300 s */
		scene_wait(&s, 15000);
		(void)scene_host_go(&target);
		(void)scene_host_go(&b);
		(void)scene_host_go(&target);
	}
	assert_int_equal(b.call.reply.status, 204);
	assert_string_equal(b.text, "approved");
	assert_true(stands(2, "approve", true));
	scene_host_close(&b);
	ends();
}

static void no_pin(struct scene_host *h)
{
	uint8_t bytes[APDU_RSP_MAX];
	struct wr rsp;

	WR_ARR(&rsp, bytes);
	vcard_power(h->v, true);
	assert_int_equal(vcard_exchange(h->v, RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02"
						     "\x01\x00"), &rsp), ERR_OK);
}

static void refused(struct scene_host *h, int32_t want, const char *text)
{
	assert_int_equal(lends(h), 204);
	if (h->id != want || !strstr(h->text, text))
		fail_msg("%d: %s", h->id, h->text);
	scene_host_close(h);
}

static void test_refused(void **state)
{
	char right[100], database[100];
	struct srv_db *other;
	struct scene_host h;
	json_t *j;

	(void)state;
	begins("vendor-shared", false);
	memcpy(right, path, sizeof(right));

	lender_open(&h, 0);
	path[strlen(path) - 1] ^= 1;                    /* another link */
	assert_int_equal(lends(&h), 404);
	assert_string_equal(h.call.reply.cookie, "");
	scene_host_close(&h);
	memcpy(path, right, sizeof(right));

	lender_open(&h, 0);
	s.conf->server.stock_custodians = false;        /* as it is unless somebody says so */
	assert_int_equal(lends(&h), 404);
	s.conf->server.stock_custodians = true;
	scene_host_close(&h);

	lender_open(&h, 0);
	no_pin(&h);
	refused(&h, -120, "the PIN of your card has not been verified");

	lender_open(&h, 0);
	h.v = s.v;                                      /* a card, but no custodian's */
	refused(&h, -120, "the PIN");

	lender_open(&h, 1);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = NULL }, NULL), 200);
	refused(&h, -103, "this key has decided already");

	/* His card has signed, but that cannot be kept: then it does not count, and he is not told that it does. */
	lender_open(&h, 2);
	(void)snprintf(database, sizeof(database), "%s/quorum11.db", s.conf->server.state);
	assert_int_equal(srv_db_open(database, SRV_DB_SERVE, &other), ERR_OK);
	assert_int_equal(srv_db_exec(other, "BEGIN IMMEDIATE"), ERR_OK);
	refused(&h, -120, "the server's store cannot be used now");
	srv_db_close(&other);

	/* A cookie of another session, or of none. */
	lender_open(&h, 2);
	(void)snprintf(h.cookie, sizeof(h.cookie), "%s", target.cookie);
	assert_int_equal(scene_host_post(&h, ALIVE), 404);
	h.cookie[0] = '\0';
	assert_int_equal(scene_host_post(&h, ALIVE), 400);
	scene_host_close(&h);

	j = request();
	assert_int_equal(scene_number(j, "approvals"), 1);
	json_decref(j);
	ends();
}

/* Ours asks for statements: an approval without one would be told, counted by the card, and refused by the host. */
static void test_not_for_ours(void **state)
{
	struct scene_host h;
	json_t *j;

	(void)state;
	begins("vendor-shared", true);
	lender_open(&h, 0);
	refused(&h, -112, "approve by quorum11 approve");
	assert_int_equal(srv_ceremony_decide(srv_desk_find(s.srv->desk, id),
					     &(struct srv_decision){ .chr = s.people[0].chr, .from = "192.0.2.30",
								     .decision = PKA_APPROVE, .sig = RD_LIT("0"),
								     .is_bare = true }, s.now_ms), ERR_REFUSED);
	j = request();
	assert_int_equal(scene_number(j, "approvals"), 0);
	json_decref(j);
	ends();
}

/* A client that goes, one that is silent, and a server that stops. */
static void test_leaves(void **state)
{
	struct scene_host h;

	(void)state;
	begins("vendor-shared", false);
	lender_open(&h, 0);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x18\xE1\x13\x0C\x11" "Card was removed." "\x80\x01\x00")),
			 204);
	assert_int_equal(scene_host_post(&h, ALIVE), 404);
	scene_host_close(&h);

	lender_open(&h, 0);
	assert_int_equal(scene_host_begin(&h), 200);
	scene_wait(&s, SRV_LOST_MS + 16000);            /* and the target is lost by now, too */
	assert_int_equal(scene_host_post(&h, ALIVE), 404);
	scene_host_close(&h);
	assert_int_equal(lends(&h), 404);
	scene_host_close(&h);
	ends();
}

static void test_stop(void **state)
{
	struct scene_host h;

	(void)state;
	begins("vendor-shared", false);
	lender_open(&h, 0);
	h.hold_ins = 0x68;
	assert_int_equal(lends(&h), -1);                /* asked to sign, it thinks */
	srv_stop(s.srv, s.now_ms);
	assert_false(srv_is_quiet(s.srv));
	h.hold_ins = -1;
	(void)scene_host_go(&h);
	assert_int_equal(h.call.reply.status, 204);
	assert_true(h.id < 0);
	(void)scene_host_go(&target);
	assert_true(srv_is_quiet(s.srv));
	scene_host_close(&h);
	ends();
}

/* How the machine ends with this person's card, where only these keys are asked for. */
static void runs(unsigned person, const struct pka_remote_key *key, enum err want, const char *why)
{
	uint8_t bytes[APDU_RSP_MAX];
	struct pka_answers in = { .n = 0 };
	struct pka_batch batch;
	struct pka_remote *r;
	struct wr rsp;

	pka_batch_init(&batch);
	assert_int_equal(pka_remote_new(key, 1, 0, &r), ERR_OK);
	assert_int_equal(pka_remote_sign(r, RD_LIT("x")), ERR_CONDITIONS);
	for (;;) {
		assert_int_equal(pka_remote_step(r, &in, &batch), ERR_OK);
		if (!batch.n)
			break;
		WR_ARR(&rsp, bytes);
		assert_int_equal(vcard_exchange(s.people[person].v, pka_batch_cmd(&batch, 0), &rsp), ERR_OK);
		in = (struct pka_answers){ .n = 1, .v = { wr_view(&rsp) } };
	}
	assert_int_equal(pka_remote_facts(r)->state, want ? PKA_REMOTE_FAILED : PKA_REMOTE_READY);
	assert_int_equal(pka_remote_facts(r)->result, want);
	assert_non_null(strstr(pka_remote_facts(r)->why, why));
	assert_int_equal(pka_remote_facts(r)->who == key->custodian, !want);
	pka_remote_free(&r);
	pka_batch_fini(&batch);
}

/* A card of somebody else, a card without the key, and a key of the right name that is another one. */
static void test_other_cards(void **state)
{
	struct pka_remote_key keys[3];
	struct pka_custodian c;
	struct pka_file file;
	size_t i;

	(void)state;
	begins("vendor-shared", false);
	for (i = 0; i < 3; i++) {
		assert_int_equal(pka_file_read(wr_view(&s.people[i].file), &file), ERR_OK);
		c = (struct pka_custodian){ .curve = file.curve, .q_size = file.request.inner.key.q.n };
		(void)snprintf(c.chr, sizeof(c.chr), "%s", s.people[i].chr);
		memcpy(c.q, file.request.inner.key.q.p, c.q_size);
		keys[i] = (struct pka_remote_key){ .custodian = &c, .device = file.device.whole };
		runs((unsigned)i, &keys[i], ERR_OK, "");
		runs((unsigned)(i + 1) % 3, &keys[i], ERR_NOT_ENROLLED, "none of a custodian");
		c.q[c.q_size - 1] ^= 1;
		runs((unsigned)i, &keys[i], ERR_NOT_FOUND, "the registered key is not in this card");
		c.q[c.q_size - 1] ^= 1;
		c.chr[2] ^= 1;
		runs((unsigned)i, &keys[i], ERR_NOT_FOUND, "the registered key is not in this card");
	}
	ends();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approves),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_waits_for_turn),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_for_ours),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_other_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
