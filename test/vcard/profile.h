/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not known for certain about a card, or differs between cards: one field each, one row per profile. Section
 * numbers are those of the APDU reference (A) and of the public key authentication reference (P).
 */
#ifndef VCARD_PROFILE_H
#define VCARD_PROFILE_H

#include "base/crypto_ec.h"

struct vcard_profile {
	const char *name;

	/* identity */
	struct rd atr;                      /* A 1.1 */
	uint8_t platform, major, minor;     /* A 1.3: last three bytes of tag 85 */
	size_t apdu_max;                    /* A 1.2: bytes of a whole command; longer ones 6700 */
	bool select_without_fci;            /* A 1.3: SELECT with P2 = 0C works; otherwise 6A86 */
	bool chain;                         /* P 11: device certificate below a root; otherwise self-signed */
	enum ec_curve device_curve;         /* A 12: curve of the device key */
	bool devaut_when_blank;             /* P 11: EF 2F02 has content before the first INITIALIZE */
	bool open_after_init;               /* P 2, 11: the PIN counts as verified after INITIALIZE */
	bool short_version;                 /* A 1.3: tag 85 is major and minor alone */
	bool tells_memory;                  /* A 1.6: INITIALIZE without data answers memory and version */

	/* what older ones lack: A 1.7, 15.22 */
	struct rd lacks;                    /* INS bytes: 6D00 */
	bool keys_large;                    /* A 3.11: RSA over 2048 bits, EC over 320 */
	bool keys_limited;                  /* A 3.11: counter, list and domain of a key; otherwise 6A80 */
	bool domain_slots;                  /* A 3.4: tag 97 */
	bool init_skips;                    /* A 3.4: tags 93 and 97 are skipped; otherwise 6A80 */
	bool sha2_rsa_long;                 /* A 3.13: algorithms 34 and 35, of "newer firmware" */
	bool pss;                           /* A 3.13: algorithms 40 to 45 */
	bool car_must;                      /* A 3.11: no key without an inner CAR */

	/* public key authentication */
	unsigned pka_max;                   /* P 2, 11: registered keys, at most */
	bool pka_checked;                   /* P 2: INITIALIZE refuses tag 93 out of range */
	bool pka_chain;                     /* P 4.1, 11: registration verifies the request up to the card's root */
	bool pka_any_caller;                /* P 4.3: registration needs no PIN while keys are missing */
	bool pka_from_file;                 /* P 4.2: MANAGE PKA without data registers what is in EF 2F10 */
	bool pka_twice;                     /* P 4.3: a CHR may be registered twice */
	bool pka_needs_all;                 /* P 1, 11: usable only when all keys are registered */
	bool pka_256_only;                  /* P 4.3: keys of other sizes register but never authenticate */
	bool pka_own_car_only;              /* P 4.4: keys with another inner CAR than their CHR never authenticate */
	bool pka_once;                      /* A 3.21: MSE for a key that is authenticated already answers 6985 */
	bool pka_prefix;                    /* P 3: a registered CHR is matched as prefix of the one sent */
	bool challenge_per_key;             /* P 6.1: a challenge serves one key; otherwise all, up to the threshold */
	bool challenge_drops_flags;         /* P 6.2: GET CHALLENGE drops the keys authenticated so far */
	bool challenge_drops_count;         /* P 6.4: also from the count of a card that is open (which stays open) */
	bool challenge_8_only;              /* P 6.5: only an 8-byte challenge can be authenticated against */
	bool challenge_256;                 /* A 12: short Le = 00 means 256 bytes; otherwise 6700 */
	bool combined;                      /* P 7: option 0010, PIN and keys, is honoured */
	bool pin_opens;                     /* P 1, 7: the PIN alone opens a card with PKA and without option 0010 */
	bool pin_for_keys;                  /* P 7: keys cannot be used without the PIN: 6400 */
	bool status_6300;                   /* P 7: VERIFY status of a card closed by PKA; otherwise the PIN's */
	bool status_pin_first;              /* P 7: ... unless there is a PIN that would open it: then the PIN's */
	bool status_by_pka;                 /* P 7: VERIFY status is 9000 once the keys opened the card */
	uint16_t sw_pka_none, sw_pka_none_data; /* P 3, 4.3: MANAGE PKA on a card initialised without PKA; with data */
	uint16_t sw_pka_closed;             /* P 4.3: registration without the PIN, where it is needed */
	uint16_t sw_pka_full;               /* P 4.3 */
	uint16_t sw_pka_signature;          /* P 3: a signature of the request is wrong */
	uint16_t sw_auth_none;              /* P 3: EXTERNAL AUTHENTICATE without PKA */
	uint16_t sw_auth_wrong;             /* P 6: wrong signature */
	uint16_t sw_auth_no_key, sw_auth_no_challenge;  /* P 3 */

