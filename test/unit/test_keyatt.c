/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "attest/keyatt.h"
#include "base/tlv.h"
#include "test/pki.h"
#include "test/wire/golden.h"

static struct pki pki;
static struct pki_device device, other;
static struct att_chain golden, chain;
static struct ec_key *key;
static struct wr attestation;

static int setup(void **state)
{
	struct att_verdict v = { .n = 0 };

	(void)state;
	pki_open(&pki);
	pki_device_make(&pki, "UTVCARD0100000", &device);
	pki_device_make(&pki, "UTVCARD0200000", &other);
	key = pki_key(EC_SECP256R1);
	wr_init_heap(&attestation, CVC_MAX);
	pki_attest(&device, "UTVCARD0100001", key, &attestation);
	if (att_chain_check(pki.anchors, RD_ARR(golden_devaut), PKI_NOW, &golden, &v) != ERR_OK ||
	    att_chain_check(pki.anchors, wr_view(&device.devaut), PKI_NOW, &chain, &v) != ERR_OK)
		return 1;
	return !golden.is_genuine || !chain.is_genuine;
}

static int teardown(void **state)
{
	(void)state;
	wr_free(&attestation);
	ec_key_free(&key);
	pki_device_free(&device);
	pki_device_free(&other);
	pki_close(&pki);
	return 0;
}

static void expect(const struct att_chain *c, struct rd bytes, struct rd spki, enum err e, enum att_step first)
{
	struct att_verdict v = { .n = 0 };
	struct att_key k;

	assert_int_equal(att_key_check(c, bytes, spki, &k, &v), e);
	if (!e) {
		assert_true(att_verdict_is_good(&v));
		return;
	}
	assert_false(att_verdict_is_good(&v));
	if (att_verdict_first_failure(&v).step != first)
		fail_msg("%s, not %s: %s", att_step_name(att_verdict_first_failure(&v).step), att_step_name(first),
			 att_verdict_first_failure(&v).text);
}

static void real_key(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct att_key k;

	(void)state;
	assert_int_equal(att_key_check(&golden, RD_ARR(golden_attestation), RD_NONE, &k, &v), ERR_OK);
	assert_true(att_verdict_is_good(&v));
	assert_int_equal(k.curve, EC_SECP256K1);
	assert_int_equal(k.bits, 256);
	assert_string_equal(k.chr, "DENK040414400001");
	assert_true(rd_eq_str(k.request.inner.car, "UTCA00001"));
}

static void every_bit(void **state)
{
	uint8_t bytes[sizeof(golden_attestation)];
	struct att_verdict v;
	struct att_key k;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		memcpy(bytes, golden_attestation, sizeof(bytes));
		bytes[i] ^= (uint8_t)(1u << i % 8);
		v.n = 0;
		assert_int_not_equal(att_key_check(&golden, RD_ARR(bytes), RD_NONE, &k, &v), ERR_OK);
		assert_false(att_verdict_is_good(&v));
	}
}

static void every_length(void **state)
{
	uint8_t bytes[sizeof(golden_attestation) + 1];

	(void)state;
	memcpy(bytes, golden_attestation, sizeof(golden_attestation));
	bytes[sizeof(golden_attestation)] = 0;
	for (size_t n = 0; n < sizeof(golden_attestation); n++)
		expect(&golden, rd_of(bytes, n), RD_NONE, ERR_FORMAT, ATT_FORMAT);
	expect(&golden, rd_of(bytes, sizeof(golden_attestation)), RD_NONE, ERR_OK, ATT_STEPS);
	expect(&golden, RD_ARR(bytes), RD_NONE, ERR_FORMAT, ATT_FORMAT);
}

static void wrong_shape(void **state)
{
	struct cvc_request q;
	struct rd r = RD_ARR(golden_attestation);
	struct wr w;

	(void)state;
	assert_int_equal(cvc_request_read(&r, &q), ERR_OK);
	/* the request without the device's signature */
	expect(&golden, q.inner.whole, RD_NONE, ERR_FORMAT, ATT_FORMAT);
	/* an X.509 certificate in its place */
	wr_init_heap(&w, CVC_MAX);
	pki_x509(key, &w);
	expect(&golden, wr_view(&w), RD_NONE, ERR_FORMAT, ATT_FORMAT);
	/* the outer reference twice */
	wr_reset(&w);
	wr_put(&w, RD_LIT("\x67\x82\x01\xf8"));
	wr_put(&w, q.signed_part);
	wr_tlv(&w, 0x42, q.outer_car);
	wr_tlv(&w, 0x5f37, q.sig);
	expect(&golden, wr_view(&w), RD_NONE, ERR_FORMAT, ATT_FORMAT);
	/* a length longer than needed */
	wr_reset(&w);
	wr_put(&w, RD_LIT("\x67\x83\x00\x01\xe6"));
	wr_put(&w, q.content);
	expect(&golden, wr_view(&w), RD_NONE, ERR_FORMAT, ATT_FORMAT);
	wr_free(&w);
}

