/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper process: the program connect, which speaks HTTPS for a process that should not. One socket pair,
 * nothing else inherited. Frames both ways: length (4 bytes, big endian, of what follows), type (1), content. It
 * has no card, no PIN, no say; its end of file ends the login, ours ends it.
 */
#ifndef LOGIN_HELPER_H
#define LOGIN_HELPER_H

#include "base/conf.h"
#include "base/deadline.h"
#include "base/buf.h"

enum login_frame {              /* content */
	LOGIN_OPEN = 1,         /* TLVs: see frame.h; answered by LOGIN_READY or LOGIN_FAIL */
	LOGIN_POST,             /* the body */
	LOGIN_PROOFS,           /* login_id: fetch statements and PKA files */
	LOGIN_WATCH,            /* login_id: LOGIN_REPLY with one proof when a custodian has ended it, however late */
	LOGIN_READY,            /* empty */
	LOGIN_REPLY,            /* status (2 bytes), body */
	LOGIN_FAIL              /* enum err (1 byte), text for people */
};
struct login_helper;
/*
 * path: the program. url and the [login] settings of conf; header: value of X-Quorum11-Request or NULL. start does not
 * wait for anything: the LOGIN_READY that open waits for is still to come.
 */
MUST enum err login_helper_start(const char *path, const char *url, const struct conf *conf, const char *header,
				 struct login_helper **out, char *why, size_t cap);
MUST enum err login_helper_open(const char *path, const char *url, const struct conf *conf, const char *header,
				struct login_helper **out, char *why, size_t cap, struct deadline *dl);
/*
 * Ask and wait for the answer. tick is called at least every 250 ms while waiting (may be NULL); an error from it
 * ends the wait with that error.
 */
MUST enum err login_helper_ask(struct login_helper *h, enum login_frame type, struct rd content, int *status,
			       struct wr *body, enum err (*tick)(void *ctx), void *ctx, char *why, size_t cap,
			       struct deadline *dl);
/* For one who does not wait: our end of the socket, a question without its answer, what a LOGIN_FAIL says. */
int login_helper_fd(const struct login_helper *h);
MUST enum err login_helper_tell(struct login_helper *h, enum login_frame type, struct rd content);
MUST enum err login_helper_failure(struct rd content, char *why, size_t cap);
/* Close the socket, give it 100 ms, kill, reap (only our own child). */
void login_helper_close(struct login_helper **h);

#endif
