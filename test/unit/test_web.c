/* SPDX-License-Identifier: Apache-2.0 */
/* The pages: well-formed, whole, only for whom they are, and true to what the JSON interface says. */
#include "test/unit/scene.h"

#include <expat.h>
#include <time.h>

#include "base/clock.h"
#include "pka/message.h"
#include "server/store/token.h"
#include "server/web/stream.h"
#include "server/web/web.h"

static struct scene s;
static struct scene_host host;
static struct srv_call call;
static char cookie[200], secret[100], id[SRV_ID_SIZE];

static int ask(const struct srv_request *q)
{
	srv_call_fini(&call);
	srv_call_init(&call);
	call.request = *q;
	call.request.from = "192.0.2.1";
	call.request.host = "hsm.example.org";
	srv_front_handle(s.srv, &call, s.now_ms);
	return call.done || call.is_stream ? call.reply.status : 0;
}

static int get(const char *path)
{
	return ask(&(struct srv_request){ .method = "GET", .path = path, .cookie = cookie });
}

static int post(const char *path, const char *body, const char *site)
{
	return ask(&(struct srv_request){ .method = "POST", .path = path, .cookie = cookie, .body = rd_str(body),
					  .fetch_site = site });
}

/* A field of the reply's header, or NULL. */
static const char *field(const char *name)
{
	const char *p = (const char *)call.reply.head.p, *end = p + call.reply.head.n;

	for (; p < end; p += strlen(p) + 1, p += strlen(p) + 1)
		if (!strcmp(p, name))
			return p + strlen(p) + 1;
	return NULL;
}

static bool shows(const char *text)
{
	return strstr(wr_cstr(&call.reply.body), text) != NULL;
}

/* The page is XML without a document type's help: every element closed, every name and attribute in order. */
static void is_whole(void)
{
	XML_Parser x = XML_ParserCreate("UTF-8");
	struct rd body = wr_view(&call.reply.body);

	assert_non_null(x);
	if (XML_Parse(x, (const char *)body.p, (int)body.n, 1) != XML_STATUS_OK)
		fail_msg("line %lu column %lu: %s\n%s", XML_GetCurrentLineNumber(x), XML_GetCurrentColumnNumber(x),
			 XML_ErrorString(XML_GetErrorCode(x)), wr_cstr(&call.reply.body));
	XML_ParserFree(x);
}

static void page_is(const char *path, int status)
{
	const char *csp;

	if (get(path) != status)
		fail_msg("%s: %d", path, call.reply.status);
	is_whole();
	csp = field("Content-Security-Policy");
	assert_non_null(csp);
	assert_non_null(strstr(csp, "default-src 'none'"));
	assert_null(strstr(csp, "unsafe"));
	assert_string_equal(field("X-Frame-Options"), "DENY");
	assert_non_null(field("Referrer-Policy"));
	assert_string_equal(call.reply.type, "text/html; charset=utf-8");
	/* nothing inline, nothing from elsewhere */
	assert_false(shows("style="));
	assert_false(shows(" onclick"));
	assert_false(shows("<style"));
	assert_false(shows("<script>"));
	assert_true(shows("<main id=\"main\""));
	assert_true(shows("<html lang=\"en\">"));
}

static void sign_in_as(const char *token)
{
	char body[200];
	const char *at;

	cookie[0] = '\0';
	(void)snprintf(body, sizeof(body), "token=%s&next=%%2Ftargets", token);
	assert_int_equal(post("/sign-in", body, "same-origin"), 303);
	assert_string_equal(field("Location"), "/targets");
	(void)snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(call.reply.cookie, ";"), call.reply.cookie);
	assert_non_null(strstr(call.reply.cookie, "; HttpOnly; SameSite=Strict"));
	assert_non_null(strstr(call.reply.cookie, "Max-Age=28800"));
	assert_int_equal(get("/"), 200);
	at = strstr(wr_cstr(&call.reply.body), "name=\"form\" value=\"");
	assert_non_null(at);
	(void)snprintf(secret, sizeof(secret), "form=%.64s", at + strlen("name=\"form\" value=\""));
}

