/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status/doctor.h"

#include <stdio.h>

#include "cli/line/json.h"
#include "cli/line/say.h"

enum err verb_doctor(struct cli *cli)
{
	struct doctor d = { .cli = cli, .list = cli->args->json ? json_array() : NULL };
	enum err e = ERR_OK;

	doctor_machine(&d);
	doctor_readers(&d);
	if (cli->args->json)
		e = cli_json_print(json_pack("{s:b, s:i, s:o}", "well", !d.problems, "problems", (int)d.problems,
					     "findings", d.list));
	else if (d.problems)
		printf("\n%u %s\n", d.problems, d.problems == 1 ? "problem" : "problems");
	else
		printf("\nno problem found\n");
	cli->has_status = !e;
	cli->status = d.problems ? cli_exit_status(ERR_CONDITIONS) : 0;
	return e;
}
