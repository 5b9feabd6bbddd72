/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/certs.h"
#include "cli/line/get.h"
#include "cli/line/say.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto_pem.h"
#include "base/text.h"

static void add_of_key(struct cli_certs *certs, const struct cli_key *k)
{
	struct cli_cert *cert = &certs->v[certs->n];
	struct rd r = wr_view(&k->ce), val;

	if (k->kind != CE_CERTIFICATE || !rd_tlv_whole(&r, 0x30, &cert->der, &val))
		return;
	certs->n++;
	cert->key = k;
	cert->number = k->number;
	memcpy(cert->label, k->label, sizeof(cert->label));
	memcpy(cert->id, k->id, sizeof(cert->id));
}

static enum err read_file(struct cli *cli, struct cli_card *c, uint16_t fid, struct wr *out)
{
	enum err e;

	wr_init_heap(out, FILE_SIZE_MAX);
	e = hsm_file_read(c->hsm, fid, out, &cli->dl);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err add_other(struct cli *cli, struct cli_card *c, struct cli_certs *certs, uint8_t number)
{
	struct cli_cert *cert = &certs->v[certs->n++];
	struct p15_cert about;
	struct rd r, val;
	struct wr hex;
	enum err e = read_file(cli, c, HSM_FID(HSM_FID_CA, number), &cert->file);

	cert->number = number;
	if (!e)
		e = read_file(cli, c, HSM_FID(HSM_FID_CD, number), &cert->about);
	if (e)
		return e;
	r = wr_view(&cert->file);
	if (!rd_tlv_whole(&r, 0x30, &cert->der, &val))
		cert->der = RD_NONE;
	if (p15_cert_read(wr_view(&cert->about), &about) != ERR_OK)
		return ERR_OK;
	(void)text_shown(about.label, cert->label, sizeof(cert->label));
	WR_ARR(&hex, cert->id);
	wr_hex(&hex, about.id);
	if (wr_cstr(&hex) != cert->id)
		cert->id[0] = 0;
	return ERR_OK;
}

enum err cli_certs_read(struct cli *cli, struct cli_card *c, const struct cli_keys *keys, struct cli_certs **out)
{
	struct cli_certs *certs = calloc(1, sizeof(*certs));
	struct hsm_fids fids;
	enum err e;

	if (!certs)
		return cli_fail(ERR_NOMEM, "reading the certificates");
	for (size_t i = 0; i < keys->n; i++)
		add_of_key(certs, &keys->v[i]);
	e = hsm_file_list(c->hsm, &fids, &cli->dl);
	for (size_t i = 0; i < fids.n && !e; i++)
		if (fids.v[i] >> 8 == HSM_FID_CA && certs->n < sizeof(certs->v) / sizeof(certs->v[0]))
			e = add_other(cli, c, certs, (uint8_t)fids.v[i]);
	if (e) {
		cli_card_fail(c, e, "reading the certificates");
		cli_certs_free(&certs);
	}
	*out = certs;
	return e;
}

void cli_certs_free(struct cli_certs **c)
{
	if (!*c)
		return;
	for (size_t i = 0; i < (*c)->n; i++) {
		wr_free(&(*c)->v[i].file);
		wr_free(&(*c)->v[i].about);
	}
	free(*c);
	*c = NULL;
}

static enum err find_only(const struct cli_card *c, const struct cli_certs *certs, const struct cli_cert **out)
{
	if (!certs->n)
		return cli_refuse(ERR_NOT_FOUND, "card %s has no certificate; quorum11 cert import writes one",
				  cli_card_id(c));
	if (certs->n > 1)
		return cli_refuse(ERR_REFUSED, "card %s has %zu certificates: name one by --key (quorum11 status)",
				  cli_card_id(c), certs->n);
	*out = &certs->v[0];
	return ERR_OK;
}

enum err cli_certs_find(const struct cli_card *c, const struct cli_certs *certs, const char *name,
			const struct cli_cert **out)
{
	char shown[SHOWN_MAX + 1];

	*out = NULL;
	if (!name)
		return find_only(c, certs, out);
	(void)text_shown(rd_str(name), shown, sizeof(shown));
	for (int by_id = 0; by_id < 2 && !*out; by_id++)
		for (size_t i = 0; i < certs->n; i++) {
			const struct cli_cert *cert = &certs->v[i];

			if (by_id ? !*cert->id || strcasecmp(cert->id, name) != 0 : strcmp(cert->label, shown) != 0)
				continue;
			if (*out)
				return cli_refuse(ERR_REFUSED,
						  "several certificates of card %s are called %s: name one by its id "
						  "in hex (quorum11 status)", cli_card_id(c), shown);
			*out = cert;
		}
	if (!*out)
		return cli_refuse(ERR_NOT_FOUND,
				  "no certificate of card %s is called %s; quorum11 status shows its certificates",
				  cli_card_id(c), shown);
	return ERR_OK;
}

static bool is_same(const struct spki *a, const struct spki *b)
{
	if (a->is_rsa != b->is_rsa)
		return false;
	return a->is_rsa ? rd_eq(rd_magnitude(a->n), rd_magnitude(b->n)) &&
				   rd_eq(rd_magnitude(a->e), rd_magnitude(b->e))
			 : a->curve == b->curve && rd_eq(a->q, b->q);
}

const struct cli_key *cli_certs_key_of(const struct cli_keys *keys, const struct x509 *x)
{
	struct spki pub;

	if (spki_read(x->spki, &pub) != ERR_OK)
		return NULL;    /* of a kind that no card has */
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].has_public && is_same(&keys->v[i].pub, &pub))
			return &keys->v[i];
	return NULL;
}

enum err cli_cert_load(const char *path, struct wr *der, struct x509 *x)
{
	struct wr file;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &file);
	if (!e && (pem_read(wr_view(&file), "CERTIFICATE", der) || x509_parse(wr_view(der), x)))
		e = cli_refuse(ERR_FORMAT, "%s: no X.509 certificate, neither PEM nor DER", path);
	wr_free(&file);
	return e;
}
