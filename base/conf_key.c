/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_int.h"
#include "base/limits.h"
#include "base/log.h"

#define DAY_S 86400
#define POLL_MAX_S 30                   /* clients give up on a POST after 40 s */

/* The words of a CHOICE, by the numbers that they stand for. */
enum { PROGRESSES, HOSTS, LOG_FORMATS, METRICS, CLIENT_CERTS };
static const char *const choices[][4] = {
	[PROGRESSES] = { [CONF_PROGRESS_AUTO] = "auto", [CONF_PROGRESS_STDERR] = "stderr",
			 [CONF_PROGRESS_LOG] = "log" },
	[HOSTS] = { [CONF_HOSTS_OPEN] = "open", [CONF_HOSTS_NAMED] = "named" },
	[METRICS] = { [CONF_METRICS_TOKEN] = "token", [CONF_METRICS_LOOPBACK] = "loopback",
		      [CONF_METRICS_OPEN] = "open" },
	[CLIENT_CERTS] = { [CONF_CLIENT_CERT_DEMANDED] = "demanded", [CONF_CLIENT_CERT_ASKED] = "asked" },
	[LOG_FORMATS] = { [LOG_TEXT] = "text", [LOG_JSON] = "json" },
};

static const struct conf_key keys[] = {
#define KEY(section, name, type, min, max) { #section, #name, type, offsetof(struct conf, section.name), min, max }
	KEY(module, cache, BOOL, 0, 0),
	KEY(module, helper, PATH, 0, 0),
	KEY(module, log, TEXT, 0, 0),
	KEY(module, log_file, PATH, 0, 0),
	KEY(module, readers, TEXTS, 0, 0),
	KEY(transport, order, TEXT, 0, 0),
	KEY(transport, token, TEXTS, 0, 0),
	KEY(login, url, TEXT, 0, 0),
	KEY(login, ca, PATH, 0, 0),
	KEY(login, cert, PATH, 0, 0),
	KEY(login, key, PATH, 0, 0),
	KEY(login, token, PATH, 0, 0),
	KEY(login, pin, TEXT, 0, 0),
	KEY(login, http, BOOL, 0, 0),
	KEY(login, proxy, TEXT, 0, 0),
	KEY(login, timeout, SECONDS, 1, DAY_S),
	KEY(login, cooldown, SECONDS, 0, DAY_S),
	KEY(login, exclusive, BOOL, 0, 0),
	KEY(login, reuse, BOOL, 0, 0),
	KEY(login, statements, BOOL, 0, 0),
	KEY(login, vendor_sm, BOOL, 0, 0),
	KEY(login, programs, TEXTS, 0, 0),
	KEY(login, progress, CHOICE, PROGRESSES, 0),
	KEY(login, reason, TEXT, 0, 0),
	KEY(agent, program, PATH, 0, 0),
	KEY(agent, socket, PATH, 0, 0),
	KEY(agent, group, TEXT, 0, 0),
	KEY(agent, mode, TEXT, 0, 0),
	KEY(agent, readers, TEXTS, 0, 0),
	KEY(agent, receipts, PATH, 0, 0),
	KEY(agent, limits, TEXT, 0, 0),
	KEY(agent, manifest, PATH, 0, 0),
	KEY(agent, admit, TEXTS, 0, 0),
	KEY(agent, log, TEXT, 0, 0),
	KEY(custodian, url, TEXTS, 0, 0),
	KEY(custodian, key, TEXTS, 0, 0),
	KEY(server, listen, TEXT, 0, 0),
	KEY(server, cert, PATH, 0, 0),
	KEY(server, key, PATH, 0, 0),
	KEY(server, client_ca, PATH, 0, 0),
	KEY(server, client_cert, CHOICE, CLIENT_CERTS, 0),
	KEY(server, hosts, CHOICE, HOSTS, 0),
	KEY(server, http, BOOL, 0, 0),
	KEY(server, state, PATH, 0, 0),
	KEY(server, url, TEXT, 0, 0),
	KEY(server, deadline, SECONDS, 1, DAY_S),
	KEY(server, lease, SECONDS, 1, DAY_S),
	KEY(server, poll, SECONDS, 1, POLL_MAX_S),
	KEY(server, hold, SECONDS, 60, 7 * DAY_S),
	KEY(server, keep_days, NUMBER, 31, 36500),
	KEY(server, sessions, NUMBER, 1, SRV_SESSIONS_MAX),
	KEY(server, chip_auth, BOOL, 0, 0),
	KEY(server, stock_custodians, BOOL, 0, 0),
	KEY(server, log, TEXT, 0, 0),
	KEY(server, log_format, CHOICE, LOG_FORMATS, 0),
	KEY(server, metrics, CHOICE, METRICS, 0),
	KEY(notify, program, PATH, 0, 0),
	KEY(notify, webhook, TEXTS, 0, 0),
	KEY(notify, mail, TEXTS, 0, 0),
	KEY(notify, command, TEXTS, 0, 0),
	KEY(notify, about, TEXTS, 0, 0),
	KEY(notify, smtp, TEXT, 0, 0),
	KEY(notify, smtp_from, TEXT, 0, 0),
	KEY(notify, smtp_user, TEXT, 0, 0),
	KEY(notify, smtp_password, PATH, 0, 0),
	KEY(notify, ca, PATH, 0, 0),
	KEY(notify, proxy, TEXT, 0, 0),
	KEY(notify, retry, SECONDS, 1, 900),
	KEY(notify, give_up, SECONDS, 10, 7 * DAY_S),
	KEY(trust, roots, PATHS, 0, 0),
	KEY(trust, unverified, TEXTS, 0, 0),
	KEY(trust, production, BOOL, 0, 0),
#undef KEY
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= CONF_KEYS_MAX, "a file notes which it has seen");
/* An enum is set, and compared, as the unsigned that it is in this ABI. */
_Static_assert(sizeof(enum conf_progress) == sizeof(unsigned) && sizeof(enum conf_hosts) == sizeof(unsigned) &&
	       sizeof(enum log_format) == sizeof(unsigned) && sizeof(enum conf_metrics) == sizeof(unsigned) &&
	       sizeof(enum conf_client_cert) == sizeof(unsigned),
	       "CHOICE writes an unsigned");

