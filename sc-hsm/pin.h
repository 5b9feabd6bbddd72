/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs. A wrong length never reaches the card (ERR_PIN_LENGTH). No VERIFY is ever repeated. Tries left:
 * hsm_card_detail(c)->tries.
 */
#ifndef SC_HSM_PIN_H
#define SC_HSM_PIN_H

#include "base/secret.h"
#include "sc-hsm/card.h"

#define HSM_PAD_PIN_MAX 15      /* reference 3.1: what hosts tell pads; one digit less than the card takes */
/*
 * How many digits an SO-PIN has that can be typed on a pad, which sends the characters of digits, or two digits in a
 * byte (BCD). One with letters among its hex digits, or with other characters, cannot.
 */
#define HSM_PAD_SO_TEXT 8       /* digits that are its 8 characters: 31 32 ... */
#define HSM_PAD_SO_HEX  16      /* its hex digits, none of which is a letter: 12 34 ... */

/* May a PIN be so long, or the bytes of an SO-PIN? */
bool hsm_pin_size_is_valid(enum hsm_ref ref, const struct secret *pin);
MUST enum err hsm_pin_verify(struct hsm_card *c, enum hsm_ref ref, const struct secret *pin, struct deadline *dl);
/* Can the PIN be typed on the reader itself? */
bool hsm_pin_has_pad(const struct hsm_card *c);
/*
 * The user PIN, typed on the reader's pad: as hsm_pin_verify, and ERR_TIMEOUT (nobody typed), ERR_CANCELLED (the person
 * pressed cancel): no try is spent by these two. Waits for the person, at most about a minute.
 */
MUST enum err hsm_pin_verify_on_pad(struct hsm_card *c, struct deadline *dl);
/* Can it be changed there? */
bool hsm_pin_has_pad_change(const struct hsm_card *c);
/*
 * The user PIN, old one and new one typed on the reader's pad, both of this many digits (PIN_MIN to HSM_PAD_PIN_MAX):
 * as hsm_pin_verify_on_pad, and ERR_REFUSED: the new one was not typed the same twice.
 */
MUST enum err hsm_pin_change_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl);
/*
 * The same by the SO-PIN, of HSM_PAD_SO_TEXT or HSM_PAD_SO_HEX digits: another SO-PIN of as many (on a pad that changes
 * PINs); the counter alone is reset (on any). ERR_UNSUPPORTED: the pad does not do it, the card has heard nothing.
 */
MUST enum err hsm_so_pin_change_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl);
MUST enum err hsm_pin_unblock_on_pad(struct hsm_card *c, unsigned digits, struct deadline *dl);
/*
 * A new PIN of this many digits by the SO-PIN, typed on a pad that changes PINs. A reader makes both of one form, and a
 * PIN is text: so_pin NULL, which is typed there, too, is for both of HSM_PAD_SO_TEXT digits.
 */
MUST enum err hsm_pin_set_on_pad(struct hsm_card *c, const struct secret *so_pin, unsigned digits,
				 struct deadline *dl);
MUST enum err hsm_pin_change(struct hsm_card *c, enum hsm_ref ref, const struct secret *old, const struct secret *fresh,
			     struct deadline *dl);
/* fresh NULL: reset the counter, keep the PIN. */
MUST enum err hsm_pin_reset(struct hsm_card *c, const struct secret *so_pin, const struct secret *fresh,
			    struct deadline *dl);
/* 16 hex digits as people write it, or 8 raw characters: the 8 bytes. ERR_PIN_LENGTH, ERR_FORMAT. */
MUST enum err hsm_so_pin_parse(const struct secret *typed, struct secret **so_pin);
/* Retry counter the card accepts for a PIN of this length, reference 3.4: 6 -> 3, 7 -> 5, 8 and more -> 10. */
unsigned hsm_pin_tries_max(size_t pin_size);

#endif
