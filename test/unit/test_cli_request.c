/* SPDX-License-Identifier: Apache-2.0 */
/* A request as the server tells it, and what a custodian sees of it. */
#include "test/unit/test.h"

#include "cli/approve/budget.h"
#include "cli/approve/text.h"

static const char good[] =
	"{\"id\": \"0123456789abcdef0123456789abcdef\", \"state\": \"waiting\", \"result\": null, \"why\": null,"
	" \"device_id\": \"UTTGT04000000\", \"host_name\": null,"
	" \"unverified\": false, \"devaut\": \"AQID\", \"n\": 2, \"m\": 3,"
	" \"approvals\": 1, \"mode\": \"shared\", \"changed_mode\": false, \"challenge\": \"AAECAwQFBgc\","
	" \"turn\": null, \"turn_seconds\": null, \"seconds_left\": 752, \"created\": 1,"
	" \"login_id\": \"000102030405060708090a0b0c0d0e0f\", \"host_json\": \"e30\", \"hold_seconds\": null,"
	" \"custodians\": [{\"chr\": \"UTAAAAAAAAA00001\", \"decision\": \"approve\", \"when\": 1},"
	" {\"chr\": \"UTBBBBBBBBB00001\", \"decision\": null, \"when\": null},"
	" {\"chr\": \"UTCCCCCCCCC00001\", \"decision\": \"deny\", \"when\": 3}],"
	" \"keys\": [{\"key\": 1, \"label\": \"fit\", \"attested\": true, \"attestation\": \"AQI\"},"
	" {\"key\": 2, \"label\": \"a\\u001b[2Jb\", \"attested\": false, \"attestation\": null}], \"verdict\": []}";

/* The good request with one member set to this JSON text; NULL: removed. */
static enum err read_with(const char *member, const char *value, struct cli_request **out, const char **bad)
{
	json_t *o = json_loads(good, 0, NULL), *v;
	enum err e;

	assert_non_null(o);
	if (member && value) {
		v = json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(v);
		assert_int_equal(json_object_set_new(o, member, v), 0);
	} else if (member) {
		assert_int_equal(json_object_del(o, member), 0);
	}
	e = cli_request_read(o, out, bad);
	json_decref(o);
	return e;
}

static struct cli_request *read_good(void)
{
	struct cli_request *r = NULL;
	const char *bad;

	assert_int_equal(read_with(NULL, NULL, &r, &bad), ERR_OK);
	return r;
}

static void reads(void **state)
{
	struct cli_request *r = read_good();
	struct pka_request view = cli_request_view(r);

	(void)state;
	assert_string_equal(r->id, "0123456789abcdef0123456789abcdef");
	assert_true(cli_request_is_waiting(r));
	assert_false(cli_request_is_per_key(r));
	assert_int_equal(r->n, 2);
	assert_int_equal(r->m, 3);
	assert_int_equal(r->seconds_left, 752);
	assert_bytes_equal(view.challenge, RD_LIT("\0\1\2\3\4\5\6\7"));
	assert_bytes_equal(view.devaut, RD_LIT("\1\2\3"));
	assert_bytes_equal(view.host_json, RD_LIT("{}"));
	assert_int_equal(view.login_id.n, LOGIN_ID_SIZE);
	assert_int_equal(r->custodians_n, 3);
	assert_int_equal(r->custodians[0].decision, DECISION_APPROVE);
	assert_int_equal(r->custodians[1].decision, DECISION_NONE);
	assert_int_equal(r->custodians[2].decision, DECISION_DENY);
	assert_int_equal(view.keys_n, 2);
	assert_bytes_equal(view.keys[0].attestation, RD_LIT("\1\2"));
	assert_true(view.keys[0].is_attested);
	assert_int_equal(view.keys[1].attestation.n, 0);
	assert_null(strchr(view.keys[1].label, 27));
	cli_request_free(&r);
}

/* One that has opened its card is read whole, too: it can be ended. One that has failed is only history. */
static void reads_what_is_over(void **state)
{
	struct cli_request *r;
	const char *bad;

	(void)state;
	assert_int_equal(read_with("state", "\"open\"", &r, &bad), ERR_OK);
	assert_true(cli_request_is_open(r));
	assert_false(cli_request_is_waiting(r));
	assert_string_equal(r->device_id, "UTTGT04000000");
	assert_int_equal(r->custodians_n, 3);
	assert_int_equal(r->keys_n, 2);
	cli_request_free(&r);
	assert_int_equal(read_with("state", "\"failed\"", &r, &bad), ERR_OK);
	assert_false(cli_request_is_open(r));
	assert_int_equal(r->custodians_n, 0);
	cli_request_free(&r);
}

