/* SPDX-License-Identifier: Apache-2.0 */
#include "server/end.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "pka/end.h"

#define ENCODED_MAX 65536       /* a PKA file as base64url */

const char *srv_end_by(const struct srv_ceremony *c)
{
	return c->end.said ? c->target->custodians[c->end.said->by].chr : NULL;
}

static void put_bytes(struct wr *w, const char *key, struct rd bytes)
{
	struct wr text;

	wr_init_heap(&text, ENCODED_MAX);
	wr_base64url(&text, bytes);
	if (wr_done(&text))
		wr_fail(w, wr_done(&text));
	else
		wr_json_text(w, key, wr_view(&text));
	wr_free(&text);
}

static void tell(const struct srv_ceremony *c, struct srv_call *call)
{
	const struct srv_end_said *said = c->end.said;
	struct wr *w = &call->reply.body;
	struct srv_event ev;

	wr_json_open(w);
	wr_json_text(w, "chr", rd_str(srv_end_by(c)));
	put_bytes(w, "pka_file", c->target->pka_files[said->by]);
	put_bytes(w, "statement", wr_view(&said->statement));
	put_bytes(w, "statement_signature", wr_view(&said->sig));
	wr_json_close(w);
	srv_event_init(&ev, "end-told", c->id, NULL);
	srv_event_word(&ev, "to", call->request.from);
	srv_event_emit(c->env->events, &ev);
	srv_call_answer(call, 200, SRV_JSON);
}

/* The first of those that wait, which then does not any more. */
static struct srv_call *take(struct srv_end *end)
{
	struct srv_call *call = end->waits;

	if (call) {
		end->waits = call->next;
		call->next = NULL;
	}
	return call;
}

static enum err keep(struct srv_end *end, size_t by, const struct srv_decision *d)
{
	struct srv_end_said *said = calloc(1, sizeof(*said));
	enum err e;

	if (!said)
		return ERR_NOMEM;
	said->by = by;
	WR_ARR(&said->statement, said->statement_bytes);
	WR_ARR(&said->sig, said->sig_bytes);
	wr_put(&said->statement, d->statement);
	wr_put(&said->sig, d->statement_sig);
	e = wr_done(&said->statement);
	if (!e)
		e = wr_done(&said->sig);
	if (e) {
		free(said);
		said = NULL;
	}
	end->said = said;
	return e;
}

static enum err say(struct srv_ceremony *c, const struct srv_decision *d)
{
	const struct srv_target *t = c->target;
	char who[CHR_MAX + 1];
	size_t by;
	enum err e;

	if (srv_ceremony_facts(c)->state != PKA_OPEN)
		return ERR_CONDITIONS;
	by = srv_target_find(t, d->chr);
	if (by == t->m)
		return ERR_SIGNATURE;
	/* The PKA file that was enrolled, so the registered key. */
	e = pka_end_check(t->pka_files[by], d->statement, d->statement_sig, rd_str(t->device_id), RD_ARR(c->login_id),
			  wr_view(&c->host_json), who);
	if (!e && strcmp(who, d->chr))
		e = ERR_SIGNATURE;
	return e || c->end.said ? e : keep(&c->end, by, d);
}

enum err srv_end_say(struct srv_ceremony *c, const struct srv_decision *d)
{
	struct srv_event ev;
	struct srv_call *call;
	size_t hosts = 0;
	enum err e = say(c, d);

	for (call = c->end.waits; call; call = call->next)
		hosts++;
	srv_ceremony_event(c, "end-session", &ev);
	srv_event_text(&ev, "key", d->chr);
	srv_event_word(&ev, "from", d->from);
	srv_event_number(&ev, "hosts", (int64_t)hosts);
	srv_event_text(&ev, "result", e ? err_text(e) : "accepted");
	srv_event_emit(c->env->events, &ev);
	while (!e && (call = take(&c->end)))
		tell(c, call);
	return e;
}

void srv_end_wait(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms)
{
	if (c->end.said) {
		tell(c, call);
		return;
	}
	call->until_ms = now_ms + c->env->poll_ms;
	call->next = c->end.waits;
	c->end.waits = call;
}

bool srv_end_gone(struct srv_ceremony *c, struct srv_call *call)
{
	struct srv_call **at = &c->end.waits;

	while (*at && *at != call)
		at = &(*at)->next;
	if (!*at)
		return false;
	*at = call->next;
	call->next = NULL;
	srv_call_answer(call, 404, NULL);       /* nobody reads it */
	return true;
}

void srv_end_give_up(struct srv_ceremony *c, int status)
{
	struct srv_call *call;

	while ((call = take(&c->end)))
		srv_call_refuse(call, status, status == 404 ? "not_found" : "stopping",
				"the server does not keep this login any more");
}

uint64_t srv_end_tick(struct srv_ceremony *c, uint64_t now_ms)
{
	struct srv_call **at = &c->end.waits, *call;
	uint64_t next = UINT64_MAX;

	while ((call = *at)) {
		if (call->until_ms > now_ms) {
			next = call->until_ms < next ? call->until_ms : next;
			at = &call->next;
			continue;
		}
		*at = call->next;
		call->next = NULL;
		srv_call_answer(call, 204, NULL);
	}
	return next;
}
