/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <stdlib.h>

#include "base/crypto_digest.h"
#include "base/cvc.h"
#include "base/tlv.h"
#include "test/wire/golden.h"

/* The hashes stand in reference sc-hsm-apdu 14: these are the bytes of the real cards. */
static void assert_sha256(struct rd bytes, const char *hex)
{
	uint8_t hash[SHA256_SIZE], room[SHA256_SIZE];
	struct wr w;

	WR_ARR(&w, room);
	assert_int_equal(sha256(bytes, hash), ERR_OK);
	assert_bytes_equal(RD_ARR(hash), test_unhex(&w, hex));
}

static struct cvc read_one(struct rd bytes)
{
	struct cvc c;

	assert_int_equal(cvc_read(&bytes, &c), ERR_OK);
	assert_true(rd_end(&bytes));
	return c;
}

static void roots(void **state)
{
	static const struct { struct rd bytes; const char *chr, *hash; } rows[] = {
		{ RD_ARR(golden_root), "DESRCACC100001",
		  "453a391015c5fbb60116c838ed613591828bf62ac8a1aca276ce4e60525ec3e3" },
		{ RD_ARR(golden_test_root), "UTSRCACC100001",
		  "03fc6de4527c8e914eb02cd90b0beb105832562e8fd0a097d6ce047e87fe4a55" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct cvc c = read_one(rows[i].bytes);
		int64_t from, to;

		assert_sha256(rows[i].bytes, rows[i].hash);
		assert_true(rd_eq_str(c.car, rows[i].chr));
		assert_true(rd_eq_str(c.chr, rows[i].chr));
		assert_true(c.has_chat);
		assert_int_equal(c.role, CVC_ROLE_ROOT);
		assert_bytes_equal(c.chat_oid, RD_LIT("\x2b\x06\x01\x04\x01\x81\xc3\x1f\x03\x01\x01"));
		assert_int_equal(cvc_date(c.from, &from), ERR_OK);
		assert_int_equal(cvc_date(c.to, &to), ERR_OK);
		assert_int_equal(from, 1352419200);             /* 2012-11-09 */
		assert_int_equal(to, 1983484800);               /* 2032-11-08 */
		assert_int_equal(cvc_key_curve(&c.key, EC_NONE), EC_BP256R1);
		assert_int_equal(cvc_verify(&c.key, EC_BP256R1, c.body, c.sig), ERR_OK);
		assert_null(c.extensions.p);
	}
}

static void device_certificates(void **state)
{
	struct cvc root = read_one(RD_ARR(golden_root)), test_root = read_one(RD_ARR(golden_test_root)), device, issuer;
	bool has_issuer;

	(void)state;
	assert_sha256(RD_ARR(golden_devaut), "1b7763b72b871f37a4cc43808b72d65a915a488420fa18c0137f8389260d9aa4");
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_devaut), &device, &issuer, &has_issuer), ERR_OK);
	assert_true(has_issuer);
	assert_true(rd_eq_str(device.car, "DEDINK0400001"));
	assert_true(rd_eq_str(device.chr, "DENK040414400000"));
	assert_int_equal(device.role, CVC_ROLE_DEVICE);
	assert_true(rd_eq_str(issuer.car, "DESRCACC100001"));
	assert_true(rd_eq_str(issuer.chr, "DEDINK0400001"));
	assert_int_equal(issuer.role, CVC_ROLE_ISSUER);
	assert_true(issuer.extensions.p && issuer.extensions.n == 0);
	assert_null(device.extensions.p);
	assert_bytes_equal(device.from, RD_LIT("\x02\x06\x00\x05\x02\x08"));
	assert_sha256(device.body, "846497eb4c693e1db366279e3952cc296f0fc79b24113bd20bf193eb9dc9242e");
	assert_sha256(issuer.body, "05b60f62b7a8c598b572141e14c2d1ee5635bc8c4e9f3830ca8f33c48d8d613d");
	assert_int_equal(cvc_key_curve(&device.key, EC_BP256R1), EC_BP256R1);
	assert_int_equal(cvc_key_curve(&device.key, EC_NONE), EC_NONE);

	assert_int_equal(cvc_verify(&root.key, EC_BP256R1, issuer.body, issuer.sig), ERR_OK);
	assert_int_equal(cvc_verify(&issuer.key, EC_BP256R1, device.body, device.sig), ERR_OK);
	assert_int_equal(cvc_verify(&test_root.key, EC_BP256R1, issuer.body, issuer.sig), ERR_SIGNATURE);
	assert_int_equal(cvc_verify(&issuer.key, EC_BP256R1, issuer.body, device.sig), ERR_SIGNATURE);
}

