/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/columns.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#define COLUMNS      80         /* where stdout is no terminal */
#define COLUMNS_MIN  40
#define BAR          "    | "

size_t cli_columns_of(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
			       (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) ||
			       (c >= 0xff00 && c <= 0xff60) || (c >= 0x1f300 && c <= 0x1faff) ||
			       (c >= 0x20000 && c <= 0x3fffd)
		       ? 2 : 1;
}

static size_t columns_there(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return COLUMNS;
	return size.ws_col > COLUMNS_MIN ? size.ws_col : COLUMNS_MIN;
}

/* The characters that fit into so many columns, up to the last blank that follows a word, if more come. */
static struct rd take_line(struct rd *rest, size_t max)
{
	struct rd at = *rest;
	size_t column = 0, n = 0, blank = 0;
	bool word = false;
	uint8_t b;

	while (!rd_end(&at)) {
		uint32_t c = 0;

		/* What is no UTF-8 takes a column for each byte. */
		if (!rd_utf8(&at, &c) && !rd_u8(&at, &b))
			break;
		column += cli_columns_of(c);
		if (column > max) {
			n = blank ? blank : n;
			break;
		}
		n = rest->n - at.n;
		word |= c != ' ';
		if (word && c == ' ')
			blank = n;
	}
	at = rd_of(rest->p, n);
	*rest = rd_of(rest->p + n, rest->n - n);
	return at;
}

void cli_fold(struct rd lines, struct wr *out)
{
	const size_t max = columns_there();

	while (!rd_end(&lines)) {
		const uint8_t *end = memchr(lines.p, '\n', lines.n);
		struct rd line = rd_of(lines.p, end ? (size_t)(end - lines.p) : lines.n);

		lines = rd_of(lines.p + line.n + !!end, lines.n - line.n - !!end);
		wr_put(out, take_line(&line, max));
		while (!rd_end(&line)) {
			wr_text(out, "\n" BAR);
			wr_put(out, take_line(&line, max - (sizeof(BAR) - 1)));
		}
		wr_text(out, "\n");
	}
}
