/* SPDX-License-Identifier: Apache-2.0 */
/* GENERATE ASYMMETRIC KEY PAIR and SIGN; what they answer is verified here. */
#include "base/crypto_rsa.h"
#include "test/unit/vcard.h"

static struct card *ready(const struct vcard_profile *p)
{
	struct card *c = card_new(p->name);

	card_init(c, 0x0001);
	card_login(c);
	return c;
}

/* The key pair's request: both signatures, names, and that EF CEnn holds the same. Views stay valid in copy. */
static void check_request(struct card *c, uint8_t id, const char *car, const char *chr, struct wr *copy,
			  struct cvc_request *out)
{
	struct rd r;

	wr_reset(copy);
	wr_put(copy, c->data);
	r = wr_view(copy);
	assert_int_equal(cvc_request_read(&r, out), ERR_OK);
	assert_true(rd_end(&r));
	assert_true(rd_eq_str(out->inner.car, car));
	assert_true(rd_eq_str(out->inner.chr, chr));
	assert_false(out->inner.has_chat);
	assert_int_equal(
		cvc_verify(&out->inner.key, cvc_key_curve(&out->inner.key, EC_NONE), out->inner.body, out->inner.sig),
		ERR_OK);
	assert_int_equal(vcard_holder_verify(&c->v->own[c->v->own_n - 1], out->signed_part, out->sig), ERR_OK);
	assert_int_equal(card_send(c, 0x00B1CE00 | id, RD_LIT("\x54\x02\0\0"), (int)copy->n), 0x9000);
	assert_bytes_equal(c->data, wr_view(copy));
}

