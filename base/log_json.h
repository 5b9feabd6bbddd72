/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the log as a JSON object. */
#ifndef BASE_LOG_JSON_H
#define BASE_LOG_JSON_H

#include "base/buf.h"

struct log_head {
	int64_t time;           /* seconds since 1970 */
	int pid;
	const char *program;    /* of a line for people, NULL: one of an area */
	const char *area, *level;
	struct rd text;         /* one line, without its end */
};
/*
 * {"time": "...", "pid": n, "area": ..., "level": ...} and the line's end; program instead of the area in a line for
 * people. A text of nothing but words KEY=VALUE and KEY="VALUE" becomes members of these names (a number where the
 * value is a short decimal number without quotes), any other one "message". A text that out cannot hold is cut, and is
 * a message then.
 */
void wr_log_json(struct wr *out, const struct log_head *head);

#endif
