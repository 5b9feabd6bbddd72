/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After people said no, or nothing, the same answer for a while without asking them again: libp11, for one, logs in
 * again after each fork. Kept outside the module's state, so that it survives C_Finalize and goes with a fork. Has a
 * lock of its own, held for no time.
 */
#ifndef PKCS11_LOGIN_COOLDOWN_H
#define PKCS11_LOGIN_COOLDOWN_H

#include "base/err.h"

/* ERR_OK: ask. Otherwise the last answer (ERR_DENIED or ERR_EXPIRED), and for how long it still holds. */
MUST enum err p11_cooldown_check(const char *device_id, unsigned *seconds);
/* The end of a ceremony; only a denial and a lapse are kept. */
void p11_cooldown_note(const char *device_id, enum err e, unsigned seconds);

#endif
