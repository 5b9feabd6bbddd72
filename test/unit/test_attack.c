/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Who brings a session of his own choice, another's, or an old one; who says everything twice; who turns the clock. */
#include "test/unit/pair.h"

#include "test/fake/clock.h"

#define INIT RD_LIT("\xE8\x04\xC0\x02\x3B\x00")
#define ALIVE RD_LIT("\xAB\x03\x80\x01\x00")
#define DAY_S 86400
#define DEADLINE_S 900
#define POLL_S 15

static void opens(void)
{
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
}

/* A POST by somebody who is not h; the status, and the cookie that he was given. */
static int stranger(const char *cookie, const char *facts, struct rd body, char set[160])
{
	struct srv_call call;
	int status;

	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "POST", .path = "/rt/hsm", .type = RAM_TYPE_REQUEST,
					     .cookie = cookie, .host_facts = facts, .body = body,
					     .from = "192.0.2.66" };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_true(call.done);
	status = call.reply.status;
	(void)snprintf(set, 160, "%.*s", (int)strcspn(call.reply.cookie, ";"), call.reply.cookie);
	srv_call_fini(&call);
	return status;
}

/* Fixation: who plants a cookie in a host does not share its session. */
static void test_planted_cookie(void **state)
{
	static const char planted[] = "HSMSESSION=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	char set[160];

	(void)state;
	(void)snprintf(h.cookie, sizeof(h.cookie), "%s", planted);
	waits();
	assert_string_not_equal(h.cookie, planted);
	assert_int_equal(stranger(planted, NULL, ALIVE, set), 404);
	assert_string_equal(set, "");
	assert_int_equal(stranger(planted, NULL, INIT, set), 200);
	assert_string_not_equal(set, planted);
	assert_string_not_equal(set, h.cookie);
	opens();
}

/* Two living sessions whose answers are crossed: one card's answers do nothing in the other's session. */
static void test_crossed(void **state)
{
	struct scene_host other;
	char mine[200];

	(void)state;
	waits();
	scene_host_open(&other, &s, true);
	other.v = s.people[2].v;        /* a genuine card, but no target */
	other.from = "192.0.2.66";
	assert_int_equal(scene_host_begin(&other), 200);
	(void)snprintf(mine, sizeof(mine), "%s", other.cookie);
	(void)snprintf(other.cookie, sizeof(other.cookie), "%s", h.cookie);
	assert_int_equal(scene_host_go(&other), 409);
	assert_false(h.call.done);
	(void)snprintf(other.cookie, sizeof(other.cookie), "%s", mine);
	assert_int_equal(scene_host_post(&other, ALIVE), 400);  /* its own still owes two answers */
	scene_host_close(&other);
	opens();
}

/* A host's words again, from elsewhere, while its login goes on and when it is over. */
static void test_replayed(void **state)
{
	char set[160], id[SRV_ID_SIZE], now[SRV_ID_SIZE];

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(stranger(NULL, h.facts, INIT, set), 409);
	assert_string_equal(set, "");
	assert_int_equal(stranger(h.cookie, NULL, ALIVE, set), 409);
	assert_false(h.call.done);
	opens();
	assert_int_equal(stranger(h.cookie, NULL, wr_view(&h.body), set), 404);
	assert_int_equal(stranger(h.cookie, NULL, ALIVE, set), 404);
	assert_int_equal(stranger(NULL, h.facts, INIT, set), 409);
	scene_request(&s, now);
	assert_string_equal(now, id);
}

/* The first message twice, as by a network that delivers twice: two sessions, of which the first gets nothing. */
static void test_begun_twice(void **state)
{
	char first[160], second[160];

	(void)state;
	assert_int_equal(stranger(NULL, NULL, INIT, first), 200);
	assert_int_equal(stranger(NULL, NULL, INIT, second), 200);
	assert_string_not_equal(first, second);
	waits();
	opens();
}

/* A decision twice is counted once: neither a second approval nor a denial after it, by whomever it is brought. */
static void test_decided_twice(void **state)
{
	char path[100], id[SRV_ID_SIZE];
	json_t *j;

	(void)state;
	waits();
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, &j), 409);
		assert_string_equal(scene_text(j, "error"), "decided");
		json_decref(j);
	}
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	assert_int_equal(scene_number(j, "approvals"), 1);
	json_decref(j);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
}

static int64_t seconds_left(const char *id)
{
	char path[100];
	json_t *j;
	int64_t left;

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	left = scene_number(j, "seconds_left");
	json_decref(j);
	return left;
}

/* The wall clock, set to and fro, neither ends a request nor keeps it alive: its time is the boot clock's. */
static void test_wall_clock(void **state)
{
	char id[SRV_ID_SIZE];
	int64_t jump = DAY_S;
	unsigned passed;

	(void)state;
	waits();
	scene_request(&s, id);
	for (passed = 0; passed < DEADLINE_S; passed += POLL_S) {
		assert_int_equal(seconds_left(id), DEADLINE_S - passed);
		fake_clock_set_wall(jump);
		jump = -jump;
		assert_int_equal(seconds_left(id), DEADLINE_S - passed);
		scene_wait(&s, POLL_S * 1000);
		assert_true(h.call.done);
		if (passed + POLL_S < DEADLINE_S)
			assert_int_equal(scene_host_go(&h), 0);
	}
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, -102);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .id = id }, NULL), 409);
}

/* Nor does it disturb people who decide while it is set. */
static void test_wall_clock_and_people(void **state)
{
	(void)state;
	waits();
	fake_clock_set_wall(DAY_S);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &h }, NULL), 200);
	fake_clock_set_wall(-2 * DAY_S);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &h }, NULL), 200);
	fake_clock_set_wall(DAY_S);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
}

#define with(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_planted_cookie), with(test_crossed), with(test_replayed), with(test_begun_twice),
		with(test_decided_twice), with(test_wall_clock), with(test_wall_clock_and_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
