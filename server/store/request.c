/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, their links, whom they ask, and what was decided about them. */
#include <string.h>

#include "server/store/store_int.h"

/* ---- writing ---- */

static enum err row_write(struct srv_db *db, const struct srv_kept *r)
{
	struct srv_sql q;

	/* Its time does not change by its end. */
	srv_sql(&q, db, "INSERT INTO requests (id, login_id, device_id, target, host, sender, instance, created, due,"
			" ended, outcome, may_return, words, facts)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, 0), ?11, ?12, lower(?13), ?14)"
			" ON CONFLICT (id) DO UPDATE SET target = ?4, host = ?5, sender = ?6, instance = ?7,"
			" due = iif(?10, due, ?9), ended = nullif(?10, 0), outcome = ?11, may_return = ?12,"
			" words = lower(?13), facts = ?14");
	srv_sql_text(&q, r->id);
	srv_sql_bytes(&q, r->login_id);
	srv_sql_text(&q, r->device_id);
	srv_sql_int(&q, r->target);
	srv_sql_text(&q, r->host);
	srv_sql_text(&q, r->from);
	srv_sql_text(&q, r->instance);
	srv_sql_int(&q, r->created);
	srv_sql_int(&q, r->due);
	srv_sql_int(&q, r->ended);
	srv_sql_text(&q, r->outcome);
	srv_sql_int(&q, r->may_return);
	srv_sql_text(&q, r->words);
	srv_sql_text(&q, r->facts);
	return srv_sql_run(&q);
}

static enum err link_write(struct srv_db *db, const char *id, struct rd link)
{
	struct srv_sql q;

	srv_sql(&q, db, "INSERT OR IGNORE INTO links (hash, request) SELECT ?1, number FROM requests WHERE id = ?2");
	srv_sql_bytes(&q, link);
	srv_sql_text(&q, id);
	return srv_sql_run(&q);
}

static enum err asked_write(struct srv_db *db, const char *id, const char *chr)
{
	struct srv_sql q;

	srv_sql(&q, db, "INSERT OR IGNORE INTO asked (chr, request) SELECT ?1, number FROM requests WHERE id = ?2");
	srv_sql_text(&q, chr);
	srv_sql_text(&q, id);
	return srv_sql_run(&q);
}

enum err store_request_put(void *ctx, const struct srv_kept *r, struct rd link, const struct srv_target *asked)
{
	struct srv_db *db = ((struct store *)ctx)->db;
	enum err e = srv_db_begin(db);
	size_t i;

	if (e)
		return e;
	e = row_write(db, r);
	if (!e && link.n)
		e = link_write(db, r->id, link);
	for (i = 0; asked && i < asked->m && !e; i++)
		e = asked_write(db, r->id, asked->custodians[i].chr);
	return srv_db_end(db, e);
}

static const char *const decision_names[] = {
	[PKA_APPROVE] = "approve", [PKA_DENY] = "deny", [PKA_END] = "end",
};

enum err store_request_decide(void *ctx, const char *id, const char *instance, const struct srv_kept_decision *d)
{
	struct srv_db *db = ((struct store *)ctx)->db;
	struct srv_sql q;
	enum err e;

	/* That nobody has ended it before, the tables themselves see to. */
	srv_sql(&q, db, "INSERT INTO decisions (request, chr, decision, time, sender, statement, statement_signature,"
			" signature) SELECT number, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM requests WHERE id = ?1 AND"
			" iif(?4 = 'end', outcome = 'ok', ended IS NULL AND instance = ?2)");
	srv_sql_text(&q, id);
	srv_sql_text(&q, instance);
	srv_sql_text(&q, d->chr);
	srv_sql_text(&q, decision_names[d->decision]);
	srv_sql_int(&q, d->when);
	srv_sql_text(&q, d->from);
	srv_sql_bytes(&q, d->statement);
	srv_sql_bytes(&q, d->statement_sig);
	srv_sql_bytes(&q, d->sig);
	e = srv_sql_run(&q);
	return e ? e : srv_db_changes(db) ? ERR_OK : ERR_CONDITIONS;
}

/* ---- forgetting ---- */

#define OLD "SELECT number FROM requests WHERE ended < ?1 ORDER BY ended, number LIMIT ?2"

enum err store_requests_old(void *ctx, int64_t before, size_t max, size_t *n)
{
	struct srv_sql q;

	srv_sql(&q, ((struct store *)ctx)->db, "SELECT count(*) FROM (" OLD ")");
	srv_sql_int(&q, before);
	srv_sql_int(&q, (int64_t)max);
	*n = srv_sql_row(&q) ? 0 : (size_t)srv_sql_get_int(&q, 0);
	return srv_sql_end(&q);
}

