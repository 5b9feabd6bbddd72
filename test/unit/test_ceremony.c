/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in a ceremony, and how each side is told. */
#include "test/unit/pair.h"

#define DAY_MS (24ull * 60 * 60 * 1000)

static int open_as(const char *profile)
{
	scene_pair_open(&s, &h, profile);
	return 0;
}

static int shared(void **state)
{
	(void)state;
	return open_as("vendor-shared");
}

/* A server that knows the card's kind by now. */
static int per_key(void **state)
{
	(void)state;
	(void)open_as("vendor-per-key");
	return s.srv->store.ops->learn(s.srv->store.ctx, s.device_id, 0x0401, PKA_PER_KEY);
}

static void request_is(const char *id, const char *state, const char *result, const char *in_why)
{
	char path[100];
	json_t *j;

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	assert_string_equal(scene_text(j, "state"), state);
	assert_string_equal(scene_text(j, "result"), result);
	if (!strstr(scene_text(j, "why"), in_why))
		fail_msg("%s", scene_text(j, "why"));
	if (*result) {
		assert_true(json_is_null(json_object_get(j, "challenge")));
		assert_int_equal(scene_number(j, "seconds_left"), 0);
	}
	json_decref(j);
}

static size_t waiting_for(unsigned person)
{
	char path[100];
	json_t *j;
	size_t n;

	(void)snprintf(path, sizeof(path), "/api/v1/waiting/%s", s.people[person].chr);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	n = json_array_size(json_object_get(j, "requests"));
	json_decref(j);
	return n;
}

static int post_to(const char *id, const char *verb, const char *body, char error[32])
{
	char path[100];
	json_t *j;
	int status;

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/%s", id, verb);
	status = scene_ask(&s, "POST", path, strcmp(verb, "cancel") && strcmp(verb, "turn") ? NULL : s.token, body,
			   &j);
	(void)snprintf(error, 32, "%s", json_object_get(j, "error") ? scene_text(j, "error") : "");
	json_decref(j);
	return status;
}

/* The host hears this result, alone, and the next POST is the end. */
static void host_hears(int32_t id, const char *in_text)
{
	assert_true(h.call.done);
	assert_int_equal(h.call.reply.status, 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, id);
	if (!strstr(h.text, in_text))
		fail_msg("%s", h.text);
	assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
}

/* ---- how it ends ---- */

static void test_denied(void **state)
{
	struct scene_wish no = { .deny = true };
	char id[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &no, NULL), 200);
	host_hears(-101, "UTPERSON1XX00001");
	request_is(id, "failed", "denied", "UTPERSON1XX00001");
	assert_int_equal(waiting_for(2), 0);
}

static void test_expired(void **state)
{
	char id[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	for (unsigned i = 0; i < 900 / 15 && !h.call.done; i++) {
		scene_wait(&s, 14999);
		assert_false(h.call.done);
		scene_wait(&s, 1);
		assert_true(h.call.done);
		if (i < 900 / 15 - 1) {
			assert_bytes_equal(scene_host_reply(&h), RD_LIT("\xAA\x00"));
			assert_int_equal(scene_host_go(&h), 0);
		}
	}
	host_hears(-102, "0 of 2");
	request_is(id, "failed", "expired", "");
}

/* Time passes while a host waits: it asks again whenever it is answered. */
static void host_waits(unsigned seconds)
{
	for (; seconds >= 15; seconds -= 15) {
		scene_wait(&s, 15000);
		if (h.call.done)
			assert_int_equal(scene_host_go(&h), 0);
	}
	scene_wait(&s, 1000ull * seconds);
}

/* A host that is silent at the deadline does not stretch it. */
static void test_late_approval(void **state)
{
	char id[SRV_ID_SIZE];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	host_waits(899);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = false }, NULL), 200);
	assert_true(h.call.done);       /* "1 of 2" is out, and the host says nothing */
	scene_wait(&s, 1000);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .deny = false }, &j), 409);
	assert_string_equal(scene_text(j, "error"), "ended");
	json_decref(j);
	request_is(id, "failed", "expired", "1 of 2");
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, -102);
}

