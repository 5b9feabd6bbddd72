/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <openssl/err.h>

#include "base/crypto_aes.h"
#include "base/crypto_des.h"
#include "base/crypto_ec.h"
#include "base/crypto_rsa.h"
#include "base/crypto_x509.h"
#include "test/wire/openssl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- hashes: FIPS 180-4 examples ---- */

static void hashes(void **state)
{
	static const struct { enum digest_alg a; const char *abc; } rows[] = {
		{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ DIGEST_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
		{ DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
				 "8086072ba1e7cc2358baeca134c825a7" },
		{ DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
				 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	};
	const struct rd parts[] = { RD_LIT("a"), RD_NONE, RD_LIT("bc") };
	uint8_t room[256], out[SHA256_SIZE];
	struct digest *d;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rd want;

		WR_ARR(&w, room);
		want = test_unhex(&w, rows[i].abc);
		assert_int_equal(want.n, digest_size(rows[i].a));
		assert_int_equal(digest_once(rows[i].a, RD_LIT("abc"), &w), ERR_OK);
		assert_bytes_equal(rd_of(w.p + want.n, w.n - want.n), want);
		wr_cut(&w, want.n);
		assert_int_equal(digest_new(rows[i].a, &d), ERR_OK);
		for (size_t j = 0; j < COUNT(parts); j++)
			assert_int_equal(digest_update(d, parts[j]), ERR_OK);
		assert_int_equal(digest_final(d, &w), ERR_OK);
		digest_free(&d);
		assert_bytes_equal(rd_of(w.p + want.n, w.n - want.n), want);
	}
	WR_ARR(&w, room);
	assert_int_equal(sha256_parts(parts, COUNT(parts), out), ERR_OK);
	assert_bytes_equal(RD_ARR(out), test_unhex(&w, rows[2].abc));
	assert_int_equal(digest_new(DIGEST_NONE, &d), ERR_ARG);
	assert_int_equal(digest_size(DIGEST_NONE), 0);
	wr_init(&w, room, 31);
	assert_int_equal(digest_once(DIGEST_SHA256, RD_NONE, &w), ERR_BUFFER);
}

/* RFC 8017 9.2 note 1. */
static void digest_infos(void **state)
{
	uint8_t room[128], hash[DIGEST_MAX] = { 7 };
	enum digest_alg a;
	struct rd found;
	struct wr w;

	(void)state;
	for (int i = DIGEST_SHA1; i <= DIGEST_SHA512; i++) {
		struct rd h = rd_of(hash, digest_size((enum digest_alg)i));

		WR_ARR(&w, room);
		assert_int_equal(digest_info((enum digest_alg)i, h, &w), ERR_OK);
		assert_int_equal(digest_info_parse(wr_view(&w), &a, &found), ERR_OK);
		assert_int_equal(a, i);
		assert_bytes_equal(found, h);
		for (size_t n = 0; n < w.n; n++)
			assert_int_equal(digest_info_parse(rd_of(w.p, n), &a, &found), ERR_FORMAT);
		wr_u8(&w, 0);
		assert_int_equal(digest_info_parse(wr_view(&w), &a, &found), ERR_FORMAT);
		assert_int_equal(digest_info((enum digest_alg)i, rd_of(hash, 19), &w), ERR_ARG);
	}
	WR_ARR(&w, room);
	assert_int_equal(digest_info(DIGEST_SHA256, rd_of(hash, 32), &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p, 19),
			   RD_LIT("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"));
	/* Without the NULL. */
	assert_int_equal(digest_info_parse(RD_LIT("\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14"
						  "01234567890123456789"), &a, &found), ERR_OK);
	assert_int_equal(a, DIGEST_SHA1);
}

/* ---- AES: SP 800-38B D.1, SP 800-38A F.2.1 ---- */

static void aes(void **state)
{
	static const char key_hex[] = "2b7e151628aed2a6abf7158809cf4f3c";
	static const char block_hex[] = "6bc1bee22e409f96e93d7e117393172a";
	uint8_t room[256], mac[AES_BLOCK];
	struct rd key, block;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	key = test_unhex(&w, key_hex);
	block = test_unhex(&w, block_hex);
	assert_int_equal(aes_cmac(key, RD_NONE, mac), ERR_OK);
	assert_bytes_equal(RD_ARR(mac), test_unhex(&w, "bb1d6929e95937287fa37d129b756746"));
	assert_int_equal(aes_cmac(key, block, mac), ERR_OK);
	assert_bytes_equal(RD_ARR(mac), test_unhex(&w, "070a16b46b4d4144f79bdd9dd04a287c"));
	assert_int_equal(aes_cmac(rd_of(key.p, 15), block, mac), ERR_ARG);
}

/* SP 800-38A F.2.1 to F.2.6, two blocks of each. */
static void aes_cbc(void **state)
{
	static const char text[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
	static const struct {
		const char *key, *cipher;
	} rows[] = {
		{ "2b7e151628aed2a6abf7158809cf4f3c",
		  "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" },
		{ "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		  "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a" },
		{ "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		  "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" },
	};
	uint8_t room[256], out_room[64], iv[AES_BLOCK];
	struct rd key, plain, cipher;
	struct wr w, out;

	(void)state;
	for (uint8_t i = 0; i < sizeof(iv); i++)
		iv[i] = i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		WR_ARR(&w, room);
		WR_ARR(&out, out_room);
		key = test_unhex(&w, rows[i].key);
		plain = test_unhex(&w, text);
		cipher = test_unhex(&w, rows[i].cipher);
		assert_int_equal(aes_cbc_encrypt(key, iv, plain, &out), ERR_OK);
		assert_bytes_equal(wr_view(&out), cipher);
		wr_reset(&out);
		assert_int_equal(aes_cbc_decrypt(key, iv, cipher, &out), ERR_OK);
		assert_bytes_equal(wr_view(&out), plain);
		assert_int_equal(aes_cbc_encrypt(key, iv, rd_of(plain.p, 17), &out), ERR_ARG);
		assert_int_equal(aes_cbc_decrypt(rd_of(key.p, 15), iv, cipher, &out), ERR_ARG);
		assert_int_equal(aes_cbc_encrypt(key, iv, RD_NONE, &out), ERR_OK);
		assert_int_equal(out.n, 32);
		/* No room: nothing is written behind the end. */
		wr_init(&out, out_room, 16);
		assert_int_equal(aes_cbc_encrypt(key, iv, plain, &out), ERR_BUFFER);
	}
}

/* ---- curves ---- */

static void domains(void **state)
{
	const struct ec_domain *d;

	(void)state;
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		d = ec_domain_get((enum ec_curve)c);
		assert_non_null(d);
		assert_int_equal(d->curve, c);
		assert_ptr_equal(ec_domain_by_oid(d->oid), d);
		assert_ptr_equal(ec_domain_by_name(d->name), d);
		assert_ptr_equal(ec_domain_find(d->p, d->a, d->b, d->g, d->n, rd_of(&d->h, 1)), d);
		assert_null(ec_domain_find(d->p, d->a, d->b, d->g, d->n, RD_LIT("\x02")));
		assert_null(ec_domain_find(d->p, d->a, d->b, d->g, d->p, rd_of(&d->h, 1)));
		assert_true(ec_point_is_valid((enum ec_curve)c, d->g));
		assert_int_equal(d->size, (d->bits + 7) / 8);
		assert_int_equal(d->h, 1);
	}
	assert_null(ec_domain_get(EC_NONE));
	assert_null(ec_domain_get(EC_CURVES));
	assert_null(ec_domain_by_name("secp999r1"));
	d = ec_domain_get(EC_BP256R1);
	assert_string_equal(d->name, "brainpoolP256r1");
	assert_bytes_equal(d->oid, RD_LIT("\x2b\x24\x03\x03\x02\x08\x01\x01\x07"));
	assert_int_equal(ec_domain_get(EC_SECP521R1)->size, 66);
}

/* RFC 6979 A.2.5: P-256, SHA-256, "sample". */
static void ecdsa_of_a_standard(void **state)
{
	uint8_t room[512], hash[SHA256_SIZE];
	struct ec_key *k = NULL;
	struct rd q, d, sig;
	struct wr w, der;
	uint8_t der_room[128];
	size_t size;

	(void)state;
	WR_ARR(&w, room);
	d = test_unhex(&w, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
	q = test_unhex(&w, "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
			   "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
	sig = test_unhex(&w, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
			     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	assert_int_equal(sha256(RD_LIT("sample"), hash), ERR_OK);
	assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), sig), ERR_OK);
	for (size_t i = 0; i < 64; i++) {
		room[32 + 65 + i] ^= 1;
		assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), sig), ERR_SIGNATURE);
		room[32 + 65 + i] ^= 1;
	}
	hash[31] ^= 1;
	assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), sig), ERR_SIGNATURE);
	hash[31] ^= 1;
	assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), rd_of(sig.p, 63)), ERR_SIGNATURE);
	assert_int_equal(ec_verify(EC_SECP256R1, rd_of(q.p, 64), RD_ARR(hash), sig), ERR_FORMAT);
	assert_int_equal(ec_verify(EC_BP256R1, q, RD_ARR(hash), sig), ERR_FORMAT);
	assert_int_equal(ec_verify(EC_NONE, q, RD_ARR(hash), sig), ERR_UNSUPPORTED);

	assert_int_equal(ec_sig_to_der(sig, (WR_ARR(&der, der_room), &der)), ERR_OK);
	size = w.n;
	assert_int_equal(ec_sig_from_der(wr_view(&der), 32, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + size, 64), sig);

	size = w.n;
	assert_int_equal(ec_key_import(EC_SECP256R1, d, &k), ERR_OK);
	assert_int_equal(ec_key_public(k, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + size, 65), q);
	size = w.n;
	assert_int_equal(ec_key_export(k, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + size, 32), d);
	size = w.n;
	assert_int_equal(ec_key_sign(k, RD_ARR(hash), &w), ERR_OK);
	assert_int_equal(w.n - size, 64);
	assert_int_equal(ec_verify(EC_SECP256R1, q, RD_ARR(hash), rd_of(w.p + size, 64)), ERR_OK);
	assert_int_equal(ec_key_curve(k), EC_SECP256R1);
	ec_key_free(&k);
	assert_null(k);
}

