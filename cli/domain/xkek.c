/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key domains whose key two cards agree on (sc-hsm-apdu 6.3), step by step, with files between the people: ask, admit,
 * join; then offer and agree, on both cards.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto_digest.h"
#include "cli/domain/domain.h"
#include "cli/key/generate.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"
#include "sc-hsm/wrap.h"
#include "sc-hsm/xkek.h"

#define EXCHANGE_LABEL "key exchange"   /* of the key that agrees; nobody else's business */

static enum err no_proof(enum err e, const char *path, const struct att_verdict *v)
{
	cli_verdict_tell(path, v);
	return e ? cli_refuse(e, "%s is not proved to be of a genuine card; " CLI_TRUST_HELP, path) : ERR_OK;
}

/* Was this key made in a card that we believe? */
static enum err check_key(const struct cli *cli, const char *path, const struct pka_file *f)
{
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	bool genuine;
	enum err e = cli_trust_load(cli, &anchors);

	if (!e)
		e = no_proof(cli_trust_pka_file(cli, anchors, f, &genuine, &v), path, &v);
	att_anchors_free(&anchors);
	return e;
}

static enum err check_device(const struct cli *cli, const char *path, struct rd devaut)
{
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct att_chain chain;
	enum err e = cli_trust_load(cli, &anchors);

	if (!e)
		e = no_proof(cli_trust_chain(cli, anchors, devaut, &chain, &v), path, &v);
	att_anchors_free(&anchors);
	return e;
}

/* ---- membership ---- */

enum err verb_domain_ask(struct cli *cli)
{
	const char *path = cli->args->v[0];
	struct cli_card card;
	enum err e = cli_card_choose(cli, &card);

	if (!e && !card.devaut.n)
		e = cli_refuse(ERR_CONDITIONS, "the card in %s has no certificate of its own yet", card.reader);
	if (!e)
		e = cli_put_file(cli, path, 0644, wr_view(&card.devaut));
	if (!e)
		printf("%s: the certificates of card %s, for whoever has the group's key (quorum11 domain admit)\n",
		       path, card.id);
	cli_card_close(cli, &card, false);
	return e;
}

static enum err member_hash(const struct cvc *device, uint8_t hash[SHA256_SIZE], struct wr *message)
{
	enum err e = hsm_member_message(device->key.q, message);

	return e ? e : sha256(wr_view(message), hash);
}

static enum err member_check(const struct pka_file *signer, const struct cvc *device, struct rd sig)
{
	uint8_t bytes[EC_POINT_MAX], hash[SHA256_SIZE];
	struct wr m;
	enum err e;

	WR_ARR(&m, bytes);
	e = member_hash(device, hash, &m);
	return e ? e : ec_verify(signer->curve, signer->request.inner.key.q, RD_ARR(hash), sig);
}

/* By the group's key; what the card signs is verified at once. */
static enum err member_sign(struct cli *cli, struct cli_card *c, const struct cli_key *k, const struct cvc *device,
			    struct wr *file)
{
	uint8_t bytes[EC_POINT_MAX], hash[SHA256_SIZE], sig_bytes[HSM_MEMBER_SIZE];
	struct pka_file signer;
	struct wr m, der, sig, own;
	enum err e;

	WR_ARR(&m, bytes);
	WR_ARR(&sig, sig_bytes);
	wr_init_heap(&der, APDU_RSP_MAX);
	wr_init_heap(&own, FILE_SIZE_MAX);
	e = member_hash(device, hash, &m);
	if (!e)
		e = hsm_key_sign(c->hsm, k->number, HSM_ECDSA_SHA256, wr_view(&m), &der, &cli->dl);
	if (e) {
		cli_card_fail(c, e, "signing the membership");
		goto out;
	}
	e = ec_sig_from_der(wr_view(&der), HSM_MEMBER_SIZE / 2, &sig);
	if (!e)
		e = pka_file_write(wr_view(&c->devaut), k->attestation, &own);
	if (!e)
		e = pka_file_read(wr_view(&own), &signer);
	if (!e)
		e = member_check(&signer, device, wr_view(&sig));
	if (!e)
		e = pka_member_write(&signer, wr_view(&sig), file);
	cli_fail(e, "the membership");
out:
	wr_free(&own);
	wr_free(&der);
	return e;
}

static enum err check_signer(const struct cli_key *k)
{
	enum ec_curve curve = k->kind == CE_REQUEST && !k->request.inner.key.is_rsa
				      ? cvc_key_curve(&k->request.inner.key, EC_NONE) : EC_NONE;

