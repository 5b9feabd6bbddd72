/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/link.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/quirk.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define INS_GET_RESPONSE 0xC0
#define CHANNEL_BITS     0x03
#define TRACE_BYTES      512     /* in one line of the trace */

struct apdu_link {
	const struct apdu_link_ops *ops;
	void *ctx;
	char *where;
	uint8_t atr[ATR_MAX];
	size_t atr_size;
	size_t cmd_max;
	uint64_t count;
};

static void set_atr(struct apdu_link *l, struct rd atr)
{
	l->atr_size = atr.n;
	if (atr.n)
		memcpy(l->atr, atr.p, atr.n);
	l->cmd_max = quirk_cmd_max(atr, l->where);
	if (l->ops->cmd_max && l->ops->cmd_max(l->ctx) < l->cmd_max)
		l->cmd_max = l->ops->cmd_max(l->ctx);
}

enum err apdu_link_new(const struct apdu_link_ops *ops, void *ctx, const char *where, struct rd atr,
		       struct apdu_link **out)
{
	struct apdu_link *l = calloc(1, sizeof(*l));
	enum err e = ERR_NOMEM;

	if (!l)
		goto out;
	l->where = strdup(where);
	if (!l->where)
		goto out;
	e = ERR_LIMIT;
	if (atr.n > ATR_MAX)
		goto out;
	l->ops = ops;
	l->ctx = ctx;
	set_atr(l, atr);
	*out = l;
	l = NULL;
	e = ERR_OK;
out:
	if (e)
		ops->close(ctx, false);
	if (l)
		free(l->where);
	free(l);
	return e;
}

void *apdu_link_ctx(const struct apdu_link *l, const struct apdu_link_ops *ops)
{
	return l->ops == ops ? l->ctx : NULL;
}

void apdu_link_close(struct apdu_link **l, bool reset_card)
{
	if (!l || !*l)
		return;
	(*l)->ops->close((*l)->ctx, reset_card);
	free((*l)->where);
	free(*l);
	*l = NULL;
}

void apdu_link_abandon(struct apdu_link **l)
{
	if (!l || !*l)
		return;
	if ((*l)->ops->abandon)
		(*l)->ops->abandon((*l)->ctx);
	free((*l)->where);
	free(*l);
	*l = NULL;
}

const char *apdu_link_where(const struct apdu_link *l)
{
	return l->where;
}

struct rd apdu_link_atr(const struct apdu_link *l)
{
	return rd_of(l->atr, l->atr_size);
}

uint64_t apdu_link_count(const struct apdu_link *l)
{
	return l->count;
}

size_t apdu_link_cmd_max(const struct apdu_link *l)
{
	return l->cmd_max;
}

enum err apdu_link_begin(struct apdu_link *l, struct deadline *dl)
{
	enum err e = deadline_check(dl);

	if (e || !l->ops->begin)
		return e;
	return l->ops->begin(l->ctx, dl);
}

void apdu_link_end(struct apdu_link *l)
{
	if (l->ops->end)
		l->ops->end(l->ctx);
}

enum err apdu_link_present(struct apdu_link *l)
{
	return l->ops->present ? l->ops->present(l->ctx) : ERR_OK;
}

bool apdu_link_has_pad(const struct apdu_link *l)
{
	return l->ops->has_pad && l->ops->has_pad(l->ctx);
}

bool apdu_link_has_pad_change(const struct apdu_link *l)
{
	return l->ops->has_pad_change && l->ops->has_pad_change(l->ctx);
}

typedef enum err (*pad_op)(void *ctx, const struct pinpad_ask *ask, struct wr *rsp);

static enum err by_pad(struct apdu_link *l, pad_op op, const struct pinpad_ask *ask, struct wr *rsp,
		       struct deadline *dl)
{
	enum err e = deadline_check(dl);

	if (!e && !op)
		e = ERR_UNSUPPORTED;
	if (e)
		return e;
	log_line(LOG_APDU, LOG_TRACE, "%s > %02x%02x%02x%02x: by the reader's pad", l->where, ask->cla, ask->ins,
		 ask->p1, ask->p2);
	l->count++;
	e = op(l->ctx, ask, rsp);
	log_line(LOG_APDU, LOG_TRACE, "%s < by the reader's pad: %s", l->where, err_text(e));
	return e;
}

enum err apdu_link_pad_verify(struct apdu_link *l, const struct pinpad_ask *ask, struct wr *rsp, struct deadline *dl)
{
	return by_pad(l, l->ops->pad_verify, ask, rsp, dl);
}

enum err apdu_link_pad_change(struct apdu_link *l, const struct pinpad_ask *ask, struct wr *rsp, struct deadline *dl)
{
	return by_pad(l, l->ops->pad_change, ask, rsp, dl);
}

enum err apdu_link_reset(struct apdu_link *l)
{
	uint8_t bytes[ATR_MAX];
	struct wr atr;
	enum err e;

	if (!l->ops->reset)
		return ERR_UNSUPPORTED;
	WR_ARR(&atr, bytes);
	e = l->ops->reset(l->ctx, &atr);
	if (!e)
		e = wr_done(&atr);
	if (!e)
		set_atr(l, wr_view(&atr));
	log_line(LOG_APDU, e ? LOG_WARN : LOG_INFO, "%s: reset: %s", l->where, e ? err_text(e) : "done");
	return e;
}

