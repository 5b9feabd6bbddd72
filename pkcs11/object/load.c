/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the card's files are read for its objects. */
#include "pkcs11/object/object.h"

#include "base/log.h"

/* Failures that concern one object, not the way to the card. */
static bool is_of_one(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_AUTH || e == ERR_LIMIT || e == ERR_FORMAT || e == ERR_UNSUPPORTED;
}

struct pair {                   /* a description and what it describes; kept from key to key for their memory */
	struct wr about, thing;
};

static enum err read_pair(struct hsm_card *card, uint16_t about, uint16_t thing, struct pair *p, struct deadline *dl)
{
	enum err e;

	wr_reset(&p->about);
	wr_reset(&p->thing);
	e = hsm_file_read(card, about, &p->about, dl);
	if (e)
		return e;
	e = hsm_file_read(card, thing, &p->thing, dl);
	/* open firmware does not list these files, so that only reading tells (reference 3.10) */
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err load_key(struct p11_objects *o, struct hsm_card *card, uint8_t key, struct pair *p, struct deadline *dl)
{
	enum err e = read_pair(card, HSM_FID(HSM_FID_PRKD, key), HSM_FID(HSM_FID_EE, key), p, dl);

	return e ? e : p11_objects_add_key(o, key, wr_view(&p->about), wr_view(&p->thing));
}

static enum err load_ca(struct p11_objects *o, struct hsm_card *card, uint8_t low, struct pair *p, struct deadline *dl)
{
	uint16_t fid = HSM_FID(HSM_FID_CA, low);
	enum err e = read_pair(card, HSM_FID(HSM_FID_CD, low), fid, p, dl);

	return e ? e : p11_objects_add_ca(o, fid, wr_view(&p->about), wr_view(&p->thing));
}

/* The path in the description leads to the data, whatever its number. That of a private object is not read here. */
static enum err load_data(struct p11_objects *o, struct hsm_card *card, uint8_t low, struct pair *p,
			  struct deadline *dl)
{
	struct p15_data d;
	enum err e;

	wr_reset(&p->about);
	wr_reset(&p->thing);
	e = hsm_file_read(card, HSM_FID(HSM_FID_DCOD, low), &p->about, dl);
	if (!e)
		e = p15_data_read(wr_view(&p->about), &d);
	if (!e && d.fid >> 8 == HSM_FID_DATA)
		e = hsm_file_read(card, d.fid, &p->thing, dl);
	else if (!e && d.fid >> 8 != HSM_FID_DATA_PRIVATE)
		e = ERR_FORMAT;
	return e ? e : p11_objects_add_data(o, low, wr_view(&p->about), wr_view(&p->thing), NULL);
}

static enum err left_out(enum err e, const char *what, unsigned low)
{
	if (!is_of_one(e))
		return e;
	log_line(LOG_P11, LOG_WARN, "%s%02X is left out: %s", what, low, err_text(e));
	return ERR_OK;
}

enum err p11_objects_load(struct p11_objects *o, struct hsm_card *card, struct rd devaut, struct deadline *dl)
{
	struct hsm_fids fids;
	struct pair p;
	enum err e;

	wr_init_heap(&p.about, FILE_SIZE_MAX);
	wr_init_heap(&p.thing, FILE_SIZE_MAX);
	p11_objects_clear(o);
	e = p11_objects_add_device(o, devaut);
	if (!e)
		e = hsm_file_list(card, &fids, dl);
	for (unsigned low = 0; !e && low <= 0xff; low++) {
		/* CC00 is the device key. A key without description is nobody's (reference 7.2). */
		if (low && hsm_fids_has(&fids, HSM_FID(HSM_FID_KEY, low)) &&
		    hsm_fids_has(&fids, HSM_FID(HSM_FID_PRKD, low)))
			e = load_key(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "key CC", low);
		if (!e && hsm_fids_has(&fids, HSM_FID(HSM_FID_CD, low)))
			e = load_ca(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "certificate CA", low);
		if (!e && hsm_fids_has(&fids, HSM_FID(HSM_FID_DCOD, low)))
			e = load_data(o, card, (uint8_t)low, &p, dl);
		e = left_out(e, "data C9", low);
	}
	wr_free(&p.about);
	wr_free(&p.thing);
	if (e)
		p11_objects_clear(o);
	else
		o->loaded = true;
	return e;
}
