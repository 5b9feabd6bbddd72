/* SPDX-License-Identifier: Apache-2.0 */
/* Signing, verifying, hashing: enter, hand over, leave. */
#include "pkcs11/crypto/hash.h"
#include "pkcs11/crypto/sign.h"
#include "pkcs11/crypto/verify.h"
#include "pkcs11/entry.h"

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	IN_SESSION(session, p11_sign_begin(&c, mech, key));
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG_PTR sig_n)
{
	IN_SESSION(session, p11_sign_once(&c, rd_of(data, n), sig, sig_n));
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	IN_SESSION(session, p11_sign_part(&c, rd_of(part, n)));
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR sig, CK_ULONG_PTR sig_n)
{
	IN_SESSION(session, p11_sign_end(&c, sig, sig_n));
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	IN_SESSION(session, p11_verify_begin(&c, mech, key));
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	IN_SESSION(session, p11_verify_once(&c, rd_of(data, n), rd_of(sig, sig_n)));
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	IN_SESSION(session, p11_verify_part(&c, rd_of(part, n)));
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	IN_SESSION(session, p11_verify_end(&c, rd_of(sig, sig_n)));
}

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech)
{
	IN_SESSION(session, p11_hash_begin(&c, mech));
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR hash, CK_ULONG_PTR hash_n)
{
	IN_SESSION(session, p11_hash_once(&c, rd_of(data, n), hash, hash_n));
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	IN_SESSION(session, p11_hash_part(&c, rd_of(part, n)));
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR hash, CK_ULONG_PTR hash_n)
{
	IN_SESSION(session, p11_hash_end(&c, hash, hash_n));
}
