/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Hosts that break the protocol, come in crowds, or take what is another's: desk.c, session.c of server/ceremony/. */
#include "test/unit/pair.h"

#include "test/fake/clock.h"

static void test_wrong_answers(void **state)
{
	static const struct { const char *hex;
	} bad[] = {
		{ "" },
		{ "AB" },
		{ "AB0323019000800101" },
		{ "00" },
		{ "AB07230290008001" },
		{ "AB8300000723029000800101" },
		{ "AB03800100" }, /* none, where two are owed */
		{ "AB0723029000800101" }, /* one */
		{ "AB0F230290002302900023029000800103" }, /* three */
		{ "AB0AC0053B80800101800100" }, /* a reset that nobody asked for */
		{ "AB0B230290002302900080010200" }, /* something after the end */
	};
	uint8_t bytes[64];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		scene_host_close(&h);
		scene_host_open(&h, &s, true);
		assert_int_equal(scene_host_begin(&h), 200);    /* SELECT and READ: two are owed */
		WR_ARR(&w, bytes);
		assert_int_equal(scene_host_post(&h, test_unhex(&w, bad[i].hex)), 400);
		assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
	}
}

/* Those who have proved nothing are few per address, and forgotten in time. */
static void test_crowd(void **state)
{
	struct scene_host crowd[SRV_PER_ADDRESS_MAX + 1];
	unsigned i;

	(void)state;
	for (i = 0; i <= SRV_PER_ADDRESS_MAX; i++) {
		scene_host_open(&crowd[i], &s, true);
		assert_int_equal(scene_host_begin(&crowd[i]), i < SRV_PER_ADDRESS_MAX ? 200 : 503);
		assert_int_equal(!crowd[i].cookie[0], i == SRV_PER_ADDRESS_MAX);
	}
	scene_wait(&s, SRV_LOST_MS);
	waits();
	for (i = 0; i <= SRV_PER_ADDRESS_MAX; i++)
		scene_host_close(&crowd[i]);
}

/* Nor can one address fill the server with sessions that have failed and never take their leave. */
static void test_crowd_of_failures(void **state)
{
	struct scene_host crowd[SRV_PER_ADDRESS_MAX + 1];
	uint8_t bytes[64];
	struct wr w;
	unsigned i;

	(void)state;
	WR_ARR(&w, bytes);
	test_unhex(&w, "AB0B23026A8223026A82800102");
	for (i = 0; i <= SRV_PER_ADDRESS_MAX; i++) {
		scene_host_open(&crowd[i], &s, true);
		assert_int_equal(scene_host_begin(&crowd[i]), i < SRV_PER_ADDRESS_MAX ? 200 : 503);
		if (i < SRV_PER_ADDRESS_MAX)
			assert_int_equal(scene_host_post(&crowd[i], wr_view(&w)), 200);
	}
	/* who takes his leave makes room at once */
	assert_int_equal(scene_host_post(&crowd[0], RD_LIT("\xAB\x03\x80\x01\x00")), 204);
	waits();
	for (i = 0; i <= SRV_PER_ADDRESS_MAX; i++)
		scene_host_close(&crowd[i]);
}

/* ---- a login that is asked for again ---- */

static struct scene_host second;

/* The same program asks again, with another connection. */
static void again(void)
{
	scene_host_open(&second, &s, true);
	memcpy(second.facts, h.facts, sizeof(second.facts));
	memcpy(second.host_json, h.host_json, sizeof(second.host_json));
	memcpy(second.login_id, h.login_id, sizeof(second.login_id));
}

static json_t *requests(void)
{
	json_t *j;

	assert_int_equal(scene_ask(&s, "GET", "/api/v1/requests", s.token, NULL, &j), 200);
	return j;
}

static const json_t *nth(const json_t *all, size_t i)
{
	return json_array_get(json_object_get(all, "requests"), i);
}

/* One request, the one of before, that waits with no approval. */
static void goes_on(const char *id)
{
	json_t *j = requests();

	assert_int_equal(json_array_size(json_object_get(j, "requests")), 1);
	assert_string_equal(scene_text(nth(j, 0), "id"), id);
	assert_string_equal(scene_text(nth(j, 0), "state"), "waiting");
	assert_int_equal(scene_number(nth(j, 0), "approvals"), 0);
	json_decref(j);
}

