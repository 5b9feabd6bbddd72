/* SPDX-License-Identifier: Apache-2.0 */
/* A target's policy: each item read, shown again, admitting and refusing. */
#include "test/unit/test.h"

#include <stdlib.h>
#include <time.h>

#include "server/policy/policy.h"
#include "test/pki.h"

/* Monday, 2026-09-21, 14:13:20 UTC. */
#define NOW INT64_C(1790000000)
_Static_assert(NOW == PKI_NOW, "the day of the certificates");

static struct srv_policy policy_of(const char *json)
{
	struct srv_policy p;
	char why[200] = "";

	if (srv_policy_parse(rd_str(json), &p, why, sizeof(why)))
		fail_msg("%s: %s", json, why);
	return p;
}

static char *shown(const struct srv_policy *p)
{
	json_t *j = srv_policy_json(p);
	char *text = json_dumps(j, JSON_COMPACT);

	assert_non_null(text);
	json_decref(j);
	return text;
}

/* ---- reading and showing ---- */

static void test_empty(void **state)
{
	struct srv_policy p = policy_of("{}");
	char *text = shown(&p);

	(void)state;
	assert_string_equal(text, "{\"hosts\":null,\"windows\":null,\"limits\":null,\"roots\":null,\"chip_auth\":null,"
			    "\"attested\":null,\"deadline\":null,\"tell\":null}");
	p = policy_of(text);    /* null is as good as absent */
	free(text);
	assert_false(p.has_roots || p.has_chip_auth || p.has_hosts || p.has_windows || p.has_limits);
	assert_int_equal(p.attested, SRV_ATTESTED_NONE);
	assert_int_equal(p.deadline, 0);
}

