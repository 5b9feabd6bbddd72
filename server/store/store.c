/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/base/path.h"
#include "server/store/schema.h"
#include "server/store/store_int.h"

static void close_all(void *ctx)
{
	struct store *s = ctx;

	store_forget(s);
	if (!s->is_borrowed)
		srv_db_close(&s->db);
	free(s);
}

static enum err begin(void *ctx)
{
	return srv_db_begin(((struct store *)ctx)->db);
}

static enum err end(void *ctx, enum err e)
{
	return srv_db_end(((struct store *)ctx)->db, e);
}

static const char *why(void *ctx)
{
	return srv_db_why(((struct store *)ctx)->db);
}

static const struct srv_store_ops ops = {
	.name = "sqlite", .get = store_get, .next = store_next, .put = store_put, .adopt = store_adopt,
	.mode = store_mode, .learn = store_learn, .audit_last = store_audit_last,
	.audit_add = store_audit_add, .audit_read = store_audit_read, .audit_back = store_audit_back,
	.request_put = store_request_put, .request_each = store_request_each, .request_decide = store_request_decide,
	.requests_old = store_requests_old, .requests_forget = store_requests_forget,
	.lived = store_lived, .live_on = store_live_on,
	.decisions = store_decisions, .enrolment = store_enrolment, .begin = begin, .end = end, .why = why,
	.close = close_all,
};

static enum err open_database(struct store *s, const char *dir, enum srv_store_use use, int64_t now)
{
	char path[SRV_PATH_MAX];
	enum err e = srv_path_folder(dir);

	if (!e) {
		e = srv_path(path, dir, SRV_DATABASE);
		if (e)
			errno = ENAMETOOLONG;
	}
	if (e) {
		log_tell("cannot use the state folder %s: %s", dir, e == ERR_IO ? strerror(errno) : err_text(e));
		return e;
	}
	e = srv_schema_open(path, use == SRV_STORE_SERVE ? SRV_DB_SERVE : SRV_DB_LOOK, &s->db);
	return e ? e : store_import(s->db, dir, now);
}

enum err srv_store_open(const char *dir, enum srv_store_use use, const struct att_anchors *anchors, int64_t now,
			struct srv_store *out, size_t *refused)
{
	struct store *s = calloc(1, sizeof(*s));
	enum err e;

	*out = (struct srv_store){ 0 };
	*refused = 0;
	if (!s)
		return ERR_NOMEM;
	e = open_database(s, dir, use, now);
	if (!e) {
		e = store_load(s, anchors, now, refused);
		if (e)
			log_tell("cannot read the enrolments in %s: %s", dir,
				 e == ERR_NOMEM ? err_text(e) : srv_db_why(s->db));
	}
	if (e) {
		close_all(s);
		return e;
	}
	*out = (struct srv_store){ .ops = &ops, .ctx = s, .db = s->db };
	return ERR_OK;
}

enum err srv_store_over(struct srv_db *db, struct srv_store *out)
{
	struct store *s = calloc(1, sizeof(*s));

	*out = (struct srv_store){ 0 };
	if (!s)
		return ERR_NOMEM;
	s->db = db;
	s->is_borrowed = true;
	*out = (struct srv_store){ .ops = &ops, .ctx = s, .db = db };
	return ERR_OK;
}

enum err srv_store_copy(const char *dir, const char *path)
{
	char from[SRV_PATH_MAX];
	struct srv_db *db;
	enum err e = srv_path(from, dir, SRV_DATABASE);

	if (!e)
		e = srv_schema_open(from, SRV_DB_LOOK, &db);
	if (e)
		return e;
	e = srv_db_copy(db, path);
	if (e)
		log_tell("%s: %s", path, srv_db_why(db));
	srv_db_close(&db);
	return e;
}

size_t srv_store_target_count(const struct srv_store *s)
{
	const struct srv_target *t = NULL;
	size_t n = 0;

	while ((t = s->ops->next(s->ctx, t)))
		n++;
	return n;
}

void srv_store_close(struct srv_store *s)
{
	if (s->ops)
		s->ops->close(s->ctx);
	*s = (struct srv_store){ 0 };
}