static void attestation(void **state)
{
	struct rd r = RD_ARR(golden_attestation);
	struct cvc device, issuer;
	struct cvc_request q;
	bool has_issuer;

	(void)state;
	assert_sha256(r, "e7a7015b7b268de7da3630b514194a26d73c3767a753b50965a713df15299a38");
	assert_int_equal(cvc_request_read(&r, &q), ERR_OK);
	assert_true(rd_end(&r));
	assert_true(rd_eq_str(q.inner.car, "UTCA00001"));
	assert_true(rd_eq_str(q.inner.chr, "DENK040414400001"));
	assert_true(rd_eq_str(q.outer_car, "DENK040414400000"));
	assert_false(q.inner.has_chat);
	assert_int_equal(q.inner.from.n, 0);
	assert_int_equal(q.content.n, q.whole.n - 4);
	assert_sha256(q.inner.body, "bf8f5e55d232166893c905cc76fb1da40e2f774b515821c6445d958d4846abce");
	assert_sha256(q.signed_part, "2c83500b81bc30c5db866c1b30d3ddb7e4b1f17487ba264a6f354a38ebfe98c0");
	assert_int_equal(cvc_key_curve(&q.inner.key, EC_NONE), EC_SECP256K1);
	assert_int_equal(cvc_verify(&q.inner.key, EC_SECP256K1, q.inner.body, q.inner.sig), ERR_OK);
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_devaut), &device, &issuer, &has_issuer), ERR_OK);
	assert_int_equal(cvc_verify(&device.key, EC_BP256R1, q.signed_part, q.sig), ERR_OK);
	assert_int_equal(cvc_verify(&issuer.key, EC_BP256R1, q.signed_part, q.sig), ERR_SIGNATURE);
}

/* A copy of exactly n bytes on the heap, so that the address sanitizer sees one byte too many. */
static struct rd exact_copy(struct rd bytes, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	assert_non_null(p);
	memcpy(p, bytes.p, n);
	return rd_of(p, n);
}

static void free_copy(struct rd copy)
{
	union { const uint8_t *in; void *out; } p = { .in = copy.p };

	free(p.out);
}

static void truncation_at_every_byte(void **state)
{
	const struct rd files[] = { RD_ARR(golden_root), RD_ARR(golden_attestation), RD_ARR(golden_devaut) };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t n = 0; n < files[i].n; n++) {
			struct rd copy = exact_copy(files[i], n), r = copy;
			struct cvc_request q;
			struct cvc c, d;
			bool two;

			if (i == 0)
				assert_int_equal(cvc_read(&r, &c), ERR_FORMAT);
			if (i == 1)
				assert_int_equal(cvc_request_read(&r, &q), ERR_FORMAT);
			if (i == 2)
				assert_int_equal(cvc_devaut_read(r, &c, &d, &two), ERR_FORMAT);
			assert_int_equal(r.n, n);
			free_copy(copy);
		}
}

/*
 * Each bit of the attestation is covered by its syntax or by one of its signatures, or by the names that a verdict
 * compares.
 */
