/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/card/work.h"
#include "cli/line/say.h"

enum err verb_connect(struct cli *cli)
{
	struct cli_card card;
	enum err e;

	e = cli_work_settings(cli, cli->args->n ? cli->args->v[0] : NULL);
	if (!e)
		e = cli_work_ceremony(cli, &card);
	if (e)
		return e;
	printf("card %s in %s: %u of %u have approved and the card agrees; closing it\n", card.id, card.reader,
	       card.status.pka.required, card.status.pka.total);
	cli_card_close(cli, &card, true);
	return ERR_OK;
}
