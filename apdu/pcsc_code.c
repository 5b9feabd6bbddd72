/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pcsc_int.h"

#include "base/fd.h"
#include "base/log.h"

/*
 * Each return value of PC/SC twice: for whoever is looking for a card, and for whoever is connected to one. Anything
 * not listed is ERR_TRANSPORT.
 */
#define ROW(code, opening, connected) { (uint32_t)code, #code, opening, connected }
static const struct pcsc_code {
	uint32_t code;
	const char *name;
	enum err opening, connected;
} codes[] = {
	ROW(SCARD_S_SUCCESS, ERR_OK, ERR_OK),
	ROW(SCARD_E_NO_SERVICE, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_SERVICE_STOPPED, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_F_COMM_ERROR, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_SERVER_TOO_BUSY, ERR_NO_SERVICE, ERR_NO_SERVICE),
	ROW(SCARD_E_NO_MEMORY, ERR_NOMEM, ERR_NOMEM),
	ROW(SCARD_E_NO_READERS_AVAILABLE, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_UNKNOWN_READER, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_READER_UNAVAILABLE, ERR_NO_READER, ERR_REMOVED),
	ROW(SCARD_E_NO_SMARTCARD, ERR_NO_CARD, ERR_REMOVED),
	ROW(SCARD_W_REMOVED_CARD, ERR_NO_CARD, ERR_REMOVED),
	/* A handle that was good: the reader went away, or the service was started anew. */
	ROW(SCARD_E_INVALID_HANDLE, ERR_BUG, ERR_REMOVED),
	ROW(SCARD_W_UNRESPONSIVE_CARD, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_W_UNSUPPORTED_CARD, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_E_PROTO_MISMATCH, ERR_NO_CARD, ERR_TRANSPORT),
	ROW(SCARD_W_UNPOWERED_CARD, ERR_NO_CARD, ERR_RESET),
	ROW(SCARD_W_RESET_CARD, ERR_RESET, ERR_RESET),
	ROW(SCARD_E_SHARING_VIOLATION, ERR_SHARING, ERR_SHARING),
	ROW(SCARD_E_TIMEOUT, ERR_TIMEOUT, ERR_TIMEOUT),
	ROW(SCARD_E_CANCELLED, ERR_CANCELLED, ERR_CANCELLED),
	ROW(SCARD_E_INSUFFICIENT_BUFFER, ERR_LIMIT, ERR_LIMIT),
	ROW(SCARD_W_SECURITY_VIOLATION, ERR_NO_SERVICE, ERR_NO_SERVICE), /* access to the service denied, by polkit */
	ROW(SCARD_E_NOT_TRANSACTED, ERR_TRANSPORT, ERR_TRANSPORT),
};

/* LONG has 64 bits here, and libraries differ in the sign of these values: the low 32 bits are what counts. */
static const struct pcsc_code *find_code(LONG rv)
{
	static const struct pcsc_code unknown = { 0, "PC/SC error", ERR_TRANSPORT, ERR_TRANSPORT };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == (uint32_t)rv)
			return &codes[i];
	return &unknown;
}

enum err pcsc_opening(const char *call, const char *reader, LONG rv)
{
	const struct pcsc_code *c = find_code(rv);

	if (c->opening)
		log_line(LOG_APDU, LOG_INFO, "%s: %s: %s (%08x)", reader, call, c->name, (unsigned)rv);
	return c->opening;
}

enum err pcsc_connected(const char *call, const char *reader, LONG rv)
{
	const struct pcsc_code *c = find_code(rv);

	if (c->connected)
		log_line(LOG_APDU, LOG_INFO, "%s: %s: %s (%08x)", reader, call, c->name, (unsigned)rv);
	return c->connected;
}

LONG pcsc_establish(SCARDCONTEXT *context)
{
	unsigned plugged = fd_plug();
	LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, context);

	fd_unplug(plugged);
	return rv;
}
