/* SPDX-License-Identifier: Apache-2.0 */
/* For the host whose login has opened a card: the proofs of it, and when a custodian ends it. */
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/ceremony/desk.h"
#include "server/ceremony/past.h"

/* Empty: the path names no login_id, and so no login. */
static struct rd login_read(const char *arg, uint8_t login_id[LOGIN_ID_SIZE])
{
	struct wr w;

	wr_init(&w, login_id, LOGIN_ID_SIZE);
	return text_unhex(rd_str(arg), &w) || w.n != LOGIN_ID_SIZE ? RD_NONE : wr_view(&w);
}

void srv_api_wait_end(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint8_t login_id[LOGIN_ID_SIZE];

	srv_desk_wait_end(s->desk, login_read(arg, login_id), call, now_ms);
}

void srv_api_proofs(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	uint8_t login_id[LOGIN_ID_SIZE];
	struct srv_past *p;
	enum err e = srv_past_find_opened(&s->store, login_read(arg, login_id), call->who.name, &p);

	(void)now_ms;
	if (!e)
		srv_api_answer(call, 200, srv_past_proofs(&s->store, p));
	else if (e == ERR_NOT_FOUND)
		srv_call_refuse(call, 404, "not_found", "no login with this id has opened a card");
	else
		srv_api_refuse_store(s, call, e);
	srv_past_free(&p);
}
