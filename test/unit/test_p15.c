/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions as OpenSC and others write them: recorded, and from reference sc-hsm-apdu 8. */
#include "test/unit/test.h"

#include "sc-hsm/p15.h"

/* What we write. */
#define RSA_KEY "302E 3013 0C0A 4D7920525341204B6579 03020780 040101  300B 04010A 03020274 030203B8" \
	"A10A 3008 30020400 02020800"
#define EC_KEY  "A02E 3012 0C09 4D79204543204B6579 03020780 040101  300C 04010A 0303072080 030203B8" \
	"A10A 3008 30020400 02020100"
/* What pkcs11-tool with OpenSC's module 0.23 wrote: other usage, no access flags, the key's number. */
#define OPENSC_RSA_KEY "302D 3013 0C0A 4D7920525341204B6579 030206C0 040101  300A 04010A 03020470 020101" \
	"A10A 3008 30020400 02020800"
#define OPENSC_EC_KEY  "A02D 3012 0C09 4D79204543204B6579 030206C0 040101  300B 04010B 0303073080 020102" \
	"A10A 3008 30020400 02020100"
#define OPENSC_CERT    "301C 300B 0C05 4D79204341 03020640  3003 04010C  A108 3006 3004 0402CA00"
#define CERT    "301F 300B 0C05 4D79204341 03020640  3006 04010B 0101FF  A108 3006 3004 0402CA00"
#define TOKEN   "3011 020100 8008 4D7920546F6B656E 03020520"

static struct wr bytes;

static int setup(void **state)
{
	(void)state;
	wr_init_heap(&bytes, 1 << 16);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	wr_free(&bytes);
	return 0;
}

static void assert_key(const char *hex, enum p15_type type, const char *label, struct rd id, unsigned usage,
		       unsigned bits)
{
	struct p15_key k;

	assert_int_equal(p15_key_read(test_unhex(&bytes, hex), &k), ERR_OK);
	assert_int_equal(k.type, type);
	assert_true(rd_eq_str(k.label, label));
	assert_bytes_equal(k.id, id);
	assert_int_equal(k.usage, usage);
	assert_int_equal(k.bits, bits);
}

static void assert_written(const struct p15_key *k, const char *hex)
{
	struct wr out;

	wr_init_heap(&out, 1024);
	assert_int_equal(p15_key_write(k, &out), ERR_OK);
	assert_bytes_equal(wr_view(&out), test_unhex(&bytes, hex));
	wr_free(&out);
}

static void test_key(void **state)
{
	const struct p15_key rsa = {
		.type = P15_RSA, .label = RD_LIT("My RSA Key"), .id = RD_LIT("\x0A"), .bits = 2048,
		.usage = P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_UNWRAP,
	};
	const struct p15_key ec = {
		.type = P15_EC, .label = RD_LIT("My EC Key"), .id = RD_LIT("\x0A"), .bits = 256,
		.usage = P15_USE_SIGN | P15_USE_DERIVE,
	};
	const struct p15_key aes = {
		.type = P15_AES, .label = RD_LIT("K"), .id = RD_LIT("\x01"), .bits = 128,
		.usage = P15_USE_ENCRYPT | P15_USE_DECRYPT,
	};
	struct p15_key bad = rsa;
	struct wr out;

	(void)state;
	assert_key(RSA_KEY, P15_RSA, "My RSA Key", rsa.id, rsa.usage, 2048);
	assert_key(EC_KEY, P15_EC, "My EC Key", ec.id, ec.usage, 256);
	assert_written(&rsa, RSA_KEY);
	assert_written(&ec, EC_KEY);
	assert_written(&aes, "A829 300A 0C014B 03020780 040101  300B 040101 030206C0 030203B8"
		       "A006 3004 02020080  A106 3004 30020400");
	wr_init_heap(&out, 1024);
	bad.usage = 0;
	assert_int_equal(p15_key_write(&bad, &out), ERR_ARG);
	bad.usage = 1 << 10;
	assert_int_equal(p15_key_write(&bad, &out), ERR_ARG);
	bad = rsa;
	bad.bits = 65536;
	assert_int_equal(p15_key_write(&bad, &out), ERR_ARG);
	wr_free(&out);
}

/* What is written is read again, for every usage. */
static void test_key_round_trip(void **state)
{
	(void)state;
	for (unsigned usage = 1; usage < 1 << 10; usage++) {
		struct p15_key k = {
			.type = usage % 2 ? P15_RSA : usage % 3 ? P15_EC : P15_AES, .label = RD_LIT("\xC3\xA4"),
			.id = RD_LIT("0123456789abcdef0123"), .usage = usage, .bits = 1 + usage,
		}, back;
		struct wr out;

		wr_init_heap(&out, 1024);
		assert_int_equal(p15_key_write(&k, &out), ERR_OK);
		assert_int_equal(p15_key_read(wr_view(&out), &back), ERR_OK);
		assert_int_equal(back.type, k.type);
		assert_int_equal(back.usage, usage);
		assert_int_equal(back.bits, k.bits == 528 ? 521 : k.bits);
		assert_bytes_equal(back.id, k.id);
		assert_bytes_equal(back.label, k.label);
		wr_free(&out);
	}
}

