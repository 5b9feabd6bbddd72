/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/schema.h"

#include <stdio.h>

#include "base/log.h"

/* One row per version (PRAGMA user_version). A step that was released is never changed; a new one is appended. */
static const struct step {
	const char *what, *sql;
} steps[] = {
	{ "enrolments and challenge modes",
	  "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL);"
	  /* A device that is enrolled anew keeps its older rows: requests of that time refer to them. */
	  "CREATE TABLE targets (id INTEGER PRIMARY KEY, device_id TEXT NOT NULL, enrolment TEXT NOT NULL,"
	  "  since INTEGER NOT NULL, until INTEGER);"
	  "CREATE UNIQUE INDEX target_in_force ON targets (device_id) WHERE until IS NULL;"
	  "CREATE TABLE modes (device_id TEXT PRIMARY KEY, firmware INTEGER NOT NULL, mode TEXT NOT NULL);" },
	{ "policies of targets",
	  "CREATE TABLE policies (device_id TEXT PRIMARY KEY, policy TEXT NOT NULL, since INTEGER NOT NULL);" },
	{ "tokens and identities",
	  "CREATE TABLE grants (id INTEGER PRIMARY KEY, name TEXT NOT NULL, certificate INTEGER NOT NULL,"
	  "  hash BLOB NOT NULL UNIQUE, roles INTEGER NOT NULL, chr TEXT NOT NULL, created INTEGER NOT NULL,"
	  "  expires INTEGER NOT NULL, used INTEGER NOT NULL, revoked INTEGER NOT NULL);"
	  "CREATE INDEX grant_names ON grants (name);" },
	{ "audit",
	  "CREATE TABLE audit (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, previous BLOB NOT NULL,"
	  "  event TEXT NOT NULL, hash BLOB NOT NULL, name TEXT NOT NULL);"
	  /* This one also for INSERT OR REPLACE, which fires no trigger for what it deletes. */
	  "CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.seq <= (SELECT max(seq) FROM audit) BEGIN"
	  "  SELECT RAISE(ABORT, 'the audit is only added to'); END;"
	  "CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN"
	  "  SELECT RAISE(ABORT, 'the audit is only added to'); END;"
	  "CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN"
	  "  SELECT RAISE(ABORT, 'the audit is only added to'); END;" },
	{ "messages on their way",
	  "CREATE TABLE outbox (id INTEGER PRIMARY KEY, request TEXT NOT NULL, device TEXT NOT NULL,"
	  "  about TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, way TEXT NOT NULL, message TEXT NOT NULL,"
	  "  why TEXT NOT NULL, tries INTEGER NOT NULL, next INTEGER NOT NULL, until INTEGER NOT NULL);"
	  "CREATE INDEX outbox_ways ON outbox (kind, way, next);"
	  "CREATE INDEX outbox_requests ON outbox (request);" },
	{ "requests and decisions",
	  /* instance: the server process that has the card's connection; facts: as docs/API.md shows a request. */
	  "CREATE TABLE requests (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, login_id BLOB NOT NULL,"
	  "  device_id TEXT NOT NULL, target INTEGER NOT NULL REFERENCES targets (id), host TEXT NOT NULL,"
	  "  sender TEXT NOT NULL, instance TEXT NOT NULL, created INTEGER NOT NULL, due INTEGER NOT NULL,"
	  "  ended INTEGER, outcome TEXT NOT NULL, may_return INTEGER NOT NULL, words TEXT NOT NULL,"
	  "  facts TEXT NOT NULL);"
	  "CREATE INDEX request_logins ON requests (login_id);"
	  "CREATE INDEX request_devices ON requests (device_id, number);"
	  "CREATE INDEX request_hosts ON requests (host, number);"
	  "CREATE INDEX request_ends ON requests (ended);"
	  "CREATE INDEX requests_going_on ON requests (number) WHERE ended IS NULL;"
	  /* Of a link only what recognises it is kept. */
	  "CREATE TABLE links (hash BLOB PRIMARY KEY, request INTEGER NOT NULL REFERENCES requests (number))"
	  "  WITHOUT ROWID;"
	  "CREATE TABLE asked (chr TEXT NOT NULL, request INTEGER NOT NULL REFERENCES requests (number),"
	  "  PRIMARY KEY (chr, request)) WITHOUT ROWID;"
	  "CREATE TABLE decisions (number INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES requests (number),"
	  "  chr TEXT NOT NULL, decision TEXT NOT NULL, time INTEGER NOT NULL, sender TEXT NOT NULL,"
	  "  statement BLOB NOT NULL, statement_signature BLOB NOT NULL, signature BLOB NOT NULL);"
	  "CREATE INDEX decision_requests ON decisions (request, number);"
	  "CREATE UNIQUE INDEX decision_ends ON decisions (request) WHERE decision = 'end';"
	  "CREATE TRIGGER decision_update BEFORE UPDATE ON decisions BEGIN"
	  "  SELECT RAISE(ABORT, 'what was decided stays'); END;"
	  "CREATE TRIGGER decision_delete BEFORE DELETE ON decisions BEGIN"
	  "  SELECT RAISE(ABORT, 'what was decided stays'); END;" },
	{ "what is old may be forgotten",
	  "DROP TRIGGER decision_delete;"
	  "CREATE TRIGGER decision_delete BEFORE DELETE ON decisions WHEN NOT EXISTS (SELECT 1 FROM requests, meta"
	  "  WHERE number = OLD.request AND name = 'forget_before' AND ended < value) BEGIN"
	  "  SELECT RAISE(ABORT, 'what was decided stays'); END;" },
	{ "what refers to a row is found by it",
	  /* Else each that is forgotten costs a look at all that is kept. */
	  "CREATE INDEX link_requests ON links (request);"
	  "CREATE INDEX asked_requests ON asked (request);"
	  "CREATE INDEX request_targets ON requests (target);" },
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

unsigned srv_schema_version(void)
{
	return STEPS;
}

static enum err version_read(struct srv_db *db, int64_t *version)
{
	struct srv_sql q;

	srv_sql(&q, db, "PRAGMA user_version");
	*version = srv_sql_row(&q) ? -1 : srv_sql_get_int(&q, 0);
	return srv_sql_end(&q);
}

enum err srv_schema_step(struct srv_db *db, unsigned version)
{
	char set[60];
	enum err e;

	if (version < 1 || version > STEPS)
		return ERR_ARG;
	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %u", version);
	e = srv_db_begin(db);
	if (e)
		return e;
	e = srv_db_exec(db, steps[version - 1].sql);
	if (!e)
		e = srv_db_exec(db, set);
	return srv_db_end(db, e);
}

/* ERR_CONFIG: it is newer, which is said. */
static enum err apply(struct srv_db *db)
{
	int64_t version;
	enum err e = version_read(db, &version);

	if (!e && (version < 0 || version > (int64_t)STEPS)) {
		log_tell("the database has schema %lld and this program knows %zu: a newer one wrote it; use that",
			 (long long)version, STEPS);
		return ERR_CONFIG;
	}
	for (; !e && version < (int64_t)STEPS; version++) {
		e = srv_schema_step(db, (unsigned)version + 1);
		if (e)
			log_tell("the database could not be brought to schema %lld (%s)", (long long)version + 1,
				 steps[version].what);
	}
	return e;
}

enum err srv_schema_open(const char *path, enum srv_db_use use, struct srv_db **out)
{
	enum err e = srv_db_open(path, use, out);

	if (e)
		return e;
	e = apply(*out);
	if (e && e != ERR_CONFIG)
		log_tell("%s: %s", path, srv_db_why(*out));
	if (e)
		srv_db_close(out);
	return e;
}
