/* SPDX-License-Identifier: Apache-2.0 */
/* MANAGE KEY DOMAIN, WRAP KEY and UNWRAP KEY; the golden vectors of APDU reference 6.1 and 10.1. */
#include "base/crypto_rsa_parts.h"
#include "test/unit/vcard.h"
#include "test/vcard/blob.h"

/* Two shares whose XOR is 00 01 ... 1F. */
#define SHARE_A "A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
#define SHARE_B "A5A4A7A6A1A0A3A2ADACAFAEA9A8ABAAB5B4B7B6B1B0B3B2BDBCBFBEB9B8BBBA"
#define KCV     "630DCD2966C43366"

static const uint8_t kek[VCARD_KEK_SIZE] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
};
static const uint8_t nonce[8] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88 };

/* The P-256 key of RFC 6979 A.2.5, wrapped under it. */
#define P256_KEY "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define P256_BLOB \
	"630DCD2966C433660C000A04007F0007020202020300000000000046EE66E9E218CFB03DD0D963FA8D36AB2EFB23D17A05D503DB7FB1" \
	"9D1346AB5103A0E5BA323CAD7F24809D9FAEC4DD00C77A10A387DF7FAC60CEC9EF256604E37346FBF16EFE1816767ADEDC96BCCC9A67" \
	"1B1D7395B2F30507A5635659AC655E1A9D9D1FB6168CB878E55B544EA0236C834FC8F693582AF76F499A7F2AC0221CFF94E2AE201D86" \
	"ABC6F29E765805B5431A799224741A685EFCBA392CCEEA48A47AFC3B9834B2A4D2ED01A17BF9406EF1AE786AEC81DCE5E054C633FAA6" \
	"70BD59C0CC568B81BF091B3D927D6C91F94078CCEDADDE6BB3DC324971380016B8D5CE5D0813AB547690DF00BF64AF7BCED5C288E865" \
	"807F81968EF07B8A90755F1423F119AF5F1C4EFA02389BC74ADFD7D4BB5E71A9A7CEA3EA2B8E070EE6F5FA3E8C83FE270F55A93ADEE6" \
	"51A718F89B7BBBCD983610D8015BB968FA21EC4DFBC33D57A1933A51143592953C9A47BA1ACB4A"

static void assert_hex(struct rd got, const char *hex)
{
	struct wr w;

	wr_init_heap(&w, 8192);
	(void)test_unhex(&w, hex);
	assert_bytes_equal(got, wr_view(&w));
	wr_free(&w);
}

/* ---- the blob ---- */

static void test_check_value(void **state)
{
	static const uint8_t zeros[VCARD_KEK_SIZE];
	uint8_t kcv[VCARD_KCV_SIZE];

	(void)state;
	assert_int_equal(vcard_kek_check(zeros, kcv), ERR_OK);
	assert_hex(RD_ARR(kcv), "66687AADF862BD77");
	assert_int_equal(vcard_kek_check(kek, kcv), ERR_OK);
	assert_hex(RD_ARR(kcv), KCV);
}

static void test_blob_p256(void **state)
{
	struct vcard_blob b = { 0 }, back = { 0 };
	struct wr d, out, bytes;

	(void)state;
	wr_init_heap(&d, 64);
	wr_init_heap(&out, 4096);
	wr_init_heap(&bytes, 4096);
	assert_int_equal(ec_key_import(EC_SECP256R1, test_unhex(&d, P256_KEY), &b.secret.ec), ERR_OK);
	assert_int_equal(vcard_blob_write(&b, kek, nonce, &out), ERR_OK);
	assert_hex(wr_view(&out), P256_BLOB);
	assert_int_equal(vcard_blob_read(wr_view(&out), kek, &back), ERR_OK);
	assert_int_equal(back.algs.n, 0);
	wr_reset(&d);
	assert_int_equal(ec_key_export(back.secret.ec, &d), ERR_OK);
	assert_hex(wr_view(&d), P256_KEY);
	vcard_private_free(&back.secret);

	/* Every byte is covered. */
	for (size_t i = 0; i < out.n; i++) {
		wr_reset(&bytes);
		wr_put(&bytes, wr_view(&out));
		bytes.p[i] ^= 0x10;
		assert_int_equal(vcard_blob_read(wr_view(&bytes), kek, &back), ERR_SIGNATURE);
		assert_int_not_equal(vcard_blob_read(rd_of(out.p, i), kek, &back), ERR_OK);
	}
	vcard_private_free(&b.secret);
	wr_free(&bytes);
	wr_free(&out);
	wr_free(&d);
}

