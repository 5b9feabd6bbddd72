/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/approve/notice.h"
#include "cli/inbox/inbox.h"
#include "cli/line/say.h"

#define POLL_MS      5000       /* while all is well */
#define BACKOFF_MS   1000       /* after a failure, doubled up to */
#define BACKOFF_MAX  300000
#define SEEN_MAX     1024       /* requests that were told; of more, the oldest are forgotten */

struct seen {
	size_t n, next;
	struct {
		const struct cli_api *api;
		char id[REQUEST_ID_SIZE + 1];
	} v[SEEN_MAX];
};

struct watched {                        /* one server */
	struct cli_api *api;
	uint64_t backoff_ms;            /* 0: it answers */
	struct deadline next;           /* not asked before */
};

struct watch {
	struct cli *cli;
	struct cli_book *devices;
	struct cli_custodians *mine;    /* those without a card have only their name: a kept token has to do */
	struct cli_servers servers;
	struct watched at[CONF_LIST_MAX];
	struct seen seen;
};

static bool is_seen(const struct seen *s, const struct cli_ref *ref)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].api == ref->api && strcmp(s->v[i].id, ref->id) == 0)
			return true;
	return false;
}

static void see(struct seen *s, const struct cli_ref *ref)
{
	s->v[s->next].api = ref->api;
	memcpy(s->v[s->next].id, ref->id, sizeof(ref->id));
	s->next = (s->next + 1) % SEEN_MAX;
	s->n += s->n < SEEN_MAX;
}

static enum err tell(struct watch *w, struct cli_ref *ref)
{
	const struct cli_args *a = w->cli->args;
	struct cli_request *r = NULL;
	struct cli_notice n = { .server = cli_api_url(ref->api) };
	enum err e;

	e = cli_inbox_fetch(w->cli, ref, 0, &r);
	if (e)
		return e;
	/* As it is now: he may have added a card since. */
	free(w->devices);
	e = cli_book_load(BOOK_DEVICES, &w->devices);
	if (e) {
		cli_request_free(&r);
		return e;
	}
	n.request = r;
	cli_notice_judge(w->cli, w->devices, &n);
	cli_notice_print(&n);
	if (a->notify)
		cli_notice_desktop(&n);
	if (a->n)
		cli_notice_command(&n, a->v);
	cli_request_free(&r);
	return ERR_OK;
}

/*
 * What could not be fetched has not been told: if it still waits at the next look, it is then. That comes later and
 * later, and keeps no other request from being told.
 */
static enum err look(struct watch *w, struct watched *at)
{
	struct cli_inbox found = { .n = 0 };
	enum err e = cli_inbox_look(w->cli, at->api, w->mine, &found), untold = ERR_OK, one;

	for (size_t i = 0; i < found.n && !e; i++) {
		if (is_seen(&w->seen, &found.v[i]))
			continue;
		one = tell(w, &found.v[i]);
		if (one)
			untold = one;
		else
			see(&w->seen, &found.v[i]);
	}
	return e ? e : untold;
}

/* A server that does not answer is asked less and less often; each failure has been said. */
static void visit(struct watch *w, struct watched *at)
{
	if (look(w, at)) {
		at->backoff_ms = at->backoff_ms ? 2 * at->backoff_ms : BACKOFF_MS;
		if (at->backoff_ms > BACKOFF_MAX)
			at->backoff_ms = BACKOFF_MAX;
	} else {
		if (at->backoff_ms)
			log_tell("%s answers again", cli_api_url(at->api));
		at->backoff_ms = 0;
	}
	at->next = deadline_in(at->backoff_ms ? at->backoff_ms : POLL_MS);
}

static void run(struct watch *w)
{
	for (;;) {
		struct deadline next = deadline_never();

		for (size_t i = 0; i < w->servers.n; i++) {
			if (deadline_left_ms(&w->at[i].next) == 0)
				visit(w, &w->at[i]);
			if (deadline_left_ms(&w->at[i].next) < deadline_left_ms(&next))
				next = w->at[i].next;
		}
		if (deadline_wait(&next, -1) != ERR_TIMEOUT)
			return;
	}
}

/* Of those whose cards are here, this one moves to the place at; otherwise it is there by its name. */
static enum err take_chr(struct cli_custodians *mine, size_t at, const char *chr)
{
	struct cli_custodian c = { .reader = "" };
	char shown[SHOWN_MAX + 1];

	if (!cvc_reference_is_valid(rd_str(chr)) || at == PKA_CUSTODIANS_MAX)
		return cli_refuse(ERR_ARG, "\"%s\" is not the name of a custodian's key, or there are too many",
				  text_shown(rd_str(chr), shown, sizeof(shown)));
	memcpy(c.chr, chr, strlen(chr) + 1);
	for (size_t i = at; i < mine->n; i++)
		if (strcmp(mine->v[i].chr, chr) == 0) {
			c = mine->v[i];
			mine->v[i] = mine->v[at];
			mine->v[at] = c;
			return ERR_OK;
		}
	mine->v[at] = c;
	return ERR_OK;
}

/* --key, or the settings, or else the cards that are in the readers now. */
static enum err find_keys(struct watch *w)
{
	const struct cli_list *named = &w->cli->args->keys;
	const struct conf_list *set = &w->cli->conf->custodian.key;
	size_t n = named->n ? named->n : set->n;
	enum err e = cli_custodians_find(w->cli, NULL, NULL, &w->mine);

	if (e && n) {                   /* no readers here: said, and no reason not to watch */
		w->mine = calloc(1, sizeof(*w->mine));
		e = w->mine ? ERR_OK : ERR_NOMEM;
	}
	for (size_t i = 0; i < n && !e; i++)
		e = take_chr(w->mine, i, named->n ? named->v[i] : set->v[i]);
	if (!e && n)
		w->mine->n = n;
	if (!e && !w->mine->n)
		e = cli_refuse(ERR_NOT_FOUND, "whose requests? Put your card into a reader, or name your key by "
			       "--key or [custodian] key");
	return e;
}

enum err verb_custodian_watch(struct cli *cli)
{
	struct watch *w = calloc(1, sizeof(*w));
	struct cli_where where = { .url = "" };
	enum err e;

	if (!w)
		return cli_fail(ERR_NOMEM, "watching");
	w->cli = cli;
	e = cli->args->notify ? cli_notice_desktop_check() : ERR_OK;
	if (!e && cli->args->url)
		e = cli_where_read(&cli->args->url, 1, "custodian watch", &where);
	if (!e)
		e = find_keys(w);
	if (!e)
		e = cli_servers_open(cli, &where, &w->servers);
	if (!e)
		e = cli_servers_inbox(&w->servers, w->mine);
	for (size_t i = 0; !e && i < w->servers.n; i++)
		w->at[i] = (struct watched){ .api = w->servers.v[i], .next = deadline_in(0) };
	if (!e) {
		for (size_t i = 0; i < w->mine->n; i++)
			log_tell("watching for requests that wait for %s", w->mine->v[i].chr);
		run(w);
	}
	cli_servers_close(&w->servers);
	cli_custodians_free(&w->mine);
	free(w->devices);
	free(w);
	return e;
}
