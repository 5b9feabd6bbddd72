/* SPDX-License-Identifier: Apache-2.0 */
/* The proof that a key was made in a card: out of the card, and into an answer on a machine that has neither. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto_digest.h"
#include "base/crypto_pem.h"
#include "base/crypto_rsa.h"
#include "base/text.h"
#include "cli/key/archive.h"
#include "cli/key/preview.h"
#include "cli/line/get.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

/* ---- export ---- */

enum err verb_attest_export(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	const struct cli_key *key = NULL;
	const char *where = cli->args->out ? cli->args->out : ".";
	enum err e;

	if (!cli->args->key)
		return cli_refuse(ERR_ARG, "of which key? --key LABEL, or its id; quorum11 status shows the keys");
	e = cli_preview(cli, &p);
	if (!e)
		e = cli_keys_find(&p.card, p.keys, cli->args->key, &key);
	if (!e && key->kind == CE_CERTIFICATE)
		e = cli_refuse(ERR_NOT_FOUND,
			       "a certificate has replaced the attestation of key %u \"%s\" on the card: use the file "
			       "that keygen or cert import archived", key->number, key->label);
	else if (!e && key->kind != CE_REQUEST)
		e = cli_refuse(ERR_NOT_FOUND, "card %s has no attestation of key %u \"%s\"", p.card.id, key->number,
			       key->label);
	if (!e)
		e = cli_archive_write(where, &p.card, key->number, key->attestation);
	cli_preview_end(cli, &p);
	return e;
}

/* ---- verify ---- */

struct proof {
	const char *path;
	struct wr file, spki;           /* spki: what --public-key has; empty: not given */
	struct pka_file pka;
	struct att_chain chain;
	struct wr devaut;               /* which the chain views */
	struct att_key key;
	bool proved, unverified;        /* proved by a device that a root vouches for, or by one that is waived */
	struct att_verdict verdict;
};

static enum err load(const struct cli *cli, struct proof *p)
{
	const char *path = cli->args->public_key;
	struct wr text;
	enum err e;

	e = cli_get_file(p->path, FILE_SIZE_MAX, &p->file);
	if (!e && pka_file_read(wr_view(&p->file), &p->pka))
		e = cli_refuse(ERR_FORMAT,
			       "%s: not the proof of a key (a PKA file, as keygen and attest export write it)",
			       p->path);
	if (e || !path)
		return e;
	wr_init_heap(&text, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &text);
	if (!e && pem_read_spki(wr_view(&text), &p->spki))
		e = cli_refuse(ERR_FORMAT, "%s: neither a public key nor a certificate, in PEM or DER", path);
	wr_free(&text);
	return e;
}

static enum err judge(const struct cli *cli, struct proof *p)
{
	struct att_anchors *anchors = NULL;
	bool attested;
	enum err e;

	e = cli_trust_load(cli, &anchors);
	if (e)
		return e;
	wr_put(&p->devaut, p->pka.device.whole);
	if (p->pka.has_issuer)
		wr_put(&p->devaut, p->pka.issuer.whole);
	e = wr_done(&p->devaut);
	if (!e)
		e = att_chain_check(anchors, wr_view(&p->devaut), clock_wall_s(), &p->chain, &p->verdict);
	if (e)
		cli_fail(e, "%s", p->path);
	att_anchors_free(&anchors);
	if (e)
		return e;
	attested = att_key_check(&p->chain, p->pka.request.whole, wr_view(&p->spki), &p->key, &p->verdict) == ERR_OK;
	p->proved = attested && p->chain.is_genuine;
	p->unverified = attested && !p->chain.has_issuer && cli_trust_is_waived(cli, p->chain.id);
	return ERR_OK;
}

static enum err key_type(const struct proof *p, char *buf, size_t cap)
{
	const struct cvc_key *key = &p->pka.request.inner.key;
	const struct ec_domain *d = ec_domain_get(p->key.curve);

	if (!key->is_rsa && !d)
		return ERR_FORMAT;
	(void)(key->is_rsa ? snprintf(buf, cap, "rsa:%u", p->key.bits) : snprintf(buf, cap, "ec:%s", d->name));
	return ERR_OK;
}

