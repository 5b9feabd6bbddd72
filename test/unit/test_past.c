/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/*
 * Requests in the store: nothing that was confirmed is lost, whenever the server dies, and nothing that was approved
 * for a challenge that is dead counts. A server that is killed is one whose database is copied and opened by another.
 */
#include "test/unit/pair.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "server/base/path.h"
#include "server/event/event.h"
#include "server/srv/history.h"
#include "server/store/sqlite.h"
#include "test/fake/clock.h"

static char id[SRV_ID_SIZE], path[100];

static int shared(void **state)
{
	(void)open_scene(state);
	waits();
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	return 0;
}

static json_t *request(void)
{
	json_t *j;

	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	return j;
}

static void stands(const char *state, const char *result, int64_t approvals)
{
	json_t *j = request();

	assert_string_equal(scene_text(j, "state"), state);
	assert_string_equal(scene_text(j, "result"), result);
	assert_int_equal(scene_number(j, "approvals"), approvals);
	json_decref(j);
}

static const char *decision_of(const json_t *j, unsigned person)
{
	const json_t *list = json_object_get(j, "custodians"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (!strcmp(scene_text(one, "chr"), s.people[person].chr))
			return scene_text(one, "decision");
	fail();
	return NULL;
}

/* How many audit entries hold this text. The chain must hold. */
static enum err count(void *arg, const struct chain_entry *e)
{
	unsigned *n = arg;

	(void)e;
	++*n;
	return ERR_OK;
}

static unsigned audited(const char *text)
{
	unsigned n = 0;

	assert_int_equal(s.srv->store.ops->audit_read(s.srv->store.ctx, 1, text, 10000, count, &n, NULL), ERR_OK);
	return n;
}

static int approve(unsigned person)
{
	return scene_decide(&s, person, &(struct scene_wish){ .host = &h, .id = id }, NULL);
}

/*
 * The power goes: what is committed is there for the next server, and nothing else. The old one goes on for nobody, and
 * is put away.
 */
static void die(void)
{
	char db[SRV_PATH_MAX], copy[SRV_PATH_MAX];
	struct wr bytes;

	(void)snprintf(db, sizeof(db), "%s/quorum11.db", s.conf->server.state);
	(void)snprintf(copy, sizeof(copy), "%s/copy.db", s.dir);
	assert_int_equal(srv_store_copy(s.conf->server.state, copy), ERR_OK);
	srv_desk_stop(s.srv->desk, s.now_ms);
	srv_close(&s.srv);
	scene_host_close(&h);
	wr_init_heap(&bytes, 64 * 1024 * 1024);
	assert_int_equal(file_read(copy, 64 * 1024 * 1024, &bytes), ERR_OK);
	assert_int_equal(file_write(db, 0600, wr_view(&bytes)), ERR_OK);
	wr_free(&bytes);
	assert_int_equal(remove(copy), 0);
	assert_int_equal(srv_open(s.conf, SRV_STORE_SERVE, &s.srv), ERR_OK);
}

/* The last approval of this person, as the store has it, is sent once more. */
struct replay {
	const char *chr;
	struct wr body;
};

static void body_write(struct replay *r, struct rd statement, struct rd statement_sig, struct rd sig)
{
	wr_reset(&r->body);
	wr_printf(&r->body, "{\"chr\": \"%s\", \"statement\": \"", r->chr);
	wr_base64url(&r->body, statement);
	wr_text(&r->body, "\", \"statement_signature\": \"");
	wr_base64url(&r->body, statement_sig);
	wr_text(&r->body, "\", \"signature\": \"");
	wr_base64url(&r->body, sig);
	wr_text(&r->body, "\"}");
}

static enum err replay_take(void *arg, const struct srv_kept_decision *d)
{
	struct replay *r = arg;

	if (!strcmp(d->chr, r->chr))
		body_write(r, d->statement, d->statement_sig, d->sig);
	return ERR_OK;
}

static int replay(unsigned person)
{
	struct replay r = { .chr = s.people[person].chr };
	char to[120];
	int status;

	wr_init_heap(&r.body, 16384);
	body_write(&r, RD_LIT("none"), RD_LIT("none"), RD_LIT("none"));
	assert_int_equal(s.srv->store.ops->decisions(s.srv->store.ctx, 1, replay_take, &r), ERR_OK);
	(void)snprintf(to, sizeof(to), "%s/approve", path);
	status = scene_ask(&s, "POST", to, NULL, wr_cstr(&r.body), NULL);
	wr_free(&r.body);
	return status;
}

/* ---- killed at each step ---- */

static void test_dies_waiting(void **state)
{
	json_t *j;

	(void)state;
	die();
	stands("failed", "server", 0);
	j = request();
	assert_non_null(strstr(scene_text(j, "why"), "restarted"));
	assert_string_equal(decision_of(j, 0), "");
	json_decref(j);
	assert_int_equal(audited("\"event\":\"end\""), 1);
	/* nobody can approve it any more */
	assert_int_equal(replay(0), 409);
	/* another restart finds nothing to do */
	scene_restart(&s);
	assert_int_equal(audited("\"event\":\"end\""), 1);
}

static void test_dies_after_decision(void **state)
{
	json_t *j;

	(void)state;
	assert_int_equal(approve(0), 200);
	die();
	stands("failed", "server", 1);
	j = request();
	assert_string_equal(decision_of(j, 0), "approve");
	assert_string_equal(decision_of(j, 1), "");
	json_decref(j);
	assert_int_equal(audited("\"event\":\"decision\""), 1);
	assert_int_equal(replay(0), 409);
}

static void test_dies_after_last_decision(void **state)
{
	char proofs[100];

	(void)state;
	(void)snprintf(proofs, sizeof(proofs), "/api/v1/logins/%s/proofs", h.login_id);
	assert_int_equal(approve(0), 200);
	/* the host does not go on: the card has got nothing yet */
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .id = id }, NULL), 200);
	die();
	stands("failed", "server", 2);
	assert_int_equal(audited("\"event\":\"decision\""), 2);
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, NULL), 404);
}

