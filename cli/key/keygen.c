/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/card/work.h"
#include "cli/key/algorithms.h"
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

static const unsigned usages[] = {
	[P15_RSA] = P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_DECRYPT | P15_USE_UNWRAP,
	[P15_EC] = P15_USE_SIGN | P15_USE_DERIVE,
	[P15_AES] = P15_USE_ENCRYPT | P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_VERIFY | P15_USE_DERIVE,
};

struct keygen {
	struct cli_generate g;
	const char *archive;
	uint8_t id[ID_MAX], algorithms[HSM_ALGORITHMS_MAX];
	struct wr idw, algorithmsw;
	struct att_anchors *anchors;
	struct att_chain chain;
	struct wr request;
};

/* Everything that can be wrong before a card is asked. */
static enum err read_options(const struct cli *cli, struct keygen *k)
{
	const struct cli_args *a = cli->args;
	enum err e;

	if (!a->type || !a->label)
		return cli_refuse(ERR_ARG, "keygen needs --type and --label");
	k->g.label = a->label;
	k->g.use_counter = a->use_counter;
	k->g.domain = a->domain == ARGS_NO_FD ? 0 : (uint8_t)a->domain;
	k->archive = cli_archive_where(cli);
	e = k->archive ? cli_keytype_read(a->type, a->force, &k->g.type) : ERR_ARG;
	if (!e)
		e = cli_label_check(a->token_label);
	if (!e)
		e = read_id(a->id, &k->idw);
	if (!e && a->algorithms)
		e = cli_algorithms_read(a->algorithms, k->g.type.type, &k->algorithmsw);
	if (!e && k->g.type.type != P15_AES)
		e = cli_archive_check(k->archive);
	k->g.id = wr_view(&k->idw);
	k->g.algorithms = wr_view(&k->algorithmsw);
	k->g.usage = e ? 0 : usages[k->g.type.type];
	return e;
}

static enum err check_genuine(const struct cli *cli, struct keygen *k, const struct cli_card *c)
{
	struct att_verdict v = { .n = 0 };
	enum err e = cli_trust_chain(cli, k->anchors, wr_view(&c->devaut), &k->chain, &v);

	if (!e)
		return e;
	cli_verdict_tell(c->id, &v);
	return cli_refuse(e, "card %s is not proved genuine; " CLI_TRUST_HELP, c->id);
}

static enum err generate(struct cli *cli, struct keygen *k, struct cli_card *c)
{
	uint8_t key;
	enum err e;

	e = cli_card_set_label(cli, c, cli->args->token_label);
	if (!e)
		e = cli_generate(cli, c, &k->g, &key, &k->request);
	if (e)
		return e;
	printf("key %u: %s \"%s\" on card %s\n", key, cli->args->type, cli->args->label, c->id);
	if (k->g.type.type == P15_AES)
		return ERR_OK;  /* nothing of it is public, and the card attests only key pairs */
	e = verify(c, &k->chain, wr_view(&k->request));
	return !e || cli->args->force ? cli_archive_write(k->archive, c, key, wr_view(&k->request)) : e;
}

enum err verb_keygen(struct cli *cli)
{
	struct keygen k = { .archive = NULL };
	struct cli_card card = { .hsm = NULL };
	enum err e;

	WR_ARR(&k.idw, k.id);
	WR_ARR(&k.algorithmsw, k.algorithms);
	wr_init_heap(&k.request, CVC_MAX);
	e = read_options(cli, &k);
	if (!e)
		e = cli_work_settings(cli, NULL);
	if (!e)
		e = cli_trust_load(cli, &k.anchors);
	if (!e)
		e = cli_generate_check(cli, &k.g);
	if (!e)
		e = cli_work_open(cli, &card);
	if (!e)
		e = check_genuine(cli, &k, &card);
	if (!e)
		e = generate(cli, &k, &card);
	cli_card_close(cli, &card, true);
	att_anchors_free(&k.anchors);
	wr_free(&k.request);
	return e;
}
