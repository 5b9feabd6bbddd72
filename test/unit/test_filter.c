/* SPDX-License-Identifier: Apache-2.0 */
/* What a server may send to a card, and all that it may not. */
#include "test/unit/test.h"

#include <stdlib.h>

#include "base/tlv.h"
#include "sc-hsm/filter.h"

#define SELECT "00A404000BE82B0601040181C31F020100"
#define SIG16  "01020304050607080910111213141516"
#define SIG32  "0102030405060708091011121314151617181920212223242526272829303132"
#define SIG64  SIG32 SIG32
#define POINT  "04" SIG64
#define GENERAL_AUTH "00860000457C438041" POINT "00"
#define MAC    "8E080102030405060708"
#define DO87   "871101" SIG16
#define DO85   "8510" SIG16

static bool pass(struct hsm_filter *f, const char *hex, char *why)
{
	struct wr cmd;
	bool ok;

	wr_init_heap(&cmd, 70000);
	ok = hsm_filter_command(f, test_unhex(&cmd, hex), why, 200);
	wr_free(&cmd);
	return ok;
}

/* A filter of 2-of-3 behind its SELECT. */
static struct hsm_filter begun(bool vendor_sm)
{
	struct hsm_filter f;

	hsm_filter_init(&f, HSM_FOR_LOGIN, 3, vendor_sm);
	assert_true(pass(&f, SELECT, NULL));
	return f;
}

static const char *const allowed[] = {
	"00B12F020454020000" "00", "00B12F02000004540200000000", "00B1CE010454020100FF", "00B1C4FF045402000000",
	"80580000000000", "8058000000",
	"002241A40C800A04007F00070202030202", "002241A40C800A04007F00070202030201",
	GENERAL_AUTH,
	"8054000000", "8054020000", "8054025900",
	"00200081", "0020008100",
	"002281A412831044454344413030303130303030303031", "002281A40B8309555443413030303031",
	"0084000008", "00840000000008",
	"0082000040" SIG64, "0082000030" SIG16 SIG32, "0082000040" SIG64 "00",
};

static void test_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		struct hsm_filter f = begun(false);
		char why[200] = "";

		if (!pass(&f, allowed[i], why))
			fail_msg("%s: %s", allowed[i], why);
	}
}

#define MALFORMED 7
static const char *const refused[] = {
	/* SELECT again, of something else, or of a file */
	SELECT, "00A404000BE82B0601040181C31F020200", "00A404000AE82B0601040181C31F0200", "00A4040000", "00A40400",
	"00A40000022F0200", "00A40200022F0200", "00A40000023F00",
	/* a PIN to try, to change, to reset; not the user's */
	"0020008106363438323139", "00200081000006363438323139", "0020008106363438323139" "00", "00200088",
	"00200085", "002000880835373632313838" "30", "0020018106363438323139", "00200181",
	"002400810C363438323139313233343536", "002C00810E3537363231383830313233343536", "002C0181083537363231383830",
	"805A018100",
	/* INITIALIZE, and its query */
	"805000001C80020001810636343832313982083537363231383830910103920101", "8050000000", "80500000",
	/* using and making keys */
	"806801730548656C6C6F00", "80680230000004010203040000", "8062018041" POINT "00",
	"8078011010" SIG16 "00",
	"0046020000" "003A", "00460200013000", "004801B003910110", "8076010202980100",
	"80720192000000", "80740193", "8074019301FF", "8052000000", "8052000020" SIG32 "00", "80520100010100",
	/* writing and deleting */
	"00D7CF0009540200005303AABBCC", "00D7CF0006540200005300", "00D72F100654020000530100", "00E4020002CE01",
	"00E4028002CE01", "00D6000001AA", "00E00000021234",
	/* reading anything else, or otherwise */
	"00B12F0304540200" "0000", "00B1CD0104540200" "0000", "00B1CF0104540200" "0000", "00B1CC0104540200" "0000",
	"00B1CA0104540200" "0000", "00B1000004540200" "0000", "00B12F1004540200" "0000", "00B0000000", "00B0820000",
	"00B12F0200", "00B12F02", "00B12F0203540100" "00", "00B12F02055403000000" "00", "00B12F020654020000530000",
	"00B12F0208540200005402000000", "00B12F0204530200" "0000", "00CA000000", "00C0000000", "00B2010400",
	/* registering a key; the status with data */
	"80540000027F2100", "80540100027F2100", "8054020001FF00", "8054030000", "8054000100", "8054010000",
	/* random bytes of another size, or with data */
	"0084000009", "0084000000", "00840000", "0084000007", "00840000000400", "0084000001FF08", "0084000108",
	/* MANAGE SE: keys for certificates; other templates; not exactly one element */
	"002281B60B8309555443413030303031", "002281B4048301FF00", "002241A40B800904007F000702020302",
	"002241A40C800A04007F00070202030203", "002241A40C800A04007F00070202020202",
	"002241A40F800A04007F00070202030202840101",
	"002281A4", "002281A400", "002281A409830755544341303031", "002281A40B8409555443413030303031",
	"002281A40D83095554434130303030318400", "002281A41783155554434130303030313233343536373839303132" "33",
	"0022C1A40B8309555443413030303031", "0022F301",
	/* certificates */
	"002A00BE067F4E005F3700", "002A00AE067F4E005F3700", "002A9E9A20" SIG32 "00",
	/* GENERAL and EXTERNAL AUTHENTICATE out of shape */
	"00860000", "0086000000", "0086000002" "7C0000", "00860000457C438141" POINT "00",
	"00860000457C438041" "02" SIG64 "00",
	"00860000477C458041" POINT "810000", "00860000247C228020" SIG32 "00", "00860001457C438041" POINT "00",
	"00820000", "0082000020" SIG32, "0082000041" POINT, "0082000140" SIG64,
	/* reserved, other channels, chaining */
	"8058000001FF00", "8058010000", "00580000" "00", "0154000000", "0184000008", "4084000008", "9084000008",
	"1084000008",
	"1082000040" SIG64, "FF84000008", "FFCA000000", "80640A0000", "804A010000", "0044000000", "0070000001",
	/* no command at all: the last MALFORMED rows */
	"", "00", "0084", "008400", "00840000" "0000", "00840000" "08" "08", "0082000040" SIG32,
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct hsm_filter f = begun(false), before = f;
		char why[200] = "";

		if (pass(&f, refused[i], why))
			fail_msg("passed: %s", refused[i]);
		if (!strstr(why, "malformed command") != (i < sizeof(refused) / sizeof(*refused) - MALFORMED))
			fail_msg("%s: %s", refused[i], why);
		assert_true(strncmp(why, "refused ", 8) == 0);
		assert_memory_equal(&f, &before, sizeof(f));
	}
}

