/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The server is one thread: it rather says that the database is locked than have everybody wait. */
#define BUSY_MS 200

struct srv_db {
	sqlite3 *handle;
	unsigned depth;                 /* of transactions */
	bool is_spoiled;                /* an inner one was rolled back */
	char why[200];
};

/* ---- errors ---- */

static enum err failed(struct srv_db *db, int rc)
{
	static const struct { int rc; enum err e; const char *say;
	} rows[] = {
		{ SQLITE_BUSY, ERR_SHARING, "the database is locked by another process" },
		{ SQLITE_LOCKED, ERR_SHARING, "the database is locked by another process" },
		{ SQLITE_FULL, ERR_LIMIT, "the disk is full" },
		{ SQLITE_CORRUPT, ERR_FORMAT, "the database is damaged; restore a backup" },
		{ SQLITE_NOTADB, ERR_FORMAT, "the file is no database; restore a backup" },
		{ SQLITE_CONSTRAINT, ERR_CONDITIONS, NULL },
		{ SQLITE_NOMEM, ERR_NOMEM, "out of memory" },
		{ SQLITE_READONLY, ERR_IO, "the database cannot be written" },
	};
	int sys = db->handle ? sqlite3_system_errno(db->handle) : 0;
	size_t i = 0;

	while (i < sizeof(rows) / sizeof(rows[0]) && rows[i].rc != (rc & 0xFF))
		i++;
	if (i < sizeof(rows) / sizeof(rows[0]) && rows[i].say)
		(void)snprintf(db->why, sizeof(db->why), "%s", rows[i].say);
	else if ((rc & 0xFF) == SQLITE_IOERR && sys)
		(void)snprintf(db->why, sizeof(db->why), "%s", strerror(sys));
	else
		(void)snprintf(db->why, sizeof(db->why), "%s", db->handle ? sqlite3_errmsg(db->handle)
									   : sqlite3_errstr(rc));
	/* A quota that is met is said by the file system in words of its own. */
	if ((rc & 0xFF) == SQLITE_IOERR && (sys == ENOSPC || sys == EDQUOT || sys == EFBIG))
		return ERR_LIMIT;
	return i < sizeof(rows) / sizeof(rows[0]) ? rows[i].e : ERR_IO;
}

static enum err result(struct srv_db *db, int rc)
{
	return rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : failed(db, rc);
}

const char *srv_db_why(const struct srv_db *db)
{
	return db->why;
}

/* ---- statements ---- */

void srv_sql(struct srv_sql *q, struct srv_db *db, const char *sql)
{
	*q = (struct srv_sql){ .db = db };
	q->bad = result(db, sqlite3_prepare_v2(db->handle, sql, -1, &q->stmt, NULL));
}

static void bind(struct srv_sql *q, int rc)
{
	if (!q->bad)
		q->bad = result(q->db, rc);
}

void srv_sql_int(struct srv_sql *q, int64_t v)
{
	bind(q, q->bad ? SQLITE_OK : sqlite3_bind_int64(q->stmt, ++q->bound, v));
}

void srv_sql_text(struct srv_sql *q, const char *text)
{
	bind(q, q->bad ? SQLITE_OK : sqlite3_bind_text(q->stmt, ++q->bound, text, -1, SQLITE_STATIC));
}

void srv_sql_bytes(struct srv_sql *q, struct rd bytes)
{
	/* No bytes are not null. */
	bind(q, q->bad ? SQLITE_OK : sqlite3_bind_blob64(q->stmt, ++q->bound, bytes.n ? (const void *)bytes.p : "",
							 bytes.n, SQLITE_STATIC));
}

enum err srv_sql_row(struct srv_sql *q)
{
	int rc;

	if (q->bad)
		return q->bad;
	rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_DONE)
		return ERR_NOT_FOUND;
	q->bad = result(q->db, rc);
	return q->bad;
}

int64_t srv_sql_get_int(struct srv_sql *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *srv_sql_get_text(struct srv_sql *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, column);

	return text ? text : "";
}

struct rd srv_sql_get_bytes(struct srv_sql *q, int column)
{
	const void *p = sqlite3_column_blob(q->stmt, column);

	return rd_of(p, (size_t)sqlite3_column_bytes(q->stmt, column));
}