static void sign_in(void)
{
	sign_in_as(s.token + strlen("Bearer "));
}

/* What was told to those who listen, one after the other. */
static char heard[4000];

static void hear_event(void *ctx, const struct srv_event *ev)
{
	size_t n = strlen(heard);
	struct wr w;

	(void)ctx;
	wr_init(&w, heard + n, sizeof(heard) - n);
	srv_event_json(ev, &w);
	(void)wr_cstr(&w);
}

static struct srv_listener listener = { .hear = hear_event };

static void listen_begin(void)
{
	(void)srv_events_flush(s.srv->events, s.now_ms);        /* what was before is not meant */
	heard[0] = '\0';
	srv_events_listen(s.srv->events, &listener);
}

static void listen_end(void)
{
	(void)srv_tick(s.srv, s.now_ms);
	srv_events_leave(s.srv->events, &listener);
}

static int setup(void **state)
{
	struct wr w;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, ", \"name\": \"Release <HSM>\"", NULL), 201);
	scene_host_open(&host, &s, true);
	/* The host's own words, which are hostile. */
	(void)snprintf(host.host_json, sizeof(host.host_json),
		       "{\"v\":1,\"login_id\":\"%s\",\"reason\":\"<script>alert(1)</script> & \\\"release\\\" 1.4\","
		       "\"<b>\":\"\\u202e\",\"budget\":\"sign=5 for=60\"}", host.login_id);
	WR_ARR(&w, host.facts);
	wr_base64url(&w, rd_str(host.host_json));
	(void)wr_cstr(&w);
	assert_int_equal(scene_host_begin(&host), 200);
	assert_int_equal(scene_host_go(&host), 0);
	scene_request(&s, id);
	srv_call_init(&call);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	srv_call_fini(&call);
	scene_host_close(&host);
	scene_close(&s);
	return 0;
}

static void test_strangers(void **state)
{
	static const char *const pages[] = { "/", "/history", "/targets", "/custodians", "/events", "/requests/x" };

	(void)state;
	cookie[0] = '\0';
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		assert_int_equal(get(pages[i]), 303);
		assert_int_equal(strncmp(field("Location"), "/sign-in", 8), 0);
		assert_int_equal(call.reply.body.n, 0);
	}
	page_is("/sign-in", 200);
	(void)snprintf(cookie, sizeof(cookie), "quorum11=%064d", 0);
	assert_int_equal(get("/"), 303);
	assert_non_null(strstr(call.reply.cookie, "Max-Age=0"));
}

static void test_sign_in(void **state)
{
	char body[200];

	(void)state;
	cookie[0] = '\0';
	assert_int_equal(post("/sign-in", "token=wrong", "same-origin"), 401);
	is_whole();
	assert_true(shows("not known here"));
	assert_string_equal(call.reply.cookie, "");
	(void)snprintf(body, sizeof(body), "token=%s&next=%%2F%%2Felsewhere", s.token + strlen("Bearer "));
	assert_int_equal(post("/sign-in", body, "cross-site"), 403);
	assert_string_equal(call.reply.cookie, "");
	assert_int_equal(ask(&(struct srv_request){ .method = "POST", .path = "/sign-in", .body = rd_str(body),
						    .origin = "https://evil.example" }), 403);
	assert_int_equal(ask(&(struct srv_request){ .method = "POST", .path = "/sign-in", .body = rd_str(body),
						    .origin = "https://hsm.example.org" }), 303);
	/* back to a page of ours only */
	assert_string_equal(field("Location"), "/");
	listen_begin();
	sign_in();
	assert_int_equal(get("/sign-in"), 303);
	/* out again, by a form of this session only */
	assert_int_equal(post("/sign-out", "form=0", "same-origin"), 303);
	assert_int_equal(get("/"), 200);
	assert_int_equal(post("/sign-out", secret, "same-origin"), 303);
	assert_int_equal(get("/"), 303);
	listen_end();
	assert_string_equal(heard, "{\"event\":\"sign-in\",\"who\":\"operator\",\"from\":\"192.0.2.1\"}"
				   "{\"event\":\"sign-out\",\"who\":\"operator\",\"from\":\"192.0.2.1\"}");
}

