/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_int.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define CONF_FILE_MAX 65536             /* bytes */

/* One file being read. */
struct parse {
	struct conf *conf;
	const char *path;
	struct rd rest;
	int line;
	bool seen[CONF_KEYS_MAX];       /* single keys of this file */
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

static void set_value(struct parse *p, size_t i, const char *value)
{
	const struct conf_key *k = conf_key(i);
	char why[sizeof(p->why)];
	enum err e;

	if (p->seen[i] && !conf_key_is_list(k)) {
		refuse(p, ERR_CONFIG, "\"%s\" is set twice, or an indented line follows it", k->name);
		return;
	}
	p->seen[i] = true;
	e = conf_key_set(k, p->conf, p->path, value, why, sizeof(why));
	if (e)
		refuse(p, e, "%s", why);
}

/* inih's handler: 0 is an error. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	char shown[2][64];
	bool has_section;
	size_t i = conf_key_find(section, name, &has_section);

	if (i < CONF_KEYS_MAX) {
		set_value(p, i, value);
		return !p->e;
	}
	(void)text_shown(rd_str(section), shown[0], sizeof(shown[0]));
	(void)text_shown(rd_str(name), shown[1], sizeof(shown[1]));
	if (has_section)
		refuse(p, ERR_CONFIG, "unknown key \"%s\" in section [%s]", shown[1], shown[0]);
	else if (*section)
		refuse(p, ERR_CONFIG, "unknown section [%s]", shown[0]);
	else
		refuse(p, ERR_CONFIG, "\"%s\" stands before any section; a line such as [login] begins one", shown[1]);
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

enum err conf_file_read(struct conf *c, const char *path, bool may_miss)
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
	for (size_t i = 0; conf_key(i); i++)
		conf_key_drop_empty(conf_key(i), c);
	together = conflict(c);
	if (!e && together) {
		log_tell("configuration %s: %s", path, together);
		e = ERR_CONFIG;
	}
out:
	wr_free(&content);
	return e;
}
