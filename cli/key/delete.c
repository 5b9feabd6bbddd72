/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/key/preview.h"
#include "cli/line/say.h"
#include "sc-hsm/key.h"

/* Only a word that no habit types: nothing brings a key back. */
static bool is_meant(const struct cli *cli, const struct cli_preview *p, const struct cli_key *k)
{
	char type[64];

	printf("key %u \"%s\" (%s, id %s) of card %s goes for ever%s\n", k->number, k->label,
	       cli_key_type(k, type, sizeof(type)), *k->id ? k->id : "-", p->card.id,
	       k->kind == CE_CERTIFICATE ? ", with its certificate" :
	       k->kind == CE_REQUEST	 ? ", with its attestation" : "");
	return cli_ask_word("Type \"delete\" to go on, or Enter to stop:", "delete", cli->args->yes);
}

enum err verb_delete(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	struct cli_card card = { .hsm = NULL };
	const struct cli_key *key = NULL;
	enum err e;

	if (!cli->args->key)
		return cli_refuse(ERR_ARG, "which key? --key LABEL, or its id; quorum11 status shows the keys");
	e = cli_preview(cli, &p);
	if (!e)
		e = cli_keys_find(&p.card, p.keys, cli->args->key, &key);
	if (!e && !is_meant(cli, &p, key))
		e = cli_refuse(ERR_CANCELLED, "nothing was changed");
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = cli_card_fail(&card, hsm_key_delete(card.hsm, key->number, &cli->dl), "deleting the key");
	if (!e)
		printf("deleted\n");
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	return e;
}
