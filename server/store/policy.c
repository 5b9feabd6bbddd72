/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/policy.h"

#include <stdio.h>

#include "base/clock.h"
#include "server/store/sqlite.h"

enum err srv_store_policy_get(const struct srv_store *s, const char *device_id, struct srv_policy *out,
			      char *why, size_t cap)
{
	struct srv_sql q;
	enum err e, bad = ERR_OK;

	srv_policy_init(out);
	srv_sql(&q, s->db, "SELECT policy FROM policies WHERE device_id = ?");
	srv_sql_text(&q, device_id);
	if (!srv_sql_row(&q))
		bad = srv_policy_parse(rd_str(srv_sql_get_text(&q, 0)), out, why, cap);
	e = srv_sql_end(&q);
	if (e)
		(void)snprintf(why, cap, "%s", err_text(e));
	return e ? e : bad;
}

enum err srv_store_policy_put(const struct srv_store *s, const char *device_id, const struct srv_policy *p)
{
	struct srv_sql q;
	struct wr text;
	enum err e;

	wr_init_heap(&text, SRV_POLICY_TEXT_MAX);
	srv_json_write(srv_policy_json(p), &text);
	e = wr_done(&text);
	if (!e) {
		srv_sql(&q, s->db, "INSERT OR REPLACE INTO policies (device_id, policy, since) VALUES (?, ?, ?)");
		srv_sql_text(&q, device_id);
		srv_sql_text(&q, wr_cstr(&text));
		srv_sql_int(&q, clock_wall_s());
		e = srv_sql_run(&q);
	}
	wr_free(&text);
	return e;
}