static void test_round(void **state)
{
	static const char *const texts[][2] = {
		{ "{\"hosts\": [\"build1\", \"ci-*\"]}", "\"hosts\":[\"build1\",\"ci-*\"]" },
		{ "{\"hosts\": []}", "\"hosts\":[]" },
		{ "{\"windows\": {\"open\": [\"Mon-Fri 08:00-18:00\", \"Sat,Sun 22:00-06:00\"]}}",
		  "\"windows\":{\"zone\":\"local\",\"open\":[\"Mon-Fri 08:00-18:00\",\"Sat-Sun 22:00-06:00\"]}" },
		{ "{\"windows\": {\"zone\": \"-09:30\", \"open\": []}}",
		  "\"windows\":{\"zone\":\"-09:30\",\"open\":[]}" },
		{ "{\"limits\": \"for=1h sign=50 key=dev\"}", "\"limits\":\"sign=50 for=3600 key=dev\"" },
		{ "{\"roots\": [\"UTSRCA00001\"]}", "\"roots\":[\"UTSRCA00001\"]" },
		{ "{\"chip_auth\": false}", "\"chip_auth\":false" },
		{ "{\"chip_auth\": true}", "\"chip_auth\":true" },
		{ "{\"attested\": \"all\"}", "\"attested\":\"all\"" },
		{ "{\"attested\": \"none\"}", "\"attested\":null" },
		{ "{\"attested\": [7, 1]}", "\"attested\":[1,7]" },
		{ "{\"deadline\": 300}", "\"deadline\":300" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct srv_policy p = policy_of(texts[i][0]);
		char *once = shown(&p), *twice;

		if (!strstr(once, texts[i][1]))
			fail_msg("%s is not in %s", texts[i][1], once);
		p = policy_of(once);
		twice = shown(&p);
		assert_string_equal(once, twice);
		free(once);
		free(twice);
	}
}

static void test_malformed(void **state)
{
	static const char *const texts[][2] = {
		{ "[]", "JSON object" },
		{ "{\"host\": []}", "no item host" },
		{ "{\"chip_auth\": true, \"chip_auth\": false}", "JSON" },
		{ "{\"hosts\": \"a\"}", "list" },
		{ "{\"hosts\": [\"\"]}", "hosts[0]" },
		{ "{\"hosts\": [\"a\", \"b\\n\"]}", "hosts[1]" },
		{ "{\"hosts\": [\"a\\u0000b\"]}", "JSON" },
		{ "{\"hosts\": [1]}", "hosts[0]" },
		{ "{\"roots\": []}", "nobody" },
		{ "{\"chip_auth\": 1}", "chip_auth" },
		{ "{\"attested\": \"some\"}", "attested" },
		{ "{\"attested\": []}", "attested" },
		{ "{\"attested\": [0]}", "attested[0]" },
		{ "{\"attested\": [1, 256]}", "attested[1]" },
		{ "{\"attested\": [\"1\"]}", "attested[0]" },
		{ "{\"deadline\": 0}", "deadline" },
		{ "{\"deadline\": 86401}", "deadline" },
		{ "{\"deadline\": \"5\"}", "deadline" },
		{ "{\"windows\": []}", "windows" },
		{ "{\"windows\": {\"open\": [], \"shut\": []}}", "windows" },
		{ "{\"windows\": {\"zone\": \"CET\", \"open\": []}}", "zone" },
		{ "{\"windows\": {\"open\": [\"Mon 8:00-18:00\"]}}", "open[0]" },
		{ "{\"limits\": \"\"}", "no item" },
		{ "{\"limits\": \"sign=x\"}", "limits" },
		{ "{\"limits\": 5}", "limits" },
	};
	struct srv_policy p;
	char why[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(srv_policy_parse(rd_str(texts[i][0]), &p, why, sizeof(why)), ERR_FORMAT);
		if (!strstr(why, texts[i][1]))
			fail_msg("%s: %s", texts[i][0], why);
	}
}

/* ---- windows ---- */

static void test_windows_read(void **state)
{
	static const char *const bad[] = {
		"", "Mon", "Mon ", "Mon 08:00", "Mon 08:00-08:00", "Mon 24:00-08:00", "Mon 08:00-00:00",
		"Mon 08:60-09:00",
		"Mon 08:00-24:01", "mon 08:00-09:00", "Mon- 08:00-09:00", "Mon, 08:00-09:00", "Mon  08:00-09:00",
		"Mon 08:00-09:00 ", "Monday 08:00-09:00", "Mon 25:00-26:00",
	};
	static const char *const zones[] = { "", "utc", "+1:00", "+01:00 ", "01:00", "+14:01", "+15:00", "+01:60" };
	struct srv_window w;
	struct srv_zone z;
	char text[SRV_WINDOW_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (srv_window_read(bad[i], &w) != ERR_FORMAT)
			fail_msg("%s", bad[i]);
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (srv_zone_read(zones[i], &z) != ERR_FORMAT)
			fail_msg("%s", zones[i]);
	assert_int_equal(srv_window_read("Sat-Tue,Thu 00:00-24:00", &w), ERR_OK);
	srv_window_write(&w, text);
	assert_string_equal(text, "Mon-Tue,Thu,Sat-Sun 00:00-24:00");
	assert_int_equal(srv_window_read("Mon,Wed,Fri,Sun 08:00-09:30", &w), ERR_OK);
	srv_window_write(&w, text);
	assert_string_equal(text, "Mon,Wed,Fri,Sun 08:00-09:30");
}

static bool admits(const char *zone, const char *window, int64_t t)
{
	struct srv_windows w = { .n = 1 };

	assert_int_equal(srv_zone_read(zone, &w.zone), ERR_OK);
	assert_int_equal(srv_window_read(window, &w.v[0]), ERR_OK);
	return srv_windows_admit(&w, t);
}

static void test_windows_admit(void **state)
{
	const int64_t monday = NOW - (14 * 3600 + 13 * 60 + 20), hour = 3600;

	(void)state;
	assert_false(admits("UTC", "Mon-Fri 08:00-18:00", monday + 8 * hour - 1));
	assert_true(admits("UTC", "Mon-Fri 08:00-18:00", monday + 8 * hour));
	assert_true(admits("UTC", "Mon-Fri 08:00-18:00", monday + 18 * hour - 1));
	assert_false(admits("UTC", "Mon-Fri 08:00-18:00", monday + 18 * hour));
	assert_false(admits("UTC", "Mon-Fri 08:00-18:00", monday + 5 * 24 * hour + 9 * hour));
	assert_true(admits("UTC", "Sat 00:00-24:00", monday + 6 * 24 * hour - 1));
	assert_false(admits("UTC", "Sat 00:00-24:00", monday + 6 * 24 * hour));
	/* Two hours before UTC it is Monday earlier, two behind later. */
	assert_true(admits("+02:00", "Mon 00:00-01:00", monday - 2 * hour));
	assert_false(admits("+02:00", "Mon 00:00-01:00", monday));
	assert_true(admits("-02:00", "Mon 00:00-01:00", monday + 2 * hour));
	/* Over midnight: it belongs to the day on which it begins. */
	assert_true(admits("UTC", "Sun 22:00-06:00", monday - hour));
	assert_true(admits("UTC", "Sun 22:00-06:00", monday + 6 * hour - 1));
	assert_false(admits("UTC", "Sun 22:00-06:00", monday + 6 * hour));
	assert_false(admits("UTC", "Mon 22:00-06:00", monday + 3 * hour));
	assert_true(admits("UTC", "Mon 22:00-06:00", monday + 24 * hour + 3 * hour));
	/* The server's own time, with its summer time: in September it is 16:13 in Berlin. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_true(admits("local", "Mon 16:10-16:20", NOW));
	assert_false(admits("local", "Mon 14:10-14:20", NOW));
	unsetenv("TZ");
	tzset();
}

/* ---- checks ---- */

struct request {
	struct att_chain chain;
	struct pka_key_facts keys[3];
	struct srv_policy_facts facts;
};

static void request_init(struct request *r)
{
	*r = (struct request){ .chain = { .is_genuine = true, .path = "/UTSRCA00001/UTCA00001/UTCC00001" },
			       .keys = { { .key = 1, .label = "dev", .is_attested = true },
					 { .key = 2, .label = "old" },
					 { .key = 9, .label = "new", .is_attested = true } } };
	r->facts = (struct srv_policy_facts){ .chain = &r->chain, .host = "build1", .now = NOW, .keys_n = 3,
					      .keys = r->keys,
					      .host_json = RD_LIT("{\"v\":1,\"budget\":\"sign=50 for=30m key=dev "
								  "mech=ecdsa\"}") };
}

/* What the only check of this policy says; NULL: there is none. */
static const char *check(const char *json, enum srv_policy_when when, const struct srv_policy_facts *f, bool pass)
{
	static struct srv_policy_verdict v;
	struct srv_policy p = policy_of(json);

	v = (struct srv_policy_verdict){ 0 };
	if (srv_policy_check(&p, when, f, &v) != pass)
		fail_msg("%s: %s: %s", json, pass ? "should pass" : "should fail", v.n ? v.v[0].text : "-");
	assert_true(v.n <= 1);
	if (v.n)
		assert_int_equal(v.v[0].result, pass ? ATT_PASS : ATT_FAIL);
	return v.n ? v.v[0].text : NULL;
}

#define PASSES(json, when, facts) assert_non_null(check(json, when, facts, true))
#define FAILS(json, when, facts, words) assert_non_null(strstr(check(json, when, facts, false), words))

static void test_nothing_set(void **state)
{
	struct request r;
	int when;

	(void)state;
	request_init(&r);
	r.facts.host = NULL;
	r.chain.is_genuine = false;
	for (when = SRV_AT_IDENTIFICATION; when <= SRV_BEFORE_PEOPLE; when++)
		assert_null(check("{}", (enum srv_policy_when)when, &r.facts, true));
	assert_null(check("{\"deadline\": 5}", SRV_AT_IDENTIFICATION, &r.facts, true));
}

static void test_hosts(void **state)
{
	struct request r;

	(void)state;
	request_init(&r);
	PASSES("{\"hosts\": [\"build1\"]}", SRV_AT_IDENTIFICATION, &r.facts);
	PASSES("{\"hosts\": [\"x\", \"build*\"]}", SRV_AT_IDENTIFICATION, &r.facts);
	FAILS("{\"hosts\": [\"build\"]}", SRV_AT_IDENTIFICATION, &r.facts, "build1");
	FAILS("{\"hosts\": []}", SRV_AT_IDENTIFICATION, &r.facts, "build1");
	r.facts.host = NULL;
	FAILS("{\"hosts\": [\"*\"]}", SRV_AT_IDENTIFICATION, &r.facts, "has not proved");
}

static void test_windows(void **state)
{
	struct request r;

	(void)state;
	request_init(&r);
	PASSES("{\"windows\": {\"zone\": \"UTC\", \"open\": [\"Tue 01:00-02:00\", \"Mon 14:13-14:14\"]}}",
	       SRV_AT_IDENTIFICATION, &r.facts);
	FAILS("{\"windows\": {\"zone\": \"UTC\", \"open\": [\"Mon 14:14-14:15\"]}}", SRV_AT_IDENTIFICATION, &r.facts,
	      "Mon 14:13 (UTC)");
	FAILS("{\"windows\": {\"open\": []}}", SRV_AT_IDENTIFICATION, &r.facts, "outside");
}

static void test_limits(void **state)
{
	static const char *const kept[] = { "sign=50", "sign=any", "for=30m", "key=dev,other", "mech=ecdsa,rsa-pss",
					    "sign=50 for=1h key=dev mech=ecdsa", "decipher=0" };
	static const char *const broken[][2] = { { "sign=49", ": sign" }, { "for=29m", ": for" }, { "key=x", ": key" },
						 { "mech=rsa-pss", ": mech" }, { "uid=5", ": uid" },
						 { "repeats=counted", ": repeats" },
						 { "sign=50 gid=7", ": gid" } };
	static const char *const unlimited[] = { "", "{\"v\":1}", "{\"v\":1,\"budget\":\"\"}",
						 "{\"v\":1,\"budget\":7}", "{\"v\":1,\"budget\":\"sign=-1\"}", "?" };
	struct request r;
	char json[100];
	size_t i;

	(void)state;
	request_init(&r);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		(void)snprintf(json, sizeof(json), "{\"limits\": \"%s\"}", kept[i]);
		PASSES(json, SRV_AT_IDENTIFICATION, &r.facts);
	}
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		(void)snprintf(json, sizeof(json), "{\"limits\": \"%s\"}", broken[i][0]);
		FAILS(json, SRV_AT_IDENTIFICATION, &r.facts, broken[i][1]);
	}
	for (i = 0; i < sizeof(unlimited) / sizeof(unlimited[0]); i++) {
		r.facts.host_json = rd_str(unlimited[i]);
		FAILS("{\"limits\": \"sign=50\"}", SRV_AT_IDENTIFICATION, &r.facts, "agent");
	}
	/* What is asked for without an item is without that limit. */
	r.facts.host_json = RD_LIT("{\"budget\":\"decipher=3 uid=5\"}");
	FAILS("{\"limits\": \"sign=50\"}", SRV_AT_IDENTIFICATION, &r.facts, ": sign");
	FAILS("{\"limits\": \"decipher=2\"}", SRV_AT_IDENTIFICATION, &r.facts, ": decipher");
	PASSES("{\"limits\": \"uid=5\"}", SRV_AT_IDENTIFICATION, &r.facts);
	FAILS("{\"limits\": \"uid=6\"}", SRV_AT_IDENTIFICATION, &r.facts, ": uid");
}

static void test_roots(void **state)
{
	struct request r;

	(void)state;
	request_init(&r);
	PASSES("{\"roots\": [\"DESRCACC100001\", \"UTSRCA00001\"]}", SRV_AT_IDENTIFICATION, &r.facts);
	FAILS("{\"roots\": [\"DESRCACC100001\"]}", SRV_AT_IDENTIFICATION, &r.facts, "UTSRCA00001");
	FAILS("{\"roots\": [\"UTCA00001\"]}", SRV_AT_IDENTIFICATION, &r.facts, "none of the roots");
	r.chain.is_genuine = false;
	r.chain.path[0] = '\0';
	FAILS("{\"roots\": [\"*\"]}", SRV_AT_IDENTIFICATION, &r.facts, "not proved");
}

static void test_chip_auth(void **state)
{
	struct request r;

	(void)state;
	request_init(&r);
	PASSES("{\"chip_auth\": true}", SRV_AT_IDENTIFICATION, &r.facts);
	PASSES("{\"chip_auth\": false}", SRV_AT_IDENTIFICATION, &r.facts);
	r.chain.is_genuine = false;
	FAILS("{\"chip_auth\": true}", SRV_AT_IDENTIFICATION, &r.facts, "no chain");
	PASSES("{\"chip_auth\": false}", SRV_AT_IDENTIFICATION, &r.facts);
}

static void test_attested(void **state)
{
	struct request r;

	(void)state;
	request_init(&r);
	assert_null(check("{\"attested\": \"none\"}", SRV_BEFORE_PEOPLE, &r.facts, true));
	assert_null(check("{\"attested\": \"all\"}", SRV_AT_IDENTIFICATION, &r.facts, true));
	FAILS("{\"attested\": \"all\"}", SRV_BEFORE_PEOPLE, &r.facts, "key 2 (old)");
	PASSES("{\"attested\": [1, 9, 17]}", SRV_BEFORE_PEOPLE, &r.facts);
	FAILS("{\"attested\": [1, 2]}", SRV_BEFORE_PEOPLE, &r.facts, "key 2 (old)");
	r.keys[1].is_attested = true;
	PASSES("{\"attested\": \"all\"}", SRV_BEFORE_PEOPLE, &r.facts);
}

/* All checks are made, and all are shown; the host hears the first and how many more. */
static void test_whole_verdict(void **state)
{
	struct srv_policy p = policy_of("{\"hosts\": [\"x\"], \"limits\": \"sign=100\", \"roots\": [\"OTHER00001\"], "
					"\"chip_auth\": true, \"attested\": \"all\"}");
	struct srv_policy_verdict v = { 0 };
	struct request r;
	char why[200];

	(void)state;
	request_init(&r);
	assert_false(srv_policy_check(&p, SRV_AT_IDENTIFICATION, &r.facts, &v));
	srv_policy_not_made(&p, SRV_BEFORE_PEOPLE, &v);
	assert_int_equal(v.n, 5);
	assert_string_equal(v.v[0].item, "hosts");
	assert_int_equal(v.v[0].result, ATT_FAIL);
	assert_string_equal(v.v[1].item, "limits");
	assert_int_equal(v.v[1].result, ATT_PASS);
	assert_string_equal(v.v[2].item, "roots");
	assert_int_equal(v.v[2].result, ATT_FAIL);
	assert_string_equal(v.v[3].item, "chip_auth");
	assert_int_equal(v.v[3].result, ATT_PASS);
	assert_string_equal(v.v[4].item, "attested");
	assert_int_equal(v.v[4].result, ATT_NOT_MADE);
	assert_int_equal(srv_policy_refusal(&v, why, sizeof(why)), ERR_POLICY);
	assert_string_equal(why, "the card's policy refuses it: host build1 may not ask for this card; and 1 more");

	v = (struct srv_policy_verdict){ 0 };
	p = policy_of("{\"roots\": [\"OTHER00001\"]}");
	assert_false(srv_policy_check(&p, SRV_AT_IDENTIFICATION, &r.facts, &v));
	assert_int_equal(srv_policy_refusal(&v, why, sizeof(why)), ERR_ATTESTATION);
	assert_null(strstr(why, "more"));

	v = (struct srv_policy_verdict){ 0 };
	p = policy_of("{\"chip_auth\": true}");
	assert_true(srv_policy_check(&p, SRV_AT_IDENTIFICATION, &r.facts, &v));
	assert_int_equal(srv_policy_refusal(&v, why, sizeof(why)), ERR_OK);
}

/* ---- the server that keeps it ---- */

static void test_fits(void **state)
{
	static const struct {
		const char *json, *words;       /* NULL: it fits */
	} rows[] = {
		{ "{}", NULL },
		{ "{\"deadline\": 900, \"hosts\": [\"x\"]}", NULL },
		{ "{\"deadline\": 901}", "900 seconds" },
		{ "{\"roots\": [\"NOBODY00001\"]}", "NOBODY00001" },
		{ "{\"roots\": [\"DESRCACC100001\"]}", NULL },
	};
	struct srv_policy_server s = { .deadline = 900 };
	struct att_anchors *anchors;
	char why[200];
	size_t i;

	(void)state;
	assert_int_equal(att_anchors_new(true, &anchors), ERR_OK);
	s.anchors = anchors;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct srv_policy p = policy_of(rows[i].json);

		assert_int_equal(srv_policy_fits(&p, &s, why, sizeof(why)), rows[i].words ? ERR_REFUSED : ERR_OK);
		if (rows[i].words && !strstr(why, rows[i].words))
			fail_msg("%s: %s", rows[i].json, why);
	}
	att_anchors_free(&anchors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),        cmocka_unit_test(test_round),
		cmocka_unit_test(test_malformed),    cmocka_unit_test(test_windows_read),
		cmocka_unit_test(test_windows_admit), cmocka_unit_test(test_nothing_set),
		cmocka_unit_test(test_hosts),        cmocka_unit_test(test_windows),
		cmocka_unit_test(test_limits),       cmocka_unit_test(test_roots),
		cmocka_unit_test(test_chip_auth),    cmocka_unit_test(test_attested),
		cmocka_unit_test(test_whole_verdict), cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
