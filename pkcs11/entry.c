/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of PKCS#11 2.40: the list, the life of the module, and what is not done. The others: entry_*.c. */
#include "pkcs11/entry.h"
#include "pkcs11/info.h"
#include "pkcs11/module/module.h"

#define VERSION { 2, 40 }

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
	IN_MODULE(p11_info_module((CK_VERSION)VERSION, info));
}

/* ---- what the card or this module does not do ---- */

/* The operations of long ago, PKCS#11 2.40 5.16. */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	(void)session;
	return p11_call_refuse(CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	(void)session;
	return p11_call_refuse(CKR_FUNCTION_NOT_PARALLEL);
}

#define REFUSE_2(name, T1, T2) \
	CK_RV name(T1 a, T2 b) \
	{ (void)a; (void)b; return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED); }
#define REFUSE_3(name, T1, T2, T3) \
	CK_RV name(T1 a, T2 b, T3 c) \
	{ (void)a; (void)b; (void)c; return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED); }
#define REFUSE_5(name, T1, T2, T3, T4, T5) \
	CK_RV name(T1 a, T2 b, T3 c, T4 d, T5 e) \
	{ (void)a; (void)b; (void)c; (void)d; (void)e; return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED); }

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
	VERSION,
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
