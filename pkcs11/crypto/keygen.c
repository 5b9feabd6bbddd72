/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/crypto/keygen.h"

#include <stdio.h>

#include "base/log.h"
#include "base/tlv.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/template.h"
#include "sc-hsm/ability.h"
#include "sc-hsm/key.h"
#include "sc-hsm/wrap.h"

#define CAR RD_LIT("UTCA00001")         /* as OpenSC; the inner authority means nothing (reference 9.4) */
#define USE_RSA (P15_USE_DECRYPT | P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_UNWRAP)
#define USE_EC (P15_USE_SIGN | P15_USE_DERIVE)
#define USE_SIGN (P15_USE_SIGN | P15_USE_SIGN_RECOVER)

struct plan {
	struct hsm_keygen gen;
	struct p15_key about;
	char chr[CHR_MAX + 1];
	uint8_t algorithms[HSM_ALGORITHMS_MAX];
	CK_BBOOL extractable;           /* must be, must not be, or P11_NOT_SAID */
};

/* Odd, and more than 1 (RFC 8017 3.1). */
static bool is_exponent(struct rd e)
{
	e = rd_magnitude(e);
	return e.n && e.p[e.n - 1] & 1 && (e.n > 1 || e.p[0] > 1);
}

static CK_RV plan_rsa(const struct p11_template *t, const struct p11_mech *m, const struct hsm_version *v,
		      struct plan *p)
{
	if (!t->bits)
		return CKR_TEMPLATE_INCOMPLETE;
	if (t->bits < m->min || t->bits > p11_mech_max(m, v) || t->bits % 8 ||
	    (t->exponent.n && !is_exponent(t->exponent)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	p->gen.rsa_bits = (unsigned)t->bits;
	p->gen.exponent = t->exponent;
	p->about.type = P15_RSA;
	p->about.bits = (unsigned)t->bits;
	p->about.usage = USE_RSA;
	return CKR_OK;
}

static CK_RV plan_ec(const struct p11_template *t, const struct p11_mech *m, const struct hsm_version *v,
		     struct plan *p)
{
	struct rd params = t->ec_params, oid;
	const struct ec_domain *d;

	if (!params.n)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!rd_tlv(&params, 0x06, &oid) || !rd_end(&params))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	d = ec_domain_by_oid(oid);
	if (!d || d->bits < m->min || d->bits > p11_mech_max(m, v))
		return CKR_CURVE_NOT_SUPPORTED;
	p->gen.curve = d->curve;
	p->about.type = P15_EC;
	p->about.bits = d->bits;
	p->about.usage = USE_EC;
	return CKR_OK;
}

CK_RV p11_keygen_list(const struct p11_template *t, struct wr *algorithms)
{
	if (t->algorithms.n && t->mechanisms.n)
		return CKR_TEMPLATE_INCONSISTENT;
	wr_put(algorithms, t->algorithms);
	if (wr_done(algorithms))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return p11_mech_algorithms(t->key_type, t->mechanisms, algorithms) ? CKR_TEMPLATE_INCONSISTENT : CKR_OK;
}

/* Of either half: the card's maker has programs say it of the public one. */
static CK_RV plan_limits(const struct p11_template *pub, const struct p11_template *priv, const struct hsm_version *v,
			 struct plan *p)
{
	CK_ULONG counter = priv->counter ? priv->counter : pub->counter;
	struct p11_template both = *priv;
	struct wr w;
	CK_RV rv;

	if (counter > UINT32_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (!both.algorithms.n)
		both.algorithms = pub->algorithms;
	WR_ARR(&w, p->algorithms);
	rv = p11_keygen_list(&both, &w);
	p->gen.use_counter = (uint32_t)counter;
	p->gen.algorithms = wr_view(&w);
	p->gen.domain = priv->domain ? priv->domain : pub->domain;
	if (!rv && (counter || w.n || p->gen.domain) && !hsm_can(v, HSM_CAN_LIMITS))
		rv = CKR_TEMPLATE_INCONSISTENT;
	return rv;
}

static CK_RV make_plan(const struct p11_keygen_request *r, const struct hsm_version *v, struct plan *p)
{
	const struct p11_mech *m = p11_mech_get(r->mech->mechanism, CKF_GENERATE_KEY_PAIR);
	/* The public key comes and stays with the private one, unless its template says that it must not. */
	struct p11_template pub = { .token = CK_TRUE };
	struct p11_template priv = { .sign = CK_TRUE, .decrypt = CK_TRUE, .derive = CK_TRUE,
				     .extractable = P11_NOT_SAID };
	CK_RV rv;

	if (!m)
		return CKR_MECHANISM_INVALID;
	if (r->mech->pParameter || r->mech->ulParameterLen)
		return CKR_MECHANISM_PARAM_INVALID;
	pub.key_type = priv.key_type = m->key;
	rv = p11_template_read(r->public_t, r->public_n, P11_MADE_PUBLIC, &pub);
	if (!rv)
		rv = p11_template_read(r->private_t, r->private_n, P11_MADE_PRIVATE, &priv);
	if (!rv)
		rv = m->key == CKK_RSA ? plan_rsa(&pub, m, v, p) : plan_ec(&pub, m, v, p);
	if (!rv)
		rv = plan_limits(&pub, &priv, v, p);
	if (!rv && !(pub.token && priv.token))
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv)
		return rv;
	p->extractable = priv.extractable;
	p->gen.car = CAR;
	p->about.label = priv.label.n ? priv.label : pub.label;
	p->about.id = priv.id.n ? priv.id : pub.id;
	if (!priv.sign)
		p->about.usage &= ~(unsigned)USE_SIGN;
	if (!priv.decrypt)
		p->about.usage &= ~(unsigned)(P15_USE_DECRYPT | P15_USE_UNWRAP);
	if (!priv.derive)
		p->about.usage &= ~(unsigned)P15_USE_DERIVE;
	if (!p->about.usage)
		rv = CKR_TEMPLATE_INCONSISTENT;
	return rv;
}

/* The card does not write the description, without which the key is nobody's. */
enum err p11_keygen_describe(struct p11_token *t, uint8_t key, struct rd about, struct deadline *dl)
{
	enum err e = hsm_file_write(t->card, HSM_FID(HSM_FID_PRKD, key), about, dl), undo;

