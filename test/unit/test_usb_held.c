/* SPDX-License-Identifier: Apache-2.0 */
/* How often a reader's card is counted as changed: what is no change must not be told as one. */
#include "test/unit/test.h"

#include "apdu/usb/usb_held.h"

static bool lost, card;

static bool is_lost(void *ctx, bool *there)
{
	(void)ctx;
	*there = card;
	return lost;
}

/* Nobody here has held it: power that others give and take is no change of card. */
static void test_not_held(void **state)
{
	uint32_t n = usb_held_events("usb:1-1", 5, true, false);

	(void)state;
	assert_int_equal(usb_held_events("usb:1-1", 5, true, true), n);
	assert_int_equal(usb_held_events("usb:1-1", 5, true, false), n);
	assert_false(usb_held_by_us("usb:1-1", &card));
	assert_int_equal(usb_held_events("usb:1-1", 5, true, true), n);
	/* out, and in */
	assert_int_equal(usb_held_events("usb:1-1", 5, false, false), n + 1);
	assert_int_equal(usb_held_events("usb:1-1", 5, false, false), n + 1);
	assert_int_equal(usb_held_events("usb:1-1", 5, true, false), n + 2);
	/* another device in that port, and what others do is its own affair */
	assert_int_equal(usb_held_events("usb:1-1", 6, true, false), n + 4);
	assert_int_equal(usb_held_events("usb:1-1", 6, true, false), n + 4);
	assert_int_equal(usb_held_events("usb:1-2", 6, false, false), 0);
	assert_int_equal(usb_held_events("usb:1-1", 6, true, true), n + 4);
}

static void test_held(void **state)
{
	struct usb_held h = { .is = false };
	uint32_t n = usb_held_events("usb:2-1", 5, true, true);
	bool there = false;

	(void)state;
	card = true;
	lost = false;
	usb_held_begin(&h, "usb:2-1", is_lost, NULL);
	assert_true(usb_held_by_us("usb:2-1", &there) && there);
	assert_int_equal(usb_held_events("usb:2-1", 5, true, true), n);
	/* gone and another one in, which is one change however often it is looked at */
	lost = true;
	for (int i = 0; i < 3; i++)
		assert_true(usb_held_by_us("usb:2-1", &there));
	usb_held_lost(&h);
	assert_int_equal(usb_held_events("usb:2-1", 5, true, true), n + 1);
	usb_held_end(&h, false);
	usb_held_end(&h, true);         /* of a link that has ended already */
	assert_false(usb_held_by_us("usb:2-1", &there));
	/* left without power: that it has none says nothing */
	assert_int_equal(usb_held_events("usb:2-1", 5, true, false), n + 1);
}

/* Left with power: one without is another one, once. */
static void test_left_on(void **state)
{
	struct usb_held h = { .is = false };
	uint32_t n = usb_held_events("usb:3-1", 5, true, true);

	(void)state;
	lost = false;
	usb_held_begin(&h, "usb:3-1", is_lost, NULL);
	usb_held_end(&h, true);
	assert_int_equal(usb_held_events("usb:3-1", 5, true, true), n);
	assert_int_equal(usb_held_events("usb:3-1", 5, true, false), n + 2);
	assert_int_equal(usb_held_events("usb:3-1", 5, true, false), n + 2);
	assert_int_equal(usb_held_events("usb:3-1", 5, true, true), n + 2);
	usb_held_lost(&h);              /* of a link that has ended */
	assert_int_equal(usb_held_events("usb:3-1", 5, true, true), n + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_held),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_left_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
