/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: its cards, its clients, and the one thread that serves them all. */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/approval.h"

struct agent_run {
	const struct agent_rules *rules;
	int listener;           /* SOCK_SEQPACKET, listening, non-blocking; not closed */
	int signals;            /* readable: end */
	int lifeline;           /* readable or hung up: end; -1: none */
	int ready;              /* gets a line when clients can come; closed then; -1: none */
};
/* Until it is told to end; everything is closed then. ERR_IO, ERR_NOMEM, said. */
MUST enum err agent_serve(const struct agent_run *r);

#endif
