/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trust/trust.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/line/json.h"
#include "cli/line/say.h"

enum err cli_trust_load(const struct cli *cli, struct att_anchors **out)
{
	const struct conf_list *roots = &cli->conf->trust.roots;
	const struct cli_list *named = &cli->args->roots;
	bool own = !named->n;
	enum err e;

	e = cli_fail(att_anchors_new(own && cli->conf->trust.production, out), "the built-in root");
	for (size_t i = 0; i < (own ? roots->n : named->n) && !e; i++) {
		e = att_anchors_add_file(*out, own ? roots->v[i] : named->v[i]);
		if (e)
			e = ERR_CONFIG;         /* said there, with the path */
	}
	if (e)
		att_anchors_free(out);
	return e;
}

bool cli_trust_is_waived(const struct cli *cli, const char *device_id)
{
	const struct conf_list *l = &cli->conf->trust.unverified;

	if (cli->args->unverified)
		return true;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], device_id) == 0)
			return true;
	return false;
}

enum err cli_trust_chain(const struct cli *cli, const struct att_anchors *anchors, struct rd devaut,
			 struct att_chain *out, struct att_verdict *v)
{
	enum err e;

	e = att_chain_check(anchors, devaut, clock_wall_s(), out, v);
	if (e)
		return e;
	return out->is_genuine || (!out->has_issuer && cli_trust_is_waived(cli, out->id)) ? ERR_OK : ERR_ATTESTATION;
}

enum err cli_trust_pka_file(const struct cli *cli, const struct att_anchors *anchors, const struct pka_file *f,
			    bool *genuine, struct att_verdict *v)
{
	struct att_chain chain;
	struct att_key key;
	enum err e;

	*genuine = true;
	e = pka_file_check(f, anchors, clock_wall_s(), v);
	if (e != ERR_ATTESTATION || f->has_issuer)
		return e;
	*genuine = false;
	*v = (struct att_verdict){ .n = 0 };
	e = cli_trust_chain(cli, anchors, f->device.whole, &chain, v);
	return e ? e : att_key_check(&chain, f->request.whole, RD_NONE, &key, v);
}

void cli_verdict_tell(const char *what, const struct att_verdict *v)
{
	struct att_check c = { .number = 0 };

	while (att_verdict_next(v, &c))
		if (c.result != ATT_PASS)
			log_tell("%s: %s: %s", what, att_step_name(c.step), c.text);
}

json_t *cli_verdict_json(const struct att_verdict *v)
{
	static const char *const words[] = { [ATT_PASS] = "pass", [ATT_FAIL] = "fail", [ATT_NOT_MADE] = "not_made" };
	json_t *list = json_array();
	struct att_check c = { .number = 0 };

	while (att_verdict_next(v, &c))
		cli_json_append(&list, json_pack("{s:s, s:s, s:s}", "check", att_step_name(c.step), "result",
						 words[c.result], "text", c.text));
	return list;
}

enum err cli_trust_request(const struct cli *cli, const struct cli_request *r, struct pka_approval **out)
{
	const struct conf_list *unverified = &cli->conf->trust.unverified;
	struct pka_request view = cli_request_view(r);
	const char *ids[CONF_LIST_MAX];
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	enum err e;

	for (size_t i = 0; i < unverified->n; i++)
		ids[i] = unverified->v[i];
	e = cli_trust_load(cli, &anchors);
	if (e)
		return e;
	if (cli_request_is_per_key(r))
		view.challenge = RD_NONE;
	e = pka_approval_new(&view, anchors, ids, unverified->n, clock_wall_s(), out, &v);
	att_anchors_free(&anchors);
	if (e == ERR_NOMEM)
		return cli_fail(e, "checking the request");
	if (e) {
		cli_verdict_tell("check", &v);
		return cli_refuse(ERR_REFUSED,
				  "request %s is refused: card %s is not what the server says, or not genuine", r->id,
				  r->device_id);
	}
	return ERR_OK;
}
