/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/view.h"

#include <stdio.h>
#include <string.h>

#include "agent/gate.h"

enum err agent_view_init(struct agent_view *v, const char *reader)
{
	*v = (struct agent_view){ .state = AGENT_EMPTY };
	lock_init(&v->lock);
	(void)snprintf(v->reader, sizeof(v->reader), "%s", reader);
	return agent_cache_new(&v->cache);
}

void agent_view_fini(struct agent_view *v)
{
	agent_cache_free(&v->cache);
	lock_fini(&v->lock);
}

static void forget(struct agent_view *v)
{
	agent_cache_clear(v->cache);
	v->select.n = v->so.n = 0;
	for (size_t i = 0; i < 2; i++)
		v->user[i].n = v->pka[i].n = 0;
}

void agent_view_card(struct agent_view *v, struct rd atr, uint32_t events)
{
	lock_take(&v->lock);
	forget(v);
	v->state = AGENT_EMPTY;
	v->device_id[0] = 0;
	v->progress[0] = 0;
	v->events = events;
	v->atr_n = atr.n <= sizeof(v->atr) ? atr.n : 0;
	if (v->atr_n) {
		memcpy(v->atr, atr.p, v->atr_n);
		v->card++;
	}
	lock_give(&v->lock);
}

void agent_view_state(struct agent_view *v, enum agent_state s)
{
	lock_take(&v->lock);
	v->state = s;
	v->progress[0] = 0;
	lock_give(&v->lock);
}

void agent_view_ready(struct agent_view *v, const char *device_id, bool has_pad, bool has_pad_change)
{
	lock_take(&v->lock);
	(void)snprintf(v->device_id, sizeof(v->device_id), "%s", device_id);
	v->has_pad = has_pad;
	v->has_pad_change = has_pad_change;
	v->state = AGENT_CLOSED;
	lock_give(&v->lock);
}

void agent_view_looked(struct agent_view *v)
{
	lock_take(&v->lock);
	v->looked = true;
	lock_give(&v->lock);
}

void agent_view_used(struct agent_view *v, uint32_t digests, uint64_t uses)
{
	lock_take(&v->lock);
	v->facts.digests = digests;
	v->facts.uses = uses;
	lock_give(&v->lock);
}

void agent_view_open(struct agent_view *v, const struct agent_facts *f)
{
	lock_take(&v->lock);
	v->facts = *f;
	v->state = AGENT_OPENED;
	v->progress[0] = 0;
	v->approval++;
	lock_give(&v->lock);
}

void agent_view_progress(struct agent_view *v, const char *text)
{
	lock_take(&v->lock);
	(void)snprintf(v->progress, sizeof(v->progress), "%s", text);
	lock_give(&v->lock);
}

void agent_view_end(struct agent_view *v, enum agent_state s, bool by_limits, const char *why)
{
	lock_take(&v->lock);
	v->state = s;
	v->ended = v->approval;
	v->ended_by_limits = by_limits;
	(void)snprintf(v->ended_why, sizeof(v->ended_why), "%s", why);
	lock_give(&v->lock);
}

void agent_view_noting(struct agent_view *v, enum agent_note n)
{
	lock_take(&v->lock);
	v->note = n;
	lock_give(&v->lock);
}

void agent_view_changed(struct agent_view *v)
{
	lock_take(&v->lock);
	agent_cache_clear(v->cache);
	lock_give(&v->lock);
}

/* Where an answer about the state is kept; NULL: nowhere. */
static struct agent_answer *place(struct agent_view *v, const struct apdu *a, enum hsm_op op, bool open)
{
	switch (op) {
	case HSM_SELECT:
		return &v->select;
	case HSM_VERIFY_STATUS:
		return a->p2 == HSM_REF_USER ? &v->user[open] : a->p2 == HSM_REF_SO ? &v->so : NULL;
	case HSM_PKA_STATUS:
		return &v->pka[open];
	default:
		return NULL;
	}
}

/* Answers that stay as they are: content, its end, and that there is none. */
static bool is_lasting(struct rd rsp)
{
	struct rd data;
	uint16_t sw;

	if (apdu_answer(rsp, &data, &sw))
		return false;
	return sw == APDU_SW_OK || sw == HSM_SW_END_OF_FILE || sw == HSM_SW_BEHIND_END || sw == 0x6A82 ||
	       sw == 0x6A88;
}

void agent_view_see(struct agent_view *v, struct rd cmd, struct rd rsp)
{
	static const struct conf_list none;
	struct agent_answer *where;
	const struct hsm_cmd *row;
	enum agent_class class;
	bool needs_login;
	struct apdu a;
	char why[64];

	if (apdu_decode(cmd, &a))
		return;
	class = agent_gate(&a, &none, &row, &needs_login, why, sizeof(why));
	if (class != AGENT_VIEW && class != AGENT_PUBLIC)
		return;
	lock_take(&v->lock);
	if (class == AGENT_PUBLIC && is_lasting(rsp) && v->note != AGENT_NOTE_NOTHING)
		agent_cache_put(v->cache, cmd, rsp);
	where = class == AGENT_VIEW ? place(v, &a, row->op, v->note == AGENT_NOTE_OPEN) : NULL;
	/* Without a card's applet there is nothing to show; and a failed login says nothing that lasts. */
	if (where && v->note != AGENT_NOTE_NOTHING && rsp.n <= sizeof(where->p)) {
		memcpy(where->p, rsp.p, rsp.n);
		where->n = rsp.n;
	}
	lock_give(&v->lock);
}

static void put_sw(struct wr *rsp, uint16_t sw)
{
	wr_u16(rsp, sw);
}

bool agent_view_answer(struct agent_view *v, const struct apdu *a, struct rd cmd, const struct hsm_cmd *row,
		       bool is_in, struct wr *rsp)
{
	const struct agent_answer *known;
	struct rd from_cache;
	bool found = false;

	if (row->op == HSM_SELECT && !rd_eq(a->data, hsm_aid)) {
		put_sw(rsp, 0x6A82);
		return true;
	}
	lock_take(&v->lock);
	known = place(v, a, row->op, is_in);
	if (known && known->n) {
		wr_put(rsp, rd_of(known->p, known->n));
		found = true;
	} else if (!known && agent_cache_get(v->cache, cmd, &from_cache)) {
		wr_put(rsp, from_cache);
		found = true;
	}
	lock_give(&v->lock);
	return found;
}
