/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/line/words.h"
#include "pka/limits.h"

enum err cli_agent_at(const struct cli *cli, struct agent_at *out)
{
	*out = (struct agent_at){ .socket = cli->args->socket, .program = "quorum11" };
	if (!out->socket) {
		out->socket = cli->conf->agent.socket;
		out->own_only = cli->conf->agent.only;
	}
	if (!out->socket)
		return cli_refuse(ERR_CONFIG, "which agent? --socket, " CLI_AGENT_ENV " or [agent] socket names it");
	return ERR_OK;
}

static enum err fail(const struct agent_at *at, enum err e, const char *why)
{
	char path[SHOWN_MAX + 1];

	/* What the agent's link says names the agent itself. */
	if (e && *why)
		cli_refuse(e, "%s%s", why, e == ERR_NO_SERVICE ?
			   "; quorum11 agent starts one, systemctl status quorum11-agent.socket tells of the system's" :
			   "");
	else if (e)
		cli_refuse(e, "agent %s: %s", text_shown(rd_str(at->socket), path, sizeof(path)), err_text(e));
	return e;
}

/* One object a line. */
static enum err read_cards(struct rd text, json_t **out)
{
	json_t *card, *list = json_array();

	while (list && !rd_end(&text)) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		card = json_loadb((const char *)text.p, n, JSON_REJECT_DUPLICATES, NULL);
		text = end ? rd_of(end + 1, text.n - n - 1) : RD_NONE;
		if (!json_is_string(json_object_get(card, "reader"))) {
			json_decref(card);
			json_decref(list);
			return ERR_FORMAT;
		}
		cli_json_append(&list, card);
	}
	*out = list;
	return list ? ERR_OK : ERR_NOMEM;
}

enum err cli_agent_cards(const struct agent_at *at, json_t **out)
{
	char why[AGENT_TEXT_MAX] = "";
	struct wr text;
	enum err e;

	*out = NULL;
	wr_init_heap(&text, AGENT_MESSAGE_MAX);
	e = agent_status(at, &text, why, sizeof(why));
	if (!e)
		e = wr_done(&text);
	if (!e)
		e = read_cards(wr_view(&text), out);
	wr_free(&text);
	return fail(at, e, why);
}

const json_t *cli_agent_card(const json_t *cards, const char *reader)
{
	for (size_t i = 0; i < json_array_size(cards); i++) {
		const json_t *card = json_array_get(cards, i);

		if (strcmp(cli_agent_text(card, "reader"), reader) == 0)
			return card;
	}
	return NULL;
}

const char *cli_agent_text(const json_t *card, const char *name)
{
	const char *text = json_string_value(json_object_get(card, name));

	return text ? text : "";
}

/* ---- agent: becomes the program that it is ---- */

enum err verb_agent(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const char *program = cli->conf->agent.program;
	struct cli_words w = { .n = 1, .v = { (char[]){ "quorum11-agent" } } };

	if (a->receipt && a->receipts)
		return cli_refuse(ERR_ARG, "--receipt and --receipts: one of them");
	cli_words_add(&w, "--socket", a->socket);
	cli_words_add(&w, "--ca", a->ca);
	cli_words_add(&w, "--limits", a->limits);
	cli_words_add(&w, "--manifest", a->manifest);
	cli_words_add(&w, "--receipt", a->receipt);
	cli_words_add(&w, "--receipts", a->receipts);
	for (size_t i = 0; i < a->readers.n; i++)
		cli_words_add(&w, "--reader", a->readers.v[i]);
	(void)execv(program, w.v);
	return cli_refuse(ERR_IO, "%s: %s; program in section [agent] names it", program, strerror(errno));
}

/* ---- agent status ---- */

static void print_number(const json_t *card, const char *name, const char *what, const char *unit)
{
	const json_t *v = json_object_get(card, name);

	if (json_is_integer(v))
		printf("  %-10s %lld%s\n", what, (long long)json_integer_value(v), unit);
}

static void print_text(const json_t *card, const char *name, const char *what)
{
	char shown[SHOWN_MAX + 1];

	if (*cli_agent_text(card, name))
		printf("  %-10s %s\n", what,
		       text_shown(rd_str(cli_agent_text(card, name)), shown, sizeof(shown)));
}

static void print_limits(const json_t *card)
{
	struct pka_limits l;
	struct wr text;

	if (!json_object_get(card, "limits") || pka_limits_read(rd_str(cli_agent_text(card, "limits")), &l, NULL, 0))
		return;
	wr_init_heap(&text, LIMITS_TEXT_MAX * 16);
	pka_limits_text(&l, "  ", &text);
	if (!wr_done(&text))
		fputs(wr_cstr(&text), stdout);
	wr_free(&text);
}

static void print_card(const json_t *card)
{
	char reader[SHOWN_MAX + 1], id[SHOWN_MAX + 1], state[SHOWN_MAX + 1];
	const char *device = cli_agent_text(card, "device_id");

	printf("%s: %s%s%s\n", text_shown(rd_str(cli_agent_text(card, "reader")), reader, sizeof(reader)),
	       text_shown(rd_str(device), id, sizeof(id)), *device ? ", " : "",
	       text_shown(rd_str(cli_agent_text(card, "state")), state, sizeof(state)));
	print_text(card, "progress", "asking");
	print_limits(card);
	print_number(card, "uid", "opened by", " (uid)");
	print_number(card, "digests", "signed", " different digests");
	print_number(card, "uses", "in all", " private-key operations");
	print_number(card, "seconds_left", "left", " s");
	print_text(card, "receipt", "receipt");
	print_text(card, "ended", "the last");
}

enum err verb_agent_status(struct cli *cli)
{
	json_t *cards = NULL;
	struct agent_at at;
	enum err e = cli_agent_at(cli, &at);

	if (!e)
		e = cli_agent_cards(&at, &cards);
	if (!e && cli->args->json)
		return cli_json_print(cards);
	for (size_t i = 0; i < json_array_size(cards); i++)
		print_card(json_array_get(cards, i));
	if (!e && !json_array_size(cards))
		printf("no readers\n");
	json_decref(cards);
	return e;
}

/* ---- agent end ---- */

enum err verb_agent_end(struct cli *cli)
{
	char why[AGENT_TEXT_MAX] = "";
	struct agent_at at;
	enum err e = cli_agent_at(cli, &at);

	return e ? e : fail(&at, agent_end(&at, cli->args->reader, why, sizeof(why)), why);
}
