/* SPDX-License-Identifier: Apache-2.0 */
#include "ramoverhttp/ram.h"

#include "base/tlv.h"

/* Reference ramoverhttp 4. */
enum {
	TAG_INTEGER = 0x02, TAG_TEXT = 0x0c, TAG_COMMAND = 0x22, TAG_ANSWER = 0x23, TAG_COUNT = 0x80,
	TAG_TEMPLATE = 0xaa, TAG_RESULTS = 0xab, TAG_ATR = 0xc0, TAG_MAX_CMD = 0xc1, TAG_MAX_RSP = 0xc2,
	TAG_SECONDS = 0xc3, TAG_NOTIFY = 0xe0, TAG_CLOSE = 0xe1, TAG_INITIATION = 0xe8
};

#define TEXT_MAX 4095                   /* bytes of a message, section 8 */
#define INTEGER_MAX 4                   /* bytes */

/* ---- integers: two's complement, big endian, minimal when written ---- */

static void put_integer(struct wr *w, uint32_t tag, int32_t v)
{
	const uint32_t u = (uint32_t)v;
	const uint8_t bytes[INTEGER_MAX] = { (uint8_t)(u >> 24), (uint8_t)(u >> 16), (uint8_t)(u >> 8), (uint8_t)u };
	const uint8_t sign = v < 0 ? 0xff : 0x00;
	size_t skip = 0;

	while (skip < INTEGER_MAX - 1 && bytes[skip] == sign && (bytes[skip + 1] & 0x80) == (sign & 0x80))
		skip++;
	wr_tlv(w, tag, rd_of(bytes + skip, INTEGER_MAX - skip));
}

static bool get_integer(struct rd r, int32_t *v)
{
	uint32_t u;

	if (r.n == 0 || r.n > INTEGER_MAX)
		return false;
	u = r.p[0] & 0x80 ? UINT32_MAX : 0;
	for (size_t i = 0; i < r.n; i++)
		u = u << 8 | r.p[i];
	*v = u <= INT32_MAX ? (int32_t)u : -(int32_t)(UINT32_MAX - u) - 1;
	return true;
}

static bool get_unsigned(struct rd r, uint32_t *v)
{
	int32_t number;

	if (!get_integer(r, &number) || number < 0)
		return false;
	*v = (uint32_t)number;
	return true;
}

/* The one object of a body. Lengths of three bytes are not part of the protocol (section 3). */
static enum err open_body(struct rd body, uint32_t tag, struct rd *content)
{
	if (!rd_tlv(&body, tag, content) || !rd_end(&body) || content->n > RAM_BODY_MAX)
		return ERR_FORMAT;
	return ERR_OK;
}

static void put_body(struct wr *w, uint32_t tag, struct rd content)
{
	size_t from = w->n;

	wr_tlv(w, tag, content);
	if (w->n - from > RAM_BODY_MAX)
		wr_fail(w, ERR_LIMIT);
}

/* ---- initiation ---- */

void ram_write_initiation(struct wr *w, const struct ram_initiation *i)
{
	size_t mark = wr_tlv_open(w, TAG_INITIATION);

	wr_tlv(w, TAG_ATR, i->atr);
	if (i->max_cmd)
		put_integer(w, TAG_MAX_CMD, (int32_t)i->max_cmd);
	if (i->max_rsp)
		put_integer(w, TAG_MAX_RSP, (int32_t)i->max_rsp);
	wr_tlv_close(w, mark);
}

enum err ram_read_initiation(struct rd body, struct ram_initiation *out)
{
	struct ram_initiation i = { .max_cmd = 0 };
	struct rd r, number;
	enum err e = open_body(body, TAG_INITIATION, &r);

	if (e)
		return e;
	if (!rd_tlv(&r, TAG_ATR, &i.atr) || i.atr.n == 0 || i.atr.n > ATR_MAX)
		return ERR_FORMAT;
	if (rd_tlv(&r, TAG_MAX_CMD, &number) && !get_unsigned(number, &i.max_cmd))
		return ERR_FORMAT;
	if (rd_tlv(&r, TAG_MAX_RSP, &number) && !get_unsigned(number, &i.max_rsp))
		return ERR_FORMAT;
	if (!rd_end(&r))
		return ERR_FORMAT;
	*out = i;
	return ERR_OK;
}

/* ---- command templates ---- */

void ram_write_command(struct wr *w, struct rd cmd)
{
	wr_tlv(w, TAG_COMMAND, cmd);
}

void ram_write_reset(struct wr *w)
{
	wr_tlv(w, TAG_ATR, RD_NONE);
}

void ram_write_notify(struct wr *w, int32_t id, struct rd message)
{
	size_t mark = wr_tlv_open(w, TAG_NOTIFY);

	put_integer(w, TAG_INTEGER, id);
	wr_tlv(w, TAG_TEXT, message);
	wr_tlv_close(w, mark);
}

void ram_write_template(struct wr *w, struct rd units)
{
	put_body(w, TAG_TEMPLATE, units);
}

enum err ram_open_template(struct rd body, struct rd *units)
{
	return open_body(body, TAG_TEMPLATE, units);
}

