/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custodian's proof to a server that a registered key is his, for which he gets a token that opens his inbox. ASCII
 * text, signed verbatim as any statement (pka/statement.h) and as long, with a first line of its own, so that neither
 * passes for the other:
 *
 *   quorum11 inbox v1\n
 *   server: <the server's URL, in the one form of pka_inbox_server>\n
 *   nonce: <64 hex: what this server gave for it>\n
 *   key: <holder reference of the signing key>\n
 *
 * It names the server, so that one that is shown it cannot use it at another.
 */
#ifndef PKA_INBOX_H
#define PKA_INBOX_H

#include "base/crypto_ec.h"
#include "base/limits.h"

#define PKA_INBOX_NONCE_SIZE 32
#define PKA_INBOX_SERVER_MAX 700

struct pka_inbox {
	struct rd server;               /* view into the text when read */
	uint8_t nonce[PKA_INBOX_NONCE_SIZE];
	struct rd key;
};
/*
 * Appends the one form of a URL: scheme and host in lower case, without its scheme's own port and without a slash at
 * its end. ERR_ARG: no http or https URL, not printable, or too long.
 */
MUST enum err pka_inbox_server(const char *url, struct wr *out);
/* Appends. ERR_ARG: server or key are none that the format can hold. */
MUST enum err pka_inbox_write(const struct pka_inbox *s, struct wr *text);
MUST enum err pka_inbox_read(struct rd text, struct pka_inbox *out);   /* ERR_FORMAT */
/* The text's form, and its signature (plain r||s) by this key. ERR_FORMAT, ERR_SIGNATURE. */
MUST enum err pka_inbox_verify(struct rd text, struct rd sig, enum ec_curve curve, struct rd q,
			       struct pka_inbox *out);

#endif
