/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing bytes.
 *
 * struct rd is a borrowed view. A read that fails moves nothing; a copy looks ahead.
 * struct wr is a bounded writer that latches its first failure, so a caller writes everything and asks wr_done() once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"

struct rd {
	const uint8_t *p;
	size_t n;
};

/* A view of a string literal, without its terminator. */
#define RD_LIT(s) ((struct rd){ (const uint8_t *)(s), sizeof(s) - 1 })
/* A view of an array. */
#define RD_ARR(a) ((struct rd){ (const uint8_t *)(a), sizeof(a) })
#define RD_NONE ((struct rd){ NULL, 0 })

static inline struct rd rd_of(const void *p, size_t n) { return (struct rd){ p, n }; }
struct rd rd_str(const char *s);                               /* s may be NULL: empty */

MUST bool rd_u8(struct rd *r, uint8_t *v);
MUST bool rd_u16(struct rd *r, uint16_t *v);                   /* big endian */
MUST bool rd_u32(struct rd *r, uint32_t *v);                   /* big endian */
MUST bool rd_take(struct rd *r, size_t n, struct rd *out);
MUST bool rd_end(const struct rd *r);                          /* nothing left over */
struct rd rd_magnitude(struct rd n);                           /* a number, big endian, without leading zero bytes */
bool rd_eq(struct rd a, struct rd b);                          /* not for secrets */
bool rd_eq_str(struct rd a, const char *s);
MUST bool rd_eq_secret(struct rd a, struct rd b);              /* time depends on the lengths only */
bool rd_is_zero(struct rd a);

struct wr {
	uint8_t *p;
	size_t n;          /* written */
	size_t cap;        /* allocated, or the fixed size */
	size_t max;        /* ceiling of growth */
	bool heap;         /* p is ours; grows up to max */
	enum err bad;      /* the first failure, ERR_OK so far */
};

/* A writer into the caller's array: never grows. */
void wr_init(struct wr *w, void *buf, size_t cap);
#define WR_ARR(w, a) wr_init((w), (a), sizeof(a))
/* A writer on the heap that grows up to max bytes; end it by wr_free. */
void wr_init_heap(struct wr *w, size_t max);
/* Wipes what was written; frees heap memory; the writer is empty and usable again. NULL-safe. */
void wr_free(struct wr *w);
/* Forget what was written (wiped), keep the memory and clear the failure. */
void wr_reset(struct wr *w);

void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);                         /* big endian */
void wr_u32(struct wr *w, uint32_t v);                         /* big endian */
void wr_put(struct wr *w, struct rd bytes);
void wr_zeros(struct wr *w, size_t n);
void wr_text(struct wr *w, const char *s);                     /* without terminator */
void wr_printf(struct wr *w, const char *fmt, ...) PRINTF(2, 3);
/* n bytes to be filled by the caller, or NULL (failure latched). Valid until the next write. */
uint8_t *wr_space(struct wr *w, size_t n);
/* Memory for up to n more bytes, or NULL (failure latched); they count once wr_took says how many came. */
uint8_t *wr_room(struct wr *w, size_t n);
void wr_took(struct wr *w, size_t n);                          /* at most what wr_room was asked for */
/* Shorten to n bytes (n <= w->n); what is cut off is wiped. */
void wr_cut(struct wr *w, size_t n);
void wr_fail(struct wr *w, enum err e);                        /* latch a failure of the caller's */

MUST enum err wr_done(const struct wr *w);                     /* ERR_OK, ERR_BUFFER, ERR_NOMEM, or what was latched */
/* What was written so far; valid until the next write. */
struct rd wr_view(const struct wr *w);
/* The text written so far with a terminator (not counted); "" on failure. */
const char *wr_cstr(struct wr *w);

/* Wipe memory in a way the compiler keeps. p may be NULL if n is 0. */
void wipe(void *p, size_t n);

#endif
