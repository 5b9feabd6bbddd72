/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/store/sqlite.h"

#define COLUMNS "id, request, device, about, kind, name, why, tries, next, until"

static void copy(char *out, size_t cap, const char *text)
{
	(void)snprintf(out, cap, "%s", text);
}

/* The row that stands there now, of COLUMNS. */
static void row_read(struct srv_sql *q, struct srv_outgoing *o)
{
	o->id = srv_sql_get_int(q, 0);
	copy(o->request, sizeof(o->request), srv_sql_get_text(q, 1));
	copy(o->device, sizeof(o->device), srv_sql_get_text(q, 2));
	copy(o->about, sizeof(o->about), srv_sql_get_text(q, 3));
	copy(o->kind, sizeof(o->kind), srv_sql_get_text(q, 4));
	copy(o->name, sizeof(o->name), srv_sql_get_text(q, 5));
	copy(o->why, sizeof(o->why), srv_sql_get_text(q, 6));
	o->tries = (int)srv_sql_get_int(q, 7);
	o->next = srv_sql_get_int(q, 8);
	o->until = srv_sql_get_int(q, 9);
}

static enum err count(const struct srv_store *s, int64_t *n)
{
	struct srv_sql q;

	srv_sql(&q, s->db, "SELECT count(*) FROM outbox");
	*n = srv_sql_row(&q) ? 0 : srv_sql_get_int(&q, 0);
	return srv_sql_end(&q);
}

size_t srv_outbox_count(const struct srv_store *s)
{
	int64_t n;

	return count(s, &n) ? 0 : (size_t)n;
}

enum err srv_outbox_put(const struct srv_store *s, const struct srv_outgoing *o, const char *way, const char *message)
{
	struct srv_sql q;
	int64_t n;
	enum err e = count(s, &n);

	if (!e && (n >= SRV_OUTBOX_MAX || strlen(message) > SRV_OUTBOX_TEXT))
		e = ERR_LIMIT;
	if (e)
		return e;
	srv_sql(&q, s->db, "INSERT INTO outbox"
			   " (request, device, about, kind, name, why, tries, next, until, way, message) VALUES"
			   " (?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?)");
	srv_sql_text(&q, o->request);
	srv_sql_text(&q, o->device);
	srv_sql_text(&q, o->about);
	srv_sql_text(&q, o->kind);
	srv_sql_text(&q, o->name);
	srv_sql_int(&q, o->next);
	srv_sql_int(&q, o->until);
	srv_sql_text(&q, way);
	srv_sql_text(&q, message);
	return srv_sql_run(&q);
}

enum err srv_outbox_due(const struct srv_store *s, const struct srv_way *w, int64_t now, int64_t longest,
			struct srv_outgoing *o, struct wr *message)
{
	struct srv_sql q;
	enum err found, e;

	srv_sql(&q, s->db, "SELECT " COLUMNS ", message FROM outbox WHERE kind = ? AND way = ?"
			   " AND (next <= ? OR next > ?) AND until > ? ORDER BY next, id LIMIT 1");
	srv_sql_text(&q, srv_way_names[w->kind]);
	srv_sql_text(&q, w->text);
	srv_sql_int(&q, now);
	srv_sql_int(&q, now + longest);
	srv_sql_int(&q, now);
	found = srv_sql_row(&q);
	if (!found) {
		row_read(&q, o);
		wr_text(message, srv_sql_get_text(&q, 10));
	}
	e = srv_sql_end(&q);
	return e ? e : found ? found : wr_done(message);
}

enum err srv_outbox_late(const struct srv_store *s, int64_t now, int64_t after, struct srv_outgoing *o)
{
	struct srv_sql q;
	enum err found, e;

	srv_sql(&q, s->db, "SELECT " COLUMNS " FROM outbox WHERE until <= ? AND id > ? ORDER BY id LIMIT 1");
	srv_sql_int(&q, now);
	srv_sql_int(&q, after);
	found = srv_sql_row(&q);
	if (!found)
		row_read(&q, o);
	e = srv_sql_end(&q);
	return e ? e : found;
}

