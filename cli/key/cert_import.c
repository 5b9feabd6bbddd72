/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/key/archive.h"
#include "cli/key/preview.h"
#include "cli/line/say.h"

#define ID_MAX 64               /* bytes of a CKA_ID */

struct import {
	struct wr der;
	const struct cli_key *key;      /* NULL: it is of nobody here */
	const char *archive;            /* where the attestation goes, NULL: it has none to lose */
	bool is_there;                  /* this very certificate */
};

/* Whose it is. A name that was given must be right: a certificate beside another key misleads every program. */
static enum err find_owner(const struct cli *cli, const struct cli_preview *p, const struct x509 *x,
			   const struct cli_key **out)
{
	const struct cli_key *named = NULL;
	enum err e = ERR_OK;

	*out = cli_certs_key_of(p->keys, x);
	if (cli->args->key)
		e = cli_keys_find(&p->card, p->keys, cli->args->key, &named);
	if (!e && named && named != *out)
		e = cli_refuse(ERR_REFUSED, "the certificate is not of key %u \"%s\": its public key is another one",
			       named->number, named->label);
	if (!e && !*out && !cli->args->label)
		e = cli_refuse(ERR_REFUSED,
			       "no key of card %s has this certificate's public key; to keep it there as one of "
			       "somebody else's (of a CA), give it a --label", p->card.id);
	return e;
}

static enum err check_place(const struct cli *cli, struct import *im)
{
	const struct cli_key *k = im->key;
	struct rd r, whole, val;

	if (!k)
		return ERR_OK;
	if (k->kind == CE_REQUEST) {
		im->archive = cli_archive_where(cli);
		return im->archive ? cli_archive_check(im->archive) : ERR_ARG;
	}
	r = wr_view(&k->ce);
	im->is_there = rd_tlv_whole(&r, 0x30, &whole, &val) && rd_eq(whole, wr_view(&im->der));
	if (k->kind == CE_CERTIFICATE && !im->is_there && !cli->args->force)
		return cli_refuse(ERR_REFUSED, "key %u \"%s\" has another certificate; --force replaces it", k->number,
				  k->label);
	return ERR_OK;
}

/* The number as its id where none is given, as the module does for what programs write. */
static enum err write_other(struct cli *cli, struct cli_card *c, struct rd der)
{
	static const uint8_t kinds[] = { HSM_FID_CA, HSM_FID_CD };
	uint8_t low, id[ID_MAX];
	struct p15_cert about = { .label = rd_str(cli->args->label), .authority = true };
	struct wr w, file;
	enum err e;

	WR_ARR(&w, id);
	e = text_unhex(rd_str(cli->args->id), &w);
	if (e)
		return cli_refuse(ERR_ARG, "--id: hex digits in pairs, at most %d bytes", ID_MAX);
	wr_init_heap(&file, FILE_SIZE_MAX);
	e = hsm_file_free_number(c->hsm, RD_ARR(kinds), 0, &low, &cli->dl);
	if (!e) {
		about.fid = HSM_FID(HSM_FID_CA, low);
		if (!wr_view(&w).n)
			wr_u16(&w, about.fid);
		about.id = wr_view(&w);
		e = p15_cert_write(&about, &file);
	}
	if (!e)
		e = hsm_file_write_both(c->hsm, about.fid, der, HSM_FID(HSM_FID_CD, low), wr_view(&file), &cli->dl);
	wr_free(&file);
	if (!e)
		printf("certificate \"%s\" on card %s\n", cli->args->label, c->id);
	return cli_card_fail(c, e, "writing the certificate");
}

static enum err write_own(struct cli *cli, struct cli_card *c, const struct import *im)
{
	uint16_t fid = HSM_FID(HSM_FID_EE, im->key->number);
	enum err e = ERR_OK;

	if (im->archive)
		e = cli_archive_write(im->archive, c, im->key->number, im->key->attestation);
	if (!e)
		e = cli_card_fail(c, hsm_file_write(c->hsm, fid, wr_view(&im->der), &cli->dl),
				  "writing the certificate");
	if (!e)
		printf("certificate of key %u \"%s\" on card %s\n", im->key->number, im->key->label, c->id);
	return e;
}

enum err verb_cert_import(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	struct cli_card card = { .hsm = NULL };
	struct import im = { .key = NULL };
	struct x509 x;
	enum err e;

	wr_init_heap(&im.der, FILE_SIZE_MAX);
	e = cli_cert_load(cli->args->v[0], &im.der, &x);
	if (!e)
		e = cli_preview(cli, &p);
	if (!e)
		e = find_owner(cli, &p, &x, &im.key);
	if (!e)
		e = check_place(cli, &im);
	if (!e && im.is_there)
		printf("card %s has it already\n", p.card.id);
	if (!e && !im.is_there)
		e = cli_preview_open(cli, &p, &card);
	if (!e && !im.is_there)
		e = im.key ? write_own(cli, &card, &im) : write_other(cli, &card, wr_view(&im.der));
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&im.der);
	return e;
}