static void refuses(void **state)
{
	static const struct { const char *member, *value;
	} rows[] = {
		{ "id", NULL },
		{ "id", "7" },
		{ "id", "\"0123456789ABCDEF0123456789abcdef\"" },
		{ "id", "\"../../x\"" },
		{ "state", NULL },
		{ "state", "\"waiting\\u0007\"" },
		{ "state", "\"\"" },
		{ "device_id", "\"\"" },
		{ "device_id", "\"UT\\u001b[2J00001\"" },
		{ "device_id", "null" },
		{ "device_id", "\"UTTGT0400000000000000000000000\"" },
		{ "device_id", "\"UTTGT04000000\\u0000\"" },
		{ "devaut", "\"A\"" },
		{ "devaut", "\"AQ==\"" },
		{ "devaut", "7" },
		{ "n", "0" },
		{ "n", "4" },
		{ "n", "-1" },
		{ "n", "\"2\"" },
		{ "n", "2.0" },
		{ "m", "91" },
		{ "m", "2" },
		{ "approvals", "4" },
		{ "mode", "\"Shared\"" },
		{ "changed_mode", "0" },
		{ "challenge", "\"AAECAwQFBgcI\"" },
		{ "seconds_left", "-1" },
		{ "seconds_left", "99999999999" },
		{ "login_id", "null" },
		{ "login_id", "\"00\"" },
		{ "login_id", "\"000102030405060708090a0b0c0d0e0f00\"" },
		{ "host_json", NULL },
		{ "host_json", "{}" },
		{ "hold_seconds", NULL },
		{ "hold_seconds", "0" },
		{ "hold_seconds", "604801" },
		{ "hold_seconds", "\"8 h\"" },
		{ "custodians", "[]" },
		{ "custodians", "7" },
		{ "custodians", "[{\"chr\": \"UTAAAAAAAAA00001\", \"decision\": \"maybe\"},"
				" {\"chr\": \"UTBBBBBBBBB00001\", \"decision\": null},"
				" {\"chr\": \"UTCCCCCCCCC00001\", \"decision\": null}]" },
		{ "custodians", "[{\"chr\": \"UTAAAAAAAAA00001\", \"decision\": null},"
				" {\"chr\": \"UTAAAAAAAAA00001\", \"decision\": null},"
				" {\"chr\": \"UTCCCCCCCCC00001\", \"decision\": null}]" },
		{ "keys", "null" },
		{ "keys", "[{\"key\": 0, \"label\": \"\", \"attested\": true, \"attestation\": null}]" },
		{ "keys", "[{\"key\": 1, \"label\": \"\", \"attested\": 1, \"attestation\": null}]" },
		{ "keys", "[{\"key\": 1, \"attested\": true, \"attestation\": null}]" },
		{ "keys", "[7]" },
	};
	struct cli_request *r;
	const char *bad;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (read_with(rows[i].member, rows[i].value, &r, &bad) == ERR_PROTOCOL)
			continue;
		print_error("%s: %s\n", rows[i].member, rows[i].value);
		fail();
	}
	/* m and the custodians disagree. */
	assert_int_equal(read_with("m", "4", &r, &bad), ERR_PROTOCOL);
	assert_string_equal(bad, "custodians");
}

static void too_long(void **state)
{
	struct cli_request *r;
	const char *bad;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 1 << 20);
	wr_text(&w, "\"");
	for (size_t i = 0; i < 3 * CVC_MAX; i++)
		wr_text(&w, "A");
	wr_text(&w, "\"");
	assert_int_equal(read_with("devaut", wr_cstr(&w), &r, &bad), ERR_PROTOCOL);
	assert_int_equal(read_with("host_json", wr_cstr(&w), &r, &bad), ERR_PROTOCOL);
	wr_free(&w);
}