static void test_dies_after_denial(void **state)
{
	json_t *j;

	(void)state;
	assert_int_equal(approve(0), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .deny = true, .id = id }, NULL), 200);
	die();
	stands("failed", "denied", 1);
	j = request();
	assert_string_equal(decision_of(j, 1), "deny");
	json_decref(j);
}

static size_t proofs_count(void)
{
	char proofs[100];
	json_t *j;
	size_t n;

	(void)snprintf(proofs, sizeof(proofs), "/api/v1/logins/%s/proofs", h.login_id);
	assert_int_equal(scene_ask(&s, "GET", proofs, NULL, NULL, &j), 200);
	n = json_array_size(json_object_get(j, "proofs"));
	json_decref(j);
	return n;
}

/* What has opened its card is proved, and can be ended, after any number of restarts, by whoever is registered. */
static void test_dies_opened(void **state)
{
	struct scene_wish end = { .end = true, .id = id };
	char ends[100];
	json_t *j;

	(void)state;
	(void)snprintf(ends, sizeof(ends), "/api/v1/logins/%s/end", h.login_id);
	assert_int_equal(approve(0), 200);
	assert_int_equal(approve(2), 200);
	/* the host has not even heard of it */
	die();
	stands("open", "ok", 2);
	assert_int_equal(proofs_count(), 2);
	/* an enrolment of later does not change who may end it */
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	assert_int_equal(scene_decide(&s, 1, &end, NULL), 200);
	die();
	j = request();
	assert_string_equal(scene_text(j, "ended_by"), s.people[1].chr);
	json_decref(j);
	assert_int_equal(scene_ask(&s, "GET", ends, NULL, NULL, &j), 200);
	assert_string_equal(scene_text(j, "chr"), s.people[1].chr);
	json_decref(j);
	assert_int_equal(audited("\"event\":\"end-session\""), 1);
	assert_int_equal(scene_decide(&s, 0, &end, NULL), 200);
	j = request();
	assert_string_equal(scene_text(j, "ended_by"), s.people[1].chr);
	json_decref(j);
}

