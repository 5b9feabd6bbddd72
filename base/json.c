/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>

#include "base/text.h"

static void put_string(struct wr *w, struct rd text)
{
	wr_u8(w, '"');
	while (!rd_end(&text)) {
		struct rd before = text;
		uint32_t c;

		if (!rd_utf8(&text, &c)) {
			text = rd_of(text.p + 1, text.n - 1);
			wr_text(w, "\xef\xbf\xbd");
		} else if (c < 0x20 || c == 0x7f) {
			wr_printf(w, "\\u%04x", (unsigned)c);
		} else {
			if (c == '"' || c == '\\')
				wr_u8(w, '\\');
			wr_put(w, rd_of(before.p, before.n - text.n));
		}
	}
	wr_u8(w, '"');
}

static void put_key(struct wr *w, const char *key)
{
	/* A value never ends in an open brace outside its quotes: only the first member follows one. */
	if (w->n && w->p[w->n - 1] != '{')
		wr_u8(w, ',');
	put_string(w, rd_str(key));
	wr_u8(w, ':');
}

void wr_json_open(struct wr *w)
{
	wr_u8(w, '{');
}

void wr_json_close(struct wr *w)
{
	wr_u8(w, '}');
}

void wr_json_text(struct wr *w, const char *key, struct rd value)
{
	put_key(w, key);
	put_string(w, value);
}

void wr_json_number(struct wr *w, const char *key, int64_t value)
{
	char digits[24];
	struct wr number;

	/* In an array of our own: the caller's may be filled to its last byte, and printing wants a terminator. */
	WR_ARR(&number, digits);
	wr_printf(&number, "%" PRId64, value);
	put_key(w, key);
	wr_put(w, wr_view(&number));
}

void wr_json_bool(struct wr *w, const char *key, bool value)
{
	put_key(w, key);
	wr_text(w, value ? "true" : "false");
}
