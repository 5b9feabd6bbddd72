/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's items from JSON and back. */
#include "server/policy/policy_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DEADLINE_MAX 86400

static PRINTF(3, 4) enum err bad(char *why, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, cap, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

/* ---- lists of names ---- */

/* Printable, without blanks at its ends, and short enough. */
static bool is_name(const json_t *j)
{
	const char *s = json_string_value(j);
	char shown[SRV_POLICY_NAME_MAX + 1];
	size_t n = s ? strlen(s) : 0;

	return n && n == json_string_length(j) && n <= SRV_POLICY_NAME_MAX && s[0] != ' ' && s[n - 1] != ' ' &&
	       !strcmp(s, text_shown(rd_str(s), shown, sizeof(shown)));
}

static enum err names_read(const char *item, const json_t *j, struct srv_names *out, char *why, size_t cap)
{
	size_t i;

	if (!json_is_array(j) || json_array_size(j) > SRV_POLICY_NAMES_MAX)
		return bad(why, cap, "%s is a list of at most %d names", item, SRV_POLICY_NAMES_MAX);
	out->n = 0;
	for (i = 0; i < json_array_size(j); i++) {
		if (!is_name(json_array_get(j, i)))
			return bad(why, cap, "%s[%zu] is no name: printable text of 1 to %d bytes", item, i,
				   SRV_POLICY_NAME_MAX);
		(void)snprintf(out->v[out->n++], sizeof(out->v[0]), "%s", json_string_value(json_array_get(j, i)));
	}
	return ERR_OK;
}

static json_t *names_show(bool has, const struct srv_names *names)
{
	json_t *list = has ? json_array() : json_null();
	size_t i;

	for (i = 0; has && i < names->n; i++)
		srv_json_append(&list, json_string(names->v[i]));
	return list;
}

enum err srv_read_roots(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	enum err e = names_read("roots", j, &p->roots, why, cap);

	if (!e && !p->roots.n)
		return bad(why, cap, "roots names nobody: null stands for all that the server trusts");
	p->has_roots = !e;
	return e;
}

json_t *srv_show_roots(const struct srv_policy *p)
{
	return names_show(p->has_roots, &p->roots);
}

enum err srv_read_hosts(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	enum err e = names_read("hosts", j, &p->hosts, why, cap);

	p->has_hosts = !e;
	return e;
}

json_t *srv_show_hosts(const struct srv_policy *p)
{
	return names_show(p->has_hosts, &p->hosts);
}

enum err srv_read_tell(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	enum err e = names_read("tell", j, &p->tell, why, cap);

	p->has_tell = !e;
	return e;
}

json_t *srv_show_tell(const struct srv_policy *p)
{
	return names_show(p->has_tell, &p->tell);
}

/* ---- the others ---- */

enum err srv_read_chip_auth(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	if (!json_is_boolean(j))
		return bad(why, cap, "chip_auth is true, false, or null for the server's setting");
	p->has_chip_auth = true;
	p->chip_auth = json_is_true(j);
	return ERR_OK;
}

json_t *srv_show_chip_auth(const struct srv_policy *p)
{
	return p->has_chip_auth ? json_boolean(p->chip_auth) : json_null();
}

enum err srv_read_attested(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	const char *word = json_string_value(j);
	const json_t *key;
	size_t i;

	p->attested = SRV_ATTESTED_NONE;
	if (word && !strcmp(word, "none"))
		return ERR_OK;
	p->attested = SRV_ATTESTED_ALL;
	if (word && !strcmp(word, "all"))
		return ERR_OK;
	if (!json_is_array(j) || !json_array_size(j))
		return bad(why, cap, "attested is \"all\", \"none\", or a list of key numbers");
	p->attested = SRV_ATTESTED_LISTED;
	json_array_foreach((json_t *)(uintptr_t)j, i, key) {
		if (!json_is_integer(key) || json_integer_value(key) < 1 || json_integer_value(key) > KEYS_MAX)
			return bad(why, cap, "attested[%zu] is no key number from 1 to %d", i, KEYS_MAX);
		p->attested_key[json_integer_value(key)] = true;
	}
	return ERR_OK;
}

json_t *srv_show_attested(const struct srv_policy *p)
{
	json_t *list;
	int key;

	if (p->attested != SRV_ATTESTED_LISTED)
		return p->attested == SRV_ATTESTED_ALL ? json_string("all") : json_null();
	list = json_array();
	for (key = 1; key <= KEYS_MAX; key++)
		if (p->attested_key[key])
			srv_json_append(&list, json_integer(key));
	return list;
}

enum err srv_read_deadline(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	json_int_t n = json_integer_value(j);

	if (!json_is_integer(j) || n < 1 || n > DEADLINE_MAX)
		return bad(why, cap, "deadline is a number of seconds from 1 to %d", DEADLINE_MAX);
	p->deadline = (unsigned)n;
	return ERR_OK;
}

json_t *srv_show_deadline(const struct srv_policy *p)
{
	return p->deadline ? json_integer(p->deadline) : json_null();
}

enum err srv_read_windows(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	const char *zone = "local";
	struct srv_windows *w = &p->windows;
	const json_t *open, *text;
	size_t i;

	*w = (struct srv_windows){ 0 };
	if (json_unpack((json_t *)(uintptr_t)j, "{s?s, s:o !}", "zone", &zone, "open", &open) || !json_is_array(open))
		return bad(why, cap, "windows is {\"zone\": \"local\"|\"UTC\"|\"+HH:MM\", \"open\": [\"Mon-Fri "
			   "08:00-18:00\", ...]}");
	if (srv_zone_read(zone, &w->zone))
		return bad(why, cap, "the zone of windows is local, UTC, +HH:MM or -HH:MM");
	json_array_foreach((json_t *)(uintptr_t)open, i, text) {
		if (i == SRV_WINDOWS_MAX)
			return bad(why, cap, "more than %d windows", SRV_WINDOWS_MAX);
		if (!json_is_string(text) || srv_window_read(json_string_value(text), &w->v[i]))
			return bad(why, cap, "windows: open[%zu] is not like \"Mon-Fri 08:00-18:00\"", i);
		w->n++;
	}
	p->has_windows = true;
	return ERR_OK;
}

json_t *srv_show_windows(const struct srv_policy *p)
{
	char zone[SRV_ZONE_TEXT], text[SRV_WINDOW_TEXT];
	json_t *open;
	size_t i;

	if (!p->has_windows)
		return json_null();
	open = json_array();
	for (i = 0; i < p->windows.n; i++) {
		srv_window_write(&p->windows.v[i], text);
		srv_json_append(&open, json_string(text));
	}
	srv_zone_write(&p->windows.zone, zone);
	return json_pack("{s:s, s:o}", "zone", zone, "open", open);
}

enum err srv_read_limits(const json_t *j, struct srv_policy *p, char *why, size_t cap)
{
	char phrase[120] = "";

	if (!json_is_string(j))
		return bad(why, cap, "limits is a text as in --limits");
	if (pka_limits_read(rd_of(json_string_value(j), json_string_length(j)), &p->limits, phrase, sizeof(phrase)))
		return bad(why, cap, "limits: %s", phrase);
	if (!p->limits.given)
		return bad(why, cap, "limits has no item; null stands for none");
	p->has_limits = true;
	return ERR_OK;
}

json_t *srv_show_limits(const struct srv_policy *p)
{
	json_t *j = NULL;
	struct wr text;

	if (!p->has_limits)
		return json_null();
	wr_init_heap(&text, LIMITS_TEXT_MAX + 1);
	if (!pka_limits_write(&p->limits, &text))
		j = srv_json_text(wr_cstr(&text));
	wr_free(&text);
	return j;
}