/* ---- the host comes back ---- */

static void begin_again(void)
{
	char facts[sizeof(h.facts)], login_id[sizeof(h.login_id)];

	memcpy(facts, h.facts, sizeof(facts));
	memcpy(login_id, h.login_id, sizeof(login_id));
	scene_host_open(&h, &s, true);
	memcpy(h.facts, facts, sizeof(facts));
	memcpy(h.login_id, login_id, sizeof(login_id));
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
}

/* Under the same id and its old link, for what is left of the time; who had approved is asked anew. */
static void test_comes_back(void **state)
{
	char link[SRV_LINK_SIZE], by_link[100];
	int64_t left;
	json_t *j;

	(void)state;
	memcpy(link, srv_desk_find(s.srv->desk, id)->link, sizeof(link));
	(void)snprintf(by_link, sizeof(by_link), "/api/v1/links/%s", link);
	assert_int_equal(approve(0), 200);
	die();
	assert_int_equal(scene_ask(&s, "GET", by_link, NULL, NULL, &j), 200);
	assert_string_equal(scene_text(j, "state"), "failed");
	json_decref(j);
	fake_clock_set_wall(7);
	begin_again();
	fake_clock_set_wall(-7);
	stands("waiting", "", 0);
	assert_int_equal(scene_ask(&s, "GET", by_link, NULL, NULL, &j), 200);
	assert_string_equal(scene_text(j, "id"), id);
	assert_string_equal(scene_text(j, "state"), "waiting");
	left = scene_number(j, "seconds_left");
	json_decref(j);
	assert_true(left > 0 && left <= (int64_t)s.conf->server.deadline - 7);
	/* what was approved before the restart was for a challenge that is dead */
	assert_int_equal(replay(0), 401);
	stands("waiting", "", 0);
	assert_int_equal(approve(1), 200);
	stands("waiting", "", 1);
	assert_int_equal(approve(2), 200);
	stands("open", "ok", 2);
	/* the first one's approval was for another challenge: it is no proof */
	assert_int_equal(proofs_count(), 2);
	j = request();
	assert_string_equal(decision_of(j, 0), "");
	json_decref(j);
	assert_int_equal(audited("\"result\":\"accepted\""), 3);
}

static int comes(const char *from, const char *facts)
{
	struct scene_host again;
	int status;

	scene_host_open(&again, &s, true);
	again.from = from;
	if (facts)
		memcpy(again.facts, facts, sizeof(again.facts));
	status = scene_host_begin(&again);
	scene_host_close(&again);
	return status;
}

static void test_somebody_else_comes(void **state)
{
	char facts[sizeof(h.facts)];

	(void)state;
	memcpy(facts, h.facts, sizeof(facts));
	die();
	assert_int_equal(comes("192.0.2.99", facts), 409);
	fake_clock_set_wall((int64_t)s.conf->server.deadline + 1);
	assert_int_equal(comes(h.from, facts), 409);
	assert_int_equal(comes(h.from, NULL), 200);
	fake_clock_set_wall(-(int64_t)s.conf->server.deadline - 1);
	assert_int_equal(comes(h.from, facts), 200);
	stands("checking", "", 0);
	scene_wait(&s, 2 * SRV_LOST_MS);        /* it shows no card */
	stands("failed", "server", 0);
}

/* ---- what cannot be written ---- */

static void sql(const char *text)
{
	assert_int_equal(srv_db_exec(s.srv->store.db, text), ERR_OK);
}

static void fails_at(const char *what)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "CREATE TEMP TRIGGER broken BEFORE %s BEGIN "
		       "SELECT RAISE(ROLLBACK, 'broken'); END", what);
	sql(text);
}