/* PKCS#15 6.3: a key that came from outside was not made here, nor always sensitive. */
static void test_key_imported(void **state)
{
	struct p15_key k = { .type = P15_EC, .label = RD_LIT("x"), .id = RD_LIT("\x01"), .usage = P15_USE_SIGN,
			     .bits = 256 };
	struct wr made, imported;

	(void)state;
	wr_init_heap(&made, 128);
	wr_init_heap(&imported, 128);
	assert_int_equal(p15_key_write(&k, &made), ERR_OK);
	k.is_imported = true;
	assert_int_equal(p15_key_write(&k, &imported), ERR_OK);
	assert_non_null(memmem(made.p, made.n, "\x03\x02\x05\x20\x03\x02\x03\xB8", 8));
	assert_non_null(memmem(imported.p, imported.n, "\x03\x02\x05\x20\x03\x02\x07\x80", 8));
	assert_int_equal(made.n, imported.n);
	wr_free(&imported);
	wr_free(&made);
}

/* Other writers, and old ones. */
static void test_key_others(void **state)
{
	const unsigned rsa = P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_UNWRAP;

	(void)state;
	assert_key(OPENSC_RSA_KEY, P15_RSA, "My RSA Key", RD_LIT("\x0A"),
		   P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_SIGN_RECOVER, 2048);
	assert_key(OPENSC_EC_KEY, P15_EC, "My EC Key", RD_LIT("\x0B"),
		   P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_DERIVE, 256);
	/* Smart Card Shell: neither flags nor access flags; early ones put the size behind the SEQUENCE. */
	assert_key("301C 3003 0C014B 3007 04010A 03020274  A10C 300A 3004 0402CC01 02020800", P15_RSA, "K",
		   RD_LIT("\x0A"), rsa, 2048);
	assert_key("301A 3003 0C014B 3007 04010A 03020274  A10A 3004 30020400 02020800", P15_RSA, "K",
		   RD_LIT("\x0A"), rsa, 2048);
	/* Unsigned size without the zero byte, and the bits of the bytes of secp521r1. */
	assert_key("A019 3003 0C014B 3007 04010A 03020520  A109 3007 30020400 0201C0", P15_EC, "K",
		   RD_LIT("\x0A"), P15_USE_SIGN, 192);
	assert_key("A01A 3003 0C014B 3007 04010A 03020520  A10A 3008 30020400 02020210", P15_EC, "K",
		   RD_LIT("\x0A"), P15_USE_SIGN, 521);
	/* Open firmware: no label, the number as id, no size. */
	assert_key("3016 3002 0C00 3008 040131 0303072080  A106 3004 30020400", P15_RSA, "", RD_LIT("1"),
		   P15_USE_SIGN | P15_USE_DERIVE, 0);
	assert_key("3012 3000 3006 0302 0780 0400  A106 3004 30020400", P15_RSA, "", RD_NONE, P15_USE_ENCRYPT, 0);
	/* Secret keys: with a wrong count of unused bits; older, with the length directly in A0. */
	assert_key("A82F 3013 0C11 4469736B456E6372797074696F6E4B6579  3008 040101 030307C010"
		   "A006 3004 02020080  A106 3004 30020400",
		   P15_AES, "DiskEncryptionKey", RD_LIT("\x01"), P15_USE_ENCRYPT | P15_USE_DECRYPT, 128);
	assert_key("A81C 3003 0C014B  3007 040101 030206C0  A004 02020080  A106 3004 30020400", P15_AES, "K",
		   RD_LIT("\x01"), P15_USE_ENCRYPT | P15_USE_DECRYPT, 128);
}

/* A shorter description was written over a longer one: the tail is not ours. */
static void test_tail(void **state)
{
	struct p15_cert c;
	struct p15_token t;

	(void)state;
	assert_key(RSA_KEY "DEADBEEF", P15_RSA, "My RSA Key", RD_LIT("\x0A"), 0x2e, 2048);
	assert_int_equal(p15_cert_read(test_unhex(&bytes, CERT "00"), &c), ERR_OK);
	assert_int_equal(p15_token_read(test_unhex(&bytes, TOKEN "4D79"), &t), ERR_OK);
}

