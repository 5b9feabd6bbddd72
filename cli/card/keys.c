/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/card/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto_x509.h"
#include "base/text.h"
#include "cli/line/say.h"

static void take_request(struct cli_key *k)
{
	const struct cvc_key *key = &k->request.inner.key;

	k->kind = CE_REQUEST;
	k->attestation = k->request.whole;
	cli_chr_copy(k->chr, k->request.inner.chr);
	k->pub = (struct spki){ .is_rsa = key->is_rsa, .n = key->modulus, .e = key->exponent,
				.curve = key->is_rsa ? EC_NONE : cvc_key_curve(key, EC_NONE), .q = key->q };
	k->has_public = key->is_rsa || ec_point_is_valid(k->pub.curve, key->q);
}

/* The first element only: an older, longer content may have left its end behind (sc-hsm-apdu 7.2). */
static void take_ce(struct cli_key *k)
{
	struct rd r = wr_view(&k->ce), whole, val;
	struct x509 x;

	k->kind = r.n ? CE_OTHER : CE_NONE;
	if (rd_tlv_peek(r) == 0x67) {
		if (cvc_request_read(&r, &k->request) == ERR_OK)
			take_request(k);
	} else if (rd_tlv_whole(&r, 0x30, &whole, &val) && x509_parse(whole, &x) == ERR_OK) {
		k->kind = CE_CERTIFICATE;
		k->has_public = spki_read(x.spki, &k->pub) == ERR_OK;
	}
}

static void take_description(struct cli_key *k)
{
	struct wr hex;

	k->has_description = p15_key_read(wr_view(&k->prkd), &k->description) == ERR_OK;
	if (!k->has_description)
		return;
	(void)text_shown(k->description.label, k->label, sizeof(k->label));
	WR_ARR(&hex, k->id);
	wr_hex(&hex, k->description.id);
	if (wr_cstr(&hex) != k->id)     /* an id longer than any in use: not one to choose a key by */
		k->id[0] = 0;
}

static enum err read_file(struct cli *cli, struct cli_card *c, uint16_t fid, struct wr *out)
{
	enum err e;

	wr_init_heap(out, FILE_SIZE_MAX);
	e = hsm_file_read(c->hsm, fid, out, &cli->dl);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err cli_keys_read(struct cli *cli, struct cli_card *c, struct cli_keys **out)
{
	struct cli_keys *keys = calloc(1, sizeof(*keys));
	struct hsm_fids fids;
	enum err e;

	if (!keys)
		return cli_fail(ERR_NOMEM, "reading the keys");
	e = hsm_file_list(c->hsm, &fids, &cli->dl);
	for (size_t i = 0; i < fids.n && !e; i++) {
		struct cli_key *k = &keys->v[keys->n];

		if (fids.v[i] >> 8 != HSM_FID_KEY || (fids.v[i] & 0xFF) == 0 || keys->n == KEYS_MAX)
			continue;       /* CC00 is the device's own key */
		keys->n++;
		k->number = (uint8_t)fids.v[i];
		e = read_file(cli, c, HSM_FID(HSM_FID_PRKD, k->number), &k->prkd);
		if (!e)
			e = read_file(cli, c, HSM_FID(HSM_FID_EE, k->number), &k->ce);
		if (!e)
			e = hsm_key_attributes(c->hsm, k->number, &k->attributes, &cli->dl);
		take_description(k);
		take_ce(k);
	}
	if (e) {
		cli_card_fail(c, e, "reading the keys");
		cli_keys_free(&keys);
	}
	*out = keys;
	return e;
}

void cli_keys_free(struct cli_keys **k)
{
	if (!*k)
		return;
	for (size_t i = 0; i < (*k)->n; i++) {
		wr_free(&(*k)->v[i].prkd);
		wr_free(&(*k)->v[i].ce);
	}
	free(*k);
	*k = NULL;
}

static unsigned bits_of(struct rd n)
{
	unsigned bits;

	n = rd_magnitude(n);
	if (!n.n)
		return 0;
	bits = (unsigned)n.n * 8;
	for (uint8_t top = n.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

const char *cli_key_type(const struct cli_key *k, char *buf, size_t cap)
{
	const struct ec_domain *d = k->has_public && !k->pub.is_rsa ? ec_domain_get(k->pub.curve) : NULL;

	if (k->has_public && k->pub.is_rsa)
		(void)snprintf(buf, cap, "rsa:%u", bits_of(k->pub.n));
	else if (d)
		(void)snprintf(buf, cap, "ec:%s", d->name);
	else if (k->has_description && k->description.type == P15_AES)
		(void)snprintf(buf, cap, "aes:%u", k->description.bits);
	else
		(void)snprintf(buf, cap, "unknown");
	return buf;
}

static bool has_label(const struct cli_key *k, const char *name)
{
	return rd_eq_str(k->description.label, name);
}

static bool has_id(const struct cli_key *k, const char *name)
{
	return *k->id && strcasecmp(k->id, name) == 0;
}

static bool has_chr(const struct cli_key *k, const char *name)
{
	return *k->chr && strcmp(k->chr, name) == 0;
}

enum err cli_keys_find(const struct cli_card *c, const struct cli_keys *keys, const char *name,
		       const struct cli_key **out)
{
	/* In this order: a label is what people give. */
	static bool (*const is_called[])(const struct cli_key *, const char *) = { has_label, has_id, has_chr };
	char shown[SHOWN_MAX + 1];

	(void)text_shown(rd_str(name), shown, sizeof(shown));
	*out = NULL;
	for (size_t by = 0; by < sizeof(is_called) / sizeof(*is_called) && !*out; by++)
		for (size_t i = 0; i < keys->n; i++) {
			const struct cli_key *k = &keys->v[i];

			if (!k->has_description || !is_called[by](k, name))
				continue;
			if (*out)
				return cli_refuse(ERR_REFUSED,
						  "several keys of card %s are called %s: name one by its id in hex or "
						  "its holder reference (quorum11 status)", cli_card_id(c), shown);
			*out = k;
		}
	if (!*out)
		return cli_refuse(ERR_NOT_FOUND, "no key of card %s is called %s; quorum11 status shows its keys",
				  cli_card_id(c), shown);
	return ERR_OK;
}
