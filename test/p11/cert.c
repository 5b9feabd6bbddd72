/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/cert.h"

#include "base/crypto_digest.h"
#include "base/crypto_ec.h"
#include "base/tlv.h"
#include "test/unit/test.h"

/* AlgorithmIdentifier ecdsa-with-SHA256, RFC 5758 3.2. */
#define ECDSA_SHA256 RD_LIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")

static void put_name(struct wr *w, const char *cn)
{
	size_t name = wr_tlv_open(w, 0x30), set = wr_tlv_open(w, 0x31), seq = wr_tlv_open(w, 0x30);

	wr_tlv(w, 0x06, RD_LIT("\x55\x04\x03"));
	wr_tlv(w, 0x0c, rd_str(cn));
	wr_tlv_close(w, seq);
	wr_tlv_close(w, set);
	wr_tlv_close(w, name);
}

static void put_tbs(struct wr *w, struct rd spki)
{
	size_t tbs = wr_tlv_open(w, 0x30), version = wr_tlv_open(w, 0xa0), validity;

	wr_tlv_u8(w, 0x02, 2);
	wr_tlv_close(w, version);
	wr_tlv_u8(w, 0x02, 0x11);
	wr_put(w, ECDSA_SHA256);
	put_name(w, "issuer");
	validity = wr_tlv_open(w, 0x30);
	wr_tlv(w, 0x17, RD_LIT("260101000000Z"));
	wr_tlv(w, 0x18, RD_LIT("20500101000000Z"));
	wr_tlv_close(w, validity);
	put_name(w, "subject");
	wr_put(w, spki);
	wr_tlv_close(w, tbs);
}

void test_certificate(struct rd spki, struct wr *der)
{
	uint8_t hash[SHA256_SIZE], plain[64];
	struct ec_key *key;
	struct wr tbs, p;
	size_t whole, bits;

	wr_init_heap(&tbs, 4096);
	WR_ARR(&p, plain);
	put_tbs(&tbs, spki);
	assert_int_equal(sha256(wr_view(&tbs), hash), ERR_OK);
	assert_int_equal(ec_key_generate(EC_SECP256R1, &key), ERR_OK);
	assert_int_equal(ec_key_sign(key, RD_ARR(hash), &p), ERR_OK);
	whole = wr_tlv_open(der, 0x30);
	wr_put(der, wr_view(&tbs));
	wr_put(der, ECDSA_SHA256);
	bits = wr_tlv_open(der, 0x03);
	wr_u8(der, 0);
	assert_int_equal(ec_sig_to_der(wr_view(&p), der), ERR_OK);
	wr_tlv_close(der, bits);
	wr_tlv_close(der, whole);
	assert_int_equal(wr_done(der), ERR_OK);
	ec_key_free(&key);
	wr_free(&tbs);
}

void test_certificate_new(struct wr *der)
{
	uint8_t q[EC_POINT_MAX], spki_room[200];
	struct ec_key *key = NULL;
	struct wr point, spki;

	WR_ARR(&point, q);
	WR_ARR(&spki, spki_room);
	assert_int_equal(ec_key_generate(EC_SECP256R1, &key), ERR_OK);
	assert_int_equal(ec_key_public(key, &point), ERR_OK);
	assert_int_equal(ec_spki(EC_SECP256R1, wr_view(&point), &spki), ERR_OK);
	ec_key_free(&key);
	test_certificate(wr_view(&spki), der);
}
