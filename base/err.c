/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

/* The names are part of what scripts read (--json): they stay when a text is put better. */
static const struct { const char *name, *text; } rows[ERR_COUNT] = {
	[ERR_OK] = { "ok", "no error" },
	[ERR_BUG] = { "internal", "internal error" },
	[ERR_NOMEM] = { "no-memory", "out of memory" },
	[ERR_ARG] = { "usage", "argument out of range" },
	[ERR_BUFFER] = { "buffer", "buffer too small" },
	[ERR_IO] = { "io", "input or output failed" },
	[ERR_CONFIG] = { "config", "bad configuration" },
	[ERR_CRYPTO] = { "crypto", "cryptographic library failed" },
	[ERR_UNSUPPORTED] = { "unsupported", "not supported" },
	[ERR_FORMAT] = { "malformed", "malformed data" },
	[ERR_LIMIT] = { "over-limit", "data over a limit" },
	[ERR_SIGNATURE] = { "signature", "signature does not verify" },
	[ERR_TIMEOUT] = { "timeout", "time is up" },
	[ERR_CANCELLED] = { "cancelled", "cancelled" },
	[ERR_NO_SERVICE] = { "no-service", "no smart card service" },
	[ERR_NO_READER] = { "no-reader", "no such reader" },
	[ERR_NO_CARD] = { "no-card", "no SmartCard-HSM in the reader" },
	[ERR_REMOVED] = { "card-removed", "card or reader removed" },
	[ERR_RESET] = { "card-reset", "card was reset" },
	[ERR_SHARING] = { "card-in-use", "card in use by another program" },
	[ERR_TRANSPORT] = { "card-transport", "transmission to the card failed" },
	[ERR_CARD] = { "card-status", "unexpected status word from the card" },
	[ERR_AUTH] = { "not-logged-in", "not logged in to the card" },
	[ERR_PIN_WRONG] = { "pin-wrong", "wrong PIN" },
	[ERR_PIN_BLOCKED] = { "pin-blocked", "PIN blocked" },
	[ERR_PIN_LENGTH] = { "pin-length", "PIN length not accepted" },
	[ERR_PIN_UNSET] = { "no-pin", "card has no PIN" },
	[ERR_PIN_TRANSPORT] = { "transport-pin", "transport PIN must be changed first" },
	[ERR_CONDITIONS] = { "wrong-state", "not possible in this state" },
	[ERR_NOT_FOUND] = { "not-found", "not found" },
	[ERR_ALGORITHM] = { "algorithm", "algorithm not allowed for this key" },
	[ERR_DATA] = { "card-data", "card rejects the data" },
	[ERR_CARD_MEMORY] = { "card-full", "card is full" },
	[ERR_USE_COUNTER] = { "use-counter-spent", "use counter of the key is spent" },
	[ERR_INS] = { "unknown-command", "command unknown to the card" },
	[ERR_REFUSED] = { "refused", "refused by a rule" },
	[ERR_DENIED] = { "denied", "denied by a custodian" },
	[ERR_EXPIRED] = { "expired", "not approved in time" },
	[ERR_NOT_ENROLLED] = { "not-enrolled", "card not enrolled at the server" },
	[ERR_ATTESTATION] = { "attestation", "not proved genuine" },
	[ERR_POLICY] = { "policy", "refused by the server's policy" },
	[ERR_ALLOWANCE] = { "over-allowance", "more than the approval covers" },
	[ERR_READ_ONLY] = { "read-only", "the card may not be changed through its agent" },
	[ERR_CONNECT] = { "no-connection", "no connection to the server" },
	[ERR_TLS] = { "certificate-refused", "certificate refused" },
	[ERR_HTTP] = { "http-status", "unexpected HTTP status" },
	[ERR_PROTOCOL] = { "protocol", "server breaks the protocol" },
	[ERR_SERVER] = { "server-failed", "server failed" },
};

static bool is_known(enum err e)
{
	return (unsigned)e < ERR_COUNT && rows[e].text;
}

const char *err_text(enum err e)
{
	return is_known(e) ? rows[e].text : "unknown error";
}

const char *err_name(enum err e)
{
	return is_known(e) ? rows[e].name : "unknown";
}
