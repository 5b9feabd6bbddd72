/* SPDX-License-Identifier: Apache-2.0 */
/* A link in front of another one: all that passes is shown to the view (agent/view.h). */
#ifndef AGENT_TAP_LINK_H
#define AGENT_TAP_LINK_H

#include "agent/view.h"
#include "apdu/link.h"

/* Takes inner; on failure it is closed. */
MUST enum err agent_tap_new(struct apdu_link *inner, struct agent_view *v, struct apdu_link **out);

#endif
