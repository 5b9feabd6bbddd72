/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/domain/domain.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

#define BACKUP_MAX (3 * FILE_SIZE_MAX)

/* Without the tail of older, longer content that a card's file may have (reference 7.2). */
static struct rd element(struct rd file)
{
	struct rd whole = RD_NONE, value;
	uint32_t tag;

	return rd_tlv_any(&file, &tag, &whole, &value) ? whole : RD_NONE;
}

static enum err write_backup(const struct cli *cli, const char *path, const struct cli_key *k, struct rd blob)
{
	const struct hsm_backup b = {
		.blob = blob, .description = element(wr_view(&k->prkd)), .certificate = element(wr_view(&k->ce)),
	};
	struct wr file;
	enum err e;

	wr_init_heap(&file, BACKUP_MAX);
	e = hsm_backup_write(&b, &file);
	e = e ? cli_fail(e, "%s", path) : cli_put_file(cli, path, 0600, wr_view(&file));
	wr_free(&file);
	return e;
}

/* What the card would refuse after a login. */
static enum err check_may_leave(struct cli *cli, struct cli_preview *p, const struct cli_key *k)
{
	const struct hsm_key_attributes *a = &k->attributes;
	bool may = false;
	enum err e = cli_card_hold(cli, &p->card);

	if (!e)
		e = cli_card_fail(&p->card, hsm_key_may_leave(p->card.hsm, a->domain, rd_of(a->algorithms, a->n), &may,
							      &cli->dl), "reading the key domain");
	cli_card_release(&p->card);
	if (e || may)
		return e;
	return cli_refuse(ERR_CONDITIONS, "key %u, \"%s\", cannot leave card %s: its list of algorithms is without "
			  "wrap, or key domain %u has no key encryption key (quorum11 status, quorum11 domain list)",
			  k->number, k->label, p->card.id, a->domain);
}

enum err verb_backup(struct cli *cli)
{
	const char *path = cli->args->v[0];
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	const struct cli_key *k = NULL;
	struct hsm_wrapped wrapped;
	char kcv[CLI_KCV_TEXT];
	struct wr blob;
	enum err e;

	if (!cli->args->key)
		return cli_refuse(ERR_ARG, "backup needs --key: a label, or an id in hex");
	wr_init_heap(&blob, APDU_RSP_MAX);
	e = cli_put_check(path, cli->args->force, CLI_PUT_FORCE);
	if (!e)
		e = cli_preview(cli, &p);
	if (!e)
		e = cli_keys_find(&p.card, p.keys, cli->args->key, &k);
	if (!e)
		e = check_may_leave(cli, &p, k);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = cli_card_fail(&card, hsm_key_wrap(card.hsm, k->number, &blob, &cli->dl), "wrapping the key");
	if (!e && hsm_wrapped_read(wr_view(&blob), &wrapped))
		e = cli_refuse(ERR_FORMAT, "what card %s gave for key %u, \"%s\", is no wrapped key: nothing was "
			       "written", card.id, k->number, k->label);
	if (!e)
		e = write_backup(cli, path, k, wr_view(&blob));
	if (!e)
		printf("key %u, \"%s\": %s, to be restored where the key check value is %s\n", k->number, k->label,
		       path, cli_kcv_text(wrapped.kcv.p, kcv));
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&blob);
	return e;
}

/* ---- restore ---- */

static enum err read_backup(const char *path, struct wr *file, struct hsm_backup *b, struct hsm_wrapped *wrapped,
			    struct p15_key *description)
{
	enum err e = cli_get_file(path, BACKUP_MAX, file);

	if (e)
		return e;
	e = hsm_backup_read(wr_view(file), b);
	if (!e)
		e = hsm_wrapped_read(b->blob, wrapped);
	if (!e)
		e = p15_key_read(b->description, description);
	return e ? cli_refuse(e, "%s is no wrapped key with its description", path) : ERR_OK;
}

/* The card would say only that it cannot. */
static enum err check_domain(const struct cli_card *c, const struct cli_domains *d, const char *path, struct rd kcv,
			     size_t *domain)
{
	char wanted[CLI_KCV_TEXT];

	for (*domain = 0; *domain < d->n; (*domain)++)
		if (d->v[*domain].is_ready && rd_eq(RD_ARR(d->v[*domain].kcv), kcv))
			return ERR_OK;
	return cli_refuse(ERR_REFUSED, "%s is wrapped under the key encryption key with the check value %s, which "
			  "no key domain of card %s has (quorum11 domain list)", path, cli_kcv_text(kcv.p, wanted),
			  c->id);
}

static enum err check_new(const struct cli *cli, const struct cli_keys *keys, const struct p15_key *description)
{
	for (size_t i = 0; i < keys->n && !cli->args->force; i++)
		if (keys->v[i].has_description && rd_eq(keys->v[i].description.id, description->id))
			return cli_refuse(ERR_REFUSED, "key %u on the card, \"%s\", has the same id; beside it only "
					  "with --force", keys->v[i].number, keys->v[i].label);
	return ERR_OK;
}

/* All three files, or none. */
static enum err put_key(struct cli *cli, struct cli_card *c, uint8_t key, const struct hsm_backup *b)
{
	enum err e = hsm_key_unwrap(c->hsm, key, b->blob, &cli->dl);

	/* The domain was found, so it is not the wrong one. */
	if (e == ERR_DATA)
		return cli_refuse(e, "card %s refuses the key: the file was changed since it was written", c->id);
	if (e)
		return cli_card_fail(c, e, "unwrapping the key");
	e = hsm_file_write(c->hsm, HSM_FID(HSM_FID_PRKD, key), b->description, &cli->dl);
	if (!e && b->certificate.n)
		e = hsm_file_write(c->hsm, HSM_FID(HSM_FID_EE, key), b->certificate, &cli->dl);
	if (!e)
		return ERR_OK;
	cli_card_fail(c, e, "describing the key");
	if (hsm_key_delete(c->hsm, key, &cli->dl))
		log_tell("card %s: key %u is left there without a complete description", c->id, key);
	return e;
}

static enum err restore(struct cli *cli, struct cli_card *c, const struct hsm_backup *b,
			const struct p15_key *description, size_t domain)
{
	char label[SHOWN_MAX + 1];
	uint8_t key = 0;
	enum err e = cli_card_fail(c, hsm_key_free_number(c->hsm, &key, &cli->dl), "looking for room for a key");

	if (!e)
		e = put_key(cli, c, key, b);
	if (!e)
		printf("key %u, \"%s\": restored on card %s, in key domain %zu\n", key,
		       text_shown(description->label, label, sizeof(label)), c->id, domain);
	return e;
}

enum err verb_restore(struct cli *cli)
{
	const char *path = cli->args->v[0];
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	struct p15_key description;
	struct hsm_wrapped wrapped;
	struct cli_domains d;
	struct hsm_backup b;
	size_t domain = 0;
	struct wr file;
	enum err e;

	wr_init_heap(&file, BACKUP_MAX);
	e = read_backup(path, &file, &b, &wrapped, &description);
	if (!e)
		e = cli_domains_preview(cli, &p, &d);
	if (!e)
		e = check_domain(&p.card, &d, path, wrapped.kcv, &domain);
	if (!e)
		e = check_new(cli, p.keys, &description);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = restore(cli, &card, &b, &description, domain);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&file);
	return e;
}
