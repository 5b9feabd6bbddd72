/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/ck/rv.h"

/* No default: the compiler names a code that is forgotten here. */
CK_RV p11_rv(enum err e)
{
	switch (e) {
	case ERR_OK:
		return CKR_OK;
	case ERR_NOMEM:
		return CKR_HOST_MEMORY;
	case ERR_ARG:
		return CKR_ARGUMENTS_BAD;
	case ERR_BUG:
	case ERR_CONFIG:
		return CKR_GENERAL_ERROR;

	/* Not CKR_PIN_INCORRECT: callers would ask their user for a PIN. */
	case ERR_CANCELLED:
	case ERR_DENIED:
	case ERR_EXPIRED:
		return CKR_FUNCTION_CANCELED;

	case ERR_NO_SERVICE:
	case ERR_NO_READER:
	case ERR_NO_CARD:
		return CKR_TOKEN_NOT_PRESENT;
	case ERR_REMOVED:
		return CKR_DEVICE_REMOVED;
	/* A reset that ended a login is ERR_AUTH (p11_token_end). */
	case ERR_RESET:
	case ERR_TRANSPORT:
	case ERR_CARD:
	case ERR_INS:
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_NOT_FOUND:
		return CKR_DEVICE_ERROR;
	case ERR_CARD_MEMORY:
		return CKR_DEVICE_MEMORY;

	case ERR_AUTH:
		return CKR_USER_NOT_LOGGED_IN;
	case ERR_PIN_WRONG:
		return CKR_PIN_INCORRECT;
	case ERR_PIN_BLOCKED:
		return CKR_PIN_LOCKED;
	case ERR_PIN_LENGTH:
		return CKR_PIN_LEN_RANGE;
	case ERR_PIN_UNSET:
		return CKR_USER_PIN_NOT_INITIALIZED;
	case ERR_PIN_TRANSPORT:
		return CKR_PIN_EXPIRED;

	case ERR_ALGORITHM:
	case ERR_USE_COUNTER:
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	case ERR_DATA:
		return CKR_DATA_INVALID;
	case ERR_UNSUPPORTED:
		return CKR_FUNCTION_NOT_SUPPORTED;
	case ERR_ALLOWANCE:
		return CKR_FUNCTION_REJECTED;
	case ERR_READ_ONLY:
		return CKR_TOKEN_WRITE_PROTECTED;

	case ERR_BUFFER:
	case ERR_IO:
	case ERR_CRYPTO:
	case ERR_SIGNATURE:
	case ERR_TIMEOUT:
	case ERR_SHARING:
	case ERR_CONDITIONS:
	case ERR_REFUSED:
	case ERR_NOT_ENROLLED:
	case ERR_ATTESTATION:
	case ERR_POLICY:
	case ERR_CONNECT:
	case ERR_TLS:
	case ERR_HTTP:
	case ERR_PROTOCOL:
	case ERR_SERVER:
	case ERR_COUNT:
		return CKR_FUNCTION_FAILED;
	}
	return CKR_GENERAL_ERROR;
}

bool p11_out(size_t need, const void *buf, CK_ULONG *n, CK_RV *rv)
{
	bool fits = buf && *n >= need;  /* without buf, *n may be anything */

	*n = need;
	*rv = buf && !fits ? CKR_BUFFER_TOO_SMALL : CKR_OK;
	return fits;
}
