/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tlv.h"
#include "test/vcard/mint.h"

#define RSA_MAX 512             /* bytes of a modulus */

static const uint8_t oid_ecdsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02, 0x03 };
static const uint8_t oid_rsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01, 0x02 };
static const uint8_t oid_chip[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, 0x02 };
static const uint8_t oid_chip_3des[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02, 0x01 };

const struct rd vcard_oid_ecdsa = { oid_ecdsa, sizeof(oid_ecdsa) };
const struct rd vcard_oid_rsa = { oid_rsa, sizeof(oid_rsa) };
const struct rd vcard_oid_chip_3des = { oid_chip_3des, sizeof(oid_chip_3des) };
const struct rd vcard_oid_chip = { oid_chip, sizeof(oid_chip) };

static enum err sign_rsa(const struct rsa_key *k, struct rd hash, struct wr *sig)
{
	uint8_t info_bytes[64], block_bytes[RSA_MAX];
	struct wr info, block;
	enum err e;

	WR_ARR(&info, info_bytes);
	WR_ARR(&block, block_bytes);
	e = digest_info(DIGEST_SHA256, hash, &info);
	if (!e)
		e = rsa_pad_pkcs1(wr_view(&info), (rsa_key_bits(k) + 7) / 8, &block);
	if (!e)
		e = rsa_key_raw(k, wr_view(&block), sig);
	return e;
}

enum err vcard_private_sign(const struct vcard_private *k, struct rd message, struct wr *sig)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(message, hash);

	if (e)
		return e;
	return k->rsa ? sign_rsa(k->rsa, RD_ARR(hash), sig) : ec_key_sign(k->ec, RD_ARR(hash), sig);
}

static void put_ec(const struct ec_key *k, bool params, struct wr *out)
{
	const struct ec_domain *d = ec_domain_get(ec_key_curve(k));
	uint8_t point[VCARD_POINT_MAX];
	struct wr q;
	enum err e;

	WR_ARR(&q, point);
	e = ec_key_public(k, &q);
	if (e)
		wr_fail(out, e);
	wr_tlv(out, 0x06, vcard_oid_ecdsa);
	if (params) {
		wr_tlv(out, 0x81, d->p);
		wr_tlv(out, 0x82, d->a);
		wr_tlv(out, 0x83, d->b);
		wr_tlv(out, 0x84, d->g);
		wr_tlv(out, 0x85, d->n);
	}
	wr_tlv(out, 0x86, wr_view(&q));
	if (params)
		wr_tlv_u8(out, 0x87, d->h);
}

static void put_rsa(const struct rsa_key *k, struct wr *out)
{
	uint8_t n_bytes[RSA_MAX], e_bytes[RSA_MAX];
	struct wr n, exponent;
	enum err e;

	WR_ARR(&n, n_bytes);
	WR_ARR(&exponent, e_bytes);
	e = rsa_key_public(k, &n, &exponent);
	if (e)
		wr_fail(out, e);
	wr_tlv(out, 0x06, vcard_oid_rsa);
	wr_tlv(out, 0x81, wr_view(&n));
	wr_tlv(out, 0x82, wr_view(&exponent));
}

static void put_body(const struct vcard_mint *m, struct wr *out)
{
	size_t body = wr_tlv_open(out, 0x7F4E), in;

	wr_tlv_u8(out, 0x5F29, 0);
	if (m->car.n)
		wr_tlv(out, 0x42, m->car);
	in = wr_tlv_open(out, 0x7F49);
	if (m->key->rsa)
		put_rsa(m->key->rsa, out);
	else
		put_ec(m->key->ec, m->params, out);
	wr_tlv_close(out, in);
	wr_tlv(out, 0x5F20, m->chr);
	if (m->is_certificate) {
		in = wr_tlv_open(out, 0x7F4C);
		wr_tlv(out, 0x06, m->role_oid);
		wr_tlv_u8(out, 0x53, m->role);
		wr_tlv_close(out, in);
		wr_tlv(out, 0x5F25, RD_ARR(m->from));
		wr_tlv(out, 0x5F24, RD_ARR(m->to));
	}
	if (m->extensions.n || m->empty_extensions)
		wr_tlv(out, 0x65, m->extensions);
	wr_tlv_close(out, body);
}

enum err vcard_mint_cvc(const struct vcard_mint *m, const struct vcard_private *signer, struct wr *out)
{
	uint8_t sig_bytes[RSA_MAX];
	struct wr body, sig;
	enum err e;
	size_t whole;

	wr_init_heap(&body, CVC_MAX);
	WR_ARR(&sig, sig_bytes);
	put_body(m, &body);
	e = wr_done(&body);
	if (!e)
		e = vcard_private_sign(signer, wr_view(&body), &sig);
	if (!e) {
		whole = wr_tlv_open(out, 0x7F21);
		wr_put(out, wr_view(&body));
		wr_tlv(out, 0x5F37, wr_view(&sig));
		wr_tlv_close(out, whole);
		e = wr_done(out);
	}
	wr_free(&body);
	return e;
}

enum err vcard_mint_request(struct rd request, struct rd outer_car, const struct ec_key *device, struct wr *out)
{
	uint8_t sig_bytes[VCARD_POINT_MAX], hash[SHA256_SIZE];
	struct wr covered, sig;
	enum err e;
	size_t whole;

	wr_init_heap(&covered, CVC_MAX);
	WR_ARR(&sig, sig_bytes);
	wr_put(&covered, request);
	wr_tlv(&covered, 0x42, outer_car);
	e = wr_done(&covered);
	if (!e)
		e = sha256(wr_view(&covered), hash);
	if (!e)
		e = ec_key_sign(device, RD_ARR(hash), &sig);
	if (!e) {
		whole = wr_tlv_open(out, 0x67);
		wr_put(out, wr_view(&covered));
		wr_tlv(out, 0x5F37, wr_view(&sig));
		wr_tlv_close(out, whole);
		e = wr_done(out);
	}
	wr_free(&covered);
	return e;
}
