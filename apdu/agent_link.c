/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/agent_link.h"

#include <stdlib.h>
#include <unistd.h>

#include "apdu/agent_conn.h"
#include "base/text.h"

#define CANCEL_MS 500           /* the agent's answer to a login that was given up */

/* What is in a->packet, answered by the card. */
static enum err ask_card(struct agent_conn *a, struct wr *rsp, const struct deadline *dl)
{
	struct wr *w = &a->packet;
	struct rd elements, answer;
	enum err e = agent_conn_ask(a, w, &elements, dl);

	if (!e && !rd_tlv_find(elements, AGENT_T_APDU, &answer)) {
		agent_conn_end(a);
		e = ERR_PROTOCOL;
	}
	if (!e) {
		wr_put(rsp, answer);
		e = wr_done(rsp);
	}
	wr_reset(w);
	return e;
}

static enum err link_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct deadline turn = deadline_within(dl, AGENT_TURN_MS);
	struct agent_conn *a = ctx;

	/* dl is the card's time for this command; those of other programs may come before it. */
	if (dl && dl->at_ms < UINT64_MAX - AGENT_TURN_MS)
		turn.at_ms = dl->at_ms + AGENT_TURN_MS;
	agent_msg_begin(&a->packet, AGENT_SEND);
	wr_tlv(&a->packet, AGENT_T_APDU, cmd);
	return ask_card(a, rsp, &turn);
}

static enum err link_present(void *ctx)
{
	return agent_conn_ask_plain(ctx, AGENT_PRESENT, AGENT_PATIENCE_MS);
}

static bool link_has_pad(void *ctx)
{
	return ((const struct agent_conn *)ctx)->has_pad;
}

static bool link_has_pad_change(void *ctx)
{
	return ((const struct agent_conn *)ctx)->has_pad_change;
}

/* Nobody but the reader knows how long it takes, and it gives up by itself. */
static enum err link_pad_change(void *ctx, const struct pinpad_ask *pad, struct wr *rsp)
{
	struct deadline dl = deadline_never();
	struct agent_conn *a = ctx;

	agent_msg_begin(&a->packet, AGENT_PAD);
	agent_msg_pad(&a->packet, pad);
	return ask_card(a, rsp, &dl);
}

/* The agent decides about a reset: the card is its own. */
static void link_close(void *ctx, bool reset_card)
{
	struct agent_conn *a = ctx;

	(void)reset_card;
	agent_conn_free(&a);
}

static void link_abandon(void *ctx)
{
	struct agent_conn *a = ctx;

	/* Our copy; the parent's connection goes on. */
	if (a->fd >= 0)
		(void)close(a->fd);
	wr_free(&a->packet);
	free(a);
}

static const struct apdu_link_ops agent_ops = {
	.name = "agent",
	.transmit = link_transmit,
	.present = link_present,
	.has_pad = link_has_pad,
	.has_pad_change = link_has_pad_change,
	.pad_change = link_pad_change,
	.close = link_close,
	.abandon = link_abandon,
};

static enum err open_card(struct agent_conn *a, const char *reader, struct wr *atr)
{
	struct deadline dl = deadline_in(AGENT_PATIENCE_MS);
	struct rd elements, bytes, state;
	uint32_t bits = 0;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_OPEN);
	wr_tlv(&w, AGENT_T_READER, rd_str(reader));
	e = agent_conn_ask(a, &w, &elements, &dl);
	if (!e && (!rd_tlv_find(elements, AGENT_T_ATR, &bytes) || bytes.n > ATR_MAX ||
		   (rd_tlv_find(elements, AGENT_T_STATE, &state) && !rd_uint(state, &bits))))
		e = ERR_PROTOCOL;
	a->has_pad = bits & AGENT_HAS_PAD;
	a->has_pad_change = bits & AGENT_HAS_PAD_CHANGE;
	if (!e) {
		wr_put(atr, bytes);
		e = wr_done(atr);
	}
	wr_free(&w);
	return e;
}

enum err agent_open(const struct agent_at *at, const char *reader, struct apdu_link **out, char *why, size_t cap)
{
	uint8_t bytes[ATR_MAX];
	struct agent_conn *a;
	struct wr atr;
	enum err e = agent_conn_open(at, &a, why, cap);

