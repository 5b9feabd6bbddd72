/* SPDX-License-Identifier: Apache-2.0 */
#include "test/pki.h"

#include "base/tlv.h"
#include "pka/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAKE(call) must((call), __LINE__)

/* BSI TR-03110 part 3, D.3: id-TA-ECDSA-SHA-256, id-TA-RSA-v1-5-SHA-256. */
static const struct rd oid_ecdsa = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x03");
static const struct rd oid_rsa = RD_LIT("\x04\x00\x7f\x00\x07\x02\x02\x02\x01\x02");
/* 1.3.6.1.4.1.24991.3.1.1 */
static const struct rd oid_role = RD_LIT("\x2b\x06\x01\x04\x01\x81\xc3\x1f\x03\x01\x01");

static void must(enum err e, int line)
{
	if (!e)
		return;
	fprintf(stderr, "test/pki.c:%d: %s\n", line, err_text(e));
	abort();
}

struct ec_key *pki_key(enum ec_curve curve)
{
	struct ec_key *k;

	MAKE(ec_key_generate(curve, &k));
	return k;
}

void pki_sign(const struct ec_key *key, struct rd message, struct wr *sig)
{
	uint8_t hash[SHA256_SIZE];

	MAKE(sha256(message, hash));
	MAKE(ec_key_sign(key, RD_ARR(hash), sig));
}

static void sign_rsa(const struct rsa_key *key, struct rd message, struct wr *sig)
{
	uint8_t hash[SHA256_SIZE], info[64], block[512];
	struct wr i, b;

	WR_ARR(&i, info);
	WR_ARR(&b, block);
	MAKE(sha256(message, hash));
	MAKE(digest_info(DIGEST_SHA256, RD_ARR(hash), &i));
	MAKE(rsa_pad_pkcs1(wr_view(&i), rsa_key_bits(key) / 8, &b));
	MAKE(rsa_key_raw(key, wr_view(&b), sig));
}

static void put_key(const struct pki_cvc *c, struct wr *out)
{
	uint8_t n[512], e[8];
	struct wr a, b;
	size_t mark = wr_tlv_open(out, 0x7f49);

	WR_ARR(&a, n);
	WR_ARR(&b, e);
	wr_tlv(out, 0x06, c->oid.n > 0 ? c->oid : c->rsa ? oid_rsa : oid_ecdsa);
	if (c->rsa) {
		MAKE(rsa_key_public(c->rsa, &a, &b));
		wr_tlv(out, 0x81, wr_view(&a));
		wr_tlv(out, 0x82, wr_view(&b));
	} else {
		MAKE(ec_key_public(c->key, &a));
		if (c->domain) {
			wr_tlv(out, 0x81, c->domain->p);
			wr_tlv(out, 0x82, c->domain->a);
			wr_tlv(out, 0x83, c->domain->b);
			wr_tlv(out, 0x84, c->domain->g);
			wr_tlv(out, 0x85, c->domain->n);
		}
		wr_tlv(out, 0x86, wr_view(&a));
		if (c->domain)
			wr_tlv_u8(out, 0x87, c->domain->h);
	}
	wr_tlv_close(out, mark);
}

static void put_date(struct wr *out, uint32_t tag, const char *six)
{
	uint8_t digits[6];

	for (size_t i = 0; i < sizeof(digits); i++)
		digits[i] = (uint8_t)(six[i] - '0');
	wr_tlv(out, tag, RD_ARR(digits));
}

