/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status/status.h"

#include <stdlib.h>

#include "cli/line/json.h"
#include "cli/line/say.h"

enum err verb_status(struct cli *cli)
{
	struct cli_report *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		return cli_fail(ERR_NOMEM, "status");
	e = cli_card_choose(cli, &r->card);
	if (e) {
		free(r);
		return e;
	}
	e = cli_report_read(cli, r);
	if (!e && cli->args->json)
		e = cli_json_print(cli_report_json(r));
	else if (!e)
		cli_report_print(r);
	cli_report_end(cli, r);
	free(r);
	return e;
}
