/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send: paths, headers, cookies, bodies. */
#include "test/unit/test.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "server/base/quote.h"
#include "server/call/token.h"
#include "server/front/front.h"
#include "test/folder.h"

#define INIT RD_LIT("\xE8\x04\xC0\x02\x3B\x00")
#define ALIVE RD_LIT("\xAB\x03\x80\x01\x00")
#define LOGIN "00112233445566778899aabbccddeeff"

static char folder[] = "/tmp/quorum11-front.XXXXXX";
static struct conf *conf;
static struct srv *srv;
static char token[80];
static struct srv_call call;

static int setup(void **state)
{
	char path[64], text[200];
	struct secret *secret;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/conf", folder);
	(void)snprintf(text, sizeof(text), "[server]\nhttp = yes\nstate = %s/state\n", folder);
	assert_int_equal(file_write(path, 0600, rd_str(text)), ERR_OK);
	assert_int_equal(conf_load_file(path, &conf), ERR_OK);
	assert_int_equal(srv_open(conf, SRV_STORE_SERVE, &srv), ERR_OK);
	assert_int_equal(srv_token_make(conf->server.state, false), ERR_OK);
	assert_int_equal(srv_token_read(conf->server.state, &secret), ERR_OK);
	(void)snprintf(token, sizeof(token), "Bearer %.*s", (int)secret_size(secret),
		       (const char *)secret_view(secret).p);
	secret_free(&secret);
	srv_call_init(&call);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	srv_call_fini(&call);
	srv_close(&srv);
	conf_free(&conf);
	return folder_remove(folder);
}

/* Sessions that a test has left behind do not count for the next. */
static int forget(void **state)
{
	(void)state;
	(void)srv_desk_tick(srv->desk, 1000000);
	(void)srv_desk_tick(srv->desk, 1000000 + SRV_LOST_MS);
	return 0;
}

static int ask(const struct srv_request *q)
{
	srv_call_fini(&call);
	srv_call_init(&call);
	call.request = *q;
	call.request.from = "192.0.2.1";
	srv_front_handle(srv, &call, 1000);
	assert_true(call.done);
	return call.reply.status;
}

/* The word of the error that came as JSON. */
static bool error_is(const char *word)
{
	json_t *j = json_loadb((const char *)call.reply.body.p, call.reply.body.n, 0, NULL);
	bool same;

	assert_non_null(j);
	assert_string_equal(call.reply.type, SRV_JSON);
	same = !strcmp(json_string_value(json_object_get(j, "error")), word);
	json_decref(j);
	return same;
}

static int get(const char *method, const char *path)
{
	return ask(&(struct srv_request){ .method = method, .path = path, .authorization = token });
}

static void test_paths(void **state)
{
	static const char *const unknown[] = {
		"",
		"//",
		"/healthz/",
		"//healthz",
		"/Healthz",
		"/healthz/x",
		"healthz/..",
		"/rt",
		"/rt/hsm/",
		"/rt/other",
		"/api/v1",
		"/api/v1/requests/",
		"/api/v1/requests/x/y",
		"/api/v1/requests/x/approve/",
		"/api/v1/requests//approve",
		"/api/v1/waiting/%",
		"/api/v1/waiting/%4",
		"/api/v1/waiting/%zz",
		"/api/v1/waiting/%00",
		"/api/v1/waiting/a%00b",
		"/api/v1/waiting/12345678901234567890123456789012345678901234567890123456789012345",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (get("GET", unknown[i]) != 404)
			fail_msg("%s: %d", unknown[i], call.reply.status);
		assert_true(error_is("not_found"));
		assert_int_equal(get("POST", unknown[i]), 404);
	}
	assert_int_equal(get("GET", "/healthz"), 200);
	assert_bytes_equal(wr_view(&call.reply.body), RD_LIT("{\"status\":\"ok\"}"));
	assert_int_equal(get("GET", "/api/v1/waiting/UT%2FX%25"), 200);
	assert_int_equal(get("GET", "/api/v1/waiting/%55t"), 200);
	assert_int_equal(get("GET", "/api/v1/requests/x"), 404);
	assert_int_equal(get("GET", "/api/v1/logins/x/proofs"), 404);
	assert_int_equal(get("GET", "/api/v1/logins/" LOGIN "/proofs"), 404);
	assert_int_equal(get("GET", "/api/v1/logins/" LOGIN "00/proofs"), 404);
}

