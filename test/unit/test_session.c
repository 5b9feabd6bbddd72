/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include "server/ceremony/session.h"

#define POLL 15000
#define INIT "E81AC0183BDE96FF8191FE1FC38031815448534D3173802140810792"

static struct srv_session s;
static uint8_t in_bytes[1 << 12], out_bytes[RAM_BODY_MAX + 8];
static struct wr out;
static struct pka_answers answers;
static struct rd reason;

static int begin(void **state)
{
	struct wr w;

	(void)state;
	WR_ARR(&w, in_bytes);
	WR_ARR(&out, out_bytes);
	return srv_session_begin(&s, test_unhex(&w, INIT), 1000, POLL) != ERR_OK;
}

static enum err results(const char *hex)
{
	struct wr w;

	WR_ARR(&w, in_bytes);
	return srv_session_results(&s, test_unhex(&w, hex), 5000, POLL, &answers, &reason);
}

static void sent(const char *hex)
{
	uint8_t bytes[512];
	struct wr w;

	WR_ARR(&w, bytes);
	assert_bytes_equal(wr_view(&out), test_unhex(&w, hex));
	wr_reset(&out);
}

/* One command after the other, each in hexadecimal. */
static void batch(struct pka_batch *b, const char *const *hex, size_t n)
{
	pka_batch_init(b);
	for (size_t i = 0; i < n; i++) {
		(void)test_unhex(&b->bytes, hex[i]);
		b->end[b->n++] = b->bytes.n;
	}
}

static void send(const char *const *hex, size_t n)
{
	struct pka_batch b;

	batch(&b, hex, n);
	assert_int_equal(srv_session_send(&s, &b, NULL, 2000, &out), ERR_OK);
	pka_batch_fini(&b);
}

static const char *const one[] = { "8054000000" };
static const char *const two[] = { "00A404000BE82B0601040181C31F020100", "00B12F02000004540200000000" };

static void test_begin(void **state)
{
	static const char *const bad[] = { "", "E8", "E81A", "E800", "AB03800100", "E80100", "E803C1010F" };
	struct srv_session t;
	struct wr w;

	(void)state;
	assert_int_equal(s.state, SRV_READY);
	assert_int_equal(s.until_ms, 1000 + POLL);
	WR_ARR(&w, in_bytes);
	assert_int_equal(
		srv_session_begin(&t,
				  test_unhex(&w, "E822C0183BDE96FF8191FE1FC38031815448534D3173802140810792C1020FFF"
						 "C2020FFF"),
				  1000, POLL),
		ERR_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		WR_ARR(&w, in_bytes);
		assert_int_equal(srv_session_begin(&t, test_unhex(&w, bad[i]), 1000, POLL), ERR_FORMAT);
		assert_int_equal(t.state, SRV_CLOSED);
	}
}

/* The bytes are those of reference ramoverhttp 9. */
static void test_exchange(void **state)
{
	struct srv_note note = { .id = 1, .text = "Waiting for 2 of 3" };
	struct pka_batch b;

	(void)state;
	send(two, 2);
	sent("AA22221100A404000BE82B0601040181C31F020100220D00B12F02000004540200000000");
	assert_int_equal(s.state, SRV_BUSY);
	assert_int_equal(s.until_ms, 2000 + SRV_LOST_MS);
	assert_int_equal(results("AB0B2302900023029000800102"), ERR_OK);
	assert_int_equal(answers.n, 2);
	assert_bytes_equal(answers.v[1], RD_LIT("\x90\x00"));
	assert_int_equal(s.state, SRV_READY);
	assert_int_equal(s.until_ms, 5000 + POLL);

	assert_int_equal(srv_session_send(&s, NULL, NULL, 2000, &out), ERR_OK);
	sent("AA00");
	assert_int_equal(results("AB03800100"), ERR_OK);
	assert_int_equal(answers.n, 0);

	batch(&b, (const char *const[]){ "00200081" }, 1);
	assert_int_equal(srv_session_send(&s, &b, &note, 2000, &out), ERR_OK);
	sent("AA1FE0170201010C1257616974696E6720666F722032206F662033220400200081");
	pka_batch_fini(&b);
	assert_int_equal(results("AB07230263C3800101"), ERR_OK);
	assert_bytes_equal(answers.v[0], RD_LIT("\x63\xC3"));

	send(one, 1);
	sent("AA0722058054000000");
	assert_int_equal(results("AB0B2306030002019000800101"), ERR_OK);
	assert_bytes_equal(answers.v[0], RD_LIT("\x03\x00\x02\x01\x90\x00"));

	note = (struct srv_note){ .id = 0, .text = "Done" };
	assert_int_equal(srv_session_last(&s, &note, 2000, &out), ERR_OK);
	sent("AA0BE0090201000C04446F6E65");
	assert_int_equal(s.state, SRV_LAST);
	assert_int_equal(results("AB03800100"), ERR_EXPIRED);
	assert_int_equal(s.state, SRV_CLOSED);
	assert_int_equal(results("AB03800100"), ERR_NOT_FOUND);
}

