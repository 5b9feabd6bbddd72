/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/aes.h"

#include <string.h>

#include "sc-hsm/ability.h"
#include "sc-hsm/card_int.h"

/* CLA INS P1 P2, extended Lc and Le; and of the answer the status word, which may not be longer than a command. */
#define FRAME (4 + 3 + 2 + 2)

/* What a card makes of a key without a list is not known, so it always has one (reference 3.12). */
static const uint8_t all_algorithms[] = { HSM_AES_ENCRYPT, HSM_AES_DECRYPT, HSM_AES_CMAC, HSM_AES_DERIVE };

enum err hsm_aes_generate(struct hsm_card *c, const struct hsm_aes_gen *g, struct deadline *dl)
{
	struct wr attributes, cmd;
	enum err e;

	wr_init_heap(&attributes, APDU_DATA_MAX);
	e = hsm_key_put_attributes(&attributes, g->use_counter,
				   g->algorithms.n ? g->algorithms : RD_ARR(all_algorithms), g->domain);
	if (!e && !g->key)
		e = ERR_ARG;
	if (!e && !hsm_can(&c->version, HSM_CAN_AES))
		e = ERR_UNSUPPORTED;
	if (e) {
		(void)hsm_card_refuse(c, e);
	} else {
		wr_init_heap(&cmd, APDU_CMD_MAX);
		hsm_enc_generate_aes(&cmd, g->key, g->bits, wr_view(&attributes));
		e = hsm_card_send(c, HSM_GENERATE_AES, &cmd, NULL, dl);
	}
	wr_free(&attributes);
	return e;
}

size_t hsm_aes_part(const struct hsm_card *c)
{
	return (hsm_card_cmd_max(c) - FRAME) / AES_BLOCK * AES_BLOCK;
}

/* One exchange; the answer has as many bytes as expected, 0: at least one. */
static enum err run(struct hsm_card *c, uint8_t key, enum hsm_cipher alg, struct rd data, size_t expected,
		    struct wr *out, struct deadline *dl)
{
	size_t before = out->n;
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_cipher(&cmd, key, alg, data);
	e = hsm_card_send(c, HSM_CIPHER, &cmd, out, dl);
	if (!e && (out->n == before || (expected && out->n - before != expected)))
		e = ERR_FORMAT;
	return e;
}

static void mix(uint8_t *block, const uint8_t with[AES_BLOCK])
{
	for (size_t i = 0; i < AES_BLOCK; i++)
		block[i] ^= with[i];
}

/* At most hsm_aes_part bytes. With an IV of zeros the first block is the plain text, or its cipher text, without it. */
static enum err encrypt_part(struct hsm_card *c, uint8_t key, uint8_t iv[AES_BLOCK], struct rd part, struct wr *out,
			     struct deadline *dl)
{
	struct wr copy;
	enum err e;

	wr_init_heap(&copy, part.n);
	wr_put(&copy, part);
	e = wr_done(&copy);
	if (!e) {
		mix(copy.p, iv);
		e = run(c, key, HSM_AES_ENCRYPT, wr_view(&copy), part.n, out, dl);
	}
	if (!e)
		memcpy(iv, out->p + out->n - AES_BLOCK, AES_BLOCK);
	wr_free(&copy);
	return e;
}

static enum err decrypt_part(struct hsm_card *c, uint8_t key, uint8_t iv[AES_BLOCK], struct rd part, struct wr *out,
			     struct deadline *dl)
{
	size_t before = out->n;
	enum err e = run(c, key, HSM_AES_DECRYPT, part, part.n, out, dl);

	if (e)
		return e;
	mix(out->p + before, iv);
	memcpy(iv, part.p + part.n - AES_BLOCK, AES_BLOCK);
	return ERR_OK;
}

enum err hsm_aes_cbc(struct hsm_card *c, uint8_t key, bool encrypt, uint8_t iv[AES_BLOCK], struct rd data,
		     struct wr *out, struct deadline *dl)
{
	size_t most = hsm_aes_part(c);
	enum err e = ERR_OK;
	struct rd part;

	if (data.n % AES_BLOCK)
		return hsm_card_refuse(c, ERR_ARG);
	while (!e && data.n) {
		if (!rd_take(&data, data.n < most ? data.n : most, &part))
			return ERR_BUG;
		e = (encrypt ? encrypt_part : decrypt_part)(c, key, iv, part, out, dl);
	}
	return e;
}

enum err hsm_aes_cmac(struct hsm_card *c, uint8_t key, struct rd data, uint8_t mac[AES_BLOCK], struct deadline *dl)
{
	struct wr w;

	if (!data.n || data.n > hsm_aes_part(c))
		return hsm_card_refuse(c, ERR_ARG);
	wr_init(&w, mac, AES_BLOCK);
	return run(c, key, HSM_AES_CMAC, data, AES_BLOCK, &w, dl);
}

enum err hsm_aes_derive(struct hsm_card *c, uint8_t key, struct rd parameter, struct wr *out, struct deadline *dl)
{
	if (!parameter.n || parameter.n > hsm_aes_part(c))
		return hsm_card_refuse(c, ERR_ARG);
	return run(c, key, HSM_AES_DERIVE, parameter, 0, out, dl);
}
