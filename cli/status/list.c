/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/card/card.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/line/table.h"

struct line {
	char reader[SHOWN_MAX + 1];
	bool has_card;
	enum err e;             /* why the card could not be asked */
	struct cli_card card;
};

/* Who opens it, in a few words. */
static void put_opener(const struct hsm_status *s, char *buf, size_t cap)
{
	const char *and = s->mode == HSM_MODE_PKA_AND_PIN ? " and PIN" :
			  s->mode == HSM_MODE_PKA_OR_PIN  ? " or PIN" : "";

	if (hsm_mode_needs_pka(s->mode))
		(void)snprintf(buf, cap, "%u of %u custodians%s", s->pka.required, s->pka.total, and);
	else if (s->has_pka && s->mode == HSM_MODE_UNSET)
		(void)snprintf(buf, cap, "%u of %u custodians", s->pka.required, s->pka.total);
	else
		(void)snprintf(buf, cap, "%s", s->mode == HSM_MODE_PIN ? "PIN" : "");
}

/* What somebody who wants to work with it should know first. */
static void put_state(const struct line *l, char *buf, size_t cap)
{
	const struct hsm_status *s = &l->card.status;
	bool has_pin = hsm_mode_needs_pin(s->mode) || s->mode == HSM_MODE_PKA_OR_PIN;

	if (!l->has_card)
		(void)snprintf(buf, cap, "empty");
	else if (l->e)
		(void)snprintf(buf, cap, "%s", l->e == ERR_NO_CARD ? "not a SmartCard-HSM" : err_text(l->e));
	else if (l->card.busy || s->open)
		(void)snprintf(buf, cap, "open: somebody is logged in");
	else if (s->has_pka && s->pka.missing)
		(void)snprintf(buf, cap, "%u of %u custodians are not registered", s->pka.missing, s->pka.total);
	else if (s->mode == HSM_MODE_UNSET)
		(void)snprintf(buf, cap, "not set up");
	else if (s->pin_transport)
		(void)snprintf(buf, cap, "transport PIN: quorum11 pin change");
	else if (has_pin && s->pin_blocked)
		(void)snprintf(buf, cap, "PIN blocked");
	else if (has_pin && s->pin_tries >= 0)
		(void)snprintf(buf, cap, "closed, %d PIN %s left", s->pin_tries, s->pin_tries == 1 ? "try" : "tries");
	else
		(void)snprintf(buf, cap, "closed");
}

static void add_line(struct cli_table *t, const struct line *l)
{
	bool known = l->has_card && !l->e;
	char opener[64] = "", state[128];

	if (known)
		put_opener(&l->card.status, opener, sizeof(opener));
	put_state(l, state, sizeof(state));
	cli_table_add(t, (const char *const[]){ l->reader, known ? l->card.id : "", known ? l->card.label : "", opener,
						 state });
}

static json_t *json_line(const struct line *l)
{
	if (!l->has_card || l->e)
		return json_pack("{s:s, s:b, s:s?}", "reader", l->reader, "card", l->has_card, "error",
				 l->has_card ? err_text(l->e) : NULL);
	return json_pack("{s:s, s:b, s:s?, s:s, s:s, s:b, s:b}", "reader", l->reader, "card", 1, "device_id",
			 *l->card.id ? l->card.id : NULL, "label", l->card.label, "mode",
			 cli_mode_word(l->card.status.mode), "open", l->card.status.open, "busy", l->card.busy);
}

/* All readers that are meant, into the table or the list; how many. */
static size_t look(struct cli *cli, const struct apdu_readers *readers, struct cli_table *t, json_t **list)
{
	size_t shown = 0;

	for (size_t i = 0; i < readers->n; i++) {
		struct line l = { .has_card = readers->v[i].has_card };

		(void)text_shown(rd_str(readers->v[i].name), l.reader, sizeof(l.reader));
		if (l.has_card)
			l.e = cli_card_look(cli, readers->v[i].name, &l.card);
		if (!cli->args->device || (l.has_card && !l.e && strcmp(l.card.id, cli->args->device) == 0)) {
			shown++;
			if (cli->args->json)
				cli_json_append(list, json_line(&l));
			else
				add_line(t, &l);
		}
		if (l.has_card && !l.e)
			cli_card_close(cli, &l.card, false);
	}
	return shown;
}

static enum err nothing(const struct cli_args *a)
{
	if (a->reader)
		return cli_refuse(ERR_NO_READER, "no reader is called %s%s%s; quorum11 list shows all", a->reader,
				  a->device ? " and has card " : "", a->device ? a->device : "");
	if (a->device)
		return cli_refuse(ERR_NO_CARD, "card %s is in no reader; quorum11 list shows all", a->device);
	return cli_refuse(ERR_NO_READER, "no reader found: plug one in; quorum11 doctor looks for the reason");
}

enum err verb_list(struct cli *cli)
{
	json_t *list = cli->args->json ? json_array() : NULL;
	struct apdu_readers readers;
	struct cli_table table;
	size_t shown = 0;
	enum err e;

	cli_table_init(&table, 5, (const char *const[]){ "READER", "DEVICE", "LABEL", "OPENED BY", "NOW" });
	e = cli_readers(cli, cli->args->reader, &readers);
	if (!e)
		shown = look(cli, &readers, &table, &list);
	if (!e && !shown) {
		e = nothing(cli->args);
	} else if (!e && cli->args->json) {
		e = cli_json_print(json_pack("{s:o}", "readers", list));
		list = NULL;    /* taken */
	} else if (!e) {
		e = cli_table_print(&table);
	}
	json_decref(list);
	cli_table_free(&table);
	return e;
}
