/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing connection of whoever holds an opened card: a helper process asks the server, for as long as it runs,
 * whether a custodian has ended the approval. It tries again when the server is gone. Nothing here waits; one owner.
 */
#ifndef LOGIN_WATCH_H
#define LOGIN_WATCH_H

#include "base/buf.h"
#include "base/conf.h"

struct login_watch;
/* ERR_CONFIG: no url or helper, or it cannot be started; ERR_ARG: no login_id; ERR_IO, ERR_NOMEM. Logged. */
MUST enum err login_watch_open(const struct conf *conf, struct rd login_id, struct login_watch **out);
/* Readable: there is something for login_watch_step. -1: the helper is gone, and with it the watch. */
int login_watch_fd(const struct login_watch *w);
/*
 * *ended: a custodian has ended it: his PKA file, statement and its signature, appended to the writers. The caller
 * verifies (pka/end.h). ERR_OK with *ended false: nothing yet. Nothing more comes after an end; where it does not
 * verify, open another watch. Any error: the helper is gone, or cannot do it (ERR_CONFIG, ERR_TLS ...); logged.
 */
MUST enum err login_watch_step(struct login_watch *w, bool *ended, struct wr *pka_file, struct wr *statement,
			       struct wr *statement_sig);
/* NULL-safe. Waits for the helper's end, at most 100 ms; then it is killed. */
void login_watch_close(struct login_watch **w);

#endif
