/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian ends what has opened a card, and the hosts that wait for it: server/ceremony/end.c. */
#include "test/unit/pair.h"

#include "pka/end.h"
#include "sc-hsm/key.h"

static char id[SRV_ID_SIZE];

static int ask(void **state)
{
	(void)open_scene(state);
	waits();
	scene_request(&s, id);
	return 0;
}

static void approved(void)
{
	struct scene_wish yes = { .host = &h };

	assert_int_equal(scene_decide(&s, 0, &yes, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &yes, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
}

static int open_card(void **state)
{
	(void)ask(state);
	approved();
	return 0;
}

static void error_is(json_t *j, const char *word)
{
	assert_string_equal(scene_text(j, "error"), word);
	json_decref(j);
}

/* ---- hosts that wait ---- */

struct waiter {
	struct srv_call call;
	char path[100];
	unsigned woken;
};

static void wake(struct srv_call *call)
{
	struct waiter *w = (struct waiter *)(void *)call;

	w->woken++;
}

/* The status, 0 if it is held. */
static int wait_for_end(struct waiter *w, const char *login_id)
{
	memset(w, 0, sizeof(*w));
	(void)snprintf(w->path, sizeof(w->path), "/api/v1/logins/%s/end", login_id);
	srv_call_init(&w->call);
	w->call.request = (struct srv_request){ .method = "GET", .path = w->path, .from = "192.0.2.7" };
	w->call.wake = wake;
	srv_front_handle(s.srv, &w->call, s.now_ms);
	assert_int_equal(w->woken, w->call.done);
	return w->call.done ? w->call.reply.status : 0;
}

static struct rd bytes_of(const json_t *j, const char *key, struct wr *w)
{
	wr_init_heap(w, CVC_MAX);
	assert_int_equal(text_unbase64url(rd_str(scene_text(j, key)), w), ERR_OK);
	return wr_view(w);
}

/* The waiter has been told, and what it was told ends this login by this person. */
static void told(struct waiter *w, unsigned person)
{
	struct wr file, text, sig;
	char who[CHR_MAX + 1];
	uint8_t login[LOGIN_ID_SIZE];
	struct wr wl;
	json_t *j;

	assert_true(w->call.done);
	assert_int_equal(w->woken, 1);
	assert_int_equal(w->call.reply.status, 200);
	j = json_loadb((const char *)w->call.reply.body.p, w->call.reply.body.n, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(j), 4);
	assert_string_equal(scene_text(j, "chr"), s.people[person].chr);
	WR_ARR(&wl, login);
	assert_int_equal(pka_end_check(bytes_of(j, "pka_file", &file), bytes_of(j, "statement", &text),
				       bytes_of(j, "statement_signature", &sig), rd_str(s.device_id),
				       test_unhex(&wl, h.login_id), rd_str(h.host_json), who), ERR_OK);
	assert_string_equal(who, s.people[person].chr);
	wr_free(&file);
	wr_free(&text);
	wr_free(&sig);
	json_decref(j);
	srv_call_fini(&w->call);
}

static void answered(struct waiter *w, int status)
{
	assert_true(w->call.done);
	assert_int_equal(w->woken, 1);
	assert_int_equal(w->call.reply.status, status);
	srv_call_fini(&w->call);
}

static void test_several_are_told(void **state)
{
	struct scene_wish end = { .end = true };
	struct waiter w[3], late;
	json_t *j;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(wait_for_end(&w[i], h.login_id), 0);
	/* one hangs up meanwhile; nobody else notices */
	srv_desk_gone(s.srv->desk, &w[1].call, s.now_ms);
	answered(&w[1], 404);
	/* the third never approved; any custodian may */
	assert_int_equal(scene_decide(&s, 2, &end, &j), 200);
	assert_string_equal(scene_text(j, "ended_by"), s.people[2].chr);
	assert_string_equal(scene_text(j, "state"), "open");
	json_decref(j);
	told(&w[0], 2);
	told(&w[2], 2);
	/* who asks later hears it at once; a second end is as good, and the first one stays */
	assert_int_equal(scene_decide(&s, 0, &end, &j), 200);
	assert_string_equal(scene_text(j, "ended_by"), s.people[2].chr);
	json_decref(j);
	assert_int_equal(wait_for_end(&late, h.login_id), 200);
	told(&late, 2);
}

static void test_nobody_says_it(void **state)
{
	struct waiter w;
	uint64_t poll_ms = s.conf->server.poll * 1000ull;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(wait_for_end(&w, h.login_id), 0);
		scene_wait(&s, poll_ms - 1);
		assert_false(w.call.done);
		scene_wait(&s, 1);
		assert_int_equal(w.call.reply.body.n, 0);
		answered(&w, 204);
	}
}

static void test_unknown_logins(void **state)
{
	static const char *const rows[] = {
		"00000000000000000000000000000000", "0000", "xyz", "000000000000000000000000000000000000",
	};
	char other[sizeof(h.login_id)];
	struct waiter w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(wait_for_end(&w, rows[i]), 404);
		answered(&w, 404);
	}
	memcpy(other, h.login_id, sizeof(other));
	other[31] = other[31] == '0' ? '1' : '0';
	assert_int_equal(wait_for_end(&w, other), 404);
	answered(&w, 404);
	assert_int_equal(scene_ask(&s, "POST", w.path, NULL, "{}", NULL), 405);
}

