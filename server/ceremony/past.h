/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request as the store has it: what a ceremony left behind (keep.h), this server's or that of one before.
 */
#ifndef SERVER_CEREMONY_PAST_H
#define SERVER_CEREMONY_PAST_H

#include "server/base/json.h"
#include "server/ceremony/ceremony.h"

struct srv_past {
	int64_t number, target;                 /* the store's; of the enrolment */
	char id[SRV_ID_SIZE], device_id[CHR_MAX + 1];
	char host[SRV_WHO_MAX + 1], from[SRV_FROM_SIZE];
	uint8_t login_id[LOGIN_ID_SIZE];
	int64_t created, due, ended;            /* as struct srv_kept */
	bool has_opened, may_return;
	json_t *facts;                          /* as docs/API.md shows a request, without attestations and link */
};
/* The latest that fits. ERR_NOT_FOUND; ERR_NOMEM; else the store's errors, ERR_FORMAT if what it has is damaged. */
MUST enum err srv_past_find(const struct srv_store *s, const struct srv_kept_filter *f, struct srv_past **out);
/*
 * The login that has opened its card, for this host: of another identity's nobody hears. login_id may be empty: there
 * is none. Errors as above; ERR_NOT_FOUND also: it has opened none, or is another's.
 */
MUST enum err srv_past_find_opened(const struct srv_store *s, struct rd login_id, const char *host,
				   struct srv_past **out);
void srv_past_free(struct srv_past **p);        /* NULL-safe */
typedef enum err srv_past_take(void *arg, const struct srv_past *p);
/* The latest first, at most max. */
MUST enum err srv_past_each(const struct srv_store *s, const struct srv_kept_filter *f, size_t max,
			    srv_past_take *take, void *arg);

/* As srv_ceremony_is_seen_by. */
bool srv_past_is_seen_by(const struct srv_past *p, const struct srv_identity *who);
/* What the host has said about itself. */
MUST enum err srv_past_host_json(const struct srv_past *p, struct wr *out);
#define SRV_WORDS_MAX 8192
#define SRV_FACTS_MAX (1024 * 1024)     /* bytes of srv_kept.facts */
/* What people search for: the words of a request that they see, and what its target is called (NULL: nothing). */
void srv_past_words(const json_t *facts, const char *name, struct wr *out);
/* In full, with the attestations that were enrolled, or as in a list. NULL: no memory, or the store cannot be read. */
json_t *srv_past_json(const struct srv_store *s, const struct srv_past *p, bool in_full);
/* Of one that has opened its card: the proofs (docs/API.md). NULL as above. */
json_t *srv_past_proofs(const struct srv_store *s, const struct srv_past *p);
/* The PKA file that was enrolled for a key. ERR_NOT_FOUND: none of this name. */
MUST enum err srv_past_pka_file(const struct srv_store *s, const struct srv_past *p, const char *chr, struct wr *out);

/*
 * A server begins: what goes on at one that is gone has lost its card and ends here, each with an event, all in one
 * transaction. What was approved was for a challenge that is dead.
 */
MUST enum err srv_past_restart(const struct srv_store *s, struct srv_events *events, const char *instance);

#endif
