/* SPDX-License-Identifier: Apache-2.0 */
/* For sc-hsm/ only. */
#ifndef SC_HSM_CARD_INT_H
#define SC_HSM_CARD_INT_H

#include "base/tlv.h"
#include "sc-hsm/card.h"

struct hsm_card {
	struct apdu_link *link;
	struct err_detail detail;
	struct hsm_version version;        /* zero before the first SELECT */
	struct hsm_sm *sm;                 /* of a channel; NULL: commands are plain */
};

/*
 * As hsm_card_exchange, but any status word is ERR_OK and in *sw: for commands whose answer is in the status word.
 * cmd is freed (wiped); what failed in writing it is returned.
 */
MUST enum err hsm_card_ask(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct wr *data, uint16_t *sw,
			   struct deadline *dl);
/* hsm_card_exchange of a command in a writer, which is freed (wiped). */
MUST enum err hsm_card_send(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct wr *data, struct deadline *dl);
/* key.c: use counter (0: none), algorithm list (empty: all), key domain; reference 3.11, 3.12. ERR_ARG. */
MUST enum err hsm_key_put_attributes(struct wr *w, uint32_t counter, struct rd algorithms, uint8_t domain);
/* The longest plain command that gets through link and channel. */
size_t hsm_card_cmd_max(const struct hsm_card *c);
/* Does a command get through, or must its data go by the file? */
bool hsm_card_fits(const struct hsm_card *c, const struct wr *cmd);
/*
 * file.c: a command without data, which takes its object from EF 2F10 (reference 7.6): that is written before and is
 * gone afterwards. cmd is freed.
 */
MUST enum err hsm_card_send_by_file(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct rd object,
				    struct wr *data, struct deadline *dl);
/* auth.c: make the one known who signed the request, and choose him (5.2); of open firmware: nothing. */
MUST enum err hsm_auth_choose(struct hsm_card *c, const struct hsm_proof *key, struct deadline *dl);
/* key.c: DECIPHER of another card's request, with its chain; by the file where it does not fit. */
MUST enum err hsm_decipher_request(struct hsm_card *c, uint8_t key, enum hsm_decipher alg,
				   const struct hsm_proof *peer, struct wr *out, struct deadline *dl);
/* domain.c: what MANAGE KEY DOMAIN answers. */
struct hsm_domain;
MUST enum err hsm_dec_domain(struct rd answer, struct hsm_domain *out);
/* Note and return an error that was found before anything was sent. */
enum err hsm_card_refuse(struct hsm_card *c, enum err e);

#endif
