/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypting and decrypting: enter, hand over, leave. */
#include "pkcs11/crypto/crypt.h"
#include "pkcs11/entry.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	IN_SESSION(session, p11_encrypt_begin(&c, mech, key));
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_encrypt_once(&c, rd_of(data, n), out, out_n));
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_encrypt_part(&c, rd_of(part, n), out, out_n));
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_encrypt_end(&c, out, out_n));
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	IN_SESSION(session, p11_decrypt_begin(&c, mech, key));
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_decrypt_once(&c, rd_of(data, n), out, out_n));
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_decrypt_part(&c, rd_of(part, n), out, out_n));
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	IN_SESSION(session, p11_decrypt_end(&c, out, out_n));
}
