/* SPDX-License-Identifier: Apache-2.0 */
/* One reader as "quorum11 agent status" tells it: a JSON object on a line of its own. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

#include "agent/view.h"

void agent_status_json(struct agent_view *v, struct wr *out);

#endif
