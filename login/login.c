/* SPDX-License-Identifier: Apache-2.0 */
#include "login/login.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/text.h"
#include "base/tlv.h"
#include "login/frame.h"
#include "login/helper.h"
#include "login/request.h"
#include "pka/result.h"
#include "pka/witness.h"
#include "ramoverhttp/client.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/filter.h"

#define OPEN_MS   30000         /* the helper's start; it does not connect yet */
#define ANSWER_MS 70000         /* one POST: the helper gives up after 60 s by itself */
#define GOODBYE_MS 2000
#define CANCEL_MS  300          /* the same if somebody waits for our end */
#define CLOSE_MS   5000         /* for the SELECT that closes the card */
/* From the loss of a server to the next request: doubled each time that it is still away. */
#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 8000

struct session {
	struct hsm_card *card;
	const struct login_params *p;
	struct hsm_filter filter;
	struct pka_witness *witness;
	struct login_helper *helper;
	struct ram_client *ram;
	uint8_t login_id[LOGIN_ID_SIZE];
	struct wr host_json;                    /* as sent */
	struct wr proofs;                       /* the server's answer, which consents look into */
	struct pka_consents consents;
	struct pka_limits limits;               /* asked for, then in force */
	char last[RAM_MESSAGE_MAX + 1];         /* the server's last words, safe to show */
	char why[300];                          /* detail of the first failure, safe to show */
	const char *what, *advice;              /* of a failure that is our own, not the server's; or NULL */
};

/*
 * The code is ours, computed from what the card answered. It comes first, and the server's words are called that, so
 * that no server can show another one. Before there is a code only the card's own numbers are shown.
 */
static void show_progress(struct session *s)
{
	const char *code = pka_witness_code(s->witness);
	char text[sizeof(s->last) + 64];

	if (*code)
		(void)snprintf(text, sizeof(text), "code %s; the server says: %s", code,
			       *s->last ? s->last : "nothing yet");
	else
		(void)snprintf(text, sizeof(text), "asking for %u of %u custodians", s->p->status.pka.required,
			       s->p->status.pka.total);
	log_line(LOG_PKA, LOG_INFO, "%s: %s", apdu_link_where(hsm_card_link(s->card)), text);
	if (s->p->progress)
		s->p->progress(s->p->ctx, text);
}

/* ---- what the RAMOverHTTP machine asks of us ---- */

static bool allow(void *ctx, struct rd cmd, char *why, size_t cap)
{
	struct session *s = ctx;

	return hsm_filter_command(&s->filter, cmd, why, cap);
}

static enum err transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct session *s = ctx;
	const struct hsm_cmd *row;
	struct deadline within;
	bool fresh = false;
	size_t at = rsp->n;
	struct apdu a;
	struct rd answer;
	enum err e;

	e = apdu_decode(cmd, &a);
	if (e)
		return e;
	/* Protected commands (vendor_sm) have no row: nothing of them is shown. */
	row = hsm_cmd_find(&a);
	within = deadline_within(dl, hsm_time_ms(row ? row->time : T_KEYOP));
	e = apdu_link_transmit(hsm_card_link(s->card), cmd, row ? row->show : 0, rsp, &within);
	if (e)
		return e;
	answer = rd_of(rsp->p + at, rsp->n - at);
	e = pka_witness_see(s->witness, cmd, answer, &fresh);
	if (!e && fresh)
		show_progress(s);
	return e;
}

static void notify(void *ctx, int32_t id, struct rd message)
{
	struct session *s = ctx;

	(void)text_shown(message, s->last, sizeof(s->last));
	if (id > 0)
		show_progress(s);
}

/* While people think: is the card still ours? */
static enum err card_is_there(void *ctx)
{
	struct session *s = ctx;
	enum err e = apdu_link_present(hsm_card_link(s->card));

	if (e && !*s->why)
		(void)snprintf(s->why, sizeof(s->why), "%s", err_text(e));
	return e;
}

/* ---- the conversation ---- */

/* One response of the server through the machine; in shared mode the card is ours for exactly this batch. */
static enum err step(struct session *s, int status, struct rd reply, struct wr *body, enum ram_next *next,
		     struct deadline *dl)
{
	enum err e = apdu_link_begin(hsm_card_link(s->card), dl);

	if (e)
		return e;
	e = ram_client_step(s->ram, status, reply, body, next, dl);
	apdu_link_end(hsm_card_link(s->card));
	return e;
}

/* An answer of the server, while the card must be there. */
static enum err ask(struct session *s, enum login_frame type, struct rd content, int *status, struct wr *body,
		    struct deadline *dl)
{
	const struct login_wait w = { .tick = card_is_there, .ctx = s, .why = s->why, .cap = sizeof(s->why) };
	struct deadline answer = deadline_within(dl, ANSWER_MS);