/* FIPS 186-4 6.4.2: r and s are in 1..n-1; a verifier that forgets this accepts zeros. */
static void ecdsa_range(void **state)
{
	const struct ec_domain *d = ec_domain_get(EC_SECP256R1);
	uint8_t sig[64] = { 0 }, hash[32] = { 1 };

	(void)state;
	assert_int_equal(ec_verify(EC_SECP256R1, d->g, RD_ARR(hash), RD_ARR(sig)), ERR_SIGNATURE);
	memcpy(sig, d->n.p, 32);
	memcpy(sig + 32, d->n.p, 32);
	assert_int_equal(ec_verify(EC_SECP256R1, d->g, RD_ARR(hash), RD_ARR(sig)), ERR_SIGNATURE);
	memset(sig, 0, 32);
	sig[63] ^= 1;
	assert_int_equal(ec_verify(EC_SECP256R1, d->g, RD_ARR(hash), RD_ARR(sig)), ERR_SIGNATURE);
}

static void private_keys_out_of_range(void **state)
{
	const struct ec_domain *d = ec_domain_get(EC_BP256R1);
	struct ec_key *k = NULL;
	uint8_t n[32], zero[32] = { 0 };

	(void)state;
	memcpy(n, d->n.p, 32);
	assert_int_equal(ec_key_import(EC_BP256R1, RD_ARR(n), &k), ERR_FORMAT);
	assert_int_equal(ec_key_import(EC_BP256R1, RD_ARR(zero), &k), ERR_FORMAT);
	assert_int_equal(ec_key_import(EC_BP256R1, RD_NONE, &k), ERR_FORMAT);
	assert_null(k);
	n[31]--;
	assert_int_equal(ec_key_import(EC_BP256R1, RD_ARR(n), &k), ERR_OK);
	ec_key_free(&k);
}