enum err store_requests_forget(void *ctx, int64_t before, size_t max)
{
	/* The first and the last say to the tables that decisions may go now. */
	static const char *const steps[] = {
		"INSERT OR REPLACE INTO meta SELECT 'forget_before', ?1 WHERE ?2 > 0",
		"DELETE FROM links WHERE request IN (" OLD ")",
		"DELETE FROM asked WHERE request IN (" OLD ")",
		"DELETE FROM decisions WHERE request IN (" OLD ")",
		"DELETE FROM requests WHERE number IN (" OLD ")",
		"DELETE FROM targets WHERE until < ?1 AND id NOT IN (SELECT target FROM requests) AND ?2 > 0",
		"DELETE FROM meta WHERE name = 'forget_before' AND ?1 <> 0 AND ?2 > 0",
	};
	struct srv_db *db = ((struct store *)ctx)->db;
	enum err e = srv_db_begin(db);
	struct srv_sql q;
	size_t i;

	if (e)
		return e;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !e; i++) {
		srv_sql(&q, db, steps[i]);
		srv_sql_int(&q, before);
		srv_sql_int(&q, (int64_t)max);
		e = srv_sql_run(&q);
	}
	return srv_db_end(db, e);
}

enum err store_lived(void *ctx, int64_t *until)
{
	struct srv_sql q;
	enum err e;

	srv_sql(&q, ((struct store *)ctx)->db, "SELECT coalesce((SELECT value FROM meta WHERE name = 'lived_until'),"
					       " (SELECT max(ended) FROM requests), 0)");
	*until = srv_sql_row(&q) ? 0 : srv_sql_get_int(&q, 0);
	e = srv_sql_end(&q);
	return !e && !*until ? ERR_NOT_FOUND : e;
}

enum err store_live_on(void *ctx, int64_t until)
{
	struct srv_sql q;

	srv_sql(&q, ((struct store *)ctx)->db, "INSERT INTO meta (name, value) VALUES ('lived_until', ?1)"
					       " ON CONFLICT (name) DO UPDATE SET value = max(value, ?1)");
	srv_sql_int(&q, until);
	return srv_sql_run(&q);
}

/* ---- reading ---- */

enum kind { TEXT, BYTES, NUMBER, FLAG };
/* A part of what is asked for: where it stands in the filter, and what it means. */
static const struct part {
	enum kind kind;
	size_t at;
	const char *sql;
} parts[] = {
	{ TEXT,   offsetof(struct srv_kept_filter, id),        "id = ?" },
	{ BYTES,  offsetof(struct srv_kept_filter, link),      "number = (SELECT request FROM links WHERE hash = ?)" },
	{ BYTES,  offsetof(struct srv_kept_filter, login_id),  "login_id = ?" },
	{ TEXT,   offsetof(struct srv_kept_filter, chr),       "chr = ?" },
	{ TEXT,   offsetof(struct srv_kept_filter, device_id), "device_id = ?" },
	{ TEXT,   offsetof(struct srv_kept_filter, host),      "host = ?" },
	{ TEXT,   offsetof(struct srv_kept_filter, outcome),   "outcome = ?" },
	{ NUMBER, offsetof(struct srv_kept_filter, from),      "created >= ?" },
	{ NUMBER, offsetof(struct srv_kept_filter, until),     "created <= ?" },
	{ NUMBER, offsetof(struct srv_kept_filter, before),    "place < ?" },
	{ NUMBER, offsetof(struct srv_kept_filter, least),     "place >= ?" },
	/* Of all that is kept, hardly any: else it is sought by something else, which many more have. */
	{ NUMBER, offsetof(struct srv_kept_filter, ended_from), "likelihood(ended >= ?, 0.000001)" },
	{ FLAG,   offsetof(struct srv_kept_filter, is_over),   "ended IS NOT NULL" },
	{ TEXT,   offsetof(struct srv_kept_filter, not_of),    "ended IS NULL AND instance <> ?" },
	{ TEXT,   offsetof(struct srv_kept_filter, search),    "instr(words, lower(?)) > 0" },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))
#define SQL_MAX 1200

/* The value of a part, by its kind. */
struct value {
	const char *text;
	struct rd bytes;
	int64_t number;
	bool is_asked;
};

static struct value value_of(const struct srv_kept_filter *f, const struct part *p)
{
	const void *at = (const char *)f + p->at;
	struct value v = { .text = NULL };
	bool flag;

	switch (p->kind) {
	case TEXT:
		memcpy(&v.text, at, sizeof(v.text));
		v.is_asked = v.text && v.text[0];
		break;
	case BYTES:
		memcpy(&v.bytes, at, sizeof(v.bytes));
		v.is_asked = v.bytes.n != 0;
		break;
	case NUMBER:
		memcpy(&v.number, at, sizeof(v.number));
		v.is_asked = v.number != 0;
		break;
	case FLAG:
		memcpy(&flag, at, sizeof(flag));
		v.is_asked = flag;
		break;
	}
	return v;
}

