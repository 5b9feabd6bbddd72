/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/enrolment.h"

#include <stdlib.h>

#include "server/target/enrol.h"

#define PEOPLE 3

static struct pki pki, other_pki;
static struct pki_device target, stranger, alone, alone_too;
static struct pki_person people[PEOPLE], foreign, namesake, rsa_sized, homemade;
static struct ec_key *key;
static struct wr attestation, foreign_attestation, alone_attestation;

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_open(&other_pki);
	pki_device_make(&pki, "UTTARGET100001", &target);
	pki_device_make(&pki, "UTSTRANGER00001", &stranger);
	pki_device_make(NULL, "UTALONE0000001", &alone);
	pki_device_make(NULL, "UTALONE0000002", &alone_too);
	pki_person_make(&pki, "UTCARDA100001", "UTPERSONA00001", EC_BP256R1, &people[0]);
	pki_person_make(&pki, "UTCARDB100001", "UTPERSONB00001", EC_BP256R1, &people[1]);
	pki_person_make(&pki, "UTCARDC100001", "UTPERSONC00001", EC_SECP256R1, &people[2]);
	pki_person_make(&other_pki, "UTCARDX100001", "UTPERSONX00001", EC_BP256R1, &foreign);
	pki_person_make(&pki, "UTCARDD100001", "UTPERSONA00001", EC_BP256R1, &namesake);
	pki_person_make(&pki, "UTCARDE100001", "UTPERSONE00001", EC_BP384R1, &rsa_sized);
	pki_person_make(NULL, "UTCARDH100001", "UTPERSONH00001", EC_BP256R1, &homemade);
	key = pki_key(EC_SECP256R1);
	wr_init_heap(&attestation, CVC_MAX);
	wr_init_heap(&foreign_attestation, CVC_MAX);
	wr_init_heap(&alone_attestation, CVC_MAX);
	pki_attest(&target, "UTKEY000000001", key, &attestation);
	pki_attest(&stranger, "UTKEY000000001", key, &foreign_attestation);
	pki_attest(&alone, "UTKEY000000001", key, &alone_attestation);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE; i++)
		pki_person_free(&people[i]);
	pki_person_free(&foreign);
	pki_person_free(&namesake);
	pki_person_free(&rsa_sized);
	pki_person_free(&homemade);
	wr_free(&attestation);
	wr_free(&foreign_attestation);
	wr_free(&alone_attestation);
	ec_key_free(&key);
	pki_device_free(&target);
	pki_device_free(&stranger);
	pki_device_free(&alone);
	pki_device_free(&alone_too);
	pki_close(&other_pki);
	pki_close(&pki);
	return 0;
}

/* 2 of 3 with one attested key. */
static struct enrolment good(void)
{
	struct enrolment e = { .devaut = wr_view(&target.devaut), .n = 2, .m = PEOPLE, .keys_n = 1, .keys = { 1 },
			       .attestations = { wr_view(&attestation) } };

	for (size_t i = 0; i < PEOPLE; i++)
		e.files[i] = wr_view(&people[i].file);
	return e;
}

static enum err enrol(const struct enrolment *from, struct srv_target **t, struct srv_enrol_report *r)
{
	struct wr json;
	enum err e;

	wr_init_heap(&json, HTTP_BODY_MAX);
	e = srv_enrol(pki.anchors, enrolment_json(from, &json), PKI_NOW, t, r);
	wr_free(&json);
	assert_true(!e == !!*t);
	assert_true(!e == !r->why[0]);
	return e;
}

static void refused(const struct enrolment *from, enum err want, const char *in_why)
{
	struct srv_enrol_report r;
	struct srv_target *t;
	enum err e = enrol(from, &t, &r);

	if (e != want || !strstr(r.why, in_why))
		fail_msg("%s: %s", err_text(e), r.why);
	if (want == ERR_ATTESTATION)
		assert_false(att_verdict_is_good(&r.verdict));
}

