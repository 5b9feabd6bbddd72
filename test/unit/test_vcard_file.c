/* SPDX-License-Identifier: Apache-2.0 */
/* Files: ENUMERATE, READ, UPDATE, DELETE. */
#include "test/unit/vcard.h"

static struct card *ready(const struct vcard_profile *p)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	card_login(c);
	return c;
}

/* A command may be as long as the platform takes it, not a byte longer. */
EACH(test_longest)
{
	struct card *c = ready(p);
	static uint8_t update[4096] = { 0x54, 2, 0, 0, 0x53, 0x82 };
	size_t n = p->apdu_max - 7 - 8;

	update[6] = (uint8_t)(n >> 8);
	update[7] = (uint8_t)n;
	assert_int_equal(card_send(c, 0x00D7CF01, rd_of(update, n + 8), NO_LE), 0x9000);
	update[6] = (uint8_t)(++n >> 8);
	update[7] = (uint8_t)n;
	assert_int_equal(card_send(c, 0x00D7CF02, rd_of(update, n + 8), NO_LE), 0x6700);
	card_free(c);
}

static unsigned end(const struct vcard_profile *p)
{
	return p->read_6282 ? 0x6282 : 0x9000;
}

EACH(test_update)
{
	struct card *c = ready(p);

	assert_int_equal(card_hex(c, "00B1C401000004540200000000"), 0x6A82);
	/* OpenSC's way: an empty file, which is the current one then. */
	assert_int_equal(card_hex(c, "00D7C40106540200005300"), 0x9000);
	assert_int_equal(card_hex(c, "00D70000095402000053" "03AABBCC"), 0x9000);
	assert_int_equal(card_hex(c, "00B1C401000004540200000000"), end(p));
	assert_bytes_equal(c->data, RD_LIT("\xAA\xBB\xCC"));
	assert_int_equal(card_hex(c, "00D7C4010854020003" "5302DDEE"), 0x9000);
	assert_int_equal(card_hex(c, "00D7C4010754020001" "530111"), 0x9000);
	assert_int_equal(card_hex(c, "00B100000454020000" "05"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\xAA\x11\xCC\xDD\xEE"));
	/* Shorter content leaves the tail, but on open firmware. */
	assert_int_equal(card_hex(c, "00D7C4010754020000" "530122"), 0x9000);
	assert_int_equal(card_hex(c, "00B100000454020000" "09"), end(p));
	assert_bytes_equal(c->data, p->update_truncates ? RD_LIT("\x22") : RD_LIT("\x22\x11\xCC\xDD\xEE"));
	card_again(c);
	card_select(c);
	assert_int_equal(card_hex(c, "00B1C40100000454020000" "0000"), end(p));
	assert_bytes_equal(c->data, p->update_truncates ? RD_LIT("\x22") : RD_LIT("\x22\x11\xCC\xDD\xEE"));
	card_free(c);
}

EACH(test_update_refused)
{
	struct card *c = ready(p);

	assert_int_equal(card_hex(c, "00D70000095402000053" "03AABBCC"), 0x6986);       /* no current file */
	assert_int_equal(card_hex(c, "00D7C4010754020005" "530111"), 0x6B00);           /* a gap */
	assert_int_equal(card_hex(c, "00A4000002C40100"), 0x6A82);                      /* and nothing was made */
	assert_int_equal(card_hex(c, "00D7C4010754020000" "530211"), 0x6A80);
	assert_int_equal(card_hex(c, "00D7C4010854020000" "53011122"), 0x6A80);
	assert_int_equal(card_hex(c, "00D7C40107" "54010053021122"), 0x6A80);
	assert_int_equal(card_hex(c, "00D7C40103540200"), 0x6700);
	assert_int_equal(card_hex(c, "00D72F020754020000" "530111"), p->sw_write_protected);
	assert_int_equal(card_hex(c, "00D7CC010754020000" "530111"), p->sw_write_protected);
	card_select(c);
	assert_int_equal(card_hex(c, "00D7C4010754020000" "530111"), 0x6982);
	card_free(c);
}

EACH(test_read)
{
	struct card *c = ready(p);

	assert_int_equal(card_hex(c, "00D7CF010A540200005304" "01020304"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "00B1CF010454020000" "04"), 0x9000);
	assert_int_equal(c->data.n, 4);
	assert_int_equal(card_hex(c, "00B1CF010454020001" "02"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\2\3"));
	assert_int_equal(card_hex(c, "00B1CF010454020001" "04"), end(p));
	assert_bytes_equal(c->data, RD_LIT("\2\3\4"));
	assert_int_equal(card_hex(c, "00B1CF010454020004" "01"), end(p));
	assert_int_equal(c->data.n, 0);
	assert_int_equal(card_hex(c, "00B1CF010454020005" "01"), 0x6B00);
	assert_int_equal(card_hex(c, "00B1CF010454020000"), 0x6700);
	assert_int_equal(card_hex(c, "00B1CF010454010000" "01"), 0x6A80);
	assert_int_equal(card_hex(c, "00B1CF020454020000" "01"), 0x6A82);
	assert_int_equal(card_hex(c, "00B1CC000454020000" "01"), 0x6982);
	assert_int_equal(card_hex(c, "00B100000454020000" "01"), 0x6986);
	card_free(c);
}

/* CDnn is the user's. */
EACH(test_private)
{
	struct card *c = ready(p);

	assert_int_equal(card_hex(c, "00D7CD010754020000" "530142"), 0x9000);
	assert_int_equal(card_hex(c, "00B1CD010454020000" "01"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "00B1CD010454020000" "01"), 0x6982);
	assert_int_equal(c->data.n, 0);
	card_free(c);
}

EACH(test_devaut)
{
	struct card *c = card_new(p->name);
	struct cvc device, issuer;
	bool has_issuer;

	card_select(c);
	assert_int_equal(card_hex(c, "00B12F02000004540200000000"), end(p));
	assert_int_equal(c->data.n != 0, p->devaut_when_blank);
	card_init(c, 0x0001);
	assert_int_equal(card_hex(c, "00B12F02000004540200000000"), end(p));
	assert_int_equal(cvc_devaut_read(c->data, &device, &issuer, &has_issuer), ERR_OK);
	assert_int_equal(has_issuer, p->chain);
	assert_bytes_equal(device.chr, vcard_id(c->v));
	if (p->chain) {
		const struct vcard_holder *root = &c->v->own[0], *dica = &c->v->own[1];

		assert_int_equal(device.role, CVC_ROLE_DEVICE);
		assert_int_equal(issuer.role, CVC_ROLE_ISSUER);
		assert_bytes_equal(device.car, issuer.chr);
		assert_bytes_equal(issuer.car, vcard_chr_view(&root->chr));
		assert_int_equal(vcard_holder_verify(root, issuer.body, issuer.sig), ERR_OK);
		assert_int_equal(vcard_holder_verify(dica, device.body, device.sig), ERR_OK);
		assert_int_equal(vcard_holder_verify(root, device.body, device.sig), ERR_SIGNATURE);
	} else {
		assert_bytes_equal(device.car, device.chr);
		assert_int_equal(vcard_holder_verify(&c->v->own[0], device.body, device.sig), ERR_OK);
	}
	card_free(c);
}

EACH(test_enumerate)
{
	struct card *c = ready(p);
	size_t fixed;

	assert_int_equal(card_hex(c, "80580000000000"), 0x9000);
	fixed = c->data.n / 2;
	assert_int_equal(fixed, p->enumerate_all ? 2 : 1);
	for (unsigned i = 0; i < 200; i++) {
		uint8_t update[] = { 0x54, 2, 0, 0, 0x53, 1, (uint8_t)i };

		assert_int_equal(card_send(c, 0x00D7C400 | i, RD_ARR(update), NO_LE), 0x9000);
	}
	assert_int_equal(card_hex(c, "00D7CF000754020000" "530142"), 0x9000);
	assert_int_equal(card_hex(c, "80580000000000"), 0x9000);
	assert_int_equal(c->data.n / 2, fixed + 200 + p->enumerate_all);
	assert_int_equal(card_hex(c, "8058000000"), 0x6700);    /* more than a short answer holds */
	card_free(c);
}

EACH_WITH(test_delete, !p->car_must)
{
	struct card *c = ready(p);

	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", ""), 0x9000);
	assert_int_equal(card_hex(c, "00E4020002CC00"), p->sw_write_protected);
	assert_int_equal(card_hex(c, "00E40200022F02"), p->sw_write_protected);
	assert_int_equal(card_hex(c, "00E4020102CC01"), 0x6A86);
	assert_int_equal(card_hex(c, "00E4020002CC02"), 0x6A82);
	assert_int_equal(card_hex(c, "00E4020002CC01"), 0x9000);
	assert_int_equal(card_hex(c, "00A4000002CC0100"), 0x6A82);
	assert_int_equal(card_hex(c, "00A4000002CE0100"), 0x9000);      /* only what was named */
	assert_int_equal(card_hex(c, "00E4028002CE01"), 0x9000);
	assert_int_equal(card_hex(c, "00E4020002CE01"), 0x6A82);
	card_free(c);
}

EACH_WITH(test_memory_full, p->tells_memory)
{
	struct card *c = ready(p);
	static uint8_t update[1400] = { 0x54, 2 };
	unsigned sw = 0x9000;
	uint32_t before, after;
	struct rd r;
	size_t n = sizeof(update) - 8;

	update[4] = 0x53;
	update[5] = 0x82;
	update[6] = (uint8_t)(n >> 8);
	update[7] = (uint8_t)n;
	for (unsigned i = 0; i < 250 && sw == 0x9000; i++)
		sw = card_send(c, 0x00D7CF00 | i, RD_ARR(update), NO_LE);
	assert_int_equal(sw, 0x6A84);
	assert_int_equal(card_hex(c, "8050000000"), 0x9000);
	r = c->data;
	assert_true(rd_u32(&r, &before) && before < n);
	assert_int_equal(card_hex(c, "00E4020002CF00"), 0x9000);
	assert_int_equal(card_hex(c, "8050000000"), 0x9000);
	r = c->data;
	assert_true(rd_u32(&r, &after) && after > before + n);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_update), each(test_update_refused), each(test_read), each(test_private), each(test_devaut),
		each(test_enumerate), each(test_delete), each(test_memory_full), each(test_longest),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
