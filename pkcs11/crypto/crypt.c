/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/crypt.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/cipher.h"
#include "pkcs11/module/call.h"
#include "sc-hsm/key.h"

static size_t data_max(const struct p11_use *u)
{
	return u->mech->crypt->data_max(u);
}

/* An Update: RSA takes one block, so there is nothing to hand out before the end. */
static CK_RV part(struct p11_call *c, struct p11_op *op, struct rd data, CK_BYTE *out, CK_ULONG *n,
		  size_t (*max)(const struct p11_use *u))
{
	CK_RV rv = p11_op_check(c->token, op, false);

	if (rv)
		return rv;
	if (!n) {
		p11_op_end(op);
		return CKR_ARGUMENTS_BAD;
	}
	*n = 0;
	/* Who asks for the length brings the data again. */
	return out ? p11_op_part(c->token, op, data, max) : CKR_OK;
}

/* ---- encrypting ---- */

CK_RV p11_encrypt_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11_op_begin_key(c->token, &c->session->encrypt, m, key, CKO_PUBLIC_KEY, CKF_ENCRYPT);
}

static size_t block_size(const struct p11_op *op)
{
	return p11_mech_block(&op->use);
}

static size_t plain_max(const struct p11_op *op)
{
	return data_max(&op->use);
}

static CK_RV encrypt(struct p11_token *t, struct p11_op *op, struct wr *out)
{
	uint8_t block[P11_BLOCK_MAX];
	struct wr w;
	enum err e;

	(void)t;
	WR_ARR(&w, block);
	e = op->use.mech->crypt->pad(&op->use, rd_of(op->data, op->n), &w);
	if (!e)
		e = rsa_open(op->use.key->modulus, op->use.key->exponent, wr_view(&w), out);
	wr_free(&w);
	/* A raw block may be a number that is not below the modulus. */
	return e == ERR_SIGNATURE ? CKR_DATA_INVALID : p11_rv(e);
}

static const struct p11_op_output output = { block_size, plain_max, encrypt };

CK_RV p11_encrypt_once(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	if (p11_cipher_is(&c->session->encrypt))
		return p11_cipher_end(c->token, &c->session->encrypt, true, &data, out, n);
	return p11_op_finish(c->token, &c->session->encrypt, &output, &data, out, n);
}

CK_RV p11_encrypt_part(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	if (p11_cipher_is(&c->session->encrypt))
		return p11_cipher_part(c->token, &c->session->encrypt, true, data, out, n);
	return part(c, &c->session->encrypt, data, out, n, data_max);
}

CK_RV p11_encrypt_end(struct p11_call *c, CK_BYTE *out, CK_ULONG *n)
{
	if (p11_cipher_is(&c->session->encrypt))
		return p11_cipher_end(c->token, &c->session->encrypt, true, NULL, out, n);
	return p11_op_finish(c->token, &c->session->encrypt, &output, NULL, out, n);
}

/* ---- decrypting ---- */

CK_RV p11_decrypt_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	return p11_op_begin_key(c->token, &c->session->decrypt, m, key, CKO_PRIVATE_KEY, CKF_DECRYPT);
}

/* The one exchange; the plain text takes the place of the ciphertext. */
static enum err decrypt(struct p11_token *t, struct p11_op *op)
{
	struct deadline dl = deadline_never();
	uint8_t bytes[P11_BLOCK_MAX];
	struct wr block, plain;
	enum err e = p11_token_begin_user(t);

	if (e)
		return e;
	WR_ARR(&block, bytes);
	e = hsm_key_decrypt(t->card, op->use.key->key, rd_of(op->data, op->n), &block, &dl);
	e = p11_token_end(t, e);
	wipe(op->data, op->n);
	WR_ARR(&plain, op->data);
	if (!e)
		e = op->use.mech->crypt->unpad(&op->use, wr_view(&block), &plain);
	op->n = plain.n;
	op->done = !e;
	wr_free(&block);
	return e;
}

static CK_RV decrypt_all(struct p11_call *c, struct p11_op *op, const struct rd *data)
{
	CK_RV rv = data ? p11_op_absorb(op, *data, p11_mech_block(&op->use)) : CKR_OK;
	enum err e;

	if (rv == CKR_DATA_LEN_RANGE || (!rv && op->n != p11_mech_block(&op->use)))
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (rv)
		return rv;
	e = decrypt(c->token, op);
	if (e == ERR_NOT_FOUND)
		return CKR_KEY_HANDLE_INVALID;
	return e == ERR_DATA ? CKR_ENCRYPTED_DATA_INVALID : p11_rv(e);
}

static CK_RV decrypt_out(struct p11_call *c, const struct rd *data, CK_BYTE *out, CK_ULONG *n)
{
	struct p11_op *op = &c->session->decrypt;
	CK_RV rv = p11_op_check(c->token, op, data != NULL);

	if (rv)
		return rv;
	if (n && !out) {
		/* At most so many: how many is known when the card has decrypted. */
		*n = op->done ? op->n : data_max(&op->use);
		return CKR_OK;
	}
	if (!n)
		rv = CKR_ARGUMENTS_BAD;
	else if (!op->done)
		rv = decrypt_all(c, op, data);
	if (!rv) {
		if (!p11_out(op->n, out, n, &rv))
			return rv;
		if (op->n)
			memcpy(out, op->data, op->n);
	}
	p11_op_end(op);
	return rv;
}

CK_RV p11_decrypt_once(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	if (p11_cipher_is(&c->session->decrypt))
		return p11_cipher_end(c->token, &c->session->decrypt, false, &data, out, n);
	return decrypt_out(c, &data, out, n);
}

CK_RV p11_decrypt_part(struct p11_call *c, struct rd data, CK_BYTE *out, CK_ULONG *n)
{
	CK_RV rv;

	if (p11_cipher_is(&c->session->decrypt))
		return p11_cipher_part(c->token, &c->session->decrypt, false, data, out, n);
	rv = part(c, &c->session->decrypt, data, out, n, p11_mech_block);
	return rv == CKR_DATA_LEN_RANGE ? CKR_ENCRYPTED_DATA_LEN_RANGE : rv;
}

CK_RV p11_decrypt_end(struct p11_call *c, CK_BYTE *out, CK_ULONG *n)
{
	if (p11_cipher_is(&c->session->decrypt))
		return p11_cipher_end(c->token, &c->session->decrypt, false, NULL, out, n);
	return decrypt_out(c, NULL, out, n);
}
