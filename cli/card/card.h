/* SPDX-License-Identifier: Apache-2.0 */
/* A card as a verb uses it: which one, what it is, and for how long we hold it. */
#ifndef CLI_CARD_CARD_H
#define CLI_CARD_CARD_H

#include "apdu/pcsc.h"
#include "cli/line/verb.h"
#include "sc-hsm/ability.h"
#include "sc-hsm/card.h"

struct cli_card {
	struct hsm_card *hsm;
	char reader[READER_NAME_MAX];     /* safe to show */
	char id[CHR_MAX + 1];           /* device id; "" if the card has none yet (blank open firmware) */
	char label[SHOWN_MAX + 1];      /* token label, safe to show; "" if it has none */
	bool busy;                      /* somebody is logged in, so it was not selected: version is not known */
	struct hsm_status status;
	struct wr devaut;               /* EF.C_DevAut, which device and issuer view; empty without an id */
	struct cvc device, issuer;
	bool has_issuer;
	bool held;                      /* between begin and end, hold and release */
};

/* Readers to look at: those with a card that --reader (name NULL: all) and [module] readers admit. Said on failure. */
MUST enum err cli_readers(const struct cli *cli, const char *name, struct apdu_readers *out);

/*
 * Look at a card without disturbing: reads id and status; a card on which somebody is logged in is not selected,
 * because that would log him out. Not said: the caller may go on with the next reader. Ends with cli_card_close(c,
 * false).
 */
MUST enum err cli_card_look(struct cli *cli, const char *reader, struct cli_card *out);
/* Open for work, and select. Said. Not held: cli_card_begin. */
MUST enum err cli_card_open(struct cli *cli, const char *reader, enum pcsc_share share, struct cli_card *out);
/* The card that --reader and --device name, or the only one; several: they are listed and it is ERR_REFUSED. */
MUST enum err cli_card_pick(struct cli *cli, char reader[READER_NAME_MAX]);

/* The same card, looked at: pick and look in one. Said, and closed again, on failure. */
MUST enum err cli_card_choose(struct cli *cli, struct cli_card *out);

/* A transaction without SELECT, for reading what is public: nobody is logged out. Said. */
MUST enum err cli_card_hold(struct cli *cli, struct cli_card *c);
/* Choose and hold in one. Said; to be closed also on failure. */
MUST enum err cli_card_choose_held(struct cli *cli, struct cli_card *out);
void cli_card_release(struct cli_card *c);
/* A transaction (shared) and SELECT: nobody else is logged in or may be. Said. */
MUST enum err cli_card_begin(struct cli *cli, struct cli_card *c);
/* SELECT, which logs out, and the end of the transaction. */
void cli_card_end(struct cli *cli, struct cli_card *c);
/* reset_card: log out, and reset the card; otherwise leave it as it is. Nothing for a struct of zeros. */
void cli_card_close(struct cli *cli, struct cli_card *c, bool reset_card);

/* The token label of an open card; label NULL: leave it. Said. */
MUST enum err cli_card_set_label(struct cli *cli, struct cli_card *c, const char *label);
MUST enum err cli_label_check(const char *label);               /* ERR_ARG, said: too long */
/* One word for programs: "pka-and-pin". */
const char *cli_mode_word(enum hsm_mode m);
/* A holder reference of a parsed certificate as text: base/cvc.h has made sure that it is short and printable. */
void cli_chr_copy(char out[CHR_MAX + 1], struct rd chr);
/* Its device id, or words that say that it has none. */
const char *cli_card_id(const struct cli_card *c);
/* Its version has this, or it does not tell. ERR_UNSUPPORTED, said: for what a person should hear before his PIN. */
MUST enum err cli_card_can(const struct cli_card *c, enum hsm_ability a);
/* The same of what its version was found to lack, in the words of hsm_ability_text. */
MUST enum err cli_card_lacks(const struct cli_card *c, const char *what);
/* "<what> on <device id> in <reader>: <card's answer>; <hint>"; returns e. */
enum err cli_card_fail(const struct cli_card *c, enum err e, const char *what);

#endif