void pki_cvc_make(const struct pki_cvc *c, const struct ec_key *by, const struct rsa_key *by_rsa, struct wr *out)
{
	uint8_t bytes[1024], sig[512];
	struct wr body, s;
	size_t mark, chat;

	WR_ARR(&body, bytes);
	mark = wr_tlv_open(&body, 0x7f4e);
	wr_tlv_u8(&body, 0x5f29, 0);
	if (c->car)
		wr_tlv(&body, 0x42, rd_str(c->car));
	put_key(c, &body);
	wr_tlv(&body, 0x5f20, rd_str(c->chr));
	if (c->is_certificate) {
		chat = wr_tlv_open(&body, 0x7f4c);
		wr_tlv(&body, 0x06, oid_role);
		wr_tlv_u8(&body, 0x53, c->role);
		wr_tlv_close(&body, chat);
		put_date(&body, 0x5f25, c->from ? c->from : "260101");
		put_date(&body, 0x5f24, c->to ? c->to : "310101");
	}
	if (c->empty_extensions)
		wr_tlv(&body, 0x65, RD_NONE);
	wr_tlv_close(&body, mark);
	MAKE(wr_done(&body));

	WR_ARR(&s, sig);
	if (by)
		pki_sign(by, wr_view(&body), &s);
	else
		sign_rsa(by_rsa, wr_view(&body), &s);
	mark = wr_tlv_open(out, 0x7f21);
	wr_put(out, wr_view(&body));
	wr_tlv(out, 0x5f37, wr_view(&s));
	wr_tlv_close(out, mark);
	MAKE(wr_done(out));
}

void pki_request_make(struct rd inner, const char *outer_car, const struct ec_key *by, struct wr *out)
{
	uint8_t bytes[2048], sig[132];
	struct wr signed_part, s;
	size_t mark;

	WR_ARR(&signed_part, bytes);
	WR_ARR(&s, sig);
	wr_put(&signed_part, inner);
	wr_tlv(&signed_part, 0x42, rd_str(outer_car));
	MAKE(wr_done(&signed_part));
	pki_sign(by, wr_view(&signed_part), &s);
	mark = wr_tlv_open(out, 0x67);
	wr_put(out, wr_view(&signed_part));
	wr_tlv(out, 0x5f37, wr_view(&s));
	wr_tlv_close(out, mark);
	MAKE(wr_done(out));
}

void pki_open(struct pki *p)
{
	const struct ec_domain *d = ec_domain_get(EC_BP256R1);
	struct pki_cvc c = { .car = "UTQUORUM00001", .chr = "UTQUORUM00001", .domain = d, .is_certificate = true,
			     .role = CVC_ROLE_ROOT };

	p->root = pki_key(EC_BP256R1);
	p->issuer = pki_key(EC_BP256R1);
	wr_init_heap(&p->root_cvc, CVC_MAX);
	wr_init_heap(&p->issuer_cvc, CVC_MAX);
	c.key = p->root;
	pki_cvc_make(&c, p->root, NULL, &p->root_cvc);
	c = (struct pki_cvc){ .car = "UTQUORUM00001", .chr = "UTISSUER00001", .key = p->issuer, .is_certificate = true,
			      .role = CVC_ROLE_ISSUER, .empty_extensions = true };
	pki_cvc_make(&c, p->root, NULL, &p->issuer_cvc);
	MAKE(att_anchors_new(true, &p->anchors));
	MAKE(att_anchors_add(p->anchors, wr_view(&p->root_cvc)));
}

void pki_close(struct pki *p)
{
	att_anchors_free(&p->anchors);
	wr_free(&p->root_cvc);
	wr_free(&p->issuer_cvc);
	ec_key_free(&p->root);
	ec_key_free(&p->issuer);
}

void pki_device_make(const struct pki *p, const char *id, struct pki_device *d)
{
	struct pki_cvc c = { .car = p ? "UTISSUER00001" : id, .chr = id, .is_certificate = true,
			     .role = CVC_ROLE_DEVICE };

	snprintf(d->id, sizeof(d->id), "%s", id);
	wr_init_heap(&d->devaut, 2 * CVC_MAX);
	c.key = d->key = pki_key(p ? EC_BP256R1 : EC_SECP256R1);
	if (!p)
		c.domain = ec_domain_get(EC_SECP256R1);
	pki_cvc_make(&c, p ? p->issuer : d->key, NULL, &d->devaut);
	if (p)
		wr_put(&d->devaut, wr_view(&p->issuer_cvc));
	MAKE(wr_done(&d->devaut));
}