/* The AES key of the reference, with its algorithm list. */
static void test_blob_aes(void **state)
{
	static const uint8_t algs[] = { 0x10, 0x11, 0x18, 0x99 };
	struct vcard_blob b = { .algs = RD_ARR(algs), .secret.aes_n = 16 }, back = { 0 };
	struct wr out;

	(void)state;
	wr_init_heap(&out, 4096);
	for (uint8_t i = 0; i < 16; i++)
		b.secret.aes[i] = 0x40 + i;
	assert_int_equal(vcard_blob_write(&b, kek, nonce, &out), ERR_OK);
	assert_hex(wr_view(&out), KCV "0F00086086480165030401" "000410111899" "00000000"
		   "1129CF25C8EB2F0FEB82F6036EE3B334F0640F61CF9DDB3C39FC2C0312372AE8"
		   "93DB74B0038897C2F2FBB0AF17D4A1F5");
	assert_int_equal(vcard_blob_read(wr_view(&out), kek, &back), ERR_OK);
	assert_bytes_equal(back.algs, RD_ARR(algs));
	assert_int_equal(back.secret.aes_n, 16);
	assert_memory_equal(back.secret.aes, b.secret.aes, 16);
	wr_free(&out);
}

static void test_blob_rsa(void **state)
{
	static const uint8_t algs[] = { 0x20, 0x92 };
	struct vcard_blob b = { .algs = RD_ARR(algs) }, back = { 0 };
	struct wr out, n, n2, e, e2;

	(void)state;
	wr_init_heap(&out, 4096);
	wr_init_heap(&n, 512);
	wr_init_heap(&n2, 512);
	wr_init_heap(&e, 8);
	wr_init_heap(&e2, 8);
	assert_int_equal(rsa_key_generate(2048, RD_LIT("\1\0\1"), &b.secret.rsa), ERR_OK);
	assert_int_equal(vcard_blob_write(&b, kek, nonce, &out), ERR_OK);
	assert_int_equal(out.n, 587 + sizeof(algs));
	assert_false(vcard_blob_has_primes(wr_view(&out)));
	assert_int_equal(vcard_blob_read(wr_view(&out), kek, &back), ERR_OK);
	assert_bytes_equal(back.algs, RD_ARR(algs));
	assert_int_equal(rsa_key_public(b.secret.rsa, &n, &e), ERR_OK);
	assert_int_equal(rsa_key_public(back.secret.rsa, &n2, &e2), ERR_OK);
	assert_bytes_equal(wr_view(&n), wr_view(&n2));
	/* What one of them decrypts is right: the private part came along. */
	wr_reset(&out);
	assert_int_equal(rsa_key_raw(back.secret.rsa, rd_of(n.p + 1, 0), &out), ERR_ARG);
	wr_reset(&e2);
	n.p[0] = 0;
	assert_int_equal(rsa_key_raw(back.secret.rsa, wr_view(&n), &out), ERR_OK);
	assert_int_equal(rsa_open(wr_view(&n2), wr_view(&e), wr_view(&out), &out), ERR_OK);
	assert_bytes_equal(rd_of(out.p + 256, 256), wr_view(&n));
	vcard_private_free(&back.secret);
	vcard_private_free(&b.secret);
	wr_free(&e2);
	wr_free(&e);
	wr_free(&n2);
	wr_free(&n);
	wr_free(&out);
}

/* The numbers of one key, and those of none. */
static void test_rsa_parts(void **state)
{
	struct rd r, body, v, f[9];
	struct rsa_key *k = NULL, *back = NULL;
	struct wr der, again;

	(void)state;
	wr_init_heap(&der, 4096);
	wr_init_heap(&again, 4096);
	assert_int_equal(rsa_key_generate(1024, RD_LIT("\1\0\1"), &k), ERR_OK);
	assert_int_equal(rsa_key_export(k, &der), ERR_OK);
	r = wr_view(&der);
	assert_true(rd_tlv(&r, 0x30, &body));
	for (size_t i = 0; i < 9; i++)
		assert_true(rd_tlv(&body, 0x02, &v) && rd_der_uint(v, &f[i]));
	assert_int_equal(rsa_key_from_exponent(f[1], f[2], f[3], &back), ERR_OK);
	rsa_key_free(&back);
	assert_int_equal(rsa_key_from_primes(f[4], f[5], f[2], &back), ERR_OK);
	assert_int_equal(rsa_key_export(back, &again), ERR_OK);
	r = wr_view(&again);
	assert_true(rd_tlv(&r, 0x30, &body) && rd_tlv(&body, 0x02, &v) && rd_tlv(&body, 0x02, &v));
	assert_bytes_equal(v, rd_of(f[1].p - 1, f[1].n + 1));
	rsa_key_free(&back);

	assert_int_equal(rsa_key_from_exponent(f[1], f[2], f[2], &back), ERR_FORMAT);
	assert_int_equal(rsa_key_from_exponent(f[4], f[2], f[3], &back), ERR_FORMAT);
	assert_int_equal(rsa_key_from_exponent(RD_NONE, f[2], f[3], &back), ERR_FORMAT);
	assert_int_equal(rsa_key_from_exponent(f[1], RD_NONE, f[3], &back), ERR_FORMAT);
	assert_int_equal(rsa_key_from_primes(f[4], RD_LIT("\1"), f[2], &back), ERR_FORMAT);
	assert_null(back);
	rsa_key_free(&k);
	wr_free(&again);
	wr_free(&der);
}

