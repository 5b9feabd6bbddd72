/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key domains, reference 6: keys leave a card only wrapped under the key encryption key of their domain, and come back
 * where that key is. It is the XOR of shares (DKEK), or agreed on between cards (XKEK).
 */
#ifndef SC_HSM_DOMAIN_H
#define SC_HSM_DOMAIN_H

#include "base/secret.h"
#include "sc-hsm/card.h"

#define HSM_DOMAINS_MAX 16              /* places on a card; what is known of any */
#define HSM_SHARE_SIZE  32
#define HSM_KCV_SIZE    8               /* key check value */
#define HSM_UID_SIZE    64

enum hsm_domain_kind {
	HSM_DOMAIN_NONE,                /* the card has no such place */
	HSM_DOMAIN_EMPTY, HSM_DOMAIN_DKEK, HSM_DOMAIN_XKEK
};
struct hsm_domain {
	enum hsm_domain_kind kind;
	uint8_t shares, missing;        /* DKEK: of the key encryption key */
	bool is_ready;                  /* complete: keys can be wrapped and unwrapped */
	uint8_t kcv[HSM_KCV_SIZE];      /* zeros until it is */
	uint8_t uid[HSM_UID_SIZE];      /* XKEK: whose domain it is */
};

/* Nobody needs to be logged in. A place that is empty or not there is no error. */
MUST enum err hsm_domain_status(struct hsm_card *c, uint8_t domain, struct hsm_domain *out, struct deadline *dl);
/* All places: n is 0 where the card was initialised without key domains. */
MUST enum err hsm_domain_list(struct hsm_card *c, struct hsm_domain out[HSM_DOMAINS_MAX], size_t *n,
			      struct deadline *dl);
/* In an empty place, for 1 to 255 shares. ERR_CONDITIONS: it is not empty; ERR_NOT_FOUND: no such place. */
MUST enum err hsm_domain_create(struct hsm_card *c, uint8_t domain, uint8_t shares, struct deadline *dl);
/* Nobody needs to be logged in. ERR_CONDITIONS: all shares are there already. */
MUST enum err hsm_domain_import(struct hsm_card *c, uint8_t domain, const struct secret *share, struct hsm_domain *out,
				struct deadline *dl);
/* ERR_CONDITIONS: keys belong to it. */
MUST enum err hsm_domain_delete(struct hsm_card *c, uint8_t domain, struct deadline *dl);
/* Drop the key encryption key; the domain and its keys stay, and the shares can be imported again. */
MUST enum err hsm_domain_forget(struct hsm_card *c, uint8_t domain, struct deadline *dl);

/* The check value of a key encryption key: the first bytes of its SHA-256. */
MUST enum err hsm_domain_check_value(struct rd kek, uint8_t kcv[HSM_KCV_SIZE]);

#endif