/* A decision whose transaction fails at any of its statements is not confirmed, and does not count. */
static void test_decision_not_kept(void **state)
{
	static const char *const steps[] = { "INSERT ON main.decisions", "INSERT ON main.audit" };
	unsigned decisions = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		fails_at(steps[i]);
		assert_true(approve(0) >= 409);
		stands("waiting", "", 0);
		assert_int_equal(srv_desk_find(s.srv->desk, id)->ended_ms, 0);
		sql("DROP TRIGGER broken");
		assert_int_equal(audited("\"event\":\"decision\""), decisions);
	}
	assert_int_equal(approve(0), 200);
	stands("waiting", "", 1);
	assert_int_equal(audited("\"event\":\"decision\""), 1);
	/* that is the same for the last one */
	fails_at(steps[1]);
	assert_true(approve(1) >= 409);
	stands("waiting", "", 1);
	sql("DROP TRIGGER broken");
	assert_int_equal(approve(1), 200);
	stands("open", "ok", 2);
}

/* Nobody is asked where that cannot be kept. */
static void test_opening_not_kept(void **state)
{
	static const char *const steps[] = { "INSERT ON main.requests", "INSERT ON main.links", "INSERT ON main.asked",
					     "INSERT ON main.audit" };
	struct scene_host other;
	size_t i;

	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		scene_host_open(&other, &s, true);
		fails_at(steps[i]);
		assert_int_equal(scene_host_begin(&other), 200);
		assert_int_equal(scene_host_go(&other), 204);
		assert_non_null(strstr(other.text, "store"));
		sql("DROP TRIGGER broken");
		scene_host_close(&other);
	}
	assert_int_equal(audited("\"event\":\"open\""), 1);
	/* its end is kept as soon as that is possible */
	scene_wait(&s, 2000);
	assert_int_equal(audited("\"event\":\"end\""), 5);
	die();
	assert_int_equal(audited("\"event\":\"end\""), 5);
}

/* An opened card cannot be closed because its end cannot be written now: it is written when it can be. */
static void test_end_follows(void **state)
{
	(void)state;
	assert_int_equal(approve(0), 200);
	assert_int_equal(scene_decide(&s, 1, &(struct scene_wish){ .id = id }, NULL), 200);
	fails_at("UPDATE ON main.requests");
	assert_int_equal(scene_host_go(&h), 204);
	assert_int_equal(h.id, 0);
	scene_wait(&s, 5000);
	assert_int_equal(audited("\"event\":\"end\""), 0);
	sql("DROP TRIGGER broken");
	scene_wait(&s, 5000);
	assert_int_equal(audited("\"event\":\"end\""), 1);
	die();
	stands("open", "ok", 2);
}

static void test_what_was_decided_stays(void **state)
{
	(void)state;
	assert_int_equal(approve(0), 200);
	assert_int_equal(srv_db_exec(s.srv->store.db, "UPDATE decisions SET decision = 'deny'"), ERR_CONDITIONS);
	assert_int_equal(srv_db_exec(s.srv->store.db, "DELETE FROM decisions"), ERR_CONDITIONS);
}

/* Another server on this database has taken the request: what is said here does not count. */
static void test_elsewhere(void **state)
{
	(void)state;
	sql("UPDATE requests SET instance = 'another'");
	assert_int_equal(approve(0), 409);
	sql("UPDATE requests SET instance = 'another', ended = 1");
	assert_int_equal(approve(0), 409);
	assert_int_equal(audited("\"event\":\"decision\""), 0);
}

/* ---- history ---- */

/* How many it lists; what comes before them to *next if that is not NULL. */
static size_t listed(const char *query, const char *as, int64_t *next)
{
	struct srv_call call;
	json_t *j;
	size_t n;

	srv_call_init(&call);
	call.request = (struct srv_request){ .method = "GET", .path = "/api/v1/history", .query = query,
					     .from = "192.0.2.7", .authorization = as };
	srv_front_handle(s.srv, &call, s.now_ms);
	assert_true(call.done);
	if (call.reply.status != 200) {
		n = (size_t)call.reply.status;
		srv_call_fini(&call);
		return n;
	}
	j = json_loadb((const char *)call.reply.body.p, call.reply.body.n, 0, NULL);
	assert_non_null(j);
	n = json_array_size(json_object_get(j, "requests"));
	if (next)
		*next = json_integer_value(json_object_get(j, "next"));
	json_decref(j);
	srv_call_fini(&call);
	return n;
}

