/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto_digest.h"
#include "server/ceremony/past.h"
#include "server/ceremony/request_json.h"

/* A request as it is written, with copies of all that it views: it may be written when the ceremony is gone. */
struct keep {
	struct srv_kept kept;
	struct srv_target *target;      /* a reference */
	char id[SRV_ID_SIZE], host[SRV_WHO_MAX + 1], from[SRV_FROM_SIZE];
	uint8_t login_id[LOGIN_ID_SIZE], link[SHA256_SIZE];
	struct wr words, facts;
};

static void keep_free(void *ctx)
{
	struct keep *k = ctx;

	srv_target_unref(&k->target);
	wr_free(&k->words);
	wr_free(&k->facts);
	free(k);
}

static enum err keep_new(const struct srv_ceremony *c, struct keep **out)
{
	const char *outcome = srv_json_outcome(srv_ceremony_facts(c));
	struct keep *k = calloc(1, sizeof(*k));
	int64_t now = clock_wall_s();
	json_t *facts;
	enum err e;

	*out = NULL;
	if (!k)
		return ERR_NOMEM;
	k->target = srv_target_ref(c->target);
	memcpy(k->id, c->id, sizeof(k->id));
	memcpy(k->host, c->host, sizeof(k->host));
	memcpy(k->from, c->from, sizeof(k->from));
	memcpy(k->login_id, c->login_id, sizeof(k->login_id));
	wr_init_heap(&k->words, SRV_WORDS_MAX);
	wr_init_heap(&k->facts, SRV_FACTS_MAX);
	facts = srv_json_request(c, SRV_TO_KEEP, 0);
	srv_past_words(facts, c->target->name, &k->words);
	srv_json_write(facts, &k->facts);
	k->kept = (struct srv_kept){
		.id = k->id, .device_id = k->target->device_id, .host = k->host, .from = k->from,
		.login_id = RD_ARR(k->login_id), .target = k->target->row, .instance = c->env->instance,
		.created = c->created, .due = now + (int64_t)(c->deadline_ms / 1000),
		.ended = outcome ? now : 0, .outcome = outcome ? outcome : "",
		.may_return = outcome && srv_ceremony_facts(c)->result == ERR_REMOVED,
		.words = wr_cstr(&k->words), .facts = wr_cstr(&k->facts),
	};
	e = sha256(rd_str(c->link), k->link);
	if (!e)
		e = wr_done(&k->words);
	if (!e)
		e = wr_done(&k->facts);
	if (e)
		keep_free(k);
	else
		*out = k;
	return e;
}

static enum err request_write(void *ctx, const struct srv_store *store)
{
	const struct keep *k = ctx;

	return store->ops->request_put(store->ctx, &k->kept, RD_ARR(k->link), k->target);
}

enum err srv_keep_open(const struct srv_ceremony *c, const struct srv_event *ev)
{
	struct keep *k;
	enum err e = keep_new(c, &k);

	if (e)
		return e;
	e = srv_event_commit(c->env->events, ev, request_write, k);
	keep_free(k);
	return e;
}

void srv_keep_end(const struct srv_ceremony *c, const struct srv_event *ev)
{
	struct keep *k;

	if (keep_new(c, &k))            /* no memory: the next start finds it going on, and ends it */
		srv_event_emit(c->env->events, ev);
	else
		(void)srv_event_keep(c->env->events, ev, request_write, k, keep_free);
}

struct decided {
	const struct srv_ceremony *c;
	const struct srv_kept_decision *d;
};

static enum err decision_write(void *ctx, const struct srv_store *store)
{
	const struct decided *it = ctx;

	return store->ops->request_decide(store->ctx, it->c->id, it->c->env->instance, it->d);
}

enum err srv_keep_decision(const struct srv_ceremony *c, const struct srv_event *ev,
			   const struct srv_kept_decision *d)
{
	struct decided it = { c, d };

	return srv_event_commit(c->env->events, ev, decision_write, &it);
}