static void other_device(void **state)
{
	struct att_chain c;
	struct att_verdict v = { .n = 0 };
	struct cvc_request q;
	struct rd r;
	struct wr w;

	(void)state;
	expect(&chain, RD_ARR(golden_attestation), RD_NONE, ERR_ATTESTATION, ATT_OTHER_DEVICE);
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&other.devaut), PKI_NOW, &c, &v), ERR_OK);
	expect(&c, wr_view(&attestation), RD_NONE, ERR_ATTESTATION, ATT_OTHER_DEVICE);
	/* signed by this device under another's name */
	wr_init_heap(&w, CVC_MAX);
	r = wr_view(&attestation);
	assert_int_equal(cvc_request_read(&r, &q), ERR_OK);
	pki_request_make(q.inner.whole, "UTVCARD0200000", device.key, &w);
	expect(&chain, wr_view(&w), RD_NONE, ERR_ATTESTATION, ATT_OTHER_DEVICE);
	/* signed by another device that gives itself our name */
	wr_reset(&w);
	memcpy(other.id, device.id, sizeof(other.id));
	pki_attest(&other, "UTVCARD0100001", key, &w);
	expect(&chain, wr_view(&w), RD_NONE, ERR_ATTESTATION, ATT_SIG_ATT);
	wr_free(&w);
}

/* A request whose inner part is this one. */
static void inner(const struct pki_cvc *c, const struct ec_key *by, const struct rsa_key *by_rsa, enum err e,
		  enum att_step first)
{
	uint8_t bytes[CVC_MAX];
	struct wr in, w;

	WR_ARR(&in, bytes);
	wr_init_heap(&w, CVC_MAX);
	pki_cvc_make(c, by, by_rsa, &in);
	pki_request_make(wr_view(&in), device.id, device.key, &w);
	expect(&chain, wr_view(&w), RD_NONE, e, first);
	wr_free(&w);
}

/* Foreign parameters are refused by value, one by one, although the signatures are good. */
static void foreign_parameters(void **state)
{
	const struct ec_domain *good = ec_domain_get(EC_SECP256R1);
	struct pki_cvc c = { .car = "UTVCARD0100001", .chr = "UTVCARD0100001", .key = key };
	uint8_t bytes[65];
	struct ec_domain d;
	struct rd *const fields[] = { &d.p, &d.a, &d.b, &d.g, &d.n };

	(void)state;
	c.domain = good;
	inner(&c, key, NULL, ERR_OK, ATT_STEPS);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		d = *good;
		memcpy(bytes, fields[i]->p, fields[i]->n);
		bytes[fields[i]->n - 1] ^= 1;
		fields[i]->p = bytes;
		c.domain = &d;
		inner(&c, key, NULL, ERR_ATTESTATION, ATT_KEYPARAM);
	}
	d = *good;
	d.h = 2;
	inner(&c, key, NULL, ERR_ATTESTATION, ATT_KEYPARAM);
	c.domain = NULL;                /* an attested key names its curve */
	inner(&c, key, NULL, ERR_ATTESTATION, ATT_KEYPARAM);
	c.domain = ec_domain_get(EC_BP256R1);           /* the point is not on it */
	inner(&c, key, NULL, ERR_ATTESTATION, ATT_KEYPARAM);
}

