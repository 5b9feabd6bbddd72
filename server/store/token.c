/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/token.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define USED_EVERY_S 60         /* a write to the disk for each call would be too much */
#define COLUMNS "name, certificate, hash, roles, chr, created, expires, used, revoked"
#define IN_FORCE "revoked = 0 AND (expires = 0 OR expires > ?1)"

enum err srv_token_new(char text[SRV_TOKEN_SIZE], uint8_t hash[SHA256_SIZE])
{
	enum err e = srv_random_text(text);

	return e ? e : sha256(rd_str(text), hash);
}

static void row_read(struct srv_sql *q, struct srv_grant *g)
{
	struct rd hash = srv_sql_get_bytes(q, 2);

	*g = (struct srv_grant){
		.is_certificate = srv_sql_get_int(q, 1) != 0,
		.roles = (unsigned)srv_sql_get_int(q, 3),
		.created = srv_sql_get_int(q, 5),
		.expires = srv_sql_get_int(q, 6),
		.used = srv_sql_get_int(q, 7),
		.revoked = srv_sql_get_int(q, 8),
	};
	(void)snprintf(g->name, sizeof(g->name), "%s", srv_sql_get_text(q, 0));
	(void)snprintf(g->chr, sizeof(g->chr), "%s", srv_sql_get_text(q, 4));
	if (hash.n == sizeof(g->hash))
		memcpy(g->hash, hash.p, hash.n);
}

static enum err row_write(struct srv_db *db, const struct srv_grant *g)
{
	struct srv_sql q;

	srv_sql(&q, db, "INSERT INTO grants (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
	srv_sql_text(&q, g->name);
	srv_sql_int(&q, g->is_certificate);
	srv_sql_bytes(&q, RD_ARR(g->hash));
	srv_sql_int(&q, g->roles);
	srv_sql_text(&q, g->chr);
	srv_sql_int(&q, g->created);
	srv_sql_int(&q, g->expires);
	srv_sql_int(&q, g->used);
	srv_sql_int(&q, g->revoked);
	return srv_sql_run(&q);
}

/* The newest of this name in force. */
static enum err find_name(struct srv_db *db, const char *name, int64_t now, struct srv_grant *out)
{
	struct srv_sql q;
	enum err e, end;

	srv_sql(&q, db, "SELECT " COLUMNS " FROM grants WHERE " IN_FORCE " AND name = ?2 ORDER BY id DESC LIMIT 1");
	srv_sql_int(&q, now);
	srv_sql_text(&q, name);
	e = srv_sql_row(&q);
	if (!e)
		row_read(&q, out);
	end = srv_sql_end(&q);
	return e ? e : end;
}

enum err srv_grant_add(struct srv_db *db, const struct srv_grant *g)
{
	struct srv_grant old;
	enum err e = srv_db_begin(db);

	if (e)
		return e;
	e = find_name(db, g->name, g->created, &old);
	if (e == ERR_NOT_FOUND)
		e = row_write(db, g);
	else if (!e)
		e = ERR_CONDITIONS;
	return srv_db_end(db, e);
}

static enum err inboxes_tidy(struct srv_db *db, const struct srv_grant *g)
{
	struct srv_sql q;

	srv_sql(&q, db, "DELETE FROM grants WHERE chr != '' AND (revoked != 0 OR (expires != 0 AND expires <= ?1) OR"
			" (chr = ?2 AND id NOT IN (SELECT id FROM grants WHERE chr = ?2 ORDER BY id DESC LIMIT ?3)))");
	srv_sql_int(&q, g->created);
	srv_sql_text(&q, g->chr);
	srv_sql_int(&q, SRV_INBOXES_MAX);
	return srv_sql_run(&q);
}

enum err srv_grant_add_inbox(struct srv_db *db, const struct srv_grant *g)
{
	enum err e = srv_db_begin(db);

	if (e)
		return e;
	e = row_write(db, g);
	if (!e)
		e = inboxes_tidy(db, g);
	return srv_db_end(db, e);
}

/* What is in force under this name ends then. */
static enum err expire(struct srv_db *db, const char *name, int64_t now, int64_t then)
{
	struct srv_sql q;

	srv_sql(&q, db, "UPDATE grants SET expires = ?3 WHERE " IN_FORCE " AND name = ?2 AND"
			" (expires = 0 OR expires > ?3)");
	srv_sql_int(&q, now);
	srv_sql_text(&q, name);
	srv_sql_int(&q, then);
	return srv_sql_run(&q);
}

enum err srv_grant_rotate(struct srv_db *db, const char *name, const uint8_t hash[SHA256_SIZE], int64_t now,
			  int64_t overlap_s, struct srv_grant *out)
{
	enum err e = srv_db_begin(db);

	if (e)
		return e;
	e = find_name(db, name, now, out);
	if (!e && (out->is_certificate || out->chr[0]))
		e = ERR_NOT_FOUND;
	if (!e)
		e = expire(db, name, now, now + overlap_s);
	if (!e) {
		out->expires = out->expires ? now + (out->expires - out->created) : 0;
		out->created = now;
		out->used = 0;
		memcpy(out->hash, hash, sizeof(out->hash));
		e = row_write(db, out);
	}
	return srv_db_end(db, e);
}

static enum err use_note(struct srv_db *db, const struct srv_grant *g, int64_t now)
{
	struct srv_sql q;

	srv_sql(&q, db, "UPDATE grants SET used = ? WHERE hash = ?");
	srv_sql_int(&q, now);
	srv_sql_bytes(&q, RD_ARR(g->hash));
	return srv_sql_run(&q);
}

enum err srv_grant_find(struct srv_db *db, bool is_certificate, const uint8_t hash[SHA256_SIZE], int64_t now,
			struct srv_grant *out)
{
	struct srv_sql q;
	enum err e, end;

	srv_sql(&q, db, "SELECT " COLUMNS " FROM grants WHERE " IN_FORCE " AND hash = ?2 AND certificate = ?3");
	srv_sql_int(&q, now);
	srv_sql_bytes(&q, rd_of(hash, SHA256_SIZE));
	srv_sql_int(&q, is_certificate);
	e = srv_sql_row(&q);
	if (!e)
		row_read(&q, out);
	end = srv_sql_end(&q);
	if (!e)
		e = end;
	if (!e && (out->used > now || out->used + USED_EVERY_S <= now) && use_note(db, out, now))
		out->used = now;        /* a time that could not be noted keeps nobody out */
	return e;
}

enum err srv_grant_revoke(struct srv_db *db, const char *name, int64_t now)
{
	struct srv_sql q;
	enum err e;

	srv_sql(&q, db, "UPDATE grants SET revoked = ?1 WHERE " IN_FORCE " AND name = ?2");
	srv_sql_int(&q, now);
	srv_sql_text(&q, name);
	e = srv_sql_run(&q);
	return e ? e : srv_db_changes(db) ? ERR_OK : ERR_NOT_FOUND;
}

enum err srv_grant_each(struct srv_db *db, enum err (*each)(void *ctx, const struct srv_grant *g), void *ctx)
{
	struct srv_grant g;
	struct srv_sql q;
	enum err e, end;

	srv_sql(&q, db, "SELECT " COLUMNS " FROM grants ORDER BY id DESC");
	while (!(e = srv_sql_row(&q))) {
		row_read(&q, &g);
		e = each(ctx, &g);
		if (e)
			break;
	}
	end = srv_sql_end(&q);
	return e == ERR_NOT_FOUND ? end : e;
}
