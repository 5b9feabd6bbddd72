/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/apdu.h"

static void put_ne(struct wr *w, size_t ne, bool extended)
{
	/* 256 and 65536 wrap to zero, which is how they are written (ISO 7816-4 5.1). */
	if (extended)
		wr_u16(w, (uint16_t)ne);
	else
		wr_u8(w, (uint8_t)ne);
}

enum err apdu_encode(const struct apdu *a, struct wr *cmd)
{
	bool extended = a->extended || a->data.n > UINT8_MAX || a->ne > APDU_LE_SHORT_MAX;

	if (a->data.n > APDU_DATA_MAX || a->ne > APDU_LE_MAX)
		return ERR_LIMIT;

	wr_u8(cmd, a->cla);
	wr_u8(cmd, a->ins);
	wr_u8(cmd, a->p1);
	wr_u8(cmd, a->p2);
	/*
	 * A zero byte says that the lengths after it have two bytes; a command without either has no lengths to tell
	 * apart.
	 */
	if (extended && (a->data.n || a->ne))
		wr_u8(cmd, 0);
	if (a->data.n && extended)
		wr_u16(cmd, (uint16_t)a->data.n);
	else if (a->data.n)
		wr_u8(cmd, (uint8_t)a->data.n);
	wr_put(cmd, a->data);
	if (a->ne)
		put_ne(cmd, a->ne, extended);
	return wr_done(cmd);
}

static bool take_ne(struct rd *r, bool extended, size_t *ne)
{
	uint16_t wide;
	uint8_t narrow;

	if (extended) {
		if (!rd_u16(r, &wide))
			return false;
		*ne = wide ? wide : APDU_LE_MAX;
	} else {
		if (!rd_u8(r, &narrow))
			return false;
		*ne = narrow ? narrow : APDU_LE_SHORT_MAX;
	}
	return true;
}

/* What follows the header: the cases 2, 3 and 4 of ISO 7816-4 5.1, told apart by how many bytes there are. */
static bool take_body(struct rd r, struct apdu *a)
{
	struct rd look = r;
	uint16_t lc = 0;
	uint8_t first;

	if (rd_end(&r))
		return true;
	if (r.n == 1)
		return take_ne(&r, false, &a->ne);

	if (!rd_u8(&look, &first))
		return false;
	a->extended = first == 0;
	if (a->extended && look.n == 2)
		return take_ne(&look, true, &a->ne);
	if (!a->extended)
		lc = first;
	else if (!rd_u16(&look, &lc))
		return false;
	if (lc == 0 || !rd_take(&look, lc, &a->data))
		return false;
	if (rd_end(&look))
		return true;
	return take_ne(&look, a->extended, &a->ne) && rd_end(&look);
}

enum err apdu_decode(struct rd cmd, struct apdu *a)
{
	struct apdu out = { 0 };

	if (cmd.n > APDU_CMD_MAX)
		return ERR_LIMIT;
	if (!rd_u8(&cmd, &out.cla) || !rd_u8(&cmd, &out.ins) || !rd_u8(&cmd, &out.p1) || !rd_u8(&cmd, &out.p2))
		return ERR_FORMAT;
	if (!take_body(cmd, &out))
		return ERR_FORMAT;
	if (out.data.n > APDU_DATA_MAX)
		return ERR_LIMIT;
	*a = out;
	return ERR_OK;
}

enum err apdu_answer(struct rd rsp, struct rd *data, uint16_t *sw)
{
	struct rd tail;

	if (rsp.n < 2)
		return ERR_FORMAT;
	tail = rd_of(rsp.p + rsp.n - 2, 2);
	if (!rd_u16(&tail, sw))
		return ERR_BUG;
	*data = rd_of(rsp.p, rsp.n - 2);
	return ERR_OK;
}
