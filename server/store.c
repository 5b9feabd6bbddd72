/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store.h"

void srv_store_close(struct srv_store *s)
{
	if (s->ops)
		s->ops->close(s->ctx);
	*s = (struct srv_store){ 0 };
}

const char *srv_mode_name(enum pka_challenge_mode mode)
{
	return mode == PKA_PER_KEY ? "per-key" : "shared";
}