EACH_WITH(test_generate, p->keys_large)
{
	struct card *c = ready(p);
	struct cvc_request request;
	struct wr copy;
	uint8_t id = 1;

	wr_init_heap(&copy, CVC_MAX);
	for (enum ec_curve curve = EC_NONE + 1; curve < EC_CURVES; curve++, id++) {
		if (!ec_domain_get(curve))
			continue;
		assert_int_equal(card_generate(c, id, curve, 0, "UTCA00001", "UTKEY00001", ""), 0x9000);
		check_request(c, id, "UTCA00001", "UTKEY00001", &copy, &request);
		assert_int_equal(cvc_key_curve(&request.inner.key, EC_NONE), curve);
		assert_bytes_equal(request.outer_car, vcard_id(c->v));
	}
	for (unsigned bits = 1024; bits <= 2048; bits += 512, id++) {
		assert_int_equal(card_generate(c, id, EC_NONE, bits, "UTCA00001", "UTKEY00001", ""), 0x9000);
		check_request(c, id, "UTCA00001", "UTKEY00001", &copy, &request);
		assert_true(request.inner.key.is_rsa);
		assert_int_equal(request.inner.key.modulus.n * 8, bits);
		assert_bytes_equal(request.inner.key.exponent, RD_LIT("\x01\x00\x01"));
	}
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_template, p->keys_limited)
{
	struct card *c = ready(p);
	struct cvc_request request;
	struct wr copy;

	wr_init_heap(&copy, CVC_MAX);
	/* Without inner reference, with outer one, in both tags. */
	assert_int_equal(card_generate(c, 1, EC_BP256R1, 0, "", "UTKEYWITH20CHARACTER", ""), 0x9000);
	check_request(c, 1, "", "UTKEYWITH20CHARACTER", &copy, &request);
	assert_int_equal(card_generate(c, 2, EC_BP256R1, 0, "UTKEY00002", "UTKEY00002",
				       "450A55544F555430303030"
				       "31"),
			 0x9000);
	check_request(c, 2, "UTKEY00002", "UTKEY00002", &copy, &request);
	assert_true(rd_eq_str(request.outer_car, "UTOUT00001"));
	assert_int_equal(card_generate(c, 3, EC_BP256R1, 0, "", "UTKEY00003", "420A55544F555430303030" "31"), 0x9000);
	check_request(c, 3, "", "UTKEY00003", &copy, &request);
	assert_true(rd_eq_str(request.outer_car, "UTOUT00001"));

	/* Use counter and algorithm list are shown by SELECT. */
	assert_int_equal(card_generate(c, 4, EC_BP256R1, 0, "", "UTKEY00004", "9004000003E8" "91027380"), 0x9000);
	assert_int_equal(card_hex(c, "00A4000002CC0400"), 0x9000);
	assert_true(c->data.n > 12 && rd_eq(rd_of(c->data.p + c->data.n - 12, 12),
					    RD_LIT("\xA5\x0A\x90\x04\0\0\3\xE8\x91\x02\x73\x80")));
	assert_int_equal(card_hex(c, "00A4000002CC0100"), 0x9000);
	assert_true(c->data.n > 2 && rd_eq(rd_of(c->data.p + c->data.n - 2, 2), RD_LIT("\xA5\x00")));
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_template_refused, p->keys_limited)
{
	static const struct {
		const char *car, *chr, *more;
		unsigned sw;
	} cases[] = {
		{ "utca00001", "UTKEY00001", "", 0x6A80 },
		{ "UTCA001", "UTKEY00001", "", 0x6A80 },
		{ "", "UTKEY01", "", 0x6A80 },
		{ "", "UTKEY00000000000000001", "", 0x6A80 },
		{ "", "UTKEY00001", "4503555401", 0x6A80 },
		{ "", "UTKEY00001", "900400000000", 0x6A80 },
		{ "", "UTKEY00001", "90020001", 0x6A80 },
		{ "", "UTKEY00001", "9111" "0102030405060708090A0B0C0D0E0F1011", 0x6A80 },
		{ "", "UTKEY00001", "920101", 0x6A86 },
		{ "", "UTKEY00001", "93020101", 0x6A80 },
	};
	struct card *c = ready(p);
	struct wr w;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(card_generate(c, 1, EC_BP256R1, 0, cases[i].car, cases[i].chr, cases[i].more),
				 cases[i].sw);
	assert_int_equal(card_generate(c, 1, EC_NONE, 1000, "", "UTKEY00001", ""), 0x6A81);
	assert_int_equal(card_generate(c, 1, EC_NONE, 512, "", "UTKEY00001", ""), 0x6A81);
	/* A curve with another cofactor is none that the card knows. */
	wr_init_heap(&w, 4096);
	put_key_template(&w, EC_BP256R1, 0, "", "UTKEY00001");
	w.p[w.n - 14] = 2;
	assert_int_equal(w.p[w.n - 15], 1);
	assert_int_equal(w.p[w.n - 16], 0x87);
	assert_int_equal(card_send(c, 0x00460100, wr_view(&w), LE_ALL), 0x6A81);
	w.p[w.n - 14] = 1;
	assert_int_equal(card_send(c, 0x00460101, wr_view(&w), LE_ALL), 0x6A86);
	assert_int_equal(card_send(c, 0x00460000, wr_view(&w), LE_ALL), 0x6A86);
	assert_int_equal(card_send(c, 0x00460100, rd_of(w.p, w.n - 1), LE_ALL), 0x6A80);
	/* Nothing came of all that. Without Le the answer is in CEnn only. */
	assert_int_equal(card_hex(c, "00A4000002CE0100"), 0x6A82);
	assert_int_equal(card_send(c, 0x00460100, wr_view(&w), NO_LE), 0x9000);
	assert_int_equal(c->data.n, 0);
	assert_int_equal(card_hex(c, "00A4000002CE0100"), 0x9000);
	assert_int_equal(card_send(c, 0x00460100, wr_view(&w), LE_ALL), p->key_overwrite ? 0x9000 : 0x6985);
	card_select(c);
	assert_int_equal(card_send(c, 0x00460200, wr_view(&w), LE_ALL), 0x6982);
	wr_free(&w);
	card_free(c);
}

/* The worked commands of APDU reference 3.11. */
EACH(test_worked_bytes)
{
	struct card *c = ready(p);

	assert_int_equal(card_hex(c, "0046020000003A5F2901004209555443413030303031"
				     "7F4915060A04007F00070202020102820301000102020800"
				     "5F201044454E4B3031303030303130303030310000"), 0x9000);
	assert_int_equal(card_hex(c, "00460100000100" "5F290100" "4209555443413030303031" "7F4981DA"
				     "060A04007F00070202020203"
				     "8120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"
				     "8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
				     "83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"
				     "8441046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2"
				     "964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
				     "8520FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
				     "870101" "5F201044454E4B303130303030313030303031" "0000"), 0x9000);
	assert_int_equal(card_hex(c, "806801730548656C6C6F00"), 0x9000);
	card_free(c);
}

static struct rd hash_of(enum digest_alg a, struct rd bytes, uint8_t out[DIGEST_MAX])
{
	struct wr w;

	wr_init(&w, out, DIGEST_MAX);
	assert_int_equal(digest_once(a, bytes, &w), ERR_OK);
	return wr_view(&w);
}

