/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secure messaging after chip authentication, the host's side; reference 4.2 to 4.4. While a card has a
 * channel, each of its commands goes through it; SELECT of the applet ends it, and so does whatever does not fit. A
 * login that is reached inside ends with it, unless hsm_channel_close keeps it.
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

/* ---- the bytes ---- */

struct hsm_channel;
MUST enum err hsm_channel_new(enum chip_suite suite, const uint8_t enc[CHIP_KEY_SIZE],
			      const uint8_t mac[CHIP_KEY_SIZE], struct hsm_channel **out);
void hsm_channel_free(struct hsm_channel **ch);                 /* NULL-safe; wipes */
/* A plain command to the protected one. */
MUST enum err hsm_channel_wrap(struct hsm_channel *ch, struct rd cmd, struct wr *out);
/*
 * The protected answer to the command wrapped last: its data, appended, and its status word. ERR_SIGNATURE: not from
 * this channel. ERR_FORMAT. Any failure, a bare status word, too, means that the channel is no more.
 */
MUST enum err hsm_channel_unwrap(struct hsm_channel *ch, struct rd rsp, struct wr *data, uint16_t *sw);

#endif
