/* SPDX-License-Identifier: Apache-2.0 */
/* AES keys: GENERATE SYMMETRIC KEY and what they do. */
#include "base/crypto_digest.h"
#include "test/unit/vcard.h"

#define GENERATE(key, algo) (0x00480000u | (key) << 8 | (algo))
#define CIPHER(key, algo)   (0x80780000u | (key) << 8 | (algo))

static struct card *ready(const struct vcard_profile *p)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	card_login(c);
	return c;
}

/* A key whose value the test knows: FIPS-197's. */
static struct rd known_key(struct card *c, uint8_t id)
{
	struct vcard_key *k = vcard_state_key(c->v->state, id);

	for (uint8_t i = 0; i < k->secret.aes_n; i++)
		k->secret.aes[i] = i;
	return rd_of(k->secret.aes, k->secret.aes_n);
}

static struct rd made(struct card *c, uint32_t header, struct rd data, struct wr *keep)
{
	assert_int_equal(card_send(c, header, data, LE_ALL), 0x9000);
	wr_reset(keep);
	wr_put(keep, c->data);
	return wr_view(keep);
}

/* Three sizes; each encrypts, decrypts and authenticates as software with the same key does. */
EACH_WITH(test_sizes, HAS_INS(0x48))
{
	static const uint8_t iv[AES_BLOCK];
	const struct rd text = RD_LIT("thirty-two bytes, that is twice 16.");
	struct card *c = ready(p);
	uint8_t mac[AES_BLOCK], first[32];
	struct wr expected, got;

	wr_init_heap(&expected, 64);
	wr_init_heap(&got, 64);
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t id = (uint8_t)(i + 1);
		struct vcard_key *k;
		struct rd key, cipher;

		assert_int_equal(card_send(c, GENERATE(id, 0xB0u + i), RD_LIT("\x91\x04\x10\x11\x18\x99"), NO_LE),
				 0x9000);
		assert_int_equal(c->data.n, 0);
		k = vcard_state_key(c->v->state, id);
		assert_int_equal(k->secret.aes_n, 16 + 8 * i);
		/* Random, and not that of before. */
		assert_false(rd_is_zero(rd_of(k->secret.aes, 16)));
		assert_true(i == 0 || memcmp(first, k->secret.aes, 16) != 0);
		memcpy(first, k->secret.aes, 16);
		key = known_key(c, id);
		wr_reset(&expected);
		assert_int_equal(aes_cbc_encrypt(key, iv, rd_of(text.p, 32), &expected), ERR_OK);
		cipher = made(c, CIPHER(id, 0x10), rd_of(text.p, 32), &got);
		assert_bytes_equal(cipher, wr_view(&expected));
		assert_int_equal(card_send(c, CIPHER(id, 0x11), cipher, LE_ALL), 0x9000);
		assert_bytes_equal(c->data, rd_of(text.p, 32));
		assert_int_equal(aes_cmac(key, text, mac), ERR_OK);
		assert_int_equal(card_send(c, CIPHER(id, 0x18), text, 0), 0x9000);
		assert_bytes_equal(c->data, RD_ARR(mac));
		assert_int_equal(card_send(c, CIPHER(id, 0x10), rd_of(text.p, 31), LE_ALL), p->sw_cipher_length);
		assert_int_equal(card_send(c, CIPHER(id, 0x11), rd_of(text.p, 17), LE_ALL), p->sw_cipher_length);
	}
	/* FIPS-197 C.1. */
	assert_int_equal(card_hex(c, "80780110" "10" "00112233445566778899aabbccddeeff" "00"), 0x9000);
	assert_bytes_equal(c->data, RD_LIT("\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a"));
	wr_free(&got);
	wr_free(&expected);
	card_free(c);
}