static void test_again(void **state)
{
	struct scene_wish yes = { .host = &second }, early = { .host = &h };
	char id[SRV_ID_SIZE], link[SRV_LINK_SIZE];
	int64_t left;
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	memcpy(link, srv_desk_find(s.srv->desk, id)->link, sizeof(link));
	assert_int_equal(scene_decide(&s, 0, &early, NULL), 200);
	scene_wait(&s, 5000);
	again();
	assert_int_equal(scene_host_begin(&second), 200);
	assert_int_equal(h.call.done, true);    /* the old session has been told */
	assert_int_equal(scene_host_go(&second), 0);
	goes_on(id);
	assert_string_equal(srv_desk_find(s.srv->desk, id)->link, link);
	j = requests();
	left = scene_number(nth(j, 0), "seconds_left");
	json_decref(j);
	assert_true(left <= (int64_t)s.conf->server.deadline - 5);
	assert_int_equal(scene_host_post(&h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
	/* who had approved is asked again, for the new challenge */
	assert_int_equal(scene_decide(&s, 0, &yes, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &yes, NULL), 200);
	assert_int_equal(scene_host_go(&second), 204);
	/* what has opened its card is over */
	scene_host_close(&second);
	again();
	assert_int_equal(scene_host_begin(&second), 409);
	scene_host_close(&second);
}

/* The server has noticed that the connection broke. */
static void test_again_after_hanging_up(void **state)
{
	char id[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	srv_desk_gone(s.srv->desk, &h.call, s.now_ms);
	again();
	assert_int_equal(scene_host_begin(&second), 200);
	assert_int_equal(scene_host_go(&second), 0);
	goes_on(id);
	scene_host_close(&second);
}

static void test_again_late(void **state)
{
	(void)state;
	waits();
	srv_desk_gone(s.srv->desk, &h.call, s.now_ms);
	scene_wait(&s, s.conf->server.deadline * 1000ull);
	fake_clock_set_wall((int64_t)s.conf->server.deadline);
	again();
	assert_int_equal(scene_host_begin(&second), 409);
	scene_host_close(&second);
	fake_clock_set_wall(-(int64_t)s.conf->server.deadline);
}

/* The same login_id, but from elsewhere, in other words, or after a no: another one's. */
static void test_not_again(void **state)
{
	struct scene_wish no = { .deny = true, .host = &h };
	struct wr w;
	json_t *j;

	(void)state;
	waits();
	again();
	second.from = "192.0.2.8";
	assert_int_equal(scene_host_begin(&second), 409);
	second.from = h.from;
	WR_ARR(&w, second.facts);
	wr_base64url(&w, rd_str(h.host_json));
	wr_cut(&w, 0);
	(void)snprintf(second.host_json, sizeof(second.host_json), "{\"v\": 1, \"login_id\": \"%s\"}", h.login_id);
	wr_base64url(&w, rd_str(second.host_json));
	wr_u8(&w, 0);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(scene_host_begin(&second), 409);
	/* the first one has not noticed */
	assert_false(h.call.done);
	memcpy(second.facts, h.facts, sizeof(second.facts));
	assert_int_equal(scene_decide(&s, 0, &no, NULL), 200);
	assert_int_equal(scene_host_begin(&second), 409);
	scene_host_close(&second);
	j = requests();
	assert_string_equal(scene_text(nth(j, 0), "result"), "denied");
	json_decref(j);
}

static void test_another_card(void **state)
{
	json_t *j;

	(void)state;
	waits();
	again();
	second.v = s.people[0].v;
	assert_int_equal(scene_host_begin(&second), 200);
	assert_int_equal(scene_host_go(&second), 204);
	assert_non_null(strstr(second.text, "another card"));
	scene_host_close(&second);
	/* the first one is over, too: its host has left it */
	j = requests();
	assert_int_equal(json_array_size(json_object_get(j, "requests")), 1);
	assert_string_equal(scene_text(nth(j, 0), "result"), "cancelled");
	json_decref(j);
}

#define with(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_wrong_answers), with(test_crowd), with(test_crowd_of_failures), with(test_again),
		with(test_again_after_hanging_up), with(test_again_late), with(test_not_again), with(test_another_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
