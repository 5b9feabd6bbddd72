/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients of other makers that keep their card connected ("cloud HSM"): idle as long as they like, open once people
 * have said so, and closed by a reset when somebody ends it, its time is over or the server stops.
 */
#include "test/unit/scene.h"

#include "sc-hsm/cmd.h"

#define ALIVE RD_LIT("\xAB\x03\x80\x01\x00")
#define HOUR_MS (3600 * 1000ull)

static struct scene s;
static struct scene_host h;
static char ask[100], id[SRV_ID_SIZE];

/* On with it: commands are done, as scene_host_go does, and a reset switches the card off. */
static bool was_reset;
static int go(void)
{
	uint8_t bytes[64];
	struct ram_unit u;
	struct rd units;
	struct wr results, all;

	was_reset = false;
	while (h.call.done && h.call.reply.status == 200) {
		assert_int_equal(ram_open_template(scene_host_reply(&h), &units), ERR_OK);
		if (ram_next_unit(&units, &u) || u.kind != RAM_RESET) {
			(void)scene_host_step(&h);
			continue;
		}
		vcard_power(h.v, true);
		was_reset = true;
		WR_ARR(&results, bytes);
		wr_init_heap(&all, 100);
		ram_write_new_atr(&results, vcard_atr(h.v));
		ram_write_results(&all, wr_view(&results), 0);
		(void)scene_host_post(&h, wr_view(&all));
		wr_free(&all);
	}
	return h.call.done ? h.call.reply.status : 0;
}

static void connects(void)
{
	scene_host_open(&h, &s, false);
	h.path = "/rt/hold";
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(go(), 0);
}

static int open_scene(void **state)
{
	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	(void)snprintf(ask, sizeof(ask), "/api/v1/targets/%s/ask", s.device_id);
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	scene_host_close(&h);
	scene_close(&s);
	return 0;
}

/* "idle", "asked", "open", or "" where nobody holds the card; its request to id. */
static const char *held(void)
{
	static char word[20];
	json_t *j, *one;

	assert_int_equal(scene_ask(&s, "GET", "/api/v1/targets", s.token, NULL, &j), 200);
	one = json_object_get(json_array_get(json_object_get(j, "targets"), 0), "held");
	(void)snprintf(word, sizeof(word), "%s", json_is_null(one) ? "" : scene_text(one, "state"));
	if (word[0])
		(void)snprintf(id, sizeof(id), "%s", scene_text(one, "request"));
	json_decref(j);
	return word;
}

static size_t requests(void)
{
	json_t *j;
	size_t n;

	assert_int_equal(scene_ask(&s, "GET", "/api/v1/requests", s.token, NULL, &j), 200);
	n = json_array_size(json_object_get(j, "requests"));
	json_decref(j);
	return n;
}

/* Time passes while the client goes on as it does. */
static void passes(uint64_t ms)
{
	uint64_t end = s.now_ms + ms;

	while (s.now_ms < end && (!h.call.done || h.call.reply.status == 200)) {
		scene_wait(&s, 10000);
		(void)go();
	}
}

/* Asked as it is: a SELECT would close it. */
static bool is_card_open(void)
{
	uint8_t bytes[64];
	struct hsm_pka p;
	struct rd data;
	struct wr rsp;
	uint16_t sw;

	WR_ARR(&rsp, bytes);
	assert_int_equal(vcard_exchange(s.v, RD_LIT("\x80\x54\x00\x00\x00"), &rsp), ERR_OK);
	assert_int_equal(apdu_answer(wr_view(&rsp), &data, &sw), ERR_OK);
	return sw == APDU_SW_OK && !hsm_dec_pka(data, &p) && p.authenticated >= p.required;
}

/* What whoever has the link is shown says how long the card would stay open. */
static void page_says(const char *link, const char *text)
{
	struct srv_call call;
	char path[80];

	(void)snprintf(path, sizeof(path), "/r/%s", link);
	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "GET", .path = path, .from = "192.0.2.1" };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_int_equal(call.reply.status, 200);
	assert_non_null(strstr(wr_cstr(&call.reply.body), text));
	srv_call_fini(&call);
}

static void opens(void)
{
	json_t *j;

	assert_int_equal(scene_ask(&s, "POST", ask, s.token, "{}", &j), 202);
	assert_int_equal(scene_number(j, "hold_seconds"), 8 * 3600);
	page_says(scene_text(j, "link"), "held open for up to 8 h, for every program of its host");
	json_decref(j);
	assert_int_equal(go(), 0);
	assert_string_equal(held(), "asked");
	assert_int_equal(scene_ask(&s, "POST", ask, s.token, "{}", NULL), 409);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .id = id }, NULL), 200);
	assert_int_equal(go(), 0);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .id = id }, NULL), 200);
	assert_int_equal(go(), 0);
	assert_string_equal(held(), "open");
	assert_string_equal(h.text, "open");
	assert_int_equal(h.id, 1);                      /* 0 would end such a client */
	assert_true(is_card_open());
}