static void test_expiry(void **state)
{
	uint64_t now = s.now_ms;

	(void)state;
	sign_in();
	s.now_ms += 8 * 60 * 60 * 1000 - 1;
	assert_int_equal(get("/targets"), 200);
	s.now_ms += 1;
	assert_int_equal(get("/targets"), 303);
	s.now_ms = now;
}

/* That nobody can look him up now is not his token's fault. */
static void test_sign_in_without_store(void **state)
{
	(void)state;
	cookie[0] = '\0';
	assert_int_equal(srv_db_exec(s.srv->store.db, "ALTER TABLE grants RENAME TO away"), ERR_OK);
	assert_int_equal(post("/sign-in", "token=wrong", "same-origin"), 503);
	is_whole();
	assert_true(shows("Try again"));
	assert_false(shows("not known here"));
	assert_int_equal(srv_db_exec(s.srv->store.db, "ALTER TABLE away RENAME TO grants"), ERR_OK);
}

/* Somebody who signs in again and again ends his own sessions, and nobody else's. */
static void test_many_sessions(void **state)
{
	char reader[60], first[sizeof(cookie)], mine[sizeof(cookie)];
	json_t *j;

	(void)state;
	assert_int_equal(scene_ask(&s, "POST", "/api/v1/tokens", s.token,
				   "{\"name\": \"rob\", \"roles\": [\"reader\"]}", &j), 201);
	(void)snprintf(reader, sizeof(reader), "%s", scene_text(j, "token"));
	json_decref(j);
	sign_in();
	memcpy(mine, cookie, sizeof(mine));
	sign_in_as(reader);
	memcpy(first, cookie, sizeof(first));
	for (unsigned i = 0; i < 300; i++)
		sign_in_as(reader);
	assert_int_equal(get("/targets"), 200);
	memcpy(cookie, first, sizeof(cookie));
	assert_int_equal(get("/targets"), 303);
	memcpy(cookie, mine, sizeof(cookie));
	assert_int_equal(get("/targets"), 200);
}

static void test_pages(void **state)
{
	(void)state;
	sign_in();
	page_is("/", 200);
	assert_true(shows("One request waits"));
	assert_true(shows("Release &lt;HSM&gt;"));
	assert_true(shows("<q>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;release&quot; 1.4</q>"));
	page_is("/history", 200);
	assert_true(shows("No request has ended yet."));
	page_is("/targets", 200);
	assert_true(shows(s.device_id));
	assert_true(shows("2 of 3 custodians"));
	page_is("/custodians", 200);
	for (unsigned i = 0; i < s.m; i++)
		assert_true(shows(s.people[i].chr));
	page_is("/requests/00000000000000000000000000000000", 404);
}

#define MANY 2000
#define PAGE_MS 1500

/* A card like this one, under another number; every fifth has a custodian of its own. */
static void enrol_another(const struct srv_store *store, struct srv_target *like, unsigned number)
{
	struct srv_target *t;

	assert_int_equal(store->ops->put(store->ctx, like, true), ERR_OK);      /* makes place for one more */
	assert_int_equal(srv_target_new(3, 0, 0, &t), ERR_OK);
	t->n = 2;
	(void)snprintf(t->device_id, sizeof(t->device_id), "UTCROWD%05u", number);
	memcpy(t->own, like->custodians, 3 * sizeof(*t->own));
	if (number % 5 == 0)
		(void)snprintf(t->own[2].chr, sizeof(t->own[2].chr), "UTOWN%05u", number);
	assert_int_equal(srv_target_pack(t), ERR_OK);
	store->ops->adopt(store->ctx, t);
	srv_target_unref(&t);
}

