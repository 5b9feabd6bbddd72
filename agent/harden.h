/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that holds opened cards gives up. */
#ifndef AGENT_HARDEN_H
#define AGENT_HARDEN_H

#include "base/err.h"

/*
 * No core file, no debugger, no new privileges, and none of the system calls by which a process that was taken over
 * reaches into others or into the system; all of it holds for the helper process, too. ERR_IO: said.
 */
MUST enum err agent_harden(void);

#endif