/* The same for a turn: its lease ends whether or not the host is heard. */
static void test_late_turn(void **state)
{
	char id[SRV_ID_SIZE], error[32];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON0XX00001\"}", error), 202);
	assert_int_equal(scene_host_go(&h), 0);
	host_waits(280);
	scene_wait(&s, 15000);
	assert_true(h.call.done);       /* the empty template is out, and the host says nothing */
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .think_ms = 5000 }, &j), 409);
	assert_string_equal(scene_text(j, "error"), "dead_challenge");
	json_decref(j);
	request_is(id, "waiting", "", "");
}

static void test_cancelled(void **state)
{
	char id[SRV_ID_SIZE], error[32];

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(post_to(id, "cancel", "{\"why\": 1}", error), 400);
	assert_int_equal(post_to(id, "cancel", "", error), 400);
	assert_false(h.call.done);
	assert_int_equal(post_to(id, "cancel", "{}", error), 200);
	host_hears(-103, "operator");
	assert_int_equal(post_to(id, "cancel", "{}", error), 409);
	assert_string_equal(error, "ended");
	request_is(id, "failed", "cancelled", "operator");
}

static void test_not_enrolled(void **state)
{
	(void)state;
	h.v = s.people[0].v;
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, -110);
	assert_non_null(strstr(h.text, "not enrolled"));
	assert_int_equal(h.challenges, 0);
}

static void test_server_stops(void **state)
{
	char id[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	assert_false(srv_desk_is_quiet(s.srv->desk));
	srv_desk_stop(s.srv->desk, s.now_ms);
	assert_true(srv_desk_is_quiet(s.srv->desk));
	host_hears(-120, "the server stops");
	h.cookie[0] = '\0';
	assert_int_equal(scene_host_begin(&h), 503);
}

/* Who is at work for the server is told with his next POST, and waited for. */
static void test_server_stops_at_work(void **state)
{
	struct wr rsp, results, body;

	(void)state;
	h.hold_ins = 0x84;
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), -1);
	srv_desk_stop(s.srv->desk, s.now_ms);
	assert_false(srv_desk_is_quiet(s.srv->desk));
	wr_init_heap(&rsp, 16);
	wr_init_heap(&results, 64);
	wr_init_heap(&body, 64);
	test_unhex(&rsp, "00010203040506079000");
	ram_write_answer(&results, wr_view(&rsp));
	ram_write_results(&body, wr_view(&results), 1);
	assert_int_equal(scene_host_post(&h, wr_view(&body)), 200);
	assert_true(srv_desk_is_quiet(s.srv->desk));
	host_hears(-120, "the server stops");
	wr_free(&rsp);
	wr_free(&results);
	wr_free(&body);
}

/* ---- the host ---- */

static void test_gives_up(void **state)
{
	char id[SRV_ID_SIZE];
	struct wr results, body;

	(void)state;
	waits();
	scene_request(&s, id);
	scene_wait(&s, 15000);
	wr_init_heap(&results, 200);
	wr_init_heap(&body, 200);
	ram_write_close(&results, RD_LIT("Card was removed.\n\xff"));
	ram_write_results(&body, wr_view(&results), 0);
	assert_int_equal(scene_host_post(&h, wr_view(&body)), 204);
	request_is(id, "failed", "cancelled", "the host gave up: Card was removed.");
	assert_int_equal(waiting_for(0), 0);
	assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
	wr_free(&results);
	wr_free(&body);
}

static void test_lost(void **state)
{
	char id[SRV_ID_SIZE];

	(void)state;
	h.hold_ins = 0x84;      /* gets the command and is never heard of again */
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), -1);
	scene_request(&s, id);
	request_is(id, "waiting", "", "");
	scene_wait(&s, SRV_LOST_MS - 1);
	request_is(id, "waiting", "", "");
	scene_wait(&s, 1);
	request_is(id, "failed", "cancelled", "lost");
	assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
}

