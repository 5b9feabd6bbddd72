/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/receipt.h"

#include <string.h>

#include "base/tlv.h"
#include "pka/receipt_line.h"

#define TAG_ATTESTATION 0x67

static const enum receipt_line line_of[] = {
	[RECEIPT_SIGN] = RECEIPT_LINE_SIGN, [RECEIPT_DECIPHER] = RECEIPT_LINE_DECIPHER,
	[RECEIPT_DERIVE] = RECEIPT_LINE_DERIVE, [RECEIPT_WRAP] = RECEIPT_LINE_WRAP,
};

void receipt_chain_init(struct receipt_chain *c)
{
	memset(c, 0, sizeof(*c));
}

static struct receipt_value number(uint64_t n)
{
	return (struct receipt_value){ .n = n };
}

static struct receipt_value bytes(struct rd r)
{
	return (struct receipt_value){ .bytes = r };
}

static struct receipt_value when(int64_t t)
{
	return number(t > 0 ? (uint64_t)t : 0);
}

/* A sequence of lines: after a failure nothing more is written. */
struct lines {
	struct receipt_chain chain;
	struct wr *out;
	enum err e;
};

static void put(struct lines *l, enum receipt_line kind, const struct receipt_value *v)
{
	if (!l->e)
		l->e = receipt_line_write(&l->chain, kind, v, l->out);
}
#define PUT(l, kind, ...) put((l), (kind), (const struct receipt_value[]){ __VA_ARGS__ })

static void begin(struct lines *l, const struct receipt_chain *c, struct wr *out)
{
	*l = (struct lines){ .chain = *c, .out = out };
}

static enum err finish(struct lines *l, struct receipt_chain *c, size_t before)
{
	if (l->e)
		wr_cut(l->out, before);
	else
		*c = l->chain;
	return l->e;
}

static void put_consents(struct lines *l, const struct receipt_head *h)
{
	for (size_t i = 0; i < h->consents_n; i++) {
		const struct pka_consent *c = &h->consents[i];

		PUT(l, RECEIPT_LINE_CONSENT, bytes(c->pka_file), bytes(c->challenge), bytes(c->sig),
		    bytes(c->statement), bytes(c->statement_sig));
	}
}

static void put_limits(struct lines *l, const struct receipt_head *h)
{
	uint8_t text[LIMITS_TEXT_MAX];
	struct wr w;

	WR_ARR(&w, text);
	if (!l->e)
		l->e = pka_limits_write(h->limits, &w);
	PUT(l, RECEIPT_LINE_LIMITS, bytes(wr_view(&w)));
}

/* A certificate may have taken the attestation's place, or left its end behind a shorter one (sc-hsm-apdu 7.2). */
static struct rd attestation_of(struct rd ee)
{
	struct rd whole, value;

	return rd_tlv_whole(&ee, TAG_ATTESTATION, &whole, &value) ? whole : RD_NONE;
}

static void put_keys(struct lines *l, const struct receipt_head *h)
{
	for (size_t i = 0; i < h->keys_n; i++) {
		const struct receipt_key *k = &h->keys[i];

		PUT(l, RECEIPT_LINE_KEY, number(k->key), bytes(k->label), bytes(k->id),
		    number(k->has_counter ? k->counter : RECEIPT_NO_COUNTER), bytes(attestation_of(k->attestation)));
	}
}

enum err receipt_write_head(struct receipt_chain *c, const struct receipt_head *h, struct wr *out)
{
	size_t before = out->n;
	struct lines l;

	if (c->lines > 0 || h->n > h->m || h->m > PKA_CUSTODIANS_MAX || h->keys_n > KEYS_MAX ||
	    h->consents_n > PKA_CUSTODIANS_MAX || (h->login_id.n != 0 && h->login_id.n != LOGIN_ID_SIZE) ||
	    h->host_json.n > REQUEST_JSON_MAX)
		return ERR_ARG;
	begin(&l, c, out);
	put(&l, RECEIPT_LINE_FIRST, NULL);
	PUT(&l, RECEIPT_LINE_TIME, when(h->when));
	PUT(&l, RECEIPT_LINE_DEVICE, bytes(h->device_id), bytes(h->devaut));
	PUT(&l, RECEIPT_LINE_LOGIN, bytes(h->login_id));
	PUT(&l, RECEIPT_LINE_REQUEST, bytes(h->host_json));
	PUT(&l, RECEIPT_LINE_QUORUM, number(h->n), number(h->m));
	put_consents(&l, h);
	put_limits(&l, h);
	put_keys(&l, h);
	return finish(&l, c, before);
}

enum err receipt_write_use(struct receipt_chain *c, const struct receipt_use *u, struct wr *out)
{
	size_t before = out->n;
	struct lines l;

	if ((unsigned)u->kind > RECEIPT_WRAP || u->data_hash.n != SHA256_SIZE || u->digest.n > DIGEST_MAX ||
	    (u->kind != RECEIPT_SIGN && (u->digest.n > 0 || u->signature.n > 0 || u->repeat)) ||
	    (u->kind == RECEIPT_SIGN && u->signature.n == 0))
		return ERR_ARG;
	begin(&l, c, out);
	if (u->kind == RECEIPT_SIGN)
		PUT(&l, RECEIPT_LINE_SIGN, when(u->when), number(u->key), number(u->alg), number(u->digest_alg),
		    bytes(u->digest), bytes(u->data_hash), bytes(u->signature), number(u->repeat), number(u->uid),
		    number(u->gid), number(u->pid), bytes(rd_str(u->program)));
	else
		PUT(&l, line_of[u->kind], when(u->when), number(u->key), number(u->alg), bytes(u->data_hash),
		    number(u->uid), number(u->gid), number(u->pid), bytes(rd_str(u->program)));
	return finish(&l, c, before);
}

enum err receipt_write_end(struct receipt_chain *c, const struct receipt_end *e, struct wr *out)
{
	size_t before = out->n;
	struct lines l;

	begin(&l, c, out);
	for (size_t i = 0; i < e->keys_n; i++)
		if (e->keys[i].has_counter)
			PUT(&l, RECEIPT_LINE_LEFT, number(e->keys[i].key), number(e->keys[i].counter));
	/* The last line, so that a receipt with it is whole. */
	PUT(&l, RECEIPT_LINE_END, when(e->when), bytes(rd_str(e->why)));
	return finish(&l, c, before);
}
