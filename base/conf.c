/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

#define CONF_FILE_MAX 65536             /* bytes */
#define DAY_S 86400
#define POLL_MAX_S 30                   /* clients give up on a POST after 40 s */

enum type {
	TEXT,
	PATH,                           /* a relative one is taken from the folder of its file */
	BOOL,
	SECONDS,
	NUMBER,
	TEXTS,
	PATHS,
	CHOICE
};

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

static const struct key {
	const char *section, *name;
	enum type type;
	size_t at;
	unsigned min, max;              /* SECONDS, NUMBER; min of a CHOICE: which */
} keys[] = {
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
/* An enum is set, and compared, as the unsigned that it is in this ABI. */
_Static_assert(sizeof(enum conf_progress) == sizeof(unsigned) && sizeof(enum conf_hosts) == sizeof(unsigned) &&
	       sizeof(enum log_format) == sizeof(unsigned) && sizeof(enum conf_metrics) == sizeof(unsigned) &&
	       sizeof(enum conf_client_cert) == sizeof(unsigned),
	       "CHOICE writes an unsigned");

/* One file being read. */
struct parse {
	struct conf *conf;
	const char *path;
	struct rd rest;
	int line;
	bool seen[KEYS];                /* single keys of this file */
	int bad_line;                   /* of the first error, 0: none */
	enum err e;
	char why[256];
};

static void PRINTF(3, 4) refuse(struct parse *p, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (p->e)
		return;
	p->e = e;
	p->bad_line = p->line;
	va_start(ap, fmt);
	(void)vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
}

static void list_free(struct conf_list *l)
{
	while (l->n)
		free(l->v[--l->n]);
}

/* value, or for a path the file's folder and value. */
static void dup_value(struct parse *p, enum type type, struct rd value, char **out)
{
	const char *slash = strrchr(p->path, '/');
	int folder = 0;
	char *made;

	if ((type == PATH || type == PATHS) && value.n && value.p[0] != '/' && slash)
		folder = (int)(slash - p->path) + 1;
	if (asprintf(&made, "%.*s%.*s", folder, p->path, (int)value.n, (const char *)value.p) < 0) {
		refuse(p, ERR_NOMEM, "out of memory");
		return;
	}
	free(*out);
	*out = made;
}

static struct rd trim(struct rd text)
{
	while (text.n && (text.p[0] == ' ' || text.p[0] == '\t'))
		text = rd_of(text.p + 1, text.n - 1);
	while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t'))
		text.n--;
	return text;
}

static void set_list(struct parse *p, const struct key *k, struct rd value, struct conf_list *l)
{
	while (!p->e && !rd_end(&value)) {
		const uint8_t *comma = memchr(value.p, ',', value.n);
		size_t n = comma ? (size_t)(comma - value.p) : value.n;
		struct rd item = trim(rd_of(value.p, n));

		value = comma ? rd_of(comma + 1, value.n - n - 1) : RD_NONE;
		if (item.n == 0)
			continue;
		if (l->n == CONF_LIST_MAX) {
			refuse(p, ERR_CONFIG, "more than %d values for \"%s\"", CONF_LIST_MAX, k->name);
			return;
		}
		l->v[l->n] = NULL;
		dup_value(p, k->type, item, &l->v[l->n]);
		if (!p->e)
			l->n++;
	}
}

static void set_bool(struct parse *p, const struct key *k, const char *value, bool *to)
{
	if (strcmp(value, "yes") == 0)
		*to = true;
	else if (strcmp(value, "no") == 0)
		*to = false;
	else
		refuse(p, ERR_CONFIG, "\"%s\" is yes or no", k->name);
}

static void set_number(struct parse *p, const struct key *k, const char *value, unsigned *to)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || n < k->min || n > k->max)
		refuse(p, ERR_CONFIG, "\"%s\" is a number%s from %u to %u", k->name,
		       k->type == SECONDS ? " of seconds" : "", k->min, k->max);
	else
		*to = (unsigned)n;
}

