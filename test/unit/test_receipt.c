/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a receipt: what is written, that exactly this is read, and that every changed byte is found. */
#include "test/unit/receipt.h"

#include <stdlib.h>


static struct session s;

static int make(void **state)
{
	(void)state;
	session_open(&s, "vendor-shared");
	session_make(&s, 3);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	session_close(&s);
	return 0;
}

/* ---- writing and reading ---- */

#define HASH32 "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"
#define HASH32_HEX "0102030405060708010203040506070801020304050607080102030405060708"

static const struct pka_consent consent = {
	.pka_file = RD_LIT("\x30\x00"), .challenge = RD_LIT("\1\2\3\4\5\6\7\10"), .sig = RD_LIT("\xff\xfe"),
	.statement = RD_LIT("statement"), .statement_sig = RD_LIT("\xfb"),
};
static const struct receipt_key keys[] = {
	{ .key = 1, .label = RD_LIT("fit key"), .id = RD_LIT("\x0a"), .attestation = RD_LIT("\x67\x01\x00 old tail"),
	  .has_counter = true, .counter = 1000 },
	{ .key = 255, .label = RD_LIT("-"), .attestation = RD_LIT("\x30\x00") },
};
static const struct receipt_use uses[] = {
	{ .kind = RECEIPT_SIGN, .when = 1790000001, .key = 1, .alg = 0x73, .digest_alg = DIGEST_SHA256,
	  .digest = RD_LIT(HASH32), .data_hash = RD_LIT(HASH32), .signature = RD_LIT("\x30\x00"), .repeat = true,
	  .uid = 1000, .gid = 100, .pid = UINT32_MAX, .program = "mk image%\n\xc3\xa4" },
	{ .kind = RECEIPT_SIGN, .when = 1790000001, .key = 255, .alg = 0x20, .data_hash = RD_LIT(HASH32),
	  .signature = RD_LIT("\0"), .program = "" },
	{ .kind = RECEIPT_DECIPHER, .when = 1790000002, .key = 1, .alg = 0x21, .data_hash = RD_LIT(HASH32),
	  .program = "-" },
	{ .kind = RECEIPT_DERIVE, .when = 1790000003, .key = 1, .alg = 0x80, .data_hash = RD_LIT(HASH32) },
	{ .kind = RECEIPT_WRAP, .when = 1790000004, .key = 1, .alg = 0x92, .data_hash = RD_LIT(HASH32) },
};
#define USES (sizeof(uses) / sizeof(uses[0]))
static const char *const golden[] = {
	"quorum11 receipt v1",
	"time 1790000000",
	"device UTTGT0400000 MDA",
	"login 30313233343536373839616263646566",
	"request e30",
	"quorum 2 3",
	"consent MAA 0102030405060708 __4 c3RhdGVtZW50 -w",
	"limits sign=5",
	"key 1 fit%20key 0a 1000 ZwEA",
	"key 255 %2D - - -",
	"sign 1790000001 1 73 sha256 " HASH32_HEX " " HASH32_HEX
		" MAA again 1000 100 4294967295 mk%20image%25%0A%C3%A4",
	"sign 1790000001 255 20 - - " HASH32_HEX " AA first 0 0 0 -",
	"decipher 1790000002 1 21 " HASH32_HEX " 0 0 0 %2D",
	"derive 1790000003 1 80 " HASH32_HEX " 0 0 0 -",
	"wrap 1790000004 1 92 " HASH32_HEX " 0 0 0 -",
	"left 1 997",
	"end 1790000005 the%20time%20is%20over",
};
#define LINES (sizeof(golden) / sizeof(golden[0]))

static void write_sample(struct wr *out)
{
	struct receipt_key left[] = { keys[0], keys[1] };
	struct receipt_end end = { .when = 1790000005, .why = "the time is over", .keys = left, .keys_n = 2 };
	struct receipt_chain chain;
	struct pka_limits limits;
	struct receipt_head h = {
		.device_id = RD_LIT("UTTGT0400000"), .devaut = RD_LIT("00"), .login_id = RD_LIT("0123456789abcdef"),
		.host_json = RD_LIT("{}"), .n = 2, .m = 3, .consents = &consent, .consents_n = 1, .limits = &limits,
		.keys = keys, .keys_n = 2, .when = 1790000000,
	};

	pka_limits_init(&limits);
	limits.sign = 5;
	left[0].counter = 997;
	receipt_chain_init(&chain);
	assert_int_equal(receipt_write_head(&chain, &h, out), ERR_OK);
	for (size_t i = 0; i < USES; i++)
		assert_int_equal(receipt_write_use(&chain, &uses[i], out), ERR_OK);
	assert_int_equal(receipt_write_end(&chain, &end, out), ERR_OK);
	assert_int_equal(chain.lines, LINES);
}

