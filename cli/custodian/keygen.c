/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/card/work.h"
#include "cli/key/chr.h"
#include "cli/key/generate.h"
#include "cli/line/say.h"

/*
 * The rules of public-key-authentication 4.4: this curve, a reference that no other key has, and no use but the one
 * signature that both the approval and the statement need.
 */
static const struct cli_keytype type = { P15_EC, EC_BP256R1, 256 };
static const uint8_t algorithms[] = { HSM_ECDSA_SHA256 };

enum err verb_custodian_keygen(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	struct cli_card card = { .hsm = NULL };
	struct cli_generate g = {
		.type = type,
		.label = a->label ? a->label : "custodian",
		.algorithms = RD_ARR(algorithms),
		.usage = P15_USE_SIGN,
	};
	char country[3] = "", chr[CHR_MAX + 1];
	struct wr request;
	uint8_t key;
	enum err e;

	wr_init_heap(&request, CVC_MAX);
	if (a->country && !cli_country_is_good(a->country))
		return cli_refuse(ERR_ARG, "--country: two capital letters");
	e = cli_generate_check(cli, &g);
	if (!e)
		e = cli_work_open(cli, &card);
	if (e)
		return e;
	(void)snprintf(country, sizeof(country), "%.2s", a->country ? a->country : card.id);
	e = cli_chr_random(country, chr);
	if (e) {
		cli_refuse(e, e == ERR_ARG ? "--country: two capital letters" : "no random bytes from the system");
		goto out;
	}
	g.chr = chr;
	e = cli_generate(cli, &card, &g, &key, &request);
	if (!e)
		printf("key %u: %s on card %s\nnext: quorum11 custodian export\n", key, chr, card.id);
out:
	cli_card_close(cli, &card, true);
	wr_free(&request);
	return e;
}
