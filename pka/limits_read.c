/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "pka/limits_int.h"

#define SHOWN_VALUE 40          /* of a bad item in a message */

/* What a value looks like, after the item as it was. */
static const char *const forms[] = {
	[COUNT] = "\" is not a number, or any",
	[DURATION] = "\" is not 90, 90s, 30m or 2h, or any",
	[KEYS] = "\" is not labels, or ids as 0x0a1b, each once, commas between; all but A-Za-z0-9._- as %XX",
	[MECHS] = "\" is not some of rsa-raw, rsa-pkcs, rsa-pss, ecdsa, each once, with commas between",
	[REPEATS] = "\" is not counted or free",
	[PINNED] = "\" is not a number",
	[HASH] = "\" is not 64 hex digits",
};

/* Up to the first sep, which is dropped; without one all that is left. *more: there was one. */
static struct rd take_until(struct rd *r, uint8_t sep, bool *more)
{
	const uint8_t *at = r->n ? memchr(r->p, sep, r->n) : NULL;
	struct rd out = *r;

	*more = at != NULL;
	if (at)
		out.n = (size_t)(at - r->p);
	*r = at ? rd_of(at + 1, r->n - out.n - 1) : RD_NONE;
	return out;
}

/* Decimal, one text for each number; times unit. PKA_UNLIMITED is no number. */
static bool read_number(struct rd text, uint32_t unit, uint32_t *out)
{
	uint64_t v = 0;

	if (text.n == 0 || text.n > 10 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (text.p[i] - '0');
	}
	v *= unit;
	*out = (uint32_t)v;
	return v < PKA_UNLIMITED;
}

static bool read_count(struct rd text, uint32_t *out)
{
	*out = PKA_UNLIMITED;
	return rd_eq_str(text, "any") || read_number(text, 1, out);
}

/* No time at all is nothing that anybody means. */
static bool read_duration(struct rd text, uint32_t *out)
{
	static const struct { char letter; uint32_t unit; } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	uint32_t unit = 1;

	*out = PKA_UNLIMITED;
	if (rd_eq_str(text, "any"))
		return true;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text.n && text.p[text.n - 1] == units[i].letter) {
			unit = units[i].unit;
			text.n--;
			break;
		}
	return read_number(text, unit, out) && *out > 0;
}

/* 0x and whole bytes in lower case. */
static bool settle_id(char *name, size_t n)
{
	uint8_t bytes[LIMITS_NAME_MAX];
	struct wr w;

	WR_ARR(&w, bytes);
	if (n == 2 || text_unhex(rd_of(name + 2, n - 2), &w) != ERR_OK)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] - 'A' + 'a');
	return true;
}

/* What no label of a card can be told from is refused: nothing, NUL, bytes that are no text. */
static enum err read_key(struct rd text, struct pka_key_name *out)
{
	struct rd left;
	struct wr w;
	uint32_t c;
	uint8_t b;

	memset(out, 0, sizeof(*out));
	wr_init(&w, out->text, LIMITS_NAME_MAX);
	while (rd_u8(&text, &b)) {
		struct rd pair;

		if (b == '%' && rd_take(&text, 2, &pair)) {
			enum err e = text_unhex(pair, &w);

			if (e == ERR_FORMAT)
				return e;
		} else if (limits_is_plain(b)) {
			wr_u8(&w, b);
		} else {
			return ERR_FORMAT;
		}
	}
	if (wr_done(&w))
		return ERR_LIMIT;
	for (left = wr_view(&w); rd_utf8(&left, &c);)
		if (c == 0)
			return ERR_FORMAT;
	if (w.n == 0 || !rd_end(&left) || (limits_is_id(out->text) && !settle_id(out->text, w.n)))
		return ERR_FORMAT;
	return ERR_OK;
}

static enum err read_keys(struct rd text, struct pka_limits *l)
{
	bool more = true;

