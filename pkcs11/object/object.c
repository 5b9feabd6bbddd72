/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/object.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_digest.h"
#include "base/rand.h"
#include "base/text.h"
#include "pkcs11/object/keep.h"

#define UNIQUE_BYTES ((P11_UNIQUE_SIZE - 1) / 2)

static void object_free(struct p11_object *o)
{
	secret_free(&o->secret);
	p11_keep_clear(&o->own);
	free(o);
}

void p11_objects_clear(struct p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		object_free(o->v[i]);
	o->n = 0;
	o->device = RD_NONE;
	o->loaded = false;
	p11_keep_clear(&o->kept);
}

struct p11_object *p11_objects_get(const struct p11_objects *o, CK_OBJECT_HANDLE h)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->handle == h)
			return o->v[i]->gone ? NULL : o->v[i];
	return NULL;
}

struct p11_object *p11_objects_of_key(const struct p11_objects *o, uint8_t key, CK_OBJECT_CLASS class)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->key == key && o->v[i]->class == class && !o->v[i]->gone)
			return o->v[i];
	return NULL;
}

struct p11_object *p11_objects_cert_of_fid(const struct p11_objects *o, uint16_t fid)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->class == CKO_CERTIFICATE && o->v[i]->fid == fid && !o->v[i]->gone)
			return o->v[i];
	return NULL;
}

/* The same thing under the same names, so that whoever holds its handle is not surprised. */
static struct p11_object *find_same(const struct p11_objects *o, const struct p11_object *like)
{
	for (size_t i = 0; i < o->n; i++) {
		struct p11_object *obj = o->v[i];

		if (obj->is_token && !obj->gone && strcmp(obj->unique, like->unique) == 0 &&
		    obj->class == like->class && rd_eq(obj->label, like->label) && rd_eq(obj->id, like->id) &&
		    rd_eq(obj->file, like->file) && obj->sign == like->sign && obj->decrypt == like->decrypt &&
		    obj->derive == like->derive)
			return obj;
	}
	return NULL;
}

void p11_objects_doubt(struct p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->is_token && o->v[i]->about)
			o->v[i]->trust = P11_DOUBTED;
}

/* Room for more, if need be that of objects that are gone. */
static bool has_room(struct p11_objects *o, size_t more)
{
	size_t kept = 0;

	if (o->n + more <= P11_OBJECTS_MAX)
		return true;
	for (size_t i = 0; i < o->n; i++) {
		if (o->v[i]->gone)
			object_free(o->v[i]);
		else
			o->v[kept++] = o->v[i];
	}
	o->n = kept;
	return o->n + more <= P11_OBJECTS_MAX;
}

enum err p11_objects_renew(struct p11_objects *o, struct p11_objects *fresh)
{
	if (!has_room(o, fresh->n))
		return ERR_LIMIT;
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->is_token && !find_same(fresh, o->v[i]))
			o->v[i]->gone = true;
	for (size_t i = 0; i < fresh->n; i++) {
		struct p11_object *same = find_same(o, fresh->v[i]);

		if (same) {
			same->trust = P11_COMPARED;
			object_free(fresh->v[i]);
		} else {
			fresh->v[i]->handle = ++o->last;
			o->v[o->n++] = fresh->v[i];
		}
	}
	fresh->n = 0;
	p11_keep_join(&o->kept, &fresh->kept);
	o->device = fresh->device;
	o->loaded = true;
	return ERR_OK;
}

void p11_objects_renew_private(struct p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->is_private)
			o->v[i]->handle = ++o->last;
}

void p11_objects_forget_key(struct p11_objects *o, uint8_t key)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->key == key)
			o->v[i]->gone = true;
}

uint8_t p11_objects_key_of_spki(const struct p11_objects *o, struct rd spki)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->class == CKO_PRIVATE_KEY && !o->v[i]->gone && rd_eq(o->v[i]->spki, spki))
			return o->v[i]->key;
	return 0;
}

bool p11_object_is_cvc(const struct p11_object *o)
{
	return o->class == CKO_CERTIFICATE && o->certificate == P11_CKC_CVC;
}

static void put_unique(struct p11_object *obj, const uint8_t *bytes)
{
	struct wr w;

	wr_init(&w, obj->unique, sizeof(obj->unique));
	wr_hex(&w, rd_of(bytes, UNIQUE_BYTES));
	obj->unique[UNIQUE_BYTES * 2] = 0;
}

/*
 * Of what the object is, not of its names, so that every process finds the same, and another after the file has been
 * written anew with something else.
 */
