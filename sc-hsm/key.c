/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/key.h"

#include <string.h>

#include "sc-hsm/ability.h"
#include "sc-hsm/card_int.h"

/* TR-03110 part 3, A.1.1.3 and D.3: id-TA-ECDSA-SHA-256 and id-TA-RSA-v1-5-SHA-256 */
static const uint8_t oid_ecdsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02, 0x03 };
static const uint8_t oid_rsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01, 0x02 };
static const uint8_t f4[] = { 0x01, 0x00, 0x01 };

static void put_u16(struct wr *w, uint32_t tag, unsigned v)
{
	const uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	wr_tlv(w, tag, RD_ARR(bytes));
}

static enum err put_ec(struct wr *w, enum ec_curve curve)
{
	const struct ec_domain *d = ec_domain_get(curve);

	if (!d)
		return ERR_UNSUPPORTED;
	wr_tlv(w, 0x06, RD_ARR(oid_ecdsa));
	wr_tlv(w, 0x81, d->p);
	wr_tlv(w, 0x82, d->a);
	wr_tlv(w, 0x83, d->b);
	wr_tlv(w, 0x84, d->g);
	wr_tlv(w, 0x85, d->n);
	wr_tlv_u8(w, 0x87, d->h);
	return ERR_OK;
}

static enum err put_rsa(struct wr *w, const struct hsm_keygen *g)
{
	if (g->rsa_bits < 1024 || g->rsa_bits > 4096 || g->rsa_bits % 8)
		return ERR_ARG;
	wr_tlv(w, 0x06, RD_ARR(oid_rsa));
	wr_tlv(w, 0x82, g->exponent.n ? g->exponent : RD_ARR(f4));
	put_u16(w, 0x02, g->rsa_bits);
	return ERR_OK;
}

enum err hsm_key_put_attributes(struct wr *w, uint32_t counter, struct rd algorithms, uint8_t domain)
{
	const uint8_t bytes[4] = {
		(uint8_t)(counter >> 24), (uint8_t)(counter >> 16), (uint8_t)(counter >> 8), (uint8_t)counter,
	};

	if (algorithms.n > HSM_ALGORITHMS_MAX)
		return ERR_ARG;
	if (counter)
		wr_tlv(w, 0x90, RD_ARR(bytes));
	if (algorithms.n)
		wr_tlv(w, 0x91, algorithms);
	if (domain)
		wr_tlv_u8(w, 0x92, domain);
	return wr_done(w);
}

/* Reference 3.11; hosts send exactly this order. */
static enum err put_template(struct wr *w, const struct hsm_keygen *g)
{
	size_t mark;
	enum err e;

	if (g->key == 0 || g->chr.n < CHR_MIN || g->chr.n > CHR_MAX)
		return ERR_ARG;
	if (g->car.n && (g->car.n < CHR_MIN || g->car.n > CHR_MAX))
		return ERR_ARG;
	wr_tlv_u8(w, 0x5F29, 0);
	if (g->car.n)
		wr_tlv(w, 0x42, g->car);
	mark = wr_tlv_open(w, 0x7F49);
	e = g->curve == EC_NONE ? put_rsa(w, g) : put_ec(w, g->curve);
	if (e)
		return e;
	wr_tlv_close(w, mark);
	wr_tlv(w, 0x5F20, g->chr);
	return hsm_key_put_attributes(w, g->use_counter, g->algorithms, g->domain);
}

/* Appended to request; what is none is ERR_FORMAT. */
static enum err send_for_request(struct hsm_card *c, enum hsm_op op, struct wr *cmd, struct wr *request,
				 struct deadline *dl)
{
	size_t before = request->n;
	enum err e = hsm_card_send(c, op, cmd, request, dl);

	return !e && rd_tlv_peek(rd_of(request->p + before, request->n - before)) != 0x67 ? ERR_FORMAT : e;
}