EACH_WITH(test_sign_rsa, p->sha2_rsa_long)
{
	static const struct {
		uint8_t alg;
		enum digest_alg digest;
	} hashed[] = {
		{ 0x31, DIGEST_SHA1 }, { 0x33, DIGEST_SHA256 }, { 0x34, DIGEST_SHA384 }, { 0x35, DIGEST_SHA512 }
	};
	struct card *c = ready(p);
	struct cvc_request request;
	uint8_t h[DIGEST_MAX], info_bytes[64], block_bytes[256];
	struct wr copy, info, block;
	struct cvc_key *key = &request.inner.key;
	const struct rd text = RD_LIT("some text");

	wr_init_heap(&copy, CVC_MAX);
	assert_int_equal(card_generate(c, 5, EC_NONE, 2048, "", "UTKEY00005", ""), 0x9000);
	check_request(c, 5, "", "UTKEY00005", &copy, &request);
	for (size_t i = 0; i < sizeof(hashed) / sizeof(*hashed); i++) {
		assert_int_equal(card_send(c, 0x80680500 | hashed[i].alg, text, LE_ALL), 0x9000);
		assert_int_equal(rsa_verify_pkcs1(key->modulus, key->exponent, hashed[i].digest,
						  hash_of(hashed[i].digest, text, h), c->data),
				 ERR_OK);
		assert_int_equal(vcard_delay_ms(c->v), 600);
	}
	WR_ARR(&info, info_bytes);
	assert_int_equal(digest_info(DIGEST_SHA256, hash_of(DIGEST_SHA256, text, h), &info), ERR_OK);
	assert_int_equal(card_send(c, 0x80680530, wr_view(&info), LE_ALL), 0x9000);
	assert_int_equal(rsa_verify_pkcs1(key->modulus, key->exponent, DIGEST_SHA256, hash_of(DIGEST_SHA256, text, h),
					  c->data),
			 ERR_OK);
	/* Le = 00 is just enough for 256 bytes. */
	assert_int_equal(card_send(c, 0x80680530, wr_view(&info), 0), 0x9000);
	assert_int_equal(card_send(c, 0x80680530, wr_view(&info), 255), 0x6700);

	WR_ARR(&block, block_bytes);
	assert_int_equal(rsa_pad_pkcs1(wr_view(&info), 256, &block), ERR_OK);
	assert_int_equal(card_send(c, 0x80680520, wr_view(&block), LE_ALL), 0x9000);
	assert_int_equal(rsa_verify_pkcs1(key->modulus, key->exponent, DIGEST_SHA256, hash_of(DIGEST_SHA256, text, h),
					  c->data),
			 ERR_OK);
	assert_int_equal(card_send(c, 0x80680520, rd_of(block_bytes, 255), LE_ALL), 0x6A80);
	block_bytes[0] = 0xFF;  /* not below the modulus */
	assert_int_equal(card_send(c, 0x80680520, wr_view(&block), LE_ALL), 0x6A80);
	assert_int_equal(card_send(c, 0x80680530, rd_of(block_bytes, 246), LE_ALL), 0x6A80);
	assert_int_equal(card_send(c, 0x80680573, text, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80680599, text, LE_ALL), 0x6A81);
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_sign_pss, p->pss)
{
	static const struct {
		uint8_t alg;
		enum digest_alg digest;
	} hashed[] = {
		{ 0x41, DIGEST_SHA1 }, { 0x42, DIGEST_SHA224 }, { 0x43, DIGEST_SHA256 }, { 0x44, DIGEST_SHA384 },
	};
	struct card *c = ready(p);
	struct cvc_request request;
	const struct cvc_key *key = &request.inner.key;
	const struct rd text = RD_LIT("some text");
	uint8_t h[DIGEST_MAX];
	struct wr copy;

	wr_init_heap(&copy, CVC_MAX);
	assert_int_equal(card_generate(c, 5, EC_NONE, 1024, "", "UTKEY00005", ""), 0x9000);
	check_request(c, 5, "", "UTKEY00005", &copy, &request);
	for (size_t i = 0; i < sizeof(hashed) / sizeof(*hashed); i++) {
		struct rd hash = hash_of(hashed[i].digest, text, h);
		bool has = hashed[i].digest != DIGEST_SHA224 || p->sha224;

		assert_int_equal(card_send(c, 0x80680500 | hashed[i].alg, text, LE_ALL), has ? 0x9000 : 0x6A81);
		if (has)
			assert_int_equal(rsa_verify_pss(key->modulus, key->exponent, hashed[i].digest, hash, c->data),
					 ERR_OK);
		/* The hash itself: its size says which. */
		assert_int_equal(card_send(c, 0x80680540, hash, LE_ALL), has ? 0x9000 : 0x6A80);
		if (has)
			assert_int_equal(rsa_verify_pss(key->modulus, key->exponent, hashed[i].digest, hash, c->data),
					 ERR_OK);
	}
	/* No hash; and SHA-512 with a salt of 64 bytes does not fit into 128. */
	assert_int_equal(card_send(c, 0x80680540, text, LE_ALL), 0x6A80);
	assert_int_equal(card_send(c, 0x80680545, text, LE_ALL), 0x6A80);
	wr_free(&copy);
	card_free(c);
}

