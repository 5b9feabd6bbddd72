/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, tokens, sessions, logins: enter, hand over, leave. */
#include "pkcs11/info.h"
#include "pkcs11/login/login.h"
#include "pkcs11/login/pin.h"
#include "pkcs11/login/so.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"

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
