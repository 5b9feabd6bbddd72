/* SPDX-License-Identifier: Apache-2.0 */
/* All that `status` finds out about a card. */
#ifndef CLI_STATUS_REPORT_H
#define CLI_STATUS_REPORT_H

#include "cli/card/keys.h"
#include "cli/key/certs.h"
#include "cli/trust/trust.h"

struct cli_name {                       /* a registered key */
	char chr[SHOWN_MAX + 1];        /* safe to show */
	bool authenticated;
};
struct cli_report {
	struct cli_card card;
	struct cli_keys *keys;
	struct cli_certs *certs;
	struct cli_name names[PKA_CUSTODIANS_MAX];
	size_t names_n;
	struct att_chain chain;
	struct att_verdict verdict;     /* of the chain */
	bool has_memory;                /* it tells how many bytes are free for keys and files */
	uint32_t memory;
	bool waived;                    /* without a chain, and named in [trust] unverified */
};
struct cli_option_word {                /* of INITIALIZE DEVICE, sc-hsm-apdu 3.4 */
	uint16_t bit;
	const char *word;
};
struct cli_cert_text {                  /* of a certificate, safe to show */
	char subject[SHOWN_MAX + 1], day[X509_DAY_SIZE];
};
/* Ends with a row without a word. */
extern const struct cli_option_word cli_option_words[];

/* The rest of the report about r->card, which cli_card_look has filled. What fails is said. */
MUST enum err cli_report_read(struct cli *cli, struct cli_report *r);
/* Is this key proved by the attestation that the card has? why: if not; "" otherwise. */
bool cli_report_is_attested(const struct cli_report *r, const struct cli_key *k, char *why, size_t cap);
/* Whose the certificate is and until when it counts; false: what stands there is none. */
bool cli_report_cert(const struct cli_cert *c, struct cli_cert_text *out);
/* What cli_report_read has made, and the card. */
void cli_report_end(struct cli *cli, struct cli_report *r);

#endif