	l->all_keys = false;
	while (more) {
		struct pka_key_name name;
		enum err e = read_key(take_until(&text, ',', &more), &name);

		if (!e && limits_has_name(l, name.text))
			e = ERR_FORMAT;
		if (!e && l->keys_n == LIMITS_KEYS_MAX)
			e = ERR_LIMIT;
		if (e)
			return e;
		l->keys[l->keys_n++] = name;
	}
	return ERR_OK;
}

static bool read_mechs(struct rd text, struct pka_limits *l)
{
	bool more = true;

	l->mechs = 0;
	while (more) {
		struct rd name = take_until(&text, ',', &more);
		unsigned m = 0;

		while (m < PKA_MECHS && !rd_eq_str(name, limits_mechs[m]))
			m++;
		if (m == PKA_MECHS || l->mechs >> m & 1)
			return false;
		l->mechs |= 1u << m;
	}
	return true;
}

static bool read_hash(struct rd text, struct pka_limits *l)
{
	struct wr w;

	WR_ARR(&w, l->manifest);
	l->has_manifest = text.n == 2 * sizeof(l->manifest) && text_unhex(text, &w) == ERR_OK;
	return l->has_manifest;
}

static enum err read_value(const struct limits_item *it, struct rd text, struct pka_limits *l)
{
	uint32_t v = 0;
	bool good = false;

	switch (it->kind) {
	case COUNT:
		good = read_count(text, &v);
		limits_set_number(l, it, v);
		break;
	case DURATION:
		good = read_duration(text, &v);
		limits_set_number(l, it, v);
		break;
	case KEYS:
		return read_keys(text, l);
	case MECHS:
		good = read_mechs(text, l);
		break;
	case REPEATS:
		l->repeats_counted = rd_eq_str(text, "counted");
		good = l->repeats_counted || rd_eq_str(text, "free");
		break;
	case PINNED:
		good = read_number(text, 1, &v);
		limits_pin(l, it, v);
		break;
	case HASH:
		good = read_hash(text, l);
		break;
	}
	return good ? ERR_OK : ERR_FORMAT;
}

/* before, then the text as it may be shown, then after. */
static void tell(char *why, size_t cap, const char *before, struct rd text, const char *after)
{
	char shown[SHOWN_VALUE + 8];

	if (why && cap)
		(void)snprintf(why, cap, "%s%s%s", before, text_shown(text, shown, sizeof(shown)), after);
}

static enum err read_item(struct rd text, struct pka_limits *l, char *why, size_t cap)
{
	const struct limits_item *it = limits_items;
	struct rd value = text, name;
	bool has_value;
	enum err e;

	name = take_until(&value, '=', &has_value);
	while (it < limits_items + LIMITS_ITEMS && !rd_eq_str(name, it->name))
		it++;
	if (text.n == 0) {
		tell(why, cap, "one blank stands between two limits, and none elsewhere", RD_NONE, "");
		return ERR_FORMAT;
	}
	if (it == limits_items + LIMITS_ITEMS) {
		tell(why, cap, "\"", name, "\" is the name of no limit");
		return ERR_FORMAT;
	}
	if (limits_is_given(l, it)) {
		tell(why, cap, "", name, " is given twice");
		return ERR_FORMAT;
	}
	l->given |= 1u << (it - limits_items);
	e = has_value ? read_value(it, value, l) : ERR_FORMAT;
	if (e == ERR_LIMIT)
		tell(why, cap, "", name, ": too many names, or one that is too long");
	else if (e)
		tell(why, cap, "\"", text, forms[it->kind]);
	return e;
}

enum err pka_limits_read(struct rd text, struct pka_limits *out, char *why, size_t cap)
{
	bool more = text.n > 0;
	enum err e = ERR_OK;

	pka_limits_init(out);
	tell(why, cap, "", RD_NONE, "");
	if (text.n > LIMITS_TEXT_MAX) {
		tell(why, cap, "they are too long", RD_NONE, "");
		e = ERR_LIMIT;
	}
	while (more && !e)
		e = read_item(take_until(&text, ' ', &more), out, why, cap);
	if (e)
		memset(out, 0, sizeof(*out));   /* used by mistake it allows nothing */
	return e;
}
