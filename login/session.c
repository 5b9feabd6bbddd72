/* SPDX-License-Identifier: Apache-2.0 */
#include "login/session.h"

#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "login/frame.h"
#include "pka/result.h"

#define ANSWER_MS 70000         /* one POST: the helper gives up after 60 s by itself */
#define GOODBYE_MS 2000
#define CANCEL_MS  300          /* the same if somebody waits for our end */

/*
 * The code is ours, computed from what the card answered. It comes first, and the server's words are called that, so
 * that no server can show another one. Before there is a code only the card's own numbers are shown.
 */
static void show_progress(struct login_session *s)
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

static bool allow(void *ctx, struct rd cmd, char *why, size_t cap)
{
	struct login_session *s = ctx;

	return hsm_filter_command(&s->filter, cmd, why, cap);
}

static enum err transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct login_session *s = ctx;
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
	struct login_session *s = ctx;

	(void)text_shown(message, s->last, sizeof(s->last));
	if (id > 0)
		show_progress(s);
}

/* While people think: is the card still ours? */
static enum err card_is_there(void *ctx)
{
	struct login_session *s = ctx;
	enum err e = apdu_link_present(hsm_card_link(s->card));

	if (e && !*s->why)
		(void)snprintf(s->why, sizeof(s->why), "%s", err_text(e));
	return e;
}

const struct ram_client_ops login_session_ops = { .allow = allow, .transmit = transmit, .notify = notify };

/* ---- the conversation ---- */

/* One response of the server through the machine; in shared mode the card is ours for exactly this batch. */
static enum err step(struct login_session *s, int status, struct rd reply, struct wr *body, enum ram_next *next,
		     struct deadline *dl)
{
	enum err e = apdu_link_begin(hsm_card_link(s->card), dl);

	if (e)
		return e;
	e = ram_client_step(s->ram, status, reply, body, next, dl);
	apdu_link_end(hsm_card_link(s->card));
	return e;
}

enum err login_session_ask(struct login_session *s, enum login_frame type, struct rd content, int *status,
			   struct wr *body, struct deadline *dl)
{
	const struct login_wait w = { .tick = card_is_there, .ctx = s, .why = s->why, .cap = sizeof(s->why) };
	struct deadline answer = deadline_within(dl, ANSWER_MS);

	return login_helper_ask(s->helper, type, content, status, body, &w, &answer);
}

/* A last word to the server why we go; its answer is of no interest. */
static void say_goodbye(struct login_session *s, struct rd body, uint64_t ms)
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
static void say_lost(struct login_session *s, enum err e)
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

enum err login_session_converse(struct login_session *s, struct deadline *dl)
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
		e = login_session_ask(s, LOGIN_POST, wr_view(&body), &status, &reply, dl);
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