/* The same parameter always gives the same bytes, another one others; what they are, each profile has its own way. */
EACH_WITH(test_derive, HAS_INS(0x48))
{
	const struct rd parameter = RD_LIT("a parameter of 23 bytes");
	struct card *c = ready(p);
	uint8_t zeros[AES_BLOCK] = { 0 }, key[SHA256_SIZE], part[SHA256_SIZE];
	struct wr one, text;

	wr_init_heap(&one, 64);
	wr_init_heap(&text, 64);
	assert_int_equal(card_send(c, GENERATE(1u, 0xB2u), RD_NONE, NO_LE), 0x9000);
	(void)known_key(c, 1);
	(void)made(c, CIPHER(1u, 0x99), parameter, &one);
	assert_int_equal(one.n, p->derive_hkdf ? parameter.n : 32);
	if (p->derive_hkdf) {
		assert_int_equal(hmac_sha256(RD_NONE, known_key(c, 1), key), ERR_OK);
		wr_put(&text, parameter);
		wr_u8(&text, 1);
		assert_int_equal(hmac_sha256(RD_ARR(key), wr_view(&text), part), ERR_OK);
		assert_bytes_equal(wr_view(&one), rd_of(part, parameter.n));
	} else {
		assert_int_equal(aes_cmac(RD_ARR(zeros), known_key(c, 1), key), ERR_OK);
		wr_u32(&text, 2);
		wr_put(&text, parameter);
		assert_int_equal(aes_cmac(rd_of(key, AES_BLOCK), wr_view(&text), part), ERR_OK);
		assert_bytes_equal(rd_of(one.p + AES_BLOCK, AES_BLOCK), rd_of(part, AES_BLOCK));
	}
	assert_int_equal(card_send(c, CIPHER(1u, 0x99), parameter, LE_ALL), 0x9000);
	assert_bytes_equal(c->data, wr_view(&one));
	assert_int_equal(card_send(c, CIPHER(1u, 0x99), RD_LIT("A parameter of 23 bytes"), LE_ALL), 0x9000);
	assert_false(rd_eq(c->data, wr_view(&one)));
	wr_free(&text);
	wr_free(&one);
	card_free(c);
}

/* Algorithm list, use counter and login; they are shown by SELECT and survive the loss of power. */
EACH_WITH(test_attributes, HAS_INS(0x48))
{
	const struct rd block = RD_LIT("sixteen bytes...");
	struct card *c = ready(p);
	struct wr cipher;

	wr_init_heap(&cipher, 64);
	assert_int_equal(card_send(c, GENERATE(9u, 0xB0u), RD_LIT("\x91\x02\x10\x11\x90\x04\0\0\0\3\x93\1\1"), NO_LE),
			 0x9000);
	assert_int_equal(card_hex(c, "00A4000002CC0900"), 0x9000);
	assert_true(c->data.n > 12 && rd_eq(rd_of(c->data.p + c->data.n - 12, 12),
					    RD_LIT("\xA5\x0A\x90\x04\0\0\0\3\x91\x02\x10\x11")));
	assert_int_equal(card_send(c, CIPHER(9u, 0x18), block, LE_ALL), p->sw_key_algorithm);
	(void)made(c, CIPHER(9u, 0x10), block, &cipher);
	card_again(c);
	card_select(c);
	assert_int_equal(card_send(c, CIPHER(9u, 0x11), wr_view(&cipher), LE_ALL), 0x6982);
	assert_int_equal(card_send(c, GENERATE(10u, 0xB0u), RD_NONE, NO_LE), 0x6982);
	card_login(c);
	assert_int_equal(card_send(c, CIPHER(9u, 0x11), wr_view(&cipher), LE_ALL), 0x9000);
	assert_bytes_equal(c->data, block);
	assert_int_equal(card_send(c, CIPHER(9u, 0x11), wr_view(&cipher), LE_ALL), 0x9000);
	assert_int_equal(card_send(c, CIPHER(9u, 0x11), wr_view(&cipher), LE_ALL), p->sw_key_uses);
	wr_free(&cipher);
	card_free(c);
}