/*
 * place is the number, by which they are in order: of what is in the table that is looked through. A custodian's are
 * found by his key, the latest first, and not sorted out of all that he was ever asked.
 */
#define EVERYBODYS " FROM (SELECT *, number AS place FROM requests)"
#define CUSTODIANS " FROM (SELECT chr, request AS place FROM asked) CROSS JOIN requests ON number = place"

static void sql_write(const struct srv_kept_filter *f, struct wr *sql)
{
	bool first = true;
	size_t i;

	wr_text(sql, "SELECT number, id, login_id, device_id, target, host, sender, instance, created, due, ended,"
		     " outcome, may_return, words, facts");
	wr_text(sql, f->chr && f->chr[0] ? CUSTODIANS : EVERYBODYS);
	for (i = 0; i < PARTS; i++) {
		if (!value_of(f, &parts[i]).is_asked)
			continue;
		wr_printf(sql, " %s %s", first ? "WHERE" : "AND", parts[i].sql);
		first = false;
	}
	wr_text(sql, " ORDER BY place DESC LIMIT ?");
}

static void sql_bind(struct srv_sql *q, const struct srv_kept_filter *f)
{
	struct value v;
	size_t i;

	for (i = 0; i < PARTS; i++) {
		v = value_of(f, &parts[i]);
		if (!v.is_asked || parts[i].kind == FLAG)
			continue;
		if (parts[i].kind == TEXT)
			srv_sql_text(q, v.text);
		else if (parts[i].kind == BYTES)
			srv_sql_bytes(q, v.bytes);
		else
			srv_sql_int(q, v.number);
	}
}

static struct srv_kept row_read(struct srv_sql *q)
{
	return (struct srv_kept){
		.number = srv_sql_get_int(q, 0), .id = srv_sql_get_text(q, 1), .login_id = srv_sql_get_bytes(q, 2),
		.device_id = srv_sql_get_text(q, 3), .target = srv_sql_get_int(q, 4), .host = srv_sql_get_text(q, 5),
		.from = srv_sql_get_text(q, 6), .instance = srv_sql_get_text(q, 7), .created = srv_sql_get_int(q, 8),
		.due = srv_sql_get_int(q, 9), .ended = srv_sql_get_int(q, 10), .outcome = srv_sql_get_text(q, 11),
		.may_return = srv_sql_get_int(q, 12) != 0, .words = srv_sql_get_text(q, 13),
		.facts = srv_sql_get_text(q, 14),
	};
}

enum err store_request_each(void *ctx, const struct srv_kept_filter *f, size_t max, srv_kept_take *take, void *arg)
{
	const struct store *s = ctx;
	char sql[SQL_MAX];
	struct srv_kept r;
	struct srv_sql q;
	enum err e, end;
	struct wr w;

	WR_ARR(&w, sql);
	sql_write(f, &w);
	wr_u8(&w, 0);
	e = wr_done(&w);
	if (e)
		return e;
	srv_sql(&q, s->db, sql);
	sql_bind(&q, f);
	srv_sql_int(&q, (int64_t)max);
	while (!e && !srv_sql_row(&q)) {
		r = row_read(&q);
		e = take(arg, &r);
	}
	end = srv_sql_end(&q);
	return e ? e : end;
}

static enum pka_decision decision_read(const char *name)
{
	size_t i = 0;

	while (i < PKA_END && strcmp(name, decision_names[i]))
		i++;
	return (enum pka_decision)i;
}

enum err store_decisions(void *ctx, int64_t number, srv_decision_take *take, void *arg)
{
	const struct store *s = ctx;
	struct srv_kept_decision d;
	enum err e = ERR_OK, end;
	struct srv_sql q;

	srv_sql(&q, s->db, "SELECT chr, decision, time, sender, statement, statement_signature, signature"
			   " FROM decisions WHERE request = ? ORDER BY number");
	srv_sql_int(&q, number);
	while (!e && !srv_sql_row(&q)) {
		d = (struct srv_kept_decision){
			.chr = srv_sql_get_text(&q, 0), .decision = decision_read(srv_sql_get_text(&q, 1)),
			.when = srv_sql_get_int(&q, 2), .from = srv_sql_get_text(&q, 3),
			.statement = srv_sql_get_bytes(&q, 4), .statement_sig = srv_sql_get_bytes(&q, 5),
			.sig = srv_sql_get_bytes(&q, 6),
		};
		e = take(arg, &d);
	}
	end = srv_sql_end(&q);
	return e ? e : end;
}