	/* PIN */
	uint16_t sw_pin_blank;              /* A 3.1: VERIFY before the first INITIALIZE */
	bool so_hidden;                     /* A 3.1: VERIFY knows no SO-PIN: sw_verify_p2 */
	uint16_t sw_pin_length;             /* A 15.20: value shorter or longer than a PIN can be */
	uint16_t sw_last_try;               /* A 3.1: the wrong VERIFY that blocks */
	uint16_t sw_verify_p1, sw_verify_p2; /* A 12, P 3: VERIFY with P1 other than 00, with an unknown reference */
	uint16_t sw_reset_off;              /* A 3.3: RESET RETRY COUNTER without option 0001 */
	bool reset_only;                    /* A 3.3: option 0020 forbids P1 = 00, 02; otherwise it allows 01, 03 */
	bool reset_split;                   /* A 3.3: P1 = 02, 03, after the SO-PIN was verified */
	bool transport_for_good;            /* A 12: option 0002 keeps VERIFY at 6984 for ever */
	uint16_t sw_so_pin;                 /* A 3.4, 15.4: INITIALIZE with a wrong SO-PIN */

	/* files, keys, certificates */
	uint16_t sw_key_absent;             /* A 13.2.4: SIGN with a key that is not there */
	uint16_t sw_key_algorithm;          /* A 3.13: not in the key's algorithm list */
	bool sha224;                        /* A 3.13, 12: algorithms 32 and 42 */
	bool derive_hkdf;                   /* A 3.15: algorithm 99 is HKDF; otherwise SP 800-56C with AES-CMAC */
	bool derive_mod_p;                  /* A 3.16: EC keys are derived modulo p; otherwise modulo the order */
	uint16_t sw_cipher_length;          /* A 3.15: CBC of no whole blocks */
	bool agree_x_only;                  /* A 3.14: ECDH answers 04 and x; otherwise 04, x and y */
	bool chip_aes, chip_3des;           /* A 4.1: protocols of chip authentication */
	bool token_zeros;                   /* A 4.1 step 6: the 3DES token's text is filled with zeros, not 80 00 */
	bool channel_binds;                 /* A 4.3: a login that was reached in the channel ends with it */
	bool agree_signed;                  /* A 3.14: DECIPHER 83, its data encoded as that of 84 (15.8) */
	bool xkek_hashed;                   /* A 15.8: the agreed key is SHA-256 of x; otherwise x itself */
	bool xkek_counts;                   /* A 15.8: agreeing is a use of the key */
	bool xkek_no_shares;                /* A 6.3: its status says FF and 00; otherwise 1 and what is missing */
	uint16_t sw_key_uses;               /* A 3.13: use counter spent */
	uint16_t sw_domain_closed;          /* A 6.2: MANAGE KEY DOMAIN that needs a login, without one */
	uint16_t sw_domain_complete;        /* A 6.1: a share too many */
	uint16_t sw_domain_keys;            /* A 6.2: a domain with keys is not deleted */
	uint16_t sw_domain_deleted;         /* A 6.2: ... and one that was */
	uint16_t sw_unwrap_foreign;         /* A 3.18: wrapped under another key, or changed */
	unsigned primes_max;                /* A 3.18: bits of the longest RSA key that may come with its primes */
	bool key_overwrite;                 /* A 3.11: GENERATE on an occupied reference */
	bool enumerate_all;                 /* A 3.10: every object is listed; otherwise CC, C4, C8, C9 */
	bool read_6282;                     /* A 3.7, 12: fewer bytes than Le answer 6282; otherwise 9000 */
	size_t read_block;                  /* A 3.7: bytes of one READ, whatever Le: with 6282, and more may follow */
	bool update_truncates;              /* A 3.8: UPDATE at offset 0 replaces the file */
	uint16_t sw_write_protected;        /* A 3.8: UPDATE or DELETE of 2F02, CC00; UPDATE of a key */
	uint16_t sw_cert_signature, sw_cert_format; /* A 3.22 */
};

/* By name; NULL if there is none. */
const struct vcard_profile *vcard_profile_find(const char *name);
/* All of them, in order; NULL past the end. */
const struct vcard_profile *vcard_profile_at(size_t i);

#endif
