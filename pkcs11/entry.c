/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of PKCS#11 2.40: enter, hand over, leave. */
#include "pkcs11/crypto/crypt.h"
#include "pkcs11/crypto/derive.h"
#include "pkcs11/crypto/hash.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/crypto/secret.h"
#include "pkcs11/crypto/random.h"
#include "pkcs11/crypto/sign.h"
#include "pkcs11/crypto/verify.h"
#include "pkcs11/crypto/wrap.h"
#include "pkcs11/info.h"
#include "pkcs11/login/login.h"
#include "pkcs11/login/pin.h"
#include "pkcs11/login/so.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "pkcs11/store/copy.h"
#include "pkcs11/store/create.h"
#include "pkcs11/store/find.h"
#include "pkcs11/store/modify.h"

CK_RV C_Initialize(CK_VOID_PTR args)
{
	return p11_module_start(args);
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
	return reserved ? CKR_ARGUMENTS_BAD : p11_module_stop();
}

CK_RV C_GetInfo(CK_INFO_PTR info)
{
	struct p11_call c;
	CK_RV rv = p11_call_module(&c);

	if (!rv)
		rv = p11_info_module(info);
	return p11_call_end(&c, rv);
}

/* ---- slots and tokens ---- */

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID_PTR list, CK_ULONG_PTR n)
{
	struct p11_call c;
	CK_RV rv = p11_call_module(&c);

	if (!rv)
		rv = p11_slot_list(with_token, list, n);
	return p11_call_end(&c, rv);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, slot);

	if (!rv)
		rv = p11_info_slot(&c, info);
	return p11_call_end(&c, rv);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, slot);

	if (!rv)
		rv = p11_info_token(&c, info);
	return p11_call_end(&c, rv);
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	struct p11_call c;
	CK_RV rv = p11_call_module(&c);

	if (!rv)
		rv = reserved ? CKR_ARGUMENTS_BAD : p11_slot_wait(flags, slot);
	return p11_call_end(&c, rv);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR n)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, slot);

	if (!rv)
		rv = p11_info_mechanisms(&c, list, n);
	return p11_call_end(&c, rv);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, slot);

	if (!rv)
		rv = p11_info_mechanism(&c, type, info);
	return p11_call_end(&c, rv);
}

/* ---- sessions and logins ---- */

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
		    CK_SESSION_HANDLE_PTR session)
{
	/* There is nothing to notify of: no operation of ours surrenders. */
	(void)application;
	(void)notify;
	return p11_session_open(slot, flags, session);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session)
{
	return p11_session_close(session);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
	return p11_session_close_all(slot);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_session_info(&c, info);
	return p11_call_end(&c, rv);
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_login(&c, user, pin, n);
	return p11_call_end(&c, rv);
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_logout(&c);
	return p11_call_end(&c, rv);
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG n, CK_UTF8CHAR_PTR label)
{
	struct p11_call c;
	CK_RV rv = p11_call_slot(&c, slot);

	if (!rv)
		rv = p11_so_init_token(&c, pin, n, label);
	return p11_call_end(&c, rv);
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_so_init_pin(&c, pin, n);
	return p11_call_end(&c, rv);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR old, CK_ULONG old_n, CK_UTF8CHAR_PTR fresh, CK_ULONG fresh_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_pin_set(&c, old, old_n, fresh, fresh_n);
	return p11_call_end(&c, rv);
}

/* ---- objects ---- */

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR object)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_create(&c, t, n, object);
	return p11_call_end(&c, rv);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n,
		   CK_OBJECT_HANDLE_PTR copy)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_copy(&c, object, t, n, copy);
	return p11_call_end(&c, rv);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_destroy(&c, object);
	return p11_call_end(&c, rv);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_find_size(&c, object, size);
	return p11_call_end(&c, rv);
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_find_attributes(&c, object, t, n);
	return p11_call_end(&c, rv);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_modify(&c, object, t, n);
	return p11_call_end(&c, rv);
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_find_begin(&c, t, n);
	return p11_call_end(&c, rv);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR list, CK_ULONG max, CK_ULONG_PTR n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_find_next(&c, list, max, n);
	return p11_call_end(&c, rv);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_find_end(&c);
	return p11_call_end(&c, rv);
}

/* ---- signing ---- */

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_sign_begin(&c, mech, key);
	return p11_call_end(&c, rv);
}

CK_RV C_Sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG_PTR sig_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_sign_once(&c, rd_of(data, n), sig, sig_n);
	return p11_call_end(&c, rv);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_sign_part(&c, rd_of(part, n));
	return p11_call_end(&c, rv);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR sig, CK_ULONG_PTR sig_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_sign_end(&c, sig, sig_n);
	return p11_call_end(&c, rv);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_verify_begin(&c, mech, key);
	return p11_call_end(&c, rv);
}

CK_RV C_Verify(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_verify_once(&c, rd_of(data, n), rd_of(sig, sig_n));
	return p11_call_end(&c, rv);
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_verify_part(&c, rd_of(part, n));
	return p11_call_end(&c, rv);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_verify_end(&c, rd_of(sig, sig_n));
	return p11_call_end(&c, rv);
}

/* ---- encrypting, agreeing ---- */

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_encrypt_begin(&c, mech, key);
	return p11_call_end(&c, rv);
}

