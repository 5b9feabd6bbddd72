/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a token: loaded when first needed, and compared with the card where another process read them. */
#include "pkcs11/module/token.h"

#include <stdlib.h>

#include "base/log.h"
#include "pkcs11/object/cache.h"

static bool may_again(enum err e)
{
	/* Another program came between; reading twice does no harm. */
	return e == ERR_RESET || e == ERR_INS || e == ERR_AUTH;
}

static enum err load(struct p11_token *t, struct p11_objects *into, bool cache)
{
	struct deadline dl = deadline_never();
	enum err e = ERR_BUG;

	for (int tries = 2; e && tries > 0; tries--) {
		e = p11_token_begin(t);
		if (!e)
			e = p11_token_end(t, p11_objects_load(into, t->card, wr_view(&t->devaut), cache, &dl));
		if (e && !may_again(e))
			return e;
	}
	return e;
}

enum err p11_token_load(struct p11_token *t)
{
	return t->objects.loaded ? ERR_OK : load(t, &t->objects, t->conf->module.cache);
}

void p11_token_changed(struct p11_token *t)
{
	if (t->conf->module.cache)
		p11_cache_forget(wr_view(&t->devaut));
}

/* Another program changed the card since those files were read. */
static enum err reload(struct p11_token *t)
{
	struct p11_objects *fresh = calloc(1, sizeof(*fresh));
	enum err e = fresh ? ERR_OK : ERR_NOMEM;

	p11_token_changed(t);
	if (!e)
		e = load(t, fresh, t->conf->module.cache);
	if (!e)
		e = p11_objects_renew(&t->objects, fresh);
	if (fresh)
		p11_objects_clear(fresh);
	free(fresh);
	return e;
}

static enum err compare(struct p11_token *t, const struct p11_object *o)
{
	struct deadline dl = deadline_never();
	enum err e = ERR_BUG;

	for (int tries = 2; e && tries > 0; tries--) {
		e = p11_token_begin(t);
		if (!e)
			e = p11_token_end(t, p11_objects_compare(o, t->card, &dl));
		if (e && !may_again(e))
			return e;
	}
	return e;
}

enum err p11_token_confirm(struct p11_token *t, const struct p11_object *o, enum p11_trust need)
{
	const uint16_t about = o->about;
	enum err e;

	if (o->trust >= need)
		return ERR_OK;
	e = compare(t, o);
	if (e == ERR_NOT_FOUND) {
		log_line(LOG_P11, LOG_WARN, "card %s: file %04X is not as it was read; all are read again",
			 t->device_id, about);
		e = reload(t);
		return e ? e : ERR_NOT_FOUND;
	}
	for (size_t i = 0; !e && i < t->objects.n; i++)
		if (t->objects.v[i]->about == about && t->objects.v[i]->trust < need)
			t->objects.v[i]->trust = need;
	return e;
}
