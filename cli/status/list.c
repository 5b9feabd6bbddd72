/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/card/card.h"
#include "cli/line/say.h"

struct line {
	char reader[SHOWN_MAX + 1];
	bool has_card;
	enum err e;             /* why the card could not be asked */
	struct cli_card card;
};

static void print_line(const struct line *l)
{
	if (!l->has_card)
		printf("%s: empty\n", l->reader);
	else if (l->e)
		printf("%s: %s\n", l->reader, l->e == ERR_NO_CARD ? "not a SmartCard-HSM" : err_text(l->e));
	else
		printf("%s: %s  \"%s\"  %s%s\n", l->reader, *l->card.id ? l->card.id : "(no device certificate)",
		       l->card.label, hsm_mode_text(l->card.status.mode),
		       l->card.busy ? ", somebody is logged in" : "");
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

enum err verb_list(struct cli *cli)
{
	json_t *list = cli->args->json ? json_array() : NULL;
	struct pcsc_readers readers;
	size_t shown = 0;
	enum err e;

	e = cli_readers(cli, cli->args->reader, &readers);
	for (size_t i = 0; i < readers.n && !e; i++) {
		struct line l = { .has_card = readers.v[i].has_card };

		(void)text_shown(rd_str(readers.v[i].name), l.reader, sizeof(l.reader));
		if (l.has_card)
			l.e = cli_card_look(cli, readers.v[i].name, &l.card);
		if (!cli->args->device || (!l.e && strcmp(l.card.id, cli->args->device) == 0)) {
			shown++;
			if (!cli->args->json)
				print_line(&l);
			else
				cli_json_append(&list, json_line(&l));
		}
		if (l.has_card && !l.e)
			cli_card_close(cli, &l.card, false);
	}
	if (!e && cli->args->json)
		return cli_json_print(json_pack("{s:o}", "readers", list));
	json_decref(list);
	if (!e && !shown)
		e = cli_refuse(ERR_NO_READER, "no reader found");
	return e;
}
