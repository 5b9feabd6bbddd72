/* SPDX-License-Identifier: Apache-2.0 */
/* What a custodian signs for his inbox token: one form, one server, and never what passes for a decision. */
#include "test/unit/test.h"

#include "pka/inbox.h"
#include "pka/statement.h"
#include "test/pki.h"

static const char golden[] =
	"quorum11 inbox v1\n"
	"server: https://hsm.example.org:8443\n"
	"nonce: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	"key: UTALICE0100001\n";

static struct pka_inbox sample(void)
{
	struct pka_inbox s = { .server = RD_LIT("https://hsm.example.org:8443"), .key = RD_LIT("UTALICE0100001") };

	for (size_t i = 0; i < sizeof(s.nonce); i++)
		s.nonce[i] = (uint8_t)i;
	return s;
}

static void written_and_read(void **state)
{
	struct pka_inbox s = sample(), back;
	uint8_t bytes[STATEMENT_MAX];
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	assert_int_equal(pka_inbox_write(&s, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), rd_str(golden));
	assert_int_equal(pka_inbox_read(rd_str(golden), &back), ERR_OK);
	assert_bytes_equal(back.server, s.server);
	assert_bytes_equal(back.key, s.key);
	assert_memory_equal(back.nonce, s.nonce, sizeof(s.nonce));
}

/* Shortest and longest are statements' sizes, so no message to a card, and no statement is one of these. */
static void apart_from_others(void **state)
{
	char server[PKA_INBOX_SERVER_MAX + 2];
	struct pka_inbox s = sample();
	struct pka_statement decision;
	uint8_t bytes[STATEMENT_MAX];
	struct wr w;

	(void)state;
	s.server = RD_LIT("x");
	s.key = RD_LIT("UTAL0001");
	WR_ARR(&w, bytes);
	assert_int_equal(pka_inbox_write(&s, &w), ERR_OK);
	assert_true(w.n >= STATEMENT_MIN && w.n > PKA_MESSAGE_MAX);
	memset(server, 'a', sizeof(server));
	s.server = rd_of(server, PKA_INBOX_SERVER_MAX);
	s.key = RD_LIT("UTALICE0100001000001");
	wr_reset(&w);
	assert_int_equal(pka_inbox_write(&s, &w), ERR_OK);
	s.server.n++;
	wr_reset(&w);
	assert_int_equal(pka_inbox_write(&s, &w), ERR_ARG);
	assert_int_equal(pka_statement_read(rd_str(golden), &decision), ERR_FORMAT);
}

static void nothing_else_is_read(void **state)
{
	static const struct { const char *from, *to; } changes[] = {
		{ "inbox v1", "inbox v2" }, { "inbox v1", "statement v1" }, { "0a0b", "0A0B" },
		{ "nonce: 00", "nonce: " },
		{ "0001\n", "0001" }, { "0001\n", "0001\n\n" }, { "server: https", "server:  https\x01" },
		{ "server: ", "host: " }, { "key: UT", "key: \x7f" }, { "key: UTALICE0100001", "key: UT" },
		{ "https://hsm.example.org:8443", "" },
	};
	char text[400];
	struct pka_inbox s;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(golden, changes[i].from);

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, changes[i].to,
			       at + strlen(changes[i].from));
		if (pka_inbox_read(rd_str(text), &s) != ERR_FORMAT)
			fail_msg("%s", text);
	}
}

static void every_byte_is_signed(void **state)
{
	struct ec_key *key = pki_key(EC_BP256R1), *other = pki_key(EC_BP256R1);
	uint8_t sig_bytes[EC_SIG_MAX], q_bytes[EC_POINT_MAX], other_bytes[EC_POINT_MAX], text[sizeof(golden) - 1];
	struct wr sig, q, q2;
	struct pka_inbox s;

	(void)state;
	WR_ARR(&sig, sig_bytes);
	WR_ARR(&q, q_bytes);
	WR_ARR(&q2, other_bytes);
	pki_sign(key, rd_str(golden), &sig);
	assert_int_equal(ec_key_public(key, &q), ERR_OK);
	assert_int_equal(ec_key_public(other, &q2), ERR_OK);
	assert_int_equal(pka_inbox_verify(rd_str(golden), wr_view(&sig), EC_BP256R1, wr_view(&q), &s), ERR_OK);
	assert_int_equal(pka_inbox_verify(rd_str(golden), wr_view(&sig), EC_BP256R1, wr_view(&q2), &s), ERR_SIGNATURE);
	for (size_t i = 0; i < sizeof(text); i++) {
		memcpy(text, golden, sizeof(text));
		text[i] ^= 1;
		assert_int_not_equal(pka_inbox_verify(RD_ARR(text), wr_view(&sig), EC_BP256R1, wr_view(&q), &s),
				     ERR_OK);
	}
	ec_key_free(&key);
	ec_key_free(&other);
}

static void one_form_of_a_url(void **state)
{
	static const struct { const char *url, *form; } rows[] = {
		{ "https://hsm.example.org:8443", "https://hsm.example.org:8443" },
		{ "HTTPS://HSM.Example.org:8443/", "https://hsm.example.org:8443" },
		{ "https://hsm.example.org:443", "https://hsm.example.org" },
		{ "https://hsm.example.org:443/Path/", "https://hsm.example.org/Path" },
		{ "https://hsm.example.org:80", "https://hsm.example.org:80" },
		{ "http://localhost:80//", "http://localhost" },
		{ "https://[2001:DB8::1]:443", "https://[2001:db8::1]" },
		{ "https://", NULL }, { "https:///", NULL }, { "ftp://x", NULL }, { "", NULL },
		{ "hsm.example.org", NULL }, { "http://:80/", NULL }, { "https://x:443:443", NULL },
		{ "https://x\n", NULL },
	};
	uint8_t bytes[PKA_INBOX_SERVER_MAX + 1];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		WR_ARR(&w, bytes);
		assert_int_equal(pka_inbox_server(rows[i].url, &w), rows[i].form ? ERR_OK : ERR_ARG);
		if (rows[i].form)
			assert_bytes_equal(wr_view(&w), rd_str(rows[i].form));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read), cmocka_unit_test(apart_from_others),
		cmocka_unit_test(nothing_else_is_read), cmocka_unit_test(every_byte_is_signed),
		cmocka_unit_test(one_form_of_a_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