/* Reference 3.14: with the padding, and without it; and what is none. */
EACH_WITH(test_decipher_rsa, p->keys_limited)
{
	struct rsa_oaep oaep = { .hash = DIGEST_SHA256, .mgf = DIGEST_SHA256 };
	struct card *c = ready(p);
	struct cvc_request request;
	const struct cvc_key *key = &request.inner.key;
	const struct rd text = RD_LIT("some text");
	uint8_t block_bytes[128], cipher_bytes[128];
	struct wr copy, block, cipher;

	wr_init_heap(&copy, CVC_MAX);
	WR_ARR(&block, block_bytes);
	WR_ARR(&cipher, cipher_bytes);
	assert_int_equal(card_generate(c, 5, EC_NONE, 1024, "", "UTKEY00005", "900400000005"), 0x9000);
	check_request(c, 5, "", "UTKEY00005", &copy, &request);
	assert_int_equal(rsa_pad_crypt(text, 128, &block), ERR_OK);
	assert_int_equal(rsa_open(key->modulus, key->exponent, wr_view(&block), &cipher), ERR_OK);
	assert_int_equal(card_send(c, 0x80620521, wr_view(&cipher), LE_ALL), 0x9000);
	assert_bytes_equal(c->data, wr_view(&block));
	assert_int_equal(card_send(c, 0x80620522, wr_view(&cipher), LE_ALL), 0x9000);
	assert_bytes_equal(c->data, text);
	assert_int_equal(card_send(c, 0x80620523, wr_view(&cipher), LE_ALL), 0x6A80);
	wr_reset(&block);
	wr_reset(&cipher);
	assert_int_equal(sha256(RD_NONE, oaep.label), ERR_OK);
	assert_int_equal(rsa_pad_oaep(&oaep, text, 128, &block), ERR_OK);
	assert_int_equal(rsa_open(key->modulus, key->exponent, wr_view(&block), &cipher), ERR_OK);
	assert_int_equal(card_send(c, 0x80620523, wr_view(&cipher), LE_ALL), 0x9000);
	assert_bytes_equal(c->data, text);
	/* Another length; ECDH with an RSA key; an algorithm that is none; no such key. */
	assert_int_equal(card_send(c, 0x80620521, rd_of(cipher_bytes, 127), LE_ALL), 0x6A80);
	assert_int_equal(card_send(c, 0x80620580, wr_view(&cipher), LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80620599, wr_view(&cipher), LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80620621, wr_view(&cipher), LE_ALL), p->sw_key_absent);
	/* What failed did not count: two of five uses are left. */
	assert_int_equal(card_send(c, 0x80620521, wr_view(&cipher), LE_ALL), 0x9000);
	assert_int_equal(card_send(c, 0x80620521, wr_view(&cipher), LE_ALL), 0x9000);
	assert_int_equal(card_send(c, 0x80620521, wr_view(&cipher), LE_ALL), p->sw_key_uses);
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_decipher_ec, p->keys_large)
{
	struct card *c = ready(p);
	struct cvc_request request;
	uint8_t point_bytes[EC_POINT_MAX], shared_bytes[EC_POINT_MAX];
	struct wr copy, point, shared;
	struct ec_key *peer;

	wr_init_heap(&copy, CVC_MAX);
	WR_ARR(&point, point_bytes);
	WR_ARR(&shared, shared_bytes);
	assert_int_equal(card_generate(c, 6, EC_BP256R1, 0, "", "UTKEY00006", "91027380"), 0x9000);
	check_request(c, 6, "", "UTKEY00006", &copy, &request);
	assert_int_equal(card_generate(c, 7, EC_BP256R1, 0, "", "UTKEY00007", "910173"), 0x9000);
	assert_int_equal(ec_key_generate(EC_BP256R1, &peer), ERR_OK);
	assert_int_equal(ec_key_public(peer, &point), ERR_OK);
	assert_int_equal(ec_key_shared_point(peer, request.inner.key.q, &shared), ERR_OK);
	assert_true(ec_point_is_valid(EC_BP256R1, wr_view(&shared)));
	assert_int_equal(card_send(c, 0x80620680, wr_view(&point), 0), 0x9000);
	assert_bytes_equal(c->data, rd_of(shared_bytes, p->agree_x_only ? 33 : 65));
	/* Not in the key's list; not on the curve; RSA with an EC key; logged out. */
	assert_int_equal(card_send(c, 0x80620780, wr_view(&point), 0), p->sw_key_algorithm);
	point_bytes[64] ^= 1;
	assert_int_equal(card_send(c, 0x80620680, wr_view(&point), 0), 0x6A80);
	assert_int_equal(card_send(c, 0x80620621, wr_view(&point), 0), 0x6A81);
	card_again(c);
	assert_int_equal(card_hex(c, "00A404000BE82B0601040181C31F020100"), 0x9000);
	assert_int_equal(card_send(c, 0x80620680, wr_view(&point), 0), 0x6982);
	ec_key_free(&peer);
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_sign_ec, p->keys_large)
{
	static const struct {
		uint8_t alg;
		enum digest_alg digest;
	} hashed[] = {
		{ 0x71, DIGEST_SHA1 },   { 0x72, DIGEST_SHA224 }, { 0x73, DIGEST_SHA256 },
		{ 0x74, DIGEST_SHA384 }, { 0x75, DIGEST_SHA512 },
	};
	struct card *c = ready(p);
	struct cvc_request request;
	uint8_t h[DIGEST_MAX], plain[64];
	const struct rd text = RD_LIT("some text");
	size_t sizes[80] = { 0 };
	struct wr copy, sig;

	wr_init_heap(&copy, CVC_MAX);
	assert_int_equal(card_generate(c, 6, EC_BP256R1, 0, "", "UTKEY00006", ""), 0x9000);
	check_request(c, 6, "", "UTKEY00006", &copy, &request);
	for (size_t i = 0; i < sizeof(hashed) / sizeof(*hashed); i++) {
		assert_int_equal(card_send(c, 0x80680600 | hashed[i].alg, text, 0), 0x9000);
		WR_ARR(&sig, plain);
		assert_int_equal(ec_sig_from_der(c->data, 32, &sig), ERR_OK);
		assert_int_equal(
			ec_verify(EC_BP256R1, request.inner.key.q, hash_of(hashed[i].digest, text, h), wr_view(&sig)),
			ERR_OK);
	}
	/* Over many signatures r and s come with and without leading zeros; all are good DER. */
	for (int i = 0; i < 400; i++) {
		assert_int_equal(card_send(c, 0x80680670, hash_of(DIGEST_SHA256, text, h), 0), 0x9000);
		WR_ARR(&sig, plain);
		assert_int_equal(ec_sig_from_der(c->data, 32, &sig), ERR_OK);
		assert_int_equal(ec_verify(EC_BP256R1, request.inner.key.q, rd_of(h, 32), wr_view(&sig)), ERR_OK);
		assert_true(c->data.n < sizeof(sizes) / sizeof(*sizes));
		sizes[c->data.n]++;
	}
	assert_true(sizes[70] && sizes[71]);
	assert_int_equal(vcard_delay_ms(c->v), 170);
	assert_int_equal(card_send(c, 0x80680630, text, LE_ALL), 0x6A81);
	assert_int_equal(card_send(c, 0x80680670, RD_NONE, LE_ALL), 0x6700);
	wr_free(&copy);
	card_free(c);
}