/* As many cards as may wait at once: each page still comes at once, as everybody else waits for it. */
static void test_many(void **state)
{
	static const char *const pages[] = { "/", "/history", "/targets", "/custodians" };
	const struct srv_store *store = &s.srv->store;
	struct srv_target *like = store->ops->get(store->ctx, s.device_id);
	int64_t row = like->row;
	const char *at;
	unsigned rows = 0;
	clock_t began;

	(void)state;
	assert_int_equal(store->ops->begin(store->ctx), ERR_OK);
	for (unsigned i = 0; i < MANY; i++)
		enrol_another(store, like, i);
	assert_int_equal(store->ops->end(store->ctx, ERR_IO), ERR_IO);  /* in memory only */
	like->row = row;
	sign_in();
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		began = clock();
		page_is(pages[i], 200);
		assert_in_range((clock() - began) * 1000 / CLOCKS_PER_SEC, 0, PAGE_MS);
	}
	for (at = wr_cstr(&call.reply.body); (at = strstr(at, "Decides for")); at++)
		rows++;
	assert_int_equal(rows, 3 + MANY / 5);
	assert_true(shows("UTOWN01995"));
}

/* The code of the page is the one that a custodian computes from what the JSON interface gives him. */
static void test_request(void **state)
{
	char path[80], code[PKA_CODE_SIZE], text[200];
	uint8_t bytes[PKA_CHALLENGE_SIZE];
	struct wr challenge;
	json_t *j;

	(void)state;
	sign_in();
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	WR_ARR(&challenge, bytes);
	assert_int_equal(text_unbase64url(rd_str(scene_text(j, "challenge")), &challenge), ERR_OK);
	json_decref(j);
	assert_int_equal(pka_code(rd_str(s.device_id), wr_view(&challenge), rd_str(host.host_json), code), ERR_OK);
	(void)snprintf(path, sizeof(path), "/requests/%s", id);
	page_is(path, 200);
	(void)snprintf(text, sizeof(text), "<p class=\"code\" id=\"code\">%s</p>", code);
	assert_true(shows(text));
	assert_true(shows("0 of 2"));
	assert_true(shows("<dt>&quot;&lt;b&gt;&quot;</dt><dd>\\u{202e}</dd>"));
	assert_true(shows("at most 5 signatures"));
	assert_true(shows("Made in this card"));
	assert_true(shows(">SIG_CHAIN<"));
	assert_true(shows("Passed"));
	assert_false(shows("Failed</span>"));
	assert_true(shows("quorum11 approve "));
	assert_true(shows("<svg class=\"qr\""));
}

static char told[4096];

static void hear(void)
{
	(void)snprintf(told, sizeof(told), "%.*s", (int)call.reply.body.n, (const char *)call.reply.body.p);
	wr_reset(&call.reply.body);
}

static void test_stream(void **state)
{
	char want[200];
	struct scene_wish yes = { .host = &host };

	(void)state;
	sign_in();
	assert_int_equal(get("/events"), 200);
	assert_true(call.is_stream && !call.done);
	assert_string_equal(call.reply.type, "text/event-stream");
	(void)srv_tick(s.srv, s.now_ms);
	hear();
	(void)snprintf(want, sizeof(want), "\"id\":\"%s\",\"state\":\"waiting\",\"approvals\":0,\"n\":2}\n\n", id);
	assert_non_null(strstr(told, want));
	/* nothing has changed: nothing is said */
	(void)srv_tick(s.srv, s.now_ms);
	assert_int_equal(call.reply.body.n, 0);
	assert_int_equal(scene_decide(&s, 0, &yes, NULL), 200);
	(void)srv_tick(s.srv, s.now_ms);
	hear();
	assert_non_null(strstr(told, "\"approvals\":1,\"n\":2}"));
	s.now_ms += WEB_HEARTBEAT_MS;
	(void)srv_tick(s.srv, s.now_ms);
	hear();
	assert_non_null(strstr(told, ": still here"));
	/* so is whoever hangs up forgotten */
	call.gone(&call);
	assert_true(call.done);
	assert_int_equal(srv_tick(s.srv, s.now_ms) > s.now_ms, 1);
}

