/* SPDX-License-Identifier: Apache-2.0 */
#include "server/call/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define HEAD_MAX 4096

void srv_call_init(struct srv_call *call)
{
	*call = (struct srv_call){ 0 };
	wr_init_heap(&call->reply.head, HEAD_MAX);
	wr_init_heap(&call->reply.body, SRV_REPLY_MAX);
}

void srv_call_fini(struct srv_call *call)
{
	wr_free(&call->reply.head);
	wr_free(&call->reply.body);
}

void srv_call_header(struct srv_call *call, const char *name, const char *value)
{
	struct wr *w = &call->reply.head;
	const char *p = value;

	while (*p >= 0x20 && *p < 0x7F)
		p++;
	if (*p)
		wr_fail(w, ERR_FORMAT);
	wr_put(w, rd_of(name, strlen(name) + 1));
	wr_put(w, rd_of(value, strlen(value) + 1));
}

void srv_call_answer(struct srv_call *call, int status, const char *type)
{
	struct srv_reply *r = &call->reply;

	r->status = status;
	r->type = type;
	if (wr_done(&r->body) || wr_done(&r->head)) {
		wr_reset(&r->body);
		wr_reset(&r->head);
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
	call->reply.refused = word;
	wr_reset(w);
	wr_json_open(w);
	wr_json_text(w, "error", rd_str(word));
	wr_json_text(w, "message", rd_str(text));
	wr_json_close(w);
	srv_call_answer(call, status, SRV_JSON);
}

void srv_call_refuse_store(struct srv_call *call, enum err e, const char *why)
{
	if (e == ERR_NOMEM)
		srv_call_refuse(call, 500, "server", "the server failed: %s", err_text(e));
	else
		srv_call_refuse(call, 503, "store", "the server's store cannot be used now: %s; nothing was done, try "
				"again", why);
}

void srv_call_refuse_rate(struct srv_call *call, unsigned seconds)
{
	call->reply.retry_after = seconds;
	srv_call_refuse(call, 429, "too_many", "too many of these lately; the next one in %u s", seconds);
}

void srv_call_stream(struct srv_call *call, const char *type, void (*gone)(struct srv_call *call), void *keeper)
{
	call->reply.status = 200;
	call->reply.type = type;
	call->is_stream = true;
	call->gone = gone;
	call->keeper = keeper;
}

bool srv_call_stream_put(struct srv_call *call, struct rd bytes)
{
	struct wr *w = &call->reply.body;

	if (call->done || wr_done(w) || w->n + bytes.n > SRV_STREAM_MAX)
		return false;
	wr_put(w, bytes);
	if (call->wake)
		call->wake(call);
	return !wr_done(w);
}

void srv_call_stream_end(struct srv_call *call)
{
	call->done = true;
	if (call->wake)
		call->wake(call);
}
