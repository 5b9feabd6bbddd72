/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/pubkey.h"

#include "base/crypto_digest.h"
#include "base/crypto_x509.h"
#include "base/cvc.h"
#include "base/spki.h"
#include "base/tlv.h"

#define CHECK_SIZE 3
#define DATE_SIZE 8

static CK_ULONG bit_length(struct rd number)
{
	CK_ULONG bits = number.n * 8;

	if (number.n == 0)
		return 0;
	for (uint8_t top = number.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static enum err take_ec(const struct spki *k, struct p11_chunk **kept, struct p11_object *o)
{
	const struct ec_domain *d = ec_domain_get(k->curve);
	uint8_t buf[EC_POINT_MAX + 4];
	struct wr w;
	enum err e;

	WR_ARR(&w, buf);
	if (!d)
		return ERR_UNSUPPORTED;
	wr_tlv(&w, 0x04, k->q);
	e = wr_done(&w);
	if (!e)
		e = p11_keep(kept, wr_view(&w), &o->ec_point);
	if (e)
		return e;
	o->type = CKK_EC;
	o->ec_params = k->params;
	o->curve = d->curve;
	o->bits = d->bits;
	o->q = rd_of(o->ec_point.p + o->ec_point.n - k->q.n, k->q.n);
	return ERR_OK;
}

enum err p11_pubkey_of_spki(struct rd der, struct p11_chunk **kept, struct p11_object *o)
{
	struct spki k;
	enum err e = spki_read(der, &k);

	if (e)
		return e;
	o->spki = der;
	if (!k.is_rsa)
		return take_ec(&k, kept, o);
	o->type = CKK_RSA;
	o->modulus = k.n;
	o->exponent = k.e;
	o->bits = bit_length(k.n);
	return ERR_OK;
}

static enum err read_cvc(const struct cvc_key *k, struct p11_chunk **kept, struct p11_object *o)
{
	struct wr w;
	struct rd spki;
	enum err e;

	wr_init_heap(&w, CVC_MAX);
	e = cvc_key_spki(k, EC_NONE, &w);
	if (!e)
		e = p11_keep(kept, wr_view(&w), &spki);
	if (!e)
		e = p11_pubkey_of_spki(spki, kept, o);
	wr_free(&w);
	return e;
}

enum err p11_pubkey_read(struct rd ee, struct p11_chunk **kept, struct p11_object *o)
{
	struct cvc_request request;
	struct x509 cert;
	struct cvc cvc;
	enum err e;

	if (P11_EE_IS_X509(ee)) {
		e = x509_parse(ee, &cert);
		return e ? e : p11_pubkey_of_spki(cert.spki, kept, o);
	}
	if (rd_tlv_peek(ee) == 0x67) {
		e = cvc_request_read(&ee, &request);
		if (e)
			return e;
		o->local = CK_TRUE;     /* the card made the attestation when it made the key */
		o->attestation = request.whole;
		return read_cvc(&request.inner.key, kept, o);
	}
	e = cvc_read(&ee, &cvc);
	return e ? e : read_cvc(&cvc.key, kept, o);
}

/* CKA_CHECK_VALUE (PKCS#11 2.40 4.6.2). Without libcrypto, in an exit handler, there is none. */
static enum err make_check(struct rd der, struct p11_chunk **kept, struct rd *out)
{
	uint8_t hash[DIGEST_MAX];
	struct wr w;

	WR_ARR(&w, hash);
	if (digest_once(DIGEST_SHA1, der, &w))
		return ERR_OK;
	return p11_keep(kept, rd_of(hash, CHECK_SIZE), out);
}

/*
 * CK_DATE, YYYYMMDD, of a DER Time: UTCTime's two digits are of 1950..2049 (RFC 5280 4.1.2.5.1). Empty if it is
 * neither.
 */
static enum err read_date(struct rd time, struct p11_chunk **kept, struct rd *out)
{
	uint8_t text[DATE_SIZE];
	struct rd digits;
	struct wr w;

	WR_ARR(&w, text);
	*out = RD_NONE;
	if (rd_tlv(&time, 0x17, &digits) && digits.n >= DATE_SIZE - 2) {
		wr_text(&w, digits.p[0] >= '5' ? "19" : "20");
		wr_put(&w, rd_of(digits.p, DATE_SIZE - 2));
	} else if (rd_tlv(&time, 0x18, &digits) && digits.n >= DATE_SIZE) {
		wr_put(&w, rd_of(digits.p, DATE_SIZE));
	}
	return p11_keep(kept, wr_view(&w), out);
}

/* CK_DATE of six bytes, a digit each. */
static enum err date_of_digits(struct rd six, struct p11_chunk **kept, struct rd *out)
{
	uint8_t text[DATE_SIZE] = { '2', '0' };

	for (size_t i = 0; i < six.n && i < DATE_SIZE - 2; i++)
		text[2 + i] = (uint8_t)('0' + six.p[i]);
	return p11_keep(kept, rd_of(text, six.n ? DATE_SIZE : 0), out);
}

enum err p11_pubkey_cvc(struct rd der, struct p11_chunk **kept, struct p11_object *o)
{
	struct rd r = der;
	struct cvc c;
	enum err e = cvc_read(&r, &c);

	if (!e && !c.has_chat)
		e = ERR_FORMAT;
	if (!e)
		e = read_cvc(&c.key, kept, o);
	/* A key on its issuer's curve, which is not in this certificate. */
	if (e == ERR_UNSUPPORTED || e == ERR_ARG)
		e = ERR_OK;
	if (!e)
		e = make_check(c.whole, kept, &o->check);
	if (!e)
		e = date_of_digits(c.from, kept, &o->from);
	if (!e)
		e = date_of_digits(c.to, kept, &o->to);
	if (e)
		return e;
	o->certificate = P11_CKC_CVC;
	o->value = c.whole;
	o->car = c.car;
	o->chr = c.chr;
	o->ced = c.from;
	o->cxd = c.to;
	return ERR_OK;
}

enum err p11_pubkey_certificate(struct rd der, struct p11_chunk **kept, struct p11_object *o)
{
	struct x509 x;
	enum err e = x509_parse(der, &x);

	if (!e)
		e = make_check(der, kept, &o->check);
	if (!e)
		e = read_date(x.not_before, kept, &o->from);
	if (!e)
		e = read_date(x.not_after, kept, &o->to);
	if (e)
		return e;
	o->value = der;
	o->subject = x.subject;
	o->issuer = x.issuer;
	o->serial = x.serial;
	o->spki = x.spki;
	return ERR_OK;
}