/* Who does not take what he is told is let go. */
static void test_slow_reader(void **state)
{
	size_t most = 0;

	(void)state;
	sign_in();
	assert_int_equal(get("/events"), 200);
	for (int i = 0; !call.done && i < 100000; i++) {
		s.now_ms += 60 * 1000 - 1;
		call.until_ms = s.now_ms + 1;
		(void)srv_tick(s.srv, s.now_ms);
		most = call.reply.body.n > most ? call.reply.body.n : most;
	}
	assert_true(call.done);
	assert_true(most > 1000 && most <= SRV_STREAM_MAX);
}

static void test_cancel(void **state)
{
	char path[80], show[80], body[200];

	(void)state;
	scene_request(&s, id);
	sign_in();
	(void)snprintf(show, sizeof(show), "/requests/%s", id);
	(void)snprintf(path, sizeof(path), "/requests/%s/cancel", id);
	(void)snprintf(body, sizeof(body), "%s", secret);
	assert_int_equal(post(path, "", "same-origin"), 403);
	is_whole();
	body[10] ^= 1;
	assert_int_equal(post(path, body, "same-origin"), 403);
	assert_int_equal(post(path, secret, "cross-site"), 403);
	page_is(show, 200);
	assert_true(shows("Cancel the request"));
	listen_begin();
	assert_int_equal(post(path, secret, "same-origin"), 303);
	assert_int_equal(post(path, secret, "same-origin"), 303);
	listen_end();
	(void)snprintf(body, sizeof(body), "{\"event\":\"cancel\",\"request\":\"%s\",\"device\":\"%s\","
		       "\"who\":\"operator\",\"from\":\"192.0.2.1\"}{\"event\":\"end\"", id, s.device_id);
	assert_int_equal(strncmp(heard, body, strlen(body)), 0);
	assert_null(strstr(heard + strlen(body), "\"cancel\""));
	page_is(show, 200);
	assert_true(shows("Cancelled"));
	assert_false(shows("Cancel the request"));
	page_is("/history", 200);
	assert_true(shows("Cancelled"));
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = "/history", .cookie = cookie,
						    .query = "q=no+such" }), 200);
	assert_true(shows("Nothing fits."));
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = "/history", .cookie = cookie,
						    .query = "q=CANCELLED" }), 200);
	assert_false(shows("Nothing fits."));
}

/* A card that a client of another maker holds: asked for, and closed, from the targets' page. */
static void test_held(void **state)
{
	struct scene_host held;
	char path[80];

	(void)state;
	scene_host_close(&host);                        /* of this card: one place at a time */
	scene_wait(&s, 1000);
	scene_host_open(&held, &s, false);
	held.path = "/rt/hold";
	assert_int_equal(scene_host_begin(&held), 200);
	assert_int_equal(scene_host_go(&held), 0);
	sign_in();
	page_is("/targets", 200);
	assert_true(shows("and idle."));
	assert_true(shows("Ask the custodians to open it"));
	(void)snprintf(path, sizeof(path), "/targets/%s/ask", s.device_id);
	assert_int_equal(post(path, "", "same-origin"), 403);
	assert_int_equal(post(path, secret, "same-origin"), 303);
	assert_int_equal(post(path, secret, "same-origin"), 409);
	is_whole();
	assert_int_equal(scene_host_go(&held), 0);
	page_is("/targets", 200);
	assert_true(shows("and custodians are asked."));
	assert_false(shows("Ask the custodians to open it"));
	scene_request(&s, id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .host = &held, .id = id }, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .host = &held, .id = id }, NULL), 200);
	page_is("/targets", 200);
	assert_true(shows("open for 480 minutes"));
	(void)snprintf(path, sizeof(path), "/requests/%s/cancel", id);
	assert_true(shows(path));
	assert_int_equal(post(path, secret, "same-origin"), 303);
	assert_int_equal(srv_desk_find(s.srv->desk, id)->hold, SRV_HOLD_CLOSED);
	scene_host_close(&held);
}

