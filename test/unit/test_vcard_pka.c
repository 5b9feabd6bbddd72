/* SPDX-License-Identifier: Apache-2.0 */
/* Public key authentication on every profile: challenge, approvals, what opens the card and what closes it. */
#include "test/unit/vcard_pka.h"

EACH_WITH(test_two_of_three, HAS_PKA)
{
	struct custodian *u[3] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001"),
				   custodian_new(p, "UTCUSTC00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020302", u, 3);
	uint8_t c[8], sig[64];

	expect_status(t, 3, 0, 2, 0);
	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x6A88);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_no_key);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_no_challenge);
	assert_int_equal(mse(t, 0xA4, RD_LIT("UTNOBODY00001")), 0x6A88);

	challenge(t, c);
	assert_int_equal(authenticate(t, u[0], c), 0x9000);
	expect_status(t, 3, 0, 2, 1);
	assert_int_equal(card_hex(t, "8054020000"), 0x9001);
	assert_bytes_equal(t->data, u[0]->request.inner.chr);
	assert_int_equal(card_hex(t, "8054020100"), 0x9000);
	assert_int_equal(use(t), 0x6982);

	/* The second approval: on the same challenge, or where that serves one key, on a new one. */
	if (p->challenge_per_key) {
		assert_int_equal(authenticate(t, u[1], c), p->sw_auth_no_challenge);
		challenge(t, c);
		expect_status(t, 3, 0, 2, 1);
	}
	assert_int_equal(authenticate(t, u[1], c), 0x9000);
	expect_status(t, 3, 0, 2, 2);
	assert_int_equal(card_status(t), p->status_by_pka ? 0x9000 : 0x6A88);
	assert_int_equal(use(t), p->pin_for_keys ? 0x6400 : 0x9000);
	/* The challenge is used up: neither replay nor one more. */
	assert_int_equal(authenticate(t, u[2], c), p->sw_auth_no_challenge);

	/* Random numbers do not close it, whatever the count says then. */
	challenge(t, c);
	expect_status(t, 3, 0, 2, p->challenge_drops_count ? 0 : 2);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	/* SELECT does. */
	card_select(t);
	expect_status(t, 3, 0, 2, 0);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(authenticate(t, u[0], c), p->sw_auth_no_challenge);
	for (size_t i = 0; i < 3; i++)
		custodian_free(u[i]);
	card_free(t);
}

/* A second GET CHALLENGE before the threshold. */
EACH_WITH(test_second_challenge, HAS_PKA)
{
	struct custodian *u[2] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], fresh[8];

	challenge(t, c);
	assert_int_equal(authenticate(t, u[0], c), 0x9000);
	challenge(t, fresh);
	expect_status(t, 2, 0, 2, p->challenge_drops_flags ? 0 : 1);
	assert_int_equal(authenticate(t, u[1], c), p->sw_auth_wrong);           /* the old one is worth nothing */
	assert_int_equal(authenticate(t, u[1], fresh), 0x9000);
	expect_status(t, 2, 0, 2, p->challenge_drops_flags ? 1 : 2);
	assert_int_equal(use(t), p->challenge_drops_flags ? 0x6982 : 0x9000);
	/* Other sizes: for random numbers, but nothing that could be signed on vendor cards. */
	card_select(t);
	assert_int_equal(card_hex(t, "0084000010"), 0x9000);
	assert_int_equal(authenticate(t, u[0], c), p->challenge_8_only ? p->sw_auth_no_challenge : p->sw_auth_wrong);
	assert_int_equal(card_hex(t, "00840000"), 0x6700);
	assert_int_equal(card_hex(t, "0084000000"), p->challenge_256 ? 0x9000 : 0x6700);
	assert_int_equal(card_hex(t, "00840000000400"), 0x9000);
	assert_int_equal(t->data.n, 1024);
	assert_int_equal(card_hex(t, "00840000000401"), 0x6700);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

EACH_WITH(test_wrong_signatures, HAS_PKA)
{
	struct custodian *u[2] = { custodian_new(p, "UTCUSTA00001"), custodian_new(p, "UTCUSTB00001") };
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], sig[64], twice[64];

	challenge(t, c);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	approve(u[0], RD_LIT("UTOTHER00001"), c, sig);                          /* for another card */
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	approve(u[1], vcard_id(t->v), c, sig);                                  /* by another custodian */
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	approve(u[0], vcard_id(t->v), c, sig);
	sig[10] ^= 1;
	assert_int_equal(submit(t, RD_ARR(sig)), p->sw_auth_wrong);
	sig[10] ^= 1;
	assert_int_equal(submit(t, rd_of(sig, 63)), p->sw_auth_wrong);
	assert_int_equal(submit(t, u[0]->c->data), p->sw_auth_wrong);           /* DER */
	expect_status(t, 2, 0, 2, 0);
	assert_int_equal(submit(t, RD_ARR(sig)), 0x9000);
	expect_status(t, 2, 0, 2, 1);

	/* The same custodian again does not count twice. */
	memcpy(twice, sig, sizeof(twice));
	assert_int_equal(submit(t, RD_ARR(twice)), p->challenge_per_key ? p->sw_auth_no_challenge : 0x9000);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), p->pka_once ? 0x6985 : 0x9000);
	expect_status(t, 2, 0, 2, 1);
	assert_int_equal(use(t), 0x6982);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