/* The connection of a POST that waits is closed: nobody need wait for a minute to ask again. */
static void test_hangs_up(void **state)
{
	struct scene_host again;
	char id[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	srv_desk_gone(s.srv->desk, &h.call, s.now_ms);
	assert_true(h.call.done);
	request_is(id, "failed", "cancelled", "hung up");
	scene_host_open(&again, &s, true);
	assert_int_equal(scene_host_begin(&again), 200);
	assert_int_equal(scene_host_go(&again), 0);
	/* the first approval died with its challenge */
	assert_string_equal(again.text, "0 of 2");
	assert_int_equal(waiting_for(0), 1);
	scene_host_close(&again);
}

/* While one host's request waits for people, another host asks for the same card. */
static void second_asks(struct scene_host *second, char id[SRV_ID_SIZE])
{
	waits();
	scene_request(&s, id);
	scene_host_open(second, &s, true);
	assert_int_equal(scene_host_begin(second), 200);
	assert_int_equal(scene_host_go(second), 0);
}

/* One card, one request: the second is told so, the first goes on. */
static void test_one_per_device(void **state)
{
	struct scene_host second;
	char id[SRV_ID_SIZE];

	(void)state;
	second_asks(&second, id);
	/* The first one is asked whether it is there, and is. */
	assert_true(h.call.done);
	scene_wait(&s, 1);
	assert_false(second.call.done);
	assert_int_equal(scene_host_go(&h), 0);
	scene_wait(&s, 1);
	/* Refused, and in no hurry to say that it has heard it: nothing is due for it any more. */
	assert_true(second.call.done);
	scene_wait(&s, SRV_NUDGE_MS);
	assert_int_equal(scene_host_go(&second), 204);
	assert_int_equal(second.id, -112);
	assert_non_null(strstr(second.text, "already waits"));
	assert_int_equal(second.challenges, 0);
	request_is(id, "waiting", "", "");
	assert_false(h.call.done);
	assert_int_equal(waiting_for(0), 1);
	scene_host_close(&second);
}

/* The first one's network is cut, which nobody has heard of: its own next request takes its place, after a while. */
static void test_dead_is_replaced(void **state)
{
	struct scene_host second;
	char id[SRV_ID_SIZE], other[SRV_ID_SIZE];

	(void)state;
	second_asks(&second, id);
	scene_wait(&s, SRV_NUDGE_MS - 1);
	request_is(id, "waiting", "", "");
	assert_false(second.call.done);
	assert_int_equal(second.challenges, 0);
	scene_wait(&s, 1);
	request_is(id, "failed", "cancelled", "lost");
	assert_int_equal(scene_host_go(&second), 0);
	assert_string_equal(second.text, "0 of 2");
	assert_int_equal(second.challenges, 1);
	scene_request(&s, other);
	assert_string_not_equal(id, other);
	assert_int_equal(waiting_for(0), 1);
	/* Whoever was cut off hears that it is over. */
	assert_int_equal(scene_host_go(&h), 404);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &second }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &second }, NULL), 200);
	request_is(other, "open", "ok", "");
	scene_host_close(&second);
}

/* While the first one works with its card it is not asked, and the second is told so at once. */
static void test_busy_is_not_nudged(void **state)
{
	struct scene_host second;

	(void)state;
	h.hold_ins = 0x84;
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), -1);
	scene_host_open(&second, &s, true);
	assert_int_equal(scene_host_begin(&second), 200);
	assert_int_equal(scene_host_go(&second), 204);
	assert_non_null(strstr(second.text, "already waits"));
	scene_host_close(&second);
}

static void test_begins_anew(void **state)
{
	struct ram_initiation i = { .atr = vcard_atr(s.v) };
	struct srv_call other = { .done = false };
	char id[SRV_ID_SIZE], cookie[200];
	struct wr body;

	(void)state;
	waits();
	scene_request(&s, id);
	wr_init_heap(&body, 200);
	ram_write_initiation(&body, &i);
	srv_call_init(&other);
	other.request = (struct srv_request){ .method = "POST",
					      .path = "/rt/hsm",
					      .type = RAM_TYPE_REQUEST,
					      .cookie = h.cookie,
					      .body = wr_view(&body),
					      .from = "192.0.2.7" };
	srv_front_handle(s.srv, &other, s.now_ms);
	assert_true(other.done);
	assert_int_equal(other.reply.status, 200);
	(void)snprintf(cookie, sizeof(cookie), "%s", other.reply.cookie);
	assert_non_null(strstr(cookie, "HSMSESSION="));
	assert_null(strstr(cookie, h.cookie));  /* never the old id again */
	srv_call_fini(&other);
	wr_free(&body);
	request_is(id, "failed", "cancelled", "anew");
	assert_true(h.call.done);
	assert_int_equal(scene_host_go(&h), 404);
}

