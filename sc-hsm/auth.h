/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, registered public keys and their authentication, as calls; reference 5 and public-key-authentication.
 */
#ifndef SC_HSM_AUTH_H
#define SC_HSM_AUTH_H

#include "sc-hsm/card.h"

/* ERR_INS, ERR_UNSUPPORTED: no PKA on this card. */
MUST enum err hsm_pka_status(struct hsm_card *c, struct hsm_pka *out, struct deadline *dl);
/* Holder reference of registered key i. ERR_NOT_FOUND: slot empty. ERR_UNSUPPORTED: index or PKA not there. */
MUST enum err hsm_pka_key(struct hsm_card *c, uint8_t i, struct wr *chr, bool *authenticated, struct deadline *dl);
/*
 * Register a custodian's key: makes issuer and device certificate known (MSE, PSO), then MANAGE PKA with the
 * request's content; through EF 2F10 where it does not fit one APDU.
 */
MUST enum err hsm_pka_register(struct hsm_card *c, const struct hsm_proof *key, struct hsm_pka *out,
			       struct deadline *dl);
/*
 * Put it in the place of registered key index, on an opened card that was initialised with HSM_OPT_REPLACE_PKA
 * (ERR_CONDITIONS: it was not, or the name is registered already). ERR_LIMIT: it does not fit one APDU, and through EF
 * 2F10 is for registration only.
 */
MUST enum err hsm_pka_replace(struct hsm_card *c, uint8_t index, const struct hsm_proof *key, struct hsm_pka *out,
			      struct deadline *dl);
MUST enum err hsm_pka_challenge(struct hsm_card *c, uint8_t challenge[PKA_CHALLENGE_SIZE], struct deadline *dl);
/* MSE and EXTERNAL AUTHENTICATE. ERR_SIGNATURE: refused by the card; ERR_NOT_FOUND: no such registered key. */
MUST enum err hsm_pka_authenticate(struct hsm_card *c, struct rd chr, struct rd sig, struct deadline *dl);

#endif