EACH_WITH(test_refused, HAS_INS(0x48))
{
	static const struct {
		uint32_t header;
		struct rd data;
		unsigned sw;
	} rows[] = {
		{ GENERATE(1u, 0xAFu), { NULL, 0 }, 0x6A86 },
		{ GENERATE(1u, 0xB3u), { NULL, 0 }, 0x6A86 },
		{ GENERATE(0u, 0xB0u), { NULL, 0 }, 0x6A86 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x90\x04\0\0\0\0", 6 }, 0x6A80 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x90\x02\0\1", 4 }, 0x6A80 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x91\1\x10\x91\1\x10", 6 }, 0x6A80 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x92\1\1", 3 }, 0x6A86 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x93\2\1\1", 4 }, 0x6A80 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x94\1\1", 3 }, 0x6A80 },
		{ GENERATE(1u, 0xB0u), { (const uint8_t *)"\x91\2\x10", 3 }, 0x6A80 },
	};
	const struct rd block = RD_LIT("sixteen bytes...");
	struct card *c = ready(p);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(card_send(c, rows[i].header, rows[i].data, NO_LE), rows[i].sw);
	assert_int_equal(card_send(c, CIPHER(1u, 0x10), block, LE_ALL), p->sw_key_absent);
	assert_int_equal(card_send(c, GENERATE(1u, 0xB0u), RD_NONE, NO_LE), 0x9000);
	assert_int_equal(card_send(c, GENERATE(1u, 0xB0u), RD_NONE, NO_LE), p->key_overwrite ? 0x9000 : 0x6985);
	/* Algorithms and commands of other keys, either way. */
	assert_int_equal(card_send(c, CIPHER(1u, 0x12), block, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, CIPHER(1u, 0x70), block, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80680170, block, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80620180, block, LE_ALL), 0x6A81);
	assert_int_equal(card_generate(c, 2, EC_SECP256R1, 0, "", "UTKEY00002", ""), 0x9000);
	assert_int_equal(card_send(c, CIPHER(2u, 0x10), block, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, CIPHER(1u, 0x10), RD_NONE, LE_ALL), 0x6700);
	/* It is deleted as any key is. */
	assert_int_equal(card_hex(c, "00E4020002CC01"), 0x9000);
	assert_int_equal(card_send(c, CIPHER(1u, 0x10), block, LE_ALL), p->sw_key_absent);
	card_free(c);
}

/* A full card makes no key of any kind, keeps what it has, and makes keys again when something is deleted. */
EACH_WITH(test_full, HAS_INS(0x48))
{
	struct card *c = ready(p);
	struct vcard_file *f;
	uint32_t id = 1;
	unsigned sw;

	for (uint16_t fid = 0xCF01; fid <= 0xCF04; fid++) {
		assert_int_equal(vcard_state_file_make(c->v->state, fid, &f), ERR_OK);
		wr_zeros(&f->data, 53500);
	}
	assert_int_equal(vcard_commit(c->v), SW_OK);
	while ((sw = card_send(c, GENERATE(id, 0xB2u), RD_NONE, NO_LE)) == 0x9000)
		id++;
	assert_int_equal(sw, 0x6A84);
	assert_true(id > 5 && id < 50);
	assert_null(vcard_state_key(c->v->state, (uint8_t)id));
	assert_int_equal(card_generate(c, 0xF0, EC_SECP256R1, 0, "", "UTKEY000F0", ""), 0x6A84);
	assert_int_equal(card_hex(c, "00A4000002CCF000"), 0x6A82);
	assert_int_equal(card_hex(c, "00A4000002CEF000"), 0x6A82);
	card_again(c);
	card_select(c);
	card_login(c);
	assert_int_equal(card_send(c, CIPHER(id - 1, 0x18), RD_LIT("x"), LE_ALL), 0x9000);
	assert_int_equal(card_hex(c, "00E4020002CF01"), 0x9000);
	assert_int_equal(card_send(c, GENERATE(id, 0xB2u), RD_NONE, NO_LE), 0x9000);
	assert_int_equal(card_generate(c, 0xF0, EC_SECP256R1, 0, "", "UTKEY000F0", ""), 0x9000);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_sizes), each(test_derive), each(test_attributes), each(test_refused),
		each(test_full),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