static enum err make_unique(const struct p11_objects *o, struct p11_object *obj)
{
	const uint8_t where[] = { (uint8_t)obj->class, (uint8_t)(obj->about >> 8), (uint8_t)obj->about,
				  (uint8_t)(obj->fid >> 8), (uint8_t)obj->fid };
	const struct rd parts[] = { o->device, RD_ARR(where), obj->spki, obj->value };
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), hash);

	if (!e)
		put_unique(obj, hash);
	return e;
}

enum err p11_objects_add(struct p11_objects *o, const struct p11_object *like, CK_OBJECT_CLASS class)
{
	struct p11_object *obj;

	if (!has_room(o, 1))
		return ERR_LIMIT;
	obj = malloc(sizeof(*obj));
	if (!obj)
		return ERR_NOMEM;
	*obj = *like;
	obj->class = class;
	obj->is_private = like->is_private || class == CKO_PRIVATE_KEY;
	obj->is_token = CK_TRUE;
	/* Without a description there is nothing that could be changed; the device's certificates are the maker's. */
	obj->modifiable = obj->about != 0;
	obj->trust = obj->about ? P11_READ : P11_COMPARED;
	/* The public key is the attestation or certificate of the private one: it goes with it. */
	obj->destroyable = class != CKO_PUBLIC_KEY && obj->about;
	obj->copyable = class == CKO_PUBLIC_KEY || class == CKO_DATA;
	/* Without libcrypto, in an exit handler, there is none; keys sign all the same. */
	if (make_unique(o, obj))
		obj->unique[0] = 0;
	obj->handle = ++o->last;
	o->v[o->n++] = obj;
	return ERR_OK;
}

enum err p11_objects_add_session(struct p11_objects *o, struct p11_object *like, const struct p11_object **out)
{
	bool room = has_room(o, 1);
	struct p11_object *obj = room ? malloc(sizeof(*obj)) : NULL;
	uint8_t unique[UNIQUE_BYTES];
	enum err e = obj ? rand_bytes(unique, sizeof(unique)) : room ? ERR_NOMEM : ERR_LIMIT;

	if (e) {
		secret_free(&like->secret);
		p11_keep_clear(&like->own);
		free(obj);
		return e;
	}
	*obj = *like;
	put_unique(obj, unique);
	obj->is_token = CK_FALSE;
	obj->trust = P11_COMPARED;
	obj->modifiable = CK_TRUE;
	obj->copyable = CK_TRUE;
	obj->destroyable = CK_TRUE;
	obj->handle = ++o->last;
	o->v[o->n++] = obj;
	*out = obj;
	return ERR_OK;
}

static void end_if(struct p11_objects *o, bool (*is_it)(const struct p11_object *obj, CK_ULONG what), CK_ULONG what)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!o->v[i]->is_token && is_it(o->v[i], what))
			object_free(o->v[i]);
		else
			o->v[kept++] = o->v[i];
	}
	o->n = kept;
}

static bool has_handle(const struct p11_object *obj, CK_ULONG h)
{
	return obj->handle == h;
}

static bool is_of_session(const struct p11_object *obj, CK_ULONG session)
{
	return !session || obj->session == session;
}

void p11_objects_end_object(struct p11_objects *o, CK_OBJECT_HANDLE h)
{
	end_if(o, has_handle, h);
}

void p11_objects_end_session(struct p11_objects *o, CK_SESSION_HANDLE session)
{
	end_if(o, is_of_session, session);
}

static bool is_private(const struct p11_object *obj, CK_ULONG what)
{
	(void)what;
	return obj->is_private;
}

void p11_objects_end_private(struct p11_objects *o)
{
	end_if(o, is_private, 0);
}

void p11_objects_forget_file(struct p11_objects *o, uint16_t fid)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i]->is_token && o->v[i]->fid == fid) {
			o->v[i]->file = RD_NONE;
			o->v[i]->subject = RD_NONE;
		}
}

enum err p11_objects_rename(struct p11_objects *o, uint16_t about, struct rd label, struct rd id, struct rd file)
{
	bool has_label = label.p, has_id = id.p;
	enum err e = p11_keep(&o->kept, label, &label);

	if (!e)
		e = p11_keep(&o->kept, id, &id);
	if (!e)
		e = p11_keep(&o->kept, file, &file);
	for (size_t i = 0; !e && i < o->n; i++) {
		if (!o->v[i]->is_token || o->v[i]->about != about)
			continue;
		o->v[i]->about_file = file;
		if (has_label)
			o->v[i]->label = label;
		if (has_id)
			o->v[i]->id = id;
	}
	return e;
}

