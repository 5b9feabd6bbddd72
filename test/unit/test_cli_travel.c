/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and decisions as files: read back as they were written, nothing else is read, what was signed is known. */
#include "test/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "cli/approve/journal.h"
#include "cli/inbox/travel.h"

#define ID "0123456789abcdef0123456789abcdef"
#define STATEMENT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char request[] =
	"{\"id\": \"" ID "\", \"state\": \"waiting\", \"result\": null, \"why\": null,"
	" \"device_id\": \"UTTGT04000000\", \"unverified\": false, \"devaut\": \"AQID\", \"n\": 1, \"m\": 1,"
	" \"approvals\": 0, \"mode\": \"per-key\", \"changed_mode\": false, \"challenge\": null,"
	" \"seconds_left\": 752, \"login_id\": \"000102030405060708090a0b0c0d0e0f\","
	" \"host_json\": \"e30\", \"host_name\": null, \"hold_seconds\": null,"
	" \"custodians\": [{\"chr\": \"UTAAAAAAAAA00001\", \"decision\": null, \"when\": null}], \"keys\": []}";
static char home[] = "/tmp/quorum11-test-XXXXXX";

static void a_request_comes_back(void **state)
{
	struct cli_travel_request t = { .server = "https://a", .until = 1700000000, .turn = "UTAAAAAAAAA00001",
					.challenge = { 1, 2, 3, 4, 5, 6, 7, 8 } }, back;
	json_t *o = json_loads(request, 0, NULL);
	const char *bad;
	struct wr w;

	(void)state;
	wr_init_heap(&w, TRAVEL_MAX);
	assert_int_equal(cli_travel_request_write(&t, o, &w), ERR_OK);
	assert_int_equal(cli_travel_request_parse(wr_view(&w), &back, &bad), ERR_OK);
	assert_string_equal(back.server, "https://a");
	assert_int_equal(back.until, 1700000000);
	assert_string_equal(back.turn, "UTAAAAAAAAA00001");
	assert_memory_equal(back.challenge, t.challenge, sizeof(t.challenge));
	assert_string_equal(back.request->id, ID);
	cli_travel_request_free(&back);
	wr_free(&w);
	json_decref(o);
}

static void a_decision_comes_back(void **state)
{
	struct cli_travel_decision t = { .server = "https://a", .id = ID, .chr = "UTAAAAAAAAA00001", .until = 5 }, back;
	const char *bad;
	struct wr w;

	(void)state;
	for (unsigned approve = 0; approve < 2; approve++) {
		wr_init_heap(&t.sig, 64);
		wr_init_heap(&t.statement, STATEMENT_MAX);
		wr_init_heap(&t.statement_sig, 64);
		wr_init_heap(&w, TRAVEL_MAX);
		wr_zeros(&t.sig, approve ? 64 : 0);
		wr_zeros(&t.statement, STATEMENT_MIN);
		wr_zeros(&t.statement_sig, 63);
		assert_int_equal(cli_travel_decision_write(&t, &w), ERR_OK);
		assert_int_equal(cli_travel_decision_parse(wr_view(&w), &back, &bad), ERR_OK);
		assert_string_equal(back.id, ID);
		assert_string_equal(back.chr, t.chr);
		assert_int_equal(wr_view(&back.sig).n, approve ? 64 : 0);
		assert_int_equal(wr_view(&back.statement).n, STATEMENT_MIN);
		assert_int_equal(wr_view(&back.statement_sig).n, 63);
		cli_travel_decision_free(&back);
		cli_travel_decision_free(&t);
		wr_free(&w);
	}
}

/* A good file with one member as this JSON text, or without it (NULL). */
static enum err with(const char *good, const char *member, const char *value, bool is_request)
{
	struct cli_travel_decision d;
	struct cli_travel_request r;
	json_t *o = json_loads(good, 0, NULL);
	const char *bad;
	char *text;
	enum err e;

	assert_non_null(o);
	if (value)
		assert_int_equal(json_object_set_new(o, member, json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL,
									  NULL)), 0);
	else
		assert_int_equal(json_object_del(o, member), 0);
	text = json_dumps(o, 0);
	e = is_request ? cli_travel_request_parse(rd_str(text), &r, &bad)
		       : cli_travel_decision_parse(rd_str(text), &d, &bad);
	if (!e && is_request)
		cli_travel_request_free(&r);
	else if (!e)
		cli_travel_decision_free(&d);
	free(text);
	json_decref(o);
	return e;
}

