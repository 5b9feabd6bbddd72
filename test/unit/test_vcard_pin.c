/* SPDX-License-Identifier: Apache-2.0 */
/* INITIALIZE, VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER, DKEK query. */
#include "test/unit/vcard.h"

#define WRONG  RD_LIT("111111")
#define NEW    RD_LIT("1234567890123456")
#define BAD_SO RD_LIT("00000000")

EACH(test_blank)
{
	struct card *c = card_new(p->name);

	card_select(c);
	assert_int_equal(card_hex(c, "00200081"), p->sw_pin_blank);
	assert_int_equal(card_hex(c, "00200088"), p->so_hidden ? p->sw_verify_p2 : 0x6A88);
	assert_int_equal(card_hex(c, "00200085"), 0x6A88);
	assert_int_equal(card_hex(c, "00200086"), 0x6A88);
	assert_int_equal(card_verify(c, PIN), p->sw_pin_blank);
	assert_int_equal(card_hex(c, "002C00810835373632313838300000"), 0x6700);
	assert_int_equal(card_hex(c, "002C00810E3537363231383830313233343536"), 0x6A88);
	assert_int_equal(card_hex(c, "8052000000"), 0x6D00);
	assert_int_equal(card_hex(c, "8054000000"), HAS_PKA ? p->sw_pka_none : 0x6D00);
	assert_int_equal(card_hex(c, "8050000000"), p->tells_memory ? 0x9000 : 0x6A80);
	if (p->tells_memory) {
		assert_int_equal(c->data.n, 7);
		assert_int_equal(c->data.p[5], p->major);
		assert_int_equal(c->data.p[6], p->minor);
	}
	card_free(c);
}

/* The worked bytes of APDU reference 14.4. */
EACH_WITH(test_worked_bytes, HAS_PKA && p->domain_slots)
{
	struct card *c = card_new(p->name);

	card_select(c);
	assert_int_equal(card_hex(c, "805000001C800200018106363438323139820835373632313838309101039201"
				     "01"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000000"), 0x9000);
	assert_int_equal(card_hex(c, "0020008106363438323139"), 0x9000);
	assert_int_equal(card_hex(c, "002400810C363438323139313233343536"), 0x9000);
	assert_int_equal(card_hex(c, "002400881035373632313838300102030405060708"), 0x9000);
	assert_int_equal(card_hex(c, "002C00810E0102030405060708313233343536"), 0x9000);
	assert_int_equal(card_hex(c, "0084000008"), 0x9000);
	assert_int_equal(c->data.n, 8);
	/* Two of three keys and four domains, by the SO-PIN that is set now. */
	assert_int_equal(card_hex(c, "80500000208002000981063634383231398208010203040506070891010393020302970104"),
			 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8054000000"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\x03\x03\x02\x00"));
	assert_int_equal(card_hex(c, "8052000300"), 0x6A88);
	assert_int_equal(card_hex(c, "8052000400"), 0x6A86);
	card_free(c);
}

EACH(test_verify)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	assert_int_equal(card_status(c), 0x63C3);
	assert_int_equal(card_hex(c, "0020008100"), 0x63C3);
	assert_int_equal(card_hex(c, "00200088"), p->so_hidden ? p->sw_verify_p2 : 0x63CF);
	assert_int_equal(card_hex(c, "00200185"), p->sw_verify_p1);
	assert_int_equal(card_hex(c, "00200082"), p->sw_verify_p2);
	card_login(c);
	assert_int_equal(card_status(c), 0x9000);
	assert_int_equal(card_verify(c, WRONG), 0x63C2);
	assert_int_equal(card_status(c), 0x63C2);               /* a wrong one logs out */
	card_login(c);
	card_select(c);
	assert_int_equal(card_status(c), 0x63C3);               /* a right one gives the tries back */
	assert_int_equal(card_verify(c, RD_LIT("64821")), 0x6700);
	assert_int_equal(card_verify(c, RD_LIT("64821901234567890")), 0x6700);
	assert_int_equal(card_verify(c, RD_LIT("6482190")), 0x63C2);
	card_again(c);                                          /* nor does pulling the card give one back */
	card_select(c);
	assert_int_equal(card_status(c), 0x63C2);
	assert_int_equal(card_verify(c, WRONG), 0x63C1);
	assert_int_equal(card_verify(c, WRONG), p->sw_last_try);
	assert_int_equal(card_status(c), 0x6983);
	assert_int_equal(card_verify(c, PIN), 0x6983);
	card_again(c);
	card_select(c);
	assert_int_equal(card_verify(c, PIN), 0x6983);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("648219123456"), NO_LE), 0x6983);
	card_free(c);
}

