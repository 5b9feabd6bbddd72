/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text and back. Decoders are strict: ERR_FORMAT for a character, length or padding that should not be
 * there.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* The next UTF-8 character (RFC 3629). Nothing moves at the end, or at a malformed, overlong or surrogate sequence. */
MUST bool rd_utf8(struct rd *r, uint32_t *c);
/* Nothing but UTF-8, and no character that a keyboard does not put into a line: none below U+0020, no U+007F. */
bool text_is_typed(struct rd text);
void wr_hex(struct wr *w, struct rd bytes);                    /* lower case */
void wr_decimal(struct wr *w, uint64_t n);
void wr_duration(struct wr *w, uint32_t seconds);              /* 5400: "1 h 30 min"; 0: "0 s" */
MUST enum err text_unhex(struct rd text, struct wr *out);      /* both cases; no white space */
void wr_base64url(struct wr *w, struct rd bytes);              /* RFC 4648 5, without padding */
/*
 * What was percent-encoded (RFC 3986 2.1), with a terminator; plus: '+' is a blank, as in a form. size: of out. false:
 * malformed, too long, or with a zero byte.
 */
MUST bool text_unpercent(struct rd in, bool plus, char *out, size_t size);
MUST enum err text_unbase64url(struct rd text, struct wr *out);
void wr_base32(struct wr *w, struct rd bytes);                 /* RFC 4648 6, without padding; for 5-byte multiples */
/*
 * Foreign text made safe for a terminal or a log line: UTF-8 control characters, bidirectional controls, line ends and
 * malformed bytes are written as \xNN or \u{NNNN}; at most max bytes of output, then an ellipsis.
 */
void wr_shown(struct wr *w, struct rd text, size_t max);
/* The same in quotation marks, which it cannot leave: its own are \x22. */
void wr_quoted(struct wr *w, struct rd text, size_t max);
/* The same into a static-size array of the caller, for printf; returns buf. */
const char *text_shown(struct rd text, char *buf, size_t cap);

#endif
