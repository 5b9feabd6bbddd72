/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/cipher.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/aes.h"
#include "pkcs11/module/token.h"

bool p11_cipher_is(const struct p11_op *op)
{
	return op->use.mech && op->use.mech->key == CKK_AES;
}

static bool pads(const struct p11_op *op)
{
	return op->use.mech->type == CKM_AES_CBC_PAD;
}

/* What waits in op->data, and then data, of which n bytes are taken. */
static enum err join(const struct p11_op *op, struct rd data, size_t n, struct wr *w)
{
	wr_init_heap(w, op->n + data.n + AES_BLOCK);
	wr_put(w, rd_of(op->data, op->n));
	if (n > op->n)
		wr_put(w, rd_of(data.p, n - op->n));
	return wr_done(w);
}

static CK_RV run(struct p11_token *t, struct p11_op *op, bool encrypt, struct rd data, struct wr *out)
{
	return p11_aes_cbc(t, op->use.key, encrypt, op->use.params.iv, data, out);
}

/* ---- a part ---- */

/* Whole blocks, of which the last one is kept where it may be padding. */
static size_t ready(const struct p11_op *op, bool encrypt, size_t total)
{
	if (!encrypt && pads(op) && total)
		total--;
	return total / AES_BLOCK * AES_BLOCK;
}

static CK_RV run_part(struct p11_token *t, struct p11_op *op, bool encrypt, struct rd data, size_t whole,
		      struct wr *out)
{
	size_t rest = op->n + data.n - whole;
	struct wr in;
	CK_RV rv;

	/* Nothing is ready before op->n and data together are a block. */
	if (!whole) {
		if (data.n)
			memcpy(op->data + op->n, data.p, data.n);
		op->n = rest;
		return CKR_OK;
	}
	rv = p11_rv(join(op, data, whole, &in));
	/* Before there is anything in out, which may be where data is. */
	memcpy(op->data, data.p + data.n - rest, rest);
	op->n = rest;
	if (!rv)
		rv = run(t, op, encrypt, wr_view(&in), out);
	wr_free(&in);
	return rv;
}

CK_RV p11_cipher_part(struct p11_token *t, struct p11_op *op, bool encrypt, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	CK_RV rv = p11_op_check(t, op, false);
	size_t whole;
	struct wr w;

	if (rv || op->done)
		return rv ? rv : CKR_OPERATION_NOT_INITIALIZED;
	if (!n || (!data.p && data.n)) {
		p11_op_end(op);
		return CKR_ARGUMENTS_BAD;
	}
	whole = ready(op, encrypt, op->n + data.n);
	if (whole && !p11_out(whole, out, n, &rv))
		return rv;
	*n = whole;
	if (!whole && !out && data.n)
		return CKR_OK;                  /* who asks for the length brings the data again */
	op->in_parts = true;
	wr_init(&w, out, whole);
	rv = run_part(t, op, encrypt, data, whole, &w);
	if (rv)
		p11_op_end(op);
	return rv;
}

/* ---- the end ---- */

/* PKCS#7: as many bytes as are missing, each of that value. How wrong they are does not show in the time. */
static bool unpad(struct wr *w)
{
	unsigned bad = 0;
	uint8_t pad;

	if (!w->n)
		return false;
	pad = w->p[w->n - 1];
	bad |= pad == 0;
	bad |= pad > AES_BLOCK;
	for (unsigned i = 1; i <= AES_BLOCK; i++)
		bad |= (i <= pad) & (w->p[w->n - i] != pad);
	if (!bad)
		wr_cut(w, w->n - pad);
	return !bad;
}

static CK_RV finish(struct p11_token *t, struct p11_op *op, bool encrypt, struct rd data, struct wr *out)
{
	size_t total = op->n + data.n, pad = AES_BLOCK - total % AES_BLOCK;
	struct wr in;
	CK_RV rv = p11_rv(join(op, data, total, &in));

	for (size_t i = 0; encrypt && pads(op) && i < pad; i++)
		wr_u8(&in, (uint8_t)pad);
	if (!rv)
		rv = p11_rv(wr_done(&in));
	if (!rv)
		rv = run(t, op, encrypt, wr_view(&in), out);
	if (!rv && !encrypt && pads(op) && !unpad(out))
		rv = CKR_ENCRYPTED_DATA_INVALID;
	wr_free(&in);
	return rv;
}

/*
 * How much padding there is shows when it is off: into a buffer that may be just large enough the plain text is copied,
 * and where it is not, it waits for the next call, so that the key is used once (PKCS#11 2.40 5.2).
 */
static CK_RV finish_apart(struct p11_token *t, struct p11_op *op, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	CK_RV rv = CKR_OK;

	if (!op->done) {
		wr_init_heap(&op->more, op->n + data.n);
		rv = finish(t, op, false, data, &op->more);
		op->done = !rv;
	}
	if (!rv && !p11_out(op->more.n, out, n, &rv))
		return rv;
	if (!rv && op->more.n)
		memcpy(out, op->more.p, op->more.n);
	p11_op_end(op);
	return rv;
}

/* Whole blocks, and at least one where there must be padding. */
static CK_RV check_size(const struct p11_op *op, bool encrypt, size_t total)
{
	if ((encrypt && pads(op)) || (total % AES_BLOCK == 0 && (total || !pads(op))))
		return CKR_OK;
	return encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

static bool may_fit(const struct p11_op *op, bool encrypt, size_t total, size_t room)
{
	return !encrypt && pads(op) && room < total && total - room <= AES_BLOCK && !check_size(op, encrypt, total);
}

CK_RV p11_cipher_end(struct p11_token *t, struct p11_op *op, bool encrypt, const struct rd *data, CK_BYTE *out,
		     CK_ULONG *n)
{
	CK_RV rv = p11_op_check(t, op, data != NULL);
	struct rd last = data ? *data : RD_NONE;
	size_t total, most;
	struct wr w;

	if (rv)
		return rv;
	if (!n || (!last.p && last.n)) {
		p11_op_end(op);
		return CKR_ARGUMENTS_BAD;
	}
	total = op->n + last.n;
	if (op->done || (out && may_fit(op, encrypt, total, *n)))
		return finish_apart(t, op, last, out, n);
	most = encrypt && pads(op) ? total - total % AES_BLOCK + AES_BLOCK : total;
	if (!p11_out(most, out, n, &rv))
		return rv;
	*n = 0;
	rv = check_size(op, encrypt, total);
	if (!rv && most) {
		wr_init(&w, out, most);
		rv = finish(t, op, encrypt, last, &w);
		if (!rv)
			*n = w.n;
	}
	p11_op_end(op);
	return rv;
}