/*
 * Killed between the command and its answer, the try is on disk already: the state file of a wrong VERIFY is never
 * that of before.
 */
static void test_try_is_spent_first(void **state)
{
	struct card *c = card_new("vendor-shared");
	struct vcard_ref *pin = &c->v->state->pin;
	struct vcard_state *disk = NULL;

	(void)state;
	card_init(c, 0x0001);
	pin->hash[0] ^= 1;      /* in memory only: the comparison fails, the disk has the right hash */
	assert_int_equal(vcard_ref_present(c->v, pin, PIN), 0x63C2);
	assert_int_equal(vcard_state_load(c->dir, &disk), ERR_OK);
	assert_int_equal(disk->pin.left, 2);
	vcard_state_free(&disk);
	card_free(c);
}

EACH_WITH(test_change, !p->so_hidden)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("111111123456"), NO_LE), 0x63C2);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("64821912345"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("64821912345678901234567"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("648"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x00240085, RD_LIT("648219123456"), NO_LE), 0x6A86);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("6482191234567890123456"), NO_LE), 0x9000);
	assert_int_equal(card_status(c), 0x9000);
	card_again(c);
	card_select(c);
	assert_int_equal(card_verify(c, PIN), 0x63C2);
	assert_int_equal(card_verify(c, NEW), 0x9000);
	assert_int_equal(card_send(c, 0x00240088, RD_LIT("0000000012345678"), NO_LE), 0x63CE);
	assert_int_equal(card_send(c, 0x00240088, RD_LIT("57621880123456789"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x00240088, RD_LIT("5762188012345678"), NO_LE), 0x9000);
	assert_int_equal(card_send(c, 0x00200088, RD_LIT("12345678"), NO_LE), 0x9000);
	assert_int_equal(card_hex(c, "00200088"), 0x9000);
	assert_int_equal(card_send(c, 0x00200088, RD_LIT("1234567"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x00200088, BAD_SO, NO_LE), 0x63CE);
	assert_int_equal(card_hex(c, "00200088"), 0x63CE);
	card_free(c);
}

static void block(struct card *c)
{
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(card_verify(c, WRONG), 0x9000);
	assert_int_equal(card_status(c), 0x6983);
}

EACH_WITH(test_unblock, !p->so_hidden)
{
	struct card *c = card_new(p->name);
	bool open = p->reset_split;

	card_init(c, 0x0000);
	block(c);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("57621880123456"), NO_LE), p->sw_reset_off);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);      /* refused before the SO-PIN is looked at */

	card_init(c, 0x0001);
	block(c);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("00000000123456"), NO_LE), 0x63CE);
	assert_int_equal(card_status(c), 0x6983);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("5762188012345"), NO_LE), 0x6700);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("57621880123456"), NO_LE), 0x9000);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);
	assert_int_equal(card_status(c), 0x63C3);
	assert_int_equal(card_verify(c, RD_LIT("123456")), 0x9000);
	block(c);
	/* Keep the PIN: always on vendor cards, with option 0020 on open firmware. */
	assert_int_equal(card_send(c, 0x002C0181, SO_PIN, NO_LE), open ? p->sw_reset_off : 0x9000);

	card_init(c, 0x0021);
	block(c);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("57621880123456"), NO_LE), open ? 0x9000 : p->sw_reset_off);
	assert_int_equal(card_send(c, 0x002C0181, SO_PIN, NO_LE), 0x9000);
	assert_int_equal(card_verify(c, open ? RD_LIT("123456") : PIN), 0x9000);
	block(c);
	/* After a VERIFY of the SO-PIN: open firmware only. */
	assert_int_equal(card_hex(c, "002C0381"), open ? 0x6982 : 0x6A86);
	assert_int_equal(card_send(c, 0x00200088, SO_PIN, NO_LE), 0x9000);
	assert_int_equal(card_hex(c, "002C0381"), open ? 0x9000 : 0x6A86);
	assert_int_equal(card_send(c, 0x002C0281, NEW, NO_LE), open ? 0x9000 : 0x6A86);
	assert_int_equal(card_verify(c, NEW), open ? 0x9000 : 0x6983);
	card_free(c);
}