bool srv_sql_is_null(struct srv_sql *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

enum err srv_sql_end(struct srv_sql *q)
{
	(void)sqlite3_finalize(q->stmt);
	q->stmt = NULL;
	return q->bad;
}

enum err srv_sql_run(struct srv_sql *q)
{
	enum err e = srv_sql_row(q);

	while (!e)
		e = srv_sql_row(q);
	return srv_sql_end(q);
}

int64_t srv_db_last_row(const struct srv_db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t srv_db_changes(const struct srv_db *db)
{
	return sqlite3_changes64(db->handle);
}

enum err srv_db_exec(struct srv_db *db, const char *sql)
{
	return result(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* ---- transactions ---- */

enum err srv_db_begin(struct srv_db *db)
{
	/* At once as a writer: who is refused later would have to begin anew. */
	enum err e = db->depth ? ERR_OK : srv_db_exec(db, "BEGIN IMMEDIATE");

	if (e)
		return e;
	if (!db->depth++)
		db->is_spoiled = false;
	return ERR_OK;
}

/* Some failures have rolled it back already. */
static void undo(struct srv_db *db)
{
	if (!sqlite3_get_autocommit(db->handle))
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

enum err srv_db_commit(struct srv_db *db)
{
	enum err e;

	if (!db->depth)
		return ERR_BUG;
	if (--db->depth)
		return ERR_OK;
	if (db->is_spoiled || sqlite3_get_autocommit(db->handle)) {
		undo(db);
		return ERR_IO;
	}
	e = srv_db_exec(db, "COMMIT");
	if (e)
		undo(db);
	return e;
}

void srv_db_rollback(struct srv_db *db)
{
	if (!db->depth)
		return;
	db->is_spoiled = true;
	if (!--db->depth)
		undo(db);
}

enum err srv_db_end(struct srv_db *db, enum err e)
{
	if (!e)
		return srv_db_commit(db);
	srv_db_rollback(db);
	return e;
}

/* ---- open, copy, close ---- */

/* The library makes files as the umask says; what it puts beside ours has ours' mode. */
static enum err file_make(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

	if (fd < 0)
		return errno == EEXIST ? ERR_CONDITIONS : ERR_IO;
	(void)close(fd);
	return ERR_OK;
}

static enum err handle_open(struct srv_db *db, const char *path, int flags)
{
	enum err e = result(db, sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL));

	if (e)
		return e;
	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return ERR_OK;
}

/* The pages are read once: damage is found before anybody relies on them. */
static enum err whole(struct srv_db *db)
{
	struct srv_sql q;
	bool is_ok;
	enum err e;

	srv_sql(&q, db, "PRAGMA quick_check(1)");
	e = srv_sql_row(&q);
	is_ok = !e && !strcmp(srv_sql_get_text(&q, 0), "ok");
	e = srv_sql_end(&q);
	return e || is_ok ? e : failed(db, SQLITE_CORRUPT);
}

static enum err serve(struct srv_db *db, const char *path)
{
	enum err e = file_make(path, 0);

	if (e) {
		(void)snprintf(db->why, sizeof(db->why), "%s", strerror(errno));
		return e;
	}
	e = handle_open(db, path, SQLITE_OPEN_READWRITE);
	if (!e)
		e = srv_db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
				"PRAGMA cache_size = -256");
	return e ? e : whole(db);
}

/* All pages of one into the other. */
static enum err pages_copy(struct srv_db *from, struct srv_db *to)
{
	sqlite3_backup *b = sqlite3_backup_init(to->handle, "main", from->handle, "main");
	int rc = b ? sqlite3_backup_step(b, -1) : sqlite3_errcode(to->handle);

	if (b)
		(void)sqlite3_backup_finish(b);
	return result(to, rc);
}

static enum err look(struct srv_db *db, const char *path)
{
	struct srv_db file = { 0 };
	enum err e = handle_open(db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);

	if (e || access(path, F_OK))
		return e;       /* no file: what would be made */
	e = handle_open(&file, path, SQLITE_OPEN_READONLY);
	if (!e)
		e = whole(&file);
	if (e)
		memcpy(db->why, file.why, sizeof(db->why));
	else
		e = pages_copy(&file, db);
	(void)sqlite3_close(file.handle);
	return e;
}

enum err srv_db_open(const char *path, enum srv_db_use use, struct srv_db **out)
{
	struct srv_db *db = calloc(1, sizeof(*db));
	enum err e;

	*out = NULL;
	if (!db)
		return ERR_NOMEM;
	e = use == SRV_DB_SERVE ? serve(db, path) : look(db, path);
	if (e) {
		log_tell("%s: %s", path, db->why);
		srv_db_close(&db);
	}
	*out = db;
	return e;
}

void srv_db_close(struct srv_db **db)
{
	if (!*db)
		return;
	(void)sqlite3_close((*db)->handle);
	free(*db);
	*db = NULL;
}

enum err srv_db_copy(struct srv_db *db, const char *path)
{
	struct srv_db to = { 0 };
	enum err e = file_make(path, O_EXCL);

	if (e) {
		(void)snprintf(db->why, sizeof(db->why), "%s", strerror(errno));
		return e;
	}
	e = handle_open(&to, path, SQLITE_OPEN_READWRITE);
	if (!e)
		e = pages_copy(db, &to);
	if (!e)         /* one file, whole, without anything beside it */
		e = srv_db_exec(&to, "PRAGMA journal_mode = DELETE");
	if (e)
		memcpy(db->why, to.why, sizeof(db->why));
	(void)sqlite3_close(to.handle);
	if (e)
		(void)unlink(path);
	return e;
}