static void test_good(void **state)
{
	struct enrolment from = good();
	struct srv_enrol_report r;
	struct srv_target *t;

	(void)state;
	from.more = ", \"name\": \"signing host 1\", \"replace\": true";
	assert_int_equal(enrol(&from, &t, &r), ERR_OK);
	assert_true(r.replace);
	assert_true(att_verdict_is_good(&r.verdict));
	assert_string_equal(t->device_id, "UTTARGET100001");
	assert_string_equal(t->path, "/UTQUORUM/UTISSUER/UTTARGET1");
	assert_string_equal(t->name, "signing host 1");
	assert_false(t->unverified);
	assert_int_equal(t->n, 2);
	assert_int_equal(t->m, 3);
	assert_bytes_equal(t->devaut, wr_view(&target.devaut));
	for (size_t i = 0; i < PEOPLE; i++) {
		assert_string_equal(t->custodians[i].chr, people[i].registered.chr);
		assert_int_equal(t->custodians[i].curve, people[i].registered.curve);
		assert_bytes_equal(rd_of(t->custodians[i].q, t->custodians[i].q_size),
				   rd_of(people[i].registered.q, people[i].registered.q_size));
		assert_bytes_equal(t->pka_files[i], wr_view(&people[i].file));
		assert_int_equal(srv_target_find(t, people[i].registered.chr), i);
	}
	assert_int_equal(srv_target_find(t, "UTNOBODY000001"), 3);
	assert_int_equal(t->archived_n, 1);
	assert_int_equal(t->archived[0].key, 1);
	assert_bytes_equal(t->archived[0].attestation, wr_view(&attestation));
	srv_target_unref(&t);
}

/* What the store writes is what it reads. */
static void test_again(void **state)
{
	struct enrolment from = good();
	struct srv_enrol_report r;
	struct srv_target *t, *u;
	struct wr first, second;

	(void)state;
	from.more = ", \"name\": \"\\u00e4 \\\"quoted\\\"\"";
	wr_init_heap(&first, HTTP_BODY_MAX);
	wr_init_heap(&second, HTTP_BODY_MAX);
	assert_int_equal(enrol(&from, &t, &r), ERR_OK);
	assert_int_equal(srv_enrol_json(t, &first), ERR_OK);
	assert_int_equal(srv_enrol(pki.anchors, wr_view(&first), PKI_NOW, &u, &r), ERR_OK);
	assert_int_equal(srv_enrol_json(u, &second), ERR_OK);
	assert_bytes_equal(wr_view(&first), wr_view(&second));
	assert_string_equal(u->name, "\xc3\xa4 \"quoted\"");
	assert_false(r.replace);
	srv_target_unref(&t);
	srv_target_unref(&u);
	wr_free(&first);
	wr_free(&second);
}

static void test_numbers(void **state)
{
	static const int bad[] = { -1, 0, 4 };
	struct enrolment from = good();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		from.n = bad[i];
		refused(&from, ERR_REFUSED, "not possible");
	}
	from.m = 0;
	refused(&from, ERR_REFUSED, "1 to 90 keys");
}

static void test_members(void **state)
{
	static const char *const bad[] = {
		", \"extra\": 1", ", \"name\": 5", ", \"n\": 2", ", \"replace\": 1", ", \"unverified\": \"yes\"",
		", \"name\": \"line\\nend\"", ", \"name\": \"\\u202e\"",
		", \"name\": \"12345678901234567890123456789012345678901234567890123456789012345\"",
	};
	static const char *const texts[] = { "", "[]", "5", "{", "{}", "null", "{\"devaut\": \"\"}", "{} {}", "\xff" };
	struct enrolment from = good();
	struct srv_enrol_report r;
	struct srv_target *t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		from.more = bad[i];
		refused(&from, ERR_FORMAT, "");
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(srv_enrol(pki.anchors, rd_str(texts[i]), PKI_NOW, &t, &r), ERR_FORMAT);
}

/* No beginning of a good text is taken for one. */
static void test_truncated(void **state)
{
	struct enrolment from = good();
	struct srv_enrol_report r;
	struct srv_target *t;
	struct wr json;
	struct rd text;

	(void)state;
	wr_init_heap(&json, HTTP_BODY_MAX);
	text = enrolment_json(&from, &json);
	for (size_t n = 0; n < text.n; n++) {
		assert_int_equal(srv_enrol(pki.anchors, rd_of(text.p, n), PKI_NOW, &t, &r), ERR_FORMAT);
		assert_null(t);
	}
	wr_free(&json);
}

static void test_device(void **state)
{
	struct enrolment from = good();
	struct wr flipped;

	(void)state;
	wr_init_heap(&flipped, 2 * CVC_MAX);
	wr_put(&flipped, wr_view(&target.devaut));
	flipped.p[150] ^= 1;
	from.devaut = wr_view(&flipped);
	refused(&from, ERR_ATTESTATION, "UTTARGET100001");
	from.devaut = wr_view(&attestation);
	refused(&from, ERR_FORMAT, "devaut");
	from.devaut = RD_NONE;
	refused(&from, ERR_FORMAT, "devaut");
	from = good();
	from.devaut = wr_view(&alone.devaut);
	refused(&from, ERR_ATTESTATION, "UTALONE0000001");
	wr_free(&flipped);
}