const struct conf_key *conf_key(size_t i)
{
	return i < KEYS ? &keys[i] : NULL;
}

size_t conf_key_find(const char *section, const char *name, bool *has_section)
{
	*has_section = false;
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].section, section) != 0)
			continue;
		*has_section = true;
		if (strcmp(keys[i].name, name) == 0)
			return i;
	}
	return CONF_KEYS_MAX;
}

bool conf_key_is_list(const struct conf_key *k)
{
	return k->type == TEXTS || k->type == PATHS;
}

static bool is_text(const struct conf_key *k)
{
	return k->type == TEXT || k->type == PATH;
}

static void *at(const struct conf_key *k, struct conf *c)
{
	return (char *)c + k->at;
}

/* ---- set ---- */

/* A value, and what is wrong with it. */
struct setting {
	const struct conf_key *key;
	const char *file;               /* whose folder relative paths begin in */
	const char *value;
	char *why;
	size_t cap;
};

static enum err PRINTF(3, 4) refuse(const struct setting *s, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(s->why, s->cap, fmt, ap);
	va_end(ap);
	return e;
}

/* value, or for a path the file's folder and value. */
static enum err dup_value(const struct setting *s, struct rd value, char **out)
{
	const char *slash = strrchr(s->file, '/');
	int folder = 0;
	char *made;

	if ((s->key->type == PATH || s->key->type == PATHS) && value.n && value.p[0] != '/' && slash)
		folder = (int)(slash - s->file) + 1;
	if (asprintf(&made, "%.*s%.*s", folder, s->file, (int)value.n, (const char *)value.p) < 0)
		return refuse(s, ERR_NOMEM, "out of memory");
	free(*out);
	*out = made;
	return ERR_OK;
}

static struct rd trim(struct rd text)
{
	while (text.n && (text.p[0] == ' ' || text.p[0] == '\t'))
		text = rd_of(text.p + 1, text.n - 1);
	while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
		text.n--;
	return text;
}

static enum err set_list(const struct setting *s, struct conf_list *l)
{
	struct rd value = rd_str(s->value);
	enum err e = ERR_OK;

	while (!e && !rd_end(&value)) {
		const uint8_t *comma = memchr(value.p, ',', value.n);
		size_t n = comma ? (size_t)(comma - value.p) : value.n;
		struct rd item = trim(rd_of(value.p, n));

		value = comma ? rd_of(comma + 1, value.n - n - 1) : RD_NONE;
		if (item.n == 0)
			continue;
		if (l->n == CONF_LIST_MAX)
			return refuse(s, ERR_CONFIG, "more than %d values for \"%s\"", CONF_LIST_MAX, s->key->name);
		l->v[l->n] = NULL;
		e = dup_value(s, item, &l->v[l->n]);
		if (!e)
			l->n++;
	}
	return e;
}

