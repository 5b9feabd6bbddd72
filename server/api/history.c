/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that have ended, for whoever may read them. */
#include "server/srv/history.h"

#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/base/query.h"

#define PAGE 50                         /* unless told */

/* The words of a query, as the store's filter views them. */
struct query {
	struct srv_kept_filter f;
	char device[SRV_QUERY_MAX + 1], outcome[SRV_QUERY_MAX + 1], search[SRV_QUERY_MAX + 1];
	uint64_t limit;
};

static bool query_read(const char *text, struct query *q)
{
	uint64_t from = 0, until = 0, before = 0;

	*q = (struct query){ .limit = PAGE };
	if (!srv_query_text(text, "device", q->device) || !srv_query_text(text, "outcome", q->outcome) ||
	    !srv_query_text(text, "search", q->search) || !srv_query_number(text, "from", &from) ||
	    !srv_query_number(text, "until", &until) || !srv_query_number(text, "before", &before) ||
	    !srv_query_number(text, "limit", &q->limit) || !q->limit || q->limit > SRV_HISTORY_MAX)
		return false;
	q->f = (struct srv_kept_filter){ .device_id = q->device, .outcome = q->outcome, .search = q->search,
					 .from = (int64_t)from, .until = (int64_t)until, .before = (int64_t)before };
	return true;
}

void srv_api_history(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct query q;
	json_t *list;
	int64_t next;
	enum err e;

	(void)arg;
	(void)now_ms;
	if (!query_read(call->request.query, &q)) {
		srv_call_refuse(call, 400, "bad_request", "from, until, before and limit (at most %d) are numbers, "
				"device, outcome and search at most %d bytes", SRV_HISTORY_MAX, SRV_QUERY_MAX);
		return;
	}
	e = srv_history_list(s, &call->who, &q.f, (size_t)q.limit, &list, &next);
	if (e)
		srv_api_refuse_store(s, call, e);
	else
		srv_api_answer(call, 200, json_pack("{s:o, s:o}", "requests", list, "next",
						    next ? json_integer(next) : json_null()));
}
