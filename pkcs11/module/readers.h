/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where cards come from: the agent that the configuration names, and the readers of this machine (apdu/local.h). The
 * agent's come first; a reader that both show is the agent's. An agent that QUORUM11_AGENT names is the only source:
 * a program that "quorum11 run" started never begins a ceremony of its own. Everything here asks anew each time, so an
 * agent may come and go.
 */
#ifndef PKCS11_MODULE_READERS_H
#define PKCS11_MODULE_READERS_H

#include "apdu/pcsc.h"
#include "base/conf.h"

/* As pcsc_list. ERR_NO_SERVICE: neither; where the agent is the only source, one that is not there has no readers. */
MUST enum err p11_readers_list(const struct conf *conf, struct apdu_readers *out);
/* As pcsc_wait; where there is an agent, a change is seen within P11_READERS_SLICE_MS. */
MUST enum err p11_readers_wait(const struct conf *conf, struct apdu_readers *last, struct deadline *dl);
#define P11_READERS_SLICE_MS 250
/* As agent_open, or a shared pcsc_open. */
MUST enum err p11_readers_open(const struct conf *conf, const char *reader, struct apdu_link **out);
/* For a ceremony of our own: by PC/SC, as [login] exclusive says. ERR_REFUSED where the agent is the only source. */
MUST enum err p11_readers_hold(const struct conf *conf, const char *reader, struct apdu_link **out);

#endif