	return login_helper_ask(s->helper, type, content, status, body, &w, &answer);
}

/* A last word to the server why we go; its answer is of no interest. */
static void say_goodbye(struct session *s, struct rd body, uint64_t ms)
{
	const struct login_wait nothing = { .why = NULL };
	struct deadline dl = deadline_in(ms);
	struct wr reply;
	int status;

	wr_init_heap(&reply, LOGIN_FRAME_MAX);
	if (body.n && login_helper_ask(s->helper, LOGIN_POST, body, &status, &reply, &nothing, &dl))
		log_line(LOG_RAM, LOG_INFO, "the server did not take our goodbye");
	wr_free(&reply);
}

/*
 * An answer got lost on its way, and the machine has nothing to say: without a word the server would wait for us,
 * and refuse us when we come back, until it believes that we are gone.
 */
static void say_lost(struct session *s, enum err e)
{
	struct wr results, body;

	wr_init_heap(&results, RAM_BODY_MAX);
	wr_init_heap(&body, RAM_BODY_MAX);
	ram_write_close(&results, rd_str(err_text(e)));
	ram_write_results(&body, wr_view(&results), 0);
	if (!wr_done(&body))
		say_goodbye(s, wr_view(&body), GOODBYE_MS);
	wr_free(&body);
	wr_free(&results);
}

static enum err converse(struct session *s, struct deadline *dl)
{
	enum ram_next next = RAM_POST;
	bool begun = false;
	struct wr body, reply;
	int32_t id;
	struct rd message;
	enum err e;

	wr_init_heap(&body, RAM_BODY_MAX);
	wr_init_heap(&reply, LOGIN_FRAME_MAX);
	e = ram_client_begin(s->ram, apdu_link_atr(hsm_card_link(s->card)), &body);
	while (!e && next == RAM_POST) {
		int status = 0;

		wr_reset(&reply);
		e = ask(s, LOGIN_POST, wr_view(&body), &status, &reply, dl);
		/* After any other failure the helper is gone, or still waits for the answer: its end is the word. */
		if (begun && (e == ERR_CONNECT || e == ERR_LIMIT || e == ERR_PROTOCOL))
			say_lost(s, e);
		if (e)
			break;
		begun = true;
		wr_reset(&body);
		e = step(s, status, wr_view(&reply), &body, &next, dl);
		if (e) {
			(void)snprintf(s->why, sizeof(s->why), "%s", ram_client_why(s->ram));
			say_goodbye(s, wr_view(&body), e == ERR_CANCELLED ? CANCEL_MS : GOODBYE_MS);
		}
	}
	/* A server that has said no may then hang up as it likes. */
	ram_client_last(s->ram, &id, &message);
	if (id < 0 && e != ERR_CANCELLED && e != ERR_REMOVED && e != ERR_RESET) {
		e = pka_result_err(id);
		(void)text_shown(message, s->why, sizeof(s->why));
	}
	wr_free(&reply);
	wr_free(&body);
	return e;
}

/* The server's 204 proves nothing: the card is asked. */
static enum err ask_card(struct session *s, struct deadline *dl)
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

static bool read_proof(struct rd *all, struct pka_proof *out)
{
	struct rd one;

	return rd_tlv(all, LOGIN_PROOF, &one) && rd_tlv(&one, LOGIN_PROOF_FILE, &out->pka_file) &&
	       rd_tlv(&one, LOGIN_PROOF_STATEMENT, &out->statement) &&
	       rd_tlv(&one, LOGIN_PROOF_SIG, &out->statement_sig) && rd_end(&one);
}

/* n statements that hold our own hashes, by keys whose signatures our card accepted; with limits that can be kept. */
static enum err judge(struct session *s, struct deadline *dl)
{
	struct pka_proof proofs[PKA_CUSTODIANS_MAX];
	int status = 0;
	size_t n = 0;
	struct rd all;
	enum err e = ask(s, LOGIN_PROOFS, RD_ARR(s->login_id), &status, &s->proofs, dl);

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
		if (!read_proof(&all, &proofs[n]))
			return ERR_PROTOCOL;
	e = pka_witness_judge(s->witness, proofs, n, s->p->status.pka.required, s->p->limits ? &s->limits : NULL,
			      &s->consents, s->why, sizeof(s->why));
	if (e == ERR_POLICY) {
		s->what = "the custodians' limits cannot be kept";
		s->advice = "the card is closed again";
	}
	return e;
}

/* The caller's last word, and all that it needs to keep what was approved. */
static enum err tell_opened(struct session *s)
{
	const struct login_evidence ev = {
		.login_id = RD_ARR(s->login_id), .host_json = wr_view(&s->host_json),
		.consents = s->consents.v, .consents_n = s->consents.n, .limits = s->limits,
	};
	enum err e = s->p->opened ? s->p->opened(s->p->ctx, &ev) : ERR_OK;

