/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/status.h"

#include "base/clock.h"
#include "base/json.h"

static void facts_json(const struct agent_facts *f, struct wr *out)
{
	uint64_t now = clock_boot_ms();

	wr_json_text(out, "limits", rd_str(f->limits));
	wr_json_number(out, "uid", f->uid);
	wr_json_number(out, "digests", f->digests);
	wr_json_number(out, "uses", (int64_t)f->uses);
	if (f->ends_ms != UINT64_MAX)
		wr_json_number(out, "seconds_left", f->ends_ms > now ? (int64_t)((f->ends_ms - now) / 1000) : 0);
	wr_json_text(out, "receipt", rd_str(f->receipt));
}

void agent_status_json(struct agent_view *v, struct wr *out)
{
	static const char *const states[] = {
		[AGENT_EMPTY] = "empty", [AGENT_CLOSED] = "closed", [AGENT_ASKING] = "asking", [AGENT_OPENED] = "open",
	};

	lock_take(&v->lock);
	wr_json_open(out);
	wr_json_text(out, "reader", rd_str(v->reader));
	wr_json_text(out, "device_id", rd_str(v->device_id));
	wr_json_text(out, "state", rd_str(states[v->state]));
	if (v->state == AGENT_ASKING)
		wr_json_text(out, "progress", rd_str(v->progress));
	if (v->state == AGENT_OPENED)
		facts_json(&v->facts, out);
	wr_json_text(out, "ended", rd_str(v->ended_why));
	wr_json_close(out);
	wr_text(out, "\n");
	lock_give(&v->lock);
}
