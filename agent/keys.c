/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keys.h"

#include <string.h>

#include "base/log.h"
#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"

void agent_keys_init(struct agent_keys *k)
{
	memset(k, 0, sizeof(*k));
	wr_init_heap(&k->devaut, FILE_SIZE_MAX);
	for (size_t i = 0; i < KEYS_MAX; i++)
		for (size_t f = 0; f < 2; f++)
			wr_init_heap(&k->kept[i][f], FILE_SIZE_MAX);
}

void agent_keys_fini(struct agent_keys *k)
{
	wr_free(&k->devaut);
	for (size_t i = 0; i < KEYS_MAX; i++)
		for (size_t f = 0; f < 2; f++)
			wr_free(&k->kept[i][f]);
	k->n = 0;
}

/* A file that is not there is empty; one that only a login may read is left out. */
static enum err read_file(struct hsm_card *card, uint16_t fid, struct wr *out, struct deadline *dl)
{
	enum err e;

	wr_reset(out);
	e = hsm_file_read(card, fid, out, dl);
	return e == ERR_NOT_FOUND || e == ERR_AUTH ? ERR_OK : e;
}

static enum err read_identity(struct agent_keys *k, struct hsm_card *card, struct deadline *dl)
{
	struct cvc device, issuer;
	bool has_issuer;
	struct rd id;
	enum err e;

	wr_reset(&k->devaut);
	e = hsm_file_devaut(card, &k->devaut, dl);
	if (!e)
		e = cvc_devaut_read(wr_view(&k->devaut), &device, &issuer, &has_issuer);
	if (e == ERR_NOT_FOUND || e == ERR_FORMAT)
		return ERR_NO_CARD;
	if (e)
		return e;
	id = hsm_device_id(&device);
	if (id.n > CHR_MAX)
		return ERR_NO_CARD;
	memcpy(k->device_id, id.p, id.n);
	k->device_id[id.n] = 0;
	return ERR_OK;
}

static enum err read_key(struct agent_keys *k, uint8_t number, struct hsm_card *card, struct deadline *dl)
{
	struct wr *about = &k->kept[k->n][0], *ee = &k->kept[k->n][1];
	struct p15_key p = { .bits = 0 };
	enum err e = read_file(card, HSM_FID(HSM_FID_PRKD, number), about, dl);

	if (!e)
		e = read_file(card, HSM_FID(HSM_FID_EE, number), ee, dl);
	if (e)
		return e;
	if (about->n && p15_key_read(wr_view(about), &p))
		log_line(LOG_AGENT, LOG_WARN, "card %s: the description of key %u cannot be read", k->device_id,
			 number);
	k->v[k->n++] = (struct receipt_key){ .key = number, .label = p.label, .id = p.id, .attestation = wr_view(ee) };
	return ERR_OK;
}

/* Everything else that clients read, so that it is answered from memory while people are asked. */
static enum err read_rest(struct hsm_card *card, const struct hsm_fids *fids, struct deadline *dl)
{
	static const uint8_t rest[] = { HSM_FID_PRKD, HSM_FID_CD, HSM_FID_DCOD, HSM_FID_CA, HSM_FID_EE, HSM_FID_DATA };
	enum err e = ERR_OK;
	struct wr w;

	wr_init_heap(&w, FILE_SIZE_MAX);
	for (size_t i = 0; i < fids->n && !e; i++)
		if (memchr(rest, fids->v[i] >> 8, sizeof(rest)))
			e = read_file(card, fids->v[i], &w, dl);
	if (!e)
		e = read_file(card, HSM_EF_TOKENINFO, &w, dl);
	wr_free(&w);
	return e;
}

enum err agent_keys_read(struct agent_keys *k, struct hsm_card *card, struct deadline *dl)
{
	struct hsm_fids list;
	enum err e = read_identity(k, card, dl);

	k->n = 0;
	if (!e)
		e = hsm_file_list(card, &list, dl);
	for (size_t i = 0; !e && i < list.n; i++)
		if (list.v[i] >> 8 == HSM_FID_KEY && (list.v[i] & 0xFF) && k->n < KEYS_MAX)
			e = read_key(k, (uint8_t)list.v[i], card, dl);
	return e ? e : read_rest(card, &list, dl);
}

void agent_keys_count(struct agent_keys *k, struct hsm_card *card, struct deadline *dl)
{
	for (size_t i = 0; i < k->n; i++)
		if (hsm_key_counter(card, k->v[i].key, &k->v[i].has_counter, &k->v[i].counter, dl))
			k->v[i].has_counter = false;
}
