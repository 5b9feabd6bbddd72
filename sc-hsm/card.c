/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "sc-hsm/ability.h"
#include "sc-hsm/card_int.h"
#include "sc-hsm/sm.h"

#define SEQUENCE_SIZE 5         /* sequence number at the end of a holder reference, TR-03110 part 3, A.6.1.3 */

enum err hsm_card_new(struct apdu_link *link, struct hsm_card **out)
{
	struct hsm_card *c = calloc(1, sizeof(*c));

	if (!c) {
		apdu_link_close(&link, false);
		return ERR_NOMEM;
	}
	c->link = link;
	*out = c;
	return ERR_OK;
}

void hsm_card_free(struct hsm_card **c, bool reset_card)
{
	if (!c || !*c)
		return;
	hsm_sm_free(&(*c)->sm);
	apdu_link_close(&(*c)->link, reset_card);
	free(*c);
	*c = NULL;
}

void hsm_card_abandon(struct hsm_card **c)
{
	if (!c || !*c)
		return;
	hsm_sm_free(&(*c)->sm);
	apdu_link_abandon(&(*c)->link);
	free(*c);
	*c = NULL;
}

struct apdu_link *hsm_card_link(struct hsm_card *c)
{
	return c->link;
}

const struct err_detail *hsm_card_detail(const struct hsm_card *c)
{
	return &c->detail;
}

enum err hsm_card_refuse(struct hsm_card *c, enum err e)
{
	c->detail = (struct err_detail){ .tries = -1 };
	return e;
}

/* 87 or 85 with a padded block more, 97, 8E, an extended Lc and Le. */
#define CHANNEL_FRAME (AES_BLOCK + 5 + 4 + 10 + 5)

size_t hsm_card_cmd_max(const struct hsm_card *c)
{
	return apdu_link_cmd_max(c->link) - (c->sm ? CHANNEL_FRAME : 0);
}

bool hsm_card_fits(const struct hsm_card *c, const struct wr *cmd)
{
	return wr_done(cmd) != ERR_LIMIT && cmd->n <= hsm_card_cmd_max(c);
}

/* Through the channel. Who is not answered in it has none any more. */
static enum err transmit_protected(struct hsm_card *c, struct rd cmd, struct wr *data, uint16_t *sw,
				   struct deadline *dl)
{
	struct wr wrapped, rsp;
	enum err e;

	wr_init_heap(&wrapped, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	e = hsm_sm_wrap(c->sm, cmd, &wrapped);
	if (!e)
		e = apdu_link_transmit(c->link, wr_view(&wrapped), 0, &rsp, dl);
	if (!e)
		e = hsm_sm_unwrap(c->sm, wr_view(&rsp), data, sw);
	if (e)
		hsm_sm_free(&c->sm);
	wr_free(&rsp);
	wr_free(&wrapped);
	return e;
}

/* data: empty, for the answer without its status word. */
static enum err transmit(struct hsm_card *c, const struct hsm_cmd *row, struct rd cmd, struct wr *data, uint16_t *sw,
			 struct deadline *dl)
{
	struct rd body;
	enum err e;

	/* It ends every login and every channel. */
	if (row->op == HSM_SELECT)
		hsm_sm_free(&c->sm);
	if (c->sm)
		return transmit_protected(c, cmd, data, sw, dl);
	e = apdu_link_transmit(c->link, cmd, row->show, data, dl);
	if (!e)
		e = apdu_answer(wr_view(data), &body, sw);
	if (!e)
		wr_cut(data, body.n);
	return e;
}

/* any_sw: whatever the status word means, it is no error. data may be NULL. */
static enum err exchange(struct hsm_card *c, enum hsm_op op, struct rd cmd, struct wr *data, bool any_sw, uint16_t *sw,
			 struct deadline *dl)
{
	const struct hsm_cmd *row = hsm_cmd_get(op);
	struct deadline limit = deadline_within(dl, hsm_time_ms(row->time));
	struct wr body;
	enum err e;

	wr_init_heap(&body, APDU_RSP_MAX);
	e = transmit(c, row, cmd, &body, sw, &limit);
	if (e) {
		(void)hsm_card_refuse(c, e);
		goto out;
	}
	e = hsm_sw_err(row, *sw, &c->detail);
	if (any_sw)
		e = ERR_OK;
	if (!e && data) {
		wr_put(data, wr_view(&body));
		e = wr_done(data);
	}
out:
	wr_free(&body);
	return e;
}

enum err hsm_card_exchange(struct hsm_card *c, enum hsm_op op, struct rd cmd, struct wr *data, struct deadline *dl)
{
	uint16_t sw;

	return exchange(c, op, cmd, data, false, &sw, dl);
}

enum err hsm_card_ask(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct wr *data, uint16_t *sw,
		      struct deadline *dl)
{
	enum err e = wr_done(cmd);

	if (e)
		(void)hsm_card_refuse(c, e);
	else
		e = exchange(c, op, wr_view(cmd), data, true, sw, dl);
	wr_free(cmd);
	return e;
}

enum err hsm_card_send(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct wr *data, struct deadline *dl)
{
	enum err e = wr_done(cmd);

	if (e)
		(void)hsm_card_refuse(c, e);
	else
		e = hsm_card_exchange(c, op, wr_view(cmd), data, dl);
	wr_free(cmd);
	return e;
}

void hsm_card_know_version(struct hsm_card *c, const struct hsm_version *v)
{
	c->version = *v;
}

enum err hsm_card_select(struct hsm_card *c, struct hsm_version *out, struct deadline *dl)
{
	uint16_t sw = 0;
	struct wr cmd, fci;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&fci, APDU_RSP_MAX);
	hsm_enc_select(&cmd);
	e = hsm_card_ask(c, HSM_SELECT, &cmd, &fci, &sw, dl);
	/* Another kind of card answers one thing or the other; to us they are the same. */
	if (!e && (sw != APDU_SW_OK || hsm_dec_select(wr_view(&fci), &c->version)))
		e = ERR_NO_CARD;
	if (!e && out)
		*out = c->version;
	wr_free(&fci);
	return e;
}

enum err hsm_card_about(struct hsm_card *c, struct hsm_about *out, struct deadline *dl)
{
	struct wr cmd, data;
	enum err e;

	if (!hsm_can(&c->version, HSM_CAN_TELL_MEMORY))
		return hsm_card_refuse(c, ERR_UNSUPPORTED);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&data, APDU_RSP_MAX);
	hsm_enc_device_info(&cmd);
	e = hsm_card_send(c, HSM_DEVICE_INFO, &cmd, &data, dl);
	if (!e)
		e = hsm_dec_about(wr_view(&data), out);
	wr_free(&data);
	return e;
}

enum err hsm_card_random(struct hsm_card *c, size_t n, struct wr *out, struct deadline *dl)
{
	enum err e = ERR_OK;
	struct wr cmd;
	size_t part, before;

	while (!e && n) {
		part = n < HSM_CHALLENGE_MAX ? n : HSM_CHALLENGE_MAX;
		before = out->n;
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_challenge(&cmd, part);
		e = hsm_card_send(c, HSM_CHALLENGE, &cmd, out, dl);
		if (!e && out->n - before != part)
			e = ERR_FORMAT;
		n -= part;
	}
	return e;
}

struct rd hsm_device_id(const struct cvc *device)
{
	return device->chr;
}

struct rd hsm_device_serial(const struct cvc *device)
{
	struct rd chr = device->chr;

	return chr.n > SEQUENCE_SIZE ? rd_of(chr.p, chr.n - SEQUENCE_SIZE) : chr;
}
