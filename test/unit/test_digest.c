/* SPDX-License-Identifier: Apache-2.0 */
/* Which digest a SIGN command covers. The digests of "abc" are those of FIPS 180-4's examples. */
#include "test/unit/test.h"

#include "base/crypto_rsa.h"
#include "sc-hsm/digest.h"

#define BLOCK 256

static const struct { enum digest_alg alg; const char *abc; } hashes[] = {
	{ DIGEST_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ DIGEST_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			 "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};
#define HASHES (sizeof(hashes) / sizeof(hashes[0]))

struct fixture {
	uint8_t bytes[HASHES][DIGEST_MAX], infos[HASHES][DIGEST_MAX + 32], blocks[HASHES][BLOCK];
	struct rd hash[HASHES], info[HASHES], block[HASHES];
};

static void make(struct fixture *f)
{
	struct wr w;

	for (size_t i = 0; i < HASHES; i++) {
		WR_ARR(&w, f->bytes[i]);
		f->hash[i] = test_unhex(&w, hashes[i].abc);
		WR_ARR(&w, f->infos[i]);
		assert_int_equal(digest_info(hashes[i].alg, f->hash[i], &w), ERR_OK);
		f->info[i] = wr_view(&w);
		WR_ARR(&w, f->blocks[i]);
		assert_int_equal(rsa_pad_pkcs1(f->info[i], BLOCK, &w), ERR_OK);
		f->block[i] = wr_view(&w);
	}
}

/* Through the bytes of a command, as the agent sees it. */
static enum err digest_of(uint8_t alg, struct rd data, struct hsm_digest *out)
{
	struct apdu a;
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_sign(&cmd, 1, alg, data);
	assert_int_equal(apdu_decode(wr_view(&cmd), &a), ERR_OK);
	e = hsm_digest_of(&a, out);
	wr_free(&cmd);
	return e;
}

static void shows(uint8_t alg, struct rd data, enum hsm_sign_kind kind, enum digest_alg hash, struct rd value)
{
	struct hsm_digest d;

	assert_int_equal(digest_of(alg, data, &d), ERR_OK);
	assert_int_equal(d.kind, kind);
	assert_int_equal(d.alg, hash);
	assert_bytes_equal(rd_of(d.value, d.n), value);
}

static void shows_none(uint8_t alg, struct rd data, enum hsm_sign_kind kind)
{
	shows(alg, data, kind, DIGEST_NONE, RD_NONE);
}

static void test_each_byte(void **state)
{
	static const struct { uint8_t first; enum hsm_sign_kind kind; } hashing[] = {
		{ 0x31, HSM_SIGN_RSA_PKCS }, { 0x41, HSM_SIGN_RSA_PSS }, { 0x71, HSM_SIGN_ECDSA },
	};
	struct fixture f;

	(void)state;
	make(&f);
	for (size_t i = 0; i < HASHES; i++) {
		for (size_t k = 0; k < 3; k++)
			shows((uint8_t)(hashing[k].first + i), RD_LIT("abc"), hashing[k].kind, hashes[i].alg,
			      f.hash[i]);
		shows(0x20, f.block[i], HSM_SIGN_RSA_RAW, hashes[i].alg, f.hash[i]);
		shows(0x30, f.info[i], HSM_SIGN_RSA_PKCS, hashes[i].alg, f.hash[i]);
		shows(0x40, f.hash[i], HSM_SIGN_RSA_PSS, hashes[i].alg, f.hash[i]);
		shows(0x70, f.hash[i], HSM_SIGN_ECDSA, hashes[i].alg, f.hash[i]);
	}
	/* A hash of no known size is a digest all the same; one that is no hash is none. */
	shows(0x70, RD_LIT("0123456789abcdef"), HSM_SIGN_ECDSA, DIGEST_NONE, RD_LIT("0123456789abcdef"));
	shows_none(0x70, rd_of(f.block[0].p, DIGEST_MAX + 1), HSM_SIGN_ECDSA);
	shows_none(0x40, rd_of(f.block[0].p, DIGEST_MAX + 1), HSM_SIGN_RSA_PSS);
	/* What OpenSSL hands over for TLS 1.1: two hashes without DigestInfo. */
	shows_none(0x30, rd_of(f.blocks[0], 36), HSM_SIGN_RSA_PKCS);
}

static void test_unknown(void **state)
{
	struct hsm_digest d;
	struct apdu verify = { .ins = 0x20, .p2 = 0x30, .data = RD_LIT("648219") };
	unsigned known = 0;

	(void)state;
	for (unsigned alg = 0; alg < 256; alg++) {
		if (hsm_sign_find((uint8_t)alg)) {
			assert_int_equal(hsm_sign_find((uint8_t)alg)->alg, alg);
			known++;
		} else {
			assert_int_equal(digest_of((uint8_t)alg, RD_LIT("abc"), &d), ERR_UNSUPPORTED);
		}
	}
	assert_int_equal(known, 1 + 6 + 6 + 6);
	assert_int_equal(hsm_digest_of(&verify, &d), ERR_ARG);
}

/* Any byte of the padding or of the DigestInfo's form that differs: another block, which shows no digest. */
static void test_block_spoilt(void **state)
{
	uint8_t bytes[BLOCK];
	struct fixture f;
	size_t hash_at;

	(void)state;
	make(&f);
	for (size_t i = 0; i < HASHES; i++) {
		hash_at = BLOCK - f.hash[i].n;
		for (size_t k = 0; k < hash_at; k++)
			for (unsigned bit = 0; bit < 8; bit++) {
				memcpy(bytes, f.block[i].p, BLOCK);
				bytes[k] ^= (uint8_t)(1u << bit);
				shows_none(0x20, RD_ARR(bytes), HSM_SIGN_RSA_RAW);
			}
		/* Every shorter DigestInfo and block, and one with a byte more. */
		for (size_t n = 1; n < f.info[i].n; n++)
			shows_none(0x30, rd_of(f.info[i].p, n), HSM_SIGN_RSA_PKCS);
		for (size_t n = 1; n < BLOCK; n++)
			shows_none(0x20, rd_of(f.block[i].p, n), HSM_SIGN_RSA_RAW);
	}
}

static void test_block_forms(void **state)
{
	/* Without the NULL of the parameters, which verifiers may take but nobody makes. */
	static const char no_null[] = "302f300b0609608648016503040201" "0420";
	uint8_t bytes[BLOCK], info[64];
	struct fixture f;
	struct wr w;
	size_t ff;

	(void)state;
	make(&f);
	WR_ARR(&w, info);
	(void)test_unhex(&w, no_null);
	wr_put(&w, f.hash[2]);
	shows_none(0x30, wr_view(&w), HSM_SIGN_RSA_PKCS);

	/* Seven FF are not enough, eight are; all FF and no end; a byte behind it. */
	for (ff = 7; ff <= 8; ff++) {
		WR_ARR(&w, bytes);
		wr_u16(&w, 1);
		for (size_t i = 0; i < ff; i++)
			wr_u8(&w, 0xFF);
		wr_u8(&w, 0);
		wr_put(&w, f.info[2]);
		assert_int_equal(wr_done(&w), ERR_OK);
		if (ff < 8)
			shows_none(0x20, wr_view(&w), HSM_SIGN_RSA_RAW);
		else
			shows(0x20, wr_view(&w), HSM_SIGN_RSA_RAW, DIGEST_SHA256, f.hash[2]);
	}
	wr_u8(&w, 0);
	shows_none(0x20, wr_view(&w), HSM_SIGN_RSA_RAW);
	memset(bytes, 0xFF, sizeof(bytes));
	bytes[0] = 0;
	bytes[1] = 1;
	shows_none(0x20, RD_ARR(bytes), HSM_SIGN_RSA_RAW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_block_spoilt),
		cmocka_unit_test(test_block_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
