/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates on a card (sc-hsm-apdu 7.1): those of its own keys in CEnn, where the attestation was, and others in
 * CAnn, each described in C8nn. Public reading only.
 */
#ifndef CLI_KEY_CERTS_H
#define CLI_KEY_CERTS_H

#include "base/crypto_x509.h"
#include "cli/card/keys.h"

struct cli_cert {
	const struct cli_key *key;      /* whose it is; NULL: of nobody here */
	uint8_t number;                 /* CEnn or CAnn */
	struct wr file, about;          /* CAnn and C8nn; empty for a key's */
	struct rd der;
	char label[SHOWN_MAX + 1];      /* safe to show */
	char id[2 * SHOWN_MAX + 1];     /* CKA_ID in hex */
};
struct cli_certs {
	size_t n;
	struct cli_cert v[2 * KEYS_MAX];
};

/* The card is held; views into keys; heap: end by cli_certs_free. Said. */
MUST enum err cli_certs_read(struct cli *cli, struct cli_card *c, const struct cli_keys *keys, struct cli_certs **out);
void cli_certs_free(struct cli_certs **c);
/*
 * Of this card, by label, or by id in hex (label first); name NULL: the only one. ERR_NOT_FOUND, ERR_REFUSED:
 * several; said.
 */
MUST enum err cli_certs_find(const struct cli_card *c, const struct cli_certs *certs, const char *name,
			     const struct cli_cert **out);
/* The key on the card that the certificate is of; NULL: none. */
const struct cli_key *cli_certs_key_of(const struct cli_keys *keys, const struct x509 *x);
/* The certificate in a file's text, PEM or DER; x views into der. ERR_FORMAT and what it means, said. */
MUST enum err cli_cert_load(const char *path, struct wr *der, struct x509 *x);

#endif
