/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "test/vcard/profile.h"

#define ATR_4K  "\x3B\xDE\x18\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\x1C"
#define ATR_OLD "\x3B\xFE\x18\x00\x00\x81\x31\xFE\x45\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\xFA"

/* What came after the first versions, and every card has had since. */
#define CURRENT \
	.tells_memory = true, .keys_large = true, .keys_limited = true, .domain_slots = true, \
	.sha2_rsa_long = true, .pss = true, .sw_pin_blank = 0x6A88, .channel_binds = true

/*
 * What cards of version 1.2 and 2.0 have in common. Known: what they were measured to answer to SELECT, and what came
 * later (A 1.7, 3.1, 3.11, 3.13). Which of the others a 2.0 has is not (A 15.22): here it has none, so that what the
 * card must say itself is tried, too. That READ stops at such a size, and chip authentication by 3DES, are the
 * readings that let a driver go wrong most easily.
 */
#define OLD \
	.atr = { (const uint8_t *)ATR_OLD, sizeof(ATR_OLD) - 1 }, \
	.apdu_max = 1462, .select_without_fci = true, .chain = true, .device_curve = EC_BP256R1, \
	.devaut_when_blank = true, .lacks = { lacks, sizeof(lacks) }, .challenge_256 = true, \
	.sw_pin_length = 0x6700, .sw_last_try = 0x63C0, .sw_verify_p1 = 0x6A86, .sw_verify_p2 = 0x6A86, \
	.sw_reset_off = 0x6985, .reset_only = true, .sw_so_pin = 0x6985, \
	.sw_key_absent = 0x6A88, .sw_key_algorithm = 0x6A81, .sw_key_uses = 0x6984, \
	.sw_cipher_length = 0x6A80, .enumerate_all = true, .chip_3des = true, \
	.sw_domain_closed = 0x6982, .sw_domain_complete = 0x6985, .sw_domain_keys = 0x6985, \
	.sw_domain_deleted = 0x9000, .sw_unwrap_foreign = 0x6A80, .primes_max = 2048, \
	.read_6282 = true, .read_block = 1000, .sw_write_protected = 0x6982, \
	.sw_cert_signature = 0x6985, .sw_cert_format = 0x6984

/* GENERATE SYMMETRIC KEY and its use, MANAGE PKA, EXTERNAL AUTHENTICATE, session PIN, DERIVE EC KEY, PSO. */
static const uint8_t lacks[] = { 0x48, 0x78, 0x54, 0x82, 0x5A, 0x76, 0x2A };

/*
 * What both current vendor profiles agree on. Where the reference knows no status word, the one it recommends or the
 * nearest of ISO 7816-4.
 */
#define VENDOR \
	.atr = { (const uint8_t *)ATR_4K, sizeof(ATR_4K) - 1 }, \
	.platform = 0x06, .major = 4, .minor = 1, CURRENT, \
	.apdu_max = 1454, .select_without_fci = true, .chain = true, .device_curve = EC_BP256R1, \
	.devaut_when_blank = true, \
	.pka_max = 90, .pka_checked = true, .pka_chain = true, .pka_any_caller = true, .pka_from_file = true, \
	.pka_needs_all = true, .pka_256_only = true, .challenge_8_only = true, .challenge_256 = true, \
	.combined = true, .pin_opens = true, .status_6300 = true, .status_by_pka = true, \
	.sw_pka_none = 0x6A86, .sw_pka_none_data = 0x6A86, .sw_pka_closed = 0x6982, .sw_pka_full = 0x6A84, \
	.sw_pka_signature = 0x6985, .sw_auth_none = 0x6985, .sw_auth_wrong = 0x6300, .sw_auth_no_key = 0x6A88, \
	.sw_auth_no_challenge = 0x6985, \
	.sw_pin_length = 0x6700, .sw_last_try = 0x63C0, .sw_verify_p1 = 0x6A86, .sw_verify_p2 = 0x6A86, \
	.sw_reset_off = 0x6985, .reset_only = true, .sw_so_pin = 0x6985, \
	.sw_key_absent = 0x6A88, .sw_key_algorithm = 0x6A81, .sw_key_uses = 0x6984, \
	.sw_cipher_length = 0x6A80, .enumerate_all = true, \
	.chip_aes = true, .agree_signed = true, \
	.sw_domain_closed = 0x6982, .sw_domain_complete = 0x6985, .sw_domain_keys = 0x6985, \
	.sw_domain_deleted = 0x9000, .sw_unwrap_foreign = 0x6A80, .primes_max = 2048, \
	.read_6282 = true, .sw_write_protected = 0x6982, .sw_cert_signature = 0x6985, .sw_cert_format = 0x6984

static const struct vcard_profile profiles[] = {
	{
		VENDOR,
		.name = "vendor-shared",
		.challenge_drops_flags = true,
	},
	{
		VENDOR,
		.name = "vendor-per-key",
		.challenge_per_key = true,
		.status_pin_first = true,
		.chip_3des = true, .xkek_hashed = true, .xkek_counts = true,
	},
	{
		.name = "open-firmware",
		.atr = { (const uint8_t *)ATR_OLD, sizeof(ATR_OLD) - 1 },
		.platform = 0xFF, .major = 4, .minor = 1, CURRENT,
		.apdu_max = 4096, .device_curve = EC_SECP256R1, .open_after_init = true,
		.pka_max = 8, .pka_twice = true, .pka_own_car_only = true, .pka_once = true, .pka_prefix = true,
		.challenge_drops_flags = true, .challenge_drops_count = true,
		.pin_for_keys = true,
		.sw_pka_none = 0x6A86, .sw_pka_none_data = 0x6A82, .sw_pka_closed = 0x6982, .sw_pka_full = 0x6A84,
		.sw_pka_signature = 0x6985, .sw_auth_none = 0x6A82, .sw_auth_wrong = 0x6985, .sw_auth_no_key = 0x6A88,
		.sw_auth_no_challenge = 0x6985,
		.sw_pin_length = 0x6700, .sw_last_try = 0x6983, .sw_verify_p1 = 0x6B00, .sw_verify_p2 = 0x6A88,
		.sw_reset_off = 0x6986, .reset_split = true, .transport_for_good = true, .sw_so_pin = 0x6982,
		.sw_key_absent = 0x6A82, .sw_key_algorithm = 0x6985, .sw_key_uses = 0x6A84, .key_overwrite = true,
		.sw_domain_closed = 0x6985, .sw_domain_complete = 0x6986, .sw_domain_keys = 0x6A89,
		.sw_domain_deleted = 0x6A88, .sw_unwrap_foreign = 0x6400, .primes_max = 4096,
		.chip_aes = true, .xkek_no_shares = true,
		.sha224 = true, .agree_x_only = true, .derive_hkdf = true, .derive_mod_p = true,
		.sw_cipher_length = 0x6700,
		.update_truncates = true, .sw_write_protected = 0x6982,
		.sw_cert_signature = 0x6985, .sw_cert_format = 0x6984,
	},
	{
		OLD,
		.name = "vendor-1.2",
		.major = 1, .minor = 2,
		.short_version = true, .sw_pin_blank = 0x6984, .so_hidden = true, .car_must = true,
	},
	{
		OLD,
		.name = "vendor-2.0",
		.platform = 0x02, .major = 2, .minor = 0,
		.sw_pin_blank = 0x6A88, .pss = true, .channel_binds = true, .init_skips = true,
	},
};

const struct vcard_profile *vcard_profile_at(size_t i)
{
	return i < sizeof(profiles) / sizeof(*profiles) ? &profiles[i] : NULL;
}

const struct vcard_profile *vcard_profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}
