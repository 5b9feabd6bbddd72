/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/approval.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/receipt_file.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "login/open.h"
#include "login/watch.h"
#include "pka/end.h"

#define CLOSE_MS      5000      /* for the SELECT that closes the card, and the counters before it */
#define WRONG_PINS_MAX 3
/* From the loss of the watch to its next opening: doubled each time, and short again once one has stood for long. */
#define WATCH_PAUSE_MIN_MS 1000
#define WATCH_PAUSE_MAX_MS 60000

struct agent_approval {
	const struct agent_rules *rules;
	const struct agent_ask *ask;    /* while it begins */
	struct agent_held *card;
	struct pka_limits limits;
	struct agent_budget *budget;
	struct agent_receipt *receipt;
	struct login_watch *watch;      /* NULL: opened again at watch_again_ms, if people approved */
	uint64_t watch_since_ms, watch_again_ms;
	uint32_t watch_pause_ms;
	struct secret *pin;             /* what joiners have to know; NULL: none */
	unsigned wrong_pins;
	struct agent_peer by;
	struct hsm_status status;       /* of the card, as login_open learns it */
	bool by_people, by_pad;         /* by_pad: by the PIN, which was typed on the reader */
	uint8_t login_id[LOGIN_ID_SIZE];
	struct wr host_json;
	int64_t begun_s;                /* of the wall clock; what comes later counts from it by boot time */
	uint64_t begun_ms;
};

/* Whoever sets the clock does not change how long after its beginning something was done. */
static int64_t now_s(const struct agent_approval *a)
{
	return a->begun_s + (int64_t)((clock_boot_ms() - a->begun_ms) / 1000);
}

/* ---- the watch for a custodian's end ---- */

static void lose_watch(struct agent_approval *a, enum err e)
{
	uint64_t now = clock_boot_ms();

	login_watch_close(&a->watch);
	if (!a->watch_pause_ms || now - a->watch_since_ms >= WATCH_PAUSE_MAX_MS)
		a->watch_pause_ms = WATCH_PAUSE_MIN_MS;
	else
		a->watch_pause_ms = a->watch_pause_ms * 2 < WATCH_PAUSE_MAX_MS ? a->watch_pause_ms * 2 :
										 WATCH_PAUSE_MAX_MS;
	a->watch_again_ms = now + a->watch_pause_ms;
	log_line(LOG_AGENT, LOG_WARN, "card %s: custodians cannot end this approval from afar now (%s); the server is "
		 "asked again in %u s", a->card->keys.device_id, err_text(e), a->watch_pause_ms / 1000);
}

static void open_watch(struct agent_approval *a)
{
	enum err e;

	a->watch_since_ms = clock_boot_ms();
	e = login_watch_open(a->rules->conf, RD_ARR(a->login_id), &a->watch);
	if (e)
		lose_watch(a, e);
}

/* ---- begin ---- */

static enum err say(char *why, size_t cap, enum err e, const char *what)
{
	if (e)
		(void)snprintf(why, cap, "%s", what);
	return e;
}

/* What is asked for: ours, lowered by the client; by default for who asks. */
static enum err ask_limits(struct agent_approval *a, const struct agent_ask *ask, char *why, size_t cap)
{
	struct pka_limits lower;
	enum err e;

	a->limits = a->rules->limits;
	if (!a->limits.has_uid && !a->limits.has_gid) {
		a->limits.has_uid = a->limits.has_gid = true;
		a->limits.uid = ask->by.uid;
		a->limits.gid = ask->by.gid;
	}
	if (!agent_peer_is_covered(&ask->by, &a->limits))
		return say(why, cap, ERR_POLICY, "the agent's limits do not let this user in");
	if (!ask->limits)
		return ERR_OK;
	e = pka_limits_read(rd_str(ask->limits), &lower, why, cap);
	if (e)
		return ERR_ARG;
	return say(why, cap, pka_limits_lower(&a->limits, &lower), "these limits contradict those of the agent");
}

static enum err write_head(struct agent_approval *a, const struct login_evidence *ev)
{
	struct receipt_head h = {
		.device_id = rd_str(a->card->keys.device_id), .devaut = wr_view(&a->card->keys.devaut),
		.limits = &a->limits, .keys = a->card->keys.v, .keys_n = a->card->keys.n,
	};