enum err srv_outbox_next(const struct srv_store *s, int64_t *when)
{
	struct srv_sql q;

	*when = INT64_MAX;
	srv_sql(&q, s->db, "SELECT min(min(next, until)) FROM outbox");
	if (!srv_sql_row(&q) && !srv_sql_is_null(&q, 0))
		*when = srv_sql_get_int(&q, 0);
	return srv_sql_end(&q);
}

enum err srv_outbox_begun(const struct srv_store *s, int64_t id, int64_t next)
{
	struct srv_sql q;

	srv_sql(&q, s->db, "UPDATE outbox SET tries = tries + 1, next = ? WHERE id = ?");
	srv_sql_int(&q, next);
	srv_sql_int(&q, id);
	return srv_sql_run(&q);
}

enum err srv_outbox_failed(const struct srv_store *s, int64_t id, int64_t next, const char *why)
{
	struct srv_sql q;

	srv_sql(&q, s->db, "UPDATE outbox SET next = ?, why = ? WHERE id = ?");
	srv_sql_int(&q, next);
	srv_sql_text(&q, why);
	srv_sql_int(&q, id);
	return srv_sql_run(&q);
}

enum err srv_outbox_drop(const struct srv_store *s, int64_t id)
{
	struct srv_sql q;

	srv_sql(&q, s->db, "DELETE FROM outbox WHERE id = ?");
	srv_sql_int(&q, id);
	return srv_sql_run(&q);
}

#define LATE_BECAUSE(reason) \
	"UPDATE outbox SET until = 0,"                                                                  \
	" why = '" reason "' || CASE why WHEN '' THEN '' ELSE '; before: ' || why END WHERE "

enum err srv_outbox_over(const struct srv_store *s, const char *request)
{
	struct srv_sql q;

	srv_sql(&q, s->db, LATE_BECAUSE("the request is over") "request = ? AND about = 'request' AND until > 0");
	srv_sql_text(&q, request);
	return srv_sql_run(&q);
}

/* The first way in use that stands no longer in the settings, as two texts of the heap; both NULL: none. */
static enum err find_stray(const struct srv_store *s, const struct srv_recipients *r, char **kind, char **way)
{
	struct srv_sql q;

	*kind = *way = NULL;
	srv_sql(&q, s->db, "SELECT DISTINCT kind, way FROM outbox WHERE until > 0");
	while (!*way && !srv_sql_row(&q))
		if (!srv_recipients_find(r, srv_sql_get_text(&q, 0), srv_sql_get_text(&q, 1))) {
			*kind = strdup(srv_sql_get_text(&q, 0));
			*way = strdup(srv_sql_get_text(&q, 1));
			if (!*kind || !*way)
				break;
		}
	return srv_sql_end(&q);
}

enum err srv_outbox_strays(const struct srv_store *s, const struct srv_recipients *r)
{
	struct srv_sql q;
	char *kind, *way;
	bool found;
	enum err e;

	do {
		e = find_stray(s, r, &kind, &way);
		found = !e && kind && way;
		if (found) {
			srv_sql(&q, s->db, LATE_BECAUSE("it is not in [notify] any more")
					   "kind = ? AND way = ? AND until > 0");
			srv_sql_text(&q, kind);
			srv_sql_text(&q, way);
			e = srv_sql_run(&q);
		}
		free(kind);
		free(way);
	} while (found && !e);
	return e;
}

enum err srv_outbox_settle(const struct srv_store *s, const struct srv_recipients *r)
{
	enum err e = srv_db_exec(s->db, LATE_BECAUSE("the server was restarted, and the request is over")
					"about = 'request' AND until > 0");

	return e ? e : srv_outbox_strays(s, r);
}