EACH_WITH(test_transport_pin, !p->so_hidden)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0002);
	assert_int_equal(card_status(c), 0x6984);
	assert_int_equal(card_verify(c, PIN), 0x6984);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("000000123456"), NO_LE), 0x63C2);
	assert_int_equal(card_send(c, 0x00240081, RD_LIT("648219123456"), NO_LE), 0x9000);
	card_again(c);
	card_select(c);
	assert_int_equal(card_status(c), p->transport_for_good ? 0x6984 : 0x63C3);
	assert_int_equal(card_verify(c, RD_LIT("123456")), p->transport_for_good ? 0x6984 : 0x9000);
	card_free(c);
}

EACH_WITH(test_init_limits, p->domain_slots)
{
	static const struct {
		const char *pin;
		uint8_t tries;
		const char *more;
		unsigned sw;
	} cases[] = {
		{ "648219", 3, "", 0x9000 },
		{ "648219", 4, "", 0x6A80 },
		{ "6482190", 5, "", 0x9000 },
		{ "6482190", 6, "", 0x6A80 },
		{ "64821900", 10, "", 0x9000 },
		{ "64821900", 11, "", 0x6A80 },
		{ "648219", 0, "", 0x6A80 },
		{ "64821", 3, "", 0x6A80 },
		{ "64821901234567890", 3, "", 0x6A80 },
		{ "", 0, "", 0x6A80 }, /* neither PIN nor keys: nobody could log in */
		{ "", 0, "93020302", 0x9000 },
		{ "648219", 3, "920101970102", 0x6A80 }, /* shares and domains exclude each other */
		{ "648219", 3, "95050102030405", 0x6A80 }, /* no biometric server on this card */
		{ "648219", 3, "92020101", 0x6A80 },
	};
	struct card *c = card_new(p->name);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
			card_init_with(c, 0x0001, rd_str(cases[i].pin), cases[i].tries, SO_PIN, cases[i].more),
			cases[i].sw);
	card_select(c);
	assert_int_equal(card_hex(c, "8050000002" "8000"), 0x6A80);
	assert_int_equal(card_hex(c, "805000000A" "82083537363231383830"), 0x6A80);
	assert_int_equal(card_hex(c, "8050000004" "80020001"), 0x6A80);
	card_free(c);
}

