/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/card/pad.h"
#include "cli/card/pin.h"
#include "cli/card/work.h"
#include "cli/line/cancel.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "cli/run/agent.h"
#include "pka/receipt_read.h"

#define MODULE_ENV "PKCS11_MODULE_PATH"  /* libp11's: without it, its engine takes what p11-kit offers */

struct run {
	struct cli *cli;
	char command[PATH_MAX], program[64];    /* where it is; what the agent is told */
	char reader[READER_NAME_MAX], shown[SHOWN_MAX + 1], id[CHR_MAX + 1];      /* shown: the reader, safe */
	bool has_limits;
	char limits[LIMITS_TEXT_MAX + 1];
	struct secret *pin;
	struct cli_run_agent agent;
	char receipt[PATH_MAX];                 /* "": not known */
};

/* ---- before anybody is asked ---- */

static enum err add_keys(struct run *r, struct cli_card *card, struct pka_limits *l)
{
	const struct cli_list *names = &r->cli->args->keys;
	struct cli_keys *keys = NULL;
	const struct cli_key *key;
	enum err e;

	if (!names->n)
		return ERR_OK;
	e = cli_card_hold(r->cli, card);
	if (!e)
		e = cli_keys_read(r->cli, card, &keys);
	cli_card_release(card);
	for (size_t i = 0; i < names->n && !e; i++) {
		e = cli_keys_find(card, keys, names->v[i], &key);
		if (!e)
			e = cli_run_limits_key(l, key, names->v[i]);
	}
	cli_keys_free(&keys);
	return e;
}

static enum err get_pin(struct run *r, struct cli_card *card)
{
	/* The agent has the reader ask for it. */
	bool on_pad = card->status.mode == HSM_MODE_PIN && cli_pin_is_on_pad(r->cli, card);
	enum err e = ERR_OK;

	if (card->status.mode == HSM_MODE_PKA && cli_pin_is_given(r->cli))
		log_tell("card %s opens by its custodians alone: the PIN is not used", card->id);
	else if (!on_pad && (hsm_mode_needs_pin(card->status.mode) || cli_pin_is_given(r->cli)))
		e = cli_pin_get(r->cli, card, NULL, &r->pin);
	/* It is read, and none of the command's business. */
	if (r->cli->args->pin_fd != ARGS_NO_FD && r->cli->args->pin_fd > STDERR_FILENO)
		(void)fcntl((int)r->cli->args->pin_fd, F_SETFD, FD_CLOEXEC);
	return e;
}

/* The card is looked at, and let go of: the agent needs it alone. */
static enum err look_at_card(struct run *r, struct pka_limits *l)
{
	struct cli_card card;
	enum err e = cli_card_pick(r->cli, r->reader);

	if (e)
		return e;
	(void)text_shown(rd_str(r->reader), r->shown, sizeof(r->shown));
	e = cli_card_look(r->cli, r->reader, &card);
	if (e)
		return cli_fail(e, "card in %s", r->shown);
	memcpy(r->id, card.id, sizeof(r->id));
	e = cli_work_check(&card);
	if (!e)
		e = add_keys(r, &card, l);
	if (!e)
		e = get_pin(r, &card);
	cli_card_close(r->cli, &card, false);
	return e;
}

static enum err prepare(struct run *r)
{
	const struct cli_args *a = r->cli->args;
	struct pka_limits limits;
	struct wr text;
	enum err e;

	if (a->receipt && a->receipts)
		return cli_refuse(ERR_ARG, "--receipt and --receipts: one of them");
	e = a->receipt ? cli_put_check(a->receipt, false, "a receipt goes to a file of its own") : ERR_OK;
	if (!e)
		e = cli_run_limits(a, &limits, &r->has_limits);
	if (e)
		return e;
	e = cli_command_find(a->v[0], r->command, &r->cli->status);
	if (e) {
		r->cli->has_status = true;
		return e;
	}
	e = look_at_card(r, &limits);
	if (e)
		return e;
	wr_init(&text, r->limits, sizeof(r->limits) - 1);
	return cli_fail(pka_limits_write(&limits, &text), "limits");
}

/* ---- the approval ---- */

static void show_progress(void *ctx, const char *text)
{
	(void)ctx;
	log_tell("%s", text);
}

static struct agent_at own_agent(const struct run *r)
{
	return (struct agent_at){
		.socket = r->agent.folder.socket, .own_only = true, .program = r->program,
		.reason = r->cli->args->reason,
	};
}

/* Is the agent's card the one that we looked at? */
static enum err check_card(struct run *r, const struct agent_at *at)
{
	json_t *cards;
	const json_t *card;
	enum err e = cli_agent_cards(at, &cards);

	if (e)
		return e;
	card = cli_agent_card(cards, r->reader);
	if (!card || !*cli_agent_text(card, "device_id"))
		e = cli_refuse(ERR_SHARING, "the agent could not take the card in %s for itself: is another program "
			       "connected to it?", r->shown);
	else if (strcmp(cli_agent_text(card, "device_id"), r->id))
		e = cli_refuse(ERR_REMOVED, "the card was changed: it is not %s any more", r->id);
	json_decref(cards);
	return e;
}

/* What is in force: custodians may have lowered what was asked. */
static enum err note_approval(struct run *r, const struct agent_at *at)
{
	char limits[LIMITS_TEXT_MAX + 1], path[SHOWN_MAX + 1];
	const json_t *card;
	json_t *cards;
	enum err e = cli_agent_cards(at, &cards);

