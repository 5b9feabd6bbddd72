/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/interface.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/entry.h"
#include "pkcs11/info.h"
#include "pkcs11/login/login.h"

#define NAME "PKCS 11"
#define VERSION ((CK_VERSION){ 3, 0 })

CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_n, CK_UTF8CHAR *name,
		  CK_ULONG name_n)
{
	/* The card has one user, without a name. */
	IN_SESSION(session, name && name_n ? CKR_ARGUMENTS_BAD : p11_login(&c, user, pin, pin_n));
}

static CK_RV get_info(CK_INFO *info)
{
	IN_MODULE(p11_info_module(VERSION, info));
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct p11_call c;
	CK_RV rv = p11_call_session(&c, session);

	if (!rv) {
		struct p11_session *s = c.session;
		const struct {
			CK_FLAGS flag;
			struct p11_op *op;
		} ops[] = {
			{ CKF_SIGN, &s->sign }, { CKF_VERIFY, &s->verify }, { CKF_DIGEST, &s->digest },
			{ CKF_ENCRYPT, &s->encrypt }, { CKF_DECRYPT, &s->decrypt },
		};

		for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
			if (flags & ops[i].flag)
				p11_op_end(ops[i].op);
		if (flags & P11_CKF_FIND_OBJECTS)
			p11_find_free(&s->find);
	}
	return p11_call_end(&c, rv);
}

/* ---- messages: no mechanism of the card has them ---- */

static CK_RV message_init(CK_SESSION_HANDLE session, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	(void)session;
	(void)m;
	(void)key;
	return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED);
}

static CK_RV message_final(CK_SESSION_HANDLE session)
{
	(void)session;
	return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED);
}

static CK_RV message_begin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n)
{
	(void)session;
	(void)param;
	(void)param_n;
	return p11_call_refuse(CKR_FUNCTION_NOT_SUPPORTED);
}

static CK_RV message_crypt(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n, CK_BYTE *aad, CK_ULONG aad_n,
			   CK_BYTE *in, CK_ULONG in_n, CK_BYTE *out, CK_ULONG *out_n)
{
	(void)aad;
	(void)aad_n;
	(void)in;
	(void)in_n;
	(void)out;
	(void)out_n;
	return message_begin(session, param, param_n);
}

static CK_RV message_crypt_begin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n, CK_BYTE *aad,
				 CK_ULONG aad_n)
{
	(void)aad;
	(void)aad_n;
	return message_begin(session, param, param_n);
}

static CK_RV message_crypt_next(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n, CK_BYTE *in, CK_ULONG in_n,
				CK_BYTE *out, CK_ULONG *out_n, CK_FLAGS flags)
{
	(void)in;
	(void)in_n;
	(void)out;
	(void)out_n;
	(void)flags;
	return message_begin(session, param, param_n);
}

static CK_RV message_sign(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n, CK_BYTE *in, CK_ULONG in_n,
			  CK_BYTE *sig, CK_ULONG *sig_n)
{
	(void)in;
	(void)in_n;
	(void)sig;
	(void)sig_n;
	return message_begin(session, param, param_n);
}

static CK_RV message_verify(CK_SESSION_HANDLE session, void *param, CK_ULONG param_n, CK_BYTE *in, CK_ULONG in_n,
			    CK_BYTE *sig, CK_ULONG sig_n)
{
	(void)in;
	(void)in_n;
	(void)sig;
	(void)sig_n;
	return message_begin(session, param, param_n);
}

/* ---- the interfaces ---- */

static struct p11_functions_3 functions_3 = {
	.C_GetInterfaceList = C_GetInterfaceList, .C_GetInterface = C_GetInterface, .C_LoginUser = C_LoginUser,
	.C_SessionCancel = C_SessionCancel,
	.C_MessageEncryptInit = message_init, .C_EncryptMessage = message_crypt,
	.C_EncryptMessageBegin = message_crypt_begin, .C_EncryptMessageNext = message_crypt_next,
	.C_MessageEncryptFinal = message_final,
	.C_MessageDecryptInit = message_init, .C_DecryptMessage = message_crypt,
	.C_DecryptMessageBegin = message_crypt_begin, .C_DecryptMessageNext = message_crypt_next,
	.C_MessageDecryptFinal = message_final,
	.C_MessageSignInit = message_init, .C_SignMessage = message_sign, .C_SignMessageBegin = message_begin,
	.C_SignMessageNext = message_sign, .C_MessageSignFinal = message_final,
	.C_MessageVerifyInit = message_init, .C_VerifyMessage = message_verify, .C_VerifyMessageBegin = message_begin,
	.C_VerifyMessageNext = message_verify, .C_MessageVerifyFinal = message_final,
};
static char name_bytes[] = NAME;

/* The newest first: it is the default (PKCS#11 3.0 5.4.6). */
static CK_INTERFACE interfaces[] = {
	{ (void *)name_bytes, &functions_3, P11_INTERFACE_FORK_SAFE },
	{ (void *)name_bytes, NULL, P11_INTERFACE_FORK_SAFE },
};
#define INTERFACES (sizeof(interfaces) / sizeof(interfaces[0]))

/* Any number of times, by any thread: what is written is always the same. */
__attribute__((constructor)) static void fill(void)
{
	CK_FUNCTION_LIST *list = NULL;

	if (C_GetFunctionList(&list) != CKR_OK)
		return;
	functions_3.base = *list;
	functions_3.base.version = VERSION;
	functions_3.base.C_GetInfo = get_info;
	interfaces[1].pFunctionList = list;
}

CK_RV C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *n)
{
	CK_RV rv;

	if (!n)
		return CKR_ARGUMENTS_BAD;
	if (p11_out(INTERFACES, list, n, &rv))
		memcpy(list, interfaces, sizeof(interfaces));
	return rv;
}

CK_RV C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **out, CK_FLAGS flags)
{
	if (!out)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < INTERFACES; i++) {
		const CK_VERSION *v = interfaces[i].pFunctionList;

		if ((name && strcmp((const char *)name, NAME) != 0) || flags & ~interfaces[i].flags)
			continue;
		if (version && (version->major != v->major || version->minor != v->minor))
			continue;
		*out = &interfaces[i];
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}
