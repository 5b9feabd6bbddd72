/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/enrolment.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "server/base/path.h"
#include "server/call/token.h"
#include "server/store/schema.h"
#include "server/store/store.h"
#include "server/target/enrol.h"
#include "test/folder.h"

#define PEOPLE 2

static struct pki pki;
static struct pki_device one, two;
static struct pki_person people[PEOPLE];
static char folder[] = "/tmp/quorum11-store.XXXXXX";
static char dir[64];            /* of the test that runs */

static int setup(void **state)
{
	(void)state;
	pki_open(&pki);
	pki_device_make(&pki, "UTTARGET100001", &one);
	pki_device_make(&pki, "UT../TARG%00001", &two);
	pki_person_make(&pki, "UTCARDA100001", "UTPERSONA00001", EC_BP256R1, &people[0]);
	pki_person_make(&pki, "UTCARDB100001", "UTPERSONB00001", EC_BP256R1, &people[1]);
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE; i++)
		pki_person_free(&people[i]);
	pki_device_free(&one);
	pki_device_free(&two);
	pki_close(&pki);
	return folder_remove(folder);
}

static int fresh(void **state)
{
	static unsigned number;

	(void)state;
	return snprintf(dir, sizeof(dir), "%s/state%u", folder, number++) < 0;
}

static struct srv_target *target(const struct pki_device *d, int n)
{
	struct enrolment e = { .devaut = wr_view(&d->devaut), .n = n, .m = PEOPLE,
			       .files = { wr_view(&people[0].file), wr_view(&people[1].file) } };
	struct srv_enrol_report r;
	struct srv_target *t;
	struct wr json;

	wr_init_heap(&json, HTTP_BODY_MAX);
	assert_int_equal(srv_enrol(pki.anchors, enrolment_json(&e, &json), PKI_NOW, &t, &r), ERR_OK);
	wr_free(&json);
	return t;
}

static void open_store(struct srv_store *s, size_t want_refused)
{
	size_t refused = 99;

	assert_int_equal(srv_store_open(dir, SRV_STORE_SERVE, pki.anchors, PKI_NOW, s, &refused), ERR_OK);
	assert_int_equal(refused, want_refused);
}

static void put(struct srv_store *s, const struct pki_device *d, int n, bool replace, enum err want)
{
	struct srv_target *t = target(d, n);

	assert_int_equal(s->ops->put(s->ctx, t, replace), want);
	if (!want)
		s->ops->adopt(s->ctx, t);
	srv_target_unref(&t);
}

