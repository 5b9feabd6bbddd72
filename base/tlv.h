/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BER-TLV as ISO 7816-4 and TR-03110 use it: tags of one to three bytes (0x7F21 is written as such), definite
 * lengths of up to four bytes. Strict: a length that is longer than needed is refused (X.690 10.1).
 */
#ifndef BASE_TLV_H
#define BASE_TLV_H

#include "base/buf.h"

/* The next element if it has this tag: its value. Otherwise false and nothing moves. */
MUST bool rd_tlv(struct rd *r, uint32_t tag, struct rd *val);
/* The same, and the whole element with tag and length (what signatures cover). whole may be NULL. */
MUST bool rd_tlv_whole(struct rd *r, uint32_t tag, struct rd *whole, struct rd *val);
/* The next element whatever its tag. */
MUST bool rd_tlv_any(struct rd *r, uint32_t *tag, struct rd *whole, struct rd *val);
/* The tag of the next element, 0 if there is none or it is malformed. */
uint32_t rd_tlv_peek(struct rd r);
/*
 * As rd_tlv, but in r at any place: found exactly once, otherwise false. r does not move; every element must be
 * well formed.
 */
MUST bool rd_tlv_find(struct rd r, uint32_t tag, struct rd *val);
/* A non-negative INTEGER value (content bytes) without its leading zero bytes, X.690 8.3. */
MUST bool rd_der_uint(struct rd val, struct rd *magnitude);
/* A small unsigned number from at most four content bytes, big endian. */
MUST bool rd_uint(struct rd val, uint32_t *v);

void wr_tlv(struct wr *w, uint32_t tag, struct rd val);
void wr_tlv_u8(struct wr *w, uint32_t tag, uint8_t v);
/* INTEGER from an unsigned magnitude: minimal, with a leading 00 where the top bit is set. */
void wr_der_uint(struct wr *w, struct rd magnitude);
/*
 * Open an element whose length is not known yet; close in reverse order. Returns a mark for wr_tlv_close. The
 * length field is made minimal on closing (the content is moved).
 */
size_t wr_tlv_open(struct wr *w, uint32_t tag);
void wr_tlv_close(struct wr *w, size_t mark);

#endif
