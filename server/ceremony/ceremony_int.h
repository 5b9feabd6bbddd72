/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to a ceremony's files, from the top down: people.c has what people do, ceremony.c the wire and the machine,
 * card.c the card and what is demanded of it, hold.c the cards that stay connected, view.c how it stands.
 */
#ifndef SERVER_CEREMONY_CEREMONY_INT_H
#define SERVER_CEREMONY_CEREMONY_INT_H

#include "server/ceremony/ceremony.h"

/* Go on with what there is. The machine is not touched while the host still works on the last commands. */
void srv_ceremony_advance(struct srv_ceremony *c, const struct pka_answers *answers, uint64_t now_ms);

/* The waiting POST is answered by what its body holds. */
void srv_ceremony_answer(struct srv_ceremony *c, int status, const char *type);

/* card.c */
extern const struct pka_answers srv_no_answers;
/* One step of the machine. When it has read which card it is, it gets the card's enrolment and policy, or is ended. */
void srv_ceremony_step(struct srv_ceremony *c, const struct pka_answers *answers, uint64_t now_ms);
void srv_ceremony_fail(struct srv_ceremony *c, enum err result, const char *fmt, ...) PRINTF(3, 4);
struct srv_policy_facts srv_ceremony_policy_facts(const struct srv_ceremony *c);        /* what the policy judges by */
/* A card's mode is known when a second key went through in it, or when it had to be changed: then it is kept. */
void srv_ceremony_learn(const struct srv_ceremony *c);

/* hold.c: the card of a client that holds it is open now; nothing for others. */
void srv_hold_opened(struct srv_ceremony *c, const struct pka_facts *f, uint64_t now_ms);
/* Fill in the answer to the POST that waits at a card that is held open, or to be closed. ERR_TIMEOUT: it waits on. */
MUST enum err srv_hold_reply(struct srv_ceremony *c, uint64_t now_ms);
/* The card that is held open is to be closed: the next answer says so. false: none is. why for people. */
bool srv_hold_close(struct srv_ceremony *c, const char *why);
/* The client is gone, and its card switched off with it. */
void srv_hold_lost(struct srv_ceremony *c, const char *why);

static inline bool srv_ceremony_is_over(const struct pka_facts *f)
{
	return f->state == PKA_OPEN || f->state == PKA_FAILED;
}

#endif
