/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "pka/message.h"
#include "pka/statement.h"
#include "test/pki.h"

static const char golden[] =
	"quorum11 statement v1\n"
	"message: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
	"login: a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\n"
	"request: fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0\n"
	"key: UTALICE0100001\n"
	"decision: approve\n"
	"limits: 3 signatures, until 18:00\n";

static struct pka_statement sample(void)
{
	struct pka_statement s = { .key = RD_LIT("UTALICE0100001"), .decision = PKA_APPROVE,
				   .limits = RD_LIT("3 signatures, until 18:00") };

	for (size_t i = 0; i < 32; i++) {
		s.message[i] = (uint8_t)i;
		s.request[i] = (uint8_t)(0xff - i);
	}
	for (size_t i = 0; i < 16; i++)
		s.login_id[i] = (uint8_t)(0xa0 + i);
	return s;
}

static void written_as_documented(void **state)
{
	uint8_t bytes[STATEMENT_MAX];
	struct pka_statement s = sample();
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), rd_str(golden));
}

static void read_back(void **state)
{
	struct pka_statement s, expect = sample();

	(void)state;
	assert_int_equal(pka_statement_read(rd_str(golden), &s), ERR_OK);
	assert_memory_equal(s.message, expect.message, sizeof(s.message));
	assert_memory_equal(s.login_id, expect.login_id, sizeof(s.login_id));
	assert_memory_equal(s.request, expect.request, sizeof(s.request));
	assert_bytes_equal(s.key, expect.key);
	assert_bytes_equal(s.limits, expect.limits);
	assert_int_equal(s.decision, PKA_APPROVE);
}

static void each_decision(void **state)
{
	static const char *const words[] = { [PKA_DENY] = "deny", [PKA_APPROVE] = "approve", [PKA_END] = "end" };
	uint8_t bytes[STATEMENT_MAX];
	struct pka_statement s, back;
	char line[40];
	struct wr w;

	(void)state;
	for (unsigned d = PKA_DENY; d <= PKA_END; d++) {
		s = sample();
		s.decision = (enum pka_decision)d;
		WR_ARR(&w, bytes);
		assert_int_equal(pka_statement_write(&s, &w), ERR_OK);
		snprintf(line, sizeof(line), "\ndecision: %s\n", words[d]);
		assert_non_null(memmem(w.p, w.n, line, strlen(line)));
		assert_int_equal(pka_statement_read(wr_view(&w), &back), ERR_OK);
		assert_int_equal(back.decision, d);
	}
}

/* The two things that one key signs can never be taken for each other. */
static void never_a_message(void **state)
{
	uint8_t bytes[STATEMENT_MAX + 100];
	struct pka_statement s = sample();
	struct wr w;

	(void)state;
	assert_true(PKA_MESSAGE_MAX < STATEMENT_MIN);
	s.key = RD_LIT("UTALICE0");
	s.limits = RD_NONE;
	s.decision = PKA_END;
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_OK);         /* the shortest there is */
	assert_true(w.n >= STATEMENT_MIN);
	assert_int_equal(pka_statement_read(wr_view(&w), &s), ERR_OK);
	assert_int_equal(s.decision, PKA_END);
	assert_int_equal(s.limits.n, 0);
}

static void limits(void **state)
{
	uint8_t bytes[STATEMENT_MAX + 100];
	char text[STATEMENT_MAX];
	struct pka_statement s = sample(), back;
	size_t room;
	struct wr w;

	(void)state;
	memset(text, 'x', sizeof(text));
	room = STATEMENT_MAX - (sizeof(golden) - 1) + s.limits.n;
	s.limits = rd_of(text, room);
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_OK);
	assert_int_equal(w.n, STATEMENT_MAX);
	assert_int_equal(pka_statement_read(wr_view(&w), &back), ERR_OK);
	s.limits = rd_of(text, room + 1);
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_LIMIT);

	/* nothing that could make a second line, or look like another text on a terminal */
	for (int c = 0; c < 256; c++) {
		text[3] = (char)c;
		s.limits = rd_of(text, 10);
		WR_ARR(&w, bytes);
		assert_int_equal(pka_statement_write(&s, &w), c >= 0x20 && c <= 0x7e ? ERR_OK : ERR_ARG);
	}
	s.limits = RD_NONE;
	s.decision = PKA_END + 1;
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_ARG);
	s.decision = PKA_APPROVE;
	s.key = RD_LIT("short");
	WR_ARR(&w, bytes);
	assert_int_equal(pka_statement_write(&s, &w), ERR_ARG);
}

