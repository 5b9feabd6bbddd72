/* SPDX-License-Identifier: Apache-2.0 */
/* PINs for a card: from where the options say, otherwise from the terminal; never from argv or the environment. */
#ifndef CLI_CARD_PIN_H
#define CLI_CARD_PIN_H

#include "base/secret.h"
#include "cli/card/card.h"

/* The first line of a secret's file, mode 0600; what: "PIN", for messages. Said. */
MUST enum err cli_secret_read(const char *file, const char *what, struct secret **out);

struct cli_secret_source {
	const char *what;               /* "new PIN" */
	const char *instead;            /* the options that go before the terminal: "--pin-file or --pin-fd" */
	const char *file;               /* NULL: not given */
	unsigned fd;                    /* ARGS_NO_FD: not given */
};
/* From the file or descriptor that was given, or from the terminal. Said. */
MUST enum err cli_secret_get(struct cli_secret_source s, const char *prompt, struct secret **out);
/* Says whether a new secret may be one. */
typedef enum err cli_secret_judge(const struct secret *typed);
/* The same for a new one: what is typed blindly is typed twice, if it may be one. judge may be NULL. */
MUST enum err cli_secret_get_new(struct cli_secret_source s, const char *prompt, cli_secret_judge *judge,
				 struct secret **out);

/* What helps against a blocked PIN of this card, for people. */
const char *cli_pin_remedy(const struct cli_card *c);

/* Was a source other than the terminal named? */
bool cli_pin_is_given(const struct cli *cli);
bool cli_so_pin_is_given(const struct cli *cli);
bool cli_new_pin_is_given(const struct cli *cli);
bool cli_new_so_pin_is_given(const struct cli *cli);

/*
 * The PIN for this card. Shows how many tries are left; refuses a blocked PIN, and the last try (ERR_REFUSED) unless
 * --force says so, or the person at the terminal types that it is meant. file: read this file instead of what the
 * options name; may be NULL. Said.
 */
MUST enum err cli_pin_get(const struct cli *cli, const struct cli_card *c, const char *file, struct secret **out);
/* As cli_pin_get, to put another in its place: a transport PIN, too. */
MUST enum err cli_pin_get_old(const struct cli *cli, const struct cli_card *c, struct secret **out);
/* A new PIN: asked for twice on a terminal. first: the card's first one comes from where a PIN comes from. */
MUST enum err cli_pin_get_new(const struct cli *cli, bool first, struct secret **out);
/* The eight bytes of the SO-PIN; fresh: the card has none yet, so a terminal is asked twice. */
MUST enum err cli_so_pin_get(const struct cli *cli, const struct cli_card *c, bool fresh, struct secret **out);
/* The one that shall take its place: asked for twice on a terminal. */
MUST enum err cli_so_pin_get_new(const struct cli *cli, const struct cli_card *c, struct secret **out);

/*
 * What of that goes before a question: refuses as cli_pin_get; left gets ", 2 tries left". transport: a transport PIN
 * is there to be changed, and is let pass.
 */
#define CLI_TRIES_MAX 32
MUST enum err cli_pin_check(const struct cli *cli, const struct cli_card *c, bool transport, char *left, size_t cap);
MUST enum err cli_so_pin_check(const struct cli *cli, const struct cli_card *c, char *left, size_t cap);

/* Begin (SELECT) and VERIFY; the card is held afterwards if ERR_OK. Said, with tries. */
MUST enum err cli_pin_login(struct cli *cli, struct cli_card *c, const struct secret *pin);

#endif