/* ---- order and counts ---- */

static void test_select_first(void **state)
{
	struct hsm_filter f;
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		hsm_filter_init(&f, HSM_FOR_LOGIN, 3, false);
		assert_false(pass(&f, allowed[i], why));
		assert_non_null(strstr(why, "before SELECT"));
	}
	hsm_filter_init(&f, HSM_FOR_LOGIN, 3, false);
	assert_true(pass(&f, "00A4040C0BE82B0601040181C31F0201", NULL));
	assert_false(pass(&f, SELECT, why));
	assert_non_null(strstr(why, "00 A4 04 00"));
	assert_non_null(strstr(why, "too often"));
	assert_true(pass(&f, "8054000000", NULL));
}

/* How often a command passes, up to most. */
static unsigned times(struct hsm_filter *f, const char *hex, unsigned most)
{
	unsigned n = 0;

	while (n < most && pass(f, hex, NULL))
		n++;
	return n;
}

static void test_counts(void **state)
{
	struct hsm_filter f = begun(false);

	(void)state;
	/* Each GET CHALLENGE may void what people have approved: m + 2. */
	assert_int_equal(times(&f, "0084000008", 100), 5);
	assert_int_equal(times(&f, "00840000000008", 100), 0);
	f = begun(false);
	f.custodians = 0;
	assert_int_equal(times(&f, "0084000008", 100), 2);
	f.custodians = PKA_CUSTODIANS_MAX;
	assert_int_equal(times(&f, "0084000008", 1000), PKA_CUSTODIANS_MAX);

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		f = begun(false);
		assert_in_range(times(&f, allowed[i], 20000), 2, RAM_EXCHANGES_MAX);
	}
	/* A refused one does not count. */
	f = begun(false);
	for (int i = 0; i < 100; i++)
		assert_false(pass(&f, "0084000010", NULL));
	assert_true(pass(&f, "0084000008", NULL));

	/* Nothing is for a profile that is not asked for. */
	hsm_filter_init(&f, 0, 3, false);
	assert_false(pass(&f, SELECT, NULL));
}

/* The reason names the header and the command, and never a byte of the data. */
static void test_why(void **state)
{
	struct hsm_filter f = begun(false);
	char why[200], small[12];

	(void)state;
	assert_false(pass(&f, "0020008106363438323139", why));
	assert_string_equal(why, "refused 00 20 00 81 with 6 bytes (VERIFY): not for a server");
	assert_false(pass(&f, "00FF000000", why));
	assert_string_equal(why, "refused 00 FF 00 00 with 0 bytes (unknown): no command that is known");
	assert_false(pass(&f, "0084000009", why));
	assert_string_equal(why, "refused 00 84 00 00 with 0 bytes (GET CHALLENGE): not with these arguments");
	assert_false(hsm_filter_command(&f, RD_LIT("\x00"), why, sizeof(why)));
	assert_string_equal(why, "refused a malformed command of 1 bytes");
	assert_false(hsm_filter_command(&f, RD_LIT("\x00\xFF\x00\x00"), small, sizeof(small)));
	assert_string_equal(small, "refused 00 ");
}