/* Of a request that is over nothing is needed but how it ended. */
static void ended(void **state)
{
	json_t *o = json_loads(
		"{\"id\": \"0123456789abcdef0123456789abcdef\", \"state\": \"failed\", \"result\": \"denied\","
		" \"why\": \"x\\u202ey\", \"n\": 0, \"m\": 0, \"approvals\": 0, \"mode\": \"shared\","
		" \"changed_mode\": false, \"seconds_left\": 0, \"device_id\": \"\", \"host_name\": null,"
		" \"hold_seconds\": null}",
		0, NULL);
	struct cli_request *r = NULL;
	const char *bad;

	(void)state;
	assert_int_equal(cli_request_read(o, &r, &bad), ERR_OK);
	assert_false(cli_request_is_waiting(r));
	assert_string_equal(r->result, "denied");
	assert_string_equal(r->why, "x\\u{202e}y");
	cli_request_free(&r);
	json_decref(o);
}

/* ---- what is shown ---- */

static const char *show(const struct cli_request *r, const struct pka_approval_facts *f, struct wr *w)
{
	struct cli_approve_view view = { .request = r, .facts = f, .own_chr = "UTBBBBBBBBB00001" };

	wr_init_heap(w, 1 << 20);
	cli_approve_text(&view, w);
	assert_int_equal(wr_done(w), ERR_OK);
	return wr_cstr(w);
}

static void text_of_a_good_one(void **state)
{
	static const struct pka_key_facts keys[] = {
		{ .key = 1, .label = "fit", .is_attested = true }, { .key = 2, .label = "other" },
	};
	struct pka_approval_facts f = { .device_id = "UTTGT04000000",
					.path = "/UTROOT/UTDICA/UTTGT040",
					.code = "K7QF-2MXA",
					.attested_n = 1,
					.unattested_n = 1,
					.keys = keys,
					.keys_n = 2 };
	struct cli_request *r = read_good();
	struct wr w;
	const char *text = show(r, &f, &w), *attested = strstr(text, "keys attested"),
		   *not = strstr(text, "NOT attested");

	(void)state;
	assert_non_null(strstr(text, "card           UTTGT04000000"));
	assert_non_null(strstr(text, "genuine: /UTROOT/UTDICA/UTTGT040"));
	assert_null(strstr(text, "UNVERIFIED"));
	assert_true(attested && not && attested < not);
	assert_true(strstr(text, "key 1 \"fit\"") < not);
	assert_true(strstr(text, "key 2 \"other\"") > not);
	assert_non_null(strstr(text, "2 of 3 custodians"));
	assert_non_null(strstr(text, "approved so far: UTAAAAAAAAA00001\n"));
	assert_non_null(strstr(text, "who has approved are the server's word\n"));
	assert_non_null(strstr(text, "12 min 32 s"));
	assert_non_null(strstr(text, "K7QF-2MXA"));
	assert_non_null(strstr(text, "your key       UTBBBBBBBBB00001"));
	assert_non_null(strstr(text,
			       "An approval opens every key on the card; limits are kept by the host's agent, not by "
			       "the card."));
	wr_free(&w);
	cli_request_free(&r);
}

/* How long a card would stay open stands before the eyes of who decides; of a login there is no such time. */
static void text_of_a_held_one(void **state)
{
	struct pka_approval_facts f = { .device_id = "UTTGT04000000", .path = "/UTROOT" };
	struct cli_request *r;
	const char *bad;
	struct wr w;

	(void)state;
	assert_int_equal(read_with("hold_seconds", "5400", &r, &bad), ERR_OK);
	assert_int_equal(r->hold_seconds, 5400);
	assert_non_null(strstr(show(r, &f, &w), "HELD OPEN      for up to 1 h 30 min, for every program of that host"));
	wr_free(&w);
	cli_request_free(&r);
	r = read_good();
	assert_int_equal(r->hold_seconds, 0);
	assert_null(strstr(show(r, &f, &w), "HELD"));
	wr_free(&w);
	cli_request_free(&r);
}

static void text_of_an_unverified_one(void **state)
{
	struct pka_approval_facts f = { .device_id = "UTTGT04000000", .path = "", .unverified = true };
	struct cli_request *r = read_good();
	struct wr w;
	const char *text = show(r, &f, &w);

	(void)state;
	assert_non_null(strstr(text, "UNVERIFIED"));
	assert_null(strstr(text, "genuine:"));
	assert_non_null(strstr(text, "is known when it is your turn"));
	wr_free(&w);
	cli_request_free(&r);
}

static const char *claims(struct rd json, struct wr *w)
{
	wr_init_heap(w, 1 << 20);
	cli_claims_text(json, w);
	assert_int_equal(wr_done(w), ERR_OK);
	return wr_cstr(w);
}

