/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/found.h"

#include "base/crypto_digest.h"

/*
 * What the store has is taken where it is over there, as a custodian may have ended since what the desk still holds, or
 * where the desk knows nothing of it.
 */
static enum err choose(struct srv *s, const struct srv_kept_filter *f, struct srv_found *out)
{
	enum err e;

	if (out->live && !out->live->ended_ms)
		return ERR_OK;
	e = srv_past_find(&s->store, f, &out->past);
	if (e)
		return e == ERR_NOT_FOUND || out->live ? ERR_OK : e;
	if (!out->live)
		out->live = srv_desk_find(s->desk, out->past->id);
	if (out->live && (!out->live->ended_ms || !out->past->ended))
		srv_past_free(&out->past);
	else
		out->live = NULL;
	return ERR_OK;
}

enum err srv_find(struct srv *s, const char *id, struct srv_found *out)
{
	*out = (struct srv_found){ .live = srv_desk_find(s->desk, id) };
	return *id ? choose(s, &(struct srv_kept_filter){ .id = id }, out) : ERR_OK;
}

/* A request that went on after a restart has several. */
enum err srv_find_link(struct srv *s, const char *link, struct srv_found *out)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(rd_str(link), hash);

	*out = (struct srv_found){ .live = srv_desk_find_link(s->desk, link) };
	return e ? e : choose(s, &(struct srv_kept_filter){ .link = RD_ARR(hash) }, out);
}

void srv_found_free(struct srv_found *f)
{
	srv_past_free(&f->past);
	f->live = NULL;
}

bool srv_is_found(const struct srv_found *f)
{
	return f->live || f->past;
}

bool srv_found_is_seen_by(const struct srv_found *f, const struct srv_identity *who)
{
	return f->live ? srv_ceremony_is_seen_by(f->live, who) : f->past && srv_past_is_seen_by(f->past, who);
}

json_t *srv_found_json(const struct srv *s, const struct srv_found *f, const struct srv_identity *who,
		       enum srv_detail detail, uint64_t now_ms)
{
	json_t *j = f->live ? srv_json_request(f->live, detail, now_ms)
			    : srv_past_json(&s->store, f->past, detail == SRV_IN_FULL);

	if (j && f->live && srv_ceremony_is_linked_by(f->live, who) &&
	    json_object_set_new(j, "link", json_string(f->live->link))) {
		json_decref(j);
		j = NULL;
	}
	return j;
}
