/* SPDX-License-Identifier: Apache-2.0 */
/* A new card: its device key, the certificate of it, nothing else. */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cvc.h"
#include "base/log.h"
#include "base/rand.h"
#include "test/vcard/pki.h"
#include "test/vcard/vcard.h"

/* UTVC, seven digits, sequence 00000: no name of a real card begins like that. */
static enum err random_id(struct vcard_chr *out)
{
	uint8_t r[7], text[16];
	struct wr w;
	enum err e = rand_bytes(r, sizeof(r));

	if (e)
		return e;
	WR_ARR(&w, text);
	wr_text(&w, "UTVC");
	for (size_t i = 0; i < sizeof(r); i++)
		wr_u8(&w, '0' + r[i] % 10);
	wr_text(&w, "00000");
	e = wr_done(&w);
	return e ? e : vcard_chr_set(out, wr_view(&w)) ? ERR_OK : ERR_BUG;
}

static enum err set_id(const char *wish, struct vcard_chr *out)
{
	if (!wish)
		return random_id(out);
	if (!cvc_reference_is_valid(rd_str(wish)) || !vcard_chr_set(out, rd_str(wish))) {
		log_tell("device id: two capitals, then 6 to 18 letters or digits, as UTVC012345600000");
		return ERR_ARG;
	}
	return ERR_OK;
}

static enum err set_chain(const struct vcard_spec *spec, struct vcard_state *s)
{
	struct vcard_pki pki;
	struct wr path;
	enum err e;

	wr_init_heap(&path, PATH_MAX);
	wr_printf(&path, "%s/pki", spec->dir);
	e = wr_done(&path);
	if (!e)
		e = vcard_pki_open(spec->pki ? spec->pki : wr_cstr(&path), &pki);
	wr_free(&path);
	if (e)
		return e;
	wr_put(&s->root, wr_view(&pki.root_cvc));
	e = vcard_pki_device(&pki, vcard_chr_view(&s->id), s->device, &s->devaut);
	vcard_pki_close(&pki);
	return e ? e : wr_done(&s->root);
}

enum err vcard_create(const struct vcard_spec *spec)
{
	const char *name = spec->profile ? spec->profile : vcard_profile_at(0)->name;
	const struct vcard_profile *profile = vcard_profile_find(name);
	struct vcard_state *s = NULL;
	enum err e;

	if (!profile) {
		log_tell("there is no profile \"%s\"", name);
		return ERR_ARG;
	}
	if (mkdir(spec->dir, 0700) && errno != EEXIST)
		return ERR_IO;
	e = vcard_state_new(profile, &s);
	if (!e)
		e = set_id(spec->id, &s->id);
	if (!e)
		e = ec_key_generate(profile->device_curve, &s->device);
	if (!e)
		e = profile->chain ? set_chain(spec, s) : vcard_pki_self(vcard_chr_view(&s->id), s->device, &s->devaut);
	if (!e)
		e = vcard_state_save(s, spec->dir, true);
	vcard_state_free(&s);
	return e;
}