	h.when = a->begun_s = clock_wall_s();
	a->begun_ms = clock_boot_ms();

	if (ev) {
		h.login_id = ev->login_id;
		h.host_json = ev->host_json;
		h.consents = ev->consents;
		h.consents_n = ev->consents_n;
		h.n = a->status.pka.required;
		h.m = a->status.pka.total;
	}
	return agent_receipt_head(a->receipt, &h);
}

/* Called by login_run when everything is proven, before anybody is let in. */
static enum err on_opened(void *ctx, const struct login_evidence *ev)
{
	struct agent_approval *a = ctx;
	enum err e;

	a->by_people = true;
	a->limits = ev->limits;
	memcpy(a->login_id, ev->login_id.p, sizeof(a->login_id));
	wr_put(&a->host_json, ev->host_json);
	e = wr_done(&a->host_json);
	return e ? e : write_head(a, ev);
}

static void on_progress(void *ctx, const char *text)
{
	const struct agent_approval *a = ctx;

	a->ask->progress(a->ask->ctx, text);
}

static enum err open_card(struct agent_approval *a, const struct agent_ask *ask, char *why, size_t cap,
			  struct deadline *dl)
{
	char user[128];
	struct login_result result = { .e = ERR_OK };
	struct login_params p = {
		.conf = a->rules->conf, .program = *ask->by.program ? ask->by.program : NULL,
		.reason = *ask->by.reason ? ask->by.reason : NULL, .device_id = rd_str(a->card->keys.device_id),
		.user = agent_peer_user(&ask->by, user, sizeof(user)), .limits = &a->limits,
		.opened = on_opened, .progress = on_progress, .ctx = a,
	};
	enum err e;

	a->ask = ask;
	e = login_open(a->card->hsm, &p, ask->pin, &a->status, &result, dl);
	a->ask = NULL;
	return say(why, cap, e, *result.why ? result.why : err_text(e));
}

static enum err begin(struct agent_approval *a, const struct agent_ask *ask, char *why, size_t cap,
		      struct deadline *dl)
{
	const struct agent_rules *r = a->rules;
	struct agent_keys *keys = &a->card->keys;
	enum err e = ask_limits(a, ask, why, cap);

	if (e)
		return e;
	/* Before anybody is asked: an approval whose receipt could not be kept would be for nothing. */
	e = agent_receipt_open(r->receipt, r->conf->agent.receipts, keys->device_id, clock_wall_s(), &a->receipt);
	if (e)
		return say(why, cap, e, "its receipt cannot be written: see the agent's log, and [agent] receipts");
	agent_keys_count(keys, a->card->hsm, dl);
	e = open_card(a, ask, why, cap, dl);
	if (!e && !a->by_people)
		e = say(why, cap, write_head(a, NULL), "its receipt cannot be written");
	a->by_pad = !e && !a->by_people && !ask->pin;
	if (!e && ask->pin)
		e = secret_new(secret_view(ask->pin), &a->pin);
	if (!e)
		e = agent_budget_new(&a->limits, r->manifest, keys->v, keys->n, a->begun_ms, &a->budget);
	if (!e && a->by_people)
		open_watch(a);
	return *why ? e : say(why, cap, e, err_text(e));
}

enum err agent_approval_begin(struct agent_held *card, const struct agent_ask *ask, struct agent_approval **out,
			      char *why, size_t cap, struct deadline *dl)
{
	struct agent_approval *a = calloc(1, sizeof(*a));
	enum err e;

	*out = NULL;
	why[0] = 0;
	if (!a)
		return say(why, cap, ERR_NOMEM, err_text(ERR_NOMEM));
	a->rules = ask->rules;
	a->card = card;
	a->by = ask->by;
	wr_init_heap(&a->host_json, REQUEST_JSON_MAX);
	e = begin(a, ask, why, cap, dl);
	if (e)
		agent_approval_end(&a, "it did not begin");
	*out = a;
	return e;
}

/* ---- while it is in force ---- */