/* n of m out of range: vendor cards refuse, open firmware takes it. */
EACH_WITH(test_init_pka_limits, HAS_PKA)
{
	static const char *const bad[] = { "93020000", "93020005", "93025B02", "93020203", "93020300" };
	struct card *c = card_new(p->name);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, bad[i]), p->pka_checked ? 0x6A80 : 0x9000);
	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "93025A5A"), 0x9000);
	assert_int_equal(card_hex(c, "8054000000"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\x5A\x5A\x5A\x00"));
	card_free(c);
}

EACH_WITH(test_init_again, !p->so_hidden)
{
	struct card *c = card_new(p->name);
	struct wr devaut;

	card_init(c, 0x0001);
	card_login(c);
	wr_init_heap(&devaut, CVC_MAX);
	assert_true(card_hex(c, "00B12F02000004540200000000") >> 8 == 0x62 || c->data.n);
	wr_put(&devaut, c->data);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "UTCA00001", "UTKEY00001", ""), 0x9000);
	assert_int_equal(card_hex(c, "00D72F0309540200005303AABBCC"), 0x9000);

	/* A wrong SO-PIN costs a try and changes nothing. */
	assert_int_equal(card_init_with(c, 0x0001, NEW, 3, BAD_SO, ""), p->sw_so_pin);
	card_select(c);
	assert_int_equal(card_hex(c, "00200088"), 0x63CE);
	card_login(c);
	assert_int_equal(card_hex(c, "00A4000002CC0100"), 0x9000);

	assert_int_equal(card_init_with(c, 0x0001, NEW, 3, SO_PIN, ""), 0x9000);
	assert_int_equal(card_status(c), p->open_after_init ? 0x9000 : 0x63C3);
	card_again(c);
	card_select(c);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);
	assert_int_equal(card_status(c), 0x63C3);
	assert_int_equal(card_hex(c, "00A4000002CC0100"), 0x6A82);
	assert_int_equal(card_hex(c, "00A4000002CE0100"), 0x6A82);
	assert_int_equal(card_hex(c, "00A40000022F0300"), 0x6A82);
	assert_int_equal(card_hex(c, "00B12F02000004540200000000"), p->read_6282 ? 0x6282 : 0x9000);
	assert_bytes_equal(c->data, wr_view(&devaut));
	assert_int_equal(card_verify(c, NEW), 0x9000);
	wr_free(&devaut);
	card_free(c);
}

/* INITIALIZE ends a login, but on open firmware, where it makes one. */
EACH_WITH(test_init_logs_out, !p->so_hidden)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	card_login(c);
	assert_int_equal(card_send(c, 0x00200088, SO_PIN, NO_LE), 0x9000);
	assert_int_equal(card_hex(c, "8050000019"
				     "80020001"
				     "8106363438323139"
				     "82083537363231383830"
				     "910103"),
			 0x9000);
	assert_int_equal(card_status(c), p->open_after_init ? 0x9000 : 0x63C3);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);
	card_free(c);
}

/* The SO-PIN has 15 tries, and no way back. */
EACH_WITH(test_so_blocked, !p->so_hidden)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	for (int i = 14; i > 0; i--)
		assert_int_equal(card_send(c, 0x00200088, BAD_SO, NO_LE), 0x63C0 | i);
	assert_int_equal(card_send(c, 0x00200088, BAD_SO, NO_LE), p->sw_last_try);
	assert_int_equal(card_hex(c, "00200088"), 0x6983);
	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, ""), 0x6983);
	assert_int_equal(card_send(c, 0x002C0081, RD_LIT("57621880123456"), NO_LE), 0x6983);
	card_login(c);
	card_free(c);
}

EACH_WITH(test_dkek, p->domain_slots)
{
	struct card *c = card_new(p->name);

	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "920102"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000000"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\2\2\0\0\0\0\0\0\0\0"));
	assert_int_equal(card_hex(c, "8052000100"), 0x6A86);
	card_login(c);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", ""), 0x6985);

	/* 0 shares: a random key, of which only the check value is seen. */
	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "920100"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000000"), 0x9000);
	assert_int_equal(c->data.n, 10);
	assert_true(c->data.p[0] == 0 && c->data.p[1] == 0 && !rd_is_zero(rd_of(c->data.p + 2, 8)));
	card_login(c);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", ""), 0x9000);

	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "970102"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000100"), 0x6A88);
	assert_int_equal(card_hex(c, "8052000200"), 0x6A86);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_blank),           each(test_worked_bytes),
		each(test_verify),          cmocka_unit_test(test_try_is_spent_first),
		each(test_change),          each(test_unblock),
		each(test_transport_pin),   each(test_init_limits),
		each(test_init_pka_limits), each(test_init_again),
		each(test_init_logs_out), each(test_so_blocked),      each(test_dkek),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