static size_t count(const struct srv_store *s)
{
	const struct srv_target *t = NULL;
	size_t n = 0;

	while ((t = s->ops->next(s->ctx, t)))
		n++;
	return n;
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static const char *path_in(const char *sub, const char *name, const char *suffix)
{
	static char path[SRV_PATH_MAX];
	char parent[SRV_PATH_MAX];

	(void)snprintf(parent, sizeof(parent), "%s/%s", dir, sub);
	assert_int_equal(srv_path(path, parent, name, suffix), ERR_OK);
	return path;
}

static void write_file(const char *path, struct rd content)
{
	assert_int_equal(file_write(path, 0600, content), ERR_OK);
}

static void test_keeps(void **state)
{
	struct srv_store s;

	(void)state;
	open_store(&s, 0);
	assert_int_equal(count(&s), 0);
	assert_null(s.ops->get(s.ctx, "UTTARGET100001"));
	put(&s, &one, 1, false, ERR_OK);
	put(&s, &two, 2, false, ERR_OK);
	put(&s, &one, 2, false, ERR_CONDITIONS);
	assert_int_equal(s.ops->get(s.ctx, "UTTARGET100001")->n, 1);
	srv_store_close(&s);

	open_store(&s, 0);
	assert_int_equal(count(&s), 2);
	assert_int_equal(s.ops->get(s.ctx, "UTTARGET100001")->n, 1);
	assert_int_equal(s.ops->get(s.ctx, "UT../TARG%00001")->n, 2);
	/* the same people: kept once */
	assert_ptr_equal(s.ops->get(s.ctx, "UTTARGET100001")->custodians,
			 s.ops->get(s.ctx, "UT../TARG%00001")->custodians);
	put(&s, &one, 2, true, ERR_OK);
	assert_int_equal(s.ops->get(s.ctx, "UTTARGET100001")->n, 2);
	assert_int_equal(count(&s), 2);
	srv_store_close(&s);

	open_store(&s, 0);
	assert_int_equal(count(&s), 2);
	assert_int_equal(s.ops->get(s.ctx, "UTTARGET100001")->n, 2);
	srv_store_close(&s);
	srv_store_close(&s);    /* twice does nothing */
	assert_int_equal(mode_of(path_in("", "", "quorum11.db")), 0600);
	assert_int_equal(mode_of(dir), 0700);
}

/* A name from a card stays inside the folder. */
static void test_names(void **state)
{
	char path[SRV_PATH_MAX], long_name[SRV_PATH_MAX];

	(void)state;
	assert_int_equal(srv_path(path, "/x", "UT../TARG%00001", ".json"), ERR_OK);
	assert_string_equal(path, "/x/UT%2E%2E%2FTARG%2500001.json");
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(srv_path(path, "/x", long_name, ""), ERR_LIMIT);
}

/* A target that somebody holds stays as it was when the store replaces or closes it. */
static void test_references(void **state)
{
	struct srv_store s;
	struct srv_target *held;

	(void)state;
	open_store(&s, 0);
	put(&s, &one, 1, false, ERR_OK);
	held = srv_target_ref(s.ops->get(s.ctx, "UTTARGET100001"));
	put(&s, &one, 2, true, ERR_OK);
	srv_store_close(&s);
	assert_int_equal(held->n, 1);
	assert_string_equal(held->custodians[1].chr, "UTPERSONB00001");
	srv_target_unref(&held);
	assert_null(held);
}

static void sql(struct srv_store *s, const char *text)
{
	assert_int_equal(srv_db_exec(s->db, text), ERR_OK);
}

/* Whatever is wrong with an enrolment, the others are served and it is counted. */
static void test_damaged(void **state)
{
	struct srv_store s;

	(void)state;
	open_store(&s, 0);
	put(&s, &one, 1, false, ERR_OK);
	put(&s, &two, 1, false, ERR_OK);
	/* of another device; nothing; cut; a character of the certificate is another */
	sql(&s, "INSERT INTO targets (device_id, enrolment, since) SELECT 'UTTARGET200001', enrolment, 1 FROM targets "
		"WHERE device_id = 'UTTARGET100001'");
	sql(&s, "INSERT INTO targets (device_id, enrolment, since) VALUES ('EMPTY', '', 1)");
	sql(&s, "INSERT INTO targets (device_id, enrolment, since) SELECT 'CUT', substr(enrolment, 1, 500), 1 "
		"FROM targets WHERE device_id = 'UTTARGET100001'");
	sql(&s, "UPDATE targets SET enrolment = replace(enrolment, '\"devaut\":\"fy', '\"devaut\":\"fz') "
		"WHERE device_id = 'UTTARGET100001'");
	srv_store_close(&s);
	open_store(&s, 4);
	assert_int_equal(count(&s), 1);
	assert_null(s.ops->get(s.ctx, "UTTARGET100001"));
	srv_store_close(&s);
}

/* Every check is made again: a root that is not trusted any more takes its devices along. */
static void test_distrusted(void **state)
{
	struct att_anchors *production;
	struct srv_store s;
	size_t refused;

	(void)state;
	open_store(&s, 0);
	put(&s, &one, 1, false, ERR_OK);
	srv_store_close(&s);
	assert_int_equal(att_anchors_new(true, &production), ERR_OK);
	assert_int_equal(srv_store_open(dir, SRV_STORE_SERVE, production, PKI_NOW, &s, &refused), ERR_OK);
	assert_int_equal(refused, 1);
	assert_int_equal(count(&s), 0);
	srv_store_close(&s);
	att_anchors_free(&production);
}

static void test_modes(void **state)
{
	enum pka_challenge_mode mode;
	struct srv_store s;

	(void)state;
	open_store(&s, 0);
	assert_false(s.ops->mode(s.ctx, "UTTARGET100001", SRV_ANY_FIRMWARE, &mode));
	assert_int_equal(s.ops->learn(s.ctx, "UTTARGET100001", 0x0304, PKA_PER_KEY), ERR_OK);
	assert_true(s.ops->mode(s.ctx, "UTTARGET100001", 0x0304, &mode));
	assert_int_equal(mode, PKA_PER_KEY);
	srv_store_close(&s);

	open_store(&s, 0);
	assert_true(s.ops->mode(s.ctx, "UTTARGET100001", SRV_ANY_FIRMWARE, &mode));
	assert_int_equal(mode, PKA_PER_KEY);
	assert_false(s.ops->mode(s.ctx, "UTTARGET100001", 0x0305, &mode));      /* updated since */
	assert_false(s.ops->mode(s.ctx, "UT../TARG%00001", 0x0304, &mode));
	assert_int_equal(s.ops->learn(s.ctx, "UTTARGET100001", 0x0305, PKA_SHARED), ERR_OK);
	assert_true(s.ops->mode(s.ctx, "UTTARGET100001", 0x0305, &mode));
	assert_int_equal(mode, PKA_SHARED);
	sql(&s, "UPDATE modes SET mode = 'other'");
	assert_false(s.ops->mode(s.ctx, "UTTARGET100001", SRV_ANY_FIRMWARE, &mode));
	srv_store_close(&s);
}

/* ---- the schema of an older version ---- */

/* A database as each version left it, with a row in what it had; this program brings it to its own. */
static void test_older_schemas(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO modes VALUES ('UTTARGET100001', 773, 'per-key')",
		"INSERT INTO policies VALUES ('UTTARGET100001', '{}', 1)",
		"INSERT INTO grants VALUES (1, 'ann', 0, x'00', 1, '', 1, 0, 0, 0)",
		"INSERT INTO audit VALUES (1, 1, x'00', '{}', x'00', 'start')",
	};
	static const char *const all[] = { "decisions", "asked", "links", "requests", "outbox", "audit", "grants",
					   "policies", "modes", "targets", "meta" };
	enum pka_challenge_mode mode;
	struct srv_store s;
	struct chain_entry last;
	char text[100];
	unsigned version, i;

	(void)state;
	for (version = 1; version < srv_schema_version(); version++) {
		assert_int_equal(fresh(state), 0);
		open_store(&s, 0);
		assert_int_equal(srv_db_exec(s.db, "PRAGMA foreign_keys = OFF; PRAGMA user_version = 0"), ERR_OK);
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			(void)snprintf(text, sizeof(text), "DROP TABLE IF EXISTS %s", all[i]);
			assert_int_equal(srv_db_exec(s.db, text), ERR_OK);
		}
		for (i = 1; i <= version; i++) {
			assert_int_equal(srv_schema_step(s.db, i), ERR_OK);
			if (i <= sizeof(rows) / sizeof(rows[0]))
				assert_int_equal(srv_db_exec(s.db, rows[i - 1]), ERR_OK);
		}
		srv_store_close(&s);
		open_store(&s, 0);
		assert_true(s.ops->mode(s.ctx, "UTTARGET100001", 773, &mode));
		assert_int_equal(mode, PKA_PER_KEY);
		assert_int_equal(s.ops->audit_last(s.ctx, &last, NULL), ERR_OK);
		assert_int_equal(last.seq, version >= 4);
		assert_int_equal(srv_db_exec(s.db, "SELECT number FROM decisions; SELECT id FROM outbox"), ERR_OK);
		put(&s, &one, 1, false, ERR_OK);
		srv_store_close(&s);
	}
}