enum err agent_approval_join(struct agent_approval *a, const struct agent_peer *p, const struct secret *pin, char *why,
			     size_t cap)
{
	if (!agent_peer_is_covered(p, &a->limits))
		return say(why, cap, ERR_POLICY, "the approval that is in force is for another user");
	if (a->by_pad && pin)
		return say(why, cap, ERR_ARG, "the card's PIN was typed on its reader, so none can be compared with "
			   "it: log in without one");
	if (!a->pin)
		return ERR_OK;
	if (!pin)
		return say(why, cap, ERR_ARG, "the card was opened with its PIN, and none was given");
	if (rd_eq_secret(secret_view(pin), secret_view(a->pin)))
		return ERR_OK;
	a->wrong_pins++;
	return say(why, cap, ERR_PIN_WRONG, "not the PIN that opened the card; the card was not asked");
}

enum err agent_approval_new_pin(struct agent_approval *a, struct rd both)
{
	struct secret *fresh = NULL;
	struct rd old;
	enum err e;

	if (!a->pin)
		return ERR_OK;
	if (!rd_take(&both, secret_size(a->pin), &old) || !rd_eq_secret(old, secret_view(a->pin)))
		return ERR_FORMAT;
	e = secret_new(both, &fresh);
	if (e)
		return e;
	secret_free(&a->pin);
	a->pin = fresh;
	return ERR_OK;
}

bool agent_approval_is_attacked(const struct agent_approval *a)
{
	return a->wrong_pins >= WRONG_PINS_MAX;
}

uint64_t agent_approval_ends_ms(const struct agent_approval *a)
{
	return agent_budget_ends_ms(a->budget);
}

/*
 * What makes a key counts as a derivation: of DECIPHER everything but RSA. Whatever else an AES key does, encrypting
 * and MACs, too, counts as decryption: with each of them the others can be done in part.
 */
static enum receipt_kind kind_of(enum hsm_op op, uint8_t alg)
{
	switch (op) {
	case HSM_SIGN:
		return RECEIPT_SIGN;
	case HSM_WRAP:
		return RECEIPT_WRAP;
	case HSM_CIPHER:
		return alg == HSM_AES_DERIVE ? RECEIPT_DERIVE : RECEIPT_DECIPHER;
	case HSM_DECIPHER:
		return alg >= HSM_ECDH ? RECEIPT_DERIVE : RECEIPT_DECIPHER;
	default:
		return RECEIPT_DERIVE;
	}
}

static enum err record(struct agent_approval *a, const struct agent_use *u, uint8_t alg, struct rd data,
		       struct rd answer, const struct agent_peer *by)
{
	uint8_t hash[SHA256_SIZE];
	struct receipt_use r = {
		.kind = u->kind, .when = now_s(a), .key = u->key, .alg = alg,
		.digest_alg = u->digest.alg, .digest = rd_of(u->digest.value, u->digest.n), .data_hash = RD_ARR(hash),
		.signature = u->kind == RECEIPT_SIGN ? answer : RD_NONE, .repeat = u->repeat,
		.uid = by->uid, .gid = by->gid, .pid = by->pid, .program = by->program,
	};
	enum err e = sha256(data, hash);

	return e ? e : agent_receipt_use(a->receipt, &r);
}

enum err agent_approval_use(struct agent_approval *a, const struct agent_command *cmd, struct wr *rsp, char *why,
			    size_t cap)
{
	const struct apdu *apdu = cmd->apdu;
	const struct hsm_cmd *row = hsm_cmd_find(apdu);
	uint8_t alg = row->op == HSM_DERIVE_EC ? HSM_EC_DERIVE : apdu->p2;      /* P2 is the new key's number */
	struct agent_use u = { .kind = kind_of(row->op, alg), .key = apdu->p1 };
	struct deadline dl = deadline_in(hsm_time_ms(row->time));
	struct wr answer;
	struct rd data;
	uint16_t sw;
	enum err e = ERR_OK;

	if (u.kind == RECEIPT_SIGN)
		e = hsm_digest_of(apdu, &u.digest);
	if (e == ERR_UNSUPPORTED)
		return say(why, cap, ERR_ALLOWANCE, "the agent does not know this signature algorithm");
	if (!e)
		e = agent_budget_ask(a->budget, &u, clock_boot_ms(), why, cap);
	if (e)
		return e;
	wr_init_heap(&answer, APDU_RSP_MAX);
	e = apdu_link_transmit(hsm_card_link(a->card->hsm), cmd->bytes, row->show, &answer, &dl);
	if (!e)
		e = apdu_answer(wr_view(&answer), &data, &sw);
	/* Whether the card did it is not known after a failure on the way: it counts. */
	if (e || sw == APDU_SW_OK) {
		enum err spent = agent_budget_spend(a->budget, &u);

		e = e ? e : spent;
	}
	/* It has forgotten who approved: nothing that follows would be covered, and a new login has to begin. */
	if (!e && hsm_sw_err(row, sw, NULL) == ERR_AUTH)
		e = say(why, cap, ERR_AUTH, "the card says that nobody is logged in");
	if (!e && sw == APDU_SW_OK)
		e = say(why, cap, record(a, &u, alg, apdu->data, data, cmd->by),
			"the receipt cannot be written: nothing more is signed");
	if (!e) {
		wr_put(rsp, wr_view(&answer));
		e = wr_done(rsp);
	}
	wr_free(&answer);
	return e;
}