/* RFC 7027 A.1, and the worked example of chip authentication (reference sc-hsm-apdu 4.4). */
static void agreement(void **state)
{
	static const struct { const char *a, *b, *x; } rows[] = {
		{ "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
		  "55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3",
		  "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b" },
		{ "1111111111111111111111111111111111111111111111111111111111111121",
		  "2222222222222222222222222222222222222222222222222222222222222223",
		  "895105ca2eaef62cfaf134896d6df2eaccb6e727d6ff96f8ac8d593a70f25c25" },
	};
	uint8_t room[512];
	struct ec_key *k[2];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rd x, q[2];

		WR_ARR(&w, room);
		assert_int_equal(ec_key_import(EC_BP256R1, test_unhex(&w, rows[i].a), &k[0]), ERR_OK);
		assert_int_equal(ec_key_import(EC_BP256R1, test_unhex(&w, rows[i].b), &k[1]), ERR_OK);
		x = test_unhex(&w, rows[i].x);
		for (int j = 0; j < 2; j++) {
			assert_int_equal(ec_key_public(k[j], &w), ERR_OK);
			q[j] = rd_of(w.p + w.n - 65, 65);
		}
		for (int j = 0; j < 2; j++) {
			assert_int_equal(ec_key_agree(k[j], q[1 - j], &w), ERR_OK);
			assert_bytes_equal(rd_of(w.p + w.n - 32, 32), x);
		}
		room[w.n - 64 - 1] ^= 1;
		assert_int_equal(ec_key_agree(k[0], q[1], &w), ERR_FORMAT);
		assert_int_equal(ec_key_agree(k[0], ec_domain_get(EC_SECP256R1)->g, &w), ERR_FORMAT);
		ec_key_free(&k[0]);
		ec_key_free(&k[1]);
	}
}