static void test_written_as_documented(void **state)
{
	char text[512];
	struct wr out, again;

	(void)state;
	wr_init_heap(&out, 1 << 16);
	wr_init_heap(&again, 1 << 16);
	write_sample(&out);
	assert_int_equal(receipt_count_lines(wr_view(&out)), LINES);
	for (size_t i = 0; i < LINES; i++)
		assert_string_equal(receipt_line_text(wr_view(&out), i + 1, text, sizeof(text)), golden[i]);
	/* And the hashes are what they are said to be. */
	receipt_forge(wr_view(&out), 0, NULL, &again);
	assert_bytes_equal(wr_view(&again), wr_view(&out));
	wr_free(&out);
	wr_free(&again);
}

static void use_equals(const struct receipt_use *a, const struct receipt_use *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->when, b->when);
	assert_int_equal(a->key, b->key);
	assert_int_equal(a->alg, b->alg);
	assert_int_equal(a->digest_alg, b->digest_alg);
	assert_bytes_equal(a->digest, b->digest);
	assert_bytes_equal(a->data_hash, b->data_hash);
	assert_bytes_equal(a->signature, b->signature);
	assert_int_equal(a->repeat, b->repeat);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->pid, b->pid);
	assert_string_equal(a->program, b->program ? b->program : "");
}

static void test_read_back(void **state)
{
	struct receipt_verdict v = { 0 };
	struct receipt *r;
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1 << 16);
	write_sample(&out);
	assert_int_equal(receipt_read(wr_view(&out), &r, &v), ERR_OK);
	wr_free(&out);          /* views are copies */
	assert_int_equal(v.v[RECEIPT_CHECK_FORMAT].result, RECEIPT_PASS);
	assert_int_equal(v.v[RECEIPT_CHECK_CHAIN].result, RECEIPT_PASS);
	assert_int_equal(r->when, 1790000000);
	assert_true(rd_eq_str(r->device_id, "UTTGT0400000"));
	assert_true(rd_eq_str(r->devaut, "00"));
	assert_true(rd_eq_str(r->login_id, "0123456789abcdef"));
	assert_true(rd_eq_str(r->host_json, "{}"));
	assert_true(rd_eq_str(r->limits, "sign=5"));
	assert_int_equal(r->n * 10 + r->m, 23);
	assert_int_equal(r->consents_n, 1);
	assert_int_equal(r->consents[0].line, 7);
	assert_bytes_equal(r->consents[0].c.pka_file, consent.pka_file);
	assert_bytes_equal(r->consents[0].c.challenge, consent.challenge);
	assert_bytes_equal(r->consents[0].c.sig, consent.sig);
	assert_bytes_equal(r->consents[0].c.statement, consent.statement);
	assert_bytes_equal(r->consents[0].c.statement_sig, consent.statement_sig);
	assert_int_equal(r->keys_n, 2);
	assert_bytes_equal(r->keys[0].k.label, keys[0].label);
	assert_bytes_equal(r->keys[0].k.id, keys[0].id);
	assert_bytes_equal(r->keys[0].k.attestation, RD_LIT("\x67\x01\x00"));
	assert_true(r->keys[0].k.has_counter);
	assert_int_equal(r->keys[0].k.counter, 1000);
	assert_int_equal(r->keys[0].left, 997);
	assert_int_equal(r->keys[1].k.key, 255);
	assert_true(rd_eq_str(r->keys[1].k.label, "-"));
	assert_false(r->keys[1].k.has_counter);
	assert_int_equal(r->keys[1].left_line, 0);
	assert_int_equal(r->keys[1].k.attestation.n, 0);
	assert_int_equal(r->uses_n, USES);
	for (size_t i = 0; i < USES; i++) {
		use_equals(&r->uses[i].u, &uses[i]);
		assert_int_equal(r->uses[i].line, 11 + i);
	}
	assert_true(r->has_end);
	assert_int_equal(r->end_when, 1790000005);
	assert_string_equal(r->why, "the time is over");
	receipt_free(&r);
	assert_null(r);
	receipt_free(&r);
}

