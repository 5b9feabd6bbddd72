/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/generate.h"

#include "base/log.h"
#include "cli/key/chr.h"
#include "cli/line/say.h"
#include "sc-hsm/aes.h"
#include "sc-hsm/domain.h"
#include "sc-hsm/file.h"
#include "sc-hsm/key.h"

static enum err write_description(struct cli *cli, struct cli_card *c, const struct cli_generate *g, uint8_t key)
{
	struct p15_key description = {
		.type = g->type.type, .label = rd_str(g->label),
		.id = g->id.n ? g->id : rd_of(&key, 1), .usage = g->usage, .bits = g->type.bits,
	};
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = p15_key_write(&description, &w);
	if (!e)
		e = hsm_file_write(c->hsm, HSM_FID(HSM_FID_PRKD, key), wr_view(&w), &cli->dl);
	wr_free(&w);
	return e;
}

static enum err can_make(const struct cli_card *c, const struct cli_generate *g)
{
	const struct cli_keytype *t = &g->type;
	enum err e = ERR_OK;

	if (t->type == P15_AES)
		e = cli_card_can(c, HSM_CAN_AES);
	else if (t->bits > (t->type == P15_RSA ? HSM_SMALL_RSA : HSM_SMALL_EC))
		e = cli_card_can(c, HSM_CAN_LARGE_KEYS);
	if (!e && (g->use_counter || g->algorithms.n || g->domain))
		e = cli_card_can(c, HSM_CAN_LIMITS);
	return e;
}

enum err cli_generate_check(struct cli *cli, const struct cli_generate *g)
{
	struct cli_card c;
	enum err e = cli_card_choose(cli, &c);

	if (e)
		return e;
	e = can_make(&c, g);
	cli_card_close(cli, &c, false);
	return e;
}

static enum err make(struct cli *cli, struct cli_card *c, const struct cli_generate *g, uint8_t key, const char *chr,
		     struct wr *request)
{
	struct hsm_keygen pair = {
		.key = key, .curve = g->type.curve, .rsa_bits = g->type.type == P15_RSA ? g->type.bits : 0,
		/* Its own name as issuer: open firmware looks the curve up there (public-key-authentication 4.4). */
		.car = rd_str(chr), .chr = rd_str(chr), .algorithms = g->algorithms, .use_counter = g->use_counter,
		.domain = g->domain,
	};
	struct hsm_aes_gen secret = {
		.key = key, .bits = g->type.bits, .algorithms = g->algorithms, .use_counter = g->use_counter,
		.domain = g->domain,
	};

	return g->type.type == P15_AES ? hsm_aes_generate(c->hsm, &secret, &cli->dl) :
					 hsm_key_generate(c->hsm, &pair, request, &cli->dl);
}

/* The card gives no reason; its key domain is the one that a person can do something about. */
static enum err cannot_make(struct cli *cli, struct cli_card *c, const struct cli_generate *g, enum err e)
{
	struct hsm_domain d;

	if ((e != ERR_CONDITIONS && e != ERR_DATA) || hsm_domain_status(c->hsm, g->domain, &d, &cli->dl))
		return cli_card_fail(c, e, "generating the key");
	if (d.kind == HSM_DOMAIN_DKEK && d.missing)
		return cli_refuse(e, "card %s makes no keys in key domain %u: %u of %u shares are missing (quorum11 "
				  "dkek import)", c->id, g->domain, d.missing, d.shares);
	if (g->domain && (d.kind == HSM_DOMAIN_NONE || d.kind == HSM_DOMAIN_EMPTY))
		return cli_refuse(e, "card %s has no key domain %u (quorum11 domain list)", c->id, g->domain);
	return cli_card_fail(c, e, "generating the key");
}

enum err cli_generate(struct cli *cli, struct cli_card *c, const struct cli_generate *g, uint8_t *key,
		      struct wr *request)
{
	char chr[CHR_MAX + 1];
	enum err e = hsm_key_free_number(c->hsm, key, &cli->dl);

	if (!e && !g->chr)
		e = cli_chr_of_key(c->id, *key, chr);
	if (e)
		return cli_card_fail(c, e, "looking for room for a key");
	e = make(cli, c, g, *key, g->chr ? g->chr : chr, request);
	if (e)
		return cannot_make(cli, c, g, e);
	e = write_description(cli, c, g, *key);
	if (e) {
		cli_card_fail(c, e, "describing the key");
		if (hsm_key_delete(c->hsm, *key, &cli->dl))
			log_tell("card %s: key %u is left without a description", c->id, *key);
	}
	return e;
}