/* What an old card would refuse with a word that says nothing of it. */
static enum err may_make(const struct hsm_version *v, const struct hsm_keygen *g)
{
	const struct ec_domain *d = g->curve == EC_NONE ? NULL : ec_domain_get(g->curve);
	bool is_large = d ? d->bits > HSM_SMALL_EC : g->rsa_bits > HSM_SMALL_RSA;
	bool is_limited = g->use_counter || g->algorithms.n || g->domain;

	if ((is_large && !hsm_can(v, HSM_CAN_LARGE_KEYS)) || (is_limited && !hsm_can(v, HSM_CAN_LIMITS)))
		return ERR_UNSUPPORTED;
	return ERR_OK;
}

enum err hsm_key_generate(struct hsm_card *c, const struct hsm_keygen *g, struct wr *request, struct deadline *dl)
{
	struct wr template, cmd;
	enum err e;

	wr_init_heap(&template, APDU_DATA_MAX);
	e = may_make(&c->version, g);
	if (!e)
		e = put_template(&template, g);
	if (e) {
		(void)hsm_card_refuse(c, e);
		goto out;
	}
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_generate_pair(&cmd, g->key, wr_view(&template));
	e = send_for_request(c, HSM_GENERATE_PAIR, &cmd, request, dl);
out:
	wr_free(&template);
	return e;
}

enum err hsm_key_derive(struct hsm_card *c, uint8_t from, uint8_t to, struct rd parameter, struct wr *request,
			struct deadline *dl)
{
	struct wr cmd;

	if (!hsm_can(&c->version, HSM_CAN_DERIVE))
		return hsm_card_refuse(c, ERR_UNSUPPORTED);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_derive_ec(&cmd, from, to, parameter);
	return send_for_request(c, HSM_DERIVE_EC, &cmd, request, dl);
}

/* The files of a key; the key itself is the first. */
static const uint8_t kinds[] = { HSM_FID_KEY, HSM_FID_PRKD, HSM_FID_EE };

enum err hsm_key_free_number(struct hsm_card *c, uint8_t *key, struct deadline *dl)
{
	return hsm_file_free_number(c, RD_ARR(kinds), 1, key, dl);      /* 0 is the device's own */
}

enum err hsm_key_delete(struct hsm_card *c, uint8_t key, struct deadline *dl)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < sizeof(kinds) && !e; i++) {
		e = hsm_file_delete(c, HSM_FID(kinds[i], key), dl);
		if (e == ERR_NOT_FOUND && i)
			e = ERR_OK;
	}
	return e;
}

enum err hsm_key_sign(struct hsm_card *c, uint8_t key, enum hsm_alg alg, struct rd data, struct wr *sig,
		      struct deadline *dl)
{
	size_t before = sig->n;
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_sign(&cmd, key, alg, data);
	e = hsm_card_send(c, HSM_SIGN, &cmd, sig, dl);
	if (!e && sig->n == before)
		e = ERR_FORMAT;
	return e;
}

static enum err decipher(struct hsm_card *c, uint8_t key, enum hsm_decipher alg, struct rd data, struct wr *out,
			 struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_decipher(&cmd, key, alg, data);
	return hsm_card_send(c, HSM_DECIPHER, &cmd, out, dl);
}

enum err hsm_key_decrypt(struct hsm_card *c, uint8_t key, struct rd ciphertext, struct wr *block, struct deadline *dl)
{
	size_t before = block->n;
	enum err e = decipher(c, key, HSM_RSA_DECRYPT, ciphertext, block, dl);

	return !e && block->n - before != ciphertext.n ? ERR_FORMAT : e;
}

/* 04 || x || y to x, in the full size of the field. Open firmware answers without y (reference 3.14). */
static enum err take_x(struct rd point, size_t size, struct wr *x)
{
	if ((point.n != 1 + 2 * size && point.n != 1 + size) || point.p[0] != 0x04)
		return ERR_FORMAT;
	wr_put(x, rd_of(point.p + 1, size));
	return wr_done(x);
}

