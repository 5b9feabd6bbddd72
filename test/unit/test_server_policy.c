/* SPDX-License-Identifier: Apache-2.0 */
/* A policy at work: given to a card through the interface, and a host that asks. */
#include "test/unit/scene.h"

#include "server/store/policy.h"
#include "test/unit/enrolment.h"

static char path[100];

static const char *policy_path(const struct scene *s)
{
	(void)snprintf(path, sizeof(path), "/api/v1/targets/%s/policy", s->device_id);
	return path;
}

static int put(struct scene *s, const char *policy)
{
	return scene_ask(s, "PUT", policy_path(s), s->token, policy, NULL);
}

/* A host asks; what it is told last, if anything. */
static int ask(struct scene *s, struct scene_host *h)
{
	scene_host_open(h, s, true);
	assert_int_equal(scene_host_begin(h), 200);
	return scene_host_go(h);
}

/* The newest request of all, as the operator sees it. */
static json_t *newest(struct scene *s)
{
	char one[100];
	json_t *list, *j;

	assert_int_equal(scene_ask(s, "GET", "/api/v1/requests", s->token, NULL, &list), 200);
	(void)snprintf(one, sizeof(one), "/api/v1/requests/%s",
		       scene_text(json_array_get(json_object_get(list, "requests"), 0), "id"));
	json_decref(list);
	assert_int_equal(scene_ask(s, "GET", one, s->token, NULL, &j), 200);
	return j;
}

static const char *check_result(const json_t *request, const char *name)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(request, "verdict"), i, check)
		if (!strcmp(scene_text(check, "check"), name))
			return scene_text(check, "result");
	return "";
}

/* policy NULL: the one that is there. */
static void refused(struct scene *s, const char *policy, int id, const char *words)
{
	struct scene_host h;
	json_t *waits;
	unsigned i;

	if (policy && put(s, policy) != 200)
		fail_msg("%s", policy);
	assert_int_equal(ask(s, &h), 204);
	assert_int_equal(h.id, id);
	if (!strstr(h.text, words))
		fail_msg("%s: %s", policy ? policy : "-", h.text);
	/* Nobody is asked. */
	for (i = 0; i < s->m; i++) {
		char waiting[100];

		(void)snprintf(waiting, sizeof(waiting), "/api/v1/waiting/%s", s->people[i].chr);
		assert_int_equal(scene_ask(s, "GET", waiting, s->token, NULL, &waits), 200);
		assert_int_equal(json_array_size(json_object_get(waits, "requests")), 0);
		json_decref(waits);
	}
	assert_int_equal(h.challenges, 0);
	scene_host_close(&h);
}

static void test_refusals(void **state)
{
	static struct srv_policy p;
	struct scene s;
	char why[200];
	json_t *j;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	refused(&s, "{\"hosts\": [\"build1\"], \"windows\": {\"open\": []}, \"attested\": \"all\"}", -112,
		"has not proved who it is, by a client certificate or a token; and 1 more");
	j = newest(&s);
	assert_string_equal(scene_text(j, "result"), "policy");
	assert_string_equal(check_result(j, "GENUINE"), "pass");        /* the card's own verdict stands before it */
	assert_string_equal(check_result(j, "hosts"), "fail");
	assert_string_equal(check_result(j, "windows"), "fail");
	assert_string_equal(check_result(j, "attested"), "not_made");
	json_decref(j);
	refused(&s, "{\"limits\": \"sign=50\"}", -112, "it needs an agent");
	/* A root that the server trusted when the policy was given. */
	assert_int_equal(srv_policy_parse(RD_LIT("{\"roots\": [\"OTHER00001\"], \"chip_auth\": true}"), &p, why,
					  sizeof(why)), ERR_OK);
	assert_int_equal(srv_store_policy_put(&s.srv->store, s.device_id, &p), ERR_OK);
	refused(&s, NULL, -111, "none of the roots");
	j = newest(&s);
	assert_string_equal(scene_text(j, "result"), "attestation");
	assert_string_equal(check_result(j, "chip_auth"), "pass");
	json_decref(j);
	scene_close(&s);
}

