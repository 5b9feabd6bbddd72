/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: enter, hand over, leave. */
#include "pkcs11/entry.h"
#include "pkcs11/store/copy.h"
#include "pkcs11/store/create.h"
#include "pkcs11/store/find.h"
#include "pkcs11/store/modify.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR object)
{
	IN_SESSION(session, p11_create(&c, t, n, object));
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n,
		   CK_OBJECT_HANDLE_PTR copy)
{
	IN_SESSION(session, p11_copy(&c, object, t, n, copy));
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	IN_SESSION(session, p11_destroy(&c, object));
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	IN_SESSION(session, p11_find_size(&c, object, size));
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	IN_SESSION(session, p11_find_attributes(&c, object, t, n));
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	IN_SESSION(session, p11_modify(&c, object, t, n));
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR t, CK_ULONG n)
{
	IN_SESSION(session, p11_find_begin(&c, t, n));
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR list, CK_ULONG max, CK_ULONG_PTR n)
{
	IN_SESSION(session, p11_find_next(&c, list, max, n));
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	IN_SESSION(session, p11_find_end(&c));
}
