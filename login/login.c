/* SPDX-License-Identifier: Apache-2.0 */
#include "login/login.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/text.h"
#include "login/frame.h"
#include "login/proof.h"
#include "login/request.h"
#include "login/session.h"

#define OPEN_MS   30000         /* the helper's start; it does not connect yet */
#define CLOSE_MS   5000         /* for the SELECT that closes the card */
/* From the loss of a server to the next request: doubled each time that it is still away. */
#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 8000

/* The server's 204 proves nothing: the card is asked. */
static enum err ask_card(struct login_session *s, struct deadline *dl)
{
	struct hsm_status now;
	enum err e = apdu_link_begin(hsm_card_link(s->card), dl);

	if (e)
		return e;
	e = hsm_card_status(s->card, &s->p->status.version, &now, dl);
	apdu_link_end(hsm_card_link(s->card));
	if (e)
		return e;
	if (now.pka.required == s->p->status.pka.required && now.pka.authenticated >= now.pka.required &&
	    (now.open || s->p->expect_closed_after))
		return ERR_OK;
	(void)snprintf(s->why, sizeof(s->why),
		       "the server says that it is done, but the card counts %u of %u approvals",
		       now.pka.authenticated, now.pka.required);
	return ERR_PROTOCOL;
}

/* n statements that hold our own hashes, by keys whose signatures our card accepted; with limits that can be kept. */
static enum err judge(struct login_session *s, struct deadline *dl)
{
	struct pka_proof proofs[PKA_CUSTODIANS_MAX];
	int status = 0;
	size_t n = 0;
	struct rd all;
	enum err e = login_session_ask(s, LOGIN_PROOFS, RD_ARR(s->login_id), &status, &s->proofs, dl);

	if (!e && status != 200) {
		(void)snprintf(s->why, sizeof(s->why), "the server gives no statements (HTTP %d)", status);
		e = ERR_SIGNATURE;
	}
	/* What cannot be read proves nothing. */
	if (e == ERR_PROTOCOL)
		e = ERR_SIGNATURE;
	if (e)
		return e;
	for (all = wr_view(&s->proofs); !rd_end(&all) && n < PKA_CUSTODIANS_MAX; n++)
		if (!login_proof_read(&all, &proofs[n]))
			return ERR_PROTOCOL;
	e = pka_witness_judge(s->witness, proofs, n, s->p->status.pka.required, s->p->limits ? &s->limits : NULL,
			      &s->consents, s->why, sizeof(s->why));
	if (e == ERR_POLICY) {
		s->own = (struct login_advice){ "the custodians' limits cannot be kept", "the card is closed again" };
	}
	return e;
}

/* The caller's last word, and all that it needs to keep what was approved. */
static enum err tell_opened(struct login_session *s)
{
	const struct login_evidence ev = {
		.login_id = RD_ARR(s->login_id), .host_json = wr_view(&s->host_json),
		.consents = s->consents.v, .consents_n = s->consents.n, .limits = s->limits,
	};
	enum err e = s->p->opened ? s->p->opened(s->p->ctx, &ev) : ERR_OK;

	if (e) {
		(void)snprintf(s->why, sizeof(s->why), "%s", err_text(e));
		s->own = (struct login_advice){ "approved, but who asked could not begin",
			"the card is closed again; see the log" };
	}
	return e;
}

/* ---- the whole ---- */

static void explain(const struct login_session *s, enum err e, struct login_result *out)
{
	const struct login_advice a = s->own.what ? s->own : login_advice_for(e);
	const bool of_people = e == ERR_DENIED || e == ERR_EXPIRED || e == ERR_TIMEOUT;
	const char *detail = *s->why ? s->why : of_people ? s->last : "", *url = s->p->conf->login.url;

	(void)snprintf(out->why, sizeof(out->why), "%.*s in %.60s, %.120s: %s%s%.200s%s; %s", (int)s->p->device_id.n,
		       (const char *)s->p->device_id.p, apdu_link_where(hsm_card_link(s->card)),
		       url ? url : "no server", a.what, *detail ? " (" : "", detail, *detail ? ")" : "", a.advice);
}

static enum err begin(struct login_session *s, struct deadline *dl)
{
	const struct login_params *p = s->p;
	const struct conf *conf = p->conf;
	struct login_request request = {
		.reason = p->reason ? p->reason : conf->login.reason, .user = p->user, .program = p->program,
		/* Without their statements we do not hear of custodians' limits: they must not believe that we do. */
		.limits = conf->login.statements ? p->limits : NULL,
		.exclusive = conf->login.exclusive, .reuse = conf->login.reuse,
	};
	struct wr header;
	struct deadline start = deadline_within(dl, OPEN_MS);
	enum err e;