	if (e) {
		(void)snprintf(s->why, sizeof(s->why), "%s", err_text(e));
		s->what = "approved, but who asked could not begin";
		s->advice = "the card is closed again; see the log";
	}
	return e;
}

/* ---- the whole ---- */

/* What a person can do about it; one row per end. */
static const struct { enum err e; const char *what, *advice; } ends[] = {
	{ ERR_DENIED, "a custodian denied it", "talk to them before you ask again" },
	{ ERR_EXPIRED, "not enough custodians approved in time", "ask again when they are there" },
	{ ERR_CANCELLED, "cancelled", "ask again" },
	{ ERR_NOT_ENROLLED, "the server does not know this card", "the operator runs: quorum11 enrol" },
	{ ERR_ATTESTATION, "the server's checks of the card or its keys failed",
	  "the operator compares the card with its enrolment" },
	{ ERR_POLICY, "the server's policy refuses it", "ask its operator" },
	{ ERR_CONNECT, "no connection to the server", "check [login] url and proxy, and the network" },
	{ ERR_TLS, "the server's certificate is refused", "check [login] ca, pin and url" },
	{ ERR_HTTP, "the server's answer is none of the protocol", "check the path in [login] url" },
	{ ERR_NOT_FOUND, "the server has no such service", "check the path in [login] url" },
	{ ERR_PROTOCOL, "the server breaks the protocol", "tell its operator" },
	{ ERR_FORMAT, "the server breaks the protocol", "tell its operator" },
	{ ERR_LIMIT, "the server sends more than it may", "tell its operator" },
	{ ERR_REFUSED, "the server sent a command that a login must not contain",
	  "do not trust this server; tell its operator" },
	{ ERR_SIGNATURE, "the custodians' statements do not prove the approval",
	  "do not trust this server; tell its operator" },
	{ ERR_SERVER, "the server failed", "see its log" },
	{ ERR_TIMEOUT, "no end within the time allowed", "ask again, or raise [login] timeout" },
	{ ERR_REMOVED, "the card was removed", "put it back and start again" },
	{ ERR_RESET, "another program reset the card", "stop that program and start again" },
	{ ERR_CONFIG, "the configuration does not work", "check [login] and [module] helper" },
};

static void explain(const struct session *s, enum err e, struct login_result *out)
{
	const char *what = err_text(e), *advice = "see the log (QUORUM11_LOG=info)", *url = s->p->conf->login.url;
	const bool of_people = e == ERR_DENIED || e == ERR_EXPIRED || e == ERR_TIMEOUT;
	const char *detail = *s->why ? s->why : of_people ? s->last : "";

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].e == e) {
			what = ends[i].what;
			advice = ends[i].advice;
		}
	if (s->what) {
		what = s->what;
		advice = s->advice;
	}
	(void)snprintf(out->why, sizeof(out->why), "%.*s in %.60s, %.120s: %s%s%.200s%s; %s", (int)s->p->device_id.n,
		       (const char *)s->p->device_id.p, apdu_link_where(hsm_card_link(s->card)),
		       url ? url : "no server", what, *detail ? " (" : "", detail, *detail ? ")" : "", advice);
}

static enum err begin(struct session *s, struct deadline *dl)
{
	const struct login_params *p = s->p;
	const struct conf *conf = p->conf;
	struct login_request request = {
		.reason = p->reason ? p->reason : conf->login.reason, .user = p->user, .program = p->program,
		/* Without their statements we do not hear of custodians' limits: they must not believe that we do. */
		.limits = conf->login.statements ? p->limits : NULL,
		.exclusive = conf->login.exclusive, .reuse = conf->login.reuse,
	};
	struct ram_client_ops ops = { .allow = allow, .transmit = transmit, .notify = notify };
	struct wr header;
	struct deadline start = deadline_within(dl, OPEN_MS);
	enum err e;

	wr_init_heap(&header, 2 * REQUEST_JSON_MAX);
	e = rand_bytes(s->login_id, sizeof(s->login_id));
	memcpy(request.login_id, s->login_id, sizeof(s->login_id));
	if (!e)
		e = login_request_json(&request, &s->host_json);
	if (e == ERR_LIMIT) {
		s->what = "the limits to be asked for are too long";
		s->advice = "name fewer keys";
	}
	wr_base64url(&header, wr_view(&s->host_json));
	if (!e)
		e = wr_done(&header);
	if (!e)
		e = pka_witness_new(p->device_id, RD_ARR(s->login_id), wr_view(&s->host_json), &s->witness);
	if (!e)
		e = ram_client_new(&ops, s, &s->ram);
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
	struct session s = { .card = card, .p = p };
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
		e = converse(&s, dl);
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