enum err hsm_key_agree(struct hsm_card *c, uint8_t key, struct rd peer, struct wr *x, struct deadline *dl)
{
	struct wr point;
	enum err e;

	wr_init_heap(&point, EC_POINT_MAX);
	e = decipher(c, key, HSM_ECDH, peer, &point, dl);
	if (!e)
		e = take_x(wr_view(&point), peer.n / 2, x);
	wr_free(&point);
	return e;
}

enum err hsm_decipher_request(struct hsm_card *c, uint8_t key, enum hsm_decipher alg, const struct hsm_proof *peer,
			      struct wr *out, struct deadline *dl)
{
	struct wr cmd;
	enum err e = hsm_auth_choose(c, peer, dl);

	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_decipher(&cmd, key, alg, peer->request->content);
	if (hsm_card_fits(c, &cmd))
		return hsm_card_send(c, HSM_DECIPHER, &cmd, out, dl);
	wr_reset(&cmd);
	hsm_enc_decipher(&cmd, key, alg, RD_NONE);
	return hsm_card_send_by_file(c, HSM_DECIPHER_FILE, &cmd, peer->request->content, out, dl);
}

enum err hsm_key_agree_proved(struct hsm_card *c, uint8_t key, const struct hsm_proof *peer, struct wr *x,
			      struct deadline *dl)
{
	struct wr point;
	enum err e;

	wr_init_heap(&point, EC_POINT_MAX);
	e = hsm_decipher_request(c, key, HSM_ECDH_PROVED, peer, &point, dl);
	if (!e)
		e = take_x(wr_view(&point), peer->request->inner.key.q.n / 2, x);
	wr_free(&point);
	return e;
}

/*
 * The value of A5, wherever in the FCI: the order of the others is not known. Open firmware writes a length below 128
 * as two bytes (reference 1.4), which rd_tlv refuses.
 */
static bool find_attributes(struct rd fci, struct rd *out)
{
	struct rd look, skipped;
	uint32_t tag;
	uint8_t b;

	while (fci.n > 0) {
		look = fci;
		if (rd_u8(&look, &b) && b == 0xA5 && rd_u8(&look, &b) && b == 0x81 && rd_u8(&look, &b))
			return rd_take(&look, b, out);
		if (rd_tlv(&fci, 0xA5, out))
			return true;
		if (!rd_tlv_any(&fci, &tag, NULL, &skipped))
			return false;
	}
	return false;
}

static void read_attributes(struct rd a, struct hsm_key_attributes *out)
{
	struct rd value;

	if (rd_tlv_find(a, 0x90, &value))
		out->has_counter = rd_uint(value, &out->counter);
	if (rd_tlv_find(a, 0x91, &value) && value.n && value.n <= sizeof(out->algorithms)) {
		memcpy(out->algorithms, value.p, value.n);
		out->n = value.n;
	}
	if (rd_tlv_find(a, 0x92, &value) && value.n == 1)
		out->domain = value.p[0];
}

enum err hsm_key_attributes(struct hsm_card *c, uint8_t key, struct hsm_key_attributes *out, struct deadline *dl)
{
	struct rd r, fci, attributes;
	struct wr cmd, data;
	enum err e;

	*out = (struct hsm_key_attributes){ .n = 0 };
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&data, APDU_RSP_MAX);
	hsm_enc_select_file(&cmd, HSM_FID(HSM_FID_KEY, key));
	e = hsm_card_send(c, HSM_SELECT_FILE, &cmd, &data, dl);
	r = wr_view(&data);
	if (!e && rd_tlv(&r, 0x6F, &fci) && find_attributes(fci, &attributes))
		read_attributes(attributes, out);
	wr_free(&data);
	return e;
}

enum err hsm_key_counter(struct hsm_card *c, uint8_t key, bool *has, uint32_t *left, struct deadline *dl)
{
	struct hsm_key_attributes a;
	enum err e = hsm_key_attributes(c, key, &a, dl);

	*has = a.has_counter;
	*left = a.counter;
	return e;
}