static void curves(void **state)
{
	static const struct { enum ec_curve curve; bool ok; } rows[] = {
		{ EC_SECP256R1, true }, { EC_SECP384R1, true }, { EC_SECP521R1, true }, { EC_BP256R1, true },
		{ EC_BP384R1, true }, { EC_BP512R1, true }, { EC_SECP256K1, true }, { EC_SECP192R1, false },
		{ EC_BP192R1, false }, { EC_BP224R1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pki_cvc c = { .car = "UTVCARD0100001", .chr = "UTVCARD0100001",
				     .domain = ec_domain_get(rows[i].curve) };
		struct ec_key *k;

		assert_non_null(c.domain);
		k = pki_key(rows[i].curve);
		c.key = k;
		inner(&c, k, NULL, rows[i].ok ? ERR_OK : ERR_ATTESTATION, ATT_KEYPARAM);
		ec_key_free(&k);
	}
}

static void not_signed_by_itself(void **state)
{
	struct pki_cvc c = { .car = "UTVCARD0100001", .chr = "UTVCARD0100001", .key = key,
			     .domain = ec_domain_get(EC_SECP256R1) };
	struct ec_key *thief = pki_key(EC_SECP256R1);

	(void)state;
	inner(&c, thief, NULL, ERR_ATTESTATION, ATT_SIG_INNER);
	c.oid = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x01");    /* SHA-1 */
	inner(&c, key, NULL, ERR_ATTESTATION, ATT_SIG_INNER);
	c.car = NULL;                   /* newer middleware leaves the inner reference out */
	c.oid = RD_NONE;
	inner(&c, key, NULL, ERR_OK, ATT_STEPS);
	c.empty_extensions = true;
	inner(&c, key, NULL, ERR_OK, ATT_STEPS);
	ec_key_free(&thief);
}

static void rsa(void **state)
{
	static const struct { unsigned bits; bool ok; } rows[] = { { 2048, true }, { 1024, false } };
	struct rsa_key *k;
	struct att_verdict v;
	struct att_key out;
	struct wr w;

	(void)state;
	wr_init_heap(&w, CVC_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(rsa_key_generate(rows[i].bits, RD_LIT("\x01\x00\x01"), &k), ERR_OK);
		wr_reset(&w);
		pki_attest_rsa(&device, "UTVCARD0100002", k, &w);
		expect(&chain, wr_view(&w), RD_NONE, rows[i].ok ? ERR_OK : ERR_ATTESTATION, ATT_KEYPARAM);
		v.n = 0;
		(void)!att_key_check(&chain, wr_view(&w), RD_NONE, &out, &v);
		assert_int_equal(out.curve, EC_NONE);
		assert_int_equal(out.bits, rows[i].bits);
		rsa_key_free(&k);
	}
	wr_free(&w);
	assert_int_equal(rsa_key_generate(2048, RD_LIT("\x03"), &k), ERR_OK);          /* e = 3 */
	wr_init_heap(&w, CVC_MAX);
	pki_attest_rsa(&device, "UTVCARD0100002", k, &w);
	expect(&chain, wr_view(&w), RD_NONE, ERR_ATTESTATION, ATT_KEYPARAM);
	rsa_key_free(&k);
	wr_free(&w);
}

static void the_relying_partys_key(void **state)
{
	struct ec_key *thief = pki_key(EC_SECP256R1);
	uint8_t point[65], der[128];
	struct wr q, spki;

	(void)state;
	for (int mine = 0; mine < 2; mine++) {
		WR_ARR(&q, point);
		WR_ARR(&spki, der);
		assert_int_equal(ec_key_public(mine ? key : thief, &q), ERR_OK);
		assert_int_equal(ec_spki(EC_SECP256R1, wr_view(&q), &spki), ERR_OK);
		expect(&chain, wr_view(&attestation), wr_view(&spki), mine ? ERR_OK : ERR_ATTESTATION,
		       ATT_KEY_MISMATCH);
	}
	expect(&chain, wr_view(&attestation), RD_LIT("\x30\x00"), ERR_ATTESTATION, ATT_KEY_MISMATCH);
	ec_key_free(&thief);
}

/* r = 0, s = n, 63 and 65 bytes as the device's signature. */
static void impossible_signatures(void **state)
{
	const struct ec_domain *d = ec_domain_get(EC_BP256R1);
	struct rd r = wr_view(&attestation);
	struct cvc_request q;
	struct wr w;
	size_t mark;

	(void)state;
	assert_int_equal(cvc_request_read(&r, &q), ERR_OK);
	wr_init_heap(&w, CVC_MAX);
	for (int kind = 0; kind < 4; kind++) {
		uint8_t bytes[65];
		struct wr s;

		WR_ARR(&s, bytes);
		switch (kind) {
		case 0: wr_zeros(&s, 32); wr_put(&s, rd_of(q.sig.p + 32, 32)); break;
		case 1: wr_put(&s, rd_of(q.sig.p, 32)); wr_put(&s, d->n); break;
		case 2: wr_put(&s, rd_of(q.sig.p, 63)); break;
		case 3: wr_put(&s, q.sig); wr_u8(&s, 0); break;
		}
		wr_reset(&w);
		mark = wr_tlv_open(&w, 0x67);
		wr_put(&w, q.signed_part);
		wr_tlv(&w, 0x5f37, wr_view(&s));
		wr_tlv_close(&w, mark);
		expect(&chain, wr_view(&w), RD_NONE, ERR_ATTESTATION, ATT_SIG_ATT);
	}
	wr_free(&w);
}

/* Without a chain the device key of a self-signed certificate serves; without even that, nothing is proven. */
static void open_firmware(void **state)
{
	struct att_verdict v = { .n = 0 };
	struct pki_device open;
	struct att_chain c;
	struct wr w;

	(void)state;
	pki_device_make(NULL, "ESPICOHSMTR00001", &open);
	wr_init_heap(&w, CVC_MAX);
	pki_attest(&open, "ESPICOHSMTR00002", key, &w);
	assert_int_equal(att_chain_check(pki.anchors, wr_view(&open.devaut), PKI_NOW, &c, &v), ERR_OK);
	expect(&c, wr_view(&w), RD_NONE, ERR_OK, ATT_STEPS);
	c.curve = EC_NONE;
	expect(&c, wr_view(&w), RD_NONE, ERR_ATTESTATION, ATT_SIG_ATT);
	pki_device_free(&open);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_key),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(every_length),
		cmocka_unit_test(wrong_shape),
		cmocka_unit_test(foreign_parameters),
		cmocka_unit_test(curves),
		cmocka_unit_test(not_signed_by_itself),
		cmocka_unit_test(rsa),
		cmocka_unit_test(the_relying_partys_key),
		cmocka_unit_test(impossible_signatures),
		cmocka_unit_test(open_firmware),
		cmocka_unit_test(other_device),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