static void grant(const char *name, enum srv_role role, const char *chr, char text[SRV_TOKEN_SIZE])
{
	struct srv_grant g = { .roles = SRV_ROLE(role), .created = clock_wall_s() };

	g.expires = g.created + 3600;
	(void)snprintf(g.name, sizeof(g.name), "%s", name);
	(void)snprintf(g.chr, sizeof(g.chr), "%s", chr);
	assert_int_equal(srv_token_new(text, g.hash), ERR_OK);
	assert_int_equal(chr[0] ? srv_grant_add_inbox(s.srv->store.db, &g) :
			 srv_grant_add(s.srv->store.db, &g), ERR_OK);
}

/* By a link: nobody signs in, nothing can be cancelled, nothing tells another site of it. */
static void test_link(void **state)
{
	char path[120], text[200], link[SRV_LINK_SIZE];

	(void)state;
	(void)snprintf(link, sizeof(link), "%s", srv_desk_find(s.srv->desk, id)->link);
	sign_in();
	(void)snprintf(path, sizeof(path), "/requests/%s", id);
	page_is(path, 200);
	(void)snprintf(text, sizeof(text), "quorum11 approve %s/r/%s<",
		       s.srv->conf->server.url ? s.srv->conf->server.url : "http://hsm.example.org", link);
	assert_true(shows(text));
	assert_string_equal(field("Referrer-Policy"), "same-origin");
	(void)snprintf(path, sizeof(path), "/r/%s", link);
	page_is(path, 200);
	assert_false(shows("Cancel"));
	assert_false(shows("Signed in"));
	cookie[0] = '\0';
	page_is(path, 200);
	assert_string_equal(field("Referrer-Policy"), "no-referrer");
	assert_string_equal(call.reply.cookie, "");
	assert_true(shows(text));
	assert_true(shows("Release &lt;HSM&gt;"));
	assert_true(shows("id=\"code\""));
	assert_false(shows("<nav"));
	assert_false(shows("<form"));
	/* its page is kept up to date, and hears of no other */
	(void)snprintf(path, sizeof(path), "/r/%s/events", link);
	(void)snprintf(text, sizeof(text), "data-events=\"%s\"", path);
	assert_true(shows(text));
	assert_int_equal(get(path), 200);
	assert_true(call.is_stream);
	wr_reset(&call.reply.body);
	srv_desk_find(s.srv->desk, id)->seen = 0;
	(void)srv_tick(s.srv, s.now_ms);
	assert_true(shows(id));
	call.gone(&call);
	srv_desk_find(s.srv->desk, id)->seen = 0;
	link[7] ^= 1;
	(void)snprintf(path, sizeof(path), "/r/%s", link);
	page_is(path, 404);
	assert_false(shows("href=\"/\">To the"));
	(void)snprintf(path, sizeof(path), "/r/%s/events", link);
	assert_int_equal(get(path), 404);
	/* the id is no link */
	(void)snprintf(path, sizeof(path), "/r/%s", id);
	assert_int_equal(get(path), 404);
}

/* A link is a secret: a call that is refused is told of without it. */
static void test_link_untold(void **state)
{
	char path[120];

	(void)state;
	cookie[0] = '\0';
	listen_begin();
	(void)snprintf(path, sizeof(path), "/r/%s", srv_desk_find(s.srv->desk, id)->link);
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = path, .authorization = "Bearer x" }), 401);
	listen_end();
	assert_non_null(strstr(heard, "\"path\":\"/r/*\""));
	assert_null(strstr(heard, path + strlen("/r/")));
}