static void claims_are_marked(void **state)
{
	struct wr w;
	const char *text = claims(
		RD_LIT("{\"v\":1,\"login_id\":\"00\",\"zebra\":7,\"reason\":\"release 1.2\",\"host\":\"build\","
		       "\"budget\":\"\",\"exclusive\":true,\"reuse\":false,\"list\":[1,{\"a\":2}]}"),
		&w);

	(void)state;
	assert_non_null(strstr(text, "claimed by the host, checked by nobody"));
	assert_non_null(strstr(text, "reason       \"release 1.2\""));
	assert_true(strstr(text, "reason") < strstr(text, "host  "));
	assert_non_null(strstr(text, "exclusive    yes"));
	assert_non_null(strstr(text, "reuse        no"));
	assert_non_null(strstr(text, "    \"zebra\" 7\n"));
	assert_non_null(strstr(text, "[1,{\"a\":2}]"));
	assert_non_null(strstr(text, "    budget       none: the host has no agent and keeps no limits\n"));
	assert_null(strstr(text, "login_id"));
	assert_null(strstr(text, "no reason"));
	wr_free(&w);
	text = claims(RD_LIT("{\"v\":1,\"host\":\"build\",\"reason\":\"\"}"), &w);
	assert_non_null(strstr(text, "    no reason is given\n    host "));
	wr_free(&w);
}

/* Nothing that a host can write makes a new line, moves the cursor or turns the direction of text. */
static void hostile_claims(void **state)
{
	static const char *const rows[] = {
		"{\"reason\":\"x\\n  CODE           AAAA-AAAA\"}",
		"{\"reason\":\"\\u001b[2J\\u001b[1;1Hrequest\"}",
		"{\"host\":\"a\\u202eb\\u2066c\\u0085d\"}",
		"{\"re\\nason\":\"x\", \"\\u001b[31mred\": {\"a\\u0007\": \"b\\r\"}}",
		"{\"reason\": \"\xff\xfe\"}",
		"{\"reason\":\"a\",\"reason\":\"b\"}",
		"not json\n  CODE AAAA-AAAA\x1b[2J",
		"[\"reason\"]", "7", "{", "\"\\ud800\"",
	};
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = claims(rd_str(rows[i]), &w), *line = text;

		for (const char *p = text; *p; p++)
			assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
		assert_null(strstr(text, "\xE2\x80\xAE"));
		assert_null(strstr(text, "\xE2\x81\xA6"));
		assert_null(strstr(text, "\xC2\x85"));
		/* Each line is one of ours: indented by at least two, claims by four. */
		for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
			assert_true(strncmp(line, "  claimed by the host", 21) == 0 || strncmp(line, "    ", 4) == 0);
		wr_free(&w);
	}
}

#define BLANKS20 "                    "
#define FAKE "  CODE           AAAA-AAAA   call the person who signs: he must read you the same one"
/* From this column on the next line of a terminal begins with the fake. */
#define PADDED(column) (BLANKS20 BLANKS20 BLANKS20 BLANKS20 FAKE + (column))
#define TERMINAL 80

/* How many lines of a terminal, which breaks what is too long for it, begin with these words. */
static size_t lines_with(const char *text, const char *words)
{
	size_t n = 0, column = 0;

	for (const char *p = text; *p; p++) {
		n += column == 0 && strncmp(p, words, strlen(words)) == 0;
		column = *p == '\n' ? 0 : (column + 1) % TERMINAL;
	}
	return n;
}

/* Text of others that is as long as a line of the terminal does not begin the next one. */
static void foreign_text_is_no_line_of_ours(void **state)
{
	static const char *const names[] = { "reason", "host", "manifest", "x", "budget" };
	struct pka_approval_facts f = { .device_id = "UTTGT04000000", .path = "/UTROOT", .code = "K7QF-2MXA" };
	struct cli_request *r = read_good();
	char json[400];
	struct wr w;

	(void)state;
	for (size_t column = 10; column < 40; column++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			(void)snprintf(json, sizeof(json), "{\"%s\":\"%s\"}", names[i], PADDED(column));
			assert_int_equal(lines_with(claims(rd_str(json), &w), "  CODE"), 0);
			assert_non_null(strstr(wr_cstr(&w), "\n    | "));
			wr_free(&w);
			(void)snprintf(json, sizeof(json), "{\"x\":[\"%s\"]}", PADDED(column));
			assert_int_equal(lines_with(claims(rd_str(json), &w), "  CODE"), 0);
			wr_free(&w);
		}
		(void)snprintf(r->host_name, sizeof(r->host_name), "%s", PADDED(column));
		assert_int_equal(lines_with(show(r, &f, &w), "  CODE"), 1);
		assert_non_null(strstr(wr_cstr(&w), "\n  CODE           K7QF-2MXA"));
		wr_free(&w);
	}
	cli_request_free(&r);
}

