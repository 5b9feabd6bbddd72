/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to pka/limits*.c: limits.c has the table of items, writes and compares them, limits_read.c reads them,
 * limits_text.c says them in words.
 */
#ifndef PKA_LIMITS_INT_H
#define PKA_LIMITS_INT_H

#include <string.h>

#include "pka/limits.h"

#define LIMITS_ITEMS 11

/* PINNED and HASH are what can only be agreed with, not lowered. */
enum limits_kind { COUNT, DURATION, KEYS, MECHS, REPEATS, PINNED, HASH };

struct limits_item {
	const char *name;
	enum limits_kind kind;
	size_t at, has;         /* COUNT, DURATION, PINNED: the number; PINNED: whether there is one */
	uint32_t usual;         /* COUNT, DURATION: without the item */
};
extern const struct limits_item limits_items[LIMITS_ITEMS];     /* in the order in which they are written */
extern const char *const limits_mechs[PKA_MECHS];

static inline uint32_t limits_number(const struct pka_limits *l, const struct limits_item *it)
{
	uint32_t v;

	memcpy(&v, (const char *)l + it->at, sizeof(v));
	return v;
}

static inline void limits_set_number(struct pka_limits *l, const struct limits_item *it, uint32_t v)
{
	memcpy((char *)l + it->at, &v, sizeof(v));
}

static inline bool limits_is_pinned(const struct pka_limits *l, const struct limits_item *it)
{
	bool has;

	memcpy(&has, (const char *)l + it->has, sizeof(has));
	return has;
}

static inline void limits_pin(struct pka_limits *l, const struct limits_item *it, uint32_t v)
{
	const bool has = true;

	limits_set_number(l, it, v);
	memcpy((char *)l + it->has, &has, sizeof(has));
}

static inline bool limits_is_given(const struct pka_limits *l, const struct limits_item *it)
{
	return l->given >> (it - limits_items) & 1;
}

/* In the name of a key: what stands for itself. */
static inline bool limits_is_plain(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '-';
}

static inline bool limits_is_id(const char *name)
{
	return name[0] == '0' && (name[1] == 'x' || name[1] == 'X');
}

bool limits_has_name(const struct pka_limits *l, const char *name);

#endif