/* A custodian sees what waits for him, and what is his card's but waits for others. */
static void test_custodian(void **state)
{
	char path[120], token[SRV_TOKEN_SIZE];

	(void)state;
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/requests/%s", id);
	grant("inbox1", SRV_CUSTODIAN, s.people[1].chr, token);
	sign_in_as(token);
	page_is("/", 200);
	assert_true(shows("One request waits for you."));
	assert_false(shows("you have decided"));
	page_is(path, 200);
	assert_false(shows("/r/"));
	assert_false(shows("Cancel the request"));
	assert_int_equal(post(path, secret, "same-origin"), 405);
	page_is("/targets", 403);
	/* he who has decided (test_stream) */
	grant("inbox0", SRV_CUSTODIAN, s.people[0].chr, token);
	sign_in_as(token);
	page_is("/", 200);
	assert_true(shows("Nothing waits"));
	assert_true(shows("you have decided"));
	/* somebody of no card of ours */
	grant("inbox9", SRV_CUSTODIAN, "UTNOBODY00001", token);
	sign_in_as(token);
	page_is("/", 200);
	assert_false(shows("/requests/"));
	page_is(path, 404);
}

/* A host sees the requests of its own name, with their links, and no other's. */
static void test_host(void **state)
{
	char path[120], token[SRV_TOKEN_SIZE], as[60];
	struct scene_host own;

	(void)state;
	grant("build1", SRV_HOST, "", token);
	sign_in_as(token);
	(void)snprintf(path, sizeof(path), "/requests/%s", id);
	page_is("/", 200);
	assert_true(shows("Nothing waits"));
	page_is(path, 404);
	page_is("/history", 200);
	assert_true(shows("No request has ended yet."));
	assert_int_equal(get("/events"), 200);
	wr_reset(&call.reply.body);
	srv_desk_find(s.srv->desk, id)->seen = 0;
	(void)srv_tick(s.srv, s.now_ms);
	assert_int_equal(call.reply.body.n, 0);
	call.gone(&call);
	(void)snprintf(as, sizeof(as), "Bearer %s", token);
	scene_host_open(&own, &s, true);
	own.as = as;
	assert_int_equal(scene_host_begin(&own), 200);
	assert_int_equal(scene_host_go(&own), 0);
	page_is("/", 200);
	assert_true(shows("One request waits for its custodians."));
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/requests/%s", id);
	page_is(path, 200);
	assert_true(shows(srv_desk_find(s.srv->desk, id)->link));
	assert_false(shows("Cancel the request"));
	(void)snprintf(path, sizeof(path), "/requests/%s/cancel", id);
	assert_int_equal(post(path, secret, "same-origin"), 403);
	scene_host_close(&own);
}

static void test_assets(void **state)
{
	static const char *const names[] = { "style.css", "app.js", "icon.svg" };
	char path[60], tag[40];
	const char *at;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "/assets/%s", names[i]);
		assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = path }), 200);
		assert_true(shows("SPDX-License-Identifier"));
		assert_string_equal(field("Cache-Control"), "no-cache");
		(void)snprintf(tag, sizeof(tag), "%s", field("ETag"));
		assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = path,
							    .if_none_match = tag }), 304);
		assert_int_equal(call.reply.body.n, 0);
	}
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = "/assets/..%2fx" }), 404);
	/* the address that pages use may be kept for ever */
	cookie[0] = '\0';
	assert_int_equal(get("/sign-in"), 200);
	at = strstr(wr_cstr(&call.reply.body), "/assets/style.css?");
	assert_non_null(at);
	(void)snprintf(tag, sizeof(tag), "%.18s", at + strlen("/assets/style.css?"));
	assert_int_equal(ask(&(struct srv_request){ .method = "GET", .path = "/assets/style.css", .query = tag }), 200);
	assert_non_null(strstr(field("Cache-Control"), "immutable"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strangers), cmocka_unit_test(test_sign_in), cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_pages), cmocka_unit_test(test_request), cmocka_unit_test(test_link),
		cmocka_unit_test(test_link_untold), cmocka_unit_test(test_stream), cmocka_unit_test(test_custodian),
		cmocka_unit_test(test_cancel), cmocka_unit_test(test_host), cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_assets), cmocka_unit_test(test_held), cmocka_unit_test(test_many_sessions),
		cmocka_unit_test(test_sign_in_without_store),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