	if (curve != EC_NONE && ec_domain_get(curve)->bits == 8 * HSM_UID_SIZE / 2)
		return ERR_OK;
	return cli_refuse(ERR_REFUSED, "key %u, \"%s\", cannot stand for a group: that takes an EC key of 256 bits, as "
			  "ec:brainpoolP256r1, with its attestation", k->number, k->label);
}

enum err verb_domain_admit(struct cli *cli)
{
	const char *from = cli->args->v[0], *to = cli->args->v[1];
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	const struct cli_key *k = NULL;
	struct cvc device, issuer;
	struct wr devaut, file;
	bool has_issuer;
	enum err e;

	if (!cli->args->key)
		return cli_refuse(ERR_ARG, "domain admit needs --key: the group's key, a label or an id in hex");
	wr_init_heap(&devaut, FILE_SIZE_MAX);
	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_put_check(to, cli->args->force, CLI_PUT_FORCE);
	if (!e)
		e = cli_get_file(from, FILE_SIZE_MAX, &devaut);
	if (!e && cvc_devaut_read(wr_view(&devaut), &device, &issuer, &has_issuer))
		e = cli_refuse(ERR_FORMAT, "%s holds no card's certificates (quorum11 domain ask)", from);
	if (!e)
		e = check_device(cli, from, wr_view(&devaut));
	if (!e)
		e = cli_preview(cli, &p);
	if (!e)
		e = cli_keys_find(&p.card, p.keys, cli->args->key, &k);
	if (!e)
		e = check_signer(k);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = member_sign(cli, &card, k, &device, &file);
	if (!e)
		e = cli_put_file(cli, to, 0644, wr_view(&file));
	if (!e)
		printf("%s: card %.*s may join the group of \"%s\" (quorum11 domain join)\n", to, (int)device.chr.n,
		       (const char *)device.chr.p, k->label);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&file);
	wr_free(&devaut);
	return e;
}

/* Is it for this card, and is there a place? */
static enum err preview_join(struct cli *cli, const char *path, const struct pka_file *signer, struct rd sig,
			     struct cli_preview *p, uint8_t *domain)
{
	struct cli_domains d;
	enum err e = cli_domains_preview(cli, p, &d);

	if (!e && member_check(signer, &p->card.device, sig))
		e = cli_refuse(ERR_REFUSED, "%s is not the membership of card %s", path, p->card.id);
	return e ? e : cli_domain_choose_empty(cli, &d, domain);
}

enum err verb_domain_join(struct cli *cli)
{
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	const char *path = cli->args->v[0];
	struct pka_file signer;
	struct hsm_proof key;
	struct hsm_domain d;
	uint8_t domain = 0;
	struct rd sig;
	struct wr file;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &file);
	if (!e && pka_member_read(wr_view(&file), &signer, &sig))
		e = cli_refuse(ERR_FORMAT, "%s is no membership (quorum11 domain admit)", path);
	if (!e)
		e = check_key(cli, path, &signer);
	if (!e)
		e = preview_join(cli, path, &signer, sig, &p, &domain);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e) {
		key = pka_file_proof(&signer, card.has_issuer);
		e = cli_card_fail(&card, hsm_domain_join(card.hsm, domain, &key, sig, &d, &cli->dl),
				  "joining the group");
	}
	if (!e)
		printf("domain %u: a member of the group; next: quorum11 domain offer --domain %u, here and on the "
		       "other card\n", domain, domain);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&file);
	return e;
}

/* ---- agreement ---- */

/* The domain that was named, or the one whose group this is; uid empty: any, if there is one alone. */
static enum err find_domain(const struct cli *cli, const struct cli_card *c, const struct cli_domains *d,
			    struct rd uid, uint8_t *domain)
{
	unsigned named = cli->args->domain;
	size_t found = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].kind != HSM_DOMAIN_XKEK || (named != ARGS_NO_FD && named != i) ||
		    (uid.n && !rd_eq(uid, RD_ARR(d->v[i].uid))))
			continue;
		*domain = (uint8_t)i;
		found++;
	}
	if (found == 1)
		return ERR_OK;
	if (found)
		return cli_refuse(ERR_REFUSED, "card %s is in %zu such groups: --domain says which", c->id, found);
	return cli_refuse(ERR_REFUSED, uid.n ? "card %s has no key domain of that group (quorum11 domain join)" :
			  "card %s has no such key domain of a group (quorum11 domain list)", c->id);
}

/* The key of ours that waits for an answer in the domain of this name; NULL: there is none. */
static const struct cli_key *find_offer(const struct cli_keys *keys, struct rd uid)
{
	struct rd of;

	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].kind == CE_REQUEST && rd_eq_str(keys->v[i].description.label, EXCHANGE_LABEL) &&
		    hsm_member_domain(&keys->v[i].request.inner, &of) && rd_eq(of, uid))
			return &keys->v[i];
	return NULL;
}

