/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole agent in a thread of a test, over the readers of test/fake/scard.h and the cards of test/p11/rig.h; and
 * clients of it. What must work ends the test if it does not.
 */
#ifndef TEST_AGENT_RIG_H
#define TEST_AGENT_RIG_H

#include "agent/agent.h"
#include "apdu/agent_link.h"
#include "sc-hsm/card.h"
#include "test/p11/rig.h"

/* conf: further lines of the configuration; the socket and a folder of receipts are set. Waits until it is ready. */
void agent_rig_start(const char *conf);
void agent_rig_stop(void);                              /* orderly; all approvals end */
struct agent_at agent_rig_at(void);
/* The newest receipt in the folder, read into w; its path (until the next call). */
const char *agent_rig_receipt(struct wr *w);
size_t agent_rig_receipts(void);

struct agent_user {                                     /* one client */
	struct hsm_card *card;
	struct hsm_version version;
	char why[512];
};
/* Opens the card in RIG_READER, or in another reader, and selects it: its own view. */
void agent_user_come(struct agent_user *u);
void agent_user_come_to(struct agent_user *u, const char *reader);
void agent_user_go(struct agent_user *u);
MUST enum err agent_user_login(struct agent_user *u, const char *pin, const char *limits);
/* P-256 key 1, over a hash that begins with these four bytes. */
MUST enum err agent_user_sign(struct agent_user *u, uint32_t digest);
bool agent_user_sees_open(struct agent_user *u);

#endif
