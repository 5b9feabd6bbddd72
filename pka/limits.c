/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/limits_int.h"

#include "base/text.h"

const struct limits_item limits_items[LIMITS_ITEMS] = {
#define AT(member) offsetof(struct pka_limits, member)
	{ "sign", COUNT, AT(sign), 0, PKA_UNLIMITED },
	{ "for", DURATION, AT(seconds), 0, PKA_UNLIMITED },
	{ "key", KEYS, 0, 0, 0 },
	{ "mech", MECHS, 0, 0, 0 },
	{ "decipher", COUNT, AT(decipher), 0, 0 },
	{ "derive", COUNT, AT(derive), 0, 0 },
	{ "wrap", COUNT, AT(wrap), 0, 0 },
	{ "repeats", REPEATS, 0, 0, 0 },
	{ "uid", PINNED, AT(uid), AT(has_uid), 0 },
	{ "gid", PINNED, AT(gid), AT(has_gid), 0 },
	{ "manifest", HASH, 0, 0, 0 },
};

const char *const limits_mechs[PKA_MECHS] = {
	[PKA_RSA_RAW] = "rsa-raw", [PKA_RSA_PKCS] = "rsa-pkcs", [PKA_RSA_PSS] = "rsa-pss", [PKA_ECDSA] = "ecdsa",
};

void pka_limits_init(struct pka_limits *l)
{
	memset(l, 0, sizeof(*l));
	l->all_keys = true;
	l->mechs = PKA_MECHS_ALL;
	for (size_t i = 0; i < LIMITS_ITEMS; i++)
		if (limits_items[i].kind == COUNT || limits_items[i].kind == DURATION)
			limits_set_number(l, &limits_items[i], limits_items[i].usual);
}

/* ---- writing ---- */

static void write_key(struct wr *w, const char *name)
{
	for (; *name; name++)
		if (limits_is_plain((uint8_t)*name))
			wr_u8(w, (uint8_t)*name);
		else
			wr_printf(w, "%%%02X", (unsigned)(uint8_t)*name);
}

static void write_value(const struct limits_item *it, const struct pka_limits *l, struct wr *w)
{
	const char *between = "";

	switch (it->kind) {
	case COUNT:
	case DURATION:
	case PINNED:
		if (it->kind != PINNED && limits_number(l, it) == PKA_UNLIMITED)
			wr_text(w, "any");
		else
			wr_decimal(w, limits_number(l, it));
		break;
	case KEYS:
		for (size_t i = 0; i < l->keys_n; i++, between = ",") {
			wr_text(w, between);
			write_key(w, l->keys[i].text);
		}
		break;
	case MECHS:
		for (unsigned m = 0; m < PKA_MECHS; m++)
			if (l->mechs >> m & 1) {
				wr_printf(w, "%s%s", between, limits_mechs[m]);
				between = ",";
			}
		break;
	case REPEATS:
		wr_text(w, l->repeats_counted ? "counted" : "free");
		break;
	case HASH:
		wr_hex(w, RD_ARR(l->manifest));
		break;
	}
}

/* Does it differ from what holds without the item? */
static bool is_set(const struct limits_item *it, const struct pka_limits *l)
{
	switch (it->kind) {
	case COUNT:
	case DURATION:
		return limits_number(l, it) != it->usual;
	case KEYS:
		return !l->all_keys;
	case MECHS:
		return l->mechs != PKA_MECHS_ALL;
	case REPEATS:
		return l->repeats_counted;
	case PINNED:
		return limits_is_pinned(l, it);
	case HASH:
		return l->has_manifest;
	}
	return false;
}

enum err pka_limits_write(const struct pka_limits *l, struct wr *text)
{
	size_t before = text->n;

	for (size_t i = 0; i < LIMITS_ITEMS; i++)
		if (is_set(&limits_items[i], l) || limits_is_given(l, &limits_items[i])) {
			wr_printf(text, "%s%s=", text->n > before ? " " : "", limits_items[i].name);
			write_value(&limits_items[i], l, text);
		}
	if (!wr_done(text) && text->n - before > LIMITS_TEXT_MAX)
		wr_fail(text, ERR_LIMIT);
	return wr_done(text);
}

/* ---- comparing ---- */

