/* SPDX-License-Identifier: Apache-2.0 */
/* What a card's answers mean together (sc-hsm/mode.c). */
#include "test/unit/test.h"

#include "sc-hsm/ability.h"
#include "sc-hsm/mode.h"

#define OLD     { .major = 1, .minor = 2 }
#define VENDOR  { .platform = 6, .major = 4, .minor = 1 }
#define BOTH    { .platform = 6, .major = 4, .minor = 1, .options = HSM_OPT_COMBINED }
#define OPEN    { .platform = 0xFF, .major = 6, .minor = 0 }
#define OPEN_BOTH { .platform = 0xFF, .major = 6, .minor = 0, .options = HSM_OPT_COMBINED }
#define PKA(missing, authenticated) true, { 3, missing, 2, authenticated }
#define NO_PKA  false, { 0, 0, 0, 0 }
enum { SHUT, IS_OPEN };

static const struct {
	struct hsm_version version;
	bool has_pka;
	struct hsm_pka pka;
	uint16_t pin_sw, so_sw;
	enum hsm_mode mode;
	int open;
} rows[] = {
	/* PIN cards */
	{ VENDOR, NO_PKA, 0x6A88, 0x6A88, HSM_MODE_UNSET, SHUT },
	{ VENDOR, NO_PKA, 0x63C3, 0x63CF, HSM_MODE_PIN, SHUT },
	{ VENDOR, NO_PKA, 0x6983, 0x63CF, HSM_MODE_PIN, SHUT },
	{ VENDOR, NO_PKA, 0x63C0, 0x63CF, HSM_MODE_PIN, SHUT },
	{ VENDOR, NO_PKA, 0x9000, 0x63CF, HSM_MODE_PIN, IS_OPEN },
	{ VENDOR, NO_PKA, 0x6984, 0x63CF, HSM_MODE_PIN, SHUT },
	{ VENDOR, NO_PKA, 0x6984, 0x6A88, HSM_MODE_UNSET, SHUT },
	{ OLD, NO_PKA, 0x6984, 0x6A86, HSM_MODE_UNSET, SHUT },
	{ OLD, NO_PKA, 0x63C2, 0x6A86, HSM_MODE_PIN, SHUT },
	{ OPEN, NO_PKA, 0x63C3, 0x63CF, HSM_MODE_PIN, SHUT },
	{ OPEN, NO_PKA, 0x9000, 0x63CF, HSM_MODE_PIN, IS_OPEN },
	{ VENDOR, NO_PKA, 0x6F00, 0x63CF, HSM_MODE_UNSET, SHUT },
	/* keys alone: 6300 until they opened it */
	{ VENDOR, PKA(0, 0), 0x6300, 0x63CF, HSM_MODE_PKA, SHUT },
	{ VENDOR, PKA(0, 1), 0x6300, 0x63CF, HSM_MODE_PKA, SHUT },
	{ VENDOR, PKA(0, 2), 0x9000, 0x63CF, HSM_MODE_PKA, IS_OPEN },
	{ VENDOR, PKA(0, 2), 0x6300, 0x63CF, HSM_MODE_PKA, IS_OPEN },
	{ VENDOR, PKA(0, 0), 0x6A88, 0x63CF, HSM_MODE_PKA, SHUT },
	{ VENDOR, PKA(3, 0), 0x6300, 0x63CF, HSM_MODE_UNSET, SHUT },
	{ VENDOR, PKA(1, 2), 0x6300, 0x63CF, HSM_MODE_UNSET, SHUT },
	/* keys or PIN */
	{ VENDOR, PKA(0, 0), 0x63C3, 0x63CF, HSM_MODE_PKA_OR_PIN, SHUT },
	{ VENDOR, PKA(0, 0), 0x6983, 0x63CF, HSM_MODE_PKA_OR_PIN, SHUT },
	{ VENDOR, PKA(0, 0), 0x9000, 0x63CF, HSM_MODE_PKA_OR_PIN, IS_OPEN },
	{ VENDOR, PKA(0, 2), 0x63C3, 0x63CF, HSM_MODE_PKA_OR_PIN, IS_OPEN },
	{ VENDOR, PKA(1, 0), 0x63C3, 0x63CF, HSM_MODE_PIN, SHUT },
	{ VENDOR, PKA(1, 0), 0x9000, 0x63CF, HSM_MODE_PIN, IS_OPEN },
	/* keys and PIN */
	{ BOTH, PKA(0, 0), 0x6300, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ BOTH, PKA(0, 2), 0x63C3, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ BOTH, PKA(0, 2), 0x6300, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ BOTH, PKA(0, 1), 0x9000, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ BOTH, PKA(0, 2), 0x9000, 0x63CF, HSM_MODE_PKA_AND_PIN, IS_OPEN },
	{ BOTH, PKA(2, 0), 0x6300, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	/* the option means nothing without keys */
	{ BOTH, NO_PKA, 0x9000, 0x63CF, HSM_MODE_PIN, IS_OPEN },
	/* open firmware: a PIN beside keys is always needed, whatever the options */
	{ OPEN, PKA(0, 0), 0x63C3, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ OPEN, PKA(0, 0), 0x6983, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ OPEN, PKA(0, 2), 0x63C3, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ OPEN, PKA(0, 0), 0x9000, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ OPEN, PKA(0, 2), 0x9000, 0x63CF, HSM_MODE_PKA_AND_PIN, IS_OPEN },
	{ OPEN_BOTH, PKA(0, 2), 0x63C3, 0x63CF, HSM_MODE_PKA_AND_PIN, SHUT },
	{ OPEN, PKA(0, 0), 0x6A88, 0x63CF, HSM_MODE_PKA, SHUT },
	{ OPEN, PKA(0, 2), 0x6A88, 0x63CF, HSM_MODE_PKA, IS_OPEN },
};

static void test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hsm_status s = {
			.version = rows[i].version, .has_pka = rows[i].has_pka, .pka = rows[i].pka,
			.pin_sw = rows[i].pin_sw, .so_sw = rows[i].so_sw,
		};

		hsm_mode_judge(&s);
		if (s.mode != rows[i].mode || s.open != (rows[i].open == IS_OPEN))
			fail_msg("row %zu: %s, %s", i, hsm_mode_text(s.mode), s.open ? "open" : "closed");
		assert_int_equal(s.pin_blocked, rows[i].pin_sw == 0x6983 || rows[i].pin_sw == 0x63C0);
		assert_int_equal(s.pin_transport, rows[i].pin_sw == 0x6984 && s.mode == HSM_MODE_PIN);
		assert_int_equal(s.pin_verified, rows[i].pin_sw == 0x9000 && s.mode != HSM_MODE_PKA);
	}
}

