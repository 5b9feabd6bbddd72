/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/init.h"

#include "base/log.h"
#include "sc-hsm/ability.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/card_int.h"
#include "sc-hsm/domain.h"
#include "sc-hsm/file.h"
#include "sc-hsm/p15.h"
#include "sc-hsm/pin.h"

#define TRIES_DEFAULT 3
#define SHARES_MAX    255

static enum err check(const struct hsm_init *i, bool force)
{
	bool pka = i->total || i->required;

	if (pka && (i->total < 1 || i->total > PKA_CUSTODIANS_MAX || i->required < 1 || i->required > i->total))
		return ERR_ARG;
	if (!i->pin && !pka)
		return ERR_ARG;
	if (i->options & HSM_OPT_COMBINED && !(i->pin && pka))
		return ERR_ARG;
	if (i->options & (HSM_OPT_TRANSPORT_PIN | HSM_OPT_SESSION_PIN | HSM_OPT_RESET_ONLY) && !i->pin)
		return ERR_ARG;
	if (i->options & HSM_OPT_RESET_ONLY && !(i->options & HSM_OPT_RESET_RETRY))
		return ERR_ARG;
	if (i->dkek_shares > SHARES_MAX || i->domains > HSM_DOMAINS_MAX || (i->domains && i->dkek_shares >= 0))
		return ERR_ARG;
	if (!hsm_pin_size_is_valid(HSM_REF_SO, i->so_pin) ||
	    (i->pin && !hsm_pin_size_is_valid(HSM_REF_USER, i->pin)))
		return ERR_PIN_LENGTH;
	if (i->pin && i->pin_tries > hsm_pin_tries_max(secret_size(i->pin)))
		return ERR_ARG;
	/* With a PIN and without the option the PIN alone may open the card (public-key-authentication 1). */
	if (pka && i->pin && !(i->options & HSM_OPT_COMBINED) && !force)
		return ERR_REFUSED;
	return ERR_OK;
}

/* Reference 3.4. */
static void put_tlvs(struct wr *w, const struct hsm_init *i, uint16_t told)
{
	const uint8_t options[2] = { (uint8_t)(told >> 8), (uint8_t)told };
	const uint8_t quorum[2] = { (uint8_t)i->total, (uint8_t)i->required };

	wr_tlv(w, 0x80, RD_ARR(options));
	if (i->pin)
		wr_tlv(w, 0x81, secret_view(i->pin));
	wr_tlv(w, 0x82, secret_view(i->so_pin));
	if (i->pin)
		wr_tlv_u8(w, 0x91, (uint8_t)(i->pin_tries ? i->pin_tries : TRIES_DEFAULT));
	if (i->dkek_shares >= 0)
		wr_tlv_u8(w, 0x92, (uint8_t)i->dkek_shares);
	if (i->total)
		wr_tlv(w, 0x93, RD_ARR(quorum));
	if (i->domains)
		wr_tlv_u8(w, 0x97, (uint8_t)i->domains);
}

enum err hsm_card_label(struct hsm_card *c, struct rd label, struct deadline *dl)
{
	const struct p15_token token = { .label = label };
	struct wr file;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = p15_token_write(&token, &file);
	if (!e)
		e = hsm_file_write(c, HSM_EF_TOKENINFO, wr_view(&file), dl);
	wr_free(&file);
	return e;
}

/* Old cards may skip what they do not know (15.22): then this one is opened by less than was asked for. */
static enum err check_quorum(struct hsm_card *c, const struct hsm_init *i, struct deadline *dl)
{
	struct hsm_pka pka = { .total = 0 };
	enum err e;

	if (!i->total)
		return ERR_OK;
	e = hsm_pka_status(c, &pka, dl);
	if (e && e != ERR_INS && e != ERR_UNSUPPORTED)
		return e;
	return pka.total == i->total && pka.required == i->required ? ERR_OK : hsm_card_refuse(c, ERR_CONDITIONS);
}

/* A transport PIN does not open the card, nor does one that is only half of what is needed. Logged out afterwards. */
enum err hsm_init_label(struct hsm_card *c, const struct hsm_init *i, struct deadline *dl)
{
	enum err e;

	if (!i->label.n || !i->pin || i->options & HSM_OPT_TRANSPORT_PIN)
		return ERR_OK;
	e = hsm_pin_verify(c, HSM_REF_USER, i->pin, dl);
	if (!e)
		e = hsm_card_label(c, i->label, dl);
	if (e == ERR_AUTH && i->total) {
		log_line(LOG_CARD, LOG_INFO, "%s: label not written: the PIN alone does not open the card",
			 apdu_link_where(c->link));
		e = ERR_OK;
	}
	return e ? e : hsm_card_select(c, NULL, dl);
}

enum err hsm_card_initialize(struct hsm_card *c, const struct hsm_init *i, bool force, struct deadline *dl)
{
	struct wr tlvs, cmd;
	uint16_t told = 0;
	enum err e;

	wr_init_heap(&tlvs, APDU_DATA_MAX);
	e = check(i, force);
	if (!e)
		e = hsm_mode_options(&c->version, i->options, &told);
	if (!e && ((i->total && !hsm_can(&c->version, HSM_CAN_PKA)) ||
		   (i->domains && !hsm_can(&c->version, HSM_CAN_DOMAINS))))
		e = ERR_UNSUPPORTED;
	if (e) {
		(void)hsm_card_refuse(c, e);
		goto out;
	}
	put_tlvs(&tlvs, i, told);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_initialize(&cmd, wr_view(&tlvs));
	e = hsm_card_send(c, HSM_INITIALIZE, &cmd, NULL, dl);
	/* Open firmware stays logged in until the next SELECT, the vendor's is logged out; after it both are. */
	if (!e)
		e = hsm_card_select(c, NULL, dl);
	if (!e)
		e = check_quorum(c, i, dl);
	if (!e)
		e = hsm_init_label(c, i, dl);
out:
	wr_free(&tlvs);
	return e;
}
