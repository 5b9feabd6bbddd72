/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are made, and random bytes: enter, hand over, leave. */
#include "pkcs11/crypto/derive.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/crypto/random.h"
#include "pkcs11/crypto/secret.h"
#include "pkcs11/crypto/wrap.h"
#include "pkcs11/module/module.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_ATTRIBUTE_PTR t, CK_ULONG n,
		    CK_OBJECT_HANDLE_PTR key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_generate_secret(&c, mech, t, n, key);
	return p11_call_end(&c, rv);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_ATTRIBUTE_PTR public_t, CK_ULONG public_n,
			CK_ATTRIBUTE_PTR private_t, CK_ULONG private_n, CK_OBJECT_HANDLE_PTR public_key,
			CK_OBJECT_HANDLE_PTR private_key)
{
	const struct p11_keygen_request r = { mech, public_t, private_t, public_n, private_n };
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_keygen(&c, &r, public_key, private_key);
	return p11_call_end(&c, rv);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key,
		CK_BYTE_PTR out, CK_ULONG_PTR n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_wrap(&c, mech, with, key, out, n);
	return p11_call_end(&c, rv);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE with, CK_BYTE_PTR wrapped,
		  CK_ULONG wrapped_n, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	const struct p11_unwrap_request r = { mech, with, wrapped, wrapped_n, t, n };
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_unwrap(&c, &r, key);
	return p11_call_end(&c, rv);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE base, CK_ATTRIBUTE_PTR t,
		  CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_derive(&c, mech, base, t, n, key);
	return p11_call_end(&c, rv);
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_random(&c, out, n);
	return p11_call_end(&c, rv);
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	(void)seed;
	(void)n;
	return p11_call_end(&c, rv ? rv : CKR_RANDOM_SEED_NOT_SUPPORTED);
}