	wr_init_heap(&header, 2 * REQUEST_JSON_MAX);
	e = rand_bytes(s->login_id, sizeof(s->login_id));
	memcpy(request.login_id, s->login_id, sizeof(s->login_id));
	if (!e)
		e = login_request_json(&request, &s->host_json);
	if (e == ERR_LIMIT) {
		s->own = (struct login_advice){ "the limits to be asked for are too long", "name fewer keys" };
	}
	wr_base64url(&header, wr_view(&s->host_json));
	if (!e)
		e = wr_done(&header);
	if (!e)
		e = pka_witness_new(p->device_id, RD_ARR(s->login_id), wr_view(&s->host_json), &s->witness);
	if (!e)
		e = ram_client_new(&login_session_ops, s, &s->ram);
	if (!e)
		e = login_helper_open(conf, wr_cstr(&header), &s->helper, s->why, sizeof(s->why), &start);
	wr_free(&header);
	return e;
}

/* Whatever was reached: a login that fails leaves the card closed. */
static void close_card(struct hsm_card *card)
{
	struct deadline dl = deadline_in(CLOSE_MS);
	struct apdu_link *link = hsm_card_link(card);

	if (apdu_link_begin(link, &dl))
		return;
	if (hsm_card_select(card, NULL, &dl))
		log_line(LOG_CARD, LOG_WARN, "%s: not closed by SELECT", apdu_link_where(link));
	apdu_link_end(link);
}

/* One request, from its beginning to its end. *asked: people were asked, and could see its code. */
static enum err run_once(struct hsm_card *card, const struct login_params *p, struct login_result *out, bool *asked,
			 struct deadline *dl)
{
	struct login_session s = { .card = card, .p = p };
	enum err e;

	*out = (struct login_result){ 0 };
	wr_init_heap(&s.host_json, REQUEST_JSON_MAX);
	wr_init_heap(&s.proofs, LOGIN_FRAME_MAX);
	if (p->limits)
		s.limits = *p->limits;
	else
		pka_limits_init(&s.limits);
	hsm_filter_init(&s.filter, HSM_FOR_LOGIN, p->status.pka.total, p->conf->login.vendor_sm);
	e = begin(&s, dl);
	if (!e)
		e = login_session_converse(&s, dl);
	if (!e)
		e = ask_card(&s, dl);
	if (!e && p->conf->login.statements)
		e = judge(&s, dl);
	else if (!e)
		log_line(LOG_PKA, LOG_WARN, "%s: statements = no: nothing proves who approved what",
			 apdu_link_where(hsm_card_link(card)));
	if (!e)
		e = tell_opened(&s);
	if (e) {
		login_helper_close(&s.helper);
		explain(&s, e, out);
		close_card(card);
	}
	out->e = e;
	*asked = s.witness && *pka_witness_code(s.witness);
	if (s.witness)
		(void)snprintf(out->code, sizeof(out->code), "%s", pka_witness_code(s.witness));
	login_helper_close(&s.helper);
	ram_client_free(&s.ram);
	pka_witness_free(&s.witness);
	wr_free(&s.proofs);
	wr_free(&s.host_json);
	return e;
}

/* A server that people were asked through and that is gone now has forgotten it, or will. false: no time is left. */
static bool wait_to_ask_again(const struct login_params *p, const struct login_result *lost, uint64_t ms,
			      const struct deadline *dl)
{
	struct deadline pause = deadline_within(dl, ms);
	char text[128];

	(void)snprintf(text, sizeof(text), "the server is gone; it is asked again in %u s, for a new request with "
		       "another code", (unsigned)(ms / 1000));
	log_line(LOG_PKA, LOG_WARN, "%s: %s", lost->why, text);
	if (p->progress)
		p->progress(p->ctx, text);
	/* Who gives it up meanwhile is heard as soon as the next request begins. */
	return deadline_wait(&pause, -1) == ERR_CANCELLED || deadline_left_ms(dl);
}

enum err login_run(struct hsm_card *card, const struct login_params *p, struct login_result *out, struct deadline *dl)
{
	uint64_t pause_ms = AGAIN_MIN_MS;
	bool asked = false, ever_asked = false;
	struct login_result lost;
	enum err e;

	while ((e = run_once(card, p, out, &asked, dl)) == ERR_CONNECT) {
		lost = *out;
		ever_asked = ever_asked || asked;
		if (asked)
			pause_ms = AGAIN_MIN_MS;
		if (!ever_asked || !wait_to_ask_again(p, out, pause_ms, dl))
			break;
		pause_ms = pause_ms * 2 < AGAIN_MAX_MS ? pause_ms * 2 : AGAIN_MAX_MS;
	}
	/* The time ran out while the server was still away: that is why. */
	if (e == ERR_TIMEOUT && ever_asked && !asked) {
		*out = lost;
		e = lost.e;
	}
	return e;
}
