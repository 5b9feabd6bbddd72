/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes the result of a key has, whatever the mechanism. */
#include "pkcs11/mech/mech.h"

static size_t size_of(CK_ULONG bits)
{
	return ((size_t)bits + 7) / 8;
}

static size_t order_size(const struct p11_object *key)
{
	const struct ec_domain *d = key->curve != EC_NONE ? ec_domain_get(key->curve) : NULL;

	return d ? d->n.n : size_of(key->bits);
}

size_t p11_mech_sig_size(const struct p11_object *key)
{
	if (key->type == CKK_AES)
		return AES_BLOCK;
	return key->type == CKK_RSA ? size_of(key->bits) : 2 * order_size(key);
}

size_t p11_mech_block(const struct p11_use *u)
{
	return p11_mech_sig_size(u->key);
}

size_t p11_mech_pkcs1_max(const struct p11_use *u)
{
	return p11_mech_block(u) - 11;
}
