/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/preview.h"

#include <string.h>

#include "cli/card/work.h"
#include "cli/line/say.h"

enum err cli_preview(struct cli *cli, struct cli_preview *p)
{
	enum err e = cli_card_choose_held(cli, &p->card);

	if (e)
		return e;
	e = cli_keys_read(cli, &p->card, &p->keys);
	if (!e)
		e = cli_certs_read(cli, &p->card, p->keys, &p->certs);
	cli_card_release(&p->card);
	return e;
}

void cli_preview_end(struct cli *cli, struct cli_preview *p)
{
	cli_certs_free(&p->certs);
	cli_keys_free(&p->keys);
	cli_card_close(cli, &p->card, false);
}

enum err cli_preview_open(struct cli *cli, struct cli_preview *p, struct cli_card *out)
{
	enum err e;

	hsm_card_free(&p->card.hsm, false);
	e = cli_work_begin(cli, out);
	if (!e && strcmp(out->id, p->card.id))
		e = cli_refuse(ERR_REFUSED, "card %s was there, and now it is %s: nothing was changed", p->card.id,
			       out->id);
	return e;
}
