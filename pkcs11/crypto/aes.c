/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/aes.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "sc-hsm/aes.h"

/* Somebody deleted the key; or the data does not fit into a command. */
static CK_RV rv_of(enum err e)
{
	return e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : e == ERR_ARG ? CKR_DATA_LEN_RANGE : p11_rv(e);
}

static enum err by_host(const struct p11_object *key, bool encrypt, uint8_t iv[AES_BLOCK], struct rd data,
			struct wr *out)
{
	enum err e = (encrypt ? aes_cbc_encrypt : aes_cbc_decrypt)(secret_view(key->secret), iv, data, out);

	if (!e && data.n)
		memcpy(iv, (encrypt ? out->p + out->n : data.p + data.n) - AES_BLOCK, AES_BLOCK);
	return e;
}

CK_RV p11_aes_cbc(struct p11_token *t, const struct p11_object *key, bool encrypt, uint8_t iv[AES_BLOCK],
		  struct rd data, struct wr *out)
{
	struct deadline dl = deadline_never();
	enum err e;

	if (key->secret)
		return rv_of(by_host(key, encrypt, iv, data, out));
	e = p11_token_begin_user(t);
	if (!e)
		e = p11_token_end(t, hsm_aes_cbc(t->card, key->key, encrypt, iv, data, out, &dl));
	return rv_of(e);
}

CK_RV p11_aes_mac(struct p11_token *t, const struct p11_object *key, struct rd data, uint8_t mac[AES_BLOCK])
{
	struct deadline dl = deadline_never();
	enum err e;

	if (key->secret)
		return rv_of(aes_cmac(secret_view(key->secret), data, mac));
	e = p11_token_begin_user(t);
	if (!e)
		e = p11_token_end(t, hsm_aes_cmac(t->card, key->key, data, mac, &dl));
	return rv_of(e);
}

CK_RV p11_aes_derive(struct p11_token *t, const struct p11_object *key, struct rd parameter, struct wr *out)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	if (!e)
		e = p11_token_end(t, hsm_aes_derive(t->card, key->key, parameter, out, &dl));
	return e == ERR_ARG ? CKR_MECHANISM_PARAM_INVALID : rv_of(e);
}
