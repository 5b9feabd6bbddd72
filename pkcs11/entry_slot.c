/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, tokens, sessions, logins: enter, hand over, leave. */
#include "pkcs11/entry.h"
#include "pkcs11/info.h"
#include "pkcs11/login/login.h"
#include "pkcs11/login/pin.h"
#include "pkcs11/login/so.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"

CK_RV C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID_PTR list, CK_ULONG_PTR n)
{
	IN_MODULE(p11_slot_list(with_token, list, n));
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO_PTR info)
{
	IN_SLOT(slot, p11_info_slot(&c, info));
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	IN_SLOT(slot, p11_info_token(&c, info));
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	IN_MODULE(reserved ? CKR_ARGUMENTS_BAD : p11_slot_wait(flags, slot));
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR n)
{
	IN_SLOT(slot, p11_info_mechanisms(&c, list, n));
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR info)
{
	IN_SLOT(slot, p11_info_mechanism(&c, type, info));
}

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
	IN_SESSION(session, p11_session_info(&c, info));
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	IN_SESSION(session, p11_login(&c, user, pin, n));
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
	IN_SESSION(session, p11_logout(&c));
}

CK_RV C_InitToken(CK_SLOT_ID slot, CK_UTF8CHAR_PTR pin, CK_ULONG n, CK_UTF8CHAR_PTR label)
{
	IN_SLOT(slot, p11_so_init_token(&c, pin, n, label));
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG n)
{
	IN_SESSION(session, p11_so_init_pin(&c, pin, n));
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR old, CK_ULONG old_n, CK_UTF8CHAR_PTR fresh, CK_ULONG fresh_n)
{
	IN_SESSION(session, p11_pin_set(&c, old, old_n, fresh, fresh_n));
}
