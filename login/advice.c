/* SPDX-License-Identifier: Apache-2.0 */
#include "login/advice.h"

#include <stddef.h>

/* What a person can do about it; one row per end. */
static const struct { enum err e; struct login_advice advice; } ends[] = {
	{ ERR_DENIED, { "a custodian denied it", "talk to them before you ask again" } },
	{ ERR_EXPIRED, { "not enough custodians approved in time", "ask again when they are there" } },
	{ ERR_CANCELLED, { "cancelled", "ask again" } },
	{ ERR_NOT_ENROLLED, { "the server does not know this card", "the operator runs: quorum11 enrol" } },
	{ ERR_ATTESTATION, { "the server's checks of the card or its keys failed",
		"the operator compares the card with its enrolment" } },
	{ ERR_POLICY, { "the server's policy refuses it", "ask its operator" } },
	{ ERR_CONNECT, { "no connection to the server", "check [login] url and proxy, and the network" } },
	{ ERR_TLS, { "the server's certificate is refused", "check [login] ca, pin and url" } },
	{ ERR_HTTP, { "the server's answer is none of the protocol", "check the path in [login] url" } },
	{ ERR_NOT_FOUND, { "the server has no such service", "check the path in [login] url" } },
	{ ERR_PROTOCOL, { "the server breaks the protocol", "tell its operator" } },
	{ ERR_FORMAT, { "the server breaks the protocol", "tell its operator" } },
	{ ERR_LIMIT, { "the server sends more than it may", "tell its operator" } },
	{ ERR_REFUSED, { "the server sent a command that a login must not contain",
		"do not trust this server; tell its operator" } },
	{ ERR_SIGNATURE, { "the custodians' statements do not prove the approval",
		"do not trust this server; tell its operator" } },
	{ ERR_SERVER, { "the server failed", "see its log" } },
	{ ERR_TIMEOUT, { "no end within the time allowed", "ask again, or raise [login] timeout" } },
	{ ERR_REMOVED, { "the card was removed", "put it back and start again" } },
	{ ERR_RESET, { "another program reset the card", "stop that program and start again" } },
	{ ERR_CONFIG, { "the configuration does not work", "check [login] and [module] helper" } },
};

struct login_advice login_advice_for(enum err e)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].e == e)
			return ends[i].advice;
	return (struct login_advice){ err_text(e), "see the log (QUORUM11_LOG=info)" };
}
