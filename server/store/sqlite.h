/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database of the store: one SQLite file, WAL, every commit synchronised. SQL stands in server/store/ only; this
 * is what those files need of the library. One thread; no statement is left open across calls of the store.
 *
 * Results: ERR_SHARING: another process holds the lock; ERR_LIMIT: disk or database is full; ERR_FORMAT: the file is
 * damaged or no database; ERR_CONDITIONS: a constraint (or a trigger) refuses; ERR_NOMEM; ERR_IO. srv_db_why says it to
 * people.
 */
#ifndef SERVER_STORE_SQLITE_H
#define SERVER_STORE_SQLITE_H

#include "base/buf.h"

struct srv_db;
/*
 * SRV_DB_SERVE: the file is made if there is none. SRV_DB_LOOK: a copy in memory; the file is not touched. Of whatever
 * schema it is (schema.h). All errors are said.
 */
enum srv_db_use { SRV_DB_SERVE, SRV_DB_LOOK };
MUST enum err srv_db_open(const char *path, enum srv_db_use use, struct srv_db **out);
void srv_db_close(struct srv_db **db);          /* NULL-safe */
/* What went wrong last, for people; valid until the next call. */
const char *srv_db_why(const struct srv_db *db);
/* A copy of the whole database as it is now, in a new file of mode 0600. ERR_CONDITIONS: there is such a file. */
MUST enum err srv_db_copy(struct srv_db *db, const char *path);

/* All or nothing. Transactions within one another are one: the outermost decides. */
MUST enum err srv_db_begin(struct srv_db *db);
MUST enum err srv_db_commit(struct srv_db *db);         /* on failure nothing was written, and it is over */
void srv_db_rollback(struct srv_db *db);
/* Commit, unless e: then roll back. e, or why the commit failed. */
MUST enum err srv_db_end(struct srv_db *db, enum err e);

/* A statement: prepare, bind, rows; a failure latches, so the last call tells. */
struct sqlite3_stmt;
struct srv_sql {
	struct srv_db *db;
	struct sqlite3_stmt *stmt;
	int bound;
	enum err bad;
};
void srv_sql(struct srv_sql *q, struct srv_db *db, const char *sql);
/* Each binds the next parameter. Bytes and text are borrowed until the statement's end. */
void srv_sql_int(struct srv_sql *q, int64_t v);
void srv_sql_text(struct srv_sql *q, const char *text);         /* NULL: null */
void srv_sql_bytes(struct srv_sql *q, struct rd bytes);
/* The next row. ERR_NOT_FOUND: there is none. */
MUST enum err srv_sql_row(struct srv_sql *q);
/* Of the row, from 0; valid until the next call of this statement. null is 0, "", no bytes. */
int64_t srv_sql_get_int(struct srv_sql *q, int column);
const char *srv_sql_get_text(struct srv_sql *q, int column);
struct rd srv_sql_get_bytes(struct srv_sql *q, int column);
bool srv_sql_is_null(struct srv_sql *q, int column);
/* The end; needed always. What went wrong, if anything has; no row is no failure. */
MUST enum err srv_sql_end(struct srv_sql *q);
/* For what gives no rows: run it, and the end. */
MUST enum err srv_sql_run(struct srv_sql *q);
/* Of the last srv_sql_run. */
int64_t srv_db_last_row(const struct srv_db *db);
int64_t srv_db_changes(const struct srv_db *db);
/* Statements without parameters and rows. */
MUST enum err srv_db_exec(struct srv_db *db, const char *sql);

#endif
