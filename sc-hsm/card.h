/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A SmartCard-HSM over a link. One owner at a time. All calls expect that the caller has begun the link
 * (apdu_link_begin) if it is shared; none selects the applet by itself, because that logs out.
 */
#ifndef SC_HSM_CARD_H
#define SC_HSM_CARD_H

#include "apdu/link.h"
#include "base/cvc.h"
#include "sc-hsm/cmd.h"

struct hsm_card;

/* Takes the link. No card traffic. */
MUST enum err hsm_card_new(struct apdu_link *link, struct hsm_card **out);
void hsm_card_free(struct hsm_card **c, bool reset_card);
void hsm_card_abandon(struct hsm_card **c);                    /* child of a fork */
struct apdu_link *hsm_card_link(struct hsm_card *c);
const struct err_detail *hsm_card_detail(const struct hsm_card *c); /* of the last failed call */

/* SELECT the applet: logs out, drops challenge and selected keys. ERR_NO_CARD if it is not a SmartCard-HSM. */
MUST enum err hsm_card_select(struct hsm_card *c, struct hsm_version *out, struct deadline *dl);
/* What an earlier connection learned, where this one does not select: reading a file takes one command less then. */
void hsm_card_know_version(struct hsm_card *c, const struct hsm_version *v);
/*
 * One encoded command by its row's rules: secrecy, time limit, status map. Answer data without status word is
 * appended to data (may be NULL).
 */
MUST enum err hsm_card_exchange(struct hsm_card *c, enum hsm_op op, struct rd cmd, struct wr *data,
				struct deadline *dl);

/* Who may log in how, from the card's own answers; the one place for what is uncertain between cards (mode.c). */
enum hsm_mode { HSM_MODE_UNSET, HSM_MODE_PIN, HSM_MODE_PKA, HSM_MODE_PKA_OR_PIN, HSM_MODE_PKA_AND_PIN };
struct hsm_status {
	struct hsm_version version;
	enum hsm_mode mode;             /* UNSET: never initialised, or PKA keys still missing and no PIN */
	bool has_pka;
	struct hsm_pka pka;
	uint16_t pin_sw, so_sw;         /* answers of the VERIFY status queries */
	int pin_tries, so_tries;        /* -1 not known */
	bool pin_verified, pin_blocked, pin_transport;
	bool so_unset;                  /* the next INITIALIZE sets the SO-PIN */
	bool open;                      /* keys can be used now */
};
/* Status queries only; version must come from an earlier select. */
MUST enum err hsm_card_status(struct hsm_card *c, const struct hsm_version *v, struct hsm_status *out,
			      struct deadline *dl);
bool hsm_mode_needs_pin(enum hsm_mode m);
/* What init allowed the SO-PIN to do. What a card does not tell counts as allowed: it will say itself. */
bool hsm_mode_so_sets_pin(const struct hsm_version *v);        /* a new PIN in the place of the old one */
bool hsm_mode_so_resets_tries(const struct hsm_version *v);    /* all tries back to the old one */
/* What of these HSM_OPT_* options the version lacks, for people behind "has no"; NULL: nothing. */
const char *hsm_mode_lacks(const struct hsm_version *v, uint16_t wanted);
/* What INITIALIZE must tell such a card for these options. ERR_UNSUPPORTED: it cannot have them. */
MUST enum err hsm_mode_options(const struct hsm_version *v, uint16_t wanted, uint16_t *told);
bool hsm_mode_needs_pka(enum hsm_mode m);                      /* a ceremony opens it, or is part of it */
const char *hsm_mode_text(enum hsm_mode m);

/*
 * Memory and version, without a SELECT: nobody is logged out. ERR_UNSUPPORTED: the version is known to be older. Older
 * ones that it is asked of answer with an error of their own.
 */
MUST enum err hsm_card_about(struct hsm_card *c, struct hsm_about *out, struct deadline *dl);

/* Random bytes by GET CHALLENGE, any n; voids a pending PKA challenge. */
MUST enum err hsm_card_random(struct hsm_card *c, size_t n, struct wr *out, struct deadline *dl);
/*
 * The device id of a parsed device certificate (CHR), and the serial number that people know (CHR without its last
 * 5).
 */
struct rd hsm_device_id(const struct cvc *device);
struct rd hsm_device_serial(const struct cvc *device);

#endif
