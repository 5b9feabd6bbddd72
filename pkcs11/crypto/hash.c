/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/hash.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"

CK_RV p11_hash_begin(struct p11_call *c, const CK_MECHANISM *m)
{
	return p11_op_begin(c->token, &c->session->digest, m, CKF_DIGEST, NULL);
}

static size_t size(const struct p11_op *op)
{
	return digest_size(op->use.mech->hash);
}

static size_t nothing(const struct p11_op *op)
{
	(void)op;
	return 0;
}

static CK_RV make(struct p11_token *t, struct p11_op *op, struct wr *out)
{
	(void)t;
	return p11_rv(digest_final(op->hash, out));
}

static const struct p11_op_output output = { size, nothing, make };

CK_RV p11_hash_once(struct p11_call *c, struct rd data, CK_BYTE *hash, CK_ULONG *n)
{
	return p11_op_finish(c->token, &c->session->digest, &output, &data, hash, n);
}

CK_RV p11_hash_part(struct p11_call *c, struct rd data)
{
	return p11_op_part(c->token, &c->session->digest, data, NULL);
}

CK_RV p11_hash_end(struct p11_call *c, CK_BYTE *hash, CK_ULONG *n)
{
	return p11_op_finish(c->token, &c->session->digest, &output, NULL, hash, n);
}
