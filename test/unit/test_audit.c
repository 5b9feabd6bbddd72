/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way into the audit: server/event/event.c, server/event/audit.c, server/api/audit.c. */
#include "test/unit/scene.h"

#include "pka/chain.h"
#include "server/base/query.h"
#include "server/store/sqlite.h"

static struct scene s;
static unsigned heard;
static char heard_name[SRV_EVENT_NAME];

static int open_scene(void **state)
{
	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	heard = 0;
	return 0;
}

static int close_scene(void **state)
{
	(void)state;
	scene_close(&s);
	return 0;
}

static void sql(const char *text)
{
	assert_int_equal(srv_db_exec(s.srv->store.db, text), ERR_OK);
}

static void get(const char *path, const char *query, int want, struct srv_call *call)
{
	srv_call_init(call);
	call->request = (struct srv_request){ .method = "GET", .path = path, .query = query, .from = "192.0.2.7",
					      .authorization = s.token };
	srv_front_handle(s.srv, call, s.now_ms);
	assert_true(call->done);
	assert_int_equal(call->reply.status, want);
}

/* The export holds, and has so many entries with this name. */
static unsigned exported(const char *name, struct chain_verdict *v)
{
	char want[60];
	struct srv_call call;
	unsigned n = 0;
	const char *at;

	(void)snprintf(want, sizeof(want), "{\"event\":\"%s\"", name);
	get("/api/v1/audit/export", NULL, 200, &call);
	assert_int_equal(chain_verify(wr_view(&call.reply.body), RD_NONE, v), ERR_OK);
	assert_int_equal(v->signed_seq, v->last);       /* an export is signed to its end */
	for (at = wr_cstr(&call.reply.body); (at = strstr(at, want)); at++)
		n++;
	srv_call_fini(&call);
	return n;
}

static void emit(const char *name)
{
	struct srv_event ev;

	srv_event_init(&ev, name, NULL, NULL);
	srv_event_text(&ev, "why", "a \"word\"\n");
	srv_event_emit(s.srv->events, &ev);
}

static void hear(void *ctx, const struct srv_event *ev)
{
	(void)ctx;
	heard++;
	memcpy(heard_name, ev->name, sizeof(heard_name));
}

static void test_goes_in(void **state)
{
	struct srv_listener l = { .hear = hear };
	struct chain_verdict v, again;

	(void)state;
	srv_events_listen(s.srv->events, &l);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	assert_int_equal(heard, 1);
	assert_string_equal(heard_name, "enrol");
	assert_int_equal(scene_enrol(&s, "", NULL), 409);       /* told at the end of the round */
	assert_int_equal(heard, 1);
	scene_wait(&s, 0);
	assert_int_equal(heard, 2);
	srv_events_leave(s.srv->events, &l);
	assert_int_equal(exported("enrol", &v), 2);
	assert_int_equal(v.first, 1);
	assert_int_equal(exported("enrol", &again), 2);
	assert_int_equal(again.last, v.last);                   /* nothing new, no other checkpoint */
	/* over a restart the chain goes on, by the same key */
	scene_restart(&s);
	emit("told");
	assert_int_equal(exported("told", &again), 1);
	assert_memory_equal(again.key, v.key, sizeof(v.key));
	assert_int_equal(again.keys, 1);
	assert_int_equal(heard, 2);
}

/* What somebody who hears says to it comes behind, in the same round: nobody knows when there is another one. */
static void answer(void *ctx, const struct srv_event *ev)
{
	(void)ctx;
	if (!strcmp(ev->name, "told"))
		emit("answer");
}

static void test_answered(void **state)
{
	struct srv_listener l = { .hear = answer };
	struct chain_entry last;

	(void)state;
	srv_events_listen(s.srv->events, &l);
	emit("told");
	(void)srv_tick(s.srv, s.now_ms);
	assert_int_equal(s.srv->store.ops->audit_last(s.srv->store.ctx, &last, NULL), ERR_OK);
	assert_int_equal(last.seq, 2);
	srv_events_leave(s.srv->events, &l);
}

/* /metrics has room for so many words; what was counted before there were too many goes on being counted. */
static void test_figures(void **state)
{
	struct srv_figures figures = { 0 };
	char name[20];
	struct wr text;

	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		(void)snprintf(name, sizeof(name), "word%u", i % 60);
		emit(name);
	}
	scene_wait(&s, 0);
	wr_init_heap(&text, SRV_REPLY_MAX);
	srv_metrics_write(s.srv->metrics, &figures, &text);
	assert_non_null(strstr(wr_cstr(&text), "quorum11_events_total{event=\"word0\"} 2\n"));
	assert_non_null(strstr(wr_cstr(&text), "quorum11_events_total{event=\"word40\"} 2\n"));
	assert_null(strstr(wr_cstr(&text), "\"word59\""));
	assert_non_null(strstr(wr_cstr(&text), "quorum11_events_total{event=\"other\"} "));
	wr_free(&text);
}

