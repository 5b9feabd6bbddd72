/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/hash.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/module.h"

CK_RV p11_hash_begin(struct p11_call *c, const CK_MECHANISM *m)
{
	return p11_op_begin(c, &c->session->digest, m, CKF_DIGEST, NULL);
}

static CK_RV finish(struct p11_call *c, const struct rd *data, CK_BYTE *hash, CK_ULONG *n)
{
	struct p11_op *op = &c->session->digest;
	CK_RV rv = p11_op_check(c, op, data != NULL);
	struct wr w;

	if (rv)
		return rv;
	if (!n)
		rv = CKR_ARGUMENTS_BAD;
	else if (!p11_out(digest_size(op->use.mech->hash), hash, n, &rv))
		return rv;
	if (!rv && data)
		rv = p11_op_absorb(op, *data, 0);
	if (!rv) {
		wr_init(&w, hash, *n);
		rv = p11_rv(digest_final(op->hash, &w));
	}
	p11_op_end(op);
	return rv;
}

CK_RV p11_hash_once(struct p11_call *c, struct rd data, CK_BYTE *hash, CK_ULONG *n)
{
	return finish(c, &data, hash, n);
}

CK_RV p11_hash_part(struct p11_call *c, struct rd data)
{
	return p11_op_part(c, &c->session->digest, data, NULL);
}

CK_RV p11_hash_end(struct p11_call *c, CK_BYTE *hash, CK_ULONG *n)
{
	return finish(c, NULL, hash, n);
}