/* Key 1 is enrolled without an attestation: it is found out when the card's keys are known. */
static void test_unattested(void **state)
{
	struct scene s;
	struct scene_host h;
	struct wr body;
	json_t *j;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	wr_init_heap(&body, HTTP_BODY_MAX);
	(void)enrolment_json(&(struct enrolment){ .devaut = wr_view(&s.devaut), .n = 2, .m = 3,
						  .files = { wr_view(&s.people[0].file), wr_view(&s.people[1].file),
							     wr_view(&s.people[2].file) } }, &body);
	assert_int_equal(scene_ask(&s, "POST", "/api/v1/targets", s.token, wr_cstr(&body), NULL), 201);
	wr_free(&body);
	refused(&s, "{\"attested\": \"all\"}", -111, "key 1");
	refused(&s, "{\"attested\": [1]}", -111, "key 1");
	j = newest(&s);
	assert_string_equal(check_result(j, "attested"), "fail");
	json_decref(j);
	assert_int_equal(put(&s, "{\"attested\": [2]}"), 200);
	assert_int_equal(ask(&s, &h), 0);
	scene_host_close(&h);
	scene_close(&s);
}

static void test_admitted(void **state)
{
	struct scene s;
	struct scene_host h;
	struct scene_wish w = { .host = &h };
	json_t *j;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, ", \"policy\": {\"attested\": \"all\", \"chip_auth\": true, \"deadline\": 77, "
				     "\"windows\": {\"open\": [\"Mon-Sun 00:00-24:00\"]}}", NULL), 201);
	assert_int_equal(ask(&s, &h), 0);
	j = newest(&s);
	assert_string_equal(scene_text(j, "state"), "waiting");
	assert_string_equal(check_result(j, "attested"), "pass");
	assert_string_equal(check_result(j, "windows"), "pass");
	assert_string_equal(check_result(j, "LIVE"), "pass");
	assert_int_equal(scene_number(j, "seconds_left"), 77);
	json_decref(j);
	assert_int_equal(scene_decide(&s, 0, &w, NULL), 200);
	assert_int_equal(scene_decide(&s, 2, &w, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
	scene_host_close(&h);
	/* Chip authentication is not asked for where the policy says so, whatever the server's setting. */
	vcard_power(s.v, true);
	assert_int_equal(put(&s, "{\"chip_auth\": false}"), 200);
	assert_int_equal(ask(&s, &h), 0);
	j = newest(&s);
	assert_string_equal(check_result(j, "LIVE"), "");
	assert_int_equal(scene_number(j, "seconds_left"), s.conf->server.deadline);
	json_decref(j);
	scene_host_close(&h);
	scene_close(&s);
}

static void test_interface(void **state)
{
	static const struct {
		const char *body;
		int status;
	} rows[] = {
		{ "", 400 }, { "[]", 400 }, { "{\"host\": []}", 400 }, { "{\"deadline\": 100000}", 400 },
		{ "{\"deadline\": 86400}", 422 }, { "{\"roots\": [\"NOBODY00001\"]}", 422 },
		{ "{\"hosts\": [\"b\"], \"deadline\": 60}", 200 },
	};
	struct scene s;
	json_t *j;
	size_t i;

	(void)state;
	scene_open(&s, "vendor-shared", 1, 1);
	assert_int_equal(scene_ask(&s, "GET", policy_path(&s), s.token, NULL, NULL), 404);
	assert_int_equal(put(&s, "{}"), 404);
	assert_int_equal(scene_enrol(&s, ", \"policy\": {\"deadline\": \"x\"}", NULL), 400);
	assert_int_equal(scene_enrol(&s, ", \"policy\": {\"deadline\": 86400}", NULL), 422);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	assert_int_equal(scene_ask(&s, "GET", policy_path(&s), NULL, NULL, NULL), 401);
	assert_int_equal(scene_ask(&s, "PUT", policy_path(&s), NULL, "{}", NULL), 401);
	assert_int_equal(scene_ask(&s, "POST", policy_path(&s), s.token, "{}", NULL), 405);
	assert_int_equal(scene_ask(&s, "GET", policy_path(&s), s.token, NULL, &j), 200);
	assert_true(json_is_null(json_object_get(j, "hosts")));
	json_decref(j);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (put(&s, rows[i].body) != rows[i].status)
			fail_msg("%s: not %d", rows[i].body, rows[i].status);
	/* It outlives the server, and an enrolment that says nothing of it. */
	scene_restart(&s);
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	assert_int_equal(scene_ask(&s, "GET", policy_path(&s), s.token, NULL, &j), 200);
	assert_int_equal(scene_number(j, "deadline"), 60);
	json_decref(j);
	assert_int_equal(scene_enrol(&s, ", \"replace\": true, \"policy\": {}", NULL), 201);
	assert_int_equal(scene_ask(&s, "GET", policy_path(&s), s.token, NULL, &j), 200);
	assert_true(json_is_null(json_object_get(j, "deadline")));
	json_decref(j);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_unattested), cmocka_unit_test(test_admitted),
		cmocka_unit_test(test_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
