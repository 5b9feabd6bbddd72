/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator does with requests: has people asked for a card that is held connected, and takes a request back. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/enrol/operator.h"
#include "cli/line/say.h"
#include "cli/remote/request.h"

struct act {
	const char *what;               /* NAME is, for people */
	const char *before, *after;     /* of its path */
	enum err (*tell)(const struct cli_operator *o, const struct cli_request *r, const json_t *answer);
};

/* The answer is the request as it is then. */
static enum err act(struct cli *cli, const struct act *a)
{
	char path[OPERATOR_PATH_SIZE], shown[SHOWN_MAX + 1];
	struct cli_operator o = { .api = NULL };
	struct cli_request *r = NULL;
	struct cli_operands w;
	json_t *answer = NULL;
	int status = 0;
	const char *bad;
	enum err e;

	e = cli_operands_read(cli->args, a->what, false, &w);
	if (!e)
		e = cli_operator_open(cli, w.url, &o);
	if (!e)
		e = cli_fail(cli_operator_path(a->before, w.name, a->after, path), "%s", w.name);
	if (!e)
		e = cli_api_call(cli, o.api, path, json_object(), &status, &answer);
	if (!e)
		e = cli_api_fail(o.api, status, answer, text_shown(rd_str(w.name), shown, sizeof(shown)));
	if (!e && cli_request_read(answer, &r, &bad))
		e = cli_refuse(ERR_PROTOCOL, "%s: an answer that cannot be read: %s", cli_api_url(o.api), bad);
	if (!e)
		e = a->tell(&o, r, answer);
	cli_request_free(&r);
	json_decref(answer);
	cli_operator_close(&o);
	return e;
}

static enum err tell_asked(const struct cli_operator *o, const struct cli_request *r, const json_t *answer)
{
	uint8_t buf[40];
	const char *link;
	struct wr time;

	if (cli_api_text(answer, "link", &link) || !cli_api_is_link(link))
		return cli_refuse(ERR_PROTOCOL, "%s: an answer that cannot be read: link", cli_api_url(o->api));
	WR_ARR(&time, buf);
	wr_duration(&time, r->hold_seconds);
	printf("asked: %u of %u custodians must approve; request %s\n", r->n, r->m, r->id);
	printf("when they have, the card is held open for up to %s\n", wr_cstr(&time));
	printf("for them: quorum11 approve %s/r/%s\n", cli_api_url(o->api), link);
	return ERR_OK;
}

static enum err tell_cancelled(const struct cli_operator *o, const struct cli_request *r, const json_t *answer)
{
	(void)o;
	(void)answer;
	printf("cancelled: request %s\n", r->id);
	return ERR_OK;
}

enum err verb_ask(struct cli *cli)
{
	static const struct act ask = { "a device id", "/api/v1/targets/", "/ask", tell_asked };

	return act(cli, &ask);
}

enum err verb_cancel(struct cli *cli)
{
	static const struct act cancel = { "a request's name", "/api/v1/requests/", "/cancel", tell_cancelled };

	return act(cli, &cancel);
}