static void set_choice(struct parse *p, const struct key *k, const char *value, unsigned *to)
{
	const char *const *words = choices[k->min];
	char said[100];
	struct wr w;
	unsigned i;

	WR_ARR(&w, said);
	for (i = 0; words[i]; i++) {
		if (!strcmp(value, words[i])) {
			*to = i;
			return;
		}
		wr_printf(&w, "%s%s", !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	refuse(p, ERR_CONFIG, "\"%s\" is %s", k->name, wr_cstr(&w));
}

static void set_value(struct parse *p, const struct key *k, const char *value)
{
	void *to = (char *)p->conf + k->at;

	if (k->type == TEXTS || k->type == PATHS) {
		set_list(p, k, rd_str(value), to);
		return;
	}
	if (p->seen[k - keys]) {
		refuse(p, ERR_CONFIG, "\"%s\" is set twice, or an indented line follows it", k->name);
		return;
	}
	p->seen[k - keys] = true;
	switch (k->type) {
	case TEXT:
	case PATH:
		dup_value(p, k->type, rd_str(value), to);
		break;
	case BOOL:
		set_bool(p, k, value, to);
		break;
	case SECONDS:
	case NUMBER:
		set_number(p, k, value, to);
		break;
	case CHOICE:
		set_choice(p, k, value, to);
		break;
	case TEXTS:
	case PATHS:
		break;
	}
}

/* inih's handler: 0 is an error. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	char shown[2][64];
	bool known = false;

	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].section, section) != 0)
			continue;
		known = true;
		if (strcmp(keys[i].name, name) == 0) {
			set_value(p, &keys[i], value);
			return !p->e;
		}
	}
	(void)text_shown(rd_str(section), shown[0], sizeof(shown[0]));
	(void)text_shown(rd_str(name), shown[1], sizeof(shown[1]));
	if (known)
		refuse(p, ERR_CONFIG, "unknown key \"%s\" in section [%s]", shown[1], shown[0]);
	else
		refuse(p, ERR_CONFIG, "unknown section [%s]", shown[0]);
	return 0;
}

/*
 * inih's reader: one line with a terminator, as fgets. A line that inih's buffer cannot hold is refused, not split
 * as fgets would.
 */
static char *next_line(char *buf, int size, void *stream)
{
	struct parse *p = stream;
	const uint8_t *end;
	struct rd line;
	size_t n;

	if (rd_end(&p->rest) || p->e)
		return NULL;
	p->line++;
	end = memchr(p->rest.p, '\n', p->rest.n);
	n = end ? (size_t)(end - p->rest.p) + 1 : p->rest.n;
	if (!rd_take(&p->rest, n, &line))
		return NULL;
	if (size < 1 || n >= (size_t)size) {
		refuse(p, ERR_CONFIG, "line longer than %d characters", size - 2);
		return NULL;
	}
	if (memchr(line.p, 0, line.n)) {
		refuse(p, ERR_CONFIG, "not a text file");
		return NULL;
	}
	(void)memcpy(buf, line.p, line.n);
	buf[line.n] = 0;
	return buf;
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

/* "NAME WORD...", where the words are those of an order. */
static bool is_token_order(const char *text)
{
	enum conf_transport order[CONF_TRANSPORTS];

	return conf_transports(text + strcspn(text, " \t"), order) > 0;
}

/* Settings that make sense only together. */
static const char *conflict(const struct conf *c)
{
	enum conf_transport order[CONF_TRANSPORTS];

	if (!c->login.cert != !c->login.key)
		return "[login] cert and key go together";
	if (!c->server.cert != !c->server.key)
		return "[server] cert and key go together";
	if (c->transport.order && !conf_transports(c->transport.order, order))
		return "[transport] order is some of agent, pcsc and usb, each once, with blanks between them";
	for (size_t i = 0; i < c->transport.token.n; i++)
		if (!is_token_order(c->transport.token.v[i]))
			return "[transport] token is a serial number and some of agent, pcsc and usb";
	return NULL;
}

/* An empty text means "not set", so that a later file can undo an earlier one. */
static void drop_empty(struct conf *c)
{
	for (size_t i = 0; i < KEYS; i++) {
		char **text = (void *)((char *)c + keys[i].at);

		if ((keys[i].type == TEXT || keys[i].type == PATH) && *text && **text == 0) {
			free(*text);
			*text = NULL;
		}
	}
}

static enum err read_file(struct conf *c, const char *path, bool may_miss)
{
	struct parse p = { .conf = c, .path = path };
	const char *together;
	struct wr content;
	enum err e;
	int line;

	wr_init_heap(&content, CONF_FILE_MAX);
	e = file_read(path, CONF_FILE_MAX, &content);
	if (e == ERR_NOT_FOUND && may_miss) {
		e = ERR_OK;
		goto out;
	}
	if (e) {
		log_tell("configuration %s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
		e = ERR_CONFIG;
		goto out;
	}
	p.rest = wr_view(&content);
	line = ini_parse_stream(next_line, &p, on_value, &p);
	e = p.e;
	if (line < 0 && !e)
		e = ERR_NOMEM;
	if (line > 0 && (!e || line < p.bad_line)) {
		log_tell("configuration %s:%d: neither [SECTION] nor KEY = VALUE", path, line);
		e = ERR_CONFIG;
	} else if (e) {
		log_tell("configuration %s:%d: %s", path, p.bad_line, p.why);
	}
	drop_empty(c);
	together = conflict(c);
	if (!e && together) {
		log_tell("configuration %s: %s", path, together);
		e = ERR_CONFIG;
	}
out:
	wr_free(&content);
	return e;
}

enum err conf_set_text(char **setting, const char *value)
{
	char *copy;

	if (!value || !*value)
		return ERR_OK;
	copy = strdup(value);
	if (!copy)
		return ERR_NOMEM;
	free(*setting);
	*setting = copy;
	return ERR_OK;
}

bool conf_list_admits(const struct conf_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(l->v[i]);

		if (n && l->v[i][n - 1] == '*' ? strncmp(name, l->v[i], n - 1) == 0 : strcmp(name, l->v[i]) == 0)
			return true;
	}
	return l->n == 0;
}

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

static bool value_equals(const struct key *k, const struct conf *a, const struct conf *b)
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

void conf_differences(const struct conf *a, const struct conf *b,
		      void (*tell)(void *ctx, const char *section, const char *name), void *ctx)
{
	for (size_t i = 0; i < KEYS; i++)
		if (!value_equals(&keys[i], a, b))
			tell(ctx, keys[i].section, keys[i].name);
}

static enum err conf_new(struct conf **out)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	c->login.timeout = 900;
	c->login.cooldown = 60;
	c->login.exclusive = true;
	c->login.statements = true;
	c->server.deadline = 900;
	c->server.lease = 300;
	c->server.poll = 15;
	c->server.hold = 8 * 3600;
	c->server.sessions = 4000;
	c->server.chip_auth = true;
	c->module.cache = true;
	c->notify.retry = 5;
	c->notify.give_up = 3600;
	c->trust.production = true;
	if (conf_set_text(&c->module.helper, QUORUM11_LIBEXECDIR "/connect") ||
	    conf_set_text(&c->agent.program, QUORUM11_LIBEXECDIR "/agent") ||
	    conf_set_text(&c->notify.program, QUORUM11_LIBEXECDIR "/tell") ||
	    conf_set_text(&c->server.listen, "127.0.0.1:8443") ||
	    conf_set_text(&c->server.state, "/var/lib/quorum11")) {
		conf_free(&c);
		return ERR_NOMEM;
	}
	*out = c;
	return ERR_OK;
}

/*
 * $XDG_CONFIG_HOME/quorum11/quorum11.conf; a relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory
 * Specification).
 */
static enum err read_user_file(struct conf *c)
{
	const char *xdg = secure_getenv("XDG_CONFIG_HOME"), *home = secure_getenv("HOME");
	bool use_xdg = xdg && xdg[0] == '/';
	char path[PATH_MAX];
	int n;

	if (!use_xdg && (!home || home[0] != '/'))
		return ERR_OK;
	n = snprintf(path, sizeof(path), "%s%s/quorum11/quorum11.conf", use_xdg ? xdg : home,
		     use_xdg ? "" : "/.config");
	if (n < 0 || (size_t)n >= sizeof(path))
		return ERR_OK;
	return read_file(c, path, true);
}

enum err conf_load(struct conf **out)
{
	const char *named = secure_getenv("QUORUM11_CONF"), *agent = secure_getenv("QUORUM11_AGENT");
	struct conf *c = NULL;
	enum err e;

	e = conf_new(&c);
	if (!e)
		e = read_file(c, CONF_FILE, true);
	if (!e)
		e = read_user_file(c);
	if (!e && named && *named)
		e = read_file(c, named, false);
	if (!e)
		e = conf_set_text(&c->login.url, secure_getenv("QUORUM11_URL"));
	if (!e)
		e = conf_set_text(&c->login.reason, secure_getenv("QUORUM11_REASON"));
	if (!e)
		e = conf_set_text(&c->module.log, secure_getenv("QUORUM11_LOG"));
	if (!e)
		e = conf_set_text(&c->agent.socket, agent);
	if (!e)
		c->agent.only = agent && *agent;
	if (e)
		conf_free(&c);
	else
		*out = c;
	return e;
}

enum err conf_load_file(const char *path, struct conf **out)
{
	struct conf *c = NULL;
	enum err e = conf_new(&c);

	if (!e)
		e = read_file(c, path, false);
	if (e)
		conf_free(&c);
	else
		*out = c;
	return e;
}

enum err conf_log(const struct conf *c)
{
	enum err e = log_configure(c->module.log);

	if (!e && c->module.log_file)
		e = log_open(c->module.log_file);
	if (e == ERR_IO)
		log_tell("log file %s: %s; set log_file in section [module]", c->module.log_file,
			 strerrordesc_np(errno));
	return e == ERR_IO ? ERR_CONFIG : e;
}

void conf_free(struct conf **c)
{
	if (!c || !*c)
		return;
	for (size_t i = 0; i < KEYS; i++) {
		void *at = (char *)*c + keys[i].at;

		if (keys[i].type == TEXT || keys[i].type == PATH)
			free(*(char **)at);
		else if (keys[i].type == TEXTS || keys[i].type == PATHS)
			list_free(at);
	}
	free(*c);
	*c = NULL;
}