/* Made once: an offer that was lost is written again, for which nobody need log in. */
static enum err offer(struct cli *cli, struct cli_preview *p, const struct cli_key *made, uint8_t domain,
		      struct wr *request)
{
	static const uint8_t agrees[] = { HSM_ECDH_DOMAIN };
	const struct cli_generate g = {
		.type = { .type = P15_EC, .curve = HSM_MEMBER_CURVE, .bits = 256 }, .label = EXCHANGE_LABEL,
		.algorithms = RD_ARR(agrees), .domain = domain, .usage = P15_USE_DERIVE,
	};
	struct cli_card card = { .hsm = NULL };
	uint8_t number;
	enum err e;

	if (made) {
		wr_put(request, made->attestation);
		return wr_done(request);
	}
	e = cli_preview_open(cli, p, &card);
	if (!e)
		e = cli_generate(cli, &card, &g, &number, request);
	cli_card_close(cli, &card, true);
	return e;
}

enum err verb_domain_offer(struct cli *cli)
{
	struct cli_preview p = { .keys = NULL };
	const char *path = cli->args->v[0];
	struct wr request, file;
	struct cli_domains d;
	uint8_t domain = 0;
	enum err e;

	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_put_check(path, cli->args->force, CLI_PUT_FORCE);
	if (!e)
		e = cli_domains_preview(cli, &p, &d);
	if (!e)
		e = find_domain(cli, &p.card, &d, RD_NONE, &domain);
	if (!e)
		e = offer(cli, &p, find_offer(p.keys, RD_ARR(d.v[domain].uid)), domain, &request);
	if (!e)
		e = cli_fail(pka_file_write(wr_view(&p.card.devaut), wr_view(&request), &file), "making the offer");
	if (!e)
		e = cli_put_file(cli, path, 0644, wr_view(&file));
	if (!e)
		printf("%s: what card %s offers in domain %u, for the other card (quorum11 domain agree)\n", path,
		       p.card.id, domain);
	cli_preview_end(cli, &p);
	wr_free(&file);
	wr_free(&request);
	return e;
}

/* Is there a domain of this group, and has this card offered something, and not this? */
static enum err preview_agree(struct cli *cli, const struct pka_file *peer, struct rd uid, struct cli_preview *p,
			      uint8_t *domain, const struct cli_key **k)
{
	struct cli_domains d;
	enum err e = cli_domains_preview(cli, p, &d);

	if (!e)
		e = find_domain(cli, &p->card, &d, uid, domain);
	if (e)
		return e;
	*k = find_offer(p->keys, uid);
	if (!*k)
		return cli_refuse(ERR_CONDITIONS, "card %s has not offered anything in domain %u yet (quorum11 domain "
				  "offer)", p->card.id, *domain);
	if (rd_eq(peer->device.chr, rd_str(p->card.id)))
		return cli_refuse(ERR_REFUSED, "that is what card %s itself offers: the other card's is wanted",
				  p->card.id);
	return ERR_OK;
}

/* The key has done its work afterwards, and goes. */
static enum err agree(struct cli *cli, struct cli_card *c, const struct pka_file *peer, uint8_t key, uint8_t domain)
{
	const struct hsm_proof proof = pka_file_proof(peer, c->has_issuer);
	struct hsm_domain d;
	enum err e;

	e = cli_card_fail(c, hsm_domain_agree(c->hsm, key, &proof, &cli->dl), "agreeing on a key");
	if (!e)
		e = cli_card_fail(c, hsm_domain_status(c->hsm, domain, &d, &cli->dl), "reading the key domain");
	if (e)
		return e;
	cli_domain_print(domain, &d);
	printf("the other card must show the same check value when it has agreed\n");
	return cli_card_fail(c, hsm_key_delete(c->hsm, key, &cli->dl), "deleting the key that has agreed");
}

enum err verb_domain_agree(struct cli *cli)
{
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	const char *path = cli->args->v[0];
	const struct cli_key *k = NULL;
	struct pka_file peer;
	uint8_t domain = 0;
	struct wr file;
	struct rd uid;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &file);
	if (!e && (pka_file_read(wr_view(&file), &peer) || !hsm_member_domain(&peer.request.inner, &uid)))
		e = cli_refuse(ERR_FORMAT, "%s is no offer in a group's key domain (quorum11 domain offer)", path);
	if (!e)
		e = check_key(cli, path, &peer);
	if (!e)
		e = preview_agree(cli, &peer, uid, &p, &domain, &k);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = agree(cli, &card, &peer, k->number, domain);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	wr_free(&file);
	return e;
}
