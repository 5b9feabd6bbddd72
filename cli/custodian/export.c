/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/custodian/custodian.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

static bool is_meant(const struct cli_key *k, const char *name)
{
	return !name || strcmp(k->chr, name) == 0 || strcmp(k->id, name) == 0 || rd_eq_str(k->description.label, name);
}

static enum err choose(const struct cli_keys *keys, const char *name, const struct cli_key **out)
{
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++)
		if (cli_custodian_key_is(&keys->v[i]) && is_meant(&keys->v[i], name)) {
			*out = &keys->v[i];
			n++;
		}
	if (n == 1)
		return ERR_OK;
	if (n == 0)
		return cli_refuse(ERR_NOT_FOUND, "no custodian's key here: quorum11 custodian keygen makes one");
	log_tell("several keys could be meant: name one by --key");
	for (size_t i = 0; i < keys->n; i++)
		if (cli_custodian_key_is(&keys->v[i]) && is_meant(&keys->v[i], name))
			log_tell("  %s  \"%s\"", keys->v[i].chr, keys->v[i].label);
	return ERR_REFUSED;
}

/* The file is public and is checked again by whoever gets it; its maker learns here whether it will be believed. */
static enum err check(const struct cli *cli, struct rd file)
{
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct pka_file f;
	bool genuine;
	enum err e;

	e = cli_trust_load(cli, &anchors);
	if (e)
		return e;
	e = cli_fail(pka_file_read(file, &f), "the PKA file just made");
	if (!e && cli_trust_pka_file(cli, anchors, &f, &genuine, &v) != ERR_OK) {
		log_tell("note: with the roots trusted here this key is not proved genuine:");
		cli_verdict_tell("  check", &v);
	}
	att_anchors_free(&anchors);
	return e;
}

static enum err write_file(const struct cli *cli, const struct cli_key *k, struct rd content)
{
	char name[CHR_MAX + sizeof(".pka")];
	const char *path = cli->args->out ? cli->args->out : name;
	enum err e;

	(void)snprintf(name, sizeof(name), "%s.pka", k->chr);
	e = cli_put_file(cli, path, 0644, content);
	if (e)
		return e;
	printf("%s: key %s of card %.*s\n", path, k->chr, (int)k->request.outer_car.n,
	       (const char *)k->request.outer_car.p);
	return ERR_OK;
}

enum err verb_custodian_export(struct cli *cli)
{
	const struct cli_key *key = NULL;
	struct cli_keys *keys = NULL;
	struct cli_card card;
	struct wr file;
	enum err e;

	e = cli_card_choose(cli, &card);
	if (e)
		return e;
	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_card_hold(cli, &card);
	if (!e)
		e = cli_keys_read(cli, &card, &keys);
	if (!e)
		e = choose(keys, cli->args->key, &key);
	if (!e)
		e = cli_fail(pka_file_write(wr_view(&card.devaut), key->attestation, &file), "making the PKA file");
	if (!e)
		e = check(cli, wr_view(&file));
	if (!e)
		e = write_file(cli, key, wr_view(&file));
	cli_keys_free(&keys);
	cli_card_close(cli, &card, false);
	wr_free(&file);
	return e;
}