static void test_two_posts(void **state)
{
	struct srv_call other;

	(void)state;
	waits();
	srv_call_init(&other);
	other.request = (struct srv_request){ .method = "POST",
					      .path = "/rt/hsm",
					      .type = RAM_TYPE_REQUEST,
					      .cookie = h.cookie,
					      .body = RD_LIT("\xAB\x03\x80\x01\x00"),
					      .from = "192.0.2.7" };
	srv_front_handle(s.srv, &other, s.now_ms);
	assert_true(other.done);
	assert_int_equal(other.reply.status, 409);
	srv_call_fini(&other);
	assert_false(h.call.done);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
}

/* ---- people ---- */

static void test_bad_decisions(void **state)
{
	static const char other_login[] = "000102030405060708090a0b0c0d0e0f";
	char id[SRV_ID_SIZE], error[32];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .spoil = true }, &j), 401);
	assert_string_equal(scene_text(j, "error"), "bad_signature");
	json_decref(j);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .login_id = other_login }, NULL), 401);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .login_id = other_login, .deny = true }, NULL), 401);
	assert_int_equal(post_to(id, "approve",
				 "{\"chr\": \"UTPERSON0XX00001\", \"signature\": \"AAAA\", \"statement\": \"AAAA\", "
				 "\"statement_signature\": \"AAAA\"}",
				 error),
			 401);
	assert_int_equal(post_to(id, "approve",
				 "{\"chr\": \"UTPERSON0XX00001\", \"signature\": \"A\", \"statement\": \"AAAA\", "
				 "\"statement_signature\": \"AAAA\"}",
				 error),
			 400);
	assert_int_equal(post_to(id, "approve", "{\"chr\": \"UTPERSON0XX00001\"}", error), 400);
	assert_int_equal(post_to(id, "deny",
				 "{\"chr\": \"UTNOBODY0XX00001\", \"statement\": \"AAAA\", \"statement_signature\": "
				 "\"AAAA\"}",
				 error),
			 401);
	assert_int_equal(post_to(id, "deny", "nonsense", error), 400);
	assert_int_equal(post_to("0123456789abcdef0123456789abcdef", "deny", "{}", error), 404);
	/* nothing has changed */
	assert_false(h.call.done);
	request_is(id, "waiting", "", "");
	assert_int_equal(waiting_for(0), 1);

	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h, .limits = "10 signatures" }, NULL), 200);
	assert_string_equal(h.text, "1 of 2");
	assert_int_equal(h.id, 2);
	assert_int_equal(waiting_for(0), 0);
	assert_int_equal(waiting_for(1), 1);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, &j), 409);
	assert_string_equal(scene_text(j, "error"), "decided");
	json_decref(j);
	request_is(id, "waiting", "", "");
}

/* A statement that says no cannot be sent where yes is said, nor the other way round. */
static void test_endpoints(void **state)
{
	struct scene_host second;
	char id[SRV_ID_SIZE];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .wrong_endpoint = true }, &j), 401);
	json_decref(j);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .wrong_endpoint = true }, &j), 401);
	json_decref(j);
	request_is(id, "waiting", "", "");
	/* the end of one request is the end of all its decisions */
	srv_desk_gone(s.srv->desk, &h.call, s.now_ms);
	scene_host_open(&second, &s, true);
	assert_int_equal(scene_host_begin(&second), 200);
	assert_int_equal(scene_host_go(&second), 0);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .id = id }, &j), 409);
	assert_string_equal(scene_text(j, "error"), "ended");
	json_decref(j);
	scene_host_close(&second);
}

/* The answer to the n-th approval is the end of the wait: the POST is answered within the same call. */
static unsigned woken;
static void count_wake(struct srv_call *call)
{
	(void)call;
	woken++;
}

static void test_wakes(void **state)
{
	(void)state;
	waits();
	woken = 0;
	h.call.wake = count_wake;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = false }, NULL), 200);
	assert_int_equal(woken, 1);
	assert_int_equal(scene_host_go(&h), 0);
	h.call.wake = count_wake;
	assert_int_equal(scene_decide(&s, 2, &(struct scene_wish){ .deny = false }, NULL), 200);
	assert_int_equal(woken, 2);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
}

/* ---- turns ---- */

