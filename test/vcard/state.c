/* SPDX-License-Identifier: Apache-2.0 */
/* The persistent state in memory. Its file format: state_file.c. */
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "test/vcard/state.h"

#define OVERHEAD 64      /* of an object, for vcard_state_used */

enum err vcard_state_new(const struct vcard_profile *profile, struct vcard_state **out)
{
	struct vcard_state *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_NOMEM;
	s->profile = profile;
	wr_init_heap(&s->devaut, CVC_MAX);
	wr_init_heap(&s->root, CVC_MAX);
	*out = s;
	return ERR_OK;
}

enum vcard_kind vcard_key_kind(const struct vcard_key *k)
{
	return k->secret.rsa ? VCARD_RSA : k->secret.ec ? VCARD_EC : VCARD_AES;
}

void vcard_private_free(struct vcard_private *p)
{
	rsa_key_free(&p->rsa);
	ec_key_free(&p->ec);
	wipe(p, sizeof(*p));
}

void vcard_key_free(struct vcard_key **k)
{
	if (!*k)
		return;
	vcard_private_free(&(*k)->secret);
	free(*k);
	*k = NULL;
}

static void file_free(struct vcard_file **f)
{
	if (!*f)
		return;
	wr_free(&(*f)->data);
	free(*f);
	*f = NULL;
}

void vcard_state_erase(struct vcard_state *s)
{
	s->initialised = false;
	s->options = 0;
	s->transport = false;
	wipe(&s->pin, sizeof(s->pin));
	s->domains = 0;
	wipe(s->domain, sizeof(s->domain));
	s->total = 0;
	s->required = 0;
	wipe(s->slots, sizeof(s->slots));
	while (s->keys_n)
		vcard_key_free(&s->keys[--s->keys_n]);
	while (s->files_n)
		file_free(&s->files[--s->files_n]);
	s->dirty = true;
}

void vcard_state_free(struct vcard_state **s)
{
	if (!*s)
		return;
	vcard_state_erase(*s);
	ec_key_free(&(*s)->device);
	wr_free(&(*s)->devaut);
	wr_free(&(*s)->root);
	wipe(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

/* An RSA key is five half-size numbers and two whole ones at most; a curve key with its parameters as many points. */
static size_t key_size(const struct vcard_private *p)
{
	if (p->rsa)
		return rsa_key_bits(p->rsa) * 9 / 16;
	return p->ec ? ec_domain_get(ec_key_curve(p->ec))->size * 8 : p->aes_n;
}

size_t vcard_state_used(const struct vcard_state *s)
{
	size_t used = 0;

	for (size_t i = 0; i < s->keys_n; i++)
		used += OVERHEAD + key_size(&s->keys[i]->secret);
	for (size_t i = 0; i < s->files_n; i++)
		used += OVERHEAD + s->files[i]->data.n;
	return used;
}

static size_t key_index(const struct vcard_state *s, uint8_t id)
{
	size_t i = 0;

	while (i < s->keys_n && s->keys[i]->id != id)
		i++;
	return i;
}

static size_t file_index(const struct vcard_state *s, uint16_t fid)
{
	size_t i = 0;

	while (i < s->files_n && s->files[i]->fid != fid)
		i++;
	return i;
}

struct vcard_key *vcard_state_key(const struct vcard_state *s, uint8_t id)
{
	size_t i = key_index(s, id);

	return i < s->keys_n ? s->keys[i] : NULL;
}

struct vcard_file *vcard_state_file(const struct vcard_state *s, uint16_t fid)
{
	size_t i = file_index(s, fid);

	return i < s->files_n ? s->files[i] : NULL;
}

enum err vcard_state_key_add(struct vcard_state *s, struct vcard_key **k)
{
	size_t i = key_index(s, (*k)->id);

	if (i == KEYS_MAX)
		return ERR_LIMIT;
	if (i == s->keys_n)
		s->keys_n++;
	else
		vcard_key_free(&s->keys[i]);
	s->keys[i] = *k;
	*k = NULL;
	s->dirty = true;
	return ERR_OK;
}

enum err vcard_state_file_make(struct vcard_state *s, uint16_t fid, struct vcard_file **out)
{
	size_t i = file_index(s, fid);

	if (i == OBJECTS_MAX)
		return ERR_LIMIT;
	if (i == s->files_n) {
		struct vcard_file *f = calloc(1, sizeof(*f));

		if (!f)
			return ERR_NOMEM;
		f->fid = fid;
		wr_init_heap(&f->data, FILE_SIZE_MAX);
		s->files[s->files_n++] = f;
		s->dirty = true;
	}
	*out = s->files[i];
	return ERR_OK;
}

bool vcard_state_delete(struct vcard_state *s, uint16_t fid)
{
	size_t i;

	if (fid >> 8 == 0xCC) {
		i = key_index(s, (uint8_t)fid);
		if (i == s->keys_n)
			return false;
		vcard_key_free(&s->keys[i]);
		memmove(&s->keys[i], &s->keys[i + 1], (--s->keys_n - i) * sizeof(*s->keys));
	} else {
		i = file_index(s, fid);
		if (i == s->files_n)
			return false;
		file_free(&s->files[i]);
		memmove(&s->files[i], &s->files[i + 1], (--s->files_n - i) * sizeof(*s->files));
	}
	s->dirty = true;
	return true;
}

static enum err ref_hash(const struct vcard_ref *r, struct rd value, uint8_t out[SHA256_SIZE])
{
	const struct rd parts[] = { RD_ARR(r->salt), value };

	return sha256_parts(parts, 2, out);
}

enum err vcard_ref_set(struct vcard_ref *r, struct rd value, uint8_t tries)
{
	struct vcard_ref fresh = { .set = true, .size = (uint8_t)value.n, .initial = tries, .left = tries };
	enum err e;

	e = rand_bytes(fresh.salt, sizeof(fresh.salt));
	if (!e)
		e = ref_hash(&fresh, value, fresh.hash);
	if (!e)
		*r = fresh;
	return e;
}

enum err vcard_ref_matches(const struct vcard_ref *r, struct rd value, bool *yes)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = ref_hash(r, value, hash);

	*yes = !e && rd_eq_secret(RD_ARR(hash), RD_ARR(r->hash));
	return e;
}

bool vcard_chr_set(struct vcard_chr *c, struct rd ref)
{
	if (ref.n > sizeof(c->b))
		return false;
	memset(c, 0, sizeof(*c));
	if (ref.n)
		memcpy(c->b, ref.p, ref.n);
	c->n = ref.n;
	return true;
}

struct rd vcard_chr_view(const struct vcard_chr *c)
{
	return rd_of(c->b, c->n);
}