/*
 * Before a row goes the database looks for those that refer to it: where no index tells, in all of them, for each row
 * that is forgotten, while everybody waits.
 */
static void test_followed_back(void **state)
{
	struct srv_store s;
	struct srv_sql q;

	(void)state;
	open_store(&s, 0);
	srv_sql(&q, s.db, "SELECT m.name || '.' || f.\"from\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f"
			  " WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l,"
			  " pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = f.\"from\" AND NOT l.partial)");
	while (!srv_sql_row(&q))
		fail_msg("no index for %s", srv_sql_get_text(&q, 0));
	assert_int_equal(srv_sql_end(&q), ERR_OK);
	srv_store_close(&s);
}

/* ---- how much of it is read ---- */

static sqlite3 *opened;

static int note_opened(sqlite3 *db, const char **why, const struct sqlite3_api_routines *api)
{
	(void)why;
	(void)api;
	opened = db;
	return SQLITE_OK;
}

static int count_step(void *ctx)
{
	++*(unsigned *)ctx;
	return 0;
}

static enum err count_taken(void *ctx, const struct srv_kept *r)
{
	(void)r;
	++*(unsigned *)ctx;
	return ERR_OK;
}

#define LONG_AGO 400

/* What is asked for again and again costs nothing however much is kept: all asked everybody, and ended long ago. */
static void test_recent(void **state)
{
	static const struct { struct srv_kept_filter f; unsigned n;
	} rows[] = {
		{ { .ended_from = 5000, .is_over = true }, 1 },
		{ { .ended_from = 5000, .is_over = true, .host = "build" }, 1 },
		{ { .is_over = true }, 5 },
		{ { .is_over = true, .host = "build", .before = LONG_AGO / 2 }, 5 },
		{ { .is_over = true, .chr = "UTPERSONA00001" }, 5 },
		{ { .is_over = true, .chr = "UTPERSONA00001", .before = LONG_AGO / 2 }, 5 },
	};
	struct srv_kept r = { .device_id = "UTTARGET100001", .host = "build", .from = "127.0.0.1", .instance = "1",
			      .login_id = RD_LIT("login"), .outcome = "ok", .words = "", .facts = "{}" };
	unsigned steps, taken;
	struct srv_target *t;
	struct srv_store s;
	char id[SRV_ID_SIZE];

	(void)state;
	assert_int_equal(sqlite3_auto_extension((void (*)(void))note_opened), SQLITE_OK);
	open_store(&s, 0);
	(void)sqlite3_cancel_auto_extension((void (*)(void))note_opened);
	put(&s, &one, 1, false, ERR_OK);
	t = s.ops->get(s.ctx, "UTTARGET100001");
	r.target = t->row;
	r.id = id;
	for (unsigned i = 0; i <= LONG_AGO; i++) {
		(void)snprintf(id, sizeof(id), "%032x", i);
		r.created = r.ended = i < LONG_AGO ? 100 + i : 6000;
		assert_int_equal(s.ops->request_put(s.ctx, &r, RD_NONE, t), ERR_OK);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		steps = taken = 0;
		sqlite3_progress_handler(opened, 1, count_step, &steps);
		assert_int_equal(s.ops->request_each(s.ctx, &rows[i].f, 5, count_taken, &taken), ERR_OK);
		sqlite3_progress_handler(opened, 0, NULL, NULL);
		if (taken != rows[i].n || steps > LONG_AGO)
			fail_msg("row %zu: %u in %u steps", i, taken, steps);
	}
	srv_store_close(&s);
}