static void test_turns(void **state)
{
	struct wr body;
	char id[SRV_ID_SIZE], error[32];
	json_t *j;

	(void)state;
	waits();
	assert_int_equal(h.challenges, 0);
	scene_request(&s, id);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON0XX00001\", \"x\": 1}", error), 400);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTNOBODY0XX00001\"}", error), 404);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON0XX00001\"}", error), 202);
	assert_true(h.call.done);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON0XX00001\"}", error), 202);  /* the card is slow */
	assert_int_equal(scene_host_go(&h), 0);
	assert_non_null(strstr(h.text, "turn of UTPERSON0XX00001"));
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON0XX00001\"}", error), 200);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON1XX00001\"}", error), 409);
	assert_string_equal(error, "busy");
	wr_init_heap(&body, 200);
	wr_printf(&body, "/api/v1/requests/%s/turn", id);
	scene_wait(&s, 10000);
	assert_int_equal(scene_ask(&s, "POST", wr_cstr(&body), s.token, "{\"chr\": \"UTPERSON1XX00001\"}", &j), 409);
	assert_string_equal(scene_text(j, "turn"), "UTPERSON0XX00001");
	assert_int_equal(scene_number(j, "seconds"), 290);
	json_decref(j);
	wr_free(&body);
	/* he goes home: the lease ends, and the next one's begins */
	for (unsigned i = 0; i < 290 / 15 + 1; i++) {
		scene_wait(&s, 15000);
		assert_int_equal(scene_host_go(&h), 0);
	}
	assert_int_equal(h.challenges, 1);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, &j), 409);
	assert_string_equal(scene_text(j, "error"), "decided");
	json_decref(j);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
	assert_int_equal(h.challenges, 3);
	assert_int_equal(post_to(id, "turn", "{\"chr\": \"UTPERSON2XX00001\"}", error), 409);
	assert_string_equal(error, "ended");
}

/* ---- enrolments and memory ---- */

static void test_enrol_again(void **state)
{
	char id[SRV_ID_SIZE];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_enrol(&s, ", \"name\": \"other\"", &j), 409);
	assert_string_equal(scene_text(j, "error"), "exists");
	json_decref(j);
	request_is(id, "waiting", "", "");
	assert_int_equal(scene_enrol(&s, ", \"name\": \"other\", \"replace\": true", NULL), 201);
	host_hears(-112, "anew");
	request_is(id, "failed", "policy", "anew");
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/targets", s.token, NULL, &j), 200);
	assert_int_equal(json_array_size(json_object_get(j, "targets")), 1);
	assert_string_equal(scene_text(json_array_get(json_object_get(j, "targets"), 0), "name"), "other");
	json_decref(j);
}

static void test_keeps(void **state)
{
	char id[SRV_ID_SIZE], path[100], proofs[100];

	(void)state;
	waits();
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	(void)snprintf(proofs, sizeof(proofs), "/api/v1/logins/%s/proofs", h.login_id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, NULL), 404);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, NULL), 200);
	/* the desk forgets it, the store does not */
	scene_wait(&s, DAY_MS);
	assert_null(srv_desk_find(s.srv->desk, id));
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, NULL), 200);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, NULL), 200);
}

static void test_keeps_denied(void **state)
{
	char id[SRV_ID_SIZE], path[100];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
	scene_wait(&s, DAY_MS);
	assert_null(srv_desk_find(s.srv->desk, id));
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	assert_string_equal(scene_text(j, "result"), "denied");
	json_decref(j);
}

/* A restart keeps enrolments and what was; what went on has ended. */
static void test_restart(void **state)
{
	char id[SRV_ID_SIZE], path[100];

	(void)state;
	waits();
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	scene_restart(&s);
	assert_int_equal(scene_host_go(&h), 404);
	assert_int_equal(h.id, -120);
	request_is(id, "failed", "server", "stops");
	scene_host_close(&h);
	scene_host_open(&h, &s, true);
	waits();
}

#define with(f, profile) cmocka_unit_test_setup_teardown(f, profile, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_denied, shared), with(test_expired, shared), with(test_late_approval, shared),
		with(test_late_turn, per_key), with(test_cancelled, shared), with(test_not_enrolled, shared),
		with(test_server_stops, shared), with(test_server_stops_at_work, shared), with(test_gives_up, shared),
		with(test_lost, shared), with(test_hangs_up, shared), with(test_one_per_device, shared),
		with(test_dead_is_replaced, shared), with(test_busy_is_not_nudged, shared),
		with(test_begins_anew, shared), with(test_two_posts, shared), with(test_bad_decisions, shared),
		with(test_endpoints, shared), with(test_wakes, shared), with(test_turns, per_key),
		with(test_enrol_again, shared), with(test_keeps, shared), with(test_keeps_denied, shared),
		with(test_restart, shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