void pki_device_free(struct pki_device *d)
{
	wr_free(&d->devaut);
	ec_key_free(&d->key);
}

void pki_attest(const struct pki_device *d, const char *chr, const struct ec_key *key, struct wr *request)
{
	struct pki_cvc c = { .car = chr, .chr = chr, .key = key, .domain = ec_domain_get(ec_key_curve(key)) };
	uint8_t bytes[CVC_MAX];
	struct wr inner;

	WR_ARR(&inner, bytes);
	pki_cvc_make(&c, key, NULL, &inner);
	pki_request_make(wr_view(&inner), d->id, d->key, request);
}

void pki_attest_rsa(const struct pki_device *d, const char *chr, const struct rsa_key *key, struct wr *request)
{
	struct pki_cvc c = { .car = chr, .chr = chr, .rsa = key };
	uint8_t bytes[CVC_MAX];
	struct wr inner;

	WR_ARR(&inner, bytes);
	pki_cvc_make(&c, NULL, key, &inner);
	pki_request_make(wr_view(&inner), d->id, d->key, request);
}

/* RFC 5280 4.1, version 1, without extensions. */
void pki_x509_of(enum ec_curve curve, struct rd q, const struct ec_key *by, struct wr *der)
{
	/* ecdsa-with-SHA256 */
	static const struct rd algorithm = RD_LIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
	static const struct rd name = RD_LIT("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04" "test");
	static const struct rd validity = RD_LIT("\x30\x1e\x17\x0d" "260101000000Z" "\x17\x0d" "310101000000Z");
	uint8_t bytes[512], plain[132];
	struct wr tbs, sig;
	size_t mark, bits;

	WR_ARR(&tbs, bytes);
	WR_ARR(&sig, plain);
	mark = wr_tlv_open(&tbs, 0x30);
	wr_tlv_u8(&tbs, 0x02, 1);
	wr_put(&tbs, algorithm);
	wr_put(&tbs, name);
	wr_put(&tbs, validity);
	wr_put(&tbs, name);
	MAKE(ec_spki(curve, q, &tbs));
	wr_tlv_close(&tbs, mark);
	MAKE(wr_done(&tbs));
	pki_sign(by, wr_view(&tbs), &sig);
	mark = wr_tlv_open(der, 0x30);
	wr_put(der, wr_view(&tbs));
	wr_put(der, algorithm);
	bits = wr_tlv_open(der, 0x03);
	wr_u8(der, 0);
	MAKE(ec_sig_to_der(wr_view(&sig), der));
	wr_tlv_close(der, bits);
	wr_tlv_close(der, mark);
	MAKE(wr_done(der));
}

void pki_x509(const struct ec_key *key, struct wr *der)
{
	uint8_t point[133];
	struct wr q;

	WR_ARR(&q, point);
	MAKE(ec_key_public(key, &q));
	pki_x509_of(ec_key_curve(key), wr_view(&q), key, der);
}

void pki_person_make(const struct pki *p, const char *device_id, const char *chr, enum ec_curve curve,
		     struct pki_person *out)
{
	struct wr q;

	memset(out, 0, sizeof(*out));
	pki_device_make(p, device_id, &out->device);
	out->key = pki_key(curve);
	wr_init_heap(&out->request, CVC_MAX);
	wr_init_heap(&out->file, CVC_MAX);
	pki_attest(&out->device, chr, out->key, &out->request);
	MAKE(pka_file_write(wr_view(&out->device.devaut), wr_view(&out->request), &out->file));
	snprintf(out->registered.chr, sizeof(out->registered.chr), "%s", chr);
	out->registered.curve = curve;
	WR_ARR(&q, out->registered.q);
	MAKE(ec_key_public(out->key, &q));
	out->registered.q_size = q.n;
}

void pki_person_free(struct pki_person *p)
{
	pki_device_free(&p->device);
	wr_free(&p->request);
	wr_free(&p->file);
	ec_key_free(&p->key);
}