static void test_too_long(void **state)
{
	struct hsm_filter f = begun(false);
	uint8_t *cmd = calloc(1, APDU_CMD_MAX + 1);

	(void)state;
	assert_non_null(cmd);
	assert_false(hsm_filter_command(&f, rd_of(cmd, APDU_CMD_MAX + 1), NULL, 0));
	free(cmd);
}

/* ---- secure messaging ---- */

/* The same commands under a protected class byte, with the data objects that they would have. */
static const char *const protected_allowed[] = {
	"0C2000810A" MAC "00", "0C2000810D970100" MAC "00", "0C2001810A" MAC "00", "8C5400000D970100" MAC "00",
	"8C5402010D970100" MAC "00", "8C58000000000E97020000" MAC "0000", "0C8400000D970108" MAC "00",
	"0CB12F02000020" DO85 "97020000" MAC "0000", "0C8200001D" DO87 MAC "00", "0C2281A41D" DO87 MAC "00",
};
static const char *const protected_refused[] = {
	/* a PIN, a registration, a challenge of another size */
	"0C2000811D" DO87 MAC "00", "0C2001811D" DO87 MAC "00", "8C54000020" DO87 "970100" MAC "00",
	"8C54020020" DO87 "970100" MAC "00", "0C8400000D970110" MAC "00", "0C8400000A" MAC "00",
	"8C5800001D" DO87 MAC "00", "0C2000880A" MAC "00",
	/* files that are not for a server */
	"0CB12F03000020" DO85 "97020000" MAC "0000", "0CB1CD01000020" DO85 "97020000" MAC "0000",
	/* commands that are not for a server */
	"0CA4040C1D" DO87 MAC "00", "8C50000020" DO87 "970100" MAC "00", "8C68017320" DO87 "970100" MAC "00",
	"0CE402001D" DO87 MAC "00", "0CD7CF001C" DO85 MAC "00", "8C7201920D970100" MAC "00", "0C2400811D" DO87 MAC "00",
	"0C2C00811D" DO87 MAC "00", "0C2281B61D" DO87 MAC "00", "0C2A00BE1D" DO87 MAC "00", "0C2241A41D" DO87 MAC "00",
	"0C86000020" DO87 "970100" MAC "00", "8C5A01810D970100" MAC "00",
	/* without a MAC, with other objects, with plain data under the MAC */
	"0C200081", "0C20008100", "0C20008103970100", "0C2000810C" MAC "9900" "00",
	"0C20008112" "8106363438323139" MAC "00",
	"0C200081098E070102030405060700", "0C2000810F9703010000" MAC "00",
	/* half secure messaging, other channels */
	"042000810A" MAC "00", "082000810A" MAC "00", "0D2000810A" MAC "00", "1C2000810A" MAC "00",
};

static void test_protected(void **state)
{
	struct hsm_filter f;
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(protected_allowed) / sizeof(*protected_allowed); i++) {
		/* Not configured: no class byte of secure messaging at all, before and after chip authentication. */
		f = begun(false);
		assert_false(pass(&f, protected_allowed[i], NULL));
		assert_true(pass(&f, GENERAL_AUTH, NULL));
		assert_false(pass(&f, protected_allowed[i], why));
		/* Configured: after chip authentication only. */
		f = begun(true);
		assert_false(pass(&f, protected_allowed[i], NULL));
		assert_true(pass(&f, GENERAL_AUTH, NULL));
		if (!pass(&f, protected_allowed[i], why))
			fail_msg("%s: %s", protected_allowed[i], why);
	}
	for (size_t i = 0; i < sizeof(protected_refused) / sizeof(*protected_refused); i++) {
		f = begun(true);
		assert_true(pass(&f, GENERAL_AUTH, NULL));
		if (pass(&f, protected_refused[i], why))
			fail_msg("passed: %s", protected_refused[i]);
		/* For what it is, not because the table is badly written. */
		if (strstr(why, "malformed command"))
			fail_msg("malformed: %s", protected_refused[i]);
	}
	/* The counts are those of the plain commands. */
	f = begun(true);
	assert_true(pass(&f, GENERAL_AUTH, NULL));
	assert_int_equal(times(&f, "0C8400000D970108" MAC "00", 100), 5);
	assert_false(pass(&f, "0084000008", NULL));
}

/* Every command that is refused in plain is refused under each class byte of secure messaging. */
static void test_refused_protected(void **state)
{
	static const uint8_t bits[] = { 0x04, 0x08, 0x0C };

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		for (size_t j = 0; j < sizeof(bits) * 2; j++) {
			struct hsm_filter f = begun(j >= sizeof(bits));
			struct wr cmd;

			wr_init_heap(&cmd, 70000);
			assert_true(pass(&f, GENERAL_AUTH, NULL));
			(void)test_unhex(&cmd, refused[i]);
			if (cmd.n)
				cmd.p[0] |= bits[j % sizeof(bits)];
			assert_false(hsm_filter_command(&f, wr_view(&cmd), NULL, 0));
			wr_free(&cmd);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_select_first),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_protected),
		cmocka_unit_test(test_refused_protected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
