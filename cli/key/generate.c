/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/generate.h"

#include "base/log.h"
#include "cli/key/chr.h"
#include "cli/line/say.h"
#include "sc-hsm/aes.h"
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

enum err cli_generate(struct cli *cli, struct cli_card *c, const struct cli_generate *g, uint8_t *key,
		      struct wr *request)
{
	char chr[CHR_MAX + 1];
	struct hsm_fids fids;
	enum err e;

	e = hsm_file_list(c->hsm, &fids, &cli->dl);
	if (!e)
		e = hsm_key_free_id(&fids, key);
	if (!e && !g->chr)
		e = cli_chr_of_key(c->id, *key, chr);
	if (e)
		return cli_card_fail(c, e, "looking for room for a key");
	e = make(cli, c, g, *key, g->chr ? g->chr : chr, request);
	if (e)
		return cli_card_fail(c, e, "generating the key");
	e = write_description(cli, c, g, *key);
	if (e) {
		cli_card_fail(c, e, "describing the key");
		if (hsm_key_delete(c->hsm, *key, &cli->dl))
			log_tell("card %s: key %u is left without a description", c->id, *key);
	}
	return e;
}
