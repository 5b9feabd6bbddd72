/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of sc-hsm/ against recorded exchanges: exact commands, and answers that no virtual card gives. */
#include "test/unit/card.h"

#include "sc-hsm/auth.h"
#include "sc-hsm/file.h"
#include "sc-hsm/key.h"

#define SELECT_20  "> 00A404000BE82B0601040181C31F020100\n< 6F0A8201788505000002020090" "00\n"
/* READ of 2F02: 1454 - 32 bytes are asked for, as no ATR is known. */
#define READ_AT(offset) "> 00B12F020000045402" offset "058E\n"

static void test_select(void **state)
{
	static const struct { const char *text; enum err e; } rows[] = {
		{ SELECT_41, ERR_OK },
		{ "> 00A404000BE82B0601040181C31F020100\n< 6A82\n", ERR_NO_CARD },
		{ "> 00A404000BE82B0601040181C31F020100\n< 9000\n", ERR_NO_CARD },
		{ "> 00A404000BE82B0601040181C31F020100\n< 6F02820078" "9000\n", ERR_NO_CARD },
		{ "> 00A404000BE82B0601040181C31F020100\n< 6D00\n", ERR_NO_CARD },
	};
	struct hsm_version v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hsm_card *c = open_card(rows[i].text);

		assert_int_equal(hsm_card_select(c, &v, NULL), rows[i].e);
		if (!rows[i].e)
			assert_int_equal(v.platform << 16 | v.major << 8 | v.minor, 0x060401);
		close_card(c);
	}
}