/* public-key-authentication 4.3, 4.4: keys that register and are of no use. */
EACH_WITH(test_keys_of_no_use, HAS_PKA)
{
	struct custodian *u[2] = {
		custodian_with(p, "UTCUSTA00001", "UTCUSTA00001", EC_SECP384R1, 0),
		custodian_with(p, "UTCUSTB00001", "UTCA00001", EC_BP256R1, 0),
	};
	struct card *t = target(p, 0x0001, RD_NONE, "93020202", u, 2);
	uint8_t c[8], sig[96];
	struct wr m, w;
	uint8_t m_bytes[64];

	challenge(t, c);
	WR_ARR(&m, m_bytes);
	WR_ARR(&w, sig);
	wr_put(&m, vcard_id(t->v));
	wr_put(&m, RD_ARR(c));
	assert_int_equal(card_send(u[0]->c, 0x80680173, wr_view(&m), 0), 0x9000);
	assert_int_equal(ec_sig_from_der(u[0]->c->data, 48, &w), ERR_OK);
	assert_int_equal(mse(t, 0xA4, u[0]->request.inner.chr), 0x9000);
	assert_int_equal(submit(t, RD_ARR(sig)), p->pka_256_only ? p->sw_auth_wrong : 0x9000);
	assert_int_equal(authenticate(t, u[1], c), p->pka_own_car_only ? p->sw_auth_wrong : 0x9000);
	for (size_t i = 0; i < 2; i++)
		custodian_free(u[i]);
	card_free(t);
}

EACH_WITH(test_incomplete, HAS_PKA)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, RD_NONE, "93020201", &a, 1);
	uint8_t c[8];

	expect_status(t, 2, 1, 1, 0);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), p->pka_needs_all ? 0x6985 : 0x9000);
	assert_int_equal(use(t), p->pka_needs_all ? 0x6982 : 0x6400);
	custodian_free(a);
	card_free(t);
}

/* ---- with a PIN ---- */

/* Keys or PIN. */
EACH_WITH(test_pin_without_combined, HAS_PKA)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(card_status(t), p->status_6300 && !p->status_pin_first ? 0x6300 : 0x63C3);
	card_login(t);
	assert_int_equal(card_status(t), 0x9000);
	assert_int_equal(use(t), p->pin_opens ? 0x9000 : 0x6982);
	card_select(t);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), p->status_by_pka ? 0x9000 : 0x63C3);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), p->pin_opens ? 0x9000 : 0x6A82);
	assert_int_equal(use(t), p->pin_for_keys ? 0x6400 : 0x9000);
	/* A wrong PIN closes nothing that the keys opened. */
	assert_int_equal(card_verify(t, RD_LIT("111111")), 0x63C2);
	assert_int_equal(card_hex(t, "00D7CF000754020000" "530142"), 0x9000);
	assert_int_equal(card_verify(t, PIN), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), p->pin_for_keys ? 0x6A82 : 0x9000);
	assert_int_equal(use(t), 0x9000);
	assert_int_equal(card_send(t, 0x80680973, RD_LIT("x"), 0), 0x9000);
	custodian_free(a);
	card_free(t);
}

/* Option 0010: keys and PIN, in any order. Open firmware does not know it, but needs the PIN for its keys. */
EACH_WITH(test_combined, HAS_PKA)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0011, PIN, "93020101", &a, 1);
	uint8_t c[8];

	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x63C3);
	card_login(t);
	assert_int_equal(use(t), 0x6982);
	assert_int_equal(card_status(t), p->status_6300 ? 0x6300 : 0x9000);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), 0x9000);
	assert_int_equal(use(t), 0x9000);
	assert_int_equal(card_hex(t, "00E4020002CC09"), 0x9000);

	card_select(t);
	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	assert_int_equal(card_status(t), 0x63C3);
	assert_int_equal(use(t), p->combined ? 0x6982 : 0x6400);
	card_login(t);
	assert_int_equal(use(t), 0x9000);
	card_select(t);
	assert_int_equal(use(t), 0x6982);
	custodian_free(a);
	card_free(t);
}

/* An open card's opened state goes with power, as the PIN's does. */
EACH_WITH(test_power, HAS_PKA)
{
	struct custodian *a = custodian_new(p, "UTCUSTA00001");
	struct card *t = target(p, 0x0001, RD_NONE, "93020101", &a, 1);
	uint8_t c[8];

	challenge(t, c);
	assert_int_equal(authenticate(t, a, c), 0x9000);
	expect_status(t, 1, 0, 1, 1);
	vcard_power(t->v, true);
	card_select(t);
	expect_status(t, 1, 0, 1, 0);
	assert_int_equal(use(t), 0x6982);
	custodian_free(a);
	card_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_two_of_three), each(test_second_challenge), each(test_wrong_signatures),
		each(test_keys_of_no_use), each(test_incomplete), each(test_pin_without_combined),
		each(test_combined), each(test_power),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