/* ---- what an older version left ---- */

static void old_file(const char *sub, const char *name, struct rd content)
{
	char parent[SRV_PATH_MAX];

	(void)snprintf(parent, sizeof(parent), "%s/%s", dir, sub);
	assert_int_equal(srv_path_folder(dir), ERR_OK);
	assert_int_equal(srv_path_folder(parent), ERR_OK);
	write_file(path_in(sub, name, ".json"), content);
}

static void old_enrolment(const char *name, const struct pki_device *d)
{
	struct srv_target *t = target(d, 1);
	struct wr json;

	wr_init_heap(&json, HTTP_BODY_MAX);
	assert_int_equal(srv_enrol_json(t, &json), ERR_OK);
	old_file("targets", name, wr_view(&json));
	wr_free(&json);
	srv_target_unref(&t);
}

/* Enrolments and modes are taken in once; what is wrong with one is said, and the others are served. */
static void test_import(void **state)
{
	enum pka_challenge_mode mode;
	struct srv_store s;
	size_t refused;

	(void)state;
	old_enrolment("UTTARGET100001", &one);
	old_enrolment("UT../TARG%00001", &two);
	old_enrolment("UTTARGET200001", &one);          /* of another device */
	old_file("targets", "CUT", RD_LIT("{\"devaut\": \"fy"));
	old_file("modes", "UT../TARG%00001", RD_LIT("{\"firmware\": 772, \"mode\": \"per-key\"}\n"));
	old_file("modes", "UTTARGET100001", RD_LIT("{\"firmware\": 65535, \"mode\": \"shared\"}"));
	/* who only looks changes nothing */
	assert_int_equal(srv_store_open(dir, SRV_STORE_LOOK, pki.anchors, PKI_NOW, &s, &refused), ERR_OK);
	assert_int_equal(refused, 2);
	assert_int_equal(count(&s), 2);
	srv_store_close(&s);
	assert_int_equal(access(path_in("", "", "quorum11.db"), F_OK), -1);

	open_store(&s, 2);
	assert_int_equal(count(&s), 2);
	assert_non_null(s.ops->get(s.ctx, "UTTARGET100001"));
	assert_non_null(s.ops->get(s.ctx, "UT../TARG%00001"));
	assert_true(s.ops->mode(s.ctx, "UT../TARG%00001", 0x0304, &mode));
	assert_int_equal(mode, PKA_PER_KEY);
	assert_false(s.ops->mode(s.ctx, "UTTARGET100001", SRV_ANY_FIRMWARE, &mode));
	put(&s, &one, 2, true, ERR_OK);
	srv_store_close(&s);

	open_store(&s, 2);      /* not a second time: the old file still says 1 */
	assert_int_equal(s.ops->get(s.ctx, "UTTARGET100001")->n, 2);
	srv_store_close(&s);
}

