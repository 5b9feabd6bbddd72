/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/base/quote.h"
#include "server/base/sum.h"
#include "server/store/store_int.h"
#include "server/target/enrol.h"

static size_t place_of(const char *device_id)
{
	return srv_sum(rd_str(device_id)) % STORE_PLACES;
}

static struct store_entry *find(const struct store *s, const char *device_id)
{
	struct store_entry *it = s->places[place_of(device_id)];

	while (it && strcmp(it->target->device_id, device_id))
		it = it->next_here;
	return it;
}

struct srv_target *store_get(void *ctx, const char *device_id)
{
	struct store_entry *it = find(ctx, device_id);

	return it ? it->target : NULL;
}

struct srv_target *store_next(void *ctx, const struct srv_target *last)
{
	const struct store *s = ctx;
	struct store_entry *it = s->list;

	if (last) {
		it = find(s, last->device_id);
		it = it ? it->next : NULL;
	}
	return it ? it->target : NULL;
}

static enum err spare_make(struct store *s)
{
	if (!s->spare)
		s->spare = calloc(1, sizeof(*s->spare));
	return s->spare ? ERR_OK : ERR_NOMEM;
}

/* An older target of the device goes. */
void store_adopt(void *ctx, struct srv_target *t)
{
	struct store *s = ctx;
	struct store_entry *it = find(s, t->device_id), **place = &s->places[place_of(t->device_id)];

	if (it) {
		srv_target_unref(&it->target);
	} else {
		it = s->spare;
		s->spare = NULL;
		it->next = s->list;
		s->list = it;
		it->next_here = *place;
		*place = it;
	}
	it->target = srv_target_ref(t);
}

static enum err row_write(struct srv_db *db, struct srv_target *t, const char *json, bool replace)
{
	struct srv_sql q;
	enum err e = ERR_OK;

	if (replace) {
		srv_sql(&q, db, "UPDATE targets SET until = ?1 WHERE device_id = ?2 AND until IS NULL");
		srv_sql_int(&q, clock_wall_s());
		srv_sql_text(&q, t->device_id);
		e = srv_sql_run(&q);
	}
	if (e)
		return e;
	srv_sql(&q, db, "INSERT INTO targets (device_id, enrolment, since) VALUES (?, ?, ?)");
	srv_sql_text(&q, t->device_id);
	srv_sql_text(&q, json);
	srv_sql_int(&q, clock_wall_s());
	e = srv_sql_run(&q);
	t->row = srv_db_last_row(db);
	return e;
}

enum err store_put(void *ctx, struct srv_target *t, bool replace)
{
	struct store *s = ctx;
	struct wr json;
	enum err e = spare_make(s);

	wr_init_heap(&json, HTTP_BODY_MAX);
	if (!e)
		e = srv_enrol_json(t, &json);
	if (!e)
		e = srv_db_begin(s->db);
	if (!e)
		e = srv_db_end(s->db, row_write(s->db, t, wr_cstr(&json), replace));
	wr_free(&json);
	return e;
}

enum err store_enrolment(void *ctx, int64_t target, struct wr *json)
{
	const struct store *s = ctx;
	bool found = false;
	struct srv_sql q;
	enum err e;

	srv_sql(&q, s->db, "SELECT enrolment FROM targets WHERE id = ?");
	srv_sql_int(&q, target);
	if (!srv_sql_row(&q)) {
		wr_text(json, srv_sql_get_text(&q, 0));
		found = true;
	}
	e = srv_sql_end(&q);
	return e ? e : found ? wr_done(json) : ERR_NOT_FOUND;
}

/* One row with every check repeated. ERR_NOMEM is the store's failure, anything else the row's. */
static enum err load(struct store *s, const struct att_anchors *anchors, int64_t now, struct srv_sql *q)
{
	const char *device_id = srv_sql_get_text(q, 1);
	struct srv_enrol_report r = { .why = "" };
	struct srv_target *t = NULL;
	struct srv_quoted shown;
	enum err e = srv_enrol(anchors, rd_str(srv_sql_get_text(q, 2)), now, &t, &r);

	if (!e && strcmp(t->device_id, device_id))
		e = ERR_CONFIG;
	if (!e)
		e = spare_make(s);
	if (!e) {
		t->row = srv_sql_get_int(q, 0);
		store_adopt(s, t);
	}
	if (e && e != ERR_NOMEM)
		log_tell("the enrolment of %s is left out: %s%s%s", srv_quote(device_id, &shown),
			 e == ERR_CONFIG ? "it is of another device" : err_text(e), r.why[0] ? ": " : "", r.why);
	srv_target_unref(&t);
	return e;
}

enum err store_load(struct store *s, const struct att_anchors *anchors, int64_t now, size_t *refused)
{
	struct srv_sql q;
	enum err e, one = ERR_OK;

	srv_sql(&q, s->db, "SELECT id, device_id, enrolment FROM targets WHERE until IS NULL ORDER BY id");
	while (one != ERR_NOMEM && !srv_sql_row(&q)) {
		one = load(s, anchors, now, &q);
		*refused += one != ERR_OK;
	}
	e = srv_sql_end(&q);
	return one == ERR_NOMEM ? one : e;
}

void store_forget(struct store *s)
{
	struct store_entry *it;

	memset(s->places, 0, sizeof(s->places));
	while ((it = s->list)) {
		s->list = it->next;
		srv_target_unref(&it->target);
		free(it);
	}
	free(s->spare);
	s->spare = NULL;
}