/* libcrypto signs, we verify: hashes that are shorter and longer than the order. */
static void generated_keys_sign_on_every_curve(void **state)
{
	uint8_t room[1024], hashes[64];

	(void)state;
	memset(hashes, 0xa5, sizeof(hashes));
	for (int c = EC_NONE + 1; c < EC_CURVES; c++) {
		const struct ec_domain *d = ec_domain_get((enum ec_curve)c);
		struct ec_key *k, *again;
		struct rd q, sig, private;
		struct wr w;
		size_t at;

		WR_ARR(&w, room);
		assert_int_equal(ec_key_generate((enum ec_curve)c, &k), ERR_OK);
		assert_int_equal(ec_key_public(k, &w), ERR_OK);
		q = wr_view(&w);
		at = w.n;
		assert_int_equal(ec_key_export(k, &w), ERR_OK);
		private = rd_of(w.p + at, w.n - at);
		assert_int_equal(private.n, d->n.n);
		assert_int_equal(ec_key_import((enum ec_curve)c, private, &again), ERR_OK);
		for (size_t size = 20; size <= 64; size += 4) {
			struct rd hash = rd_of(hashes, size);

			at = w.n;
			assert_int_equal(ec_key_sign(again, hash, &w), ERR_OK);
			sig = rd_of(w.p + at, w.n - at);
			assert_int_equal(sig.n, 2 * d->n.n);
			assert_int_equal(ec_verify((enum ec_curve)c, q, hash, sig), ERR_OK);
			hashes[size < d->n.n ? size - 1 : d->n.n - 2] ^= 1;
			assert_int_equal(ec_verify((enum ec_curve)c, q, hash, sig), ERR_SIGNATURE);
			hashes[size < d->n.n ? size - 1 : d->n.n - 2] ^= 1;
			assert_int_equal(ec_verify((enum ec_curve)c, d->g, hash, sig), ERR_SIGNATURE);
			wr_cut(&w, at);
		}
		ec_key_free(&k);
		ec_key_free(&again);
	}
}