/* ---- the file ---- */

static enum err open_fails(enum srv_store_use use)
{
	struct srv_store s;
	size_t refused;
	enum err e = srv_store_open(dir, use, pki.anchors, PKI_NOW, &s, &refused);

	assert_null(s.ops);
	return e;
}

static void test_broken_file(void **state)
{
	struct srv_store s;
	char path[SRV_PATH_MAX];
	struct wr bytes;

	(void)state;
	open_store(&s, 0);
	put(&s, &one, 1, false, ERR_OK);
	srv_store_close(&s);
	(void)snprintf(path, sizeof(path), "%s", path_in("", "", "quorum11.db"));
	wr_init_heap(&bytes, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &bytes), ERR_OK);
	memset(bytes.p + 4096, 0x5A, 4096);     /* a page */
	write_file(path, wr_view(&bytes));
	assert_int_equal(open_fails(SRV_STORE_SERVE), ERR_FORMAT);
	assert_int_equal(open_fails(SRV_STORE_LOOK), ERR_FORMAT);
	write_file(path, RD_LIT("this is no database at all, however long it may be; and it has more than 100 bytes "
				"so that it is looked at"));
	assert_int_equal(open_fails(SRV_STORE_SERVE), ERR_FORMAT);
	wr_free(&bytes);
}

/* A database of a newer program is left alone. */
static void test_newer(void **state)
{
	struct srv_store s;

	(void)state;
	open_store(&s, 0);
	sql(&s, "PRAGMA user_version = 9999");
	srv_store_close(&s);
	assert_int_equal(open_fails(SRV_STORE_SERVE), ERR_CONFIG);
	assert_int_equal(open_fails(SRV_STORE_LOOK), ERR_CONFIG);
}

/* What a transaction did is there as a whole or not at all; those within one another are one. */
static void test_transactions(void **state)
{
	struct srv_store s;

	(void)state;
	open_store(&s, 0);
	assert_int_equal(srv_db_begin(s.db), ERR_OK);
	put(&s, &one, 1, false, ERR_OK);
	srv_db_rollback(s.db);
	assert_int_equal(srv_db_begin(s.db), ERR_OK);
	put(&s, &two, 1, false, ERR_OK);
	assert_int_equal(srv_db_begin(s.db), ERR_OK);
	srv_db_rollback(s.db);
	assert_int_not_equal(srv_db_commit(s.db), ERR_OK);
	assert_int_equal(srv_db_commit(s.db), ERR_BUG);
	srv_store_close(&s);
	open_store(&s, 0);
	assert_int_equal(count(&s), 0);
	assert_int_equal(srv_db_begin(s.db), ERR_OK);
	put(&s, &one, 1, false, ERR_OK);
	assert_int_equal(srv_db_commit(s.db), ERR_OK);
	srv_store_close(&s);
	open_store(&s, 0);
	assert_int_equal(count(&s), 1);
	srv_store_close(&s);
}

/* Another process holds the lock, or the disk is full: said, and over when it is over. */
static void test_locked_and_full(void **state)
{
	struct srv_store s;
	struct srv_db *other;
	struct srv_target *t;
	enum err e = ERR_OK;
	unsigned i;

	(void)state;
	open_store(&s, 0);
	assert_int_equal(srv_db_open(path_in("", "", "quorum11.db"), SRV_DB_SERVE, &other), ERR_OK);
	assert_int_equal(srv_db_begin(other), ERR_OK);
	put(&s, &one, 1, false, ERR_SHARING);
	assert_non_null(strstr(srv_db_why(s.db), "locked"));
	srv_db_rollback(other);
	srv_db_close(&other);
	sql(&s, "PRAGMA max_page_count = 1");           /* as many as there are */
	t = target(&one, 1);
	for (i = 0; i < 100 && !e; i++)
		e = s.ops->put(s.ctx, t, true);
	srv_target_unref(&t);
	assert_int_equal(e, ERR_LIMIT);
	assert_non_null(strstr(srv_db_why(s.db), "full"));
	sql(&s, "PRAGMA max_page_count = 100000");
	put(&s, &one, 1, true, ERR_OK);
	assert_int_equal(count(&s), 1);
	srv_store_close(&s);
}

