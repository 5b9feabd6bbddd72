/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/domain.h"

#include <string.h>

#include "base/crypto_digest.h"
#include "sc-hsm/card_int.h"

enum { NO_PLACE = 0x6A86, NOTHING_THERE = 0x6A88, NO_DOMAINS = 0x6D00 };

/*
 * Shares, missing ones, check value, and of an XKEK whose domain it is. What the first two say of an XKEK is not known
 * of every card, so it is ready when it has a check value.
 */
enum err hsm_dec_domain(struct rd r, struct hsm_domain *out)
{
	struct hsm_domain d = { .kind = HSM_DOMAIN_DKEK };
	struct rd kcv, uid = RD_NONE;

	if (!rd_u8(&r, &d.shares) || !rd_u8(&r, &d.missing) || !rd_take(&r, HSM_KCV_SIZE, &kcv) ||
	    (r.n && !rd_take(&r, HSM_UID_SIZE, &uid)) || !rd_end(&r))
		return ERR_FORMAT;
	d.is_ready = d.missing == 0 && !rd_is_zero(kcv);
	if (uid.n) {
		d.kind = HSM_DOMAIN_XKEK;
		d.shares = d.missing = 0;
		d.is_ready = !rd_is_zero(kcv);
		memcpy(d.uid, uid.p, HSM_UID_SIZE);
	}
	if (d.is_ready)
		memcpy(d.kcv, kcv.p, HSM_KCV_SIZE);
	*out = d;
	return ERR_OK;
}

enum err hsm_domain_status(struct hsm_card *c, uint8_t domain, struct hsm_domain *out, struct deadline *dl)
{
	struct wr cmd, data;
	uint16_t sw = 0;
	enum err e;

	*out = (struct hsm_domain){ .kind = HSM_DOMAIN_NONE };
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&data, APDU_RSP_MAX);
	hsm_enc_domain_status(&cmd, domain);
	e = hsm_card_ask(c, HSM_DOMAIN_STATUS, &cmd, &data, &sw, dl);
	if (!e && sw == NOTHING_THERE)
		out->kind = HSM_DOMAIN_EMPTY;
	else if (!e && sw != NO_PLACE && sw != NO_DOMAINS)
		e = hsm_sw_err(hsm_cmd_get(HSM_DOMAIN_STATUS), sw, &c->detail);
	if (!e && sw == APDU_SW_OK)
		e = hsm_dec_domain(wr_view(&data), out);
	wr_free(&data);
	return e;
}

enum err hsm_domain_list(struct hsm_card *c, struct hsm_domain out[HSM_DOMAINS_MAX], size_t *n, struct deadline *dl)
{
	enum err e;

	for (*n = 0; *n < HSM_DOMAINS_MAX; (*n)++) {
		e = hsm_domain_status(c, (uint8_t)*n, &out[*n], dl);
		if (e || out[*n].kind == HSM_DOMAIN_NONE)
			return e;
	}
	return ERR_OK;
}

/* A status is answered. */
static enum err manage(struct hsm_card *c, enum hsm_domain_use use, uint8_t domain, struct rd data,
		       struct hsm_domain *out, struct deadline *dl)
{
	struct hsm_domain unused;
	struct wr cmd, answer;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&answer, APDU_RSP_MAX);
	hsm_enc_domain(&cmd, use, domain, data);
	e = hsm_card_send(c, HSM_KEY_DOMAIN, &cmd, &answer, dl);
	if (!e)
		e = hsm_dec_domain(wr_view(&answer), out ? out : &unused);
	wr_free(&answer);
	return e;
}

enum err hsm_domain_create(struct hsm_card *c, uint8_t domain, uint8_t shares, struct deadline *dl)
{
	return shares ? manage(c, HSM_DOMAIN_CREATE, domain, rd_of(&shares, 1), NULL, dl) : hsm_card_refuse(c, ERR_ARG);
}

enum err hsm_domain_import(struct hsm_card *c, uint8_t domain, const struct secret *share, struct hsm_domain *out,
			   struct deadline *dl)
{
	if (secret_size(share) != HSM_SHARE_SIZE)
		return hsm_card_refuse(c, ERR_ARG);
	return manage(c, HSM_DOMAIN_IMPORT, domain, secret_view(share), out, dl);
}

/* Open firmware says "not found" of a domain that it has just deleted (reference 6.2): so it is looked at. */
enum err hsm_domain_delete(struct hsm_card *c, uint8_t domain, struct deadline *dl)
{
	struct hsm_domain d;
	struct wr cmd;
	enum err e;

	e = hsm_domain_status(c, domain, &d, dl);
	if (!e && (d.kind == HSM_DOMAIN_NONE || d.kind == HSM_DOMAIN_EMPTY))
		return hsm_card_refuse(c, ERR_NOT_FOUND);
	if (e)
		return e;
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_domain_delete(&cmd, domain);
	e = hsm_card_send(c, HSM_DOMAIN_DELETE, &cmd, NULL, dl);
	if (e == ERR_NOT_FOUND) {
		e = hsm_domain_status(c, domain, &d, dl);
		if (!e && d.kind != HSM_DOMAIN_EMPTY)
			e = hsm_card_refuse(c, ERR_NOT_FOUND);
	}
	return e;
}

enum err hsm_domain_forget(struct hsm_card *c, uint8_t domain, struct deadline *dl)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_domain_forget(&cmd, domain);
	return hsm_card_send(c, HSM_DOMAIN_FORGET, &cmd, NULL, dl);
}

enum err hsm_domain_check_value(struct rd kek, uint8_t kcv[HSM_KCV_SIZE])
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(kek, hash);

	if (!e)
		memcpy(kcv, hash, HSM_KCV_SIZE);
	wipe(hash, sizeof(hash));
	return e;
}
