/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a card can by its version (reference 1.7): one row each, so that nobody types a PIN for what his card cannot.
 * The first version of many things is known only as "not in version 1"; a later card that lacks one says so itself.
 */
#ifndef SC_HSM_ABILITY_H
#define SC_HSM_ABILITY_H

#include "sc-hsm/cmd.h"

enum hsm_ability {
	HSM_CAN_VERIFY_SO, HSM_CAN_TRANSPORT_PIN, HSM_CAN_PSS, HSM_CAN_PKA, HSM_CAN_DOMAINS, HSM_CAN_LIMITS,
	HSM_CAN_AES, HSM_CAN_DERIVE, HSM_CAN_SESSION_PIN, HSM_CAN_TELL_MEMORY, HSM_CAN_LARGE_KEYS, HSM_CAN_END_SHORT,
	HSM_ABILITIES
};

/* A version that is not known (0.0) can everything: the card will answer. So can open firmware, whatever its number. */
bool hsm_can(const struct hsm_version *v, enum hsm_ability a);
/* For people, behind "has no": "AES keys"; NULL of what is nobody's business but the driver's. */
const char *hsm_ability_text(enum hsm_ability a);

/* Bits of the largest keys without HSM_CAN_LARGE_KEYS. */
#define HSM_SMALL_RSA 2048
#define HSM_SMALL_EC  320

#endif
