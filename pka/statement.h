/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custodian's signed statement of what he decided. ASCII text, signed and stored verbatim, always
 * STATEMENT_MIN..STATEMENT_MAX bytes, so that it can never pass for a message to a card, nor the other way round:
 *
 *   quorum11 statement v1\n
 *   message: <64 hex: SHA-256 of M; for an end, or a denial before a challenge exists, of the device id alone>\n
 *   login: <32 hex: login_id>\n
 *   request: <64 hex: SHA-256 of the host's JSON bytes>\n
 *   key: <holder reference of the signing key>\n
 *   decision: approve | deny | end\n
 *   limits: <the custodian's limits, printable ASCII, may be empty>\n
 *
 * Exactly these lines in this order; anything else is ERR_FORMAT. docs/STATEMENT.md shows how to verify one by hand.
 */
#ifndef PKA_STATEMENT_H
#define PKA_STATEMENT_H

#include "base/crypto_digest.h"
#include "base/crypto_ec.h"
#include "base/limits.h"

enum pka_decision {
	PKA_DENY,
	PKA_APPROVE,
	PKA_END         /* of an approval that has opened the card: pka/end.h; neither yes nor no in a ceremony */
};
struct pka_statement {
	uint8_t message[SHA256_SIZE];
	uint8_t login_id[LOGIN_ID_SIZE];
	uint8_t request[SHA256_SIZE];
	struct rd key;                  /* view into the text when read */
	enum pka_decision decision;
	struct rd limits;
};
/* Appends. ERR_ARG: key, decision or limits are none that the format can hold; ERR_LIMIT: too long. */
MUST enum err pka_statement_write(const struct pka_statement *s, struct wr *text);
MUST enum err pka_statement_read(struct rd text, struct pka_statement *out);
/*
 * Signature (plain r||s) by the registered key over SHA-256 of the text, and the text's own form. ERR_SIGNATURE,
 * ERR_FORMAT.
 */
MUST enum err pka_statement_verify(struct rd text, struct rd sig, enum ec_curve curve, struct rd q,
				   struct pka_statement *out);

#endif