static void test_history(void **state)
{
	char before[60];
	int64_t next;

	(void)state;
	assert_int_equal(listed(NULL, s.token, &next), 0);      /* it goes on */
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
	scene_host_close(&h);
	scene_host_open(&h, &s, true);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
	scene_request(&s, id);
	assert_int_equal(approve(0), 200);
	assert_int_equal(approve(1), 200);
	assert_int_equal(listed(NULL, s.token, &next), 2);
	assert_int_equal(next, 0);
	assert_int_equal(listed("outcome=denied", s.token, NULL), 1);
	assert_int_equal(listed("outcome=expired", s.token, NULL), 0);
	assert_int_equal(listed("device=UTNONE", s.token, NULL), 0);
	assert_int_equal(listed("search=RELEASE+7", s.token, NULL), 2);
	assert_int_equal(listed("search=%25", s.token, NULL), 0);
	assert_int_equal(listed("from=99999999999", s.token, NULL), 0);
	assert_int_equal(listed("until=1", s.token, NULL), 0);
	assert_int_equal(listed("limit=1", s.token, &next), 1);
	(void)snprintf(before, sizeof(before), "limit=1&before=%lld", (long long)next);
	assert_int_equal(listed(before, s.token, &next), 1);
	assert_int_equal(next, 0);
	assert_int_equal(listed("limit=201", s.token, NULL), 400);
	assert_int_equal(listed("from=today", s.token, NULL), 400);
	assert_int_equal(listed(NULL, NULL, NULL), 401);
}

/* As in the audit of years: who looks for something among many requests goes on where he was. */
static void test_long_history(void **state)
{
	char text[500], before[60];
	int64_t next;

	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
	(void)snprintf(text, sizeof(text),
		       "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < %d) "
		       "INSERT INTO requests SELECT 1 + x, x, x'', 'X', target, '', '', 'X', 1, 1, 1, 'ok', 0, '', '{}'"
		       " FROM requests, c WHERE number = 1", SRV_HISTORY_SCAN);
	assert_int_equal(srv_db_exec(s.srv->store.db, text), ERR_OK);
	assert_int_equal(listed("search=release", s.token, &next), 0);
	assert_int_equal(next, 2);
	(void)snprintf(before, sizeof(before), "search=release&before=%lld", (long long)next);
	assert_int_equal(listed(before, s.token, &next), 1);
	assert_int_equal(next, 0);
	assert_int_equal(listed("outcome=denied", s.token, &next), 0);
	assert_int_equal(next, 2);
	assert_int_equal(listed("outcome=denied&before=2", s.token, &next), 1);
}

static int64_t rows(const char *table)
{
	char text[80];
	struct srv_sql q;
	int64_t n;

	(void)snprintf(text, sizeof(text), "SELECT count(*) FROM %s", table);
	srv_sql(&q, s.srv->store.db, text);
	assert_int_equal(srv_sql_row(&q), ERR_OK);
	n = srv_sql_get_int(&q, 0);
	assert_int_equal(srv_sql_end(&q), ERR_OK);
	return n;
}

/* Another request of this card, which is denied. */
static void another(void)
{
	scene_host_close(&h);
	scene_host_open(&h, &s, true);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h, .id = id }, NULL), 200);
}

#define DAY_MS (24 * 3600 * 1000ull)

/* Days in which the server runs. */
static void lives(unsigned days)
{
	for (; days; days--) {
		fake_clock_pass(DAY_MS);
		scene_wait(&s, DAY_MS);
	}
}

