/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/enrol/operator.h"

#include <string.h>

#include "cli/card/pin.h"
#include "cli/line/say.h"

#define NAME_MAX_BYTES 64               /* device ids and requests' ids are shorter */

enum err cli_operator_open(struct cli *cli, const char *url, struct cli_operator *out)
{
	enum err e;

	*out = (struct cli_operator){ .api = NULL };
	if (!cli->args->token_file)
		return cli_refuse(ERR_ARG, "this needs the operator's --token-file");
	e = cli_api_open(cli, url, &out->api);
	if (!e)
		e = cli_secret_read(cli->args->token_file, "operator's token", &out->token);
	if (!e)
		cli_api_authorize(out->api, out->token);
	return e;
}

void cli_operator_close(struct cli_operator *o)
{
	cli_api_close(&o->api);
	secret_free(&o->token);
}

enum err cli_operands_read(const struct cli_args *a, const char *what, bool file, struct cli_operands *out)
{
	size_t i = a->n && strstr(a->v[0], "://") ? 1 : 0;

	*out = (struct cli_operands){ .url = i ? a->v[0] : NULL, .file = "" };
	if (i < a->n)
		out->name = a->v[i++];
	if (file && i < a->n)
		out->file = a->v[i++];
	if (!out->name || i < a->n || (file && !*out->file) || !*out->name || strlen(out->name) > NAME_MAX_BYTES)
		return cli_refuse(ERR_ARG, "give [URL] and %s%s", what, file ? ", and a file" : "");
	return ERR_OK;
}

enum err cli_operator_path(const char *before, const char *name, const char *after, char out[OPERATOR_PATH_SIZE])
{
	struct wr w;

	wr_init(&w, out, OPERATOR_PATH_SIZE);
	wr_text(&w, before);
	for (; *name; name++)
		if ((*name >= '0' && *name <= '9') || ((*name | 0x20) >= 'a' && (*name | 0x20) <= 'z'))
			wr_u8(&w, (uint8_t)*name);
		else
			wr_printf(&w, "%%%02X", (unsigned)(uint8_t)*name);
	wr_text(&w, after);
	wr_u8(&w, 0);
	return wr_done(&w);
}
