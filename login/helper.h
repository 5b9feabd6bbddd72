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
 * The program [module] helper of conf, with its [login] settings; header: value of X-Quorum11-Request or NULL. start
 * does not wait for anything: the LOGIN_READY that open waits for is still to come. ERR_CONFIG: there is no helper, or
 * no url.
 */
MUST enum err login_helper_start(const struct conf *conf, const char *header, struct login_helper **out, char *why,
				 size_t cap);
MUST enum err login_helper_open(const struct conf *conf, const char *header, struct login_helper **out, char *why,
				size_t cap, struct deadline *dl);
struct login_wait {
	enum err (*tick)(void *ctx);    /* at least every 250 ms; an error of it ends the wait; NULL: nothing */
	void *ctx;
	char *why;                      /* of a failure, for people, at most cap bytes; NULL: nobody asks */
	size_t cap;
};
/* Ask and wait for the answer: the status of HTTP, and its body, appended. */
MUST enum err login_helper_ask(struct login_helper *h, enum login_frame type, struct rd content, int *status,
			       struct wr *body, const struct login_wait *w, struct deadline *dl);
/* For one who does not wait: our end of the socket, a question without its answer, what a LOGIN_FAIL says. */
int login_helper_fd(const struct login_helper *h);
MUST enum err login_helper_tell(struct login_helper *h, enum login_frame type, struct rd content);
MUST enum err login_helper_failure(struct rd content, char *why, size_t cap);
/* Close the socket, give it 100 ms, kill, reap (only our own child). */
void login_helper_close(struct login_helper **h);

#endif
