/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PKCS#11 3.0 adds to 2.40, as far as we have it: its types, by the names and in the order of the OASIS text
 * (sections 3.6 and 5.4), which p11-kit's header has only since its 0.25.
 */
#ifndef PKCS11_INTERFACE_H
#define PKCS11_INTERFACE_H

#include "pkcs11/ck/ck.h"

#if CRYPTOKI_VERSION_MAJOR < 3
typedef struct {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;            /* begins with a CK_VERSION */
	CK_FLAGS flags;
} CK_INTERFACE;
#endif
#define P11_INTERFACE_FORK_SAFE 1UL     /* CKF_INTERFACE_FORK_SAFE */
#define P11_CKF_FIND_OBJECTS 0x40UL     /* CKF_FIND_OBJECTS, for C_SessionCancel */

#define MESSAGE_BEGIN(name) CK_RV (*name)(CK_SESSION_HANDLE, void *, CK_ULONG)
#define MESSAGE_INIT(name) CK_RV (*name)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE)
#define MESSAGE_FINAL(name) CK_RV (*name)(CK_SESSION_HANDLE)
struct p11_functions_3 {                /* CK_FUNCTION_LIST_3_0 */
	CK_FUNCTION_LIST base;          /* the same order as in 2.40 */
	CK_RV (*C_GetInterfaceList)(CK_INTERFACE *list, CK_ULONG *n);
	CK_RV (*C_GetInterface)(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **out, CK_FLAGS flags);
	CK_RV (*C_LoginUser)(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_n,
			     CK_UTF8CHAR *name, CK_ULONG name_n);
	CK_RV (*C_SessionCancel)(CK_SESSION_HANDLE session, CK_FLAGS flags);
	MESSAGE_INIT(C_MessageEncryptInit);
	CK_RV (*C_EncryptMessage)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG,
				  CK_BYTE *, CK_ULONG *);
	CK_RV (*C_EncryptMessageBegin)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG);
	CK_RV (*C_EncryptMessageNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *,
				      CK_FLAGS);
	MESSAGE_FINAL(C_MessageEncryptFinal);
	MESSAGE_INIT(C_MessageDecryptInit);
	CK_RV (*C_DecryptMessage)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG,
				  CK_BYTE *, CK_ULONG *);
	CK_RV (*C_DecryptMessageBegin)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG);
	CK_RV (*C_DecryptMessageNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *,
				      CK_FLAGS);
	MESSAGE_FINAL(C_MessageDecryptFinal);
	MESSAGE_INIT(C_MessageSignInit);
	CK_RV (*C_SignMessage)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
	MESSAGE_BEGIN(C_SignMessageBegin);
	CK_RV (*C_SignMessageNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
	MESSAGE_FINAL(C_MessageSignFinal);
	MESSAGE_INIT(C_MessageVerifyInit);
	CK_RV (*C_VerifyMessage)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG);
	MESSAGE_BEGIN(C_VerifyMessageBegin);
	CK_RV (*C_VerifyMessageNext)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG);
	MESSAGE_FINAL(C_MessageVerifyFinal);
};
#undef MESSAGE_BEGIN
#undef MESSAGE_INIT
#undef MESSAGE_FINAL

#pragma GCC visibility push(default)
CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *n);
CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **out, CK_FLAGS flags);
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_n, CK_UTF8CHAR *name,
		  CK_ULONG name_n);
CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags);
#pragma GCC visibility pop

#endif
