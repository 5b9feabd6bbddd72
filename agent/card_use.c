/* SPDX-License-Identifier: Apache-2.0 */
/* Uses of private keys under the approval in force. */
#include <stdio.h>

#include "agent/card_int.h"
#include "base/clock.h"
#include "base/log.h"

/* As the card would say it; but whose approval is used up is told so. */
enum err agent_card_not_in(struct agent_card *c, struct agent_job *j)
{
	if (j->of_approval && j->of_approval == c->view.ended && c->view.ended_by_limits) {
		(void)snprintf(j->why, sizeof(j->why), "%s", c->view.ended_why);
		return ERR_ALLOWANCE;
	}
	wr_u16(&j->out, 0x6982);
	return ERR_OK;
}

enum err agent_card_use(struct agent_card *c, const struct apdu *a, struct rd cmd, struct agent_job *j)
{
	const struct agent_command command = { .apdu = a, .bytes = cmd, .by = &j->by };
	uint32_t digests;
	uint64_t uses;
	enum err e;

	if (!agent_card_is_in(c, j))
		return agent_card_not_in(c, j);
	e = agent_approval_use(c->approval, &command, &j->out, j->why, sizeof(j->why));
	if (e == ERR_ALLOWANCE) {
		/* Who is refused tells his person: under "quorum11 run" a warning of ours would be the second. */
		log_line(LOG_AGENT, LOG_INFO, "card %s: refused to uid %u, %s (process %u): %s", c->view.device_id,
			 j->by.uid, j->by.program, j->by.pid, j->why);
		if (clock_boot_ms() >= agent_approval_ends_ms(c->approval))
			agent_card_end_approval(c, true, "the approval's time is over");
	} else if (e && !agent_card_is_gone(e)) {
		agent_card_end_approval(c, false, "%s", *j->why ? j->why : err_text(e));
	}
	if (c->approval) {
		agent_approval_used(c->approval, &digests, &uses);
		agent_view_used(&c->view, digests, uses);
	}
	return e == ERR_AUTH ? agent_card_not_in(c, j) : e;
}