static void closed(const char *text)
{
	assert_true(was_reset);
	assert_int_equal(h.call.reply.status, 204);
	assert_int_equal(h.id, 0);
	assert_string_equal(h.text, text);
	assert_false(is_card_open());
	assert_string_equal(held(), "");
}

static void test_idle(void **state)
{
	unsigned commands;

	(void)state;
	connects();
	commands = h.commands;
	passes(30 * HOUR_MS);                           /* beyond any deadline of people's */
	assert_int_equal(h.call.done, false);
	assert_int_equal(h.commands, commands);         /* nothing is asked of the card meanwhile */
	assert_int_equal(h.notes, 0);
	assert_string_equal(held(), "idle");
	assert_int_equal(requests(), 0);
	assert_int_equal(scene_ask(&s, "POST", ask, NULL, "{}", NULL), 401);
	assert_int_equal(scene_ask(&s, "POST", ask, s.token, "{\"a\": 1}", NULL), 400);
	assert_int_equal(scene_ask(&s, "POST", "/api/v1/targets/DENOBODY00001/ask", s.token, "{}", NULL), 404);
	opens();
	/* It is open, and stays so. */
	passes(7 * HOUR_MS);
	assert_string_equal(held(), "open");
	assert_true(is_card_open());
	passes(HOUR_MS);
	closed("its time is over");
}

static void test_ended_by_custodian(void **state)
{
	(void)state;
	connects();
	opens();
	passes(60000);
	assert_int_equal(scene_decide(&s, 2, &(struct scene_wish){ .id = id, .end = true }, NULL), 200);
	(void)go();
	assert_non_null(strstr(h.text, s.people[2].chr));
	closed(h.text);
}

static void test_cancelled(void **state)
{
	char path[100];

	(void)state;
	connects();
	opens();
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/cancel", id);
	assert_int_equal(scene_ask(&s, "POST", path, s.token, "{}", NULL), 200);
	assert_int_equal(scene_ask(&s, "POST", path, s.token, "{}", NULL), 409);
	(void)go();
	closed("the operator cancelled the request");
}

static void test_enrolled_anew(void **state)
{
	(void)state;
	connects();
	opens();
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	(void)go();
	closed(h.text);
	/* One that is idle ends, too: it would be asked for by other rules. */
	scene_host_close(&h);
	connects();
	assert_string_equal(held(), "idle");
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	assert_int_equal(go(), 204);
	assert_true(h.id < 0);
	assert_string_equal(held(), "");
	assert_int_equal(requests(), 1);
}

static void test_denied(void **state)
{
	(void)state;
	connects();
	assert_int_equal(scene_ask(&s, "POST", ask, s.token, "{}", NULL), 202);
	assert_int_equal(go(), 0);
	assert_string_equal(held(), "asked");
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .id = id, .deny = true }, NULL), 200);
	assert_int_equal(go(), 204);
	assert_int_equal(h.id, -101);
	assert_string_equal(held(), "");
}

static void test_gone(void **state)
{
	(void)state;
	connects();
	opens();
	scene_wait(&s, 16000);
	assert_true(h.call.done);                       /* an empty template is out, and nobody answers it */
	assert_string_equal(held(), "open");
	scene_wait(&s, SRV_LOST_MS + 1000);
	assert_string_equal(held(), "");
	assert_int_equal(scene_host_post(&h, ALIVE), 404);
}

static void test_stop(void **state)
{
	(void)state;
	connects();
	opens();
	srv_desk_stop(s.srv->desk, s.now_ms);
	assert_false(srv_desk_is_quiet(s.srv->desk));
	(void)go();
	closed("the server stops");
	assert_true(srv_desk_is_quiet(s.srv->desk));
}

/* A card that is not enrolled is not held, and nobody's login is: the other path ends as it did. */
static void test_not_held(void **state)
{
	(void)state;
	scene_host_open(&h, &s, false);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(go(), 0);
	assert_string_equal(held(), "");
	assert_int_equal(scene_ask(&s, "POST", ask, s.token, "{}", NULL), 404);
	scene_host_close(&h);

	scene_host_open(&h, &s, false);
	h.path = "/rt/hold";
	h.v = s.people[0].v;
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(go(), 204);
	assert_int_equal(h.id, -110);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle), TEST(test_ended_by_custodian), TEST(test_cancelled), TEST(test_enrolled_anew),
		TEST(test_denied), TEST(test_gone), TEST(test_stop), TEST(test_not_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
