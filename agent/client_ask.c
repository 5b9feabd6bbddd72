/* SPDX-License-Identifier: Apache-2.0 */
/* What a client may ask, one function a type of message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/client_int.h"
#include "agent/gate.h"
#include "agent/status.h"
#include "base/log.h"
#include "base/text.h"

/* An element as text of the caller's; "" where there is none. ERR_FORMAT: too long, or with a zero byte. */
static enum err text_of(struct rd elements, enum agent_tag tag, char *buf, size_t cap)
{
	struct rd v;

	buf[0] = 0;
	if (!rd_tlv_find(elements, tag, &v))
		return ERR_OK;
	if (v.n >= cap || (v.n && memchr(v.p, 0, v.n)))
		return ERR_FORMAT;
	if (v.n)
		memcpy(buf, v.p, v.n);
	buf[v.n] = 0;
	return ERR_OK;
}

/* A job of this client, about the card and the approval that it means. */
static enum err make_job(const struct agent_client *c, enum agent_job_kind kind, struct agent_job **out)
{
	enum err e = agent_job_new(kind, &c->peer, out);

	if (e)
		return e;
	(*out)->of_card = c->of_card;
	(*out)->of_approval = c->of_approval;
	return ERR_OK;
}

static enum err on_hello(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	char text[AGENT_TEXT_MAX];
	struct rd version;
	uint32_t v;

	(void)h;
	if (!rd_tlv_find(elements, AGENT_T_VERSION, &version) || !rd_uint(version, &v))
		return ERR_FORMAT;
	if (v != AGENT_PROTO_VERSION) {
		client_fail(c, ERR_PROTOCOL, "this agent is of another version; install module and agent of one "
			    "version, and start the agent again");
		c->closing = true;
		return ERR_OK;
	}
	if (text_of(elements, AGENT_T_PROGRAM, text, sizeof(text)))
		return ERR_FORMAT;
	(void)text_shown(rd_str(text), c->peer.program, sizeof(c->peer.program));
	if (text_of(elements, AGENT_T_REASON, text, sizeof(text)))
		return ERR_FORMAT;
	(void)text_shown(rd_str(text), c->peer.reason, sizeof(c->peer.reason));
	c->greeted = true;
	client_ok(c, AGENT_T_VERSION, version);
	return ERR_OK;
}

static enum err on_list(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	(void)elements;
	agent_msg_begin(&c->out, AGENT_OK);
	for (size_t i = 0; i < h->cards_n; i++) {
		struct agent_view *v = agent_card_view(h->cards[i]);
		struct apdu_reader r = { .in_use = true, .exclusive = true };

		lock_take(&v->lock);
		(void)snprintf(r.name, sizeof(r.name), "%s", v->reader);
		r.has_card = v->state != AGENT_EMPTY;
		/* A card that another one has replaced is another one, whatever the reader counts. */
		r.events = v->card * 2 + r.has_card;
		r.atr_size = r.has_card ? v->atr_n : 0;
		memcpy(r.atr, v->atr, r.atr_size);
		lock_give(&v->lock);
		agent_msg_card(&c->out, &r);
	}
	client_send_out(c);
	return ERR_OK;
}

static enum err on_open(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	char reader[READER_NAME_MAX];
	uint8_t atr[ATR_MAX];
	struct agent_card *card;
	struct agent_view *v;
	uint8_t bits = 0;
	size_t atr_n = 0;

	if (c->card || text_of(elements, AGENT_T_READER, reader, sizeof(reader)) || !*reader)
		return ERR_FORMAT;
	card = agent_house_find(h, reader);
	if (!card) {
		client_fail(c, ERR_NO_READER, "the agent has no such reader");
		return ERR_OK;
	}
	v = agent_card_view(card);
	lock_take(&v->lock);
	if (v->state != AGENT_EMPTY) {
		atr_n = v->atr_n;
		memcpy(atr, v->atr, atr_n);
		c->card = card;
		c->of_card = v->card;
		bits = (uint8_t)(AGENT_HAS_CARD | (v->has_pad ? AGENT_HAS_PAD : 0) |
				 (v->has_pad_change ? AGENT_HAS_PAD_CHANGE : 0));
	}
	lock_give(&v->lock);
	if (!c->card) {
		client_fail(c, ERR_NO_CARD, "no card that the agent could use is in this reader");
		return ERR_OK;
	}
	agent_msg_begin(&c->out, AGENT_OK);
	wr_tlv(&c->out, AGENT_T_ATR, rd_of(atr, atr_n));
	wr_tlv_u8(&c->out, AGENT_T_STATE, bits);
	client_send_out(c);
	return ERR_OK;
}

