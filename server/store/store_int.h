/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share: the enrolments in memory over the database. */
#ifndef SERVER_STORE_STORE_INT_H
#define SERVER_STORE_STORE_INT_H

#include "server/store/sqlite.h"
#include "server/store/store.h"

#define STORE_PLACES 1024
struct store_entry {
	struct store_entry *next;       /* of all */
	struct store_entry *next_here;  /* and of those of its place */
	struct srv_target *target;
};
struct store {
	struct srv_db *db;
	bool is_borrowed;               /* db is another's */
	struct store_entry *list;       /* the enrolments in force that passed their checks */
	struct store_entry *places[STORE_PLACES];       /* the same, by their devices' ids */
	struct store_entry *spare;      /* for what is written and not adopted yet */
};

/* target.c */
struct srv_target *store_get(void *ctx, const char *device_id);
struct srv_target *store_next(void *ctx, const struct srv_target *last);
MUST enum err store_put(void *ctx, struct srv_target *t, bool replace);
void store_adopt(void *ctx, struct srv_target *t);
MUST enum err store_enrolment(void *ctx, int64_t target, struct wr *json);
/* All enrolments in force, checked again; a failure of one is said and counted. ERR_NOMEM, or the database's. */
MUST enum err store_load(struct store *s, const struct att_anchors *anchors, int64_t now, size_t *refused);
void store_forget(struct store *s);

/* mode.c */
bool store_mode(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *mode);
MUST enum err store_learn(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode mode);

/* audit.c */
MUST enum err store_audit_last(void *ctx, struct chain_entry *out, bool *is_checkpoint);
MUST enum err store_audit_add(void *ctx, const struct chain_entry *e);
MUST enum err store_audit_read(void *ctx, uint64_t from, const char *search, size_t max, srv_audit_take *take,
			       void *arg, uint64_t *next);
MUST enum err store_audit_back(void *ctx, uint64_t before, const char *search, size_t max, srv_audit_take *take,
			       void *arg, uint64_t *next);

/* request.c */
MUST enum err store_request_put(void *ctx, const struct srv_kept *r, struct rd link, const struct srv_target *asked);
MUST enum err store_request_each(void *ctx, const struct srv_kept_filter *f, size_t max, srv_kept_take *take,
				 void *arg);
MUST enum err store_request_decide(void *ctx, const char *id, const char *instance,
				   const struct srv_kept_decision *d);
MUST enum err store_requests_old(void *ctx, int64_t before, size_t max, size_t *n);
MUST enum err store_requests_forget(void *ctx, int64_t before, size_t max);
MUST enum err store_lived(void *ctx, int64_t *until);
MUST enum err store_live_on(void *ctx, int64_t until);
MUST enum err store_decisions(void *ctx, int64_t number, srv_decision_take *take, void *arg);

/*
 * import.c: the files of the store before this one, if the folder has any, once and in one transaction. A file
 * that cannot be read as one is said and left where it is; what it says is checked when it is loaded.
 */
MUST enum err store_import(struct srv_db *db, const char *dir, int64_t now);

#endif
