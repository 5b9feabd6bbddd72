/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/card/work.h"
#include "cli/key/archive.h"
#include "cli/key/generate.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

#define ID_MAX 64               /* bytes of a CKA_ID */

static enum err read_id(const char *hex, struct wr *id)
{
	enum err e = text_unhex(rd_str(hex), id);

	if (e || (hex && wr_view(id).n == 0))
		return cli_refuse(ERR_ARG, "--id: hex digits in pairs, at most %d bytes", ID_MAX);
	return ERR_OK;
}

/* Read back at once: what is archived must be able to convince somebody else later. */
static enum err verify(const struct cli_card *c, const struct att_chain *chain, struct rd request)
{
	struct att_verdict v = { .n = 0 };
	struct att_key key;
	enum err e;

	e = att_key_check(chain, request, RD_NONE, &key, &v);
	if (e) {
		cli_verdict_tell("attestation of the new key", &v);
		return cli_refuse(ERR_ATTESTATION, "card %s: the new key is not proved to be of this card", c->id);
	}
	printf("attested: %s\n",
	       chain->is_genuine ? chain->path : "by an UNVERIFIED device, which proves nothing to others");
	return ERR_OK;
}

enum err verb_keygen(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const char *where = cli_archive_where(cli);
	struct cli_generate g = { .label = a->label };
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct cli_card card = { .hsm = NULL };
	struct att_chain chain;
	uint8_t idbuf[ID_MAX], key;
	struct wr id, request;
	enum err e;

	if (!where)
		return ERR_ARG;
	if (!a->type || !a->label)
		return cli_refuse(ERR_ARG, "keygen needs --type and --label");
	WR_ARR(&id, idbuf);
	wr_init_heap(&request, CVC_MAX);
	e = cli_keytype_read(a->type, a->force, &g.type);
	if (!e)
		e = cli_label_check(a->token_label);
	if (!e)
		e = read_id(a->id, &id);
	if (!e)
		e = cli_archive_check(where);
	if (!e)
		e = cli_work_settings(cli, NULL);
	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e)
		e = cli_work_open(cli, &card);
	if (e)
		goto out;
	e = cli_trust_chain(cli, anchors, wr_view(&card.devaut), &chain, &v);
	if (e) {
		cli_verdict_tell(card.id, &v);
		cli_refuse(e, "card %s is not proved genuine; " CLI_TRUST_HELP, card.id);
		goto out;
	}
	e = cli_card_set_label(cli, &card, a->token_label);
	if (e)
		goto out;
	g.id = wr_view(&id);
	g.usage = g.type.curve == EC_NONE ? P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_DECRYPT | P15_USE_UNWRAP
					  : P15_USE_SIGN | P15_USE_DERIVE;
	e = cli_generate(cli, &card, &g, &key, &request);
	if (e)
		goto out;
	printf("key %u: %s \"%s\" on card %s\n", key, a->type, a->label, card.id);
	e = verify(&card, &chain, wr_view(&request));
	if (!e || a->force)
		e = cli_archive_write(where, &card, key, wr_view(&request));
out:
	cli_card_close(cli, &card, true);
	att_anchors_free(&anchors);
	wr_free(&request);
	return e;
}