/* Elements that we do not know are none of our business in here (section 5.3: existing clients ignore them, too). */
static enum err read_notify(struct rd r, struct ram_unit *u)
{
	bool has_id = false;

	while (!rd_end(&r)) {
		struct rd val;
		uint32_t tag;

		if (!rd_tlv_any(&r, &tag, NULL, &val))
			return ERR_FORMAT;
		if (tag == TAG_INTEGER) {
			if (has_id || !get_integer(val, &u->id))
				return ERR_FORMAT;
			has_id = true;
		} else if (tag == TAG_TEXT) {
			if (val.n > TEXT_MAX)
				return ERR_LIMIT;
			u->message = val;
		} else if (tag == TAG_SECONDS && !get_unsigned(val, &u->seconds)) {
			return ERR_FORMAT;
		}
	}
	return has_id ? ERR_OK : ERR_FORMAT;
}

enum err ram_next_unit(struct rd *units, struct ram_unit *out)
{
	struct ram_unit u = { .kind = RAM_COMMAND };
	struct rd rest = *units, val;
	enum err e = ERR_OK;
	uint32_t tag;

	if (rd_end(&rest))
		return ERR_NOT_FOUND;
	if (!rd_tlv_any(&rest, &tag, NULL, &val))
		return ERR_FORMAT;
	if (tag == TAG_COMMAND && val.n) {
		u.cmd = val;
	} else if (tag == TAG_ATR && val.n == 0) {
		u.kind = RAM_RESET;
	} else if (tag == TAG_NOTIFY) {
		u.kind = RAM_NOTIFY;
		e = read_notify(val, &u);
	} else {
		e = ERR_FORMAT;
	}
	if (e)
		return e;
	*out = u;
	*units = rest;
	return ERR_OK;
}

/* ---- response templates ---- */

void ram_write_answer(struct wr *w, struct rd rsp)
{
	wr_tlv(w, TAG_ANSWER, rsp);
}

void ram_write_new_atr(struct wr *w, struct rd atr)
{
	wr_tlv(w, TAG_ATR, atr);
}

void ram_write_close(struct wr *w, struct rd reason)
{
	size_t mark = wr_tlv_open(w, TAG_CLOSE);

	wr_tlv(w, TAG_TEXT, reason);
	wr_tlv_close(w, mark);
}

void ram_write_results(struct wr *w, struct rd results, int32_t count)
{
	struct wr content;

	wr_init_heap(&content, RAM_BODY_MAX);
	wr_put(&content, results);
	put_integer(&content, TAG_COUNT, count);
	if (wr_done(&content) == ERR_BUFFER)
		wr_fail(w, ERR_LIMIT);
	else if (wr_done(&content))
		wr_fail(w, wr_done(&content));
	else
		put_body(w, TAG_RESULTS, wr_view(&content));
	wr_free(&content);
}

/* The count stands last; implementations disagree about its value and form (section 3, "Count tag 80 quirk"). */
enum err ram_open_results(struct rd body, struct rd *results)
{
	struct rd content, r, val;
	enum err e = open_body(body, TAG_RESULTS, &content);
	uint32_t tag;

	if (e)
		return e;
	r = content;
	while (!rd_end(&r)) {
		struct rd before = r;

		if (!rd_tlv_any(&r, &tag, NULL, &val))
			return ERR_FORMAT;
		if (tag != TAG_COUNT)
			continue;
		if (val.n == 0 || val.n > INTEGER_MAX || !rd_end(&r))
			return ERR_FORMAT;
		content.n -= before.n;
	}
	*results = content;
	return ERR_OK;
}

static enum err read_close(struct rd r, struct ram_result *out)
{
	while (!rd_end(&r)) {
		struct rd val;
		uint32_t tag;

		if (!rd_tlv_any(&r, &tag, NULL, &val))
			return ERR_FORMAT;
		if (tag == TAG_TEXT && val.n > TEXT_MAX)
			return ERR_LIMIT;
		if (tag == TAG_TEXT)
			out->bytes = val;
		else if (tag == TAG_INTEGER && !get_integer(val, &out->code))
			return ERR_FORMAT;
	}
	return ERR_OK;
}

enum err ram_next_result(struct rd *results, struct ram_result *out)
{
	struct ram_result result = { .kind = RAM_ANSWER };
	struct rd rest = *results, val;
	enum err e = ERR_OK;
	uint32_t tag;

	if (rd_end(&rest))
		return ERR_NOT_FOUND;
	if (!rd_tlv_any(&rest, &tag, NULL, &val))
		return ERR_FORMAT;
	if (tag == TAG_ANSWER && val.n >= 2) {
		result.bytes = val;
	} else if (tag == TAG_ATR && val.n && val.n <= ATR_MAX) {
		result.kind = RAM_NEW_ATR;
		result.bytes = val;
	} else if (tag == TAG_CLOSE) {
		result.kind = RAM_CLOSE;
		e = read_close(val, &result);
	} else {
		e = ERR_FORMAT;
	}
	if (e)
		return e;
	*out = result;
	*results = rest;
	return ERR_OK;
}