static void every_bit_of_an_attestation_counts(void **state)
{
	struct rd file = RD_ARR(golden_attestation), copy;
	struct cvc device, issuer;
	bool has_issuer;
	uint8_t *p;

	(void)state;
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_devaut), &device, &issuer, &has_issuer), ERR_OK);
	p = malloc(file.n);
	assert_non_null(p);
	memcpy(p, file.p, file.n);
	copy = rd_of(p, file.n);
	for (size_t bit = 0; bit < file.n * 8; bit++) {
		struct cvc_request q;
		struct rd r = copy;
		bool good;

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		good = cvc_request_read(&r, &q) == ERR_OK && rd_end(&r) &&
		       cvc_key_curve(&q.inner.key, EC_NONE) == EC_SECP256K1 &&
		       cvc_verify(&q.inner.key, EC_SECP256K1, q.inner.body, q.inner.sig) == ERR_OK &&
		       cvc_verify(&device.key, EC_BP256R1, q.signed_part, q.sig) == ERR_OK;
		if (good)
			fail_msg("bit %zu of byte %zu does not count", bit % 8, bit / 8);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

static void every_bit_of_a_device_certificate_counts(void **state)
{
	struct cvc root = read_one(RD_ARR(golden_root));
	struct rd file = RD_ARR(golden_devaut);
	uint8_t *p = malloc(file.n);

	(void)state;
	assert_non_null(p);
	memcpy(p, file.p, file.n);
	for (size_t bit = 0; bit < file.n * 8; bit++) {
		struct cvc device, issuer;
		bool has_issuer, good;

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		good = cvc_devaut_read(rd_of(p, file.n), &device, &issuer, &has_issuer) == ERR_OK && has_issuer &&
		       cvc_verify(&root.key, EC_BP256R1, issuer.body, issuer.sig) == ERR_OK &&
		       cvc_verify(&issuer.key, EC_BP256R1, device.body, device.sig) == ERR_OK;
		if (good)
			fail_msg("bit %zu of byte %zu does not count", bit % 8, bit / 8);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(p);
}

static void what_follows_the_device_certificates(void **state)
{
	uint8_t room[sizeof(golden_devaut) + 8] = { 0 };
	struct cvc device, issuer;
	bool has_issuer;
	size_t one;

	(void)state;
	memcpy(room, golden_devaut, sizeof(golden_devaut));
	assert_int_equal(cvc_devaut_read(RD_ARR(room), &device, &issuer, &has_issuer), ERR_OK);
	one = device.whole.n;
	room[sizeof(room) - 1] = 1;
	assert_int_equal(cvc_devaut_read(RD_ARR(room), &device, &issuer, &has_issuer), ERR_FORMAT);
	/* A device certificate without the one that signed it, and a self-signed one. */
	assert_int_equal(cvc_devaut_read(rd_of(room, one), &device, &issuer, &has_issuer), ERR_FORMAT);
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_root), &device, &issuer, &has_issuer), ERR_OK);
	assert_false(has_issuer);
	assert_int_equal(cvc_devaut_read(RD_ARR(golden_attestation), &device, &issuer, &has_issuer), ERR_FORMAT);
	assert_int_equal(cvc_devaut_read(RD_NONE, &device, &issuer, &has_issuer), ERR_FORMAT);
}

/* ---- a certificate of our own, with one thing wrong at a time ---- */

enum fault {
	NONE, REQUEST, PROFILE, TWO_CAR, NO_CHR, UNKNOWN, NO_Q, SOME_DOMAIN, LONG_ROLE, NO_CHAT, NO_DATE, BAD_DATE,
	SHORT_CHR, LONG_CHR, NO_CAR, TWO_SIG, NO_SIG, EMPTY_SIG, RSA_KEY, RSA_WITHOUT_EXPONENT, COMPRESSED
};