EACH_WITH(test_key_attributes, p->keys_limited)
{
	struct card *c = ready(p);
	const struct rd text = RD_LIT("x");

	assert_int_equal(card_send(c, 0x80680773, text, 0), p->sw_key_absent);
	assert_int_equal(card_generate(c, 7, EC_SECP256R1, 0, "", "UTKEY00007", "900400000002" "910173"), 0x9000);
	assert_int_equal(card_send(c, 0x80680770, text, 0), p->sw_key_algorithm);
	assert_int_equal(card_send(c, 0x80680773, text, 0), 0x9000);
	card_again(c);                          /* the counter is on disk before the signature is out */
	card_select(c);
	assert_int_equal(card_send(c, 0x80680773, text, 0), 0x6982);
	card_login(c);
	assert_int_equal(card_send(c, 0x80680773, text, 0), 0x9000);
	assert_int_equal(card_send(c, 0x80680773, text, 0), p->sw_key_uses);
	assert_int_equal(c->data.n, 0);
	assert_int_equal(vcard_delay_ms(c->v), 0);
	assert_int_equal(card_hex(c, "00A4000002CC0700"), 0x9000);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_generate), each(test_template), each(test_template_refused), each(test_worked_bytes),
		each(test_sign_rsa), each(test_sign_pss), each(test_sign_ec), each(test_key_attributes),
		each(test_decipher_rsa), each(test_decipher_ec),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
