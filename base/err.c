/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

static const char *const texts[ERR_COUNT] = {
	[ERR_OK] = "no error",
	[ERR_BUG] = "internal error",
	[ERR_NOMEM] = "out of memory",
	[ERR_ARG] = "argument out of range",
	[ERR_BUFFER] = "buffer too small",
	[ERR_IO] = "input or output failed",
	[ERR_CONFIG] = "bad configuration",
	[ERR_CRYPTO] = "cryptographic library failed",
	[ERR_UNSUPPORTED] = "not supported",
	[ERR_FORMAT] = "malformed data",
	[ERR_LIMIT] = "data over a limit",
	[ERR_SIGNATURE] = "signature does not verify",
	[ERR_TIMEOUT] = "time is up",
	[ERR_CANCELLED] = "cancelled",
	[ERR_NO_SERVICE] = "no smart card service",
	[ERR_NO_READER] = "no such reader",
	[ERR_NO_CARD] = "no SmartCard-HSM in the reader",
	[ERR_REMOVED] = "card or reader removed",
	[ERR_RESET] = "card was reset",
	[ERR_SHARING] = "card in use by another program",
	[ERR_TRANSPORT] = "transmission to the card failed",
	[ERR_CARD] = "unexpected status word from the card",
	[ERR_AUTH] = "not logged in to the card",
	[ERR_PIN_WRONG] = "wrong PIN",
	[ERR_PIN_BLOCKED] = "PIN blocked",
	[ERR_PIN_LENGTH] = "PIN length not accepted",
	[ERR_PIN_UNSET] = "card has no PIN",
	[ERR_PIN_TRANSPORT] = "transport PIN must be changed first",
	[ERR_CONDITIONS] = "not possible in this state",
	[ERR_NOT_FOUND] = "not found",
	[ERR_ALGORITHM] = "algorithm not allowed for this key",
	[ERR_DATA] = "card rejects the data",
	[ERR_CARD_MEMORY] = "card is full",
	[ERR_USE_COUNTER] = "use counter of the key is spent",
	[ERR_INS] = "command unknown to the card",
	[ERR_REFUSED] = "refused by a rule",
	[ERR_DENIED] = "denied by a custodian",
	[ERR_EXPIRED] = "not approved in time",
	[ERR_NOT_ENROLLED] = "card not enrolled at the server",
	[ERR_ATTESTATION] = "not proved genuine",
	[ERR_POLICY] = "refused by the server's policy",
	[ERR_ALLOWANCE] = "more than the approval covers",
	[ERR_READ_ONLY] = "the card may not be changed through its agent",
	[ERR_CONNECT] = "no connection to the server",
	[ERR_TLS] = "certificate refused",
	[ERR_HTTP] = "unexpected HTTP status",
	[ERR_PROTOCOL] = "server breaks the protocol",
	[ERR_SERVER] = "server failed",
};

const char *err_text(enum err e)
{
	if ((unsigned)e >= ERR_COUNT || !texts[e])
		return "unknown error";
	return texts[e];
}