/* ---- the card ---- */

static void import(struct card *c, unsigned domain, const char *share, const char *status)
{
	char hex[160];

	(void)snprintf(hex, sizeof(hex), "805200%02X20%s00", domain, share);
	assert_int_equal(card_hex(c, hex), 0x9000);
	assert_hex(c->data, status);
}

/* A card with one domain, whose key is 00 01 ... 1F; logged in. */
static struct card *with_dkek(const struct vcard_profile *p)
{
	struct card *c = card_new(p->name);

	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "920102"), 0x9000);
	card_select(c);
	import(c, 0, SHARE_A, "0201" "0000000000000000");
	import(c, 0, SHARE_B, "0200" KCV);
	card_login(c);
	return c;
}

EACH(test_shares)
{
	struct card *c = with_dkek(p);

	assert_int_equal(card_hex(c, "8052000020" SHARE_A "00"), p->sw_domain_complete);
	assert_int_equal(card_hex(c, "80520000021234" "00"), 0x6700);
	assert_int_equal(card_hex(c, "8052000100"), 0x6A86);
	assert_int_equal(card_hex(c, "8052050000"), 0x6A86);
	/* It is kept. */
	card_again(c);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000000"), 0x9000);
	assert_hex(c->data, "0200" KCV);
	card_free(c);
}

EACH_WITH(test_off, !p->car_must)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	assert_int_equal(card_hex(c, "8052000000"), 0x6D00);
	card_login(c);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", ""), 0x9000);
	assert_int_equal(card_hex(c, "80720192000000"), 0x6D00);
	assert_int_equal(card_hex(c, "80740193"), 0x6D00);
	card_free(c);
}

EACH_WITH(test_slots, p->domain_slots)
{
	struct card *c = card_new(p->name);

	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "970111"), 0x6A80);
	assert_int_equal(card_init_with(c, 0x0001, PIN, 3, SO_PIN, "970104"), 0x9000);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000300"), 0x6A88);
	assert_int_equal(card_hex(c, "8052000400"), 0x6A86);
	assert_int_equal(card_hex(c, "80520103010200"), p->sw_domain_closed);
	card_login(c);
	assert_int_equal(card_hex(c, "80520103010000"), 0x6A80);
	assert_int_equal(card_hex(c, "80520103010200"), 0x9000);
	assert_hex(c->data, "0202" "0000000000000000");
	assert_int_equal(card_hex(c, "80520103010200"), 0x6985);
	import(c, 3, SHARE_B, "0201" "0000000000000000");
	/* No key before the domain is complete, none in a domain that is not there. */
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", "920103"), 0x6985);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", "920102"), 0x6A88);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", "920104"), 0x6A86);
	import(c, 3, SHARE_A, "0200" KCV);
	assert_int_equal(card_generate(c, 1, EC_SECP256R1, 0, "", "UTKEY00001", "920103"), 0x9000);
	assert_int_equal(card_hex(c, "80720192000000"), 0x9000);
	assert_hex(rd_of(c->data.p, 8), KCV);
	/* A key that says no domain is of the first, which is empty here. */
	assert_int_equal(card_generate(c, 2, EC_SECP256R1, 0, "", "UTKEY00002", ""), 0x9000);
	assert_int_equal(card_hex(c, "80720292000000"), 0x6A88);

	/* The key stays when its domain's is forgotten, but cannot leave; then the domain cannot be deleted. */
	assert_int_equal(card_hex(c, "8052040300"), 0x9000);
	assert_hex(c->data, "0202" "0000000000000000");
	assert_int_equal(card_hex(c, "80720192000000"), 0x6A88);
	assert_int_equal(card_hex(c, "80520303"), p->sw_domain_keys);
	assert_int_equal(card_hex(c, "00E4020002CC01"), 0x9000);
	assert_int_equal(card_hex(c, "80520303"), p->sw_domain_deleted);
	assert_int_equal(card_hex(c, "8052000300"), 0x6A88);
	card_again(c);
	card_select(c);
	assert_int_equal(card_hex(c, "8052000300"), 0x6A88);
	card_free(c);
}

