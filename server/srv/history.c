/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/history.h"

struct list {
	const struct srv *s;
	json_t *out;
	size_t max, n;
	int64_t last;                   /* number of the last one taken */
	bool is_more;
};

static enum err past_add(void *arg, const struct srv_past *p)
{
	struct list *l = arg;

	if (l->n == l->max) {
		l->is_more = true;
		return ERR_OK;
	}
	l->n++;
	l->last = p->number;
	srv_json_append(&l->out, srv_past_json(&l->s->store, p, false));
	return l->out ? ERR_OK : ERR_NOMEM;
}

/* What somebody sees who may not read all, in the terms of the store. */
static void narrow(const struct srv_identity *who, struct srv_kept_filter *f)
{
	if (who->may & SRV_MAY_READ)
		return;
	if (who->may & SRV_MAY_OWN)
		f->host = who->name;
	else
		f->chr = who->chr;
}

/* For what no index of the store helps. */
static bool is_search(const struct srv_kept_filter *f)
{
	return (f->search && f->search[0]) || (f->outcome && f->outcome[0]) || f->from || f->until;
}

static enum err number_take(void *arg, const struct srv_kept *r)
{
	*(int64_t *)arg = r->number + 1;
	return ERR_OK;
}

/* Of those before f->before, or of all, only so many. */
static enum err bound(const struct srv *s, struct srv_kept_filter *f)
{
	const struct srv_kept_filter all = { .id = NULL };
	int64_t end = f->before;
	enum err e = end ? ERR_OK : s->store.ops->request_each(s->store.ctx, &all, 1, number_take, &end);

	f->least = end > SRV_HISTORY_SCAN ? end - SRV_HISTORY_SCAN : 0;
	return e;
}

enum err srv_history_list(const struct srv *s, const struct srv_identity *who, const struct srv_kept_filter *f,
			  size_t max, json_t **out, int64_t *next)
{
	struct list l = { .s = s, .out = json_array(), .max = max };
	struct srv_kept_filter of = *f;
	enum err e = is_search(f) ? bound(s, &of) : ERR_OK;

	of.is_over = true;
	narrow(who, &of);
	if (!e)
		e = srv_past_each(&s->store, &of, max + 1, past_add, &l);
	if (e) {
		json_decref(l.out);
		l.out = NULL;
	}
	*out = l.out;
	if (next)
		*next = l.is_more ? l.last : of.least > 1 ? of.least : 0;
	return e;
}
