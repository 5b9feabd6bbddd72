/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spki.h"

#include "base/tlv.h"

static const uint8_t oid_rsa[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01 };     /* RFC 8017 A.1 */
static const uint8_t oid_ec[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01 };                  /* RFC 5480 2.1.1 */

static enum err read_rsa(struct rd alg, struct rd key, struct spki *out)
{
	struct rd null, seq, n, e;

	/* RFC 3279 2.3.1: the parameters are NULL. */
	if (!rd_tlv(&alg, 0x05, &null) || null.n || !rd_end(&alg))
		return ERR_FORMAT;
	if (!rd_tlv(&key, 0x30, &seq) || !rd_end(&key) || !rd_tlv(&seq, 0x02, &n) ||
	    !rd_tlv(&seq, 0x02, &e) || !rd_end(&seq))
		return ERR_FORMAT;
	out->is_rsa = true;
	return rd_der_uint(n, &out->n) && rd_der_uint(e, &out->e) && out->n.n && out->e.n ? ERR_OK : ERR_FORMAT;
}

static enum err read_ec(struct rd alg, struct rd key, struct spki *out)
{
	const struct ec_domain *d;
	struct rd oid;

	out->params = alg;
	if (rd_tlv_peek(alg) == 0x30)
		return ERR_UNSUPPORTED;         /* explicit parameters, which RFC 5480 2.1.1 forbids */
	if (!rd_tlv(&alg, 0x06, &oid) || !rd_end(&alg))
		return ERR_FORMAT;
	d = ec_domain_by_oid(oid);
	if (!d || key.n == 0 || key.p[0] != 0x04)
		return ERR_UNSUPPORTED;
	out->curve = d->curve;
	out->q = key;
	return ec_point_is_valid(d->curve, key) ? ERR_OK : ERR_FORMAT;
}

enum err spki_read(struct rd der, struct spki *out)
{
	struct rd seq, alg, oid, bits;
	uint8_t unused;

	*out = (struct spki){ .curve = EC_NONE };
	if (!rd_tlv(&der, 0x30, &seq) || !rd_end(&der) || !rd_tlv(&seq, 0x30, &alg) || !rd_tlv(&alg, 0x06, &oid) ||
	    !rd_tlv(&seq, 0x03, &bits) || !rd_end(&seq) || !rd_u8(&bits, &unused) || unused != 0)
		return ERR_FORMAT;
	if (rd_eq(oid, RD_ARR(oid_rsa)))
		return read_rsa(alg, bits, out);
	if (rd_eq(oid, RD_ARR(oid_ec)))
		return read_ec(alg, bits, out);
	return ERR_UNSUPPORTED;
}
