/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "pka/end.h"
#include "test/pki.h"

#define ID RD_LIT("UTVCARD0100000")
#define JSON RD_LIT("{\"v\":1,\"reason\":\"release 1.2\"}")

static struct pki pki;
static struct pki_person alice, bob;
static uint8_t login_id[LOGIN_ID_SIZE];

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_person_make(&pki, "UTCARDA0100000", "UTALICE0100001", EC_BP256R1, &alice);
	pki_person_make(&pki, "UTCARDB0100000", "UTBOB00010000001", EC_SECP256R1, &bob);
	for (size_t i = 0; i < sizeof(login_id); i++)
		login_id[i] = (uint8_t)(0x30 + i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_person_free(&alice);
	pki_person_free(&bob);
	pki_close(&pki);
	return 0;
}

struct made {
	struct pka_statement s;
	uint8_t text[STATEMENT_MAX], sig[64];
	struct wr text_w, sig_w;
};

static void prepare(struct made *m, const struct pki_person *p)
{
	memset(m, 0, sizeof(*m));
	assert_int_equal(sha256(ID, m->s.message), ERR_OK);
	memcpy(m->s.login_id, login_id, sizeof(login_id));
	assert_int_equal(sha256(JSON, m->s.request), ERR_OK);
	m->s.key = rd_str(p->registered.chr);
	m->s.decision = PKA_END;
}

static void seal(struct made *m, const struct pki_person *p)
{
	WR_ARR(&m->text_w, m->text);
	WR_ARR(&m->sig_w, m->sig);
	assert_int_equal(pka_statement_write(&m->s, &m->text_w), ERR_OK);
	pki_sign(p->key, wr_view(&m->text_w), &m->sig_w);
}

static enum err check(const struct made *m, struct rd file, char who[CHR_MAX + 1])
{
	return pka_end_check(file, wr_view(&m->text_w), wr_view(&m->sig_w), ID, RD_ARR(login_id), JSON, who);
}

static void refused(const struct made *m, struct rd file, enum err want)
{
	char who[CHR_MAX + 1] = "somebody";

	assert_int_equal(check(m, file, who), want);
	assert_string_equal(who, "");
}

static void ends(void **state)
{
	const struct pki_person *people[] = { &alice, &bob };
	char who[CHR_MAX + 1];
	struct made m;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		prepare(&m, people[i]);
		m.s.limits = RD_LIT("whatever he says here");
		seal(&m, people[i]);
		assert_int_equal(check(&m, wr_view(&people[i]->file), who), ERR_OK);
		assert_string_equal(who, people[i]->registered.chr);
	}
}

static void says_something_else(void **state)
{
	static const enum pka_decision others[] = { PKA_DENY, PKA_APPROVE };
	struct rd file = wr_view(&alice.file);
	struct made m;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		prepare(&m, &alice);
		m.s.decision = others[i];
		seal(&m, &alice);
		refused(&m, file, ERR_SIGNATURE);
	}
	prepare(&m, &alice);
	m.s.login_id[15] ^= 1;
	seal(&m, &alice);
	refused(&m, file, ERR_SIGNATURE);
	prepare(&m, &alice);
	m.s.request[31] ^= 1;
	seal(&m, &alice);
	refused(&m, file, ERR_SIGNATURE);
	/* another device; and M instead of the device */
	prepare(&m, &alice);
	assert_int_equal(sha256(RD_LIT("UTVCARD0200000"), m.s.message), ERR_OK);
	seal(&m, &alice);
	refused(&m, file, ERR_SIGNATURE);
	assert_int_equal(sha256(RD_LIT("UTVCARD0100000" "12345678"), m.s.message), ERR_OK);
	seal(&m, &alice);
	refused(&m, file, ERR_SIGNATURE);
}

static void by_somebody_else(void **state)
{
	struct rd file = wr_view(&alice.file);
	struct made m;

	(void)state;
	prepare(&m, &alice);
	seal(&m, &bob);                         /* in alice's name */
	refused(&m, file, ERR_SIGNATURE);
	refused(&m, wr_view(&bob.file), ERR_SIGNATURE);
	prepare(&m, &bob);
	seal(&m, &alice);
	refused(&m, file, ERR_SIGNATURE);
	prepare(&m, &alice);
	seal(&m, &alice);
	m.sig_w.n = 0;
	refused(&m, file, ERR_SIGNATURE);
	m.sig_w.n = 63;
	refused(&m, file, ERR_SIGNATURE);
}

static void any_byte_changed(void **state)
{
	char who[CHR_MAX + 1];
	struct rd file = wr_view(&alice.file);
	struct made m;

	(void)state;
	prepare(&m, &alice);
	seal(&m, &alice);
	for (size_t i = 0; i < m.text_w.n; i++) {
		m.text[i] ^= 1;
		assert_int_not_equal(check(&m, file, who), ERR_OK);
		m.text[i] ^= 1;
	}
	for (size_t i = 0; i < m.sig_w.n; i++) {
		m.sig[i] ^= 1;
		refused(&m, file, ERR_SIGNATURE);
		m.sig[i] ^= 1;
	}
	assert_int_equal(check(&m, file, who), ERR_OK);
}

static void malformed(void **state)
{
	struct rd file = wr_view(&alice.file);
	struct made m;

	(void)state;
	prepare(&m, &alice);
	seal(&m, &alice);
	for (size_t n = 0; n < file.n; n++)
		refused(&m, rd_of(file.p, n), ERR_FORMAT);
	m.text_w.n--;
	refused(&m, file, ERR_FORMAT);
	m.text_w.n = 0;
	refused(&m, file, ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(says_something_else),
		cmocka_unit_test(by_somebody_else),
		cmocka_unit_test(any_byte_changed),
		cmocka_unit_test(malformed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
