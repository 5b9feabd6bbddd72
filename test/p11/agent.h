/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real agent in a process of its own, for the contract tests: the test program, started anew, holds RIG_READER
 * with the card of a folder. So a test can stop it, and kill it, at any moment.
 */
#ifndef TEST_P11_AGENT_H
#define TEST_P11_AGENT_H

#include <pthread.h>

#include "test/agent_rig.h"
#include "test/p11/people.h"

/* First thing in main: never returns if this process was started as an agent. */
void agent_process_main(int argc, char **argv);
/*
 * Start it; it is ready. The card (NULL: none) leaves RIG_READER of this process. conf: as agent_rig_start; it becomes
 * this process' configuration, too.
 */
void agent_process_start(const char *card_dir, const char *conf);
void agent_process_kill(void);                          /* SIGKILL; nothing if there is none */
void agent_process_freeze(void);                        /* it does nothing any more, until it is killed */
const char *agent_process_socket(void);

/* ---- for the tests ---- */

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)
int agent_test_setup(void **state);
int agent_test_teardown(void **state);
extern struct people *agent_people;                     /* of agent_start_people */
extern char agent_card_dir[];                           /* of the card that the agent holds */
/*
 * The whole list, each RIG_TEST twice: with RIG_READER in this process, and in that of an agent that admits every
 * change and every use. Tests with a setup of their own run once.
 */
#define RUN_BOTH(tests) agent_run_both(tests, sizeof(tests) / sizeof((tests)[0]))
int agent_run_both(const struct CMUnitTest *tests, size_t n);
/* At an agent: nobody rides on a login any more. The next one is the card's. */
void rig_end_approval(void);
/* At an agent: until it has taken up the card that its reader has. */
void rig_wait_for_card(void);
/* An agent with a card of rig_card_simple; with a 2-of-3 target of this profile, and QUORUM11_AGENT. */
void agent_start_pin(const char *conf);
void agent_start_people(const char *profile, const char *what, const char *more);
void agent_only(void);                                  /* QUORUM11_AGENT, from the next C_Initialize */
const char *agent_log_path(void);
CK_ULONG agent_slots(CK_BBOOL with_token);

struct caller {                                         /* a call in a thread of its own */
	pthread_t thread;
	CK_RV (*call)(struct caller *c);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE key;
	CK_SLOT_ID slot;
	CK_RV rv;
};
CK_RV caller_login(struct caller *c);                   /* without a PIN */
CK_RV caller_sign(struct caller *c);                    /* with key */
CK_RV caller_wait(struct caller *c);                    /* for a slot event, into slot */
void caller_start(struct caller *c, CK_RV (*what)(struct caller *c), CK_SESSION_HANDLE s);
CK_RV caller_result(struct caller *c);

#endif
