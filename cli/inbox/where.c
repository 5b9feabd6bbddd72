/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inbox/where.h"

#include <string.h>

#include "cli/line/say.h"

#define LINK_PATH "/r/"

/* The part of a URL that makes it a link to a request, or NULL. */
static const char *link_of(const char *url)
{
	size_t n = strlen(url), tail = strlen(LINK_PATH) + REQUEST_LINK_SIZE;
	const char *at = n > tail ? url + n - tail : NULL;

	if (!at || strncmp(at, LINK_PATH, strlen(LINK_PATH)))
		return NULL;
	return cli_api_is_link(at + strlen(LINK_PATH)) ? at : NULL;
}

static enum err take_url(const char *url, struct cli_where *out)
{
	const char *link = link_of(url);
	size_t n = link ? (size_t)(link - url) : strlen(url);

	if (n > API_URL_MAX)
		return cli_refuse(ERR_ARG, "the server's URL is too long");
	memcpy(out->url, url, n);
	out->url[n] = 0;
	if (link)
		memcpy(out->link, link + strlen(LINK_PATH), sizeof(out->link));
	return ERR_OK;
}

enum err cli_where_read(const char *const *v, size_t n, const char *verb, struct cli_where *out)
{
	*out = (struct cli_where){ .url = "" };
	for (size_t i = 0; i < n; i++) {
		bool is_url = strstr(v[i], "://") != NULL;
		enum err e;

		if (is_url ? *out->url : *out->id)
			return cli_refuse(ERR_ARG, "%s takes one URL and one request", verb);
		if (!is_url && !cli_api_is_id(v[i]))
			return cli_refuse(ERR_ARG, "a request is named by 32 hex digits, or by its link");
		if (!is_url) {
			memcpy(out->id, v[i], sizeof(out->id));
			continue;
		}
		e = take_url(v[i], out);
		if (e)
			return e;
	}
	if (*out->link && *out->id)
		return cli_refuse(ERR_ARG, "%s takes a link or a request's name, not both", verb);
	return ERR_OK;
}

static enum err add(const struct cli *cli, const char *url, struct cli_servers *out)
{
	enum err e = cli_api_open(cli, url, &out->v[out->n]);

	if (!e)
		out->n++;
	return e;
}

enum err cli_servers_open(const struct cli *cli, const struct cli_where *where, struct cli_servers *out)
{
	const struct conf_list *urls = &cli->conf->custodian.url;
	enum err e = ERR_OK;

	*out = (struct cli_servers){ .n = 0 };
	if (*where->url || !urls->n)
		return add(cli, *where->url ? where->url : NULL, out);
	for (size_t i = 0; i < urls->n && !e; i++)
		e = add(cli, urls->v[i], out);
	if (e)
		cli_servers_close(out);
	return e;
}

enum err cli_servers_inbox(struct cli_servers *s, struct cli_custodians *mine)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < s->n && !e; i++)
		e = cli_inbox_token_use(s->v[i], mine, &s->token[i]);
	return e;
}

void cli_servers_close(struct cli_servers *s)
{
	while (s->n) {
		s->n--;
		cli_inbox_token_free(&s->token[s->n]);
		cli_api_close(&s->v[s->n]);
	}
}

enum err cli_where_ref(const struct cli_where *where, const struct cli_servers *s, struct cli_ref *out)
{
	if (s->n > 1)
		return cli_refuse(ERR_ARG,
				  "[custodian] url names several servers: say with the request's name which one");
	*out = (struct cli_ref){ .api = s->v[0] };
	memcpy(out->id, where->id, sizeof(out->id));
	memcpy(out->link, where->link, sizeof(out->link));
	return ERR_OK;
}

enum err cli_where_open(struct cli *cli, const struct cli_where *where, struct cli_servers *servers,
			struct cli_ref *ref, struct cli_custodians **mine)
{
	enum err e = cli_servers_open(cli, where, servers);

	*mine = NULL;
	if (!e)
		e = cli_where_ref(where, servers, ref);
	if (!e && !*ref->link)
		e = cli_custodians_find(cli, cli->args->reader, cli->args->device, mine);
	if (!e && *mine)
		e = cli_servers_inbox(servers, *mine);
	return e;
}