static void answer_sw(struct agent_client *c, uint16_t sw)
{
	const uint8_t bytes[2] = { (uint8_t)(sw >> 8), (uint8_t)sw };

	client_ok(c, AGENT_T_APDU, RD_ARR(bytes));
}

/* From memory; false: the card has to be asked. */
static bool answer_known(struct agent_client *c, const struct apdu *a, struct rd cmd, const struct hsm_cmd *row,
			 const struct client_standing *s)
{
	struct wr rsp;
	bool known;

	wr_init_heap(&rsp, APDU_RSP_MAX);
	known = agent_view_answer(agent_card_view(c->card), a, cmd, row, s->in, &rsp);
	if (known && wr_done(&rsp))
		client_fail(c, wr_done(&rsp), NULL);
	else if (known)
		client_ok(c, AGENT_T_APDU, wr_view(&rsp));
	wr_free(&rsp);
	return known;
}

static void to_card(struct agent_client *c, enum agent_job_kind kind, struct rd in)
{
	struct agent_job *j = NULL;
	enum err e = make_job(c, kind, &j);
	uint64_t turn;

	if (!e) {
		wr_put(&j->in, in);
		e = wr_done(&j->in);
	}
	if (e) {
		agent_job_free(&j);
		client_fail(c, e, NULL);
		return;
	}
	c->job = j;
	turn = agent_card_submit(c->card, j);
	c->again = turn == c->turn + 1;
	c->turn = turn;
}

static enum err on_send(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	char why[AGENT_PROGRESS_MAX] = "";
	const struct hsm_cmd *row;
	enum agent_class class;
	struct client_standing s;
	bool needs_login;
	struct apdu a;
	struct rd cmd;

	if (!c->card || !rd_tlv_find(elements, AGENT_T_APDU, &cmd))
		return ERR_FORMAT;
	if (apdu_decode(cmd, &a)) {
		client_fail(c, ERR_FORMAT, "malformed command");
		return ERR_OK;
	}
	client_stand(c, &s);
	class = agent_gate(&a, &h->rules->conf->agent.admit, &row, &needs_login, why, sizeof(why));
	if (!s.there) {
		client_fail(c, ERR_REMOVED, "the card was removed");
	} else if (class == AGENT_NEVER || class == AGENT_NO_LEAVE) {
		log_line(LOG_AGENT, LOG_INFO, "reader %s: refused to uid %u, %s (process %u): %s",
			 agent_card_view(c->card)->reader, c->peer.uid, c->peer.program, c->peer.pid, why);
		client_fail(c, class == AGENT_NEVER ? ERR_REFUSED : ERR_READ_ONLY, why);
	} else if (needs_login && s.was_ended) {
		client_fail(c, ERR_ALLOWANCE, s.why);
	} else if (needs_login && !s.in) {
		answer_sw(c, 0x6982);
	} else {
		/* SELECT logs this client out, and nobody else. */
		if (row->op == HSM_SELECT)
			c->of_approval = 0;
		if ((class == AGENT_VIEW || class == AGENT_PUBLIC) && answer_known(c, &a, cmd, row, &s))
			return ERR_OK;
		if (class == AGENT_VIEW)
			answer_sw(c, 0x6A88);
		else if (s.asking)
			client_fail(c, ERR_REFUSED,
				    "a login waits for approvals; the card cannot be used for anything else");
		else
			to_card(c, AGENT_JOB_EXCHANGE, cmd);
	}
	return ERR_OK;
}

/* The card's thread judges the command, as it does with one that is sent. */
static enum err on_pad(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	struct client_standing s;
	struct pinpad_ask ask;

	(void)h;
	if (!c->card || agent_pad_read(elements, &ask))
		return ERR_FORMAT;
	client_stand(c, &s);
	if (!s.there)
		client_fail(c, ERR_REMOVED, "the card was removed");
	else if (s.asking)
		client_fail(c, ERR_REFUSED, "a login waits for approvals; the card cannot be used for anything else");
	else
		to_card(c, AGENT_JOB_PAD, elements);
	return ERR_OK;
}

static enum err on_present(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	struct client_standing s;

	(void)h;
	(void)elements;
	if (!c->card)
		return ERR_FORMAT;
	client_stand(c, &s);
	if (s.there)
		client_ok(c, AGENT_T_TEXT, RD_NONE);
	else
		client_fail(c, ERR_REMOVED, "the card was removed");
	return ERR_OK;
}

