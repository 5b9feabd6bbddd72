/* SPDX-License-Identifier: Apache-2.0 */
/* Which challenge mode a device was seen to have, with its firmware. */
#include <string.h>

#include "server/store/store_int.h"

const char *srv_mode_name(enum pka_challenge_mode mode)
{
	return mode == PKA_PER_KEY ? "per-key" : "shared";
}

bool store_mode(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *mode)
{
	const struct store *s = ctx;
	const char *name;
	struct srv_sql q;
	bool found = false;

	srv_sql(&q, s->db, "SELECT mode FROM modes WHERE device_id = ?1 AND (firmware = ?2 OR ?2 = ?3)");
	srv_sql_text(&q, device_id);
	srv_sql_int(&q, firmware);
	srv_sql_int(&q, SRV_ANY_FIRMWARE);
	if (!srv_sql_row(&q)) {
		name = srv_sql_get_text(&q, 0);
		*mode = strcmp(name, srv_mode_name(PKA_PER_KEY)) ? PKA_SHARED : PKA_PER_KEY;
		found = !strcmp(name, srv_mode_name(*mode));
	}
	return !srv_sql_end(&q) && found;
}

enum err store_learn(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode fresh)
{
	struct store *s = ctx;
	enum pka_challenge_mode old;
	struct srv_sql q;

	if (store_mode(ctx, device_id, firmware, &old) && old == fresh)
		return ERR_OK;
	srv_sql(&q, s->db, "INSERT OR REPLACE INTO modes (device_id, firmware, mode) VALUES (?, ?, ?)");
	srv_sql_text(&q, device_id);
	srv_sql_int(&q, firmware);
	srv_sql_text(&q, srv_mode_name(fresh));
	return srv_sql_run(&q);
}
