/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card's channel: secure messaging (sc-hsm/sm.h) after chip authentication, reference 4.1 to 4.3. While a card has
 * one, each of its commands goes through it; SELECT of the applet ends it, and so does whatever does not fit. A login
 * that is reached inside ends with it, unless hsm_channel_close keeps it.
 */
#ifndef SC_HSM_CHANNEL_H
#define SC_HSM_CHANNEL_H

#include "base/secret.h"
#include "sc-hsm/card.h"
#include "sc-hsm/chip.h"

/*
 * Open one: chip authentication to the key of the device certificate, which the caller has verified up to a root he
 * trusts; with AES, or on a card that does not know that, with 3DES. ERR_SIGNATURE: not this device.
 */
MUST enum err hsm_channel_open(struct hsm_card *c, enum ec_curve curve, struct rd device_point, struct deadline *dl);
/* keep: the login stays for plain commands (reference 4.3; from version 2.1 on). Without a channel: nothing. */
MUST enum err hsm_channel_close(struct hsm_card *c, bool keep, struct deadline *dl);
/*
 * A new PIN of the card's making, valid instead of the user PIN until it loses power: inside a channel, on a card with
 * HSM_OPT_SESSION_PIN, for who has logged in there. Free it.
 */
MUST enum err hsm_channel_session_pin(struct hsm_card *c, struct secret **out, struct deadline *dl);

#endif