	if (e)
		return e;
	WR_ARR(&atr, bytes);
	e = agent_conn_explain(a, at->socket, open_card(a, reader, &atr), why, cap);
	if (e) {
		agent_conn_free(&a);
		return e;
	}
	return apdu_link_new(&agent_ops, a, reader, wr_view(&atr), out);
}

static struct agent_conn *agent_of(const struct apdu_link *l)
{
	return apdu_link_ctx(l, &agent_ops);
}

bool agent_is_link(const struct apdu_link *l)
{
	return agent_of(l) != NULL;
}

const char *agent_why(const struct apdu_link *l)
{
	const struct agent_conn *a = agent_of(l);

	return a ? a->why : "";
}

enum err agent_logout(struct apdu_link *l)
{
	struct agent_conn *a = agent_of(l);

	return a ? agent_conn_ask_plain(a, AGENT_LOGOUT, AGENT_PATIENCE_MS) : ERR_BUG;
}

/* ---- login ---- */

static void show_progress(struct rd elements, const struct agent_login_params *p)
{
	char shown[AGENT_TEXT_MAX];
	struct rd text;

	if (p->progress && rd_tlv_find(elements, AGENT_T_TEXT, &text))
		p->progress(p->ctx, text_shown(text, shown, sizeof(shown)));
}

/* Until the login is decided. packet is room for what is heard. */
static enum err hear_decision(struct agent_conn *a, struct wr *packet, const struct agent_login_params *p,
			      bool *decided, const struct deadline *dl)
{
	enum agent_type type = AGENT_PROGRESS;
	struct rd elements;
	enum err e;

	do {
		/* Also where there is always something to hear. */
		e = deadline_check(dl);
		if (!e)
			e = agent_conn_hear(a, packet, &type, &elements, dl);
		if (!e && type == AGENT_PROGRESS)
			show_progress(elements, p);
	} while (!e && type == AGENT_PROGRESS);
	*decided = !e && (type == AGENT_OK || type == AGENT_FAIL);
	return e ? e : agent_conn_judge(a, type, elements);
}

/*
 * Nobody waits any more. The agent hears it, and says how it ended; a login that was good at the same moment is undone.
 * Who does not answer is left.
 */
static void give_up(struct agent_conn *a, struct wr *packet)
{
	const struct agent_login_params nobody = { .progress = NULL };
	struct deadline dl = deadline_in(CANCEL_MS);
	bool decided = false;
	enum err e;

	wr_reset(packet);
	agent_msg_begin(packet, AGENT_CANCEL);
	e = wr_done(packet);
	if (!e)
		e = agent_msg_send(a->fd, wr_view(packet), &dl);
	if (!e)
		e = hear_decision(a, packet, &nobody, &decided, &dl);
	if (!decided || (!e && agent_conn_ask_plain(a, AGENT_LOGOUT, CANCEL_MS)))
		agent_conn_end(a);
}

enum err agent_login(struct apdu_link *l, const struct agent_login_params *p, char *why, size_t cap,
		     struct deadline *dl)
{
	struct agent_conn *a = agent_of(l);
	bool decided = false;
	struct wr w;
	enum err e;

	agent_say(why, cap, "%s", "");
	if (!a)
		return ERR_BUG;
	a->why[0] = 0;
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_LOGIN);
	if (p->pin)
		wr_tlv(&w, AGENT_T_PIN, secret_view(p->pin));
	if (p->limits)
		wr_tlv(&w, AGENT_T_LIMITS, rd_str(p->limits));
	e = wr_done(&w);
	if (!e && a->fd < 0)
		e = ERR_REMOVED;
	if (e)
		goto out;
	e = agent_msg_send(a->fd, wr_view(&w), dl);
	if (!e)
		e = hear_decision(a, &w, p, &decided, dl);
	if (decided)
		goto out;
	if (e == ERR_CANCELLED || e == ERR_TIMEOUT)
		give_up(a, &w);
	else
		agent_conn_end(a);
out:
	if (e && a->why[0] && decided)
		agent_say(why, cap, "%s", a->why);
	else if (e == ERR_REMOVED && !decided)
		agent_say(why, cap, "the agent is gone");
	else if (e)
		agent_say(why, cap, "%s", err_text(e));
	wr_free(&w);
	return e;
}
