/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the card in a reader: whether there is one, which, and in what state. */
#include <string.h>

#include "apdu/others.h"
#include "base/log.h"
#include "pkcs11/module/readers.h"
#include "pkcs11/module/token_int.h"
#include "sc-hsm/file.h"
#include "sc-hsm/p15.h"
#include "sc-hsm/pin.h"

#define DEFAULT_LABEL RD_LIT("SmartCard-HSM")
#define DEFAULT_MANUFACTURER RD_LIT("www.CardContact.de")

/* At most size - 1 bytes, cut before a UTF-8 character that does not fit. */
static void keep_text(char *out, size_t size, struct rd text)
{
	size_t n = text.n < size ? text.n : size - 1;

	while (n < text.n && n > 0 && (text.p[n] & 0xC0) == 0x80)
		n--;
	if (n)
		memcpy(out, text.p, n);
	out[n] = 0;
}

/* The device certificate of the card, a view into w. */
static enum err read_device(struct p11_token *t, struct wr *w, struct cvc *device, struct deadline *dl)
{
	struct cvc issuer;
	bool has_issuer;
	enum err e = hsm_file_devaut(t->card, w, dl);

	return e ? e : cvc_devaut_read(wr_view(w), device, &issuer, &has_issuer);
}

static enum err read_identity(struct p11_token *t, struct deadline *dl)
{
	struct cvc device;
	enum err e;

	wr_reset(&t->devaut);
	e = read_device(t, &t->devaut, &device, dl);
	if (!e) {
		keep_text(t->device_id, sizeof(t->device_id), hsm_device_id(&device));
		keep_text(t->serial, sizeof(t->serial), hsm_device_serial(&device));
	}
	return e;
}

enum err p11_token_check_identity(struct p11_token *t, struct deadline *dl)
{
	struct cvc device;
	struct wr w;
	enum err e;

	wr_init_heap(&w, 2 * CVC_MAX);
	e = read_device(t, &w, &device, dl);
	if (!e && !rd_eq_str(hsm_device_id(&device), t->device_id))
		e = ERR_REMOVED;
	wr_free(&w);
	return e;
}

static enum err read_label(struct p11_token *t, struct deadline *dl)
{
	struct p15_token info = { DEFAULT_LABEL, DEFAULT_MANUFACTURER, RD_NONE };
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = hsm_file_read(t->card, HSM_EF_TOKENINFO, &w, dl);
	if (!e && p15_token_read(wr_view(&w), &info) != ERR_OK)
		log_line(LOG_P11, LOG_WARN, "card %s: its token information cannot be read", t->device_id);
	keep_text(t->label, sizeof(t->label), info.label.n ? info.label : DEFAULT_LABEL);
	keep_text(t->manufacturer, sizeof(t->manufacturer),
		  info.manufacturer.n ? info.manufacturer : DEFAULT_MANUFACTURER);
	wr_free(&w);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err p11_token_read_status(struct p11_token *t, const struct hsm_version *v, struct deadline *dl)
{
	struct hsm_status s;
	enum err e = hsm_card_status(t->card, v, &s, dl);

	if (!e)
		t->status = s;
	return e;
}

/* The version of a card that is not to be selected; the options remain unknown (reference 1.6). */
static void read_version(struct p11_token *t, struct hsm_version *v, struct deadline *dl)
{
	struct hsm_about about;

	if (hsm_card_about(t->card, &about, dl) == ERR_OK) {
		v->major = about.major;
		v->minor = about.minor;
	}
}

/*
 * Once per card. A card on which somebody is logged in is not selected; then its options are not known, and its mode is
 * a guess until the next login, which asks again.
 */
static enum err identify(struct p11_token *t, struct deadline *dl)
{
	struct hsm_version v = { .options = 0 };
	enum err e;
	bool in_use = p11_token_ask_status(t, &e, dl) == APDU_SW_OK;

	if (p11_is_of_link(e))
		return e;
	t->options_known = !in_use || read_identity(t, dl) != ERR_OK;
	if (t->options_known) {
		e = hsm_card_select(t->card, &v, dl);
		if (!e)
			e = read_identity(t, dl);
		if (e)
			return p11_is_of_link(e) ? e : ERR_NO_CARD;
	} else {
		read_version(t, &v, dl);
		hsm_card_know_version(t->card, &v);
	}
	t->awake = true;
	e = read_label(t, dl);
	return e ? e : p11_token_read_status(t, &v, dl);
}

static enum err meet(struct p11_token *t)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_link(t, &dl);

	if (!e) {
		t->has_pad = hsm_pin_has_pad(t->card);
		e = identify(t, &dl);
		apdu_link_end(hsm_card_link(t->card));
	}
	/* Nobody has a session yet: let others have the reader. */
	hsm_card_free(&t->card, false);
	t->awake = false;
	return e;
}

static void tell_held(struct p11_token *t)
{
	char who[APDU_OTHERS_MAX];

	if (t->told)
		return;
	log_tell("reader %s: another program holds the card, so it cannot be used here; %s", t->reader,
		 apdu_others(who, sizeof(who)));
	t->told = true;
}

enum err p11_token_see(struct p11_token *t, const struct apdu_reader *r)
{
	enum err e;

	/* The login's own thread looks after the card. */
	if (t->login == P11_PENDING)
		return t->is_hsm ? ERR_OK : ERR_NO_CARD;
	/* An agent in the place of one that is gone may count its events alike. */
	if (p11_token_is_by_agent(t) && p11_is_gone(apdu_link_present(hsm_card_link(t->card))))
		p11_token_drop(t);
	if (!r || !r->has_card || r->events != t->events) {
		if (t->known || t->card)
			p11_token_drop(t);
		t->told = false;
	}
	if (!r)
		return ERR_NO_READER;
	t->events = r->events;
	if (!r->has_card)
		return ERR_NO_CARD;
	if (t->known)
		return t->is_hsm ? ERR_OK : ERR_NO_CARD;

	e = meet(t);
	if (e == ERR_SHARING)
		tell_held(t);
	if (e && e != ERR_NO_CARD) {
		log_line(LOG_P11, LOG_WARN, "reader %s: %s", t->reader, err_text(e));
		return e;
	}
	t->known = true;
	t->is_hsm = !e;
	return e;
}

enum err p11_token_look(struct p11_token *t)
{
	struct apdu_readers now;
	enum err e = p11_readers_list(t->conf, &now);

	if (e)
		return e;
	for (size_t i = 0; i < now.n; i++)
		if (rd_eq_str(rd_str(now.v[i].name), t->reader))
			return p11_token_see(t, &now.v[i]);
	return p11_token_see(t, NULL);
}

enum err p11_token_check(struct p11_token *t)
{
	enum err e;

	if (t->login == P11_PENDING)
		return ERR_OK;
	if (!t->card)
		return p11_token_look(t);
	e = apdu_link_present(hsm_card_link(t->card));
	if (p11_is_gone(e)) {
		p11_token_drop(t);
		return ERR_REMOVED;
	}
	if (e == ERR_RESET) {
		t->awake = false;
		p11_token_lose_login(t, "somebody reset the card");
	}
	return ERR_OK;
}
