/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates out of a card. */
#include <stdio.h>

#include "base/crypto_pem.h"
#include "cli/key/preview.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "pka/file.h"

/* ---- export ---- */

static enum err put(const struct cli *cli, struct rd content)
{
	const char *path = cli->args->out;

	if (!path)
		return fwrite(content.p, 1, content.n, stdout) == content.n ? ERR_OK :
			cli_fail(ERR_IO, "writing to standard output");
	return cli_put_file(cli, path, 0644, content);
}

enum err verb_cert_export(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	const struct cli_cert *cert = NULL;
	struct wr pem;
	enum err e;

	wr_init_heap(&pem, 2 * FILE_SIZE_MAX);
	e = cli_preview(cli, &p);
	if (!e)
		e = cli_certs_find(&p.card, p.certs, cli->args->key, &cert);
	if (!e && !cert->der.n)
		e = cli_refuse(ERR_FORMAT, "what card %s has there is no certificate", p.card.id);
	if (!e && !cli->args->der)
		e = cli_fail(pem_write("CERTIFICATE", cert->der, &pem), "PEM");
	if (!e)
		e = put(cli, cli->args->der ? cert->der : wr_view(&pem));
	cli_preview_end(cli, &p);
	wr_free(&pem);
	return e;
}

/* ---- delete ---- */

/* The attestation that the certificate has replaced, from its archive. */
static enum err load_attestation(const struct cli *cli, const struct cli_cert *cert, struct wr *file,
				 struct rd *request)
{
	const char *path = cli->args->archive.n ? cli->args->archive.v[0] : NULL;
	struct pka_file f;
	struct rd pub, mine;
	enum err e;

	*request = RD_NONE;
	if (!path)
		return ERR_OK;
	if (!cert->key || cli->args->archive.n > 1)
		return cli_refuse(ERR_ARG, "--archive is the one attestation of the key whose certificate goes");
	e = cli_get_file(path, FILE_SIZE_MAX, file);
	if (!e)
		e = cli_fail(pka_file_read(wr_view(file), &f), "%s", path);
	if (e)
		return e;
	pub = f.request.inner.key.is_rsa ? f.request.inner.key.modulus : f.request.inner.key.q;
	mine = cert->key->pub.is_rsa ? cert->key->pub.n : cert->key->pub.q;
	if (!rd_eq(pub, mine))
		return cli_refuse(ERR_REFUSED, "%s is the attestation of another key", path);
	*request = f.request.whole;
	return ERR_OK;
}

static bool is_meant(const struct cli *cli, const struct cli_preview *p, const struct cli_cert *cert, struct rd request)
{
	if (!cert->key)
		printf("certificate \"%s\" of card %s goes\n", cert->label, p->card.id);
	else if (request.n)
		printf("the certificate of key %u \"%s\" of card %s goes, and its attestation comes back\n",
		       cert->number, cert->label, p->card.id);
	else
		printf("the certificate of key %u \"%s\" of card %s goes, and with it the only place where the card "
		       "has its public key:\nprograms will not see the key until it has a certificate again "
		       "(--archive FILE.pka puts its attestation back)\n", cert->number, cert->label, p->card.id);
	return cli_ask("Delete it?", cli->args->yes);
}

static enum err delete(struct cli *cli, struct cli_card *c, const struct cli_cert *cert, struct rd request)
{
	enum err e;

	if (!cert->key) {
		e = hsm_file_delete(c->hsm, HSM_FID(HSM_FID_CD, cert->number), &cli->dl);
		if (!e || e == ERR_NOT_FOUND)
			e = hsm_file_delete(c->hsm, HSM_FID(HSM_FID_CA, cert->number), &cli->dl);
	} else if (request.n) {
		e = hsm_file_write(c->hsm, HSM_FID(HSM_FID_EE, cert->number), request, &cli->dl);
	} else {
		e = hsm_file_delete(c->hsm, HSM_FID(HSM_FID_EE, cert->number), &cli->dl);
	}
	if (!e)
		printf("deleted\n");
	return cli_card_fail(c, e, "deleting the certificate");
}

enum err verb_cert_delete(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	struct cli_card card = { .hsm = NULL };
	const struct cli_cert *cert = NULL;
	struct rd request = RD_NONE;
	struct wr file;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_preview(cli, &p);
	if (!e)
		e = cli_certs_find(&p.card, p.certs, cli->args->key, &cert);
	if (!e)
		e = load_attestation(cli, cert, &file, &request);
	if (!e && !is_meant(cli, &p, cert, request))
		e = cli_refuse(ERR_CANCELLED, "nothing was changed");
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = delete(cli, &card, cert, request);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&file);
	return e;
}