static void test_cert(void **state)
{
	struct p15_cert c = { .label = RD_LIT("My CA"), .id = RD_LIT("\x0B"), .authority = true, .fid = 0xCA00 }, back;
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1024);
	assert_int_equal(p15_cert_write(&c, &out), ERR_OK);
	assert_bytes_equal(wr_view(&out), test_unhex(&bytes, CERT));
	assert_int_equal(p15_cert_read(wr_view(&out), &back), ERR_OK);
	assert_true(back.authority);
	assert_int_equal(back.fid, 0xCA00);
	assert_bytes_equal(back.id, c.id);
	assert_bytes_equal(back.label, c.label);

	wr_reset(&out);
	c.authority = false;
	assert_int_equal(p15_cert_write(&c, &out), ERR_OK);
	assert_int_equal(p15_cert_read(wr_view(&out), &back), ERR_OK);
	assert_false(back.authority);
	/* Card verifiable; without label and authority; with the application in its path; without a path. */
	assert_int_equal(p15_cert_read(test_unhex(&bytes, "A514 3000 3004 0402CA05 A10A 3008 3006 0404 3F00CA05"),
				       &back), ERR_OK);
	assert_int_equal(back.fid, 0xCA05);
	assert_int_equal(back.label.n, 0);
	assert_int_equal(p15_cert_read(test_unhex(&bytes, OPENSC_CERT), &back), ERR_OK);
	assert_int_equal(back.fid, 0xCA00);
	assert_true(rd_eq_str(back.label, "My CA"));
	assert_false(back.authority);
	assert_int_equal(p15_cert_read(test_unhex(&bytes, "3008 3000 3004 0402CA05"), &back), ERR_OK);
	assert_int_equal(back.fid, 0);
	wr_free(&out);
}

/* The example of reference 8.5. */
static void test_data(void **state)
{
	struct p15_data d = { .label = RD_LIT("My Data"), .application = RD_LIT("my app"), .fid = 0xCD00 }, back;
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1024);
	assert_int_equal(p15_data_write(&d, true, &out), ERR_OK);
	assert_bytes_equal(wr_view(&out), test_unhex(&bytes, "3024 3010 0C074D792044617461 03020780 040101"
						     "3008 0C066D7920617070 A106 3004 0402CD00"));
	assert_int_equal(p15_data_read(wr_view(&out), &back), ERR_OK);
	assert_int_equal(back.fid, 0xCD00);
	assert_bytes_equal(back.label, d.label);
	assert_bytes_equal(back.application, d.application);
	assert_int_equal(back.oid.n, 0);
	wr_reset(&out);
	d.oid = RD_LIT("\x55\x04\x03");
	assert_int_equal(p15_data_write(&d, false, &out), ERR_OK);
	assert_int_equal(p15_data_read(wr_view(&out), &back), ERR_OK);
	assert_bytes_equal(back.oid, d.oid);
	/* A path one level deeper, as other descriptions have it; none; not closed. */
	assert_int_equal(p15_data_read(test_unhex(&bytes, "3010 3000 3000 A10A 3008 3006 0404 3F00CF07"), &back),
			 ERR_OK);
	assert_int_equal(back.fid, 0xCF07);
	assert_int_equal(p15_data_read(test_unhex(&bytes, "3004 3000 3000"), &back), ERR_OK);
	assert_int_equal(back.fid, 0);
	assert_int_equal(p15_data_read(test_unhex(&bytes, "3006 3000 3000 A100"), &back), ERR_FORMAT);
	assert_int_equal(p15_data_read(test_unhex(&bytes, "3002 3000"), &back), ERR_FORMAT);
	wr_free(&out);
}

static void test_token(void **state)
{
	struct p15_token t = { .label = RD_LIT("My Token") }, back;
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1024);
	assert_int_equal(p15_token_write(&t, &out), ERR_OK);
	assert_bytes_equal(wr_view(&out), test_unhex(&bytes, TOKEN));
	wr_reset(&out);
	t = (struct p15_token){ RD_LIT("L"), RD_LIT("M"), RD_LIT("S") };
	assert_int_equal(p15_token_write(&t, &out), ERR_OK);
	assert_int_equal(p15_token_read(wr_view(&out), &back), ERR_OK);
	assert_bytes_equal(back.label, t.label);
	assert_bytes_equal(back.manufacturer, t.manufacturer);
	assert_bytes_equal(back.serial, t.serial);
	wr_free(&out);
}

/* Cut anywhere, no description is taken for a whole one; no byte changed makes a reader go astray. */
static void test_damaged(void **state)
{
	static const char *const files[] = { RSA_KEY, EC_KEY, CERT, TOKEN };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct p15_token t;
		struct p15_cert c;
		struct p15_key k;
		struct wr w;
		struct rd file;

		wr_init_heap(&w, 256);
		file = test_unhex(&w, files[i]);
		for (size_t n = 0; n < file.n; n++) {
			assert_int_equal(p15_key_read(rd_of(file.p, n), &k), ERR_FORMAT);
			assert_int_equal(p15_cert_read(rd_of(file.p, n), &c), ERR_FORMAT);
			assert_int_equal(p15_token_read(rd_of(file.p, n), &t), ERR_FORMAT);
		}
		for (size_t n = 0; n < file.n * 8; n++) {
			w.p[n / 8] ^= (uint8_t)(1 << n % 8);
			if (p15_key_read(file, &k) == ERR_OK)
				assert_true(k.label.n + k.id.n <= file.n);
			if (p15_cert_read(file, &c) == ERR_OK)
				assert_true(c.label.n + c.id.n <= file.n);
			if (p15_token_read(file, &t) == ERR_OK)
				assert_true(t.label.n + t.serial.n <= file.n);
			w.p[n / 8] ^= (uint8_t)(1 << n % 8);
		}
		wr_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_key_imported), cmocka_unit_test(test_key_round_trip),
		cmocka_unit_test(test_key_others),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_cert),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