/*
 * The trace: "> command" and "< answer" lines, "+" where one goes on. A body that may be shown is complete, so that a
 * trace can be replayed (replay.h); of any other only the length is shown. The header, the lengths and the status
 * word are never secret.
 */
static void trace_bytes(const struct apdu_link *l, char mark, struct rd bytes)
{
	char text[2 * TRACE_BYTES + 1];
	struct rd part;
	struct wr hex;

	do {
		WR_ARR(&hex, text);
		if (!rd_take(&bytes, bytes.n < TRACE_BYTES ? bytes.n : TRACE_BYTES, &part))
			return;
		wr_hex(&hex, part);
		log_line(LOG_APDU, LOG_TRACE, "%s %c %s", l->where, mark, wr_cstr(&hex));
		mark = '+';
	} while (!rd_end(&bytes));
}

static void trace_cmd(const struct apdu_link *l, struct rd cmd, const struct apdu *a, bool show)
{
	if (!log_wants(LOG_APDU, LOG_TRACE))
		return;
	if (show)
		trace_bytes(l, '>', cmd);
	else
		log_line(LOG_APDU, LOG_TRACE, "%s > %02x%02x%02x%02x: %zu bytes not shown, Le %zu", l->where, a->cla,
			 a->ins, a->p1, a->p2, a->data.n, a->ne);
}

static void trace_rsp(const struct apdu_link *l, struct rd rsp, bool show, uint64_t ms)
{
	struct rd data;
	uint16_t sw;

	if (!log_wants(LOG_APDU, LOG_TRACE) || apdu_answer(rsp, &data, &sw))
		return;
	if (show)
		trace_bytes(l, '<', rsp);
	else
		log_line(LOG_APDU, LOG_TRACE, "%s < %zu bytes not shown, %04x", l->where, data.n, sw);
	log_line(LOG_APDU, LOG_TRACE, "%s # %" PRIu64 " ms", l->where, ms);
}

/* One command on the wire, one answer appended to rsp. */
static enum err transmit_once(struct apdu_link *l, struct rd cmd, const struct apdu *a, unsigned show, struct wr *rsp,
			      struct deadline *dl)
{
	size_t before = rsp->n;
	uint64_t began = clock_boot_ms();
	struct rd answer;
	enum err e;

	e = deadline_check(dl);
	if (e)
		return e;
	trace_cmd(l, cmd, a, show & APDU_SHOW_CMD);
	l->count++;
	e = l->ops->transmit(l->ctx, cmd, rsp, dl);
	if (!e)
		e = wr_done(rsp);
	if (e) {
		log_line(LOG_APDU, LOG_WARN, "%s: %02x %02x: %s", l->where, a->cla, a->ins, err_text(e));
		return e;
	}
	answer = rd_of(rsp->p + before, rsp->n - before);
	trace_rsp(l, answer, show & APDU_SHOW_RSP, clock_boot_ms() - began);
	return answer.n < 2 ? ERR_FORMAT : ERR_OK;
}

/* As transmit_once, for a command that is made here. */
static enum err transmit_made(struct apdu_link *l, const struct apdu *a, unsigned show, struct wr *rsp,
			      struct deadline *dl)
{
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	e = apdu_encode(a, &cmd);
	if (!e)
		e = transmit_once(l, wr_view(&cmd), a, show, rsp, dl);
	wr_free(&cmd);
	return e;
}

/* Two more bytes than the data: the status word of each part goes when the next part comes. */
static uint16_t cut_sw(struct wr *rsp)
{
	uint16_t sw = (uint16_t)(rsp->p[rsp->n - 2] << 8 | rsp->p[rsp->n - 1]);

	wr_cut(rsp, rsp->n - 2);
	return sw;
}

static size_t ne_of(uint16_t sw)
{
	return sw & 0xff ? sw & 0xff : APDU_LE_SHORT_MAX;
}

enum err apdu_link_transmit(struct apdu_link *l, struct rd cmd, unsigned show, struct wr *rsp, struct deadline *dl)
{
	struct apdu get = { .ins = INS_GET_RESPONSE }, a;
	size_t before = rsp->n, had;
	uint16_t sw;
	enum err e;

	e = apdu_decode(cmd, &a);
	if (!e)
		e = transmit_once(l, cmd, &a, show, rsp, dl);
	if (e)
		goto out;

	sw = cut_sw(rsp);
	/*
	 * 6Cxx: not executed, ask again with this Le. A command without Le never asked for data and is never sent
	 * twice.
	 */
	if (sw >> 8 == 0x6c && a.ne && rsp->n == before) {
		a.ne = ne_of(sw);
		a.extended = a.data.n > UINT8_MAX;
		e = transmit_made(l, &a, show, rsp, dl);
		if (e)
			goto out;
		sw = cut_sw(rsp);
	}
	/*
	 * 61xx: more to fetch, on the same logical channel. The sizes of rsp bound it; a card that sends nothing ends
	 * it.
	 */
	get.cla = a.cla & CHANNEL_BITS;
	while (sw >> 8 == 0x61) {
		had = rsp->n;
		get.ne = ne_of(sw);
		e = transmit_made(l, &get, show, rsp, dl);
		if (e)
			goto out;
		sw = cut_sw(rsp);
		e = sw >> 8 == 0x61 && rsp->n == had ? ERR_FORMAT : ERR_OK;
		if (e)
			goto out;
	}
	wr_u16(rsp, sw);
	e = wr_done(rsp);
out:
	if (e && rsp->n > before)
		wr_cut(rsp, before);
	return e;
}
