/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server keeps over a restart: enrolments, and which challenge mode a device showed. Requests are not kept:
 * a restart ends every session, and approvals die with their challenge.
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "attest/anchor.h"
#include "server/target.h"

struct srv_store_ops {
	const char *name;
	/* The target, borrowed until the next put; NULL: not enrolled. */
	struct srv_target *(*get)(void *ctx, const char *device_id);
	/* Enumerate: the first for NULL, then the one after last; NULL at the end. */
	struct srv_target *(*next)(void *ctx, const struct srv_target *last);
	/*
	 * Keep t (a reference of the store's own). ERR_CONDITIONS: the device is enrolled and replace is false;
	 * ERR_IO (said).
	 */
	enum err (*put)(void *ctx, struct srv_target *t, bool replace);
	/*
	 * The challenge mode that the device showed. firmware: major << 8 | minor; a mode learnt under another
	 * firmware is none.
	 */
	bool (*mode)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *mode);
	enum err (*learn)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode mode);
	void (*close)(void *ctx);
};
struct srv_store {
	const struct srv_store_ops *ops;
	void *ctx;
};
const char *srv_mode_name(enum pka_challenge_mode mode);        /* as in docs/API.md */
#define SRV_ANY_FIRMWARE 0xFFFF         /* for mode: whatever was learnt last */

/*
 * Enrolments in DIR/targets/ID.json and modes in DIR/modes/ID.json, mode 0600, written atomically, read once here
 * with every check repeated. A file that fails is said (file, reason) and left out; *refused counts them. ERR_IO
 * (said), ERR_NOMEM.
 */
MUST enum err srv_store_file_open(const char *dir, const struct att_anchors *anchors, int64_t now,
				  struct srv_store *out, size_t *refused);
/* NULL-safe: a store of zeros is closed already. */
void srv_store_close(struct srv_store *s);

#endif