static void test_only_added_to(void **state)
{
	(void)state;
	emit("told");
	scene_wait(&s, 0);
	assert_int_equal(srv_db_exec(s.srv->store.db, "UPDATE audit SET event = '{}'"), ERR_CONDITIONS);
	assert_int_equal(srv_db_exec(s.srv->store.db, "DELETE FROM audit"), ERR_CONDITIONS);
	assert_int_equal(srv_db_exec(s.srv->store.db, "INSERT OR REPLACE INTO audit "
						      "SELECT seq, time, previous, '{}', hash, name FROM audit"),
			 ERR_CONDITIONS);
}

/* A card and a token that could be changed. */
static void has_something(void)
{
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	assert_int_equal(scene_ask(&s, "POST", "/api/v1/tokens", s.token,
				   "{\"name\": \"ann\", \"roles\": [\"reader\"]}", NULL), 201);
}

/* While the store cannot be written, what would change it is refused; what happened otherwise is kept and follows. */
static void store_fails(const char *begin, const char *end, struct srv_db *by, const char *word)
{
	char policy[100];
	const struct { const char *method, *path, *body; } changes[] = {
		{ "POST", "/api/v1/tokens", "{\"name\": \"rob\", \"roles\": [\"reader\"]}" },
		{ "POST", "/api/v1/tokens/ann/revoke", "{}" },
		{ "PUT", policy, "{\"hosts\": []}" },
	};
	struct srv_listener l = { .hear = hear };
	struct chain_verdict v;
	json_t *j;
	size_t i;

	(void)snprintf(policy, sizeof(policy), "/api/v1/targets/%s/policy", s.device_id);
	assert_int_equal(srv_db_exec(by, begin), ERR_OK);
	srv_events_listen(s.srv->events, &l);
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", &j), 503);
	assert_string_equal(scene_text(j, "error"), "store");
	assert_non_null(strstr(scene_text(j, "message"), word));
	json_decref(j);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_int_equal(scene_ask(&s, changes[i].method, changes[i].path, s.token, changes[i].body, &j), 503);
		assert_string_equal(scene_text(j, "error"), "store");
		json_decref(j);
	}
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/targets", s.token, NULL, &j), 200);
	assert_int_equal(json_array_size(json_object_get(j, "targets")), 1);
	json_decref(j);
	emit("told");
	scene_wait(&s, 10000);
	assert_int_equal(heard, 0);
	assert_int_equal(srv_db_exec(by, end), ERR_OK);
	scene_wait(&s, 1000);
	assert_true(heard >= 2);                /* the refused enrolment, and that */
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	assert_true(exported("told", &v) >= 1);
	assert_int_equal(exported("enrol", &v), 3);
	srv_events_leave(s.srv->events, &l);
}

static void test_locked(void **state)
{
	char path[100];
	struct srv_db *other;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/quorum11.db", s.conf->server.state);
	assert_int_equal(srv_db_open(path, SRV_DB_SERVE, &other), ERR_OK);
	has_something();
	store_fails("BEGIN IMMEDIATE", "ROLLBACK", other, "locked");
	srv_db_close(&other);
}

static void test_full(void **state)
{
	struct srv_listener l = { .hear = hear };
	struct chain_verdict v;
	unsigned before, told = 0;

	(void)state;
	has_something();
	srv_events_listen(s.srv->events, &l);
	sql("PRAGMA max_page_count = 1");       /* as many as there are */
	do {                                    /* until they are full */
		before = heard;
		emit("told");
		told++;
		scene_wait(&s, 0);
	} while (heard > before);
	assert_true(told < 1000);
	srv_events_leave(s.srv->events, &l);
	heard = 0;
	store_fails("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 100000", s.srv->store.db, "full");
	assert_int_equal(exported("told", &v), told + 1);
}

/* More than is kept in memory: that some are missing is an entry itself. */
static void test_gap(void **state)
{
	struct chain_verdict v;

	(void)state;
	for (unsigned i = 0; i < 1010; i++)
		emit("told");
	scene_wait(&s, 0);
	assert_int_equal(exported("told", &v), 1000);
	assert_int_equal(exported("gap", &v), 1);
}

static int64_t next_entry;              /* of the answer; 0: null */

static size_t found(const char *query)
{
	struct srv_call call;
	json_t *j;
	size_t n;

	get("/api/v1/audit", query, 200, &call);
	j = json_loadb((const char *)call.reply.body.p, call.reply.body.n, 0, NULL);
	n = json_array_size(json_object_get(j, "entries"));
	next_entry = json_integer_value(json_object_get(j, "next"));
	json_decref(j);
	srv_call_fini(&call);
	return n;
}

/* So many of no interest, whose hashes are none. */
static void entries_add(unsigned n)
{
	char text[400];

	(void)snprintf(text, sizeof(text),
		       "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < %u) "
		       "INSERT INTO audit SELECT (SELECT max(seq) FROM audit) + x, 1, zeroblob(32), "
		       "'{\"event\":\"filler\"}', zeroblob(32), 'filler' FROM c", n);
	sql(text);
}

