/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/secret.h"

#include <string.h>

#include "pkcs11/ck/rv.h"
#include "pkcs11/crypto/keygen.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/template.h"
#include "sc-hsm/aes.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

struct plan {
	struct hsm_aes_gen gen;
	struct p15_key about;
	CK_BBOOL extractable;           /* must be, must not be, or P11_NOT_SAID */
	uint8_t algorithms[HSM_ALGORITHMS_MAX];
};

/* What the template allows, the description says and the card's own list enforces. */
static void allow(struct plan *p, CK_BBOOL yes, unsigned usage, uint8_t algorithm, struct wr *list, bool given)
{
	if (!yes)
		return;
	p->about.usage |= usage;
	if (!given)
		wr_u8(list, algorithm);
}

/* It can leave the card if its list says so, and then only: a list is always there. */
static CK_RV allow_wrap(struct plan *p, struct wr *list, bool given)
{
	bool listed = given && memchr(list->p, HSM_ALG_WRAP, list->n);

	if (p->extractable == P11_NOT_SAID || listed == p->extractable)
		return CKR_OK;
	if (given)
		return CKR_TEMPLATE_INCONSISTENT;
	wr_u8(list, HSM_ALG_WRAP);
	return CKR_OK;
}

static CK_RV make_plan(const CK_ATTRIBUTE *t, CK_ULONG n, struct plan *p)
{
	struct p11_template tp = {
		.key_type = CKK_AES, .encrypt = CK_TRUE, .decrypt = CK_TRUE, .sign = CK_TRUE, .verify = CK_TRUE,
		.derive = CK_TRUE, .extractable = P11_NOT_SAID,
	};
	bool given;
	struct wr list;
	CK_RV rv = p11_template_read(t, n, P11_MADE_SECRET, &tp);

	if (rv)
		return rv;
	if (!tp.token)
		return CKR_TEMPLATE_INCONSISTENT;
	if (!tp.size)
		return CKR_TEMPLATE_INCOMPLETE;
	if ((tp.size != 16 && tp.size != 24 && tp.size != 32) || tp.counter > UINT32_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	WR_ARR(&list, p->algorithms);
	rv = p11_keygen_list(&tp, &list);
	given = list.n != 0;
	allow(p, tp.encrypt, P15_USE_ENCRYPT, HSM_AES_ENCRYPT, &list, given);
	allow(p, tp.decrypt, P15_USE_DECRYPT, HSM_AES_DECRYPT, &list, given);
	allow(p, tp.sign || tp.verify, (tp.sign ? P15_USE_SIGN : 0) | (tp.verify ? P15_USE_VERIFY : 0), HSM_AES_CMAC,
	      &list, given);
	allow(p, tp.derive, P15_USE_DERIVE, HSM_AES_DERIVE, &list, given);
	if (!rv && !p->about.usage)
		rv = CKR_TEMPLATE_INCONSISTENT;
	p->extractable = tp.extractable;
	if (!rv)
		rv = allow_wrap(p, &list, given);
	p->about.type = P15_AES;
	p->about.bits = (unsigned)tp.size * 8;
	p->about.label = tp.label;
	p->about.id = tp.id;
	p->gen.bits = p->about.bits;
	p->gen.use_counter = (uint32_t)tp.counter;
	p->gen.domain = tp.domain;
	p->gen.algorithms = wr_view(&list);
	return rv;
}

/* In a sequence; about gets what the card then holds. */
static enum err generate(struct p11_token *t, struct plan *p, struct wr *about, struct deadline *dl)
{
	bool may = true;
	enum err e = hsm_key_free_number(t->card, &p->gen.key, dl);

	if (!e && p->extractable == CK_TRUE)
		e = hsm_key_may_leave(t->card, p->gen.domain, p->gen.algorithms, &may, dl);
	if (!e && !may)
		e = ERR_REFUSED;
	if (e)
		return e;
	if (!p->about.id.n)
		p->about.id = rd_of(&p->gen.key, 1);
	e = p15_key_write(&p->about, about);
	if (!e)
		e = hsm_aes_generate(t->card, &p->gen, dl);
	return e ? e : p11_keygen_describe(t, p->gen.key, wr_view(about), dl);
}

CK_RV p11_generate_secret(struct p11_call *c, const CK_MECHANISM *m, const CK_ATTRIBUTE *t, CK_ULONG n,
			  CK_OBJECT_HANDLE *out)
{
	struct deadline dl = deadline_never();
	struct p11_token *token = c->token;
	struct plan p = { .gen.key = 0 };
	const struct p11_object *key;
	const struct p11_mech *mech;
	struct wr about;
	enum err e;
	CK_RV rv;

	if (!m || !out || (!t && n))
		return CKR_ARGUMENTS_BAD;
	rv = p11_keygen_may(c);
	mech = rv ? NULL : p11_mech_get(m->mechanism, CKF_GENERATE);
	if (!rv && !(mech && p11_mech_is_there(mech, &token->status.version)))
		rv = CKR_MECHANISM_INVALID;
	if (!rv && (m->pParameter || m->ulParameterLen))
		rv = CKR_MECHANISM_PARAM_INVALID;
	if (!rv)
		rv = make_plan(t, n, &p);
	if (!rv)
		rv = p11_rv(p11_token_load(token));
	if (rv)
		return rv;
	wr_init_heap(&about, FILE_SIZE_MAX);
	e = p11_token_begin_user(token);
	if (!e)
		e = p11_token_end(token, generate(token, &p, &about, &dl));
	if (!e)
		e = p11_objects_add_key(&token->objects, p.gen.key, wr_view(&about), RD_NONE);
	wr_free(&about);
	/* Older cards have no such keys; others none that leave them. */
	if (e == ERR_UNSUPPORTED)
		return CKR_MECHANISM_INVALID;
	if (e == ERR_REFUSED)
		return CKR_TEMPLATE_INCONSISTENT;
	if (e)
		return p11_rv(e);
	key = p11_objects_of_key(&token->objects, p.gen.key, CKO_SECRET_KEY);
	if (!key)
		return CKR_DEVICE_ERROR;
	*out = key->handle;
	return CKR_OK;
}
