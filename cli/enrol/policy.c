/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/enrol/operator.h"
#include "cli/enrol/policy.h"
#include "cli/line/get.h"
#include "cli/line/json.h"
#include "cli/line/say.h"

#define POLICY_MAX 16384

enum err cli_policy_read(const char *path, json_t **out)
{
	json_error_t at;
	struct wr w;
	enum err e;

	*out = NULL;
	wr_init_heap(&w, POLICY_MAX);
	e = cli_get_file(path, POLICY_MAX, &w);
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
static enum err exchange(struct cli *cli, const struct cli_operands *w, json_t *body)
{
	char path[OPERATOR_PATH_SIZE];
	struct cli_operator o;
	json_t *answer = NULL;
	int status = 0;
	enum err e = cli_operator_open(cli, w->url, &o);

	if (!e)
		e = cli_fail(cli_operator_path("/api/v1/targets/", w->name, "/policy", path), "%s", w->name);
	if (!e)
		e = body ? cli_api_put(cli, o.api, path, json_incref(body), &status, &answer)
			 : cli_api_call(cli, o.api, path, NULL, &status, &answer);
	if (!e)
		e = cli_api_fail(o.api, status, answer, w->name);
	if (!e)
		e = cli_json_print(json_incref(answer));
	json_decref(answer);
	json_decref(body);
	cli_operator_close(&o);
	return e;
}

enum err verb_policy_show(struct cli *cli)
{
	struct cli_operands w;
	enum err e = cli_operands_read(cli->args, "a device id", false, &w);

	return e ? e : exchange(cli, &w, NULL);
}

enum err verb_policy_set(struct cli *cli)
{
	struct cli_operands w;
	json_t *body = NULL;
	enum err e = cli_operands_read(cli->args, "a device id", true, &w);

	if (!e)
		e = cli_policy_read(w.file, &body);
	return e ? e : exchange(cli, &w, body);
}
