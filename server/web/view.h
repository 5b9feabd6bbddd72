/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces that several pages show, from the JSON of docs/API.md. */
#ifndef SERVER_WEB_VIEW_H
#define SERVER_WEB_VIEW_H

#include "server/web/page.h"

const char *view_text(const json_t *o, const char *key);        /* "" for null or missing */
int64_t view_number(const json_t *o, const char *key);          /* 0 for null or missing */

/* When: an instant that the script turns into the reader's own time. */
void view_time(struct html *h, int64_t when);
/* What is left of a request's time, which the script counts down. */
void view_left(struct html *h, int64_t seconds);
/* What is left, if anything is, and when it was asked for. */
void view_asked(struct html *h, const json_t *request);
void view_state(struct html *h, const json_t *request);         /* how it stands, as a mark with words */
/* The i-th way that a request can end, as docs/API.md and people call it; NULL: there are no more. */
const char *view_outcome(size_t i, const char **text);
/* k of n, as words and as a bar. */
void view_progress(struct html *h, const json_t *request);
/* The target's name, or its device id. */
const char *view_device(const struct srv *s, const json_t *request);
bool view_is_live(const json_t *request);       /* somebody can still decide */
/* A text to be copied, with a button where there is a script. */
void view_copy(struct html *h, const char *label, const char *text);
/* One row of a list of facts (dl). */
void view_fact(struct html *h, const char *name, const char *text);

/* A list of requests, and one in it, with a link to its page (item.c). */
void view_list_open(struct html *h);
void view_item(struct page *p, const json_t *request);
/* What the host says about itself (claims.c). */
void view_claims(struct html *h, struct rd host_json);
/* host_json's reason, or "" (safe to show; a literal or within cap bytes of buf). */
const char *view_reason(const json_t *request, char *buf, size_t cap);
/* A QR code (qr.c); nothing if the text is too long for one. */
void view_qr(struct html *h, const char *label, const char *text);

#endif
