/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/card/pin.h"
#include "cli/line/say.h"
#include "sc-hsm/pin.h"

enum err verb_unblock(struct cli *cli)
{
	struct cli_card card = { .hsm = NULL };
	struct secret *so_pin = NULL, *pin = NULL;
	char reader[PCSC_NAME_MAX];
	enum err e;

	e = cli_card_pick(cli, reader);
	if (!e)
		e = cli_card_open(cli, reader, PCSC_SHARED, &card);
	if (!e)
		e = cli_so_pin_get(cli, &card, false, &so_pin);
	if (!e)
		e = cli_pin_get_new(cli, &pin);
	if (!e)
		e = cli_card_begin(cli, &card);
	if (!e)
		e = cli_card_fail(&card, hsm_pin_reset(card.hsm, so_pin, pin, &cli->dl), "SO-PIN");
	if (!e)
		printf("card %s has a new PIN\n", card.id);
	secret_free(&pin);
	secret_free(&so_pin);
	cli_card_close(cli, &card, true);
	return e;
}
