/* SPDX-License-Identifier: Apache-2.0 */
/* Command APDUs taken apart; the order of the checks; any bytes get a status word. */
#include "test/unit/vcard.h"

static void test_cases(void **state)
{
	static const struct {
		const char *hex;
		bool good;
		size_t data;
		size_t le;
		bool extended;
	} cases[] = {
		{ "00200081", true, 0, 0, false },
		{ "0020008100", true, 0, 256, false },
		{ "0084000008", true, 0, 8, false },
		{ "00200081020102", true, 2, 0, false },
		{ "0020008102010203", true, 2, 3, false },
		{ "0020008102010200", true, 2, 256, false },
		{ "80580000000000", true, 0, 65536, true },
		{ "80580000000100", true, 0, 256, true },
		{ "802000810000020102", true, 2, 0, true },
		{ "8020008100000201020000", true, 2, 65536, true },
		{ "802000810000020102000A", true, 2, 10, true },
		{ "", false, 0, 0, false },
		{ "002000", false, 0, 0, false },
		{ "002000810201", false, 0, 0, false },
		{ "002000810201020304", false, 0, 0, false },
		{ "002000810000", false, 0, 0, false },
		{ "0020008100000000", false, 0, 0, false },
		{ "00200081000002010203", false, 0, 0, false },
		{ "002000810000030102", false, 0, 0, false },
		{ "802000810000020102000000", false, 0, 0, false },
	};
	struct vcard_command c;
	uint8_t bytes[64];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		WR_ARR(&w, bytes);
		assert_int_equal(vcard_command_read(test_unhex(&w, cases[i].hex), &c), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(c.data.n, cases[i].data);
		assert_int_equal(c.le, cases[i].le);
		assert_int_equal(c.has_le, cases[i].le != 0);
		assert_int_equal(c.extended, cases[i].extended);
	}
}

/* APDU reference 13.2. */
EACH(test_order)
{
	struct card *c = card_new(p->name);

	assert_int_equal(card_hex(c, "00200081"), 0x6E00);              /* nothing selected */
	assert_int_equal(card_hex(c, "00A4040003A0000000"), 0x6A82);    /* another application */
	assert_int_equal(card_hex(c, "00A40000022F02"), 0x6E00);
	card_select(c);
	assert_int_equal(card_hex(c, "00FF0000"), 0x6D00);
	assert_int_equal(card_hex(c, "80200081"), 0x6E00);              /* right command, wrong class */
	assert_int_equal(card_hex(c, "0058000000"), 0x6E00);
	assert_int_equal(card_hex(c, "0C20008100"), p->chain ? 0x6882 : 0x6E00);
	assert_int_equal(card_hex(c, "10200081"), 0x6884);              /* chaining */
	assert_int_equal(card_hex(c, "01200081"), 0x6881);              /* channel */
	assert_int_equal(card_hex(c, "0084010008"), 0x6A86);
	assert_int_equal(card_hex(c, "00840000010108"), 0x6700);
	assert_int_equal(card_hex(c, "002000"), 0x6700);
	assert_int_equal(card_hex(c, "00E40200022F02"), 0x6982);        /* before the file is looked for */
	assert_int_equal(card_hex(c, "80680173010000"), 0x6982);
	assert_int_equal(card_hex(c, "00D72F0306540200005300"), 0x6982);
	card_free(c);
}

EACH(test_select)
{
	struct card *c = card_new(p->name);
	uint8_t expect[16];
	struct wr w;

	card_init(c, 0x0001);
	WR_ARR(&w, expect);
	(void)test_unhex(&w, p->short_version ? "6F078201788502" : "6F0A82017885050001");
	if (!p->short_version)
		wr_u8(&w, p->platform);
	wr_u8(&w, p->major);
	wr_u8(&w, p->minor);
	assert_int_equal(card_hex(c, "00A404000BE82B0601040181C31F020100"), 0x9000);
	assert_bytes_equal(c->data, wr_view(&w));
	assert_int_equal(card_hex(c, "00A404040BE82B0601040181C31F020100"), 0x9000);
	expect[0] = 0x62;
	assert_bytes_equal(c->data, wr_view(&w));
	assert_int_equal(card_hex(c, "00A404000BE82B0601040181C31F0201"), 0x9000);
	assert_int_equal(c->data.n, 0);
	assert_int_equal(card_hex(c, "00A4040C0BE82B0601040181C31F0201"), p->select_without_fci ? 0x9000 : 0x6A86);
	assert_int_equal(card_hex(c, "00A4080C023F00"), 0x6A86);
	assert_int_equal(card_hex(c, "00A40000023F0000"), 0x6A82);
	assert_int_equal(card_hex(c, "00A4000002CE0200"), 0x6A82);
	assert_int_equal(card_hex(c, "00A40000022F0200"), 0x9000);
	assert_int_equal(card_hex(c, "00A40000032F020000"), 0x6700);
	card_free(c);
}

/* SELECT of the application, reset and power-off end everything; SELECT of a file ends nothing. */
EACH(test_volatile)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	card_login(c);
	assert_int_equal(card_hex(c, "00A40000022F0200"), 0x9000);
	assert_int_equal(card_status(c), 0x9000);
	card_select(c);
	assert_int_equal(card_status(c), 0x63C3);
	card_login(c);
	vcard_power(c->v, true);
	assert_int_equal(card_status(c), 0x6E00);
	card_select(c);
	assert_int_equal(card_status(c), 0x63C3);
	card_login(c);
	vcard_power(c->v, false);
	assert_int_equal(card_status(c), 0x6F00);
	vcard_power(c->v, true);
	assert_int_equal(card_status(c), 0x6E00);
	card_select(c);
	assert_int_equal(card_status(c), 0x63C3);
	card_login(c);
	card_again(c);
	assert_int_equal(card_status(c), 0x6E00);
	card_free(c);
}

/* The same bytes each time, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

EACH_WITH(test_any_bytes, HAS_PKA)
{
	static const uint8_t ins[] = { 0xA4, 0x20, 0x24, 0x2C, 0x52, 0x84, 0xB1, 0xD7, 0xE4,
				       0x58, 0x46, 0x68, 0x54, 0x22, 0x2A, 0x82, 0x86 };
	struct card *c = card_new(p->name);
	uint32_t x = 11;

	assert_int_equal(card_init_with(c, 0x0009, PIN, 3, SO_PIN, "93020302"), 0x9000);
	for (int i = 0; i < 4000; i++) {
		uint8_t bytes[48];
		size_t n = next_random(&x) % sizeof(bytes);
		unsigned sw;

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)next_random(&x);
		/* Half of them get as far as a handler. */
		if (n > 7 && i % 2) {
			bytes[0] = bytes[0] & 0x80;
			bytes[1] = ins[next_random(&x) % sizeof(ins)];
			bytes[4] = (uint8_t)(n - 5);
			bytes[5] = (const uint8_t[]){ 0x54, 0x7C, 0x80, 0x83, 0x5F }[next_random(&x) % 5];
			bytes[6] = bytes[6] % 16;
		}
		sw = card_raw(c, rd_of(bytes, n));
		assert_true(sw >> 8 == 0x90 || (sw >> 12 == 6 && sw != 0x6F00));
		if (sw == 0x6E00)
			card_select(c);
	}
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), each(test_order),     each(test_select),
		each(test_volatile),          each(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
