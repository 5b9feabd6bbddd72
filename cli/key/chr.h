/* SPDX-License-Identifier: Apache-2.0 */
/* Holder references for new keys (TR-03110 part 3 A.6.1: country 2, holder up to 9, serial 5 characters). */
#ifndef CLI_KEY_CHR_H
#define CLI_KEY_CHR_H

#include "base/buf.h"
#include "base/limits.h"

/* Two capitals. */
bool cli_country_is_good(const char *country);
/*
 * For a custodian's key: country, nine random characters A-Z0-9, 00001. Random because two keys with one reference
 * can never be registered in one card, and cards, programs and people that choose it have chosen constants
 * (public-key-authentication 4.4). ERR_ARG: country is not two capitals.
 */
MUST enum err cli_chr_random(const char *country, char out[CHR_MAX + 1]);
/*
 * For a key of a signing card: the device's reference with its serial replaced by the key's number. ERR_ARG: not a
 * device id.
 */
MUST enum err cli_chr_of_key(const char *device_id, uint8_t key, char out[CHR_MAX + 1]);

#endif