/* Before the card is open there is nothing to end, and nothing to wait for; nor when it never opens. */
static void test_not_open(void **state)
{
	struct scene_wish end = { .end = true }, no = { .deny = true };
	struct waiter w;
	json_t *j;

	(void)state;
	assert_int_equal(wait_for_end(&w, h.login_id), 404);
	answered(&w, 404);
	assert_int_equal(scene_decide(&s, 0, &end, &j), 409);
	error_is(j, "not_open");
	/* nor is it a no */
	end.wrong_endpoint = true;
	assert_int_equal(scene_decide(&s, 0, &end, &j), 401);
	error_is(j, "bad_signature");
	assert_int_equal(scene_decide(&s, 1, &no, NULL), 200);
	end.wrong_endpoint = false;
	assert_int_equal(scene_decide(&s, 0, &end, &j), 409);
	error_is(j, "ended");
	assert_int_equal(wait_for_end(&w, h.login_id), 404);
	answered(&w, 404);
}

static int post_end(const char *body, json_t **j)
{
	char path[100];

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/end", id);
	return scene_ask(&s, "POST", path, NULL, body, j);
}

/* What person i signs, sent in the name of chr. */
static int forged(const struct pka_statement *st, unsigned i, const char *chr, json_t **j)
{
	struct deadline dl = deadline_never();
	uint8_t text[STATEMENT_MAX], plain[64];
	struct wr wt, ws, der, body;
	int status;

	WR_ARR(&wt, text);
	WR_ARR(&ws, plain);
	wr_init_heap(&der, 200);
	wr_init_heap(&body, 4096);
	assert_int_equal(pka_statement_write(st, &wt), ERR_OK);
	assert_int_equal(hsm_key_sign(s.people[i].card, 1, HSM_ECDSA_SHA256, wr_view(&wt), &der, &dl), ERR_OK);
	assert_int_equal(ec_sig_from_der(wr_view(&der), 32, &ws), ERR_OK);
	wr_printf(&body, "{\"chr\": \"%s\", \"statement\": \"", chr);
	wr_base64url(&body, wr_view(&wt));
	wr_text(&body, "\", \"statement_signature\": \"");
	wr_base64url(&body, wr_view(&ws));
	wr_text(&body, "\"}");
	status = post_end(wr_cstr(&body), j);
	wr_free(&body);
	wr_free(&der);
	return status;
}

static void test_forged(void **state)
{
	struct pka_statement good = { .decision = PKA_END, .key = rd_str(s.people[0].chr) }, st;
	struct wr w;
	struct waiter waiter;
	json_t *j;

	(void)state;
	WR_ARR(&w, good.login_id);
	test_unhex(&w, h.login_id);
	assert_int_equal(sha256(rd_str(s.device_id), good.message), ERR_OK);
	assert_int_equal(sha256(rd_str(h.host_json), good.request), ERR_OK);
	assert_int_equal(wait_for_end(&waiter, h.login_id), 0);

	assert_int_equal(forged(&good, 1, s.people[0].chr, &j), 401);   /* by another's card */
	error_is(j, "bad_signature");
	assert_int_equal(forged(&good, 0, s.people[1].chr, &j), 401);   /* under another's name */
	error_is(j, "bad_signature");
	assert_int_equal(forged(&good, 0, "UTSTRANGER00001", &j), 401); /* of nobody registered */
	error_is(j, "bad_signature");
	for (unsigned i = 0; i < 5; i++) {
		st = good;
		if (i == 0)
			st.login_id[0] ^= 1;
		else if (i == 1)
			st.request[0] ^= 1;
		else if (i == 2)
			st.message[0] ^= 1;
		else
			st.decision = i == 3 ? PKA_DENY : PKA_APPROVE;
		assert_int_equal(forged(&st, 0, s.people[0].chr, &j), 401);
		error_is(j, "bad_signature");
	}
	assert_int_equal(post_end("{}", &j), 400);
	error_is(j, "bad_request");
	assert_int_equal(post_end("{\"chr\": \"x\", \"statement\": \"\", \"statement_signature\": \"\", \"m\": 1}", &j),
			 400);
	error_is(j, "bad_request");
	assert_false(waiter.call.done);

	assert_int_equal(forged(&good, 0, s.people[0].chr, NULL), 200);
	told(&waiter, 0);
}

/* An approval may hold for a day, and longer: as long as the store has it. */
static void test_kept(void **state)
{
	struct scene_wish end = { .end = true, .id = id };
	struct waiter w;

	(void)state;
	scene_wait(&s, 30ull * 24 * 60 * 60 * 1000);
	assert_null(srv_desk_find(s.srv->desk, id));
	assert_int_equal(wait_for_end(&w, h.login_id), 0);
	assert_int_equal(scene_decide(&s, 1, &end, NULL), 200);
	told(&w, 1);
	assert_int_equal(wait_for_end(&w, h.login_id), 200);
	told(&w, 1);
}

static void test_server_stops(void **state)
{
	struct waiter w;

	(void)state;
	assert_int_equal(wait_for_end(&w, h.login_id), 0);
	srv_desk_stop(s.srv->desk, s.now_ms);
	answered(&w, 503);
	assert_int_equal(wait_for_end(&w, h.login_id), 503);
	answered(&w, 503);
}

#define with(f, setup) cmocka_unit_test_setup_teardown(f, setup, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_several_are_told, open_card), with(test_nobody_says_it, open_card),
		with(test_unknown_logins, open_card),   with(test_not_open, ask),
		with(test_forged, open_card),           with(test_kept, open_card),
		with(test_server_stops, open_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
