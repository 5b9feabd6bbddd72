/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/line.h"

#include <string.h>

#include "base/text.h"

bool pka_line_is_printable(struct rd text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return false;
	return true;
}

void pka_line_put_hex(struct wr *w, const char *name, struct rd bytes)
{
	wr_text(w, name);
	wr_hex(w, bytes);
	wr_u8(w, '\n');
}

void pka_line_put(struct wr *w, const char *name, struct rd text)
{
	wr_text(w, name);
	wr_put(w, text);
	wr_u8(w, '\n');
}

bool pka_line_take(struct rd *r, const char *name, struct rd *value)
{
	struct rd start, look = *r;
	const uint8_t *end;

	if (!rd_take(&look, strlen(name), &start) || !rd_eq_str(start, name) || look.n == 0)
		return false;
	end = memchr(look.p, '\n', look.n);
	if (!end)
		return false;
	*value = rd_of(look.p, (size_t)(end - look.p));
	*r = rd_of(end + 1, look.n - value->n - 1);
	return true;
}

bool pka_line_take_hex(struct rd *r, const char *name, void *out, size_t size)
{
	struct rd value;
	struct wr w;

	wr_init(&w, out, size);
	return pka_line_take(r, name, &value) && value.n == 2 * size && text_unhex(value, &w) == ERR_OK;
}