/* A card with a quorum of nobody is not open to everybody. */
static void test_none_required(void **state)
{
	struct hsm_status s = { .version = VENDOR, .has_pka = true, .pka = { 3, 0, 0, 0 }, .pin_sw = 0x6300 };

	(void)state;
	hsm_mode_judge(&s);
	assert_false(s.open);
}

static void test_needs(void **state)
{
	static const struct { enum hsm_mode mode; bool pin, pka; } needs[] = {
		{ HSM_MODE_UNSET, false, false }, { HSM_MODE_PIN, true, false }, { HSM_MODE_PKA, false, true },
		{ HSM_MODE_PKA_OR_PIN, false, true }, { HSM_MODE_PKA_AND_PIN, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		assert_int_equal(hsm_mode_needs_pin(needs[i].mode), needs[i].pin);
		assert_int_equal(hsm_mode_needs_pka(needs[i].mode), needs[i].pka);
		assert_true(strlen(hsm_mode_text(needs[i].mode)) > 2);
	}
}

/* What init allowed the SO-PIN to do; a card that does not tell is asked. */
static void test_so_pin(void **state)
{
#define TOLD(of, bits) { .has_options = true, .platform = of, .major = 4, .options = bits }
	static const struct { struct hsm_version v; bool sets, resets; } cases[] = {
		{ OLD, true, true },
		{ TOLD(6, 0x0000), false, false },  { TOLD(6, 0x0001), true, true },
		{ TOLD(6, 0x0021), false, true },   { TOLD(6, 0x0020), false, false },
		{ TOLD(0xFF, 0x0000), false, false }, { TOLD(0xFF, 0x0001), true, false },
		{ TOLD(0xFF, 0x0021), true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(hsm_mode_so_sets_pin(&cases[i].v), cases[i].sets);
		assert_int_equal(hsm_mode_so_resets_tries(&cases[i].v), cases[i].resets);
	}
}

static void test_options(void **state)
{
	static const struct hsm_version vendor = VENDOR, open = OPEN, old = OLD;
	static const uint16_t never[] = { 0x0002, 0x0004, 0x0021 };
	uint16_t told;

	(void)state;
	/* Version 1 takes those that need nothing new. */
	for (unsigned bit = 0x0001; bit <= 0x0020; bit *= 2)
		assert_int_equal(hsm_mode_options(&old, (uint16_t)bit, &told),
				 bit == 0x0001 || bit == 0x0020 ? ERR_OK : ERR_UNSUPPORTED);
	assert_null(hsm_mode_lacks(&old, 0x0021));
	assert_string_equal(hsm_mode_lacks(&old, 0x0010), "public key authentication");
	assert_string_equal(hsm_mode_lacks(&old, 0x0002), "transport PINs");
	assert_null(hsm_mode_lacks(&open, 0x0002));     /* not for its version: that firmware never ends it */
	assert_int_equal(hsm_mode_options(&vendor, 0x0027, &told), ERR_OK);
	assert_int_equal(told, 0x0027);
	assert_int_equal(hsm_mode_options(&open, 0x0019, &told), ERR_OK);
	assert_int_equal(told, 0x0039);         /* so that the tries can be reset, too */
	assert_int_equal(hsm_mode_options(&open, 0x0000, &told), ERR_OK);
	assert_int_equal(told, 0x0000);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		assert_int_equal(hsm_mode_options(&open, never[i], &told), ERR_UNSUPPORTED);
}

/* Each at its border; what is not known, and open firmware with numbers of its own, can everything. */
static void test_can(void **state)
{
	static const struct { uint8_t major, minor; unsigned can; } versions[] = {
		{ 1, 2, 0 },
		{ 2, 0, 8 },     /* all that came in a version 2 or 3 that nobody has documented */
		{ 2, 1, 9 }, { 2, 3, 9 },
		{ 2, 4, 10 }, { 2, 255, 10 },
		{ 3, 0, 11 }, { 3, 3, 11 },
		{ 3, 4, 12 }, { 4, 1, 12 }, { 0, 0, 12 },
	};

	(void)state;
	assert_int_equal(HSM_ABILITIES, 12);
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		struct hsm_version v = { .major = versions[i].major, .minor = versions[i].minor };

		/* They stand in the order in which they came. */
		for (unsigned a = 0; a < HSM_ABILITIES; a++)
			assert_int_equal(hsm_can(&v, a), a < versions[i].can);
		v.platform = HSM_PLATFORM_OPEN;
		for (unsigned a = 0; a < HSM_ABILITIES; a++)
			assert_true(hsm_can(&v, a));
	}
}

/* 6A88, or version 1, which has no query for it and says of the PIN that nothing is set. */
static void test_so_unset(void **state)
{
	static const struct { struct hsm_version v; uint16_t pin_sw, so_sw; bool unset; } cases[] = {
		{ VENDOR, 0x6A88, 0x6A88, true }, { VENDOR, 0x63C3, 0x63CF, false }, { VENDOR, 0x6984, 0x63CF, false },
		{ OLD, 0x6984, 0x6A86, true }, { OLD, 0x63C3, 0x6A86, false }, { OLD, 0x6984, 0x6A88, true },
		{ OPEN, 0x6984, 0x63CF, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hsm_status s = { .version = cases[i].v, .pin_sw = cases[i].pin_sw, .so_sw = cases[i].so_sw };

		hsm_mode_judge(&s);
		assert_int_equal(s.so_unset, cases[i].unset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_can),
		cmocka_unit_test(test_so_unset),
		cmocka_unit_test(test_so_pin),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_none_required),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