static void signatures_in_der(void **state)
{
	static const struct rd bad[] = {
		RD_LIT(""), RD_LIT("\x30\x00"), RD_LIT("\x30\x03\x02\x01\x01"),
		RD_LIT("\x30\x06\x02\x01\x81\x02\x01\x01"),
		RD_LIT("\x30\x06\x02\x01\x01\x02\x01\x01\x00"), RD_LIT("\x30\x07\x02\x01\x01\x02\x01\x01\x00"),
		RD_LIT("\x30\x05\x02\x00\x02\x01\x01"), RD_LIT("\x30\x08\x02\x03\x01\x01\x01\x02\x01\x01"),
	};
	uint8_t room[16];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		WR_ARR(&w, room);
		assert_int_equal(ec_sig_from_der(bad[i], 2, &w), ERR_FORMAT);
	}
	WR_ARR(&w, room);
	assert_int_equal(ec_sig_from_der(RD_LIT("\x30\x09\x02\x01\x01\x02\x04\x00\x00\x00\xfe"), 2, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x00\x01\x00\xfe"));
	WR_ARR(&w, room);
	assert_int_equal(ec_sig_to_der(RD_LIT("\x00\x01\x00\xfe"), &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x30\x07\x02\x01\x01\x02\x02\x00\xfe"));
	assert_int_equal(ec_sig_to_der(RD_LIT("\x00\x01\x00"), &w), ERR_FORMAT);
}

/* ---- RSA ---- */

static void rsa(void **state)
{
	uint8_t room[8192], hash[DIGEST_MAX];
	struct rd der, n, e, sig, sig512, spki, info, block;
	struct rsa_key *k = NULL;
	struct wr w, h;
	size_t at;

	(void)state;
	WR_ARR(&w, room);
	der = test_unhex(&w, rsa_private_hex);
	sig = test_unhex(&w, rsa_sha256_hex);
	sig512 = test_unhex(&w, rsa_sha512_hex);
	spki = test_unhex(&w, rsa_spki_hex);
	assert_int_equal(rsa_key_import(der, &k), ERR_OK);
	assert_int_equal(rsa_key_bits(k), 1024);
	at = w.n;
	assert_int_equal(rsa_key_export(k, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + at, w.n - at), der);
	at = w.n;
	{
		struct wr wn, we;
		uint8_t room_n[256];
		uint8_t room_e[8];

		WR_ARR(&wn, room_n);
		WR_ARR(&we, room_e);
		assert_int_equal(rsa_key_public(k, &wn, &we), ERR_OK);
		wr_put(&w, wr_view(&wn));
		wr_put(&w, wr_view(&we));
		n = rd_of(w.p + at, wn.n);
		e = rd_of(w.p + at + wn.n, we.n);
	}
	assert_bytes_equal(e, RD_LIT("\x01\x00\x01"));
	at = w.n;
	assert_int_equal(rsa_spki(n, e, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + at, w.n - at), spki);

	WR_ARR(&h, hash);
	assert_int_equal(digest_once(DIGEST_SHA512, RD_LIT("quorum11"), &h), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA512, wr_view(&h), sig512), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA512, wr_view(&h), sig), ERR_SIGNATURE);
	WR_ARR(&h, hash);
	assert_int_equal(digest_once(DIGEST_SHA256, RD_LIT("quorum11"), &h), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA256, wr_view(&h), sig), ERR_OK);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA1, rd_of(hash, 20), sig), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA256, rd_of(hash, 20), sig), ERR_ARG);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA256, wr_view(&h), rd_of(sig.p, sig.n - 1)), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_pkcs1(n, RD_LIT("\x01"), DIGEST_SHA256, wr_view(&h), sig), ERR_FORMAT);
	assert_int_equal(rsa_verify_pkcs1(RD_NONE, e, DIGEST_SHA256, wr_view(&h), sig), ERR_FORMAT);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA256, wr_view(&h), n), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_pkcs1(n, RD_LIT("\1\0\0\0\0\0\0\0\1"), DIGEST_SHA256, wr_view(&h), sig),
			 ERR_FORMAT);
	assert_int_equal(rsa_verify_pkcs1(rd_of(n.p, 61), e, DIGEST_SHA256, wr_view(&h), rd_of(sig.p, 61)),
			 n.p[60] & 1 ? ERR_SIGNATURE : ERR_FORMAT);
	hash[0] ^= 1;
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_SHA256, wr_view(&h), sig), ERR_SIGNATURE);
	hash[0] ^= 1;

	/* Padding and the raw operation make the same signature as the openssl command. */
	at = w.n;
	assert_int_equal(digest_info(DIGEST_SHA256, wr_view(&h), &w), ERR_OK);
	info = rd_of(w.p + at, w.n - at);
	assert_int_equal(rsa_verify_pkcs1(n, e, DIGEST_NONE, info, sig), ERR_OK);
	at = w.n;
	assert_int_equal(rsa_pad_pkcs1(info, 128, &w), ERR_OK);
	block = rd_of(w.p + at, w.n - at);
	assert_int_equal(block.n, 128);
	at = w.n;
	assert_int_equal(rsa_key_raw(k, block, &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + at, w.n - at), sig);
	assert_int_equal(rsa_key_raw(k, rd_of(block.p, 127), &w), ERR_ARG);
	assert_int_equal(rsa_key_raw(k, n, &w), ERR_ARG);
	assert_int_equal(rsa_verify_raw(n, e, block, sig), ERR_OK);
	assert_int_equal(rsa_verify_raw(n, e, block, n), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_raw(n, e, block, rd_of(sig.p, 127)), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_raw(n, e, rd_of(block.p, 127), sig), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_raw(n, e, sig, sig), ERR_SIGNATURE);
	assert_int_equal(rsa_verify_raw(n, RD_LIT("\x01"), block, sig), ERR_FORMAT);
	rsa_key_free(&k);

	for (size_t i = 0; i < der.n; i += 7)
		assert_int_equal(rsa_key_import(rd_of(der.p, i), &k), ERR_FORMAT);
	assert_int_equal(rsa_key_import(rd_of(der.p, der.n + 1), &k), ERR_FORMAT);
	assert_int_equal(rsa_pad_pkcs1(rd_of(room, 118), 128, &w), ERR_ARG);
	assert_int_equal(rsa_pad_pkcs1(rd_of(room, 117), 128, &w), ERR_OK);
	assert_int_equal(rsa_pad_pkcs1(RD_NONE, 10, &w), ERR_ARG);
	assert_int_equal(rsa_key_generate(1024, RD_LIT("\x01\x00\x01"), &k), ERR_OK);
	assert_int_equal(rsa_key_bits(k), 1024);
	rsa_key_free(&k);
}