static enum err login_job(struct agent_job *j, struct rd elements)
{
	char limits[LIMITS_TEXT_MAX + 1];
	struct rd pin;
	enum err e = text_of(elements, AGENT_T_LIMITS, limits, sizeof(limits));

	if (!e && *limits) {
		j->limits = strdup(limits);
		e = j->limits ? ERR_OK : ERR_NOMEM;
	}
	if (!e && rd_tlv_find(elements, AGENT_T_PIN, &pin) && pin.n)
		e = pin.n > PIN_MAX ? ERR_FORMAT : secret_new(pin, &j->pin);
	return e;
}

static enum err on_login(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	char progress[AGENT_PROGRESS_MAX];
	struct agent_job *j = NULL;
	struct agent_view *v;
	enum err e;

	(void)h;
	if (!c->card)
		return ERR_FORMAT;
	e = make_job(c, AGENT_JOB_LOGIN, &j);
	if (!e)
		e = login_job(j, elements);
	if (e) {
		agent_job_free(&j);
		if (e == ERR_FORMAT)
			return e;
		client_fail(c, e, NULL);
		return ERR_OK;
	}
	c->job = j;
	v = agent_card_view(c->card);
	lock_take(&v->lock);
	memcpy(progress, v->progress, sizeof(progress));
	lock_give(&v->lock);
	(void)agent_card_submit(c->card, j);
	if (*progress)
		agent_client_progress(c, progress);
	return ERR_OK;
}

static enum err on_logout(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	(void)h;
	(void)elements;
	c->of_approval = 0;
	client_ok(c, AGENT_T_TEXT, RD_NONE);
	return ERR_OK;
}

/* One job a card, all at once; the client waits for all of them. A card that is not there is over. */
static enum err on_end(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	char reader[READER_NAME_MAX];
	struct agent_job *j;

	if (text_of(elements, AGENT_T_READER, reader, sizeof(reader)))
		return ERR_FORMAT;
	if (c->peer.uid && c->peer.uid != h->owner) {
		client_fail(c, ERR_REFUSED, "only the agent's own user and root may end an approval for everybody");
		return ERR_OK;
	}
	if (*reader && !agent_house_find(h, reader)) {
		client_fail(c, ERR_NO_READER, "the agent has no such reader");
		return ERR_OK;
	}
	c->end = ++h->ends;
	c->end_e = ERR_OK;
	for (size_t i = 0; i < h->cards_n; i++) {
		struct agent_view *v = agent_card_view(h->cards[i]);

		if (*reader && strcmp(v->reader, reader))
			continue;
		c->end_e = make_job(c, AGENT_JOB_END, &j);
		if (c->end_e)
			break;
		(void)snprintf(j->why, sizeof(j->why), "ended by uid %u, %s (process %u)", c->peer.uid, c->peer.program,
			       c->peer.pid);
		j->end = c->end;
		c->end_cards++;
		agent_card_end(h->cards[i], j);
	}
	if (!c->end_cards)
		client_ended(c);
	return ERR_OK;
}

static enum err on_status(struct agent_house *h, struct agent_client *c, struct rd elements)
{
	struct wr text;

	(void)elements;
	wr_init_heap(&text, AGENT_MESSAGE_MAX / 2);
	for (size_t i = 0; i < h->cards_n; i++)
		agent_status_json(agent_card_view(h->cards[i]), &text);
	if (wr_done(&text))
		client_fail(c, wr_done(&text), NULL);
	else
		client_ok(c, AGENT_T_TEXT, rd_of(text.n ? text.p : (const uint8_t *)"", text.n));
	wr_free(&text);
	return ERR_OK;
}

static const struct {
	enum agent_type type;
	enum err (*run)(struct agent_house *h, struct agent_client *c, struct rd elements);
} verbs[] = {
	{ AGENT_HELLO, on_hello },     { AGENT_LIST, on_list },   { AGENT_OPEN, on_open },
	{ AGENT_SEND, on_send },       { AGENT_PRESENT, on_present }, { AGENT_LOGIN, on_login },
	{ AGENT_LOGOUT, on_logout },   { AGENT_END, on_end },     { AGENT_STATUS, on_status },
	{ AGENT_PAD, on_pad },
};

enum err client_ask(struct agent_house *h, struct agent_client *c, enum agent_type type, struct rd elements)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (verbs[i].type == type)
			return verbs[i].run(h, c, elements);
	return ERR_PROTOCOL;
}
