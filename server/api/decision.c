/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian's turn at the card, and his decision. */
#include <string.h>

#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/request.h"

/* Why a decision, or a turn, is not possible now, where the machine said so by e. */
static void refuse_conditions(struct srv_call *call, const struct srv_ceremony *c, const char *chr)
{
	if (c->ended_ms)
		srv_api_refuse_ended(call);
	else if (srv_ceremony_record(c, chr))
		srv_call_refuse(call, 409, "decided", "this key has decided already");
	else
		srv_call_refuse(call, 409, "not_now", "the card is not ready for a decision; ask again in a second");
}

static void answer_turn(struct srv_call *call, const struct srv_ceremony *c, const char *chr)
{
	const struct pka_facts *f = srv_ceremony_facts(c);

	if (f->challenge.n && (f->mode == PKA_SHARED || (f->turn && !strcmp(f->turn->chr, chr))))
		srv_api_answer(call, 200, json_pack("{s:o}", "challenge", srv_json_bytes(f->challenge)));
	else
		srv_api_answer(call, 202, json_pack("{s:s}", "wait", "asking the card"));
}

static void refuse_busy(struct srv_call *call, const struct srv_ceremony *c, uint64_t now_ms)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	uint64_t left = f->turn_ends_ms > now_ms ? (f->turn_ends_ms - now_ms + 999) / 1000 : 0;

	call->reply.refused = "busy";
	srv_api_answer(call, 409,
		       json_pack("{s:s, s:s, s:o, s:I}", "error", "busy", "message", "it is another custodian's turn",
				 "turn", f->turn ? srv_json_text(f->turn->chr) : json_null(), "seconds",
				 (json_int_t)left));
}

/* has_link: then the turn may be anybody's who is registered. c NULL: it is over. */
static void turn(struct srv_call *call, struct srv_ceremony *c, bool has_link, uint64_t now_ms)
{
	json_t *j = srv_api_body(call);
	json_error_t at;
	const char *chr;

	if (!j)
		return;
	if (json_unpack_ex(j, &at, 0, "{s:s !}", "chr", &chr)) {
		srv_call_refuse(call, 400, "bad_request", "%s", at.text);
		goto out;
	}
	if (!has_link && !srv_who_is_key(call, chr))
		goto out;
	if (!c) {
		srv_api_refuse_ended(call);
		goto out;
	}
	switch (srv_ceremony_turn(c, chr, now_ms)) {
	case ERR_OK:
		if (c->ended_ms)
			refuse_conditions(call, c, chr);
		else
			answer_turn(call, c, chr);
		break;
	case ERR_SHARING:
		refuse_busy(call, c, now_ms);
		break;
	case ERR_NOT_FOUND:
		srv_call_refuse(call, 404, "not_found", "no key of this name is registered");
		break;
	case ERR_CONDITIONS:
		if (c->is_open && !c->ended_ms && !srv_ceremony_record(c, chr))
			srv_api_answer(call, 202, json_pack("{s:s}", "wait", "asking the card"));
		else
			refuse_conditions(call, c, chr);
		break;
	default:
		srv_call_refuse(call, 500, "server", "the server failed");
	}
out:
	json_decref(j);
}

void srv_api_turn(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (!srv_api_see(s, call, arg, &f))
		return;
	turn(call, f.live, false, now_ms);
	srv_found_free(&f);
}

void srv_api_link_turn(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;

	if (srv_api_find_link(s, call, arg, &f, now_ms))
		turn(call, f.live, true, now_ms);
	srv_found_free(&f);
}

/* The members of a decision, decoded into the writers. ERR_FORMAT: the call is refused. */
static enum err decision_read(struct srv_call *call, json_t *j, struct srv_decision *d, struct wr w[3])
{
	json_t *part[3] = { NULL };
	json_error_t at;
	struct rd *const view[3] = { &d->statement, &d->statement_sig, &d->sig };
	size_t i;
	int bad;

	if (d->decision == PKA_APPROVE)
		bad = json_unpack_ex(j, &at, 0, "{s:s, s:o, s:o, s:o !}", "chr", &d->chr, "statement", &part[0],
				     "statement_signature", &part[1], "signature", &part[2]);
	else
		bad = json_unpack_ex(j, &at, 0, "{s:s, s:o, s:o !}", "chr", &d->chr, "statement", &part[0],
				     "statement_signature", &part[1]);
	if (bad) {
		srv_call_refuse(call, 400, "bad_request", "%s", at.text);
		return ERR_FORMAT;
	}
	for (i = 0; i < 3; i++) {
		if (part[i] && srv_json_read_bytes(part[i], &w[i])) {
			srv_call_refuse(call, 400, "bad_request",
					"a signature or the statement is too long or not base64url");
			return ERR_FORMAT;
		}
		*view[i] = wr_view(&w[i]);
	}
	return ERR_OK;
}

static enum err say_end(struct srv *s, const struct srv_found *f, const struct srv_decision *d, uint64_t now_ms)
{
	return f->past ? srv_desk_say_end(s->desk, f->past, d, now_ms) : ERR_CONDITIONS;
}

static void refuse_decision(struct srv *s, struct srv_call *call, const struct srv_found *f,
			    const struct srv_decision *d, enum err e)
{
	switch (e) {
	case ERR_SIGNATURE:
	case ERR_FORMAT:
	case ERR_NOT_FOUND:     /* whose key it is not is nobody */
		srv_call_refuse(call, 401, "bad_signature",
				"statement and signatures are not those of a registered key for this request");
		break;
	case ERR_EXPIRED:
		srv_call_refuse(call, 409, "dead_challenge",
				"the card has another challenge now; fetch the request again");
		break;
	case ERR_CONDITIONS:
		if (!f->live)
			srv_api_refuse_ended(call);
		else if (d->decision == PKA_END && !f->live->ended_ms)
			srv_call_refuse(call, 409, "not_open", "the card is not open yet: deny the request instead");
		else
			refuse_conditions(call, f->live, d->chr);
		break;
	case ERR_IO:
		srv_api_refuse_store(s, call, e);
		break;
	default:
		srv_call_refuse(call, 500, "server", "the server failed");
	}
}

static enum err decision_take(struct srv *s, const struct srv_found *f, const struct srv_decision *d, uint64_t now_ms)
{
	if (d->decision == PKA_END)
		return say_end(s, f, d, now_ms);
	return f->live ? srv_ceremony_decide(f->live, d, now_ms) : ERR_CONDITIONS;
}

static void decide(struct srv *s, struct srv_call *call, const char *id, enum pka_decision decision,
		   uint64_t now_ms)
{
	struct srv_decision d = { .from = call->request.from, .decision = decision };
	struct srv_found f;
	json_t *j = srv_api_find(s, call, id, &f) ? srv_api_body(call) : NULL;
	struct wr w[3];
	enum err e;
	size_t i;

	for (i = 0; i < 3; i++)
		wr_init_heap(&w[i], STATEMENT_MAX);
	if (j && !decision_read(call, j, &d, w)) {
		e = decision_take(s, &f, &d, now_ms);
		if (e)
			refuse_decision(s, call, &f, &d, e);
		else
			srv_api_answer_changed(s, call, id, now_ms);
	}
	for (i = 0; i < 3; i++)
		wr_free(&w[i]);
	json_decref(j);
	srv_found_free(&f);
}

void srv_api_approve(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_APPROVE, now_ms);
}

void srv_api_deny(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_DENY, now_ms);
}

void srv_api_end(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	decide(s, call, arg, PKA_END, now_ms);
}
