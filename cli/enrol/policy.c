/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/card/pin.h"
#include "cli/enrol/policy.h"
#include "cli/line/say.h"
#include "cli/remote/api.h"

#define POLICY_MAX 16384
#define PATH_SIZE (sizeof("/api/v1/targets//policy") + 3 * CHR_MAX)

/* The operands [URL] DEVICE [FILE]. */
struct policy_words {
	const char *url, *device, *file;
};

static enum err words_read(const struct cli_args *a, bool file, struct policy_words *out)
{
	size_t i = a->n && strstr(a->v[0], "://") ? 1 : 0;

	*out = (struct policy_words){ .url = i ? a->v[0] : NULL };
	if (i < a->n)
		out->device = a->v[i++];
	if (file && i < a->n)
		out->file = a->v[i++];
	if (!out->device || i < a->n || (file && !out->file) || strlen(out->device) > CHR_MAX)
		return cli_refuse(ERR_ARG, "give [URL] and a device id%s",
				  file ? " and the file with its policy" : "");
	return ERR_OK;
}

static enum err path_make(const char *device, char out[PATH_SIZE])
{
	struct wr w;

	wr_init(&w, out, PATH_SIZE - 1);
	wr_text(&w, "/api/v1/targets/");
	for (; *device; device++)
		if ((*device >= '0' && *device <= '9') || ((*device | 0x20) >= 'a' && (*device | 0x20) <= 'z'))
			wr_u8(&w, (uint8_t)*device);
		else
			wr_printf(&w, "%%%02X", (unsigned)(uint8_t)*device);
	wr_text(&w, "/policy");
	wr_u8(&w, 0);
	return wr_done(&w);
}

enum err cli_policy_read(const char *path, json_t **out)
{
	json_error_t at;
	struct wr w;
	enum err e;

	*out = NULL;
	wr_init_heap(&w, POLICY_MAX);
	e = cli_fail(file_read(path, POLICY_MAX, &w), "%s", path);
	if (!e) {
		*out = json_loadb(w.n ? (const char *)w.p : "", w.n, JSON_REJECT_DUPLICATES, &at);
		if (!json_is_object(*out)) {
			e = cli_refuse(ERR_FORMAT, "%s: no policy: %s, line %d", path,
				       *out ? "not a JSON object" : at.text, *out ? 1 : at.line);
			json_decref(*out);
			*out = NULL;
		}
	}
	wr_free(&w);
	return e;
}

/* body NULL: read it; otherwise taken, and put. The policy in force is printed. */
static enum err exchange(struct cli *cli, const struct policy_words *w, json_t *body)
{
	char path[PATH_SIZE];
	struct secret *token = NULL;
	struct cli_api *api = NULL;
	json_t *answer = NULL;
	int status = 0;
	enum err e = path_make(w->device, path);

	if (!e)
		e = cli_api_open(cli, w->url, &api);
	if (!e)
		e = cli_secret_read(cli->args->token_file, "operator's token", &token);
	if (!e) {
		cli_api_authorize(api, token);
		e = body ? cli_api_put(cli, api, path, json_incref(body), &status, &answer)
			 : cli_api_call(cli, api, path, NULL, &status, &answer);
	}
	if (!e)
		e = cli_api_fail(api, status, answer, w->device);
	if (!e && json_dumpf(answer, stdout, JSON_INDENT(2)))
		e = cli_fail(ERR_IO, "standard output");
	if (!e)
		(void)putchar('\n');
	json_decref(answer);
	json_decref(body);
	cli_api_close(&api);
	secret_free(&token);
	return e;
}

static enum err need_token(const struct cli *cli)
{
	return cli->args->token_file ? ERR_OK : cli_refuse(ERR_ARG, "this needs the operator's --token-file");
}

enum err verb_policy_show(struct cli *cli)
{
	struct policy_words w;
	enum err e = need_token(cli);

	if (!e)
		e = words_read(cli->args, false, &w);
	return e ? e : exchange(cli, &w, NULL);
}

enum err verb_policy_set(struct cli *cli)
{
	struct policy_words w;
	json_t *body = NULL;
	enum err e = need_token(cli);

	if (!e)
		e = words_read(cli->args, true, &w);
	if (!e)
		e = cli_policy_read(w.file, &body);
	return e ? e : exchange(cli, &w, body);
}
