/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML, written so that no text can become markup: names of elements and attributes are literals of this program, and
 * whatever else is written is escaped, always. What comes out is well-formed XML, too.
 */
#ifndef SERVER_WEB_HTML_H
#define SERVER_WEB_HTML_H

#include "base/buf.h"

#define HTML_DEPTH 32
#define HTML_TEXT_MAX 4096      /* one text, after it was made safe; more is cut and ends with an ellipsis */

struct html {
	struct wr *w;           /* a misuse latches ERR_BUG there */
	const char *open[HTML_DEPTH];
	size_t depth;
	bool in_tag;            /* the start tag is not closed yet: attributes may follow */
};
void html_begin(struct html *h, struct wr *w);
/* All elements must have been closed. */
void html_end(struct html *h);

/* Only literals concatenate. class_ may be NULL: none. */
#define html_open(h, tag, class_) html_open_literal((h), "" tag "", (class_))
#define html_attr(h, name, value) html_attr_literal((h), "" name "", (value))
void html_open_literal(struct html *h, const char *tag, const char *class_);
/*
 * Of the element that was just opened. A value for href, src or action must be a path from this server's root, a
 * fragment, or an http address: anything else latches ERR_BUG.
 */
void html_attr_literal(struct html *h, const char *name, const char *value);
void html_attr_number(struct html *h, const char *name, int64_t value);
/*
 * Foreign text as well as ours: escaped, and what could mislead an eye (controls, line ends, changes of direction,
 * malformed bytes) as base/text.h shows it.
 */
void html_text(struct html *h, const char *text);
void html_bytes(struct html *h, struct rd text);
void html_printf(struct html *h, const char *fmt, ...) PRINTF(2, 3);
void html_close(struct html *h);
/* A whole element with a text. */
#define html_element(h, tag, class_, text) html_element_literal((h), "" tag "", (class_), (text))
void html_element_literal(struct html *h, const char *tag, const char *class_, const char *text);

#endif