/* ---- its end ---- */

int agent_approval_fd(const struct agent_approval *a)
{
	return a->watch ? login_watch_fd(a->watch) : -1;
}

bool agent_approval_watch(struct agent_approval *a, char *why, size_t cap)
{
	struct wr file, statement, sig;
	char who[CHR_MAX + 1];
	struct pollfd p = { .events = POLLIN };
	bool ended = false;
	enum err e;

	if (a->by_people && !a->watch && clock_boot_ms() >= a->watch_again_ms)
		open_watch(a);
	p.fd = agent_approval_fd(a);
	if (p.fd < 0 || poll(&p, 1, 0) <= 0)
		return false;
	wr_init_heap(&file, HTTP_BODY_MAX);
	wr_init_heap(&statement, STATEMENT_MAX);
	wr_init_heap(&sig, EC_SIG_MAX);
	e = login_watch_step(a->watch, &ended, &file, &statement, &sig);
	if (!e && ended)
		e = pka_end_check(wr_view(&file), wr_view(&statement), wr_view(&sig), rd_str(a->card->keys.device_id),
				  RD_ARR(a->login_id), wr_view(&a->host_json), who);
	if (!e && ended)
		(void)snprintf(why, cap, "ended by custodian %s", who);
	if (e && ended)
		log_line(LOG_AGENT, LOG_WARN, "card %s: the server's word that the approval ended is no custodian's",
			 a->card->keys.device_id);
	if (e)
		lose_watch(a, e);
	wr_free(&sig);
	wr_free(&statement);
	wr_free(&file);
	return !e && ended;
}

void agent_approval_used(const struct agent_approval *a, uint32_t *digests, uint64_t *uses)
{
	*digests = agent_budget_signed(a->budget);
	*uses = agent_budget_total(a->budget);
}

void agent_approval_facts(const struct agent_approval *a, struct agent_facts *out)
{
	struct wr w;

	*out = (struct agent_facts){ .uid = a->by.uid, .ends_ms = agent_approval_ends_ms(a) };
	agent_approval_used(a, &out->digests, &out->uses);
	wr_init(&w, out->limits, sizeof(out->limits) - 1);
	if (pka_limits_write(&a->limits, &w))
		out->limits[0] = 0;
	(void)snprintf(out->receipt, sizeof(out->receipt), "%s", agent_receipt_path(a->receipt));
}

void agent_approval_end(struct agent_approval **a, const char *why)
{
	struct agent_approval *it = *a;
	struct deadline dl = deadline_in(CLOSE_MS);
	struct receipt_end end = { .why = why };
	struct hsm_version v;

	*a = NULL;
	if (!it)
		return;
	end.when = now_s(it);
	login_watch_close(&it->watch);
	if (it->card->hsm && it->budget) {
		agent_keys_count(&it->card->keys, it->card->hsm, &dl);
		end.keys = it->card->keys.v;
		end.keys_n = it->card->keys.n;
	}
	if (it->card->hsm && hsm_card_select(it->card->hsm, &v, &dl))
		log_line(LOG_AGENT, LOG_WARN, "card %s: not closed by SELECT, it is reset", it->card->keys.device_id);
	if (it->receipt && agent_receipt_end(it->receipt, &end))
		log_line(LOG_AGENT, LOG_WARN, "receipt %s ends without its end", agent_receipt_path(it->receipt));
	agent_receipt_close(&it->receipt);
	agent_budget_free(&it->budget);
	secret_free(&it->pin);
	wr_free(&it->host_json);
	free(it);
}