/* ---- X.509 ---- */

static void certificates(void **state)
{
	uint8_t room[2048], name[64], few[10];
	char day[X509_DAY_SIZE];
	struct wr w, subject;
	struct rd der;
	struct x509 x;

	(void)state;
	WR_ARR(&w, room);
	der = test_unhex(&w, x509_hex);
	assert_int_equal(x509_parse(der, &x), ERR_OK);
	assert_bytes_equal(x.serial, RD_LIT("\x02\x02\x00\x81"));
	assert_bytes_equal(x.subject, RD_LIT("\x30\x14\x31\x12\x30\x10\x06\x03\x55\x04\x03\x0c\x09unit test"));
	assert_bytes_equal(x.issuer, x.subject);
	assert_int_equal(x.spki.n, 91);
	assert_int_equal(x.not_before.p[0], 0x17);
	assert_int_equal(x.not_after.p[0], 0x18);
	WR_ARR(&subject, name);
	assert_int_equal(x509_text(&x, &subject, day), ERR_OK);
	assert_bytes_equal(wr_view(&subject), RD_LIT("CN=unit test"));
	assert_string_equal(day, "2051-07-13");
	WR_ARR(&subject, few);
	assert_int_equal(x509_text(&x, &subject, day), ERR_BUFFER);
	x.not_after.p = x.subject.p;
	WR_ARR(&subject, name);
	assert_int_equal(x509_text(&x, &subject, day), ERR_FORMAT);
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(x509_parse(rd_of(der.p, n), &x), ERR_FORMAT);
	wr_u8(&w, 0);
	assert_int_equal(x509_parse(wr_view(&w), &x), ERR_FORMAT);
	/* Well formed for us, but not for libcrypto: the signature is no bit string. */
	assert_int_equal(room[der.n - 0x49 - 2], 0x03);
	room[der.n - 0x49 - 2] = 0x04;
	assert_int_equal(x509_parse(der, &x), ERR_FORMAT);
}