static void test_not_written(void **state)
{
	static uint8_t large[RECEIPT_LINE_MAX];
	struct receipt_use u = uses[0];
	struct receipt_chain chain, before;
	struct pka_limits limits;
	struct receipt_head h = { .n = 1, .m = 1, .limits = &limits, .host_json = RD_ARR(large) };
	struct receipt_end end = { .why = "" };
	char small[100];
	struct wr out;

	(void)state;
	pka_limits_init(&limits);
	receipt_chain_init(&chain);
	before = chain;
	wr_init_heap(&out, 1 << 16);
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_ARG);
	h.host_json = RD_NONE;
	h.login_id = RD_LIT("short");
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_ARG);
	h.login_id = RD_NONE;
	h.m = 0;
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_ARG);
	h.m = 1;
	h.devaut = RD_ARR(large);               /* lines before it were well */
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_LIMIT);
	h.devaut = RD_NONE;
	u.data_hash = RD_LIT("short");
	assert_int_equal(receipt_write_use(&chain, &u, &out), ERR_ARG);
	u = uses[0];
	u.signature = RD_NONE;
	assert_int_equal(receipt_write_use(&chain, &u, &out), ERR_ARG);
	u = uses[2];
	u.digest = RD_LIT("digest");
	assert_int_equal(receipt_write_use(&chain, &u, &out), ERR_ARG);
	u = uses[0];
	u.digest_alg = 99;
	assert_int_equal(receipt_write_use(&chain, &u, &out), ERR_ARG);
	assert_int_equal(out.n, 0);
	assert_memory_equal(&chain, &before, sizeof(chain));
	wr_free(&out);
	WR_ARR(&out, small);
	assert_int_equal(receipt_write_end(&chain, &end, &out), ERR_OK);
	before = chain;
	assert_int_equal(receipt_write_end(&chain, &end, &out), ERR_BUFFER);
	assert_memory_equal(&chain, &before, sizeof(chain));
	/* A head comes once. */
	wr_init_heap(&out, 1 << 16);
	assert_int_equal(receipt_write_head(&chain, &h, &out), ERR_ARG);
}

/* ---- changes ---- */

/* The first line that FORMAT or CHAIN names; 0: neither found anything. */
static uint64_t found_at(struct rd file)
{
	struct receipt_verdict v = { 0 };
	const struct receipt_finding *f = &v.v[RECEIPT_CHECK_FORMAT], *c = &v.v[RECEIPT_CHECK_CHAIN];
	struct receipt *r;

	assert_int_equal(receipt_read(file, &r, &v), ERR_OK);
	receipt_free(&r);
	if (f->result == RECEIPT_FAIL && c->result == RECEIPT_FAIL)
		return f->line < c->line ? f->line : c->line;
	return f->result == RECEIPT_FAIL ? f->line : c->result == RECEIPT_FAIL ? c->line : 0;
}

/* Of the long lines' middles, which are base64url only, every eleventh byte. */
static bool is_looked_at(struct rd file, size_t i)
{
	size_t n = 48, m = 72;

	while (n > 0 && (n > i || file.p[i - n] != '\n'))
		n--;
	while (m > 0 && (i + m >= file.n || file.p[i + m] != '\n'))
		m--;
	return n > 0 || m > 0 || file.p[i] == '\n' || i < 48 || i % 11 == 0;
}

static void test_each_byte(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x20, 0x80 };
	uint8_t *bytes = malloc(s.file.n);
	uint64_t line = 1;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, s.file.p, s.file.n);
	assert_int_equal(found_at(rd_of(bytes, s.file.n)), 0);
	for (size_t i = 0; i < s.file.n; i++) {
		line += i > 0 && s.file.p[i - 1] == '\n';
		if (!is_looked_at(wr_view(&s.file), i))
			continue;
		bytes[i] ^= masks[i % sizeof(masks)];
		if (found_at(rd_of(bytes, s.file.n)) != line)
			fail_msg("byte %zu in line %u", i, (unsigned)line);
		bytes[i] = s.file.p[i];
	}
	assert_int_equal(line, receipt_count_lines(wr_view(&s.file)));
	free(bytes);
}

