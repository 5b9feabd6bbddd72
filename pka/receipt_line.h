/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of a receipt: a row says its name and fields, and one table how each kind of field is written and read.
 * Reading writes what it has read once more and compares, so there is one text for one meaning. Private to receipt*.c.
 */
#ifndef PKA_RECEIPT_LINE_H
#define PKA_RECEIPT_LINE_H

#include "pka/receipt.h"

enum receipt_line {                     /* in the order in which they may come */
	RECEIPT_LINE_FIRST, RECEIPT_LINE_TIME, RECEIPT_LINE_DEVICE, RECEIPT_LINE_LOGIN, RECEIPT_LINE_REQUEST,
	RECEIPT_LINE_QUORUM, RECEIPT_LINE_CONSENT, RECEIPT_LINE_LIMITS, RECEIPT_LINE_KEY,
	RECEIPT_LINE_SIGN, RECEIPT_LINE_DECIPHER, RECEIPT_LINE_DERIVE, RECEIPT_LINE_WRAP, RECEIPT_LINE_LEFT,
	RECEIPT_LINE_END,
	RECEIPT_LINES
};
enum receipt_field {
	RECEIPT_FIELD_NONE,
	RECEIPT_FIELD_TIME,             /* decimal, up to 2^63 - 1 */
	RECEIPT_FIELD_U32,
	RECEIPT_FIELD_COUNTER,          /* u32, or "-" for none (value RECEIPT_NO_COUNTER) */
	RECEIPT_FIELD_BYTE,             /* decimal */
	RECEIPT_FIELD_ALG,              /* two hex digits */
	RECEIPT_FIELD_HASH,             /* name of a digest algorithm, "-" for none */
	RECEIPT_FIELD_REPEAT,           /* first, again */
	RECEIPT_FIELD_HEX,              /* bytes; "-" for none */
	RECEIPT_FIELD_BASE64,           /* base64url without padding; "-" for none */
	RECEIPT_FIELD_TEXT,             /* [A-Za-z0-9._:/=+,@-], others %XX; "-" for none, %2D for a minus sign alone */
	RECEIPT_FIELD_KINDS
};
#define RECEIPT_NO_COUNTER UINT64_MAX
#define RECEIPT_FIELDS_MAX 12

struct receipt_value {
	uint64_t n;
	struct rd bytes;                /* HEX, BASE64; TEXT: without NUL, and when read followed by one */
};
struct receipt_row {
	const char *name;
	int stage;                      /* never falls from line to line */
	bool needed, many;              /* its stage must not be passed without it; may come more than once */
	enum receipt_field fields[RECEIPT_FIELDS_MAX + 1];
};
const struct receipt_row *receipt_row_get(enum receipt_line l);

/* Append the line with its hash; c moves on. On failure neither changes. ERR_LIMIT, ERR_ARG, ERR_NOMEM. */
MUST enum err receipt_line_write(struct receipt_chain *c, enum receipt_line l, const struct receipt_value *v,
				 struct wr *out);
/*
 * A line without its hash. Bytes are decoded to the end of arena, which must not grow (views), and takes at most text.n
 * + 1 bytes. ERR_FORMAT, ERR_NOMEM.
 */
MUST enum err receipt_line_read(struct rd text, enum receipt_line *l, struct receipt_value v[RECEIPT_FIELDS_MAX],
				struct wr *arena);

#endif
