/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After a card was opened: a custodian's statement that this is over (pka/end.h), kept with its request, and the hosts
 * that wait for one. A waiting call costs nothing but its connection; nothing here waits.
 */
#ifndef SERVER_END_H
#define SERVER_END_H

#include "server/ceremony.h"

struct srv_end_said {
	size_t by;                              /* which of the target's custodians */
	uint8_t statement_bytes[STATEMENT_MAX], sig_bytes[EC_SIG_MAX];
	struct wr statement, sig;
};
/* The reference of the custodian who has ended it; NULL: nobody has. */
const char *srv_end_by(const struct srv_ceremony *c);

/*
 * A custodian's end. The first one is kept and told to whoever waits; another one later is as good and changes nothing.
 * ERR_CONDITIONS: the card is not open; ERR_SIGNATURE, ERR_FORMAT: not a registered key's end of this login. All other
 * members of the decision are as in srv_ceremony_decide.
 */
MUST enum err srv_end_say(struct srv_ceremony *c, const struct srv_decision *d);
/* A host waits for the end of a login that opened its card. Answers the call now or keeps it for the poll time. */
void srv_end_wait(struct srv_ceremony *c, struct srv_call *call, uint64_t now_ms);
/* The call's connection is gone. false: it is none of those that wait here. */
bool srv_end_gone(struct srv_ceremony *c, struct srv_call *call);
/* Whoever waits is refused: nobody can end it here any more. */
void srv_end_give_up(struct srv_ceremony *c, int status);
/* Answer (204) those that have waited long enough; when to come again (boot time, UINT64_MAX: nobody waits). */
uint64_t srv_end_tick(struct srv_ceremony *c, uint64_t now_ms);

#endif