static void test_people(void **state)
{
	struct enrolment from = good();
	struct pki_person own;
	struct wr flipped;

	(void)state;
	from.files[2] = from.files[0];
	refused(&from, ERR_REFUSED, "pka_files[2]");
	from.files[2] = wr_view(&namesake.file);
	refused(&from, ERR_REFUSED, "pka_files[2]");
	from.files[2] = wr_view(&rsa_sized.file);
	refused(&from, ERR_REFUSED, "256");
	from.files[1] = wr_view(&foreign.file);
	refused(&from, ERR_ATTESTATION, "pka_files[1]");
	from = good();
	wr_init_heap(&flipped, CVC_MAX);
	wr_put(&flipped, from.files[1]);
	flipped.p[flipped.n - 1] ^= 1;
	from.files[1] = wr_view(&flipped);
	refused(&from, ERR_ATTESTATION, "pka_files[1]");
	from.files[1] = RD_LIT("nonsense");
	refused(&from, ERR_FORMAT, "pka_files[1]");
	/* a key of the target itself */
	pki_person_make(&pki, "UTTARGET100001", "UTPERSONO00001", EC_BP256R1, &own);
	from = good();
	from.files[0] = wr_view(&own.file);
	refused(&from, ERR_REFUSED, "pka_files[0]");
	pki_person_free(&own);
	wr_free(&flipped);
}

static void test_attestations(void **state)
{
	struct enrolment from = good();
	struct wr flipped;

	(void)state;
	from.attestations[0] = wr_view(&foreign_attestation);
	refused(&from, ERR_ATTESTATION, "key 1");
	wr_init_heap(&flipped, CVC_MAX);
	wr_put(&flipped, wr_view(&attestation));
	flipped.p[flipped.n - 1] ^= 1;
	from.attestations[0] = wr_view(&flipped);
	refused(&from, ERR_ATTESTATION, "key 1");
	from = good();
	from.keys_n = 2;
	from.keys[1] = 1;
	from.attestations[1] = wr_view(&attestation);
	refused(&from, ERR_FORMAT, "two attestations");
	from.keys[1] = 256;
	refused(&from, ERR_FORMAT, "attestations[1]");
	from.keys[1] = -1;
	refused(&from, ERR_FORMAT, "attestations[1]");
	from.keys[1] = 2;
	from.attestations[1] = RD_NONE;
	refused(&from, ERR_FORMAT, "attestations[1]");
	wr_free(&flipped);
}

/* Open firmware: only on request, and only what has no chain at all. */
static void test_unverified(void **state)
{
	struct enrolment from = good();
	struct srv_enrol_report r;
	struct srv_target *t;
	struct wr flipped;

	(void)state;
	from.devaut = wr_view(&alone.devaut);
	from.attestations[0] = wr_view(&alone_attestation);
	from.files[2] = wr_view(&homemade.file);
	from.more = ", \"unverified\": true";
	assert_int_equal(enrol(&from, &t, &r), ERR_OK);
	assert_true(t->unverified);
	assert_string_equal(t->path, "");
	srv_target_unref(&t);
	/* its custodians' keys must still be signed by their devices, chain or not */
	wr_init_heap(&flipped, CVC_MAX);
	for (size_t i = 0; i < PEOPLE; i++) {
		struct rd file = from.files[i];

		wr_reset(&flipped);
		wr_put(&flipped, file);
		flipped.p[flipped.n - 1] ^= 1;
		from.files[i] = wr_view(&flipped);
		refused(&from, ERR_ATTESTATION, "is not proved");
		from.files[i] = file;
	}
	wr_free(&flipped);
	/* its keys must still be its own */
	from.attestations[0] = wr_view(&attestation);
	refused(&from, ERR_ATTESTATION, "key 1");
	/* asking for it does not lower what a genuine device needs */
	from = good();
	from.more = ", \"unverified\": true";
	assert_int_equal(enrol(&from, &t, &r), ERR_OK);
	assert_false(t->unverified);
	srv_target_unref(&t);
	from.files[2] = wr_view(&homemade.file);
	refused(&from, ERR_ATTESTATION, "pka_files[2]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_again), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_members), cmocka_unit_test(test_truncated), cmocka_unit_test(test_device),
		cmocka_unit_test(test_people), cmocka_unit_test(test_attestations), cmocka_unit_test(test_unverified),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