bool limits_has_name(const struct pka_limits *l, const char *name)
{
	for (size_t i = 0; i < l->keys_n; i++)
		if (strcmp(l->keys[i].text, name) == 0)
			return true;
	return false;
}

static void intersect_keys(struct pka_limits *l, const struct pka_limits *by)
{
	const struct pka_limits *from = l->all_keys ? by : l, *other = l->all_keys ? l : by;
	struct pka_limits both = *l;

	both.all_keys = l->all_keys && by->all_keys;
	both.keys_n = 0;
	for (size_t i = 0; i < from->keys_n; i++)
		if (other->all_keys || limits_has_name(other, from->keys[i].text))
			both.keys[both.keys_n++] = from->keys[i];
	*l = both;
}

/* false: nothing is left that both allow. */
static bool lower(const struct limits_item *it, struct pka_limits *l, const struct pka_limits *by)
{
	switch (it->kind) {
	case COUNT:
	case DURATION:
		if (limits_number(by, it) < limits_number(l, it))
			limits_set_number(l, it, limits_number(by, it));
		return true;
	case KEYS:
		intersect_keys(l, by);
		return l->all_keys || l->keys_n > 0;
	case MECHS:
		l->mechs &= by->mechs;
		return l->mechs != 0;
	case REPEATS:
		l->repeats_counted |= by->repeats_counted;
		return true;
	case PINNED:
		if (limits_is_pinned(l, it))
			return limits_number(l, it) == limits_number(by, it);
		limits_pin(l, it, limits_number(by, it));
		return true;
	case HASH:
		if (l->has_manifest)
			return rd_eq(RD_ARR(l->manifest), RD_ARR(by->manifest));
		l->has_manifest = true;
		memcpy(l->manifest, by->manifest, sizeof(l->manifest));
		return true;
	}
	return false;
}

enum err pka_limits_lower(struct pka_limits *l, const struct pka_limits *by)
{
	struct pka_limits low = *l;

	for (size_t i = 0; i < LIMITS_ITEMS; i++)
		if (limits_is_given(by, &limits_items[i]) && !lower(&limits_items[i], &low, by))
			return ERR_POLICY;
	low.given |= by->given;
	*l = low;
	return ERR_OK;
}

/* It does if by itself would be lowered by l. */
static bool exceeds(const struct limits_item *it, const struct pka_limits *l, const struct pka_limits *by)
{
	struct pka_limits low = *by;

	switch (it->kind) {
	case COUNT:
	case DURATION:
		return limits_number(by, it) > limits_number(l, it);
	case KEYS:
		intersect_keys(&low, l);
		return low.all_keys != by->all_keys || low.keys_n != by->keys_n;
	case MECHS:
		return (by->mechs & ~l->mechs) != 0;
	case REPEATS:
		return l->repeats_counted && !by->repeats_counted;
	case PINNED:
	case HASH:
		return is_set(it, l) && !lower(it, &low, l);
	}
	return true;
}

bool pka_limits_exceed(const struct pka_limits *l, const struct pka_limits *by, const char **item)
{
	for (size_t i = 0; i < LIMITS_ITEMS; i++)
		if (limits_is_given(by, &limits_items[i]) && exceeds(&limits_items[i], l, by)) {
			if (item)
				*item = limits_items[i].name;
			return true;
		}
	return false;
}

bool pka_limits_within(const struct pka_limits *ceiling, const struct pka_limits *asked, const char **item)
{
	for (size_t i = 0; i < LIMITS_ITEMS; i++) {
		const struct limits_item *it = &limits_items[i];
		bool open = (it->kind == PINNED || it->kind == HASH) && !is_set(it, asked);

		if (limits_is_given(ceiling, it) && (open || exceeds(it, ceiling, asked))) {
			if (item)
				*item = it->name;
			return false;
		}
	}
	return true;
}

bool pka_limits_has_key(const struct pka_limits *l, struct rd label, struct rd id)
{
	for (size_t i = 0; i < l->keys_n && !l->all_keys; i++) {
		const char *name = l->keys[i].text;
		char hex[LIMITS_NAME_MAX];
		struct wr w;

		WR_ARR(&w, hex);
		wr_hex(&w, id);
		if (limits_is_id(name) ? !wr_done(&w) && rd_eq_str(wr_view(&w), name + 2) : rd_eq_str(label, name))
			return true;
	}
	return l->all_keys;
}