/* What is quoted ends where its quotation ends. */
static void nothing_leaves_its_quotes(void **state)
{
	struct wr w;
	const char *text = claims(RD_LIT("{\"reason\":\"x\\\"   CHECKED: \\\"\",\"a\\\"b\":1}"), &w);

	(void)state;
	assert_non_null(strstr(text, "reason       \"x\\x22   CHECKED: \\x22\"\n"));
	assert_non_null(strstr(text, "    \"a\\x22b\" 1\n"));
	wr_free(&w);
}

/* A claim's name cannot look like a line of ours, and claims cannot push what was checked off the screen. */
static void invented_claims(void **state)
{
	struct wr json, w;
	const char *text, *line;
	size_t lines = 0;

	(void)state;
	wr_init_heap(&json, REQUEST_JSON_MAX);
	wr_text(&json, "{\"CODE           K7QF-2MXA   the person\": 1, \"reason\": \"x\"");
	for (unsigned i = 0; i < 200; i++)
		wr_printf(&json, ", \"a%u\": %u", i, i);
	wr_text(&json, "}");
	assert_int_equal(wr_done(&json), ERR_OK);
	text = claims(wr_view(&json), &w);
	assert_null(strstr(text, " CODE"));
	assert_non_null(strstr(text, "    \"CODE "));
	assert_non_null(strstr(text, "    reason       \"x\"\n"));
	for (line = text; (line = strchr(line, '\n')); line++)
		lines++;
	assert_int_equal(lines, 1 + 2 + 8 + 1);
	assert_non_null(strstr(text, "    and 193 more\n"));
	wr_free(&w);
	wr_free(&json);
}

static void long_claims_are_cut(void **state)
{
	struct wr json, w;
	const char *text;

	(void)state;
	wr_init_heap(&json, 1 << 16);
	wr_text(&json, "{\"reason\":\"");
	for (size_t i = 0; i < 3000; i++)
		wr_text(&json, "x");
	wr_text(&json, "\"}");
	text = claims(wr_view(&json), &w);
	assert_true(strlen(text) < 420);
	assert_non_null(strstr(text, "...\""));
	wr_free(&w);
	wr_free(&json);
	assert_non_null(strstr(claims(RD_NONE, &w), "says nothing"));
	wr_free(&w);
}

#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"