/* Whoever searches in the audit of years keeps nobody waiting for long: he goes on where he was. */
static void test_long_search(void **state)
{
	struct srv_call call;
	char text[60];

	(void)state;
	emit("needle");
	scene_wait(&s, 0);
	entries_add(SRV_AUDIT_SCAN);
	emit("needle");
	scene_wait(&s, 0);
	assert_int_equal(found("search=needle"), 1);
	assert_int_equal(next_entry, SRV_AUDIT_SCAN + 1);
	(void)snprintf(text, sizeof(text), "search=needle&from=%d", SRV_AUDIT_SCAN + 1);
	assert_int_equal(found(text), 1);
	assert_int_equal(next_entry, 0);
	assert_int_equal(found("search=haystack"), 0);
	assert_int_equal(next_entry, SRV_AUDIT_SCAN + 1);
	assert_int_equal(found(""), 200);
	assert_int_equal(next_entry, 201);
	/* and so on the page, from its end */
	get("/audit", "q=needle", 200, &call);
	(void)snprintf(text, sizeof(text), "entry %d", SRV_AUDIT_SCAN + 2);
	assert_non_null(strstr(wr_cstr(&call.reply.body), text));
	assert_null(strstr(wr_cstr(&call.reply.body), "entry 1 "));
	assert_non_null(strstr(wr_cstr(&call.reply.body), "/audit?q=needle&amp;before=3"));
	srv_call_fini(&call);
	get("/audit", "q=needle&before=3", 200, &call);
	assert_non_null(strstr(wr_cstr(&call.reply.body), "entry 1 "));
	srv_call_fini(&call);
	get("/audit", "q=haystack", 200, &call);
	assert_non_null(strstr(wr_cstr(&call.reply.body), "so far"));
	srv_call_fini(&call);
	get("/audit", "q=haystack&before=3", 200, &call);
	assert_null(strstr(wr_cstr(&call.reply.body), "so far"));
	srv_call_fini(&call);
}

/* A checkpoint comes by itself, and at the end. */
static void test_checkpoints(void **state)
{
	struct chain_entry last;
	bool is_checkpoint;

	(void)state;
	emit("told");
	scene_wait(&s, 1000);
	assert_int_equal(s.srv->store.ops->audit_last(s.srv->store.ctx, &last, &is_checkpoint), ERR_OK);
	assert_false(is_checkpoint);
	scene_wait(&s, SRV_CHECKPOINT_MS);
	assert_int_equal(s.srv->store.ops->audit_last(s.srv->store.ctx, &last, &is_checkpoint), ERR_OK);
	assert_true(is_checkpoint);
	emit("told");
	scene_restart(&s);
	assert_int_equal(s.srv->store.ops->audit_last(s.srv->store.ctx, &last, &is_checkpoint), ERR_OK);
	assert_true(is_checkpoint);
}

static void test_search(void **state)
{
	struct srv_call call;

	(void)state;
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	emit("told");
	scene_wait(&s, 0);
	assert_int_equal(found(NULL), 2);
	assert_int_equal(found("search=ENROLLED"), 1);
	assert_int_equal(found("search=%25"), 0);
	assert_int_equal(found("from=2"), 1);
	assert_int_equal(found("from=3&search="), 0);
	get("/api/v1/audit", "from=x", 400, &call);
	srv_call_fini(&call);
	get("/api/v1/audit", "search=%0", 400, &call);
	srv_call_fini(&call);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/audit", NULL, NULL, NULL), 401);
	assert_int_equal(scene_ask(&s, "GET", "/api/v1/audit/export", NULL, NULL, NULL), 401);
}

static void test_query(void **state)
{
	char out[SRV_QUERY_MAX + 1], long_one[400] = "a=";
	uint64_t n = 7;

	(void)state;
	assert_true(srv_query_text("b=1&a=x%20y+z&c=2", "a", out));
	assert_string_equal(out, "x y z");
	assert_false(srv_query_text("a=x&b=1&a=x", "a", out));
	assert_false(srv_query_text("a=x&a", "a", out));
	assert_string_equal(out, "");
	assert_true(srv_query_text("a&b", "a", out) && !out[0]);
	assert_true(srv_query_text("b=%0&a=x", "a", out));
	assert_true(srv_query_text(NULL, "a", out) && !out[0]);
	assert_true(srv_query_text("aa=1", "a", out) && !out[0]);
	assert_false(srv_query_text("a=%0", "a", out));
	assert_false(srv_query_text("a=%00", "a", out));
	memset(long_one + 2, 'x', SRV_QUERY_MAX + 1);
	assert_false(srv_query_text(long_one, "a", out));
	assert_true(srv_query_number("a=", "a", &n) && n == 7);
	assert_true(srv_query_number("a=12", "a", &n) && n == 12);
	assert_false(srv_query_number("a=-1", "a", &n));
	assert_false(srv_query_number("a=1234567890123456789", "a", &n));
}

#define with(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_goes_in), with(test_answered), with(test_only_added_to), with(test_locked),
		with(test_full), with(test_gap), with(test_checkpoints), with(test_search),
		with(test_figures), with(test_long_search),
		cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