	if (!e)
		return ERR_OK;
	undo = hsm_key_delete(t->card, key, dl);
	log_line(LOG_P11, LOG_ERROR, "key %u was made but could not be described (%s); %s", key, err_text(e),
		 undo ? "it stays on the card without a name" : "it was deleted again");
	return e;
}

/*
 * Whether a key can leave the card is a matter of its domain, and of its list of algorithms. Who insists that it can,
 * or that it cannot, must not be misled.
 */
static enum err decide_leave(struct hsm_card *card, const struct hsm_version *v, struct plan *p, struct deadline *dl)
{
	struct wr list;
	bool may = false;
	enum err e = hsm_key_may_leave(card, p->gen.domain, p->gen.algorithms, &may, dl);

	if (e || may == (p->extractable == CK_TRUE))
		return e;
	if (!may || p->gen.algorithms.n || !hsm_can(v, HSM_CAN_LIMITS))
		return ERR_REFUSED;
	WR_ARR(&list, p->algorithms);
	e = p11_mech_all_algorithms(p->about.type == P15_RSA ? CKK_RSA : CKK_EC, &list);
	p->gen.algorithms = wr_view(&list);
	return e;
}

/* On the card; prkd and request get what it then holds. The caller has begun a sequence. */
static enum err generate(struct p11_token *t, struct plan *p, struct wr *prkd, struct wr *request, struct deadline *dl)
{
	enum err e = hsm_key_free_number(t->card, &p->gen.key, dl);

	if (!e && p->extractable != P11_NOT_SAID)
		e = decide_leave(t->card, &t->status.version, p, dl);
	if (e)
		return e;
	/* Holder reference: the card's serial number and the key's, unique on this card and unlike those of others. */
	(void)snprintf(p->chr, sizeof(p->chr), "%.15s%05u", t->serial, p->gen.key);
	p->gen.chr = rd_str(p->chr);
	if (!p->about.id.n)
		p->about.id = rd_of(&p->gen.key, 1);
	e = p15_key_write(&p->about, prkd);
	if (!e)
		e = hsm_key_generate(t->card, &p->gen, request, dl);
	return e ? e : p11_keygen_describe(t, p->gen.key, wr_view(prkd), dl);
}

static CK_RV make_pair(struct p11_token *t, struct plan *p, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	struct deadline dl = deadline_never();
	const struct p11_object *pub, *priv;
	struct wr prkd, request;
	enum err e;

	wr_init_heap(&prkd, FILE_SIZE_MAX);
	wr_init_heap(&request, CVC_MAX);
	e = p11_token_begin_user(t);
	if (!e)
		e = p11_token_end(t, generate(t, p, &prkd, &request, &dl));
	if (!e)
		e = p11_objects_add_key(&t->objects, p->gen.key, wr_view(&prkd), wr_view(&request));
	wr_free(&request);
	wr_free(&prkd);
	if (e == ERR_REFUSED && p->extractable != P11_NOT_SAID)
		return CKR_TEMPLATE_INCONSISTENT;
	/* Between the limits, but not of this card. */
	if (e == ERR_UNSUPPORTED)
		return p->gen.curve == EC_NONE ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_CURVE_NOT_SUPPORTED;
	if (e)
		return p11_rv(e);
	priv = p11_objects_of_key(&t->objects, p->gen.key, CKO_PRIVATE_KEY);
	pub = p11_objects_of_key(&t->objects, p->gen.key, CKO_PUBLIC_KEY);
	if (!priv || !pub)
		return CKR_DEVICE_ERROR;
	*private_key = priv->handle;
	*public_key = pub->handle;
	return CKR_OK;
}

CK_RV p11_keygen_may(struct p11_call *c)
{
	if (!c->session->rw)
		return CKR_SESSION_READ_ONLY;
	return c->token->login == P11_OPEN ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}

CK_RV p11_keygen(struct p11_call *c, const struct p11_keygen_request *r, CK_OBJECT_HANDLE *public_key,
		 CK_OBJECT_HANDLE *private_key)
{
	struct p11_token *t = c->token;
	struct plan p = { .gen.curve = EC_NONE };
	enum err e;
	CK_RV rv;

	if (!r->mech || !public_key || !private_key || (!r->public_t && r->public_n) || (!r->private_t && r->private_n))
		return CKR_ARGUMENTS_BAD;
	rv = p11_keygen_may(c);
	if (!rv)
		rv = make_plan(r, &t->status.version, &p);
	if (rv)
		return rv;
	e = p11_token_load(t);
	return e ? p11_rv(e) : make_pair(t, &p, public_key, private_key);
}
