/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tap_link.h"

#include <stdlib.h>

struct tap {
	struct apdu_link *inner;
	struct agent_view *view;
};

static enum err tap_begin(void *ctx, struct deadline *dl)
{
	return apdu_link_begin(((struct tap *)ctx)->inner, dl);
}

static enum err tap_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct tap *t = ctx;
	size_t at = rsp->n;
	/* The outer link traces by the command's row; here only lengths. */
	enum err e = apdu_link_transmit(t->inner, cmd, 0, rsp, dl);

	if (!e)
		agent_view_see(t->view, cmd, rd_of(rsp->p + at, rsp->n - at));
	return e;
}

static void tap_end(void *ctx)
{
	apdu_link_end(((struct tap *)ctx)->inner);
}

static enum err tap_present(void *ctx)
{
	return apdu_link_present(((struct tap *)ctx)->inner);
}

/* What is typed there goes past the view, as every VERIFY does. */
static bool tap_has_pad(void *ctx)
{
	return apdu_link_has_pad(((struct tap *)ctx)->inner);
}

static enum err tap_pad_verify(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	struct deadline dl = deadline_never();

	return apdu_link_pad_verify(((struct tap *)ctx)->inner, ask, rsp, &dl);
}

static bool tap_has_pad_change(void *ctx)
{
	return apdu_link_has_pad_change(((struct tap *)ctx)->inner);
}

static enum err tap_pad_change(void *ctx, const struct pinpad_ask *ask, struct wr *rsp)
{
	struct deadline dl = deadline_never();

	return apdu_link_pad_change(((struct tap *)ctx)->inner, ask, rsp, &dl);
}

static size_t tap_cmd_max(void *ctx)
{
	return apdu_link_cmd_max(((struct tap *)ctx)->inner);
}

static void tap_close(void *ctx, bool reset_card)
{
	struct tap *t = ctx;

	apdu_link_close(&t->inner, reset_card);
	free(t);
}

static const struct apdu_link_ops tap_ops = {
	.name = "tap",
	.begin = tap_begin,
	.transmit = tap_transmit,
	.end = tap_end,
	.present = tap_present,
	.has_pad = tap_has_pad,
	.pad_verify = tap_pad_verify,
	.has_pad_change = tap_has_pad_change,
	.pad_change = tap_pad_change,
	.cmd_max = tap_cmd_max,
	.close = tap_close,
};

enum err agent_tap_new(struct apdu_link *inner, struct agent_view *v, struct apdu_link **out)
{
	struct tap *t = malloc(sizeof(*t));

	if (!t) {
		apdu_link_close(&inner, false);
		return ERR_NOMEM;
	}
	t->inner = inner;
	t->view = v;
	return apdu_link_new(&tap_ops, t, apdu_link_where(inner), apdu_link_atr(inner), out);
}
