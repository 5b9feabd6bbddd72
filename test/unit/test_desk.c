/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that break the protocol, come in crowds, or take what is another's: server/desk.c and server/session.c. */
#include "test/unit/scene.h"

static struct scene s;
static struct scene_host h;

static int open_desk(void **state)
{
	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	scene_host_open(&h, &s, true);
	return 0;
}

static int close_desk(void **state)
{
	(void)state;
	scene_host_close(&h);
	scene_close(&s);
	return 0;
}

static void waits(void)
{
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
	assert_string_equal(h.text, "0 of 2");
}

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

static void test_login_id_once(void **state)
{
	struct scene_host second;

	(void)state;
	waits();
	scene_host_open(&second, &s, true);
	memcpy(second.facts, h.facts, sizeof(second.facts));
	assert_int_equal(scene_host_begin(&second), 400);
	scene_host_close(&second);
}

#define with(f) cmocka_unit_test_setup_teardown(f, open_desk, close_desk)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_wrong_answers), with(test_crowd), with(test_crowd_of_failures), with(test_login_id_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
