/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of RSA encryption pads. The paddings are made and taken away here; the card sees blocks. */
#include "pkcs11/mech/mech.h"

static enum err pad_pkcs1(const struct p11_use *u, struct rd data, struct wr *block)
{
	return rsa_pad_crypt(data, p11_mech_block(u), block);
}

static enum err unpad_pkcs1(const struct p11_use *u, struct rd block, struct wr *data)
{
	(void)u;
	return rsa_unpad_crypt(block, data);
}

/* Leading zeros, as PKCS#11 2.40 mechanisms 2.1.9 says; the plain text comes with them. */
static enum err pad_raw(const struct p11_use *u, struct rd data, struct wr *block)
{
	wr_zeros(block, p11_mech_block(u) - data.n);
	wr_put(block, data);
	return wr_done(block);
}

static enum err unpad_raw(const struct p11_use *u, struct rd block, struct wr *data)
{
	(void)u;
	wr_put(data, block);
	return wr_done(data);
}

static size_t max_oaep(const struct p11_use *u)
{
	return p11_mech_block(u) - 2 * digest_size(u->params.oaep.hash) - 2;        /* RFC 8017 7.1.1 */
}

static enum err pad_oaep(const struct p11_use *u, struct rd data, struct wr *block)
{
	return rsa_pad_oaep(&u->params.oaep, data, p11_mech_block(u), block);
}

static enum err unpad_oaep(const struct p11_use *u, struct rd block, struct wr *data)
{
	return rsa_unpad_oaep(&u->params.oaep, block, data);
}

const struct p11_mech_crypt p11_crypt_pkcs1 = { p11_mech_pkcs1_max, pad_pkcs1, unpad_pkcs1 };
const struct p11_mech_crypt p11_crypt_raw = { p11_mech_block, pad_raw, unpad_raw };
const struct p11_mech_crypt p11_crypt_oaep = { max_oaep, pad_oaep, unpad_oaep };
