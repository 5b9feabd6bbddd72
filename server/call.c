/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

void srv_call_init(struct srv_call *call)
{
	*call = (struct srv_call){ 0 };
	wr_init_heap(&call->reply.body, SRV_REPLY_MAX);
}

void srv_call_fini(struct srv_call *call)
{
	wr_free(&call->reply.body);
}

void srv_call_answer(struct srv_call *call, int status, const char *type)
{
	struct srv_reply *r = &call->reply;

	r->status = status;
	r->type = type;
	if (wr_done(&r->body)) {
		wr_reset(&r->body);
		r->status = 500;
		r->type = NULL;
	}
	call->done = true;
	if (call->wake)
		call->wake(call);
}

void srv_call_refuse(struct srv_call *call, int status, const char *word, const char *fmt, ...)
{
	struct wr *w = &call->reply.body;
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	wr_reset(w);
	wr_json_open(w);
	wr_json_text(w, "error", rd_str(word));
	wr_json_text(w, "message", rd_str(text));
	wr_json_close(w);
	srv_call_answer(call, status, SRV_JSON);
}

void srv_call_refuse_rate(struct srv_call *call, unsigned seconds)
{
	call->reply.retry_after = seconds;
	srv_call_refuse(call, 429, "too_many", "too many of these lately; the next one in %u s", seconds);
}

const char *srv_quote(const char *text, struct srv_quoted *q)
{
	char *p;

	(void)text_shown(rd_str(text), q->text, sizeof(q->text));
	for (p = q->text; *p; p++)
		if (*p == '"')
			*p = '\'';
	return q->text;
}