/* One replacement in the golden text, refused. */
static void changed(const char *from, const char *to)
{
	const char *at = strstr(golden, from);
	struct pka_statement s;
	char text[2 * STATEMENT_MAX];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - golden), golden, to, at + strlen(from));
	assert_int_equal(pka_statement_read(rd_str(text), &s), ERR_FORMAT);
}

static void nothing_else_is_read(void **state)
{
	char text[sizeof(golden) + 1];
	struct pka_statement s;

	(void)state;
	changed("v1", "v2");
	changed("quorum11", "Quorum11");
	changed("message: 00", "message: 0");
	changed("message: 00", "message: 000");
	changed("message: 00", "message:00");
	changed("0a0b", "0A0B");                        /* one text for one meaning */
	changed("0a0b", "0a0g");
	changed("message", "login");
	changed("login: ", "login:  ");
	changed("login: a0", "login: ");
	changed("request:", "Request:");
	changed("key: UTALICE0100001", "key: utalice0100001");
	changed("key: UTALICE0100001", "key: ");
	changed("approve", "Approve");
	changed("approve", "approved");
	changed("approve", "yes");
	changed("approve", "end ");
	changed("approve", "denyend");
	changed("approve", "");
	changed("approve\n", "approve\r\n");
	changed("decision: approve\n", "");
	changed("decision: approve\n", "decision: approve\ndecision: deny\n");
	changed("18:00\n", "18:00");
	changed("18:00\n", "18:00\n\n");
	changed("18:00\n", "18:00\nmore: lines\n");
	changed("18:00", "18\t00");
	changed("18:00", "18\x7f" "00");
	changed("18:00", "18\xc3\xa9" "00");
	for (size_t n = 0; n < sizeof(golden) - 1; n++)
		assert_int_equal(pka_statement_read(rd_of(golden, n), &s), ERR_FORMAT);
	memcpy(text, golden, sizeof(golden));
	text[40] = '\0';                                /* a zero byte inside */
	assert_int_equal(pka_statement_read(rd_of(text, sizeof(golden) - 1), &s), ERR_FORMAT);
	assert_int_equal(pka_statement_read(rd_of(golden, sizeof(golden)), &s), ERR_FORMAT);
}

/* Any byte changed: refused by form, or by the signature. */
static void every_byte_is_signed(void **state)
{
	static const enum ec_curve curves[] = { EC_BP256R1, EC_SECP256R1 };
	char text[sizeof(golden)];
	uint8_t point[65], plain[64];
	struct pka_statement s;
	struct wr q, sig;

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct ec_key *key = pki_key(curves[c]), *other = pki_key(curves[c]);

		WR_ARR(&q, point);
		WR_ARR(&sig, plain);
		pki_sign(key, rd_str(golden), &sig);
		assert_int_equal(ec_key_public(key, &q), ERR_OK);
		assert_int_equal(pka_statement_verify(rd_str(golden), wr_view(&sig), curves[c], wr_view(&q), &s),
				 ERR_OK);
		for (size_t i = 0; i < sizeof(golden) - 1; i++) {
			memcpy(text, golden, sizeof(golden));
			text[i] ^= 1;
			assert_int_not_equal(pka_statement_verify(rd_of(text, sizeof(golden) - 1), wr_view(&sig),
								  curves[c], wr_view(&q), &s), ERR_OK);
		}
		assert_int_equal(pka_statement_verify(rd_str(golden), RD_NONE, curves[c], wr_view(&q), &s),
				 ERR_SIGNATURE);
		WR_ARR(&q, point);
		assert_int_equal(ec_key_public(other, &q), ERR_OK);
		assert_int_equal(pka_statement_verify(rd_str(golden), wr_view(&sig), curves[c], wr_view(&q), &s),
				 ERR_SIGNATURE);
		ec_key_free(&key);
		ec_key_free(&other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_as_documented),
		cmocka_unit_test(read_back),
		cmocka_unit_test(each_decision),
		cmocka_unit_test(never_a_message),
		cmocka_unit_test(limits),
		cmocka_unit_test(nothing_else_is_read),
		cmocka_unit_test(every_byte_is_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
