/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that are made, and random bytes: enter, hand over, leave. */
#include "pkcs11/crypto/derive.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/crypto/random.h"
#include "pkcs11/crypto/secret.h"
#include "pkcs11/crypto/wrap.h"
#include "pkcs11/entry.h"

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_ATTRIBUTE_PTR t, CK_ULONG n,
		    CK_OBJECT_HANDLE_PTR key)
{
	IN_SESSION(session, p11_generate_secret(&c, mech, t, n, key));
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_ATTRIBUTE_PTR public_t, CK_ULONG public_n,
			CK_ATTRIBUTE_PTR private_t, CK_ULONG private_n, CK_OBJECT_HANDLE_PTR public_key,
			CK_OBJECT_HANDLE_PTR private_key)
{
	const struct p11_keygen_request r = { mech, public_t, private_t, public_n, private_n };

	IN_SESSION(session, p11_keygen(&c, &r, public_key, private_key));
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE with, CK_OBJECT_HANDLE key,
		CK_BYTE_PTR out, CK_ULONG_PTR n)
{
	IN_SESSION(session, p11_wrap(&c, mech, with, key, out, n));
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE with, CK_BYTE_PTR wrapped,
		  CK_ULONG wrapped_n, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	const struct p11_unwrap_request r = { mech, with, wrapped, wrapped_n, t, n };

	IN_SESSION(session, p11_unwrap(&c, &r, key));
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE base, CK_ATTRIBUTE_PTR t,
		  CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	IN_SESSION(session, p11_derive(&c, mech, base, t, n, key));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG n)
{
	IN_SESSION(session, p11_random(&c, out, n));
}

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG n)
{
	(void)seed;
	(void)n;
	IN_SESSION(session, CKR_RANDOM_SEED_NOT_SUPPORTED);
}
