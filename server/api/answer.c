/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/answer.h"

void srv_api_answer(struct srv_call *call, int status, json_t *j)
{
	srv_json_write(j, &call->reply.body);
	srv_call_answer(call, status, SRV_JSON);
}

json_t *srv_api_body(struct srv_call *call)
{
	char why[200];
	json_t *j = srv_json_parse(call->request.body, why, sizeof(why));

	if (!j)
		srv_call_refuse(call, 400, "bad_request", "%s", why);
	return j;
}

void srv_api_refuse_store(struct srv *s, struct srv_call *call, enum err e)
{
	srv_call_refuse_store(call, e, srv_events_why(s->events));
}
