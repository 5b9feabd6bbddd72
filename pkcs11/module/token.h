/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in one reader: the card, what is known of it, who is logged in. Everything but the two counters is guarded by
 * the token's lock, which covers a command sequence and never a wait for people. Functions here expect it held.
 */
#ifndef PKCS11_MODULE_TOKEN_H
#define PKCS11_MODULE_TOKEN_H

#include <stdatomic.h>

#include "apdu/pcsc.h"
#include "base/conf.h"
#include "base/lock.h"
#include "pkcs11/ck/ck.h"
#include "pkcs11/object/object.h"
#include "sc-hsm/card.h"

enum p11_login_state {
	P11_CLOSED,
	P11_PENDING,            /* a ceremony runs, without the lock: nobody else may use the card */
	P11_OPEN
};
struct p11_ceremony;

struct p11_token {
	struct lock lock;
	struct cond changed;                    /* a ceremony ended */
	const struct conf *conf;                /* borrowed, constant */
	char reader[READER_NAME_MAX];

	atomic_uint sessions;                   /* open on this token; written under the module lock */
	atomic_uint read_only;                  /* ... of them those that only read */
	atomic_uint insertion;                  /* changes with the card; a session remembers its own */

	bool known;                             /* the two below tell of the card that is in now */
	bool is_hsm;
	uint32_t events;                        /* pcscd's counter when it was asked */
	bool told;                              /* that somebody else holds the card, for these events */

	struct hsm_card *card;                  /* NULL: not connected */
	bool awake;                             /* the applet is selected, as far as we know */

	struct hsm_status status;
	bool has_pad;                   /* its reader asks for a PIN by itself */
	bool options_known;                     /* the card told them when it was selected; its mode depends on them */
	char label[33], manufacturer[33];       /* UTF-8, cut at whole characters */
	char device_id[CHR_MAX + 1], serial[17];
	struct wr devaut;                       /* EF.C_DevAut, of which these are */
	struct p11_objects objects;

	enum p11_login_state login;
	struct secret *so_pin;                  /* the security officer is logged in; then login is P11_CLOSED */
	bool by_ceremony;                       /* held for a ceremony or opened by one: to be left closed and reset */
	struct p11_ceremony *ceremony;          /* of P11_PENDING */
};

void p11_token_init(struct p11_token *t, const struct conf *conf, const char *reader);
void p11_token_fini(struct p11_token *t);                       /* closes the card */
void p11_token_abandon(struct p11_token *t);                    /* child of a fork: touches no card, no service */

/*
 * Look at the reader (r: what the service says of it now, NULL: it is gone) and, once per card, at the card. ERR_OK: a
 * SmartCard-HSM, its facts are known. ERR_NO_READER, ERR_NO_CARD (also for other cards), ERR_SHARING, ERR_TRANSPORT.
 */
MUST enum err p11_token_see(struct p11_token *t, const struct apdu_reader *r);
MUST enum err p11_token_look(struct p11_token *t);              /* the same, asking the service itself */
/* Is the card that we know still there? Talks to the service only. ERR_REMOVED; other errors are the next exchange's.
 */
MUST enum err p11_token_check(struct p11_token *t);

/* Connect, if we are not; no command to the card. ERR_REMOVED: it is gone, and so is what was known of it. */
MUST enum err p11_token_connect(struct p11_token *t);
/* Connected to a card that an agent holds, which opens and closes it and keeps each program's login apart? */
bool p11_token_is_by_agent(const struct p11_token *t);

/*
 * Around each command sequence. begin connects, and selects the applet only where it is not selected (that would log
 * out). A login that turns out to be lost is cleared, so look at t->login after it. While a ceremony runs: ERR_REFUSED,
 * said in the log. end takes the result of the sequence, notes what it says about login and presence, and returns it;
 * ERR_INS becomes ERR_UNSUPPORTED where the card just has no such command. After a failure the objects may be gone.
 */
MUST enum err p11_token_begin(struct p11_token *t);
enum err p11_token_end(struct p11_token *t, enum err e);
/* As begin, but ERR_AUTH unless this token is logged in. */
MUST enum err p11_token_begin_user(struct p11_token *t);

/* Objects in memory; loads them when first needed. */
MUST enum err p11_token_load(struct p11_token *t);
/* Somebody has logged in: what was read before that may be changed since. */
void p11_token_opened(struct p11_token *t);
/*
 * Is the object what the card has? P11_READ, before its content is told or a public key used: it is compared with the
 * card if another process read it, or this one before this login. P11_COMPARED, before a key is used or an object
 * changed: in any case, the first time. ERR_NOT_FOUND: the card has another one in its place; all objects have been
 * read anew, this one is gone.
 */
MUST enum err p11_token_confirm(struct p11_token *t, const struct p11_object *o, enum p11_trust need);
/* This process changed files on the card: what is kept for others is forgotten. */
void p11_token_changed(struct p11_token *t);
/* Ends a login and the connection; at an agent only the login. */
void p11_token_close(struct p11_token *t);
/* The card went away: sessions opened on it are over. */
void p11_token_drop(struct p11_token *t);
/* What the card says of its own state, into t->status; v: of the last SELECT. */
MUST enum err p11_token_read_status(struct p11_token *t, const struct hsm_version *v, struct deadline *dl);
/* Is the card that was just selected the one we know? ERR_REMOVED if not. */
MUST enum err p11_token_check_identity(struct p11_token *t, struct deadline *dl);

#endif
