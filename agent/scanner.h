/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that tells which readers there are: at its start, and whenever one comes. */
#ifndef AGENT_SCANNER_H
#define AGENT_SCANNER_H

#include "agent/job.h"
#include "base/conf.h"

struct agent_scanner;
/* Each reader becomes a job AGENT_JOB_READER in results; some of them more than once. */
MUST enum err agent_scanner_new(const struct conf *conf, struct agent_queue *results, struct agent_scanner **out);
void agent_scanner_free(struct agent_scanner **s);              /* NULL-safe */
/* Has it told what was there at the start? */
bool agent_scanner_has_looked(struct agent_scanner *s);

#endif
