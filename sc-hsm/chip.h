/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chip authentication, the terminal's side (reference 4.1; TR-03110 part 3, chip authentication version
 * 2): proves that whoever answers has the private key of the device certificate. Bytes only.
 */
#ifndef SC_HSM_CHIP_H
#define SC_HSM_CHIP_H

#include "base/crypto_ec.h"
#include "base/crypto_aes.h"

struct chip_auth;
/* id-CA-ECDH-AES-CBC-CMAC-128, and what older cards know alone: id-CA-ECDH-3DES-CBC-CBC */
extern const struct rd chip_oid_aes128, chip_oid_3des;
enum chip_suite { CHIP_AES128, CHIP_3DES };

MUST enum err chip_auth_new(enum ec_curve curve, struct rd device_point, struct chip_auth **out);
/* With a given ephemeral private key: test vectors. */
MUST enum err chip_auth_new_with(struct ec_key *ephemeral /* taken */, struct rd device_point, struct chip_auth **out);
void chip_auth_use(struct chip_auth *a, enum chip_suite suite);         /* CHIP_AES128 without it */
MUST enum err chip_auth_point(const struct chip_auth *a, struct wr *point);     /* the ephemeral public key */
/* The answer's data to GENERAL AUTHENTICATE: ERR_OK proven, ERR_SIGNATURE not this device, ERR_FORMAT. */
MUST enum err chip_auth_check(struct chip_auth *a, struct rd answer);
#define CHIP_KEY_SIZE 16
/* The keys of the channel that this answer opens: for hsm_channel_new. Wipe them. */
MUST enum err chip_auth_keys(const struct chip_auth *a, struct rd answer, uint8_t enc[CHIP_KEY_SIZE],
			     uint8_t mac[CHIP_KEY_SIZE]);
void chip_auth_free(struct chip_auth **a);

#endif
