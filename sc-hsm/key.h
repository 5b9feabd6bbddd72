/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs on the card, reference 3.11, 3.13 and 3.14. */
#ifndef SC_HSM_KEY_H
#define SC_HSM_KEY_H

#include "base/crypto_ec.h"
#include "sc-hsm/file.h"

struct hsm_keygen {
	uint8_t key;                /* 1..255; must be free */
	enum ec_curve curve;        /* EC_NONE: RSA */
	unsigned rsa_bits;
	struct rd exponent;         /* RSA; empty: 65537 */
	struct rd car, chr;         /* inner CAR and holder reference */
	struct rd algorithms;       /* allowed enum hsm_alg bytes; empty: all */
	uint32_t use_counter;       /* 0: unlimited */
	uint8_t domain;             /* key domain */
};
/*
 * The authenticated request (67) appended to request; the card stores it in CEnn as well. Long: T_KEYGEN. ERR_ARG,
 * ERR_UNSUPPORTED (size or limits that this card does not have).
 */
MUST enum err hsm_key_generate(struct hsm_card *c, const struct hsm_keygen *g, struct wr *request, struct deadline *dl);
/*
 * A new key `to` of the EC key `from` and a parameter of at most the field's size, reference 3.16: what both are to
 * each other is the card's secret, and the algorithm list of `from` must have HSM_EC_DERIVE. request: as above.
 */
MUST enum err hsm_key_derive(struct hsm_card *c, uint8_t from, uint8_t to, struct rd parameter, struct wr *request,
			     struct deadline *dl);
/* A free key number: no CC, C4 or CE file has it. ERR_CARD_MEMORY if none. */
MUST enum err hsm_key_free_number(struct hsm_card *c, uint8_t *key, struct deadline *dl);
/*
 * The key, then what describes it, of which it need not have all: if the card is pulled, no key without a name is left.
 * Stops at the first failure; ERR_NOT_FOUND: no such key.
 */
MUST enum err hsm_key_delete(struct hsm_card *c, uint8_t key, struct deadline *dl);
/* Raw answer: RSA block or DER ECDSA signature. One exchange. */
MUST enum err hsm_key_sign(struct hsm_card *c, uint8_t key, enum hsm_alg alg, struct rd data, struct wr *sig,
			   struct deadline *dl);
/* An RSA ciphertext of the modulus' size to its block, with the padding. One exchange. ERR_DATA: it is none. */
MUST enum err hsm_key_decrypt(struct hsm_card *c, uint8_t key, struct rd ciphertext, struct wr *block,
			      struct deadline *dl);
/* The x coordinate of the point shared with peer (04 || x || y), in the full size of the field. One exchange. */
MUST enum err hsm_key_agree(struct hsm_card *c, uint8_t key, struct rd peer, struct wr *x, struct deadline *dl);
/*
 * The same with the key that another card made and proves, which the card verifies (from version 2.1 on). The encoding
 * is that of hsm_domain_agree: what the vendor's card wants is not known (reference 15.8). As many exchanges as the
 * card needs to know the chain, and one.
 */
MUST enum err hsm_key_agree_proved(struct hsm_card *c, uint8_t key, const struct hsm_proof *peer, struct wr *x,
				   struct deadline *dl);
#define HSM_ALGORITHMS_MAX 16           /* reference 3.11, tag 91 */
struct hsm_key_attributes {
	bool has_counter;
	uint32_t counter;           /* how often it can still be used */
	uint8_t domain;             /* key domain; where there is none: 0 */
	size_t n;                   /* of its algorithm list; 0: all are allowed */
	uint8_t algorithms[HSM_ALGORITHMS_MAX];
};
/*
 * What SELECT of a key's file CCnn answers (reference 1.4); what this card does not show is as if it were not there.
 * Logs nobody out. ERR_NOT_FOUND: no such key. One exchange.
 */
MUST enum err hsm_key_attributes(struct hsm_card *c, uint8_t key, struct hsm_key_attributes *out, struct deadline *dl);
/* The same, of the counter alone. */
MUST enum err hsm_key_counter(struct hsm_card *c, uint8_t key, bool *has, uint32_t *left, struct deadline *dl);

#endif
