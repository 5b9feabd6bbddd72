/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that have ended, for who may read them. */
#ifndef SERVER_SRV_HISTORY_H
#define SERVER_SRV_HISTORY_H

#include "server/base/json.h"
#include "server/ceremony/past.h"
#include "server/srv/srv.h"

#define SRV_HISTORY_MAX 200             /* of one answer */
#define SRV_HISTORY_SCAN 5000           /* some ten milliseconds, in which everybody else waits */
/*
 * The latest of those that fit and that he sees, at most max, as docs/API.md shows them in a list. *next (may be NULL):
 * what f->before must be for those before them, 0 if there are none. Where it is asked for words, outcome or times, at
 * most SRV_HISTORY_SCAN are looked at, of which none may fit. The store's errors, ERR_NOMEM.
 */
MUST enum err srv_history_list(const struct srv *s, const struct srv_identity *who, const struct srv_kept_filter *f,
			       size_t max, json_t **out, int64_t *next);

#endif
