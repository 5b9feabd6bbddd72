/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent is asked without a card. */
#include "apdu/agent_conn.h"

/* A connection for one question. What is in packet is asked; elements is a view into the answer in it. */
static enum err ask_once(const struct agent_at *at, struct wr *packet, struct rd *elements, char *why, size_t cap)
{
	struct deadline dl = deadline_in(AGENT_PATIENCE_MS);
	struct agent_conn *a;
	enum err e = agent_conn_open(at, &a, why, cap);

	if (e)
		return e;
	e = agent_conn_explain(a, at->socket, agent_conn_ask(a, packet, elements, &dl), why, cap);
	agent_conn_free(&a);
	return e;
}

enum err agent_list(const struct agent_at *at, struct apdu_readers *out, char *why, size_t cap)
{
	struct apdu_reader r;
	struct rd elements;
	struct wr w;
	bool bad = false;
	enum err e;

	out->n = 0;
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_LIST);
	e = ask_once(at, &w, &elements, why, cap);
	while (!e && out->n < APDU_READERS_MAX && agent_card_read(&elements, &r, &bad))
		out->v[out->n++] = r;
	if (!e && (bad || !rd_end(&elements))) {
		agent_say(why, cap, "agent %s: its list of cards is malformed", at->socket);
		e = ERR_PROTOCOL;
	}
	if (e)
		out->n = 0;
	wr_free(&w);
	return e;
}

enum err agent_end(const struct agent_at *at, const char *reader, char *why, size_t cap)
{
	struct rd elements;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_END);
	if (reader)
		wr_tlv(&w, AGENT_T_READER, rd_str(reader));
	e = ask_once(at, &w, &elements, why, cap);
	wr_free(&w);
	return e;
}

enum err agent_status(const struct agent_at *at, struct wr *json, char *why, size_t cap)
{
	struct rd elements, text;
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, AGENT_STATUS);
	e = ask_once(at, &w, &elements, why, cap);
	if (!e && !rd_tlv_find(elements, AGENT_T_TEXT, &text)) {
		agent_say(why, cap, "agent %s: its answer has no text", at->socket);
		e = ERR_PROTOCOL;
	}
	if (!e) {
		wr_put(json, text);
		e = wr_done(json);
	}
	wr_free(&w);
	return e;
}