/* Bounds of line n, with its end. */
static struct rd line_of(size_t n, size_t *from)
{
	struct rd file = wr_view(&s.file);
	size_t at = 0, end;

	while (--n > 0)
		at += (size_t)((const uint8_t *)memchr(file.p + at, '\n', file.n - at) - (file.p + at)) + 1;
	end = (size_t)((const uint8_t *)memchr(file.p + at, '\n', file.n - at) - file.p) + 1;
	*from = at;
	return rd_of(file.p + at, end - at);
}

static uint64_t found_with(struct rd a, struct rd b, struct rd c)
{
	struct wr w;
	uint64_t line;

	wr_init_heap(&w, 1 << 20);
	wr_put(&w, a);
	wr_put(&w, b);
	wr_put(&w, c);
	assert_int_equal(wr_done(&w), ERR_OK);
	line = found_at(wr_view(&w));
	wr_free(&w);
	return line;
}

static void test_lines_moved(void **state)
{
	struct rd file = wr_view(&s.file), line, next;
	size_t lines = receipt_count_lines(file), from, after;

	(void)state;
	for (size_t n = 1; n <= lines; n++) {
		line = line_of(n, &from);
		after = from + line.n;
		/* Removed; the last can only be missed, which is no change but a receipt without an end. */
		assert_int_equal(found_with(rd_of(file.p, from), RD_NONE, rd_of(file.p + after, file.n - after)),
				 n < lines ? n : 0);
		assert_int_equal(found_with(rd_of(file.p, after), line, rd_of(file.p + after, file.n - after)), n + 1);
		if (n == lines)
			break;
		next = line_of(n + 1, &from);
		struct wr w;

		wr_init_heap(&w, 1 << 20);
		wr_put(&w, next);
		wr_put(&w, line);
		assert_int_equal(found_with(rd_of(file.p, from - line.n), wr_view(&w),
					    rd_of(file.p + from + next.n, file.n - from - next.n)), n);
		wr_free(&w);
		/* Two lines at once. */
		assert_int_equal(found_with(rd_of(file.p, from - line.n), RD_NONE,
					    rd_of(file.p + from + next.n, file.n - from - next.n)),
				 n + 1 < lines ? n : 0);
	}
}

/* Whatever is written to the disk at the moment of a crash. */
static void test_cut_off(void **state)
{
	struct rd file = wr_view(&s.file);
	size_t key = receipt_find_line(file, "limits ", 0), line = 1;

	(void)state;
	for (size_t n = 0; n < file.n; n++) {
		bool whole = n > 0 && file.p[n - 1] == '\n';
		uint64_t expected;

		line += whole;
		expected = !whole ? line : line <= key ? line : 0;
		if (is_looked_at(file, n) && found_at(rd_of(file.p, n)) != expected)
			fail_msg("%zu bytes: line %u, not %u", n, (unsigned)found_at(rd_of(file.p, n)),
				 (unsigned)expected);
	}
	assert_int_equal(found_with(file, RD_LIT("\n"), RD_NONE), line + 1);
	assert_int_equal(found_with(file, RD_LIT("x"), RD_NONE), line + 1);
}

