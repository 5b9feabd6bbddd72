/* SPDX-License-Identifier: Apache-2.0 */
/* Which readers there are now, as slots. */
#ifndef PKCS11_MODULE_SLOT_FIND_H
#define PKCS11_MODULE_SLOT_FIND_H

#include "apdu/pcsc.h"

/*
 * Ask the service; give new readers slots, if they may have some now, which the first ones always may. Without a
 * service there are no readers. Called inside a p11_call, without the module lock.
 */
MUST enum err p11_slots_find(struct apdu_readers *now, bool may_add);

#endif
