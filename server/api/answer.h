/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of the JSON interface answer by. */
#ifndef SERVER_API_ANSWER_H
#define SERVER_API_ANSWER_H

#include "server/base/json.h"
#include "server/srv/srv.h"

/* j is taken. The answer, NULL: status 500. The body as an object, or NULL and the call is refused: json_decref it. */
void srv_api_answer(struct srv_call *call, int status, json_t *j);
json_t *srv_api_body(struct srv_call *call);

/* srv_call_refuse_store. */
void srv_api_refuse_store(struct srv *s, struct srv_call *call, enum err e);

#endif
