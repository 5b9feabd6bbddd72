/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open a card that the caller holds alone, by whatever its mode asks for: the PIN, people, or both. Blocks; no lock of
 * its own.
 */
#ifndef LOGIN_OPEN_H
#define LOGIN_OPEN_H

#include "base/secret.h"
#include "login/login.h"

/*
 * p as for login_run, but status and expect_closed_after are found here. pin NULL: none, and where it alone opens the
 * card a reader with a pad asks for it; one that the mode has no use for is not sent. *status: the card's own answers
 * afterwards. On ERR_OK the card says that it is open; on any other result it was closed by SELECT, where it still
 * answers, and out->why says what failed. Errors of login_run and of hsm_pin_verify, and: ERR_ARG (a PIN is needed and
 * there is none), ERR_PIN_UNSET (the card is not set up), ERR_REFUSED (approved, but not open).
 */
MUST enum err login_open(struct hsm_card *card, const struct login_params *p, const struct secret *pin,
			 struct hsm_status *status, struct login_result *out, struct deadline *dl);

#endif