static void test_methods(void **state)
{
	static const struct { const char *method, *path, *allow;
	} wrong[] = {
		{ "POST", "/healthz", "GET, HEAD" },
		{ "get", "/healthz", "GET, HEAD" },
		{ "head", "/healthz", "GET, HEAD" },
		{ "GET", "/rt/hsm", "POST" },
		{ "PUT", "/rt/hsm", "POST" },
		{ "HEAD", "/rt/hsm", "POST" },
		{ "DELETE", "/api/v1/targets", "GET, HEAD, POST" },
		{ "GET", "/api/v1/requests/x/turn", "POST" },
		{ "OPTIONS", "/api/v1/requests/x", "GET, HEAD" },
		{ "POST", "/api/v1/requests", "GET, HEAD" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(get(wrong[i].method, wrong[i].path), 405);
		assert_string_equal(call.reply.allow, wrong[i].allow);
	}
	assert_int_equal(get("HEAD", "/healthz"), 200);
	assert_int_equal(get("HEAD", "/api/v1/requests/x"), 404);
}

static void test_operator(void **state)
{
	static const struct { const char *method, *path; } closed[] = {
		{ "POST", "/api/v1/targets" }, { "GET", "/api/v1/targets" }, { "GET", "/api/v1/requests" },
		{ "POST", "/api/v1/requests/x/cancel" },
	};
	static const char *const wrong[] = { NULL, "", "Bearer", "Bearer ", "Bearer x", "Basic x" };

	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
			assert_int_equal(ask(&(struct srv_request){ .method = closed[i].method, .path = closed[i].path,
								    .authorization = wrong[k] }), 401);
			assert_true(error_is("unauthorized"));
		}
		assert_int_not_equal(get(closed[i].method, closed[i].path), 401);
	}
}

static void test_sizes(void **state)
{
	static uint8_t big[HTTP_BODY_MAX + 1];

	(void)state;
	memset(big, ' ', sizeof(big));
	assert_int_equal(srv_front_body_max("POST", "/rt/hsm"), SRV_POST_MAX);
	assert_int_equal(srv_front_body_max("POST", "/api/v1/targets"), HTTP_BODY_MAX);
	assert_int_equal(srv_front_body_max("GET", "/healthz"), 0);
	assert_true(srv_front_body_max("POST", "/nowhere") < SRV_POST_MAX);
	assert_int_equal(ask(&(struct srv_request){ .method = "POST", .path = "/api/v1/targets", .authorization = token,
						    .body = rd_of(big, sizeof(big)) }), 413);
	assert_int_equal(ask(&(struct srv_request){ .method = "POST", .path = "/api/v1/targets", .authorization = token,
						    .body = rd_of(big, sizeof(big) - 1) }), 400);
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = "/healthz", .body = rd_of(big, 1) }), 413);
}

static int post(const char *type, const char *cookie, const char *facts, struct rd body)
{
	return ask(&(struct srv_request){ .method = "POST",
					  .path = "/rt/hsm",
					  .type = type,
					  .cookie = cookie,
					  .host_facts = facts,
					  .body = body });
}

static void test_types(void **state)
{
	static const char *const good[] = { RAM_TYPE_REQUEST, "application/org.openscdp-content-mgt-response",
					    "Application/org.openscdp-content-mgt-response ; version=2" };
	static const char *const bad[] = { NULL, "", "application/json", "application/org.openscdp-content-mgt",
					   "application/org.openscdp-content-mgt-responses" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(post(good[i], NULL, NULL, INIT), 200);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(post(bad[i], NULL, NULL, INIT), 400);
}

static void test_first_post(void **state)
{
	(void)state;
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, NULL, INIT), 200);
	assert_string_equal(call.reply.type, RAM_TYPE_RESPONSE);
	assert_int_equal(strspn(call.reply.cookie + 11, "0123456789abcdef"), 64);
	assert_string_equal(call.reply.cookie + 11 + 64, "; Path=/rt/hsm; HttpOnly");
	assert_bytes_equal(rd_of(call.reply.body.p, 3), RD_LIT("\xAA\x13\x22"));
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, NULL, RD_NONE), 400);
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, NULL, RD_LIT("garbage")), 400);
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, NULL, ALIVE), 400);
	assert_string_equal(call.reply.cookie, "");
}

