/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of a card, one after the other. */
#include "agent/card_int.h"
#include "agent/gate.h"
#include "agent/lease.h"
#include "apdu/agent_proto.h"

static enum err plain(struct agent_card *c, const struct hsm_cmd *row, struct agent_job *j)
{
	struct deadline dl = deadline_in(hsm_time_ms(row->time));

	return apdu_link_transmit(hsm_card_link(c->held.hsm), wr_view(&j->in), row->show, &j->out, &dl);
}

/* Whatever was changed, what was known of the card is read anew; at INITIALIZE the login went, too. */
static enum err changed(struct agent_card *c, const struct hsm_cmd *row)
{
	struct deadline dl = deadline_in(hsm_time_ms(T_KEYOP));
	enum err e = ERR_OK;

	agent_view_changed(&c->view);
	if (row->op == HSM_INITIALIZE)
		agent_card_end_approval(c, false, "the card was initialised");
	if (!c->approval)
		e = agent_card_learn(c, AGENT_NOTE_CLOSED);
	return e ? e : agent_keys_read(&c->held.keys, c->held.hsm, &dl);
}

/*
 * Who joins an approval shows the PIN of the card; a wrong one in CHANGE REFERENCE DATA has closed it, and one that the
 * SO-PIN sets is nobody's who is in (reference 3.2, 3.3).
 */
static void heed_pin(struct agent_card *c, const struct hsm_cmd *row, const struct apdu *a, uint16_t sw)
{
	if (!c->approval || a->p2 != HSM_REF_USER)
		return;
	if (row->op == HSM_RESET_RETRY && sw == APDU_SW_OK)
		agent_card_end_approval(c, false, "the PIN was set anew by the SO-PIN");
	if (row->op != HSM_CHANGE_PIN)
		return;
	if (sw >> 8 == 0x63 || sw == 0x6983)
		agent_card_end_approval(c, false, "a change of the PIN began with a wrong one");
	if (sw == APDU_SW_OK && agent_approval_new_pin(c->approval, a->data))
		agent_card_end_approval(c, false, "the PIN was changed");
}

static enum err exchange(struct agent_card *c, struct agent_job *j)
{
	const struct hsm_cmd *row;
	enum agent_class class;
	bool needs_login;
	struct rd data;
	struct apdu a;
	uint16_t sw = 0;
	enum err e;

	e = apdu_decode(wr_view(&j->in), &a);
	if (e)
		return e;
	class = agent_gate(&a, &c->rules->conf->agent.admit, &row, &needs_login, j->why, sizeof(j->why));
	switch (class) {
	case AGENT_NEVER:
		return ERR_REFUSED;
	case AGENT_NO_LEAVE:
		return ERR_READ_ONLY;
	case AGENT_VIEW:
		/* The view knows all that can be known of it. */
		wr_u16(&j->out, 0x6A88);
		return ERR_OK;
	case AGENT_USE:
		e = agent_card_use(c, &a, wr_view(&j->in), j);
		j->used_key = !e;
		return e;
	case AGENT_USE_NEW:
		e = agent_card_use(c, &a, wr_view(&j->in), j);
		break;
	case AGENT_USER:
	case AGENT_CHANGE:
		if (needs_login && !agent_card_is_in(c, j))
			return agent_card_not_in(c, j);
		e = plain(c, row, j);
		break;
	case AGENT_PUBLIC:
	case AGENT_ANYONE:
		e = plain(c, row, j);
		break;
	}
	if (e || (class != AGENT_CHANGE && class != AGENT_USE_NEW) || apdu_answer(wr_view(&j->out), &data, &sw))
		return e;
	heed_pin(c, row, &a, sw);
	return sw == APDU_SW_OK ? changed(c, row) : ERR_OK;
}

/*
 * A change of PIN that is typed on the reader: the same leave as for the command, and the same consequences. The PINs
 * are not known here: an approval that others join by showing the old one is over.
 */
static enum err change_on_pad(struct agent_card *c, struct agent_job *j)
{
	struct deadline dl = deadline_never();
	const struct hsm_cmd *row;
	struct pinpad_ask ask;
	bool needs_login;
	struct rd data;
	uint16_t sw = 0;
	enum err e = agent_pad_read(wr_view(&j->in), &ask);
	/* With data, as the card will have it: which is what the gate knows the command by. */
	struct apdu a = { .cla = ask.cla, .ins = ask.ins, .p1 = ask.p1, .p2 = ask.p2, .data = RD_LIT("PIN") };

	if (e)
		return e;
	switch (agent_gate(&a, &c->rules->conf->agent.admit, &row, &needs_login, j->why, sizeof(j->why))) {
	case AGENT_CHANGE:
		break;
	case AGENT_NO_LEAVE:
		return ERR_READ_ONLY;
	default:
		return ERR_REFUSED;
	}
	if (row->op != HSM_CHANGE_PIN && row->op != HSM_RESET_RETRY)
		return ERR_REFUSED;
	e = apdu_link_pad_change(hsm_card_link(c->held.hsm), &ask, &j->out, &dl);
	if (e || apdu_answer(wr_view(&j->out), &data, &sw))
		return e;
	a.data = RD_NONE;
	heed_pin(c, row, &a, sw);
	return sw == APDU_SW_OK ? changed(c, row) : ERR_OK;
}

void agent_card_run(struct agent_card *c, struct agent_job *j)
{
	enum err e;

	if (j->kind == AGENT_JOB_LEASE) {
		agent_lease_take(c, j);
		return;
	}
	/* Also where who asked for it is gone: he wanted nothing else. What is not in force is over. */
	if (j->kind == AGENT_JOB_END) {
		agent_card_end_approval(c, false, "%s", j->why);
		c->ending--;
		agent_card_done(c, j, ERR_OK, NULL);
		return;
	}
	if (j->abandoned) {
		agent_card_done(c, j, ERR_CANCELLED, NULL);
		return;
	}
	if (!c->held.hsm || j->of_card != c->view.card) {
		agent_card_done(c, j, ERR_REMOVED, "the card was removed");
		return;
	}
	switch (j->kind) {
	case AGENT_JOB_LOGIN:
		agent_card_login(c, j);
		return;
	case AGENT_JOB_EXCHANGE:
	case AGENT_JOB_PAD:
		e = j->kind == AGENT_JOB_PAD ? change_on_pad(c, j) : exchange(c, j);
		agent_card_heed(c, e);
		agent_card_done(c, j, e, NULL);
		return;
	case AGENT_JOB_END:
	case AGENT_JOB_LEASE:
	case AGENT_JOB_PROGRESS:
	case AGENT_JOB_READER:
		break;
	}
	agent_card_done(c, j, ERR_BUG, NULL);
}
