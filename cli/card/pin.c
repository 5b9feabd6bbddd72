/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/card/pin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/line/say.h"
#include "sc-hsm/pin.h"

#define PROMPT_MAX 256

#define SOURCE(what, name, member) \
	((struct cli_secret_source){ what, "--" name "-file or --" name "-fd", cli->args->member##_file, \
				     cli->args->member##_fd })

static struct cli_secret_source pin_source(const struct cli *cli)
{
	return SOURCE("PIN", "pin", pin);
}

static struct cli_secret_source so_pin_source(const struct cli *cli)
{
	return SOURCE("SO-PIN", "so-pin", so_pin);
}

static struct cli_secret_source new_pin_source(const struct cli *cli)
{
	return SOURCE("new PIN", "new-pin", new_pin);
}

static struct cli_secret_source new_so_pin_source(const struct cli *cli)
{
	return SOURCE("new SO-PIN", "new-so-pin", new_so_pin);
}

static bool source_is_given(struct cli_secret_source s)
{
	return s.file || s.fd != ARGS_NO_FD;
}

bool cli_pin_is_given(const struct cli *cli)
{
	return source_is_given(pin_source(cli));
}

bool cli_so_pin_is_given(const struct cli *cli)
{
	return source_is_given(so_pin_source(cli));
}

bool cli_new_pin_is_given(const struct cli *cli)
{
	return source_is_given(new_pin_source(cli));
}

bool cli_new_so_pin_is_given(const struct cli *cli)
{
	return source_is_given(new_so_pin_source(cli));
}

static enum err read_terminal(const char *prompt, struct cli_secret_source s, struct secret **out)
{
	return cli_fail(secret_read_tty(prompt, out),
			"reading the %s from the terminal (without one: %s)", s.what, s.instead);
}

enum err cli_secret_read(const char *file, const char *what, struct secret **out)
{
	enum err e = secret_read_file(file, out);

	if (e == ERR_REFUSED)
		return cli_refuse(e, "%s: not a file of its owner alone: chmod 600", file);
	if (e == ERR_IO)
		return cli_refuse(e, "%s: reading the %s: %s", file, what, strerror(errno));
	if (e == ERR_FORMAT)
		return cli_refuse(e, "%s: reading the %s: the file is empty", file, what);
	return cli_fail(e, "%s: reading the %s", file, what);
}

enum err cli_secret_get(struct cli_secret_source s, const char *prompt, struct secret **out)
{
	if (s.file)
		return cli_secret_read(s.file, s.what, out);
	if (s.fd != ARGS_NO_FD)
		return cli_fail(secret_read_fd((int)s.fd, out), "reading the %s from descriptor %u", s.what, s.fd);
	return read_terminal(prompt, s, out);
}

enum err cli_secret_get_new(struct cli_secret_source s, const char *prompt, cli_secret_judge *judge,
			    struct secret **out)
{
	struct secret *first = NULL, *second = NULL;
	enum err e;

	e = cli_secret_get(s, prompt, &first);
	if (!e && judge)
		e = cli_fail(judge(first), "%s", s.what);
	if (!e && !source_is_given(s)) {
		e = read_terminal("Once more: ", s, &second);
		if (!e && !rd_eq_secret(secret_view(first), secret_view(second)))
			e = cli_refuse(ERR_REFUSED, "the two are not the same");
	}
	if (!e) {
		*out = first;
		first = NULL;   /* moved */
	}
	secret_free(&second);
	secret_free(&first);
	return e;
}

const char *cli_pin_remedy(const struct cli_card *c)
{
	if (hsm_mode_so_sets_pin(&c->status.version))
		return "quorum11 pin set, by the SO-PIN";
	if (hsm_mode_so_resets_tries(&c->status.version))
		return "quorum11 pin unblock, by the SO-PIN: the same PIN gets its tries back";
	return "quorum11 init, which erases everything: the SO-PIN has no power over this PIN";
}

/* The last try is spent by somebody who has said so, in words that no habit types. */
static bool last_is_meant(const struct cli_card *c, const char *what)
{
	char question[PROMPT_MAX];

	log_tell("%s of %s in %s: ONE TRY IS LEFT. A wrong one blocks it; %s%s", what, c->id, c->reader,
		 strcmp(what, "PIN") ? "the card can then never be initialised again" : "what helps then: ",
		 strcmp(what, "PIN") ? "" : cli_pin_remedy(c));
	(void)snprintf(question, sizeof(question), "Type \"last try\" to go on, or Enter to stop:");
	return cli_ask_word(question, "last try", false);
}

/* A try is only spent when the person may know that it is not the last. */
static enum err check_tries(const struct cli *cli, const struct cli_card *c, struct cli_secret_source s, int tries,
			    char *left, size_t cap)
{
	const char *what = s.what;

	*left = 0;
	if (tries == 0 && strcmp(what, "PIN"))
		return cli_refuse(ERR_PIN_BLOCKED,
				  "%s of %s in %s is blocked for ever: this card cannot be unblocked or initialised "
				  "again", what, c->id, c->reader);
	if (tries == 0)
		return cli_refuse(ERR_PIN_BLOCKED, "PIN of %s in %s is blocked; what helps: %s", c->id, c->reader,
				  cli_pin_remedy(c));
	if (tries == 1 && !cli->args->force && (source_is_given(s) || !last_is_meant(c, what)))
		return cli_refuse(ERR_REFUSED, "%s of %s in %s: one try is left, and it is not spent without --force",
				  what, c->id, c->reader);
	if (tries > 0)
		(void)snprintf(left, cap, ", %d %s left", tries, tries == 1 ? "try" : "tries");
	return ERR_OK;
}

static enum err check_pin(const struct cli *cli, const struct cli_card *c, struct cli_secret_source s, char *left,
			  size_t cap)
{
	if (c->status.pin_transport)
		return cli_card_fail(c, ERR_PIN_TRANSPORT, "PIN");
	return check_tries(cli, c, s, c->status.pin_blocked ? 0 : c->status.pin_tries, left, cap);
}

enum err cli_pin_check(const struct cli *cli, const struct cli_card *c, bool transport, char *left, size_t cap)
{
	*left = 0;
	return transport && c->status.pin_transport ? ERR_OK : check_pin(cli, c, pin_source(cli), left, cap);
}

enum err cli_so_pin_check(const struct cli *cli, const struct cli_card *c, char *left, size_t cap)
{
	return check_tries(cli, c, so_pin_source(cli), c->status.so_tries, left, cap);
}

enum err cli_pin_get(const struct cli *cli, const struct cli_card *c, const char *file, struct secret **out)
{
	struct cli_secret_source s = pin_source(cli);
	char left[CLI_TRIES_MAX], prompt[PROMPT_MAX];
	enum err e;

	if (file)
		s.file = file;
	e = check_pin(cli, c, s, left, sizeof(left));
	if (e)
		return e;
	(void)snprintf(prompt, sizeof(prompt), "PIN of %s%s: ", *c->id ? c->id : c->reader, left);
	return cli_secret_get(s, prompt, out);
}

enum err cli_pin_get_old(const struct cli *cli, const struct cli_card *c, struct secret **out)
{
	char left[CLI_TRIES_MAX], prompt[PROMPT_MAX];
	enum err e = cli_pin_check(cli, c, true, left, sizeof(left));

	if (e)
		return e;
	(void)snprintf(prompt, sizeof(prompt), "%s PIN of %s%s: ", c->status.pin_transport ? "Transport" : "Old",
		       *c->id ? c->id : c->reader, left);
	return cli_secret_get(pin_source(cli), prompt, out);
}

static enum err judge_pin(const struct secret *typed)
{
	return hsm_pin_size_is_valid(HSM_REF_USER, typed) ? ERR_OK : ERR_PIN_LENGTH;
}

enum err cli_pin_get_new(const struct cli *cli, bool first, struct secret **out)
{
	return cli_secret_get_new(first ? pin_source(cli) : new_pin_source(cli), "New PIN (6 to 16 characters): ",
				  judge_pin, out);
}

static enum err judge_so_pin(const struct secret *typed)
{
	struct secret *so_pin = NULL;
	enum err e = hsm_so_pin_parse(typed, &so_pin);

	secret_free(&so_pin);
	return e;
}

static enum err take_so_pin(struct secret *typed, struct secret **out)
{
	enum err e = cli_fail(hsm_so_pin_parse(typed, out), "SO-PIN");

	secret_free(&typed);
	return e;
}

enum err cli_so_pin_get_new(const struct cli *cli, const struct cli_card *c, struct secret **out)
{
	struct secret *typed = NULL;
	char prompt[PROMPT_MAX];
	enum err e;

	(void)snprintf(prompt, sizeof(prompt), "New SO-PIN of %s (16 hex digits): ", *c->id ? c->id : c->reader);
	e = cli_secret_get_new(new_so_pin_source(cli), prompt, judge_so_pin, &typed);
	return e ? e : take_so_pin(typed, out);
}

enum err cli_so_pin_get(const struct cli *cli, const struct cli_card *c, bool fresh, struct secret **out)
{
	struct secret *typed = NULL;
	char left[CLI_TRIES_MAX] = "", prompt[PROMPT_MAX];
	enum err e = fresh ? ERR_OK : cli_so_pin_check(cli, c, left, sizeof(left));

	if (e)
		return e;
	(void)snprintf(prompt, sizeof(prompt), "%sSO-PIN of %s (16 hex digits)%s: ", fresh ? "New " : "",
		       *c->id ? c->id : c->reader, left);
	e = fresh ? cli_secret_get_new(so_pin_source(cli), prompt, judge_so_pin, &typed)
		  : cli_secret_get(so_pin_source(cli), prompt, &typed);
	return e ? e : take_so_pin(typed, out);
}

enum err cli_pin_login(struct cli *cli, struct cli_card *c, const struct secret *pin)
{
	enum err e = cli_card_begin(cli, c);

	if (!e)
		e = cli_card_fail(c, hsm_pin_verify(c->hsm, HSM_REF_USER, pin, &cli->dl), "PIN");
	if (e)
		cli_card_end(cli, c);
	return e;
}