CK_RV C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_encrypt_once(&c, rd_of(data, n), out, out_n);
	return p11_call_end(&c, rv);
}

CK_RV C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_encrypt_part(&c, rd_of(part, n), out, out_n);
	return p11_call_end(&c, rv);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_encrypt_end(&c, out, out_n);
	return p11_call_end(&c, rv);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech, CK_OBJECT_HANDLE key)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_decrypt_begin(&c, mech, key);
	return p11_call_end(&c, rv);
}

CK_RV C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_decrypt_once(&c, rd_of(data, n), out, out_n);
	return p11_call_end(&c, rv);
}

CK_RV C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_decrypt_part(&c, rd_of(part, n), out, out_n);
	return p11_call_end(&c, rv);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_decrypt_end(&c, out, out_n);
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

/* ---- hashing, key pairs, random bytes ---- */

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mech)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_hash_begin(&c, mech);
	return p11_call_end(&c, rv);
}

CK_RV C_Digest(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG n, CK_BYTE_PTR hash, CK_ULONG_PTR hash_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_hash_once(&c, rd_of(data, n), hash, hash_n);
	return p11_call_end(&c, rv);
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part, CK_ULONG n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_hash_part(&c, rd_of(part, n));
	return p11_call_end(&c, rv);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR hash, CK_ULONG_PTR hash_n)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv)
		rv = p11_hash_end(&c, hash, hash_n);
	return p11_call_end(&c, rv);
}

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

/* ---- what the card or this module does not do ---- */

static CK_RV refuse(CK_RV with)
{
	struct p11_call c;
	CK_RV rv = p11_call_module(&c);

	return p11_call_end(&c, rv ? rv : with);
}

/* The operations of long ago, PKCS#11 2.40 5.16. */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	(void)session;
	return refuse(CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	(void)session;
	return refuse(CKR_FUNCTION_NOT_PARALLEL);
}

#define REFUSE_2(name, T1, T2) \
	CK_RV name(T1 a, T2 b) \
	{ (void)a; (void)b; return refuse(CKR_FUNCTION_NOT_SUPPORTED); }
#define REFUSE_3(name, T1, T2, T3) \
	CK_RV name(T1 a, T2 b, T3 c) \
	{ (void)a; (void)b; (void)c; return refuse(CKR_FUNCTION_NOT_SUPPORTED); }
#define REFUSE_4(name, T1, T2, T3, T4) \
	CK_RV name(T1 a, T2 b, T3 c, T4 d) \
	{ (void)a; (void)b; (void)c; (void)d; return refuse(CKR_FUNCTION_NOT_SUPPORTED); }
#define REFUSE_5(name, T1, T2, T3, T4, T5) \
	CK_RV name(T1 a, T2 b, T3 c, T4 d, T5 e) \
	{ (void)a; (void)b; (void)c; (void)d; (void)e; return refuse(CKR_FUNCTION_NOT_SUPPORTED); }

REFUSE_3(C_GetOperationState, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_5(C_SetOperationState, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_OBJECT_HANDLE, CK_OBJECT_HANDLE)
REFUSE_2(C_DigestKey, CK_SESSION_HANDLE, CK_OBJECT_HANDLE)
REFUSE_3(C_SignRecoverInit, CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE)
REFUSE_5(C_SignRecover, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_3(C_VerifyRecoverInit, CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE)
REFUSE_5(C_VerifyRecover, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_5(C_DigestEncryptUpdate, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_5(C_DecryptDigestUpdate, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_5(C_SignEncryptUpdate, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)
REFUSE_5(C_DecryptVerifyUpdate, CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR)

/* ---- the list ---- */

static CK_FUNCTION_LIST functions = {
	{ 2, 40 },
	C_Initialize, C_Finalize, C_GetInfo, C_GetFunctionList, C_GetSlotList, C_GetSlotInfo, C_GetTokenInfo,
	C_GetMechanismList, C_GetMechanismInfo, C_InitToken, C_InitPIN, C_SetPIN, C_OpenSession, C_CloseSession,
	C_CloseAllSessions, C_GetSessionInfo, C_GetOperationState, C_SetOperationState, C_Login, C_Logout,
	C_CreateObject, C_CopyObject, C_DestroyObject, C_GetObjectSize, C_GetAttributeValue, C_SetAttributeValue,
	C_FindObjectsInit, C_FindObjects, C_FindObjectsFinal, C_EncryptInit, C_Encrypt, C_EncryptUpdate,
	C_EncryptFinal, C_DecryptInit, C_Decrypt, C_DecryptUpdate, C_DecryptFinal, C_DigestInit, C_Digest,
	C_DigestUpdate, C_DigestKey, C_DigestFinal, C_SignInit, C_Sign, C_SignUpdate, C_SignFinal, C_SignRecoverInit,
	C_SignRecover, C_VerifyInit, C_Verify, C_VerifyUpdate, C_VerifyFinal, C_VerifyRecoverInit, C_VerifyRecover,
	C_DigestEncryptUpdate, C_DecryptDigestUpdate, C_SignEncryptUpdate, C_DecryptVerifyUpdate, C_GenerateKey,
	C_GenerateKeyPair, C_WrapKey, C_UnwrapKey, C_DeriveKey, C_SeedRandom, C_GenerateRandom, C_GetFunctionStatus,
	C_CancelFunction, C_WaitForSlotEvent
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &functions;
	return CKR_OK;
}
