/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A login that waits for people, by us or by the agent, or a PIN that somebody changes on the reader, without the
 * token's lock: whose it is, who else waits for it, how it is told to end. All functions expect the token's lock.
 */
#ifndef PKCS11_MODULE_CEREMONY_H
#define PKCS11_MODULE_CEREMONY_H

#include "base/deadline.h"
#include "pkcs11/ck/ck.h"

struct p11_session;
struct p11_token;

struct p11_ceremony {
	unsigned refs;          /* whose login it is, and who waits for it */
	const struct p11_session *owner;
	bool is_login;
	int cancel_fd;          /* readable: give up */
	bool cancelled;
	bool done;
	CK_RV rv;               /* when done */
};

/* For this session; the token becomes P11_PENDING. p11_call_ceremony looks whether it may. ERR_NOMEM, ERR_IO. */
MUST enum err p11_ceremony_start(struct p11_token *t, const struct p11_session *owner, bool is_login);
/* The owner's last word, for everybody who waits. */
void p11_ceremony_end(struct p11_token *t, CK_RV rv);
/* How the ceremony of somebody else ended; gives the lock up meanwhile. */
CK_RV p11_ceremony_wait(struct p11_token *t);
/* Until nobody changes a PIN on the reader: whose call is for a login has no other answer from that. */
void p11_ceremony_wait_pin(struct p11_token *t);
/* Told to end, if there is one. It takes up to a second. */
void p11_ceremony_cancel(struct p11_token *t);
/* A line of progress, to stderr or to the log as [login] progress says. ctx: the token, without its lock. */
void p11_ceremony_progress(void *ctx, const char *text);
/*
 * What a login said, in words that mean the same where C_Login answers: there "format" is the card's, and "reset" a
 * login that was there. The time for the whole login being over, nobody said yes in time.
 */
enum err p11_ceremony_error(enum err e, const struct deadline *dl);

#endif