static void spki_of_a_curve(void **state)
{
	uint8_t room[2048];
	struct rd der;
	struct x509 x;
	struct wr w;
	size_t at;

	(void)state;
	WR_ARR(&w, room);
	der = test_unhex(&w, x509_hex);
	assert_int_equal(x509_parse(der, &x), ERR_OK);
	at = w.n;
	assert_int_equal(ec_spki(EC_SECP256R1, rd_of(x.spki.p + 26, 65), &w), ERR_OK);
	assert_bytes_equal(rd_of(w.p + at, w.n - at), x.spki);
	assert_int_equal(ec_spki(EC_SECP256K1, rd_of(x.spki.p + 26, 65), &w), ERR_FORMAT);
	assert_int_equal(ec_spki(EC_NONE, rd_of(x.spki.p + 26, 65), &w), ERR_UNSUPPORTED);
}

/* The host's error queue must not see what we failed at. */
static void failures_leave_no_trace_in_libcrypto(void **state)
{
	uint8_t room[2048], zero[64] = { 0 };
	struct ec_key *k = NULL;
	struct rsa_key *r = NULL;
	struct x509 x;
	struct wr w;

	(void)state;
	WR_ARR(&w, room);
	ERR_clear_error();
	assert_int_equal(ec_verify(EC_SECP256R1, ec_domain_get(EC_SECP256R1)->g, rd_of(zero, 32), RD_ARR(zero)),
			 ERR_SIGNATURE);
	assert_false(ec_point_is_valid(EC_SECP256R1, ec_domain_get(EC_BP256R1)->g));
	assert_int_equal(ec_key_import(EC_SECP256R1, RD_ARR(zero), &k), ERR_FORMAT);
	assert_int_equal(rsa_key_import(RD_LIT("\x30\x00"), &r), ERR_FORMAT);
	assert_int_equal(rsa_verify_pkcs1(RD_LIT("\xff\xff\xff"), RD_LIT("\x03"), DIGEST_NONE, RD_LIT("x"),
					  RD_LIT("abc")), ERR_SIGNATURE);
	(void)test_unhex(&w, x509_hex);
	room[w.n - 0x49 - 2] = 0x04;
	assert_int_equal(x509_parse(wr_view(&w), &x), ERR_FORMAT);
	assert_int_equal(ERR_peek_error(), 0);
}

/* The retail MAC of ICAO 9303 part 11, D.3, and what is no whole block. */
static void test_des_mac(void **state)
{
	uint8_t key[DES_KEY], text[40], mac[DES_BLOCK], expect[DES_BLOCK];
	struct wr k, t, m;

	(void)state;
	WR_ARR(&k, key);
	WR_ARR(&t, text);
	WR_ARR(&m, expect);
	(void)test_unhex(&k, "7962D9ECE03D1ACD4C76089DCE131543");
	(void)test_unhex(&t, "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2" "8000000000000000");
	(void)test_unhex(&m, "5F1448EEA8AD90A7");
	assert_int_equal(des_mac(key, wr_view(&t), mac), ERR_OK);
	assert_memory_equal(mac, expect, sizeof(mac));
	assert_int_equal(des_mac(key, rd_of(text, 39), mac), ERR_ARG);
	assert_int_equal(des_mac(key, RD_NONE, mac), ERR_ARG);
	assert_int_equal(des_cbc_encrypt(key, rd_of(text, 7), &m), ERR_ARG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_des_mac), cmocka_unit_test(hashes),
		cmocka_unit_test(digest_infos),
		cmocka_unit_test(aes), cmocka_unit_test(aes_cbc),
		cmocka_unit_test(domains),
		cmocka_unit_test(ecdsa_of_a_standard),
		cmocka_unit_test(ecdsa_range),
		cmocka_unit_test(private_keys_out_of_range),
		cmocka_unit_test(agreement),
		cmocka_unit_test(generated_keys_sign_on_every_curve),
		cmocka_unit_test(signatures_in_der),
		cmocka_unit_test(rsa),
		cmocka_unit_test(certificates),
		cmocka_unit_test(spki_of_a_curve),
		cmocka_unit_test(failures_leave_no_trace_in_libcrypto),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