static void test_copy(void **state)
{
	struct srv_store s;
	char path[SRV_PATH_MAX + 8];

	(void)state;
	open_store(&s, 0);
	put(&s, &one, 1, false, ERR_OK);
	(void)snprintf(path, sizeof(path), "%s", path_in("", "", "copy.db"));
	assert_int_equal(srv_db_copy(s.db, path), ERR_OK);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(srv_db_copy(s.db, path), ERR_CONDITIONS);
	srv_store_close(&s);
	assert_int_equal(rename(path, path_in("", "", "quorum11.db")), 0);
	open_store(&s, 0);
	assert_int_equal(count(&s), 1);
	srv_store_close(&s);
}

static void test_no_folder(void **state)
{
	struct srv_store s;
	size_t refused;

	(void)state;
	write_file(dir, RD_LIT("a file"));
	assert_int_equal(srv_store_open(dir, SRV_STORE_SERVE, pki.anchors, PKI_NOW, &s, &refused), ERR_IO);
	srv_store_close(&s);
	assert_int_equal(srv_store_open("/nowhere/at/all", SRV_STORE_SERVE, pki.anchors, PKI_NOW, &s, &refused),
			 ERR_IO);
}

/* ---- token ---- */

static bool fits(const char *token)
{
	return !srv_token_verify(dir, rd_str(token));
}

static void test_token(void **state)
{
	char text[200];
	struct secret *first, *second;

	(void)state;
	assert_int_equal(srv_path_folder(dir), ERR_OK);
	assert_false(fits("x"));
	assert_int_equal(srv_token_make(dir, false), ERR_OK);
	assert_int_equal(srv_token_read(dir, &first), ERR_OK);
	assert_int_equal(secret_size(first), 43);
	(void)snprintf(text, sizeof(text), "%.*s", (int)secret_size(first), (const char *)secret_view(first).p);
	assert_true(fits(text));
	text[0] ^= 1;
	assert_false(fits(text));
	text[0] ^= 1;
	text[strlen(text) - 1] = '\0';
	assert_false(fits(text));
	assert_false(fits(NULL));
	assert_false(fits(""));

	assert_int_equal(srv_token_make(dir, false), ERR_CONDITIONS);
	assert_int_equal(srv_token_make(dir, true), ERR_OK);
	assert_int_equal(srv_token_read(dir, &second), ERR_OK);
	assert_false(rd_eq_secret(secret_view(first), secret_view(second)));
	assert_int_equal(mode_of(path_in("", "token", "")), 0600);
	(void)snprintf(text, sizeof(text), "%.*s", (int)secret_size(second), (const char *)secret_view(second).p);
	assert_true(fits(text));
	secret_free(&first);
	secret_free(&second);

	/* a file that others may read is no secret; an empty one lets nobody in */
	assert_int_equal(chmod(path_in("", "token", ""), 0640), 0);
	assert_false(fits(text));
	write_file(path_in("", "token", ""), RD_NONE);
	assert_false(fits(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_older_schemas, fresh),
		cmocka_unit_test_setup(test_followed_back, fresh), cmocka_unit_test_setup(test_recent, fresh),
		cmocka_unit_test_setup(test_keeps, fresh), cmocka_unit_test_setup(test_names, fresh),
		cmocka_unit_test_setup(test_references, fresh), cmocka_unit_test_setup(test_damaged, fresh),
		cmocka_unit_test_setup(test_distrusted, fresh), cmocka_unit_test_setup(test_modes, fresh),
		cmocka_unit_test_setup(test_import, fresh), cmocka_unit_test_setup(test_broken_file, fresh),
		cmocka_unit_test_setup(test_newer, fresh), cmocka_unit_test_setup(test_transactions, fresh),
		cmocka_unit_test_setup(test_locked_and_full, fresh), cmocka_unit_test_setup(test_copy, fresh),
		cmocka_unit_test_setup(test_no_folder, fresh), cmocka_unit_test_setup(test_token, fresh),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
