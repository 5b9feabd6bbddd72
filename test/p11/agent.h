/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real agent in a process of its own, for the contract tests: the test program, started anew, holds RIG_READER
 * with the card of a folder. So a test can stop it, and kill it, at any moment.
 */
#ifndef TEST_P11_AGENT_H
#define TEST_P11_AGENT_H

#include "test/agent_rig.h"

/* First thing in main: never returns if this process was started as an agent. */
void agent_process_main(int argc, char **argv);
/*
 * Start it; it is ready. The card leaves RIG_READER of this process. conf: as agent_rig_start; it becomes this process'
 * configuration, too.
 */
void agent_process_start(const char *card_dir, const char *conf);
void agent_process_kill(void);                          /* SIGKILL; nothing if there is none */
void agent_process_freeze(void);                        /* it does nothing any more, until it is killed */
const char *agent_process_socket(void);

#endif
