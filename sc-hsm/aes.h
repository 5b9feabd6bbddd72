/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES keys on the card, reference 3.12 and 3.15. The card knows CBC with an IV of zeros only; here the IV is put in
 * where it belongs, and data of any length is sent in parts. Each part is one use of the key.
 */
#ifndef SC_HSM_AES_H
#define SC_HSM_AES_H

#include "base/crypto_aes.h"
#include "sc-hsm/card.h"

#define HSM_DERIVED_SIZE 32     /* bytes that the vendor's card derives */

struct hsm_aes_gen {
	uint8_t key;                /* 1..255; must be free */
	unsigned bits;              /* 128, 192, 256 */
	struct rd algorithms;       /* allowed enum hsm_cipher bytes; empty: all of them */
	uint32_t use_counter;       /* 0: unlimited */
	uint8_t domain;             /* key domain */
};
/* Makes CCnn only: the description, C4nn, is the caller's to write. ERR_ARG, ERR_UNSUPPORTED (an old card). */
MUST enum err hsm_aes_generate(struct hsm_card *c, const struct hsm_aes_gen *g, struct deadline *dl);
/* The most bytes that one command takes: whole blocks. */
size_t hsm_aes_part(const struct hsm_card *c);
/*
 * CBC without padding, as many bytes appended to out; iv becomes that of what follows. ERR_ARG: no whole blocks. After
 * another failure iv and out are worth nothing.
 */
MUST enum err hsm_aes_cbc(struct hsm_card *c, uint8_t key, bool encrypt, uint8_t iv[AES_BLOCK], struct rd data,
			  struct wr *out, struct deadline *dl);
/* One exchange. ERR_ARG: no data, or more than hsm_aes_part. */
MUST enum err hsm_aes_cmac(struct hsm_card *c, uint8_t key, struct rd data, uint8_t mac[AES_BLOCK],
			   struct deadline *dl);
/*
 * A value of the key and a parameter (1 to hsm_aes_part bytes), appended to out: HSM_DERIVED_SIZE bytes, of open
 * firmware as many as the parameter has, and of another function. One exchange.
 */
MUST enum err hsm_aes_derive(struct hsm_card *c, uint8_t key, struct rd parameter, struct wr *out,
			     struct deadline *dl);

#endif