/* A signature of key id over bytes. */
static void check_signature(struct card *c, uint8_t id, struct rd q)
{
	uint8_t hash[SHA256_SIZE], bytes[EC_SIG_MAX];
	struct wr sig;

	WR_ARR(&sig, bytes);
	assert_int_equal(sha256(RD_LIT("Hello"), hash), ERR_OK);
	assert_int_equal(card_send(c, 0x80680070 | (uint32_t)id << 8, RD_ARR(hash), 0), 0x9000);
	assert_int_equal(ec_sig_from_der(c->data, q.n / 2, &sig), ERR_OK);
	assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), wr_view(&sig)), ERR_OK);
}

static void write_transfer(struct card *c, struct rd bytes)
{
	struct wr w;

	wr_init_heap(&w, 4096);
	wr_tlv(&w, 0x54, RD_LIT("\0\0"));
	wr_tlv(&w, 0x53, bytes);
	assert_int_equal(card_send(c, 0x00D72F10, wr_view(&w), NO_LE), 0x9000);
	wr_free(&w);
}

EACH(test_golden_blob)
{
	struct card *c = with_dkek(p);
	struct ec_key *k = NULL;
	struct wr blob, d, q;

	wr_init_heap(&blob, 4096);
	wr_init_heap(&d, 64);
	wr_init_heap(&q, EC_POINT_MAX);
	assert_int_equal(ec_key_import(EC_SECP256R1, test_unhex(&d, P256_KEY), &k), ERR_OK);
	assert_int_equal(ec_key_public(k, &q), ERR_OK);
	(void)test_unhex(&blob, P256_BLOB);
	assert_int_equal(card_send(c, 0x80740593, wr_view(&blob), NO_LE), 0x9000);
	check_signature(c, 5, wr_view(&q));
	/* Only the key: its descriptions are the host's. */
	assert_int_equal(card_hex(c, "00A4000002CE0500"), 0x6A82);
	assert_int_equal(card_hex(c, "00A4000002C40500"), 0x6A82);
	if (!p->key_overwrite)
		assert_int_equal(card_send(c, 0x80740593, wr_view(&blob), NO_LE), 0x6985);
	/* It may come by the transfer file, too. */
	assert_int_equal(card_hex(c, "80740793"), 0x6A80);
	write_transfer(c, wr_view(&blob));
	assert_int_equal(card_hex(c, "80740793"), 0x9000);
	check_signature(c, 7, wr_view(&q));

	/* Changed, or of another key, or nobody logged in. */
	blob.p[100] ^= 1;
	assert_int_equal(card_send(c, 0x80740893, wr_view(&blob), NO_LE), p->sw_unwrap_foreign);
	blob.p[0] ^= 1;
	assert_int_equal(card_send(c, 0x80740893, wr_view(&blob), NO_LE), p->sw_unwrap_foreign);
	card_select(c);
	assert_int_equal(card_send(c, 0x80740893, wr_view(&blob), NO_LE), 0x6982);
	ec_key_free(&k);
	wr_free(&q);
	wr_free(&d);
	wr_free(&blob);
	card_free(c);
}

/* From one card to another, with the algorithm list; without 92 in the list it stays. */
EACH_WITH(test_travel, p->keys_limited)
{
	struct card *a = with_dkek(p), *b = with_dkek(p);
	struct wr blob;

	wr_init_heap(&blob, 4096);
	assert_int_equal(card_hex(a, "80720192000000"), 0x6A88);
	assert_int_equal(card_generate(a, 1, EC_NONE, 1024, "", "UTKEY00001", "91023092"), 0x9000);
	assert_int_equal(card_generate(a, 2, EC_BP256R1, 0, "", "UTKEY00002", "91027380"), 0x9000);
	assert_int_equal(card_hex(a, "80720292000000"), p->sw_key_algorithm);
	assert_int_equal(card_hex(a, "80720192000000"), 0x9000);
	wr_put(&blob, a->data);
	assert_int_equal(card_send(b, 0x80740993, wr_view(&blob), NO_LE), 0x9000);
	assert_int_equal(card_hex(b, "00A4000002CC0900"), 0x9000);
	assert_non_null(memmem(b->data.p, b->data.n, "\xA5\x04\x91\x02\x30\x92", 6));
	assert_int_equal(card_hex(b, "80680970014800"), 0x6A81);
	/* Not logged in, nothing leaves. */
	card_select(a);
	assert_int_equal(card_hex(a, "80720192000000"), 0x6982);
	wr_free(&blob);
	card_free(b);
	card_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_value), cmocka_unit_test(test_blob_p256),
		cmocka_unit_test(test_blob_aes),    cmocka_unit_test(test_blob_rsa),
		cmocka_unit_test(test_rsa_parts),   each(test_shares),
		each(test_off),                     each(test_slots),
		each(test_golden_blob),             each(test_travel),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