/* Hashes made again: only the form of the line is wrong. */
static void test_one_text(void **state)
{
	static const struct { size_t line; const char *text; } rows[] = {
		{ 1, "quorum11 receipt v2" }, { 1, "quorum11 receipt v1 " }, { 1, "quorum11 receipt v1x" },
		{ 2, "time 01790000000" }, { 2, "time" }, { 2, "time " }, { 2, "time  1790000000" },
		{ 2, "time 1790000000 " }, { 2, "time -1" }, { 2, "time 9223372036854775808" },
		{ 2, "time 18446744073709551617" }, { 2, "Time 1790000000" }, { 2, "time\t1790000000" },
		{ 3, "device UTTGT0400000" }, { 3, "device UTTGT%30400000 MDA" }, { 3, "device UTTGT0400000 MDB" },
		{ 3, "device UTTGT0400000 MDA=" }, { 3, "device UTTGT0400000 M" }, { 3, "device UT%00 MDA" },
		{ 3, "device UT%4 MDA" }, { 3, "device  MDA" },
		{ 4, "login 3031323334353637383961626364656" }, { 4, "login 30313233343536373839616263646566FF" },
		{ 4, "login 3031323334353637383961626364656F" },
		{ 6, "quorum 4 3" }, { 6, "quorum 0 91" }, { 6, "quorum 2" }, { 6, "quorum 256 256" },
		{ 7, "consent MAA 0102030405060708 __4 c3RhdGVtZW50" },
		{ 8, "limits sign=5 " }, { 8, "limits sign%3D5" }, { 8, "limit sign=5" },
		{ 9, "key 1 fit%20key 0a 01000 ZwEA" }, { 9, "key 1 fit%20key 0A 1000 ZwEA" },
		{ 9, "key 1 fit key 0a 1000 ZwEA" }, { 9, "key 1 fit%20key 0a 4294967296 ZwEA" },
		{ 9, "key 1 fit%20key 0a %2D ZwEA" }, { 10, "key 1 %2D - - -" }, { 10, "key 256 %2D - - -" },
		{ 10, "key 255 - - - " },
		{ 12, "sign 1790000001 255 20 - - " HASH32_HEX " AA First 0 0 0 -" },
		{ 12, "sign 1790000001 255 2 - - " HASH32_HEX " AA first 0 0 0 -" },
		{ 12, "sign 1790000001 255 20 md5 - " HASH32_HEX " AA first 0 0 0 -" },
		{ 12, "sign 1790000001 255 20 - - - AA first 0 0 0 -" },
		{ 12, "sign 1790000001 255 20 - - " HASH32_HEX " - first 0 0 0 -" },
		{ 12, "sign 1790000001 255 20 - " HASH32_HEX HASH32_HEX "00 " HASH32_HEX " AA first 0 0 0 -" },
		{ 12, "sign 1790000001 255 20 - - " HASH32_HEX " AA first 0 0 4294967296 -" },
		{ 12, "sign 1790000001 255 20 - - " HASH32_HEX " AA first 0 0 0" },
		{ 12, "sign 1790000001 255 20 - - " HASH32_HEX " AA first 0 0 0 - -" },
		{ 13, "decipher 1790000002 1 21 00 0 0 0 %2D" },
		{ 14, "encrypt 1790000003 1 80 " HASH32_HEX " 0 0 0 -" },
		{ 16, "left 255 1" }, { 16, "left 2 1" }, { 16, "left 1 -" },
		{ 17, "end 1790000005 the time is over" }, { 17, "" },
		/* Out of order, or twice. */
		{ 3, "time 1790000000" }, { 8, "quorum 2 3" }, { 12, "key 2 - - - -" }, { 12, "left 1 997" },
		{ 16, "end 1790000005 -" }, { 4, NULL }, { 8, NULL },
	};
	struct wr sample, out;

	(void)state;
	wr_init_heap(&sample, 1 << 16);
	wr_init_heap(&out, 1 << 16);
	write_sample(&sample);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct receipt_verdict v = { 0 };
		struct receipt *r;

		wr_reset(&out);
		receipt_forge(wr_view(&sample), rows[i].line, rows[i].text, &out);
		assert_int_equal(receipt_read(wr_view(&out), &r, &v), ERR_OK);
		receipt_free(&r);
		if (v.v[RECEIPT_CHECK_FORMAT].result != RECEIPT_FAIL)
			fail_msg("taken: %s", rows[i].text ? rows[i].text : "a line removed");
		/* A line too early is found by what then comes too late. */
		if (v.v[RECEIPT_CHECK_FORMAT].line < rows[i].line || v.v[RECEIPT_CHECK_FORMAT].line > rows[i].line + 1)
			fail_msg("row %zu: line %u", i, (unsigned)v.v[RECEIPT_CHECK_FORMAT].line);
		assert_int_equal(v.v[RECEIPT_CHECK_CHAIN].result, RECEIPT_PASS);
	}
	wr_free(&sample);
	wr_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_as_documented),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_lines_moved),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_one_text),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