static void test_cookies(void **state)
{
	char mine[200], text[500];
	size_t n;

	(void)state;
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, NULL, INIT), 200);
	n = strcspn(call.reply.cookie, ";");
	(void)snprintf(mine, sizeof(mine), "%.*s", (int)n, call.reply.cookie);
	/* unknown, cut, changed, another name */
	assert_int_equal(post(RAM_TYPE_REQUEST, "HSMSESSION=00", NULL, ALIVE), 404);
	(void)snprintf(text, sizeof(text), "%.*s", (int)n - 1, mine);
	assert_int_equal(post(RAM_TYPE_REQUEST, text, NULL, ALIVE), 404);
	(void)snprintf(text, sizeof(text), "X%s", mine);
	assert_int_equal(post(RAM_TYPE_REQUEST, text, NULL, ALIVE), 400);
	(void)snprintf(text, sizeof(text), "a=b; %s; %s", mine, mine);
	assert_int_equal(post(RAM_TYPE_REQUEST, text, NULL, ALIVE), 400);
	/* among others it is found; a result was owed, so this ends the session */
	(void)snprintf(text, sizeof(text), "a=b;  %s; c=d", mine);
	assert_int_equal(post(RAM_TYPE_REQUEST, text, NULL, ALIVE), 400);
	assert_int_equal(post(RAM_TYPE_REQUEST, mine, NULL, ALIVE), 404);
	/* an initiation with a cookie that nobody knows is a new session with an id of its own */
	assert_int_equal(post(RAM_TYPE_REQUEST, "HSMSESSION=0123", NULL, INIT), 200);
	assert_null(strstr(call.reply.cookie, "=0123;"));
}

/* A stranger's words stay within their quotes, on their line. */
static void test_quotes(void **state)
{
	char text[3 * SHOWN_MAX];
	struct srv_quoted q;

	(void)state;
	assert_string_equal(srv_quote("UT x\" result=\"open\"\nevent=open\x1b[1m\xff", &q),
			    "UT x' result='open'\\x0aevent=open\\x1b[1m\\xff");
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_true(strlen(srv_quote(text, &q)) < sizeof(q.text));
	assert_null(strchr(q.text, '\n'));
}

static const char *facts(const char *json)
{
	static char text[2 * REQUEST_JSON_MAX];
	struct wr w;

	WR_ARR(&w, text);
	wr_base64url(&w, rd_str(json));
	wr_u8(&w, 0);
	assert_int_equal(wr_done(&w), ERR_OK);
	return text;
}

static void test_host_facts(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"x",
		"{\"v\": 1}",
		"{\"login_id\": \"" LOGIN "\"}",
		"{\"v\": 4294967297, \"login_id\": \"" LOGIN "\"}",
		"{\"v\": 2, \"login_id\": \"" LOGIN "\"}",
		"{\"v\": \"1\", \"login_id\": \"" LOGIN "\"}",
		"{\"v\": 1, \"login_id\": \"00\"}",
		"{\"v\": 1, \"login_id\": 5}",
		"{\"v\": 1, \"login_id\": \"" LOGIN "00\"}",
		"{\"v\": 1, \"login_id\": \"zz112233445566778899aabbccddeeff\"}",
		"{\"v\": 1, \"v\": 1, \"login_id\": \"" LOGIN "\"}",
		"{\"v\": 1, \"login_id\": \"" LOGIN "\"} ,",
	};
	char big[REQUEST_JSON_MAX + 200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(post(RAM_TYPE_REQUEST, NULL, facts(bad[i]), INIT), 400);
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, "not base64url!", INIT), 400);
	assert_int_equal(
		post(RAM_TYPE_REQUEST, NULL, facts("{\"v\": 1, \"login_id\": \"" LOGIN "\", \"anything\": [1]}"), INIT),
		200);
	/* 3 KiB and no more */
	(void)snprintf(big, sizeof(big), "{\"v\": 1, \"login_id\": \"000102030405060708090a0b0c0d0e0f\"%*s}",
		       REQUEST_JSON_MAX - 55, "");
	big[REQUEST_JSON_MAX - 1] = '}';
	big[REQUEST_JSON_MAX] = '\0';
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, facts(big), INIT), 200);
	memcpy(big + REQUEST_JSON_MAX - 1, " }", 3);
	assert_int_equal(post(RAM_TYPE_REQUEST, NULL, facts(big), INIT), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_quotes), cmocka_unit_test(test_methods),
		cmocka_unit_test(test_operator),
		cmocka_unit_test(test_sizes), cmocka_unit_test_setup(test_types, forget),
		cmocka_unit_test_setup(test_first_post, forget), cmocka_unit_test_setup(test_cookies, forget),
		cmocka_unit_test_setup(test_host_facts, forget),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