static void write_key(struct wr *w, enum fault f)
{
	const struct ec_domain *d = ec_domain_get(EC_SECP256R1);
	size_t key = wr_tlv_open(w, 0x7f49);

	if (f == RSA_KEY || f == RSA_WITHOUT_EXPONENT) {
		wr_tlv(w, 0x06, RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x01\x02"));
		wr_tlv(w, 0x81, RD_LIT("\x00\xc1\x02\x03\x05"));
		if (f == RSA_KEY)
			wr_tlv(w, 0x82, RD_LIT("\x01\x00\x01"));
	} else {
		wr_tlv(w, 0x06, RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x03"));
		if (f == SOME_DOMAIN)
			wr_tlv(w, 0x81, d->p);
		if (f != NO_Q)
			wr_tlv(w, 0x86, f == COMPRESSED ? rd_of(d->g.p + 1, 33) : d->g);
	}
	wr_tlv_close(w, key);
}

static void write_certificate(struct wr *w, enum fault f)
{
	size_t cert = wr_tlv_open(w, 0x7f21), body = wr_tlv_open(w, 0x7f4e), chat;

	wr_tlv_u8(w, 0x5f29, f == PROFILE ? 1 : 0);
	if (f != NO_CAR)
		wr_tlv(w, 0x42, RD_LIT("UTCA00001"));
	if (f == TWO_CAR)
		wr_tlv(w, 0x42, RD_LIT("UTCA00001"));
	write_key(w, f);
	if (f != NO_CHR)
		wr_tlv(w, 0x5f20, f == SHORT_CHR ? RD_LIT("UT00001") : f == LONG_CHR ? RD_LIT("UT3456789012345678901") :
			RD_LIT("UTDEVICE00001"));
	if (f != NO_CHAT && f != REQUEST) {
		chat = wr_tlv_open(w, 0x7f4c);
		wr_tlv(w, 0x06, RD_LIT("\x2b\x06"));
		wr_tlv(w, 0x53, f == LONG_ROLE ? RD_LIT("\x00\x00") : RD_LIT("\x00"));
		wr_tlv_close(w, chat);
	}
	if (f != REQUEST)
		wr_tlv(w, 0x5f25, f == BAD_DATE ? RD_LIT("\x02\x06\x01\x03\x00\x01") :
			RD_LIT("\x02\x06\x01\x02\x03\x01"));
	if (f != REQUEST && f != NO_DATE)
		wr_tlv(w, 0x5f24, RD_LIT("\x02\x06\x01\x02\x03\x01"));
	if (f == UNKNOWN)
		wr_tlv(w, 0x66, RD_NONE);
	wr_tlv_close(w, body);
	if (f != NO_SIG)
		wr_tlv(w, 0x5f37, f == EMPTY_SIG ? RD_NONE : RD_LIT("sig"));
	if (f == TWO_SIG)
		wr_tlv(w, 0x5f37, RD_LIT("sig"));
	wr_tlv_close(w, cert);
	assert_int_equal(wr_done(w), ERR_OK);
}

static void one_fault_is_enough(void **state)
{
	(void)state;
	for (int f = NONE; f <= COMPRESSED; f++) {
		bool fine = f == NONE || f == REQUEST || f == RSA_KEY;
		uint8_t room[1024];
		struct cvc c;
		struct rd r;
		struct wr w;

		WR_ARR(&w, room);
		write_certificate(&w, (enum fault)f);
		r = wr_view(&w);
		if ((cvc_read(&r, &c) == ERR_OK) != fine)
			fail_msg("fault %d", f);
		assert_int_equal(r.n, fine ? 0 : w.n);
		if (f == RSA_KEY) {
			assert_true(c.key.is_rsa);
			assert_bytes_equal(c.key.modulus, RD_LIT("\xc1\x02\x03\x05"));
			assert_int_equal(cvc_key_curve(&c.key, EC_BP256R1), EC_NONE);
		}
	}
}

static void keys_with_other_algorithms_verify_nothing(void **state)
{
	struct cvc root = read_one(RD_ARR(golden_root));
	struct cvc_key key = root.key;

	(void)state;
	key.oid = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x01");   /* with SHA-1 */
	assert_int_equal(cvc_verify(&key, EC_BP256R1, root.body, root.sig), ERR_UNSUPPORTED);
	key.oid = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x05");   /* with SHA-512 */
	assert_int_equal(cvc_verify(&key, EC_BP256R1, root.body, root.sig), ERR_SIGNATURE);
	key.oid = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x01\x02");   /* RSA */
	assert_int_equal(cvc_verify(&key, EC_BP256R1, root.body, root.sig), ERR_UNSUPPORTED);
}

static void public_keys_as_spki(void **state)
{
	struct rd r = RD_ARR(golden_attestation);
	uint8_t a[128], b[128];
	struct cvc_request q;
	struct wr wa, wb;

	(void)state;
	WR_ARR(&wa, a);
	WR_ARR(&wb, b);
	assert_int_equal(cvc_request_read(&r, &q), ERR_OK);
	assert_int_equal(cvc_key_spki(&q.inner.key, EC_NONE, &wa), ERR_OK);
	assert_int_equal(ec_spki(EC_SECP256K1, q.inner.key.q, &wb), ERR_OK);
	assert_bytes_equal(wr_view(&wa), wr_view(&wb));
}

static void references(void **state)
{
	(void)state;
	assert_true(cvc_reference_is_valid(RD_LIT("DE123456")));
	assert_true(cvc_reference_is_valid(RD_LIT("DE345678901234567890")));
	assert_false(cvc_reference_is_valid(RD_LIT("DE12345")));
	assert_false(cvc_reference_is_valid(RD_LIT("DE3456789012345678901")));
	assert_false(cvc_reference_is_valid(RD_LIT("de123456")));
	assert_false(cvc_reference_is_valid(RD_LIT("D1234567")));
	assert_false(cvc_reference_is_valid(RD_LIT("DE12345\n")));
	assert_false(cvc_reference_is_valid(RD_LIT("DE12345\x80")));
	assert_false(cvc_reference_is_valid(RD_NONE));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots),
		cmocka_unit_test(device_certificates),
		cmocka_unit_test(attestation),
		cmocka_unit_test(truncation_at_every_byte),
		cmocka_unit_test(every_bit_of_an_attestation_counts),
		cmocka_unit_test(every_bit_of_a_device_certificate_counts),
		cmocka_unit_test(what_follows_the_device_certificates),
		cmocka_unit_test(one_fault_is_enough),
		cmocka_unit_test(keys_with_other_algorithms_verify_nothing),
		cmocka_unit_test(public_keys_as_spki),
		cmocka_unit_test(references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
