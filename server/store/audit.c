/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "server/store/store_int.h"

static void hash_take(struct srv_sql *q, int column, uint8_t out[SHA256_SIZE])
{
	struct rd bytes = srv_sql_get_bytes(q, column);

	if (bytes.n == SHA256_SIZE)
		memcpy(out, bytes.p, SHA256_SIZE);
}

enum err store_audit_last(void *ctx, struct chain_entry *out, bool *is_checkpoint)
{
	const struct store *s = ctx;
	struct srv_sql q;

	*out = (struct chain_entry){ 0 };
	if (is_checkpoint)
		*is_checkpoint = false;
	srv_sql(&q, s->db, "SELECT seq, time, hash, name = 'checkpoint' FROM audit ORDER BY seq DESC LIMIT 1");
	if (!srv_sql_row(&q)) {
		out->seq = (uint64_t)srv_sql_get_int(&q, 0);
		out->time = srv_sql_get_int(&q, 1);
		hash_take(&q, 2, out->hash);
		if (is_checkpoint)
			*is_checkpoint = srv_sql_get_int(&q, 3) != 0;
	}
	return srv_sql_end(&q);
}

enum err store_audit_add(void *ctx, const struct chain_entry *e)
{
	const struct store *s = ctx;
	char event[CHAIN_LINE_MAX];
	struct srv_sql q;

	(void)snprintf(event, sizeof(event), "%.*s", (int)e->event.n, (const char *)e->event.p);
	srv_sql(&q, s->db, "INSERT INTO audit (seq, time, previous, event, hash, name) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, json_extract(?4, '$.event'))");
	srv_sql_int(&q, (int64_t)e->seq);
	srv_sql_int(&q, e->time);
	srv_sql_bytes(&q, RD_ARR(e->previous));
	srv_sql_text(&q, event);
	srv_sql_bytes(&q, RD_ARR(e->hash));
	return srv_sql_run(&q);
}

static enum err rows_take(struct srv_sql *q, srv_audit_take *take, void *arg)
{
	struct chain_entry it;
	enum err e = ERR_OK, end;

	while (!e && !srv_sql_row(q)) {
		it = (struct chain_entry){ .seq = (uint64_t)srv_sql_get_int(q, 0), .time = srv_sql_get_int(q, 1),
					   .event = rd_str(srv_sql_get_text(q, 3)) };
		hash_take(q, 2, it.previous);
		hash_take(q, 4, it.hash);
		e = take(arg, &it);
	}
	end = srv_sql_end(q);
	return e ? e : end;
}

/* What people search for is text as it stands; % and _ have no meaning in it. */
#define ENTRIES "SELECT seq, time, previous, event, hash FROM audit WHERE "
#define SEARCH "seq >= ?1 AND seq < ?2 AND (?3 = '' OR instr(lower(event), lower(?3)) > 0)"

struct part {                           /* the entries from this number on, below that one, that hold search; so many */
	uint64_t from, below;
	const char *search;
	size_t max;
};

static enum err read_by(const struct store *s, const char *sql, const struct part *p, srv_audit_take *take, void *arg)
{
	struct srv_sql q;

	srv_sql(&q, s->db, sql);
	srv_sql_int(&q, (int64_t)p->from);
	srv_sql_int(&q, (int64_t)p->below);
	srv_sql_text(&q, p->search);
	srv_sql_int(&q, (int64_t)p->max);
	return rows_take(&q, take, arg);
}

/* The number behind the last entry's. */
static enum err behind_last(void *ctx, uint64_t *out)
{
	struct chain_entry last = { .seq = 0 };
	enum err e = store_audit_last(ctx, &last, NULL);

	*out = last.seq + 1;
	return e;
}

enum err store_audit_read(void *ctx, uint64_t from, const char *search, size_t max, srv_audit_take *take, void *arg,
			  uint64_t *next)
{
	uint64_t below = INT64_MAX, on = 0;
	enum err e = search[0] ? behind_last(ctx, &below) : ERR_OK;

	if (e)
		return e;
	if (search[0] && from < below && below - from > SRV_AUDIT_SCAN)
		below = on = from + SRV_AUDIT_SCAN;
	if (next)
		*next = on;
	return read_by(ctx, ENTRIES SEARCH " ORDER BY seq LIMIT ?4", &(struct part){ from, below, search, max }, take,
		       arg);
}

enum err store_audit_back(void *ctx, uint64_t before, const char *search, size_t max, srv_audit_take *take, void *arg,
			  uint64_t *next)
{
	uint64_t below = before, on = 0;
	enum err e = before ? ERR_OK : behind_last(ctx, &below);

	if (e)
		return e;
	if (search[0] && below > SRV_AUDIT_SCAN + 1)
		on = below - SRV_AUDIT_SCAN;
	if (next)
		*next = on;
	return read_by(ctx, ENTRIES SEARCH " ORDER BY seq DESC LIMIT ?4", &(struct part){ on, below, search, max },
		       take, arg);
}