static void test_forgets(void **state)
{
	int64_t entries;

	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h, .id = id }, NULL), 200);
	assert_int_equal(scene_enrol(&s, ", \"replace\": true", NULL), 201);
	s.conf->server.keep_days = 6;
	lives(4);
	another();
	lives(1);
	assert_int_equal(listed("", s.token, NULL), 2);         /* nothing is old enough */
	assert_int_equal(audited("\"event\":\"forget\""), 0);
	entries = rows("audit");
	s.conf->server.keep_days = 0;                           /* for ever */
	lives(2);
	assert_int_equal(listed("", s.token, NULL), 2);
	s.conf->server.keep_days = 6;
	scene_wait(&s, 2 * 3600 * 1000);
	assert_int_equal(listed("", s.token, NULL), 1);
	stands("failed", "denied", 0);                          /* the younger one is whole */
	assert_int_equal(rows("requests"), 1);
	assert_int_equal(rows("decisions"), 1);
	assert_int_equal(rows("asked"), 3);
	assert_int_equal(rows("links"), 1);
	assert_int_equal(rows("targets"), 1);                  /* the replaced enrolment is named by nothing */
	assert_int_equal(audited("\"event\":\"forget\",\"requests\":1,"), 1);
	assert_true(rows("audit") > entries);                  /* which forgets nothing */
	assert_int_equal(srv_db_exec(s.srv->store.db, "DELETE FROM decisions"), ERR_CONDITIONS);
	assert_int_equal(rows("meta WHERE name = 'forget_before'"), 0);
}

/* What cannot be forgotten now stays whole, and is forgotten later. */
static void test_forgets_later(void **state)
{
	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h, .id = id }, NULL), 200);
	lives(7);
	s.conf->server.keep_days = 6;
	fails_at("DELETE ON main.requests");
	scene_wait(&s, 2 * 3600 * 1000);
	assert_int_equal(listed("", s.token, NULL), 1);
	assert_int_equal(rows("decisions"), 1);
	assert_int_equal(audited("\"event\":\"forget\""), 0);
	sql("DROP TRIGGER broken");
	scene_wait(&s, 2 * 3600 * 1000);
	assert_int_equal(rows("decisions"), 0);
	assert_int_equal(audited("\"event\":\"forget\""), 1);
}

/* A clock that is set wrong makes nothing old: the server believes in twice the time that it has run. */
static void test_clock_jumps(void **state)
{
	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h, .id = id }, NULL), 200);
	s.conf->server.keep_days = 6;
	lives(1);
	fake_clock_set_wall(3650ll * 24 * 3600);
	lives(1);
	assert_int_equal(audited("\"event\":\"clock\""), 1);
	scene_restart(&s);                                      /* which is no way round */
	s.conf->server.keep_days = 6;
	lives(1);
	assert_int_equal(listed("", s.token, NULL), 1);
	assert_int_equal(audited("\"event\":\"clock\""), 2);    /* once a start */
	lives(1);
	assert_int_equal(listed("", s.token, NULL), 0);
	/* Set right again: what ends now is young. */
	fake_clock_set_wall(-3650ll * 24 * 3600);
	another();
	lives(5);
	assert_int_equal(listed("", s.token, NULL), 1);
	lives(3);
	assert_int_equal(listed("", s.token, NULL), 0);
	assert_int_equal(audited("\"event\":\"forget\""), 2);
}

/* A machine that does not know the time when it starts, and learns it then, loses nothing and is not held up. */
static void test_clock_of_1970(void **state)
{
	int64_t wall = clock_wall_s();

	(void)state;
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h, .id = id }, NULL), 200);
	s.conf->server.keep_days = 6;
	lives(4);
	fake_clock_set_wall(-wall);
	scene_restart(&s);
	s.conf->server.keep_days = 6;
	lives(1);
	fake_clock_set_wall(wall);
	scene_wait(&s, 2 * 3600 * 1000);
	assert_int_equal(listed("", s.token, NULL), 1);
	lives(2);
	assert_int_equal(listed("", s.token, NULL), 0);
}

#define with(f) cmocka_unit_test_setup_teardown(f, shared, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(test_dies_waiting), with(test_dies_after_decision), with(test_dies_after_last_decision),
		with(test_dies_after_denial), with(test_dies_opened), with(test_comes_back),
		with(test_somebody_else_comes), with(test_decision_not_kept), with(test_opening_not_kept),
		with(test_end_follows), with(test_what_was_decided_stays), with(test_elsewhere),
		with(test_history), with(test_long_history), with(test_forgets), with(test_forgets_later),
		with(test_clock_jumps), with(test_clock_of_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
