/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_int.h"
#include "base/log.h"

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
	return conf_file_read(c, path, true);
}

enum err conf_load(struct conf **out)
{
	const char *named = secure_getenv("QUORUM11_CONF"), *agent = secure_getenv("QUORUM11_AGENT");
	struct conf *c = NULL;
	enum err e;

	e = conf_new(&c);
	if (!e)
		e = conf_file_read(c, CONF_FILE, true);
	if (!e)
		e = read_user_file(c);
	if (!e && named && *named)
		e = conf_file_read(c, named, false);
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
		e = conf_file_read(c, path, false);
	if (e)
		conf_free(&c);
	else
		*out = c;
	return e;
}

void conf_free(struct conf **c)
{
	if (!c || !*c)
		return;
	for (size_t i = 0; conf_key(i); i++)
		conf_key_free(conf_key(i), *c);
	free(*c);
	*c = NULL;
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

void conf_differences(const struct conf *a, const struct conf *b,
		      void (*tell)(void *ctx, const char *section, const char *name), void *ctx)
{
	const struct conf_key *k;

	for (size_t i = 0; (k = conf_key(i)); i++)
		if (!conf_key_equals(k, a, b))
			tell(ctx, k->section, k->name);
}
