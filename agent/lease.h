/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that works alone with a card is lent to the card's thread, which then hears and answers it without the
 * clients' thread between them: two switches of threads for a signature instead of four. All that the card's thread
 * does for it are uses of private keys that its login covers. It goes back, with the packet that was heard, as soon as
 * it says anything else, has anything but an answer to hear, or anybody else wants the card. Who has it is its only
 * reader and writer. All functions: the card's thread.
 */
#ifndef AGENT_LEASE_H
#define AGENT_LEASE_H

#include "agent/card_int.h"

/* A job of kind AGENT_JOB_LEASE: kept, or given back at once where there is nothing to use. */
void agent_lease_take(struct agent_card *c, struct agent_job *j);
/* Its socket has something to say, as poll(2) tells it. */
void agent_lease_serve(struct agent_card *c, short events);
/* Back to the clients' thread. Nothing to do where nobody is lent. */
void agent_lease_end(struct agent_card *c);

#endif
