/* SPDX-License-Identifier: Apache-2.0 */
#include "test/link_vcard.h"

static enum err link_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	(void)dl;
	return vcard_exchange(ctx, cmd, rsp);
}

static enum err link_reset(void *ctx, struct wr *atr)
{
	vcard_power(ctx, false);
	vcard_power(ctx, true);
	wr_put(atr, vcard_atr(ctx));
	return wr_done(atr);
}

static void link_close(void *ctx, bool reset_card)
{
	if (reset_card)
		vcard_power(ctx, true);
}

static size_t narrow_max(void *ctx)
{
	(void)ctx;
	return 478;
}

#define OPS .name = "vcard", .transmit = link_transmit, .reset = link_reset, .close = link_close

static const struct apdu_link_ops ops = { OPS }, narrow_ops = { OPS, .cmd_max = narrow_max };

enum err link_vcard_open(struct vcard *v, struct apdu_link **out)
{
	return apdu_link_new(&ops, v, "virtual card", vcard_atr(v), out);
}

enum err link_vcard_open_narrow(struct vcard *v, struct apdu_link **out)
{
	return apdu_link_new(&narrow_ops, v, "virtual card", vcard_atr(v), out);
}
