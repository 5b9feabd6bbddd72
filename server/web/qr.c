/* SPDX-License-Identifier: Apache-2.0 */
#include <qrencode.h>

#include "server/web/view.h"

#define QUIET 4         /* modules of margin (ISO 18004 6.3.8) */

/* One run of dark modules a step: a path is a hundredth of as many rectangles. */
static void write_row(struct wr *d, const unsigned char *row, int width, int y)
{
	int x, from;

	for (x = 0; x < width; x++) {
		if (!(row[x] & 1))
			continue;
		for (from = x; x < width && (row[x] & 1); x++)
			;
		wr_printf(d, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
	}
}

void view_qr(struct html *h, const char *label, const char *text)
{
	QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	char box[40];
	struct wr d, w;
	int y;

	if (!qr)
		return;
	WR_ARR(&w, box);
	wr_printf(&w, "0 0 %d %d", qr->width + 2 * QUIET, qr->width + 2 * QUIET);
	html_open(h, "svg", "qr");
	html_attr(h, "xmlns", "http://www.w3.org/2000/svg");
	html_attr(h, "viewBox", wr_cstr(&w));
	html_attr(h, "role", "img");
	html_attr(h, "aria-label", label);
	html_attr(h, "shape-rendering", "crispEdges");
	html_open(h, "rect", NULL);
	html_attr(h, "width", "100%");
	html_attr(h, "height", "100%");
	html_attr(h, "fill", "#fff");
	html_close(h);
	for (y = 0; y < qr->width; y++) {
		/* A row a path: no text of this writer is longer than HTML_TEXT_MAX. */
		wr_init_heap(&d, HTML_TEXT_MAX);
		write_row(&d, qr->data + (size_t)y * (size_t)qr->width, qr->width, y);
		if (d.n) {
			html_open(h, "path", NULL);
			html_attr(h, "d", wr_cstr(&d));
			html_close(h);
		}
		wr_free(&d);
	}
	html_close(h);
	QRcode_free(qr);
}
