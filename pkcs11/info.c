/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/info.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"

#define MANUFACTURER "quorum11"
#define LIBRARY "SmartCard-HSM with n-of-m login"
#define MODEL "SmartCard-HSM"
#define VERSION_MAJOR 0
#define VERSION_MINOR 1

#define PIN_TRIES_LOW 3         /* fewer are few: the card does not tell with how many it began */

/* Blank padded, not terminated. */
static void put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
	size_t n = strnlen(text, size);

	memset(out, ' ', size);
	memcpy(out, text, n);
}
#define PUT_TEXT(field, text) put_text((field), sizeof(field), (text))

CK_RV p11_info_module(CK_VERSION interface, CK_INFO *out)
{
	if (!out)
		return CKR_ARGUMENTS_BAD;
	memset(out, 0, sizeof(*out));
	out->cryptokiVersion = interface;
	PUT_TEXT(out->manufacturerID, MANUFACTURER);
	PUT_TEXT(out->libraryDescription, LIBRARY);
	out->libraryVersion = (CK_VERSION){ VERSION_MAJOR, VERSION_MINOR };
	return CKR_OK;
}

CK_RV p11_info_slot(struct p11_call *c, CK_SLOT_INFO *out)
{
	if (!out)
		return CKR_ARGUMENTS_BAD;
	memset(out, 0, sizeof(*out));
	PUT_TEXT(out->slotDescription, c->token->reader);
	PUT_TEXT(out->manufacturerID, "");
	out->flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT;
	if (p11_token_look(c->token) == ERR_OK)
		out->flags |= CKF_TOKEN_PRESENT;
	return CKR_OK;
}

static CK_FLAGS so_flags(const struct hsm_status *s)
{
	if (s->so_tries == 0)
		return CKF_SO_PIN_LOCKED;
	if (s->so_tries > 0 && s->so_tries < PIN_TRIES_LOW)
		return CKF_SO_PIN_COUNT_LOW | (s->so_tries == 1 ? CKF_SO_PIN_FINAL_TRY : 0);
	return 0;
}

/*
 * The flags of a mode. The user-PIN flags only where the mode needs the PIN: callers give up on them,
 * and a card that people open has no use for its PIN.
 */
static CK_FLAGS flags_of(const struct p11_token *t)
{
	const struct hsm_status *s = &t->status;
	CK_FLAGS f = CKF_RNG;

	if (s->mode == HSM_MODE_UNSET)
		return s->has_pka && s->pka.total ? f | CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED : f;
	f |= CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED;
	/* Where the program needs no PIN: people say yes, or it is typed on the reader. */
	if (!hsm_mode_needs_pin(s->mode) || (s->mode == HSM_MODE_PIN && t->has_pad))
		f |= CKF_PROTECTED_AUTHENTICATION_PATH;
	if (!hsm_mode_needs_pin(s->mode))
		return f | so_flags(s);
	if (s->pin_blocked)
		f |= CKF_USER_PIN_LOCKED;
	else if (s->pin_tries > 0 && s->pin_tries < PIN_TRIES_LOW)
		f |= CKF_USER_PIN_COUNT_LOW | (s->pin_tries == 1 ? CKF_USER_PIN_FINAL_TRY : 0);
	if (s->pin_transport)
		f |= CKF_USER_PIN_TO_BE_CHANGED;
	return f | so_flags(s);
}

/* It changes with every object, so it is asked anew; but only of a card that a session holds anyway. */
static CK_ULONG free_memory(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	struct hsm_about about;
	enum err e = p11_token_begin(t);

	if (!e)
		e = p11_token_end(t, hsm_card_about(t->card, &about, &dl));
	return e ? CK_UNAVAILABLE_INFORMATION : about.free;
}

CK_RV p11_info_token(struct p11_call *c, CK_TOKEN_INFO *out)
{
	struct p11_token *t = c->token;
	enum err e;

	if (!out)
		return CKR_ARGUMENTS_BAD;
	e = p11_token_look(t);
	if (e)
		return p11_rv(e);
	memset(out, 0, sizeof(*out));
	PUT_TEXT(out->label, t->label);
	PUT_TEXT(out->manufacturerID, t->manufacturer);
	PUT_TEXT(out->model, MODEL);
	put_text(out->serialNumber, sizeof(out->serialNumber), t->serial);
	out->flags = flags_of(t);
	out->ulMaxSessionCount = P11_SESSIONS_MAX;
	out->ulMaxRwSessionCount = P11_SESSIONS_MAX;
	out->ulSessionCount = c->sessions;
	out->ulRwSessionCount = c->rw_sessions;
	out->ulMinPinLen = PIN_MIN;
	out->ulMaxPinLen = PIN_MAX;
	/* There is one memory for both; how much in all, no card tells. */
	out->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
	out->ulFreePublicMemory = c->sessions ? free_memory(t) : CK_UNAVAILABLE_INFORMATION;
	out->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	out->ulFreePrivateMemory = out->ulFreePublicMemory;
	out->hardwareVersion = (CK_VERSION){ t->status.version.platform, 0 };
	out->firmwareVersion = (CK_VERSION){ t->status.version.major, t->status.version.minor };
	put_text((CK_UTF8CHAR *)out->utcTime, sizeof(out->utcTime), "");
	return CKR_OK;
}

CK_RV p11_info_mechanisms(struct p11_call *c, CK_MECHANISM_TYPE *list, CK_ULONG *n)
{
	enum err e = p11_token_look(c->token);

	return e ? p11_rv(e) : p11_mech_list(&c->token->status.version, list, n);
}

CK_RV p11_info_mechanism(struct p11_call *c, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *out)
{
	enum err e = p11_token_look(c->token);

	return e ? p11_rv(e) : p11_mech_info(type, &c->token->status.version, out);
}
