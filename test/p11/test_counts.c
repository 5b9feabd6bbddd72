/* SPDX-License-Identifier: Apache-2.0 */
/* How many exchanges with the card things cost. OpenSC's module needs 31 and 98 for what stands at the end. */
#include "test/p11/agent.h"

/* A program's way from nothing to a private key of which it knows the label. */
/* A reader on the USB that nobody held has taken the card's power: its application is selected anew. */
#define SELECT_MORE (rig_is_usb() ? 1 : 0)

static uint64_t find_key(CK_SESSION_HANDLE *s, CK_OBJECT_HANDLE *key)
{
	uint64_t before = rig_exchanges();
	CK_SLOT_ID slots[4];
	CK_TOKEN_INFO info;
	CK_ULONG n = 4;

	rig_initialize();
	assert_ok(C_GetSlotList(CK_TRUE, slots, &n));
	assert_int_equal(n, 1);
	assert_ok(C_GetTokenInfo(slots[0], &info));
	*s = rig_session();
	assert_ok(rig_login(*s, RIG_PIN));
	*key = rig_find(*s, CKO_PRIVATE_KEY, "wanted");
	return rig_exchanges() - before;
}

static void test_one_key(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	uint64_t n;

	(void)state;
	rig_card_key(&c, 1, EC_SECP256R1, 0, "wanted", RD_LIT("\x01"));
	rig_card_insert(&c);
	n = find_key(&s, &key);
	print_message("# 1 key: %lu exchanges\n", (unsigned long)n);
	assert_in_range(n, 1, 12 + SELECT_MORE);
	/* From here on it is in memory. */
	n = rig_exchanges();
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "wanted"), key);
	assert_int_equal(rig_exchanges(), n);
	/* Before its first use the two files that it is known by are compared; then a signature is one exchange. */
	assert_ok(rig_sign(s, key));
	n += rig_is_direct() ? 2 : 0;
	assert_int_equal(rig_exchanges(), n + 1);
	for (int i = 2; i <= 5; i++) {
		assert_ok(rig_sign(s, key));
		assert_int_equal(rig_exchanges(), n + (uint64_t)i);
	}
	/* Logging out is one SELECT; an agent only forgets it. */
	assert_ok(C_Logout(s));
	assert_int_equal(rig_exchanges(), n + (rig_is_direct() ? 6 : 5));
}

static void test_ten_keys(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	uint64_t n;

	(void)state;
	for (uint8_t i = 1; i <= 10; i++)
		rig_card_key(&c, i, EC_SECP256R1, 0, i == 10 ? "wanted" : "other", rd_of(&i, 1));
	rig_card_insert(&c);
	n = find_key(&s, &key);
	print_message("# 10 keys: %lu exchanges\n", (unsigned long)n);
	assert_in_range(n, 1, 30 + SELECT_MORE);
	/* Another program of the same user finds what the first one read. */
	rig_finalize();
	n = find_key(&s, &key);
	print_message("# 10 keys, once more: %lu exchanges\n", (unsigned long)n);
	assert_in_range(n, rig_is_direct(), rig_is_direct() ? 10 + SELECT_MORE : 0);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = { RIG_TEST(test_one_key), RIG_TEST(test_ten_keys) };

	return RUN_BOTH(tests);
}
