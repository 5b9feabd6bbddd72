/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the card's files are read for its objects. */
#include "pkcs11/object/object.h"

#include "base/log.h"
#include "pkcs11/object/cache.h"

/* Failures that concern one object, not the way to the card. */
static bool is_of_one(enum err e)
{
	return e == ERR_NOT_FOUND || e == ERR_AUTH || e == ERR_LIMIT || e == ERR_FORMAT || e == ERR_UNSUPPORTED;
}

struct source {                 /* where files come from, and what has come of it for one object */
	struct p11_files *files;
	struct hsm_card *card;
	struct deadline *dl;
	bool old;
};

static enum err get(struct source *s, uint16_t fid, struct rd *out)
{
	return p11_files_get(s->files, s->card, fid, out, &s->old, s->dl);
}

static enum err get_pair(struct source *s, uint16_t about, uint16_t thing, struct rd *description, struct rd *content)
{
	enum err e = get(s, about, description);

	if (e)
		return e;
	e = get(s, thing, content);
	/* open firmware does not list these files, so that only reading tells (reference 3.10) */
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err load_key(struct p11_objects *o, struct source *s, uint8_t key)
{
	struct rd prkd, ee;
	enum err e = get_pair(s, HSM_FID(HSM_FID_PRKD, key), HSM_FID(HSM_FID_EE, key), &prkd, &ee);

	return e ? e : p11_objects_add_key(o, key, prkd, ee);
}

static enum err load_ca(struct p11_objects *o, struct source *s, uint8_t low)
{
	uint16_t fid = HSM_FID(HSM_FID_CA, low);
	struct rd cd, der;
	enum err e = get_pair(s, HSM_FID(HSM_FID_CD, low), fid, &cd, &der);

	return e ? e : p11_objects_add_ca(o, fid, cd, der);
}

/* The path in the description leads to the data, whatever its number. That of a private object is not read here. */
static enum err load_data(struct p11_objects *o, struct source *s, uint8_t low)
{
	struct rd dcod, value = RD_NONE;
	struct p15_data d;
	enum err e = get(s, HSM_FID(HSM_FID_DCOD, low), &dcod);

	if (!e)
		e = p15_data_read(dcod, &d);
	if (!e && d.fid >> 8 == HSM_FID_DATA)
		e = get(s, d.fid, &value);
	else if (!e && d.fid >> 8 != HSM_FID_DATA_PRIVATE)
		e = ERR_FORMAT;
	return e ? e : p11_objects_add_data(o, low, dcod, value, NULL);
}

static enum err left_out(enum err e, const char *what, unsigned low)
{
	if (!is_of_one(e))
		return e;
	log_line(LOG_P11, LOG_WARN, "%s%02X is left out: %s", what, low, err_text(e));
	return ERR_OK;
}

static const struct kind {
	uint8_t needs[2];               /* files with this number, without which there is none; 0: nothing */
	enum err (*load)(struct p11_objects *o, struct source *s, uint8_t low);
	const char *what;
	unsigned first;
} kinds[] = {
	/* CC00 is the device key. A key without description is nobody's (reference 7.2). */
	{ { HSM_FID_KEY, HSM_FID_PRKD }, load_key, "key CC", 1 },
	{ { HSM_FID_CD }, load_ca, "certificate CA", 0 },
	{ { HSM_FID_DCOD }, load_data, "data C9", 0 },
};

static enum err load_one(struct p11_objects *o, struct source *s, const struct kind *k, unsigned low)
{
	const struct hsm_fids *fids = &s->files->fids;
	size_t before = o->n;
	enum err e;

	if (low < k->first || !hsm_fids_has(fids, HSM_FID(k->needs[0], low)) ||
	    (k->needs[1] && !hsm_fids_has(fids, HSM_FID(k->needs[1], low))))
		return ERR_OK;
	s->old = false;
	e = k->load(o, s, (uint8_t)low);
	for (size_t i = before; s->old && i < o->n; i++)
		o->v[i]->trust = P11_DOUBTED;
	return left_out(e, k->what, low);
}

static enum err load_all(struct p11_objects *o, struct source *s, struct rd devaut, bool cache)
{
	enum err e = p11_objects_add_device(o, devaut);

	if (!e)
		e = hsm_file_list(s->card, &s->files->fids, s->dl);
	if (!e && cache)
		p11_cache_read(devaut, s->files);
	for (unsigned low = 0; !e && low <= 0xff; low++)
		for (size_t i = 0; !e && i < sizeof(kinds) / sizeof(kinds[0]); i++)
			e = load_one(o, s, &kinds[i], low);
	if (!e && cache && s->files->news)
		p11_cache_write(devaut, s->files);
	return e;
}

enum err p11_objects_load(struct p11_objects *o, struct hsm_card *card, struct rd devaut, bool cache,
			  struct deadline *dl)
{
	struct source s = { .card = card, .dl = dl };
	enum err e = p11_files_new(&s.files);

	p11_objects_clear(o);
	if (!e)
		e = load_all(o, &s, devaut, cache);
	p11_files_free(&s.files);
	if (e)
		p11_objects_clear(o);
	else
		o->loaded = true;
	return e;
}

static enum err compare(struct hsm_card *card, uint16_t fid, struct rd want, bool whole, struct deadline *dl)
{
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = hsm_file_read(card, fid, &w, dl);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	if (!e && !rd_eq(whole ? wr_view(&w) : p11_object_content(wr_view(&w)), want))
		e = ERR_NOT_FOUND;
	wr_free(&w);
	return e;
}

enum err p11_objects_compare(const struct p11_object *obj, struct hsm_card *card, struct deadline *dl)
{
	enum err e = compare(card, obj->about, obj->about_file, true, dl);

	if (!e && !(obj->class == CKO_DATA && obj->is_private))
		e = compare(card, obj->fid, obj->file, obj->class == CKO_DATA, dl);
	return e;
}