/* Counts of 80 are advisory: OCF writes them modulo 256, or always 01, or not at all. */
static void test_counts(void **state)
{
	static const char *const good[] = { "AB0723029000800101", "AB0723029000800100", "AB04 23029000",
					    "AB0823029000800200FF", "AB0A2302900080047FFFFFFF" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		send(one, 1);
		wr_reset(&out);
		assert_int_equal(results(good[i]), ERR_OK);
		assert_int_equal(answers.n, 1);
	}
}

static void test_wrong_state(void **state)
{
	struct srv_note note = { .id = -101, .text = "no" };

	(void)state;
	assert_int_equal(results("AB03800100"), ERR_CONDITIONS);        /* one is being held: it stays */
	assert_int_equal(s.state, SRV_READY);
	send(one, 1);
	assert_int_equal(srv_session_send(&s, NULL, NULL, 2000, &out), ERR_BUG);
	assert_int_equal(srv_session_last(&s, &note, 2000, &out), ERR_BUG);
	assert_int_equal(results("AB0723029000800101"), ERR_OK);
	srv_session_close(&s);
	assert_int_equal(results("AB0723029000800101"), ERR_NOT_FOUND);
}

static void test_bad_results(void **state)
{
	static const struct { const char *hex; enum err e; } bad[] = {
		{ "", ERR_FORMAT }, { "AB", ERR_FORMAT }, { "AB07230290008001", ERR_FORMAT }, { INIT, ERR_FORMAT },
		{ "AB072302900080010100", ERR_FORMAT }, { "AB8300000723029000800101", ERR_FORMAT },
		{ "AB07E20290008001 01", ERR_FORMAT },
		{ "AB03800100", ERR_PROTOCOL }, { "AB0B2302900023029000800102", ERR_PROTOCOL },
		{ "AB0AC0053B80800101800100", ERR_PROTOCOL },
		{ "AB27230290002302900023029000230290002302900023029000230290002302900023029000800109", ERR_PROTOCOL },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(begin(state), 0);
		send(one, 1);
		assert_int_equal(results(bad[i].hex), bad[i].e);
		assert_int_equal(s.state, SRV_CLOSED);
	}
}

static void test_close(void **state)
{
	send(two, 2);
	assert_int_equal(results("AB1C23029000E1130C1143617264207761732072656D6F7665642E800101"), ERR_CANCELLED);
	assert_bytes_equal(reason, RD_LIT("Card was removed."));
	assert_int_equal(s.state, SRV_CLOSED);
	assert_int_equal(begin(state), 0);
	send(two, 2);
	assert_int_equal(results("AB1B23029000E1120C1053657373696F6E2063616E63656C6564800101"), ERR_CANCELLED);
	assert_bytes_equal(reason, RD_LIT("Session canceled"));
}

/* A key generation may take minutes, nothing else may. */
static void test_patience(void **state)
{
	static const char *const slow[] = { "8054000000", "0046 0100 0000 02 3000 0000" };

	(void)state;
	send(slow, 2);
	assert_int_equal(s.until_ms, 2000 + SRV_LOST_KEYGEN_MS);
}

/* A result stands alone, and its text is cut between characters. */
static void test_last(void **state)
{
	char text[RAM_MESSAGE_MAX + 3];
	struct srv_note note = { .id = -101, .text = text };
	struct ram_unit u;
	struct rd units;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + RAM_MESSAGE_MAX - 1, "\xc3\xa4", 3);
	assert_int_equal(srv_session_last(&s, &note, 2000, &out), ERR_OK);
	assert_int_equal(ram_open_template(wr_view(&out), &units), ERR_OK);
	assert_int_equal(ram_next_unit(&units, &u), ERR_OK);
	assert_int_equal(u.kind, RAM_NOTIFY);
	assert_int_equal(u.id, -101);
	assert_int_equal(u.message.n, RAM_MESSAGE_MAX - 1);
	assert_int_equal(ram_next_unit(&units, &u), ERR_NOT_FOUND);
	assert_int_equal(s.until_ms, 2000 + SRV_LOST_MS);
}

/* The number of templates is limited, the result can still be told. */
static void test_limit(void **state)
{
	struct srv_note note = { .id = -120, .text = "" };

	(void)state;
	s.templates = SRV_TEMPLATES_MAX - 1;
	assert_int_equal(srv_session_send(&s, NULL, NULL, 2000, &out), ERR_OK);
	wr_reset(&out);
	assert_int_equal(results("AB03800100"), ERR_OK);
	assert_int_equal(srv_session_send(&s, NULL, NULL, 2000, &out), ERR_LIMIT);
	assert_int_equal(s.state, SRV_READY);
	assert_int_equal(srv_session_last(&s, &note, 2000, &out), ERR_OK);
	sent("AA07E0050201880C00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_begin, begin), cmocka_unit_test_setup(test_exchange, begin),
		cmocka_unit_test_setup(test_counts, begin), cmocka_unit_test_setup(test_wrong_state, begin),
		cmocka_unit_test_setup(test_bad_results, begin), cmocka_unit_test_setup(test_close, begin),
		cmocka_unit_test_setup(test_patience, begin), cmocka_unit_test_setup(test_last, begin),
		cmocka_unit_test_setup(test_limit, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
