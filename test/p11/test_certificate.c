/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that programs write: whose they are, what becomes of their key, what is refused before it is written. */
#include "test/p11/agent.h"

#include "base/crypto_x509.h"
#include "sc-hsm/cmd.h"
#include "test/p11/cert.h"

static CK_RV create(CK_SESSION_HANDLE s, struct rd der, const char *label, struct rd id, CK_OBJECT_HANDLE *out)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	char text[64];
	uint8_t copy[4096], id_copy[32];
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 }, { CKA_VALUE, copy, der.n }, { CKA_LABEL, text, strlen(label) },
		{ CKA_ID, id_copy, id.n },
	};

	memcpy(copy, der.p, der.n);
	memcpy(text, label, strlen(label));
	if (id.n)
		memcpy(id_copy, id.p, id.n);
	return C_CreateObject(s, t, 6, out);
}

static void test_certificate_of_key(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE pub, cert = 0, again = 0;
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_ATTRIBUTE session_object[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_VALUE, NULL, 0 } };
	CK_SESSION_HANDLE s;
	struct wr der;
	struct x509 x;

	(void)state;
	rig_initialize();
	s = rig_session();
	pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	wr_init_heap(&der, 4096);
	test_certificate(rig_attribute(s, pub, CKA_PUBLIC_KEY_INFO), &der);
	session_object[1] = (CK_ATTRIBUTE){ CKA_VALUE, der.p, der.n };
	assert_rv(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(create(s, rd_of(der.p, der.n - 1), "x", RD_LIT("\x01"), &cert), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(C_CreateObject(s, session_object, 2, &cert), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert));
	/* Once more: the first one is replaced. */
	assert_ok(create(s, wr_view(&der), "x", RD_LIT("\x01"), &again));
	assert_rv(C_GetAttributeValue(s, cert, NULL, 0), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 1);
	/* The objects of the key are the same, and the key signs. */
	assert_int_equal(rig_find(s, CKO_PUBLIC_KEY, "ec"), pub);
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));

	/* From the card: the certificate has the names of its key, and the public key comes from it. */
	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	cert = rig_find(s, CKO_CERTIFICATE, "ec");
	assert_ok(x509_parse(wr_view(&der), &x));
	assert_bytes_equal(rig_attribute(s, cert, CKA_VALUE), wr_view(&der));
	assert_bytes_equal(rig_attribute(s, cert, CKA_SUBJECT), x.subject);
	assert_bytes_equal(rig_attribute(s, cert, CKA_ISSUER), x.issuer);
	assert_bytes_equal(rig_attribute(s, cert, CKA_SERIAL_NUMBER), x.serial);
	assert_bytes_equal(rig_attribute(s, cert, CKA_ID), RD_LIT("\x01"));
	assert_bytes_equal(rig_attribute(s, cert, CKA_START_DATE), RD_LIT("20260101"));
	assert_bytes_equal(rig_attribute(s, cert, CKA_END_DATE), RD_LIT("20500101"));
	assert_int_equal(rig_attribute(s, cert, CKA_CHECK_VALUE).n, 3);
	assert_int_equal(rig_number(s, cert, CKA_CERTIFICATE_TYPE), CKC_X_509);
	pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_bytes_equal(rig_attribute(s, pub, CKA_PUBLIC_KEY_INFO), x.spki);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
	wr_free(&der);
}

/* NSS makes a key without a label, and gives the nickname to the certificate alone. */
static void test_label_of_certificate(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE pub, priv, cert = 0;
	CK_SESSION_HANDLE s;
	struct wr der;

	(void)state;
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(rig_generate(s, CKM_EC_KEY_PAIR_GEN, 0, "", &pub, &priv));
	wr_init_heap(&der, 4096);
	test_certificate(rig_attribute(s, pub, CKA_PUBLIC_KEY_INFO), &der);
	assert_ok(create(s, wr_view(&der), "", RD_NONE, &cert));
	assert_bytes_equal(rig_attribute(s, cert, CKA_LABEL), RD_NONE);
	assert_ok(create(s, wr_view(&der), "nickname", RD_NONE, &cert));
	assert_bytes_equal(rig_attribute(s, cert, CKA_LABEL), RD_LIT("nickname"));
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "nickname"), priv);
	/* Now it has one. */
	assert_ok(create(s, wr_view(&der), "another", RD_NONE, &cert));
	assert_bytes_equal(rig_attribute(s, cert, CKA_LABEL), RD_LIT("nickname"));
	assert_ok(rig_sign(s, priv));
	rig_card_remove();
	rig_card_insert(&c);
	(void)rig_find(rig_session(), CKO_CERTIFICATE, "nickname");
	wr_free(&der);
}