static void read_file(const char *text, enum err expected, const char *content)
{
	struct hsm_card *c = open_card(text);
	struct wr out;

	wr_init_heap(&out, FILE_SIZE_MAX);
	assert_int_equal(hsm_card_select(c, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_file_read(c, HSM_EF_DEVAUT, &out, NULL), expected);
	if (!expected)
		assert_true(rd_eq_str(wr_view(&out), content));
	wr_free(&out);
	close_card(c);
}

static void test_read(void **state)
{
	(void)state;
	/* Since 3.4 fewer bytes than asked for are the end, whatever the status word. */
	read_file(SELECT_41 READ_AT("0000") "< 4142436282\n", ERR_OK, "ABC");
	read_file(SELECT_41 READ_AT("0000") "< 4142439000\n", ERR_OK, "ABC");
	read_file(SELECT_41 READ_AT("0000") "< 6282\n", ERR_OK, "");
	read_file(SELECT_41 READ_AT("0000") "< 6B00\n", ERR_OK, "");
	/* Before, there may be more. */
	read_file(SELECT_20 READ_AT("0000") "< 4142436282\n" READ_AT("0003") "< 446282\n" READ_AT("0004") "< 6282\n",
		  ERR_OK, "ABCD");
	read_file(SELECT_20 READ_AT("0000") "< 4142439000\n" READ_AT("0003") "< 6B00\n", ERR_OK, "ABC");
	read_file(SELECT_20 READ_AT("0000") "< 4142439000\n" READ_AT("0003") "< 6F00\n", ERR_CARD, "");
	read_file(SELECT_41 READ_AT("0000") "< 6A82\n", ERR_NOT_FOUND, "");
	read_file(SELECT_41 READ_AT("0000") "< 6982\n", ERR_AUTH, "");
}

/* More than was asked for is not taken. */
static void test_read_too_much(void **state)
{
	struct hsm_card *c;
	struct wr text, out;

	(void)state;
	wr_init_heap(&text, 1 << 16);
	wr_init_heap(&out, FILE_SIZE_MAX);
	wr_text(&text, SELECT_41 READ_AT("0000") "< ");
	for (int i = 0; i < 1454 - 32 + 1; i++)
		wr_text(&text, "41");
	wr_text(&text, "9000\n");
	c = open_card(wr_cstr(&text));
	assert_int_equal(hsm_card_select(c, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_file_read(c, HSM_EF_DEVAUT, &out, NULL), ERR_FORMAT);
	close_card(c);
	wr_free(&text);
	wr_free(&out);
}

/* A file that never ends. */
static void test_read_endless(void **state)
{
	struct hsm_card *c;
	struct wr text, out;
	size_t block = 1454 - 32, n = 0;

	(void)state;
	wr_init_heap(&text, 1 << 20);
	wr_init_heap(&out, 2 * FILE_SIZE_MAX);
	wr_text(&text, SELECT_41);
	for (size_t offset = 0; offset < FILE_SIZE_MAX; offset += block, n++) {
		wr_printf(&text, "> 00B12F020000045402%04zX%04zX\n< ", offset, block);
		for (size_t i = 0; i < block; i++)
			wr_text(&text, "41");
		wr_text(&text, "9000\n");
	}
	c = open_card(wr_cstr(&text));
	assert_int_equal(hsm_card_select(c, NULL, NULL), ERR_OK);
	assert_int_equal(hsm_file_read(c, HSM_EF_DEVAUT, &out, NULL), ERR_LIMIT);
	assert_int_equal(apdu_link_count(hsm_card_link(c)), 1 + n);
	close_card(c);
	wr_free(&text);
	wr_free(&out);
}

/* Old content first, since a write never makes a file shorter. */
static void test_write(void **state)
{
	struct hsm_card *c = open_card("> 00E4020002CF01\n< 6A82\n> 00D7CF010B5402000053054142434445\n< 9000\n"
				       "> 00E4020002CF01\n< 9000\n> 00D7CF0106540200005300\n< 6A84\n"
				       "> 00E4020002CF01\n< 6982\n");

	(void)state;
	assert_int_equal(hsm_file_write(c, 0xCF01, RD_LIT("ABCDE"), NULL), ERR_OK);
	assert_int_equal(hsm_file_write(c, 0xCF01, RD_NONE, NULL), ERR_CARD_MEMORY);
	assert_int_equal(hsm_file_write(c, 0xCF01, RD_LIT("ABCDE"), NULL), ERR_AUTH);
	assert_int_equal(hsm_card_detail(c)->sw, 0x6982);
	close_card(c);
}

/* Content without its description would be seen by nobody, and fill the card. */
static void test_write_both(void **state)
{
#define WRITE(fid, bytes, sw) "> 00E4020002" fid "\n< 6A82\n> 00D7" fid "075402000053" bytes "\n< " sw "\n"
#define DELETE(fid, sw) "> 00E4020002" fid "\n< " sw "\n"
	static const struct { const char *text; enum err e; uint16_t sw; } rows[] = {
		{ WRITE("CD01", "0141", "9000") WRITE("C901", "0142", "9000"), ERR_OK, 0x9000 },
		{ WRITE("CD01", "0141", "9000") WRITE("C901", "0142", "6A84") DELETE("C901", "6A82")
		  DELETE("CD01", "9000"), ERR_CARD_MEMORY, 0x6A84 },
		{ WRITE("CD01", "0141", "6A84") DELETE("C901", "6A82") DELETE("CD01", "9000"), ERR_CARD_MEMORY,
		  0x6A84 },
		{ WRITE("CD01", "0141", "9000") WRITE("C901", "0142", "6982") DELETE("C901", "6A82")
		  DELETE("CD01", "6982"), ERR_AUTH, 0x6982 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hsm_card *c = open_card(rows[i].text);

		assert_int_equal(hsm_file_write_both(c, 0xCD01, RD_LIT("A"), 0xC901, RD_LIT("B"), NULL), rows[i].e);
		assert_int_equal(hsm_card_detail(c)->sw, rows[i].sw);
		close_card(c);
	}
}

static void test_random(void **state)
{
	struct hsm_card *c = open_card("> 0084000008\n< 01020304050607089000\n> 0084000008\n< 010203049000\n"
				       "> 0084000008\n< 0102030405060708099000\n> 0084000008\n< 6700\n");
	uint8_t challenge[PKA_CHALLENGE_SIZE];

	(void)state;
	assert_int_equal(hsm_pka_challenge(c, challenge, NULL), ERR_OK);
	assert_memory_equal(challenge, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	assert_int_equal(hsm_pka_challenge(c, challenge, NULL), ERR_FORMAT);
	assert_int_not_equal(hsm_pka_challenge(c, challenge, NULL), ERR_OK);
	assert_int_equal(hsm_pka_challenge(c, challenge, NULL), ERR_DATA);
	close_card(c);
}

/* Cards without public key authentication say so in several ways; anything else is an error and not "no". */
static void test_status(void **state)
{
	static const struct { const char *answer; enum err e; bool has_pka; } rows[] = {
		{ "6D00", ERR_OK, false }, { "6A86", ERR_OK, false }, { "000000009000", ERR_OK, false },
		{ "030002009000", ERR_OK, true }, { "6F00", ERR_CARD, false }, { "0300029000", ERR_FORMAT, false },
	};
	const struct hsm_version v = { .platform = 6, .major = 4, .minor = 1 };
	struct hsm_status s;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hsm_card *c;
		struct wr text;

		wr_init_heap(&text, 1024);
		wr_printf(&text, "> 00200081\n< 63C2\n> 00200088\n< 63CF\n> 8054000000\n< %s\n", rows[i].answer);
		c = open_card(wr_cstr(&text));
		assert_int_equal(hsm_card_status(c, &v, &s, NULL), rows[i].e);
		if (!rows[i].e) {
			assert_int_equal(s.has_pka, rows[i].has_pka);
			assert_int_equal(s.pin_tries, 2);
			assert_int_equal(s.so_tries, 15);
			assert_int_equal(s.pin_sw, 0x63C2);
		}
		close_card(c);
		wr_free(&text);
	}
	/* Not selected: nothing is concluded. */
	struct hsm_card *c = open_card("> 00200081\n< 6E00\n");
	assert_int_equal(hsm_card_status(c, &v, &s, NULL), ERR_INS);
	close_card(c);
}

/* ---- registration, public-key-authentication 4.2 ---- */

#define DEVICE  "> 002281B60F830D55544445564943453030303031\n"
#define ISSUER  "> 002281B60F830D55544953535545523030303031\n"
#define ROOT    "> 002281B60D830B5554524F4F543030303031\n"
#define REQUEST "> 8054000003313233" "00\n< 030202009000\n"

static void register_key(const char *text, bool with_issuer, struct rd content, enum err expected)
{
	static const uint8_t issuer_whole[] = { 0x7F, 0x21, 3, 'I', 'S', 'S' };
	static const uint8_t device_whole[] = { 0x7F, 0x21, 3, 'D', 'E', 'V' };
	const struct cvc issuer = {
		.whole = RD_ARR(issuer_whole), .chr = RD_LIT("UTISSUER00001"), .car = RD_LIT("UTROOT00001"),
	};
	const struct cvc device = {
		.whole = RD_ARR(device_whole), .chr = RD_LIT("UTDEVICE00001"), .car = RD_LIT("UTISSUER00001"),
	};
	const struct cvc_request request = { .content = content, .outer_car = RD_LIT("UTDEVICE00001") };
	const struct hsm_proof key = { with_issuer ? &issuer : NULL, &device, &request };
	struct hsm_card *c = open_card(text);
	struct hsm_pka pka;

	assert_int_equal(hsm_pka_register(c, &key, &pka, NULL), expected);
	if (!expected)
		assert_int_equal(pka.missing, 2);
	close_card(c);
}

static void test_register(void **state)
{
	const struct rd content = RD_LIT("123");

	(void)state;
	/* Both certificates are known. */
	register_key(ISSUER "< 9000\n" DEVICE "< 9000\n" DEVICE "< 9000\n" REQUEST, true, content, ERR_OK);
	/* Neither. */
	register_key(ISSUER "< 6A88\n" ROOT "< 9000\n" "> 002A00BE03495353\n< 9000\n" ISSUER "< 9000\n"
		     DEVICE "< 6A88\n" ISSUER "< 9000\n" "> 002A00BE03444556\n< 9000\n" DEVICE "< 9000\n"
		     DEVICE "< 9000\n" REQUEST, true, content, ERR_OK);
	/* The root is not known; a certificate is refused; it is not known afterwards. */
	register_key(ISSUER "< 6A88\n" ROOT "< 6A88\n", true, content, ERR_NOT_FOUND);
	register_key(ISSUER "< 6A88\n" ROOT "< 9000\n" "> 002A00BE03495353\n< 6985\n", true, content, ERR_SIGNATURE);
	register_key(ISSUER "< 6A88\n" ROOT "< 9000\n" "> 002A00BE03495353\n< 9000\n" ISSUER "< 6A88\n", true, content,
		     ERR_NOT_FOUND);
	/* Without a chain the request alone. */
	register_key(REQUEST, false, content, ERR_OK);
}

/* Too long for one command: through EF 2F10, and nothing is left there that a status query would register again. */
static void test_register_from_file(void **state)
{
	uint8_t content[1460];
	struct wr text;

	(void)state;
	memset(content, 0x41, sizeof(content));
	for (int refused = 0; refused < 2; refused++) {
		wr_init_heap(&text, 1 << 16);
		wr_text(&text, "> 00E40200022F10\n< 6A82\n> 00D72F100005A7540200005382" "059F");
		for (int i = 0; i < 1454 - 15; i++)
			wr_text(&text, "41");
		wr_text(&text, "\n< 9000\n> 00D72F101B5402059F5315");
		for (size_t i = 1454 - 15; i < sizeof(content); i++)
			wr_text(&text, "41");
		wr_text(&text, "\n< 9000\n> 8054000000\n");
		wr_text(&text, refused ? "< 6A80\n" : "< 030202009000\n");
		wr_text(&text, "> 00E40200022F10\n< 9000\n");
		register_key(wr_cstr(&text), false, RD_ARR(content), refused ? ERR_DATA : ERR_OK);
		wr_free(&text);
	}
}

static void test_authenticate(void **state)
{
	struct hsm_card *c = open_card("> 002281A40B8309555443413030303031\n< 9000\n> 00820000020102\n< 9000\n"
				       "> 002281A40B8309555443413030303031\n< 6A88\n"
				       "> 002281A40B8309555443413030303031\n< 9000\n> 00820000020102\n< 6300\n");
	const struct rd chr = RD_LIT("UTCA00001"), sig = RD_LIT("\x01\x02");

	(void)state;
	assert_int_equal(hsm_pka_authenticate(c, chr, sig, NULL), ERR_OK);
	assert_int_equal(hsm_pka_authenticate(c, chr, sig, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_pka_authenticate(c, chr, sig, NULL), ERR_SIGNATURE);
	close_card(c);
}

/* ---- keys, reference 3.11 ---- */

#define NAMES "5F290100 4209555443413030303031"
#define LIMITED "00460200000037 5F290100 7F4913 060A04007F00070202020102 820103 02020800" \
	CHR "9004000003E8 91027380 0000"
#define CHR   "5F201044454E4B303130303030313030303031"

static void generate(const struct hsm_keygen *g, const char *cmd_hex, const char *answer, enum err expected)
{
	struct hsm_card *c;
	struct wr text, out;

	wr_init_heap(&text, 1 << 16);
	wr_init_heap(&out, CVC_MAX);
	wr_text(&text, "> ");
	for (; *cmd_hex; cmd_hex++)
		if (*cmd_hex != ' ')
			wr_put(&text, rd_of(cmd_hex, 1));
	wr_printf(&text, "\n< %s\n", answer);
	c = open_card(wr_cstr(&text));
	assert_int_equal(hsm_key_generate(c, g, &out, NULL), expected);
	close_card(c);
	wr_free(&text);
	wr_free(&out);
}

static void test_generate(void **state)
{
	static const uint8_t algs[] = { HSM_ECDSA_SHA256, 0x80 };
	struct hsm_keygen g = {
		.key = 1, .curve = EC_SECP256R1, .car = RD_LIT("UTCA00001"), .chr = RD_LIT("DENK010000100001"),
	};

	(void)state;
	generate(&g,
		 "00460100 00 0100" NAMES "7F4981DA 060A04007F00070202020203"
		 "8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
		 "8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
		 "83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
		 "8441046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
		 "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
		 "8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
		 "870101" CHR "0000",
		 "67009000", ERR_OK);
	g.key = 2;
	g.curve = EC_NONE;
	g.rsa_bits = 2048;
	generate(&g, "0046020000003A" NAMES "7F4915 060A04007F00070202020102 8203010001 02020800" CHR "0000",
		 "67009000", ERR_OK);
	/* Use counter, algorithms; another exponent; no CAR. And answers that are none. */
	g.use_counter = 1000;
	g.algorithms = RD_ARR(algs);
	g.exponent = RD_LIT("\x03");
	g.car = RD_NONE;
	generate(&g, LIMITED, "67009000", ERR_OK);
	generate(&g, LIMITED, "7F21009000", ERR_FORMAT);
	generate(&g, LIMITED, "6A84", ERR_CARD_MEMORY);
}

/* The use counter in the answers of SELECT that are known or thinkable; what shows none is no error. */
static void test_counter(void **state)
{
	static const struct { const char *answer; bool has; uint32_t left; } rows[] = {
		{ "6F13" "81020000" "820101" "8302CC07" "A5069004000003E8", true, 1000 },
		{ "6F0A" "A508" "910173" "900200FF", false, 0 },        /* lengths that do not fit */
		{ "6F0D" "A50B" "900400000001" "91027380" "00", false, 0 },
		{ "6F0C" "A50A" "900400000001" "91027380", true, 1 },
		{ "6F10" "8A0105" "A581" "0A" "900400000000" "91027380", true, 0 },     /* open firmware's length */
		{ "6F0C" "A50A" "91027380" "9004FFFFFFFF", true, UINT32_MAX },
		{ "6F0A" "A508" "9006000000000001", false, 0 },         /* more than a counter */
		{ "6F02" "A500", false, 0 },
		{ "6F06" "8A0105" "A58101", false, 0 },
		{ "6F04" "82010101", false, 0 },
		{ "6F00", false, 0 },
		{ "", false, 0 },
		{ "62020000", false, 0 },
	};
	char text[300];
	uint32_t left;
	bool has;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "> 00A4000002CC0700\n< %s9000\n", rows[i].answer);
		struct hsm_card *c = open_card(text);

		assert_int_equal(hsm_key_counter(c, 7, &has, &left, NULL), ERR_OK);
		assert_int_equal(has, rows[i].has);
		assert_int_equal(left, rows[i].left);
		close_card(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_too_much),
		cmocka_unit_test(test_read_endless),
		cmocka_unit_test(test_write), cmocka_unit_test(test_write_both),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_register),
		cmocka_unit_test(test_register_from_file),
		cmocka_unit_test(test_authenticate),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
