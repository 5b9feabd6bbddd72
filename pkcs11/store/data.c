/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/store/data.h"

#include "base/tlv.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/call.h"
#include "pkcs11/object/template.h"
#include "pkcs11/store/cert.h"

enum err p11_data_read(struct p11_token *t, const struct p11_object *o, struct wr *value)
{
	struct deadline dl = deadline_never();
	enum err e = p11_token_begin_user(t);

	return e ? e : p11_token_end(t, hsm_file_read(t->card, o->fid, value, &dl));
}

/* The caller has begun a sequence. */
static enum err write_pair(struct p11_token *t, struct p15_data *about, bool is_private, struct rd value,
			   uint8_t *low, struct wr *dcod)
{
	static const uint8_t kinds[] = { HSM_FID_DCOD, HSM_FID_DATA, HSM_FID_DATA_PRIVATE };
	struct deadline dl = deadline_never();
	enum err e = hsm_file_free_number(t->card, RD_ARR(kinds), 0, low, &dl);

	about->fid = HSM_FID(is_private ? HSM_FID_DATA_PRIVATE : HSM_FID_DATA, *low);
	if (!e)
		e = p15_data_write(about, is_private, dcod);
	if (!e)
		e = hsm_file_write_both(t->card, about->fid, value, HSM_FID(HSM_FID_DCOD, *low), wr_view(dcod), &dl);
	return e;
}

/* CKA_OBJECT_ID is the whole DER element (PKCS#11 2.40 4.5). */
static bool read_oid(struct rd der, struct rd *oid)
{
	*oid = RD_NONE;
	return der.n == 0 || (rd_tlv(&der, 0x06, oid) && rd_end(&der) && oid->n);
}

CK_RV p11_data_create(struct p11_call *c, const CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct p11_template tp = { .is_private = CK_FALSE };
	const struct p11_object *o = NULL;
	struct p11_token *token = c->token;
	struct p15_data about;
	uint8_t low = 0;
	struct wr dcod;
	enum err e;
	CK_RV rv = p11_cert_check_writable(c);

	if (!rv)
		rv = p11_template_read(t, n, P11_GIVEN_DATA, &tp);
	if (!rv && !tp.token)
		rv = CKR_TEMPLATE_INCONSISTENT;
	about = (struct p15_data){ .label = tp.label, .application = tp.application };
	if (!rv && !read_oid(tp.object_id, &about.oid))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv)
		return rv;
	wr_init_heap(&dcod, FILE_SIZE_MAX);
	e = p11_token_begin_user(token);
	if (!e)
		e = p11_token_end(token, write_pair(token, &about, tp.is_private, tp.value, &low, &dcod));
	if (!e)
		e = p11_objects_add_data(&token->objects, low, wr_view(&dcod), tp.is_private ? RD_NONE : tp.value, &o);
	wr_free(&dcod);
	if (!e)
		*out = o->handle;
	return p11_rv(e);
}