static enum err set_bool(const struct setting *s, bool *to)
{
	*to = strcmp(s->value, "yes") == 0;
	return *to || strcmp(s->value, "no") == 0 ? ERR_OK
						  : refuse(s, ERR_CONFIG, "\"%s\" is yes or no", s->key->name);
}

static enum err set_number(const struct setting *s, unsigned *to)
{
	const struct conf_key *k = s->key;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(s->value, &end, 10);
	if (s->value[0] < '0' || s->value[0] > '9' || *end || errno || n < k->min || n > k->max)
		return refuse(s, ERR_CONFIG, "\"%s\" is a number%s from %u to %u", k->name,
			      k->type == SECONDS ? " of seconds" : "", k->min, k->max);
	*to = (unsigned)n;
	return ERR_OK;
}

static enum err set_choice(const struct setting *s, unsigned *to)
{
	const char *const *words = choices[s->key->min];
	char said[100];
	struct wr w;
	unsigned i;

	WR_ARR(&w, said);
	for (i = 0; words[i]; i++) {
		if (!strcmp(s->value, words[i])) {
			*to = i;
			return ERR_OK;
		}
		wr_printf(&w, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	return refuse(s, ERR_CONFIG, "\"%s\" is %s", s->key->name, wr_cstr(&w));
}

enum err conf_key_set(const struct conf_key *k, struct conf *c, const char *file, const char *value, char *why,
		      size_t cap)
{
	const struct setting s = { .key = k, .file = file, .value = value, .why = why, .cap = cap };

	switch (k->type) {
	case TEXT:
	case PATH:
		return dup_value(&s, rd_str(value), at(k, c));
	case TEXTS:
	case PATHS:
		return set_list(&s, at(k, c));
	case BOOL:
		return set_bool(&s, at(k, c));
	case SECONDS:
	case NUMBER:
		return set_number(&s, at(k, c));
	case CHOICE:
		return set_choice(&s, at(k, c));
	}
	return ERR_BUG;
}

size_t conf_transports(const char *text, enum conf_transport out[CONF_TRANSPORTS])
{
	static const char *const words[] = { [CONF_AGENT] = "agent", [CONF_PCSC] = "pcsc", [CONF_USB] = "usb" };
	bool seen[CONF_TRANSPORTS] = { false };
	size_t n = 0, i, size;

	for (;; text += size) {
		text += strspn(text, " \t");
		size = strcspn(text, " \t");
		if (!size)
			return n;
		for (i = 0; i < CONF_TRANSPORTS; i++)
			if (size == strlen(words[i]) && strncmp(text, words[i], size) == 0)
				break;
		if (i == CONF_TRANSPORTS || seen[i])
			return 0;
		seen[i] = true;
		out[n++] = (enum conf_transport)i;
	}
}

/* ---- compared, and freed ---- */

static bool text_equals(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static bool list_equals(const struct conf_list *a, const struct conf_list *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n && text_equals(a->v[i], b->v[i]); i++)
		;
	return i == a->n && i == b->n;
}

bool conf_key_equals(const struct conf_key *k, const struct conf *a, const struct conf *b)
{
	const void *x = (const char *)a + k->at, *y = (const char *)b + k->at;

	switch (k->type) {
	case TEXT:
	case PATH:
		return text_equals(*(char *const *)x, *(char *const *)y);
	case TEXTS:
	case PATHS:
		return list_equals(x, y);
	case BOOL:
		return *(const bool *)x == *(const bool *)y;
	case SECONDS:
	case NUMBER:
	case CHOICE:
		break;
	}
	return *(const unsigned *)x == *(const unsigned *)y;
}

void conf_key_drop_empty(const struct conf_key *k, struct conf *c)
{
	char **text = at(k, c);

	if (is_text(k) && *text && **text == 0)
		conf_key_free(k, c);
}

static void list_free(struct conf_list *l)
{
	while (l->n)
		free(l->v[--l->n]);
}

void conf_key_free(const struct conf_key *k, struct conf *c)
{
	char **text = at(k, c);

	if (is_text(k)) {
		free(*text);
		*text = NULL;
	} else if (conf_key_is_list(k)) {
		list_free(at(k, c));
	}
}
