/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/target_json.h"

/* Is it held connected, and how? */
static json_t *held_json(const struct srv_ceremony *c, uint64_t now_ms)
{
	bool is_open = c && c->hold >= SRV_HOLD_OPEN, is_idle = c && c->hold == SRV_HOLD_IDLE;

	if (!c)
		return json_null();
	return json_pack("{s:s, s:s, s:s?, s:o}", "state", is_open ? "open" : is_idle ? "idle" : "asked", "from",
			 c->from, "request", is_idle ? NULL : c->id, "seconds",
			 is_open ? srv_json_seconds(c->hold_until_ms, now_ms) : json_null());
}

json_t *srv_json_target(const struct srv *s, const struct srv_target *t, uint64_t now_ms)
{
	enum pka_challenge_mode mode;
	json_t *custodians = json_array();
	size_t i;

	for (i = 0; i < t->m; i++)
		srv_json_append(&custodians, srv_json_text(t->custodians[i].chr));
	return json_pack("{s:o, s:o, s:i, s:i, s:o, s:I, s:b, s:o, s:o}", "device_id", srv_json_text(t->device_id),
			 "name", srv_json_text(t->name), "n", t->n, "m", t->m, "custodians", custodians, "keys",
			 (json_int_t)t->archived_n, "unverified", t->unverified, "mode",
			 s->store.ops->mode(s->store.ctx, t->device_id, SRV_ANY_FIRMWARE, &mode)
				 ? json_string(srv_mode_name(mode))
				 : json_null(),
			 "held", held_json(srv_desk_held(s->desk, t->device_id), now_ms));
}
