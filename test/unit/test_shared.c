/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are kept once for all who have them: server/target/shared.c. */
#include "test/unit/test.h"

#include "server/target/shared.h"

#define MUST_OK(call) assert_int_equal((call), ERR_OK)

static void alike_are_one(void **state)
{
	char same[] = "a PKA file";
	struct rd a, b, c;

	(void)state;
	MUST_OK(srv_shared_keep(RD_LIT("a PKA file"), &a));
	MUST_OK(srv_shared_keep(rd_str(same), &b));
	MUST_OK(srv_shared_keep(RD_LIT("a PKA file."), &c));
	assert_ptr_equal(a.p, b.p);
	assert_ptr_not_equal(a.p, c.p);
	same[0] = 'b';                  /* it is a copy */
	assert_true(rd_eq_str(b, "a PKA file"));

	srv_shared_drop(&a);
	assert_int_equal(a.n, 0);
	srv_shared_drop(&c);
	assert_true(rd_eq_str(b, "a PKA file"));
	MUST_OK(srv_shared_keep(RD_LIT("a PKA file"), &a));
	assert_ptr_equal(a.p, b.p);
	srv_shared_drop(&a);
	srv_shared_drop(&b);
}

static void nothing_is_nothing(void **state)
{
	struct rd none = RD_LIT("x");

	(void)state;
	MUST_OK(srv_shared_keep(RD_NONE, &none));
	assert_int_equal(none.n, 0);
	srv_shared_drop(&none);
}

/* Many share a list; any of them can go. */
static void many(void **state)
{
	struct rd v[5000];
	uint32_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		MUST_OK(srv_shared_keep(RD_ARR(((uint32_t[]){ i })), &v[i]));
	for (i = 0; i < 5000; i += 2)
		srv_shared_drop(&v[i]);
	for (i = 1; i < 5000; i += 2) {
		assert_memory_equal(v[i].p, &i, sizeof(i));
		srv_shared_drop(&v[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike_are_one),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
