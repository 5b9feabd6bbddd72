/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key domains whose key two cards agree on (XKEK), reference 6.3: who has the group's signer signs which cards belong
 * to the domain; then each of two members makes a key in it, and gets from it and the other's request what both
 * have. How the vendor's card makes its key of that is its secret; two cards show by their check values whether they
 * have the same.
 */
#ifndef SC_HSM_XKEK_H
#define SC_HSM_XKEK_H

#include "sc-hsm/auth.h"
#include "sc-hsm/domain.h"

/*
 * The signer's key and those that agree are of this curve in all examples; a domain's name has room for 256 bits. A
 * membership is r || s.
 */
#define HSM_MEMBER_CURVE EC_BP256R1
#define HSM_MEMBER_SIZE  64

/* What the group's signer signs: 54 and the x coordinate of the member's device key. ERR_FORMAT: no point. */
MUST enum err hsm_member_message(struct rd device_point, struct wr *out);
/* The domain that a request's key belongs to, HSM_UID_SIZE bytes, a view; false: none that cards agree on. */
MUST bool hsm_member_domain(const struct cvc *inner, struct rd *uid);

/*
 * Make a domain in an empty place, as a member: signer proves the group's key. ERR_CONDITIONS: the place is in use, or
 * the card does not believe it. ERR_ARG: sig's size.
 */
MUST enum err hsm_domain_join(struct hsm_card *c, uint8_t domain, const struct hsm_proof *signer, struct rd sig,
			      struct hsm_domain *out, struct deadline *dl);
/*
 * Agree with another member on the key of the domain of this key, which must allow HSM_ECDH_DOMAIN: peer proves
 * his. It takes the place of one that was agreed on before.
 */
MUST enum err hsm_domain_agree(struct hsm_card *c, uint8_t key, const struct hsm_proof *peer, struct deadline *dl);

#endif