/* Limits are said in words; what cannot be read is shown as it is, and nobody takes it for limits. */
static void budgets(void **state)
{
	static const struct { const char *json, *says; } rows[] = {
		{ "{\"budget\":\"sign=5 for=90m key=dev\"}",
		  "    budget       the host's agent keeps to this:\n"
		  "                 at most 5 signatures, a digest that is signed again is free\n"
		  "                 for 1 h 30 min from the moment at which the card opens\n"
		  "                 with the keys \"dev\"\n" },
		{ "{\"budget\":\"sign=any\",\"manifest\":\"\"}", "any number of signatures\n" },
		{ "{\"budget\":\"manifest=" HASH "\",\"manifest\":\"" HASH "\"}", "lists, SHA-256 \n    | " HASH "\n" },
		{ "{\"budget\":\"manifest=" HASH "\",\"manifest\":\"" HASH "\"}",
		  "    manifest     \n    | \"" HASH "\"\n" },
		{ "{}", "none: the host has no agent" }, { "{\"budget\":null}", "none: the host has no agent" },
		{ "{\"budget\":\"ten images\\n\"}", "budget       \"ten images\\x0a\" not readable" },
		{ "{\"budget\":\"sign=5 \"}", "budget       \"sign=5 \" not readable" },
		{ "{\"budget\":5}", "budget       5 not readable" },
		{ "{\"budget\":[]}", "budget       [] not readable" },
		{ "{\"budget\":\"sign=5\",\"manifest\":\"" HASH "\"}", "\"sign=5\" not readable, or not of the" },
		{ "{\"budget\":\"manifest=" HASH "\"}", "not of the manifest beside it" },
		{ "{\"budget\":\"manifest=" HASH "\",\"manifest\":\"00\"}", "not of the manifest beside it" },
		{ "{\"manifest\":7}", "not readable" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr w;

		if (!strstr(claims(rd_str(rows[i].json), &w), rows[i].says))
			fail_msg("%s\n%s does not say: %s", rows[i].json, wr_cstr(&w), rows[i].says);
		wr_free(&w);
	}
}

static void what_a_custodian_may_lower(void **state)
{
	static const struct { const char *json, *text; enum err e; const char *low, *statement; } rows[] = {
		{ "{\"budget\":\"sign=50 for=1800\"}", "for=5m sign=10", ERR_OK, "sign=10 for=300", "sign=10 for=300" },
		{ "{\"budget\":\"sign=50 for=1800\"}", "key=dev", ERR_OK, "sign=50 for=1800 key=dev", "key=dev" },
		{ "{\"budget\":\"sign=any\"}", "sign=1", ERR_OK, "sign=1", "sign=1" },
		{ "{\"budget\":\"sign=50 decipher=5\"}", "decipher=0", ERR_OK, "sign=50 decipher=0", "decipher=0" },
		{ "{\"budget\":\"sign=50\"}", "sign=51", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"sign=50 uid=7\"}", "uid=8", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"sign=50\"}", "decipher=1", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"sign=50\"}", "ten images", ERR_ARG, NULL, NULL },
		{ "{\"budget\":\"sign=50\"}", "sign=1 ", ERR_ARG, NULL, NULL },
		{ "{\"budget\":\"\"}", "sign=1", ERR_REFUSED, NULL, NULL },
		{ "{}", "sign=1", ERR_REFUSED, NULL, NULL }, { "", "sign=1", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"fifty\"}", "sign=1", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":50}", "sign=1", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"sign=9\",\"manifest\":\"" HASH "\"}", "sign=1", ERR_REFUSED, NULL, NULL },
		{ "{\"budget\":\"sign=9\",\"budget\":\"sign=50\"}", "sign=10", ERR_REFUSED, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr statement, text;
		struct pka_limits low;

		wr_init_heap(&statement, LIMITS_TEXT_MAX);
		wr_init_heap(&text, LIMITS_TEXT_MAX);
		if (cli_budget_lower(rd_str(rows[i].json), rows[i].text, &low, &statement) != rows[i].e)
			fail_msg("%s by %s", rows[i].json, rows[i].text);
		if (rows[i].e == ERR_OK) {
			assert_int_equal(pka_limits_write(&low, &text), ERR_OK);
			assert_string_equal(wr_cstr(&text), rows[i].low);
			assert_string_equal(wr_cstr(&statement), rows[i].statement);
		}
		wr_free(&text);
		wr_free(&statement);
	}
}

static void text_of_a_lowered_one(void **state)
{
	struct pka_approval_facts f = { .device_id = "UTTGT04000000", .path = "/UTROOT" };
	struct cli_request *r = read_good();
	struct pka_limits low;
	struct wr w;
	const char *text;

	(void)state;
	assert_int_equal(pka_limits_read(RD_LIT("sign=3 for=60"), &low, NULL, 0), ERR_OK);
	wr_init_heap(&w, 1 << 20);
	cli_approve_text(&(struct cli_approve_view){ .request = r, .facts = &f, .own_chr = "UTBBBBBBBBB00001",
						     .low = &low }, &w);
	text = strstr(wr_cstr(&w), "claimed by the host");
	assert_non_null(text);
	assert_non_null(strstr(text, "\n  you lower it to:\n                 at most 3 signatures"));
	wr_free(&w);
	cli_request_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads), cmocka_unit_test(reads_what_is_over), cmocka_unit_test(refuses),
		cmocka_unit_test(too_long), cmocka_unit_test(ended),
		cmocka_unit_test(text_of_a_good_one), cmocka_unit_test(text_of_a_held_one),
		cmocka_unit_test(text_of_an_unverified_one),
		cmocka_unit_test(claims_are_marked), cmocka_unit_test(hostile_claims),
		cmocka_unit_test(foreign_text_is_no_line_of_ours), cmocka_unit_test(nothing_leaves_its_quotes),
		cmocka_unit_test(long_claims_are_cut), cmocka_unit_test(invented_claims),
		cmocka_unit_test(budgets), cmocka_unit_test(what_a_custodian_may_lower),
		cmocka_unit_test(text_of_a_lowered_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
