/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/derive_ec.h"

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/template.h"
#include "sc-hsm/key.h"

/* In a sequence; about and request get what the card then holds. */
static enum err derive(struct p11_token *t, const struct p11_use *u, struct p15_key *about, uint8_t *key,
		       struct wr *file, struct wr *request, struct deadline *dl)
{
	enum err e = hsm_key_free_number(t->card, key, dl);

	if (e)
		return e;
	if (!about->id.n)
		about->id = rd_of(key, 1);
	e = p15_key_write(about, file);
	if (!e)
		e = hsm_key_derive(t->card, u->key->key, *key, u->params.bytes, request, dl);
	return e ? e : p11_keygen_describe(t, *key, wr_view(file), dl);
}

static CK_RV make(struct p11_token *t, const struct p11_use *u, struct p15_key *about, CK_OBJECT_HANDLE *out)
{
	struct deadline dl = deadline_never();
	const struct p11_object *made;
	struct wr file, request;
	uint8_t key = 0;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	wr_init_heap(&request, CVC_MAX);
	e = p11_token_begin_user(t);
	if (!e)
		e = p11_token_end(t, derive(t, u, about, &key, &file, &request, &dl));
	if (!e)
		e = p11_objects_add_key(&t->objects, key, wr_view(&file), wr_view(&request));
	wr_free(&request);
	wr_free(&file);
	/* The number is not below the curve's order, or whatever the card takes it for. */
	if (e == ERR_DATA)
		return CKR_MECHANISM_PARAM_INVALID;
	if (e)
		return e == ERR_NOT_FOUND ? CKR_KEY_HANDLE_INVALID : p11_rv(e);
	made = p11_objects_of_key(&t->objects, key, CKO_PRIVATE_KEY);
	if (!made)
		return CKR_DEVICE_ERROR;
	*out = made->handle;
	return CKR_OK;
}

CK_RV p11_derive_ec(struct p11_call *c, const struct p11_use *u, const CK_ATTRIBUTE *t, CK_ULONG n,
		    CK_OBJECT_HANDLE *out)
{
	struct p11_template tp = { .key_type = CKK_EC, .token = CK_TRUE, .sign = CK_TRUE, .derive = CK_TRUE };
	struct p15_key about = { .type = P15_EC, .bits = (unsigned)u->key->bits };
	CK_RV rv = p11_keygen_may(c);

	if (!rv)
		rv = p11_template_read(t, n, P11_MADE_PRIVATE, &tp);
	/* Lists and counters are the card's to inherit or not: it takes none here. */
	if (!rv && (!tp.token || tp.counter || tp.algorithms.n || tp.mechanisms.n || !(tp.sign || tp.derive)))
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv)
		return rv;
	about.label = tp.label;
	about.id = tp.id;
	about.usage = (tp.sign ? P15_USE_SIGN : 0) | (tp.derive ? P15_USE_DERIVE : 0);
	rv = p11_rv(p11_token_load(c->token));
	return rv ? rv : make(c->token, u, &about, out);
}