	if (e)
		return e;
	card = cli_agent_card(cards, r->reader);
	(void)snprintf(r->receipt, sizeof(r->receipt), "%s", cli_agent_text(card, "receipt"));
	log_tell("card %s is open for this command: %s; receipt %s", r->id,
		 text_shown(rd_str(cli_agent_text(card, "limits")), limits, sizeof(limits)),
		 text_shown(rd_str(r->receipt), path, sizeof(path)));
	json_decref(cards);
	return ERR_OK;
}

static enum err log_in(struct run *r, struct deadline *dl)
{
	const struct agent_at at = own_agent(r);
	struct apdu_link *link = NULL;
	char why[AGENT_TEXT_MAX] = "";
	enum err e = check_card(r, &at);

	if (e)
		return e;
	e = agent_open(&at, r->reader, &link, why, sizeof(why));
	if (!e)
		e = agent_login(link, &(struct agent_login_params){ .pin = r->pin, .progress = show_progress },
				why, sizeof(why), dl);
	apdu_link_close(&link, false);
	if (e)
		return cli_refuse(e, "%s", *why ? why : err_text(e));
	return note_approval(r, &at);
}

static enum err open_card(struct run *r)
{
	const struct cli_args *a = r->cli->args;
	const struct cli_run_asks asks = {
		.reader = r->reader, .limits = r->has_limits ? r->limits : NULL, .manifest = a->manifest,
		.receipt = a->receipt,
		.receipts = a->receipts || a->receipt || r->cli->conf->agent.receipts ? a->receipts : ".",
	};
	struct deadline dl = deadline_never();
	enum err e;

	dl.cancel_fd = cli_cancel_begin();
	e = cli_run_agent_start(r->cli, &asks, &r->agent, &dl);
	if (!e)
		e = log_in(r, &dl);
	if (!e)
		e = cli_fail(deadline_check(&dl), "run");
	cli_cancel_end();
	return e;
}

/* ---- the command ---- */

/* Where OpenSSL's engine finds the module: nobody is asked for a command that then does not see the card. */
static bool must_name_module(void)
{
	return !secure_getenv(MODULE_ENV) && access(QUORUM11_MODULE, R_OK) == 0;
}

static enum err run_command(struct run *r)
{
	struct cli_env set[3] = { { CLI_AGENT_ENV, r->agent.folder.socket } };
	size_t n = 1;
	char **env;

	if (must_name_module())
		set[n++] = (struct cli_env){ MODULE_ENV, QUORUM11_MODULE };
	if (r->cli->args->reason)
		set[n++] = (struct cli_env){ "QUORUM11_REASON", r->cli->args->reason };
	env = cli_env_new(set, n);
	if (!env)
		return cli_fail(ERR_NOMEM, "starting the command");
	cli_command_run(r->command, r->cli->args->v, env, &r->cli->status);
	r->cli->has_status = true;
	cli_env_free(env);
	return ERR_OK;
}

/* ---- its end ---- */

/* An approval that was over before the command was: why its last signatures failed. */
static void end_approval(struct run *r)
{
	const struct agent_at at = own_agent(r);
	char why[AGENT_TEXT_MAX] = "", shown[SHOWN_MAX + 1];
	const json_t *card;
	json_t *cards;

	if (cli_agent_cards(&at, &cards))
		return;
	card = cli_agent_card(cards, r->reader);
	if (strcmp(cli_agent_text(card, "state"), "open")) {
		log_tell("card %s: the approval ended before the command: %s", r->id,
			 text_shown(rd_str(cli_agent_text(card, "ended")), shown, sizeof(shown)));
	} else if (agent_end(&at, r->reader, why, sizeof(why))) {
		/* Its own end ends the approval, too. */
		log_line(LOG_AGENT, LOG_WARN, "agent end: %s", why);
	}
	json_decref(cards);
}

static size_t count(const struct receipt *r, bool repeats)
{
	size_t n = 0;

	for (size_t i = 0; i < r->uses_n; i++)
		n += r->uses[i].u.kind == RECEIPT_SIGN && (repeats || !r->uses[i].u.repeat);
	return n;
}

/* From the receipt itself: it is what counts. */
static void tell_receipt(const struct run *r)
{
	struct receipt_verdict v = { 0 };
	struct receipt *receipt = NULL;
	char path[SHOWN_MAX + 1];
	struct wr file;
	enum err e;

	if (!*r->receipt)
		return;
	(void)text_shown(rd_str(r->receipt), path, sizeof(path));
	wr_init_heap(&file, RECEIPT_FILE_MAX);
	e = file_read(r->receipt, RECEIPT_FILE_MAX, &file);
	if (!e)
		e = receipt_read(wr_view(&file), &receipt, &v);
	if (e)
		cli_fail(e, "receipt %s", path);
	else
		log_tell("receipt %s: %zu signatures of %zu different digests%s", path, count(receipt, true),
			 count(receipt, false), receipt->has_end ? "" : "; it was cut off");
	receipt_free(&receipt);
	wr_free(&file);
}

enum err verb_run(struct cli *cli)
{
	const char *slash = strrchr(cli->args->v[0], '/');
	struct run r = { .cli = cli, .agent = { .pidfd = -1, .lifeline = -1, .folder.fd = -1 } };
	enum err e;

	(void)snprintf(r.program, sizeof(r.program), "quorum11 run %s", slash ? slash + 1 : cli->args->v[0]);
	e = prepare(&r);
	if (!e)
		e = open_card(&r);
	secret_free(&r.pin);
	if (!e) {
		e = run_command(&r);
		end_approval(&r);
	}
	cli_run_agent_stop(&r.agent);
	if (cli->has_status)
		tell_receipt(&r);
	return e;
}