static void test_other_certificate(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE cert = 0, second = 0;
	CK_SESSION_HANDLE s;
	struct ec_key *key;
	uint8_t q[65];
	struct wr der, spki, w;

	(void)state;
	wr_init_heap(&der, 4096);
	wr_init_heap(&spki, 4096);
	WR_ARR(&w, q);
	assert_ok(ec_key_generate(EC_SECP256R1, &key));
	assert_ok(ec_key_public(key, &w));
	assert_ok(ec_spki(EC_SECP256R1, wr_view(&w), &spki));
	test_certificate(wr_view(&spki), &der);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	/* The id of a key that is another one. */
	assert_rv(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert), CKR_TEMPLATE_INCONSISTENT);
	assert_ok(create(s, wr_view(&der), "authority", RD_LIT("\x77"), &cert));
	assert_ok(create(s, wr_view(&der), "without id", RD_NONE, &second));
	assert_bytes_equal(rig_attribute(s, second, CKA_ID), RD_LIT("\xca\x01"));

	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 2);
	cert = rig_find(s, CKO_CERTIFICATE, "authority");
	assert_bytes_equal(rig_attribute(s, cert, CKA_VALUE), wr_view(&der));
	assert_bytes_equal(rig_attribute(s, cert, CKA_ID), RD_LIT("\x77"));
	assert_int_equal(rig_number(s, cert, CKA_CERTIFICATE_CATEGORY), 2);
	assert_rv(C_DestroyObject(s, cert), CKR_USER_NOT_LOGGED_IN);
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_DestroyObject(s, cert));
	assert_rv(C_DestroyObject(s, cert), CKR_OBJECT_HANDLE_INVALID);
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 1);
	rig_card_remove();
	rig_card_insert(&c);
	s = rig_session();
	assert_int_equal(rig_count(s, CKO_CERTIFICATE), 1);
	ec_key_free(&key);
	wr_free(&spki);
	wr_free(&der);
}

/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 4), of which the card knows nothing. */
#define ED25519 RD_LIT("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00" "0123456789abcdef0123456789abcdef")

static void make_spki(enum ec_curve curve, struct wr *spki)
{
	uint8_t q[EC_POINT_MAX];
	struct ec_key *key = NULL;
	struct wr point;

	WR_ARR(&point, q);
	assert_ok(ec_key_generate(curve, &key));
	assert_ok(ec_key_public(key, &point));
	assert_ok(ec_spki(curve, wr_view(&point), spki));
	ec_key_free(&key);
}

/* A key of which the card has no public part: its CKA_ID says whose the certificate is, but it must be able to be. */
static void test_key_unknown(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_OBJECT_HANDLE priv, cert = 0;
	struct wr der, spki;
	CK_SESSION_HANDLE s;

	(void)state;
	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_write(&c, HSM_FID(HSM_FID_EE, 1), RD_LIT("\x04\x01\x00"));
	rig_card_insert(&c);
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_int_equal(rig_count(s, CKO_PUBLIC_KEY), 0);
	wr_init_heap(&der, 4096);
	wr_init_heap(&spki, 4096);

	rig_watch();
	test_certificate(ED25519, &der);
	assert_rv(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert), CKR_TEMPLATE_INCONSISTENT);
	wr_reset(&der);
	make_spki(EC_SECP384R1, &spki);
	test_certificate(wr_view(&spki), &der);
	assert_rv(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(rig_seen().with_data[0xD7], 0);
	/* Nobody's key: a certificate like any other. */
	assert_ok(create(s, wr_view(&der), "other", RD_LIT("\x02"), &cert));

	wr_reset(&der);
	wr_reset(&spki);
	make_spki(EC_SECP256R1, &spki);
	test_certificate(wr_view(&spki), &der);
	assert_ok(create(s, wr_view(&der), "x", RD_LIT("\x01"), &cert));
	/* The private key learns from it at once what another process would read there. */
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "ec"), priv);
	assert_bytes_equal(rig_attribute(s, priv, CKA_PUBLIC_KEY_INFO), wr_view(&spki));
	assert_int_equal(rig_attribute(s, priv, CKA_EC_POINT).n, 67);
	(void)rig_find(s, CKO_PUBLIC_KEY, "ec");
	wr_free(&spki);
	wr_free(&der);
}

static void keep(struct rd v, uint8_t room[2000], struct rd *out)
{
	assert_in_range(v.n, 1, 2000);
	memcpy(room, v.p, v.n);
	*out = rd_of(room, v.n);
}

/* A program renews a certificate: away with the old one, then the new one. */
static void test_renew(void **state)
{
	CK_OBJECT_HANDLE priv, cert = 0;
	uint8_t room[2000];
	struct rd subject;
	struct wr der;
	CK_SESSION_HANDLE s;

	(void)state;
	s = rig_enter();
	priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
	wr_init_heap(&der, 4096);
	test_certificate(rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), CKA_PUBLIC_KEY_INFO), &der);
	for (int with_id = 0; with_id < 2; with_id++) {
		assert_int_equal(rig_attribute(s, priv, CKA_SUBJECT).n, 0);
		assert_ok(create(s, wr_view(&der), "x", with_id ? RD_LIT("\x01") : RD_NONE, &cert));
		/* It is the key's, under the key's names, and the key's halves have its subject. */
		assert_int_equal(rig_find(s, CKO_CERTIFICATE, "ec"), cert);
		keep(rig_attribute(s, cert, CKA_SUBJECT), room, &subject);
		assert_bytes_equal(rig_attribute(s, priv, CKA_SUBJECT), subject);
		assert_bytes_equal(rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "ec"), CKA_SUBJECT), subject);
		assert_ok(C_DestroyObject(s, cert));
		assert_int_equal(rig_count(s, CKO_CERTIFICATE), 0);
	}
	wr_free(&der);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_certificate_of_key), RIG_TEST(test_label_of_certificate),
		RIG_TEST(test_other_certificate), RIG_TEST(test_key_unknown), RIG_TEST(test_renew),
	};

	return RUN_BOTH(tests);
}
