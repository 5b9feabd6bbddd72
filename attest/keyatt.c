/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/keyatt.h"

#include <string.h>

#define ATTESTATION_MIN 200         /* reference key-attestation 5, step 1 */
#define RSA_BITS_MIN 2048           /* step 9 */
#define RSA_EXPONENT_MIN 65537
#define RSA_EXPONENT_BYTES 8        /* larger exponents are legal and never seen; libcrypto limits them, too */

/* The allow list of reference key-attestation 6. */
static const enum ec_curve allowed[] = {
	EC_SECP256R1, EC_SECP384R1, EC_SECP521R1, EC_BP256R1, EC_BP384R1, EC_BP512R1, EC_SECP256K1,
};

/* Of a number as cvc_read gives it: not empty, no leading zero byte. */
static unsigned bits_of(struct rd number)
{
	unsigned bits = (unsigned)number.n * 8;

	for (unsigned top = number.p[0]; !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

static bool is_odd(struct rd number)
{
	return number.p[number.n - 1] & 1;
}

static bool exponent_is_good(struct rd e)
{
	uint64_t value = 0;

	if (e.n > RSA_EXPONENT_BYTES || !is_odd(e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		value = value << 8 | e.p[i];
	return value >= RSA_EXPONENT_MIN;
}

bool att_curve_is_allowed(enum ec_curve c)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i] == c)
			return true;
	return false;
}

/* Foreign domain parameters are compared with named curves by value and never computed with (step 9). */
static bool key_is_sound(struct att_key *k, struct att_verdict *v)
{
	const struct cvc_key *key = &k->request.inner.key;
	const struct ec_domain *d;

	if (key->is_rsa) {
		k->bits = bits_of(key->modulus);
		if (k->bits >= RSA_BITS_MIN && is_odd(key->modulus) && exponent_is_good(key->exponent)) {
			att_verdict_add(v, ATT_KEYPARAM, ATT_PASS, "RSA key of %u bits", k->bits);
			return true;
		}
		att_verdict_add(v, ATT_KEYPARAM, ATT_FAIL, "RSA key of %u bits: the modulus must be odd and have %u "
				"bits or more, the exponent odd and at least %u", k->bits, RSA_BITS_MIN,
				RSA_EXPONENT_MIN);
		return false;
	}
	k->curve = cvc_key_curve(key, EC_NONE);
	d = ec_domain_get(k->curve);
	if (d && att_curve_is_allowed(k->curve) && ec_point_is_valid(k->curve, key->q)) {
		k->bits = d->bits;
		att_verdict_add(v, ATT_KEYPARAM, ATT_PASS, "EC key on %s", d->name);
		return true;
	}
	att_verdict_add(v, ATT_KEYPARAM, ATT_FAIL, "EC key: not a point on one of the accepted named curves");
	return false;
}

static bool spki_is(const struct cvc_key *key, struct rd spki)
{
	struct wr der;
	bool same;

	wr_init_heap(&der, CVC_MAX);
	same = cvc_key_spki(key, EC_NONE, &der) == ERR_OK && rd_eq(wr_view(&der), spki);
	wr_free(&der);
	return same;
}

static bool is_signed(const struct cvc_key *by, enum ec_curve curve, struct rd message, struct rd sig)
{
	return cvc_verify(by, curve, message, sig) == ERR_OK;
}

enum err att_key_check(const struct att_chain *chain, struct rd attestation, struct rd spki, struct att_key *out,
		       struct att_verdict *v)
{
	const struct cvc_request *q = &out->request;
	const struct cvc *inner = &q->inner;
	struct rd r = attestation;
	bool good, proven = false, sound = false;

	memset(out, 0, sizeof(*out));
	good = attestation.n >= ATTESTATION_MIN && attestation.n <= CVC_MAX &&
	       cvc_request_read(&r, &out->request) == ERR_OK && rd_end(&r);
	if (!att_verdict_check(v, ATT_FORMAT, good, "attestation is well formed",
			       "attestation is malformed (an authenticated request starts with 67)")) {
		memset(out, 0, sizeof(*out));
		return ERR_FORMAT;
	}
	memcpy(out->chr, inner->chr.p, inner->chr.n);

	good = att_verdict_check(v, ATT_OTHER_DEVICE, rd_eq(q->outer_car, chain->device.chr),
				 "attestation is of this device", "attestation is of another device");
	if (chain->curve != EC_NONE)
		proven = att_verdict_check(v, ATT_SIG_ATT,
					   is_signed(&chain->device.key, chain->curve, q->signed_part, q->sig),
					   "attestation signed by the device key",
					   "attestation is not signed by the device key");
	else
		att_verdict_add(v, ATT_SIG_ATT, ATT_NOT_MADE, "no trusted device key to verify the attestation with");

	/* What the request says about its key means nothing before the device has signed it (reference section 5). */
	if (proven)
		sound = key_is_sound(out, v);
	else
		att_verdict_add(v, ATT_KEYPARAM, ATT_NOT_MADE, "the attestation is not proven");
	if (sound) {
		good &= att_verdict_check(v, ATT_SIG_INNER, is_signed(&inner->key, out->curve, inner->body, inner->sig),
					  "request signed by its key", "request is not signed by its key");
		if (spki.n > 0)
			good &= att_verdict_check(v, ATT_KEY_MISMATCH, spki_is(&inner->key, spki),
						  "public key is the attested one",
						  "public key is not the attested one");
	} else {
		att_verdict_add(v, ATT_SIG_INNER, ATT_NOT_MADE, "no acceptable key to verify the request with");
		if (spki.n > 0)
			att_verdict_add(v, ATT_KEY_MISMATCH, ATT_NOT_MADE, "no acceptable key to compare with");
	}
	return good && proven && sound ? ERR_OK : ERR_ATTESTATION;
}
