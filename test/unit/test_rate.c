/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets: what one may do, when again, and that nobody empties another's. */
#include "test/unit/test.h"

#include "server/base/rate.h"

static struct srv_rates *r;

static int open_rates(void **state)
{
	(void)state;
	return srv_rates_new(&r);
}

static int close_rates(void **state)
{
	(void)state;
	srv_rates_free(&r);
	return 0;
}

static unsigned take(const char *key, uint64_t now_ms)
{
	return srv_rate_take(r, SRV_RATE_FAILED, key, now_ms);
}

static void empty(const char *key, uint64_t now_ms)
{
	for (unsigned i = 0; i < srv_rate_burst(SRV_RATE_FAILED); i++)
		assert_int_equal(take(key, now_ms), 0);
}

static void test_bucket(void **state)
{
	unsigned wait;

	(void)state;
	empty("a", 5000);
	wait = take("a", 5000);
	assert_int_equal(wait, 2);      /* 30 a minute */
	/* asking costs nothing */
	assert_int_equal(take("a", 5000), 2);
	assert_int_equal(take("a", 6001), 1);
	assert_int_equal(take("a", 5000 + wait * 1000), 0);
	assert_int_equal(take("a", 5000 + wait * 1000), 2);
	/* no more than a bucket, however long one has been quiet */
	empty("a", 500000000);
	assert_int_equal(take("a", 500000000), 2);
}

static void test_apart(void **state)
{
	(void)state;
	empty("a", 1);
	assert_int_equal(take("b", 1), 0);
	assert_int_equal(srv_rate_take(r, SRV_RATE_GUESS, "a", 1), 0);
	assert_true(take("a", 1) > 0);
}

static unsigned from(const char *address)
{
	return srv_rate_take_from(r, SRV_RATE_FAILED, address, 1);
}

static void test_addresses(void **state)
{
	char address[64];

	(void)state;
	/* one who changes the lower half of his address is still one */
	for (unsigned i = 0; i < srv_rate_burst(SRV_RATE_FAILED); i++) {
		(void)snprintf(address, sizeof(address), "2001:db8:1:2::%x", i + 1);
		assert_int_equal(from(address), 0);
	}
	assert_true(from("2001:db8:1:2:ffff::1") > 0);
	assert_int_equal(from("2001:db8:1:3::1"), 0);
	/* two addresses of IPv4 are two, in either clothing */
	for (unsigned i = 0; i < srv_rate_burst(SRV_RATE_FAILED); i++)
		assert_int_equal(from("::ffff:192.0.2.1"), 0);
	assert_true(from("::ffff:192.0.2.1") > 0);
	assert_int_equal(from("::ffff:192.0.2.2"), 0);
	assert_int_equal(from("192.0.2.1"), 0);
}

/* A crowd of strangers takes the places of those who ask least; who is over his limit stays so. */
static void test_crowd(void **state)
{
	char key[32];

	(void)state;
	empty("busy", 1);
	for (unsigned i = 0; i < 100000; i++) {
		(void)snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(take(key, 1), 0);
	}
	assert_true(take("busy", 1) > 0);
}

#define with(f) cmocka_unit_test_setup_teardown(f, open_rates, close_rates)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_bucket), with(test_apart), with(test_addresses), with(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
