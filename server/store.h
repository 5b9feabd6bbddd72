/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server keeps over a restart: enrolments, which challenge mode a device showed, requests with what was
 * decided about them, and the audit. STATE/quorum11.db, mode 0600 (store_sqlite.h).
 */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include "attest/anchor.h"
#include "pka/chain.h"
#include "server/target.h"

#define SRV_ID_BYTES 16                 /* of a request */
#define SRV_ID_SIZE (2 * SRV_ID_BYTES + 1)      /* hex */

#define SRV_DATABASE "quorum11", ".db"  /* name and suffix of the file, for srv_path */

struct srv_db;
typedef enum err srv_audit_take(void *arg, const struct chain_entry *e);        /* anything but ERR_OK ends it */
struct srv_store_ops {
	const char *name;
	/* The target, borrowed until the next adopt; NULL: not enrolled. */
	struct srv_target *(*get)(void *ctx, const char *device_id);
	/* Enumerate: the first for NULL, then the one after last; NULL at the end. */
	struct srv_target *(*next)(void *ctx, const struct srv_target *last);
	/*
	 * Write t, and after the commit adopt it (a reference of the store's own): from then on get gives it.
	 * ERR_CONDITIONS: the device is enrolled and replace is false; else as store_sqlite.h says.
	 */
	enum err (*put)(void *ctx, struct srv_target *t, bool replace);
	void (*adopt)(void *ctx, struct srv_target *t);
	/*
	 * The challenge mode that the device showed. firmware: major << 8 | minor; a mode learnt under another
	 * firmware is none.
	 */
	bool (*mode)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *mode);
	enum err (*learn)(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode mode);
	/*
	 * The audit (server/audit.h). last: seq 0 if there is none; event is not given; is_checkpoint may be NULL.
	 * read: at most max entries from number from on that hold search ("": all), the oldest first.
	 */
	enum err (*audit_last)(void *ctx, struct chain_entry *out, bool *is_checkpoint);
	enum err (*audit_add)(void *ctx, const struct chain_entry *e);
	enum err (*audit_read)(void *ctx, uint64_t from, const char *search, size_t max, srv_audit_take *take,
			       void *arg);
	/* What is written between these is written as a whole or not at all; end: commit, unless e. */
	enum err (*begin)(void *ctx);
	enum err (*end)(void *ctx, enum err e);
	const char *(*why)(void *ctx);          /* what went wrong last, for people */
	void (*close)(void *ctx);
};
struct srv_store {
	const struct srv_store_ops *ops;
	void *ctx;
	struct srv_db *db;      /* for the files store_*.c with tables of their own */
};
const char *srv_mode_name(enum pka_challenge_mode mode);        /* as in docs/API.md */
#define SRV_ANY_FIRMWARE 0xFFFF         /* for mode: whatever was learnt last */

/* To serve, or only to look: then nothing in the folder changes, and what is written is forgotten. */
enum srv_store_use { SRV_STORE_SERVE, SRV_STORE_LOOK };
/*
 * DIR/quorum11.db, read once here with every check repeated. An enrolment that fails is said (device, reason) and left
 * out; *refused counts them. Once, it takes in what DIR/targets and DIR/modes hold (the files of an older version).
 * ERR_CONFIG, ERR_IO, ERR_FORMAT, ERR_SHARING, ERR_LIMIT: said; ERR_NOMEM.
 */
MUST enum err srv_store_open(const char *dir, enum srv_store_use use, const struct att_anchors *anchors, int64_t now,
			     struct srv_store *out, size_t *refused);
/* The store over a database that the caller has opened and closes himself; no enrolment is read. */
MUST enum err srv_store_over(struct srv_db *db, struct srv_store *out);
/* Copy the database of the folder, whether a server uses it or not, to a new file of mode 0600. All errors are said. */
MUST enum err srv_store_copy(const char *dir, const char *path);
/* NULL-safe: a store of zeros is closed already. */
void srv_store_close(struct srv_store *s);

#endif