static void refuses_other_files(void **state)
{
	static const struct { const char *member, *value; } requests[] = {
		{ "quorum11", NULL }, { "quorum11", "\"decision\"" }, { "v", "2" }, { "v", "\"1\"" }, { "more", "1" },
		{ "server", NULL }, { "server", "7" }, { "server", "\"a\\u0000b\"" }, { "valid_until", "-1" },
		{ "valid_until", "1e9" }, { "turn", "7" }, { "turn", "{\"chr\": \"UTAAAAAAAAA00001\"}" },
		{ "turn", "{\"chr\": \"UTAAAAAAAAA00001\", \"challenge\": \"AAECAwQFBg\"}" },
		{ "turn", "{\"chr\": \"UTAAAAAAAAA00001\", \"challenge\": \"AAECAwQFBgcI\"}" },
		{ "turn", "{\"chr\": \"ut\", \"challenge\": \"AAECAwQFBgc\"}" },
		{ "turn", "{\"chr\": \"UTAAAAAAAAA00001\", \"challenge\": null}" },
		{ "request", "null" }, { "request", "{}" }, { "request", NULL },
	}, decisions[] = {
		{ "quorum11", "\"request\"" }, { "v", NULL }, { "more", "null" }, { "request", "\"../x\"" },
		{ "chr", "\"\\u001b[2J00000\"" }, { "statement", "\"AA\"" }, { "statement", "null" },
		{ "statement_signature", "\"\"" }, { "signature", "\"\"" }, { "signature", "7" },
		{ "statement", "\"A===\"" }, { "valid_until", "null" },
	};
	char good[sizeof(request) + 256];
	struct cli_travel_request r;
	const char *bad;

	(void)state;
	(void)snprintf(good, sizeof(good), "{\"quorum11\": \"request\", \"v\": 1, \"server\": \"https://a\","
		       " \"valid_until\": 9, \"turn\": null, \"request\": %s}", request);
	assert_int_equal(with(good, "turn", "null", true), ERR_OK);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (with(good, requests[i].member, requests[i].value, true) != ERR_PROTOCOL)
			fail_msg("%s %s", requests[i].member, requests[i].value);
	(void)snprintf(good, sizeof(good), "{\"quorum11\": \"decision\", \"v\": 1, \"server\": \"https://a\","
		       " \"valid_until\": 9, \"request\": \"%s\", \"chr\": \"UTAAAAAAAAA00001\", \"signature\": null,"
		       " \"statement\": \"%s\", \"statement_signature\": \"AAAA\"}", ID, STATEMENT);
	assert_int_equal(with(good, "v", "1", false), ERR_OK);
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++)
		if (with(good, decisions[i].member, decisions[i].value, false) != ERR_PROTOCOL)
			fail_msg("%s %s", decisions[i].member, decisions[i].value);
	assert_int_equal(cli_travel_request_parse(RD_LIT("[]"), &r, &bad), ERR_PROTOCOL);
	assert_int_equal(cli_travel_request_parse(RD_NONE, &r, &bad), ERR_PROTOCOL);
}

/* The same request for another challenge is another decision; what is old is forgotten, not what is new. */
static void remembers_what_was_signed(void **state)
{
	char id[REQUEST_ID_SIZE + 1], path[128];
	int64_t when;

	(void)state;
	assert_int_equal(cli_journal_find(ID, RD_LIT("12345678"), &when), ERR_OK);
	assert_int_equal(when, 0);
	assert_int_equal(cli_journal_add(ID, RD_LIT("12345678"), 77), ERR_OK);
	assert_int_equal(cli_journal_add(ID, RD_NONE, 78), ERR_OK);
	assert_int_equal(cli_journal_find(ID, RD_LIT("12345678"), &when), ERR_OK);
	assert_int_equal(when, 77);
	assert_int_equal(cli_journal_find(ID, RD_NONE, &when), ERR_OK);
	assert_int_equal(when, 78);
	assert_int_equal(cli_journal_find(ID, RD_LIT("12345679"), &when), ERR_OK);
	assert_int_equal(when, 0);
	for (unsigned i = 0; i < JOURNAL_MAX; i++) {
		(void)snprintf(id, sizeof(id), "%032x", i);
		assert_int_equal(cli_journal_add(id, RD_NONE, 1000 + i), ERR_OK);
	}
	assert_int_equal(cli_journal_find(ID, RD_LIT("12345678"), &when), ERR_OK);
	assert_int_equal(when, 0);
	assert_int_equal(cli_journal_find("00000000000000000000000000000000", RD_NONE, &when), ERR_OK);
	assert_int_equal(when, 1000);
	(void)snprintf(path, sizeof(path), "%s/quorum11/signed", home);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/quorum11", home);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back), cmocka_unit_test(a_decision_comes_back),
		cmocka_unit_test(refuses_other_files), cmocka_unit_test(remembers_what_was_signed),
	};
	int rc;

	if (!mkdtemp(home))
		return 1;
	(void)setenv("XDG_STATE_HOME", home, 1);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(home);
	return rc;
}