/* What others call the key by: SHA-256 of its SubjectPublicKeyInfo. */
static enum err key_hash(const struct proof *p, char *buf, size_t cap)
{
	const struct cvc_key *key = &p->pka.request.inner.key;
	uint8_t hash[SHA256_SIZE];
	struct wr der, hex;
	enum err e;

	wr_init_heap(&der, CVC_MAX);
	e = key->is_rsa ? rsa_spki(key->modulus, key->exponent, &der) : ec_spki(p->key.curve, key->q, &der);
	if (!e)
		e = sha256(wr_view(&der), hash);
	wr_free(&der);
	if (e)
		return e;
	wr_init(&hex, buf, cap);
	wr_hex(&hex, RD_ARR(hash));
	return wr_cstr(&hex) == buf ? ERR_OK : ERR_BUFFER;
}

static void print(const struct proof *p, const char *type, const char *hash)
{
	static const char *const words[] = { [ATT_PASS] = "ok", [ATT_FAIL] = "FAILED", [ATT_NOT_MADE] = "not made" };
	struct att_check c = { .number = 0 };

	while (att_verdict_next(&p->verdict, &c))
		printf("%-9s %-13s %s\n", words[c.result], att_step_name(c.step), c.text);
	printf("\n%s: ", p->path);
	if (!p->proved && !p->unverified) {
		printf("NOT PROVED\n");
		return;
	}
	printf("key %s (%s) was made in card %s and has never left it%s\n", p->key.chr, type, p->chain.id,
	       p->proved ? "" : ", says the card, which is UNVERIFIED: that proves nothing to others");
	printf("SHA-256 of the public key (SubjectPublicKeyInfo): %s\n", hash);
	if (p->proved)
		printf("chain: %s, %s\n", p->chain.path,
		       p->chain.class == ATT_PRODUCTION ? "the maker's production root" : "a root that you named");
}

static json_t *to_json(const struct proof *p, const char *type, const char *hash)
{
	bool known = p->proved || p->unverified;

	return json_pack("{s:s, s:b, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o}", "file", p->path, "proved",
			 p->proved, "unverified", p->unverified, "device_id", *p->chain.id ? p->chain.id : NULL, "path",
			 p->chain.is_genuine ? p->chain.path : NULL, "root",
			 !p->chain.is_genuine ? NULL : p->chain.class == ATT_PRODUCTION ? "production" : "named", "chr",
			 known ? p->key.chr : NULL, "type", known ? type : NULL, "spki_sha256", known ? hash : NULL,
			 "checks", cli_verdict_json(&p->verdict));
}

static enum err tell(const struct cli *cli, const struct proof *p)
{
	char type[64] = "", hash[2 * SHA256_SIZE + 1] = "";
	enum err e = ERR_OK;

	if (p->proved || p->unverified)
		e = key_type(p, type, sizeof(type));
	if (!e && *type)
		e = key_hash(p, hash, sizeof(hash));
	if (e)
		return cli_fail(e, "%s", p->path);
	if (cli->args->json)
		e = cli_json_print(to_json(p, type, hash));
	else
		print(p, type, hash);
	return e ? e : p->proved || p->unverified ? ERR_OK : ERR_ATTESTATION;
}

enum err verb_attest_verify(struct cli *cli)
{
	struct proof *p = calloc(1, sizeof(*p));
	enum err e;

	if (!p)
		return cli_fail(ERR_NOMEM, "attest verify");
	p->path = cli->args->v[0];
	wr_init_heap(&p->file, FILE_SIZE_MAX);
	wr_init_heap(&p->spki, FILE_SIZE_MAX);
	wr_init_heap(&p->devaut, 2 * CVC_MAX);
	e = load(cli, p);
	if (!e)
		e = judge(cli, p);
	if (!e)
		e = tell(cli, p);
	wr_free(&p->devaut);
	wr_free(&p->spki);
	wr_free(&p->file);
	free(p);
	return e;
}
