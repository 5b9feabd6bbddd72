/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's commands, one row each (source: reference sc-hsm-apdu, section 3): header, which direction is secret,
 * time class, meaning of status words, who may send it over a network. Here are also one encode function per command
 * and the decode functions of their answers. No I/O.
 */
#ifndef SC_HSM_CMD_H
#define SC_HSM_CMD_H

#include "apdu/apdu.h"

enum hsm_op {
	HSM_SELECT, HSM_SELECT_FILE, HSM_VERIFY, HSM_VERIFY_STATUS, HSM_KEEP_LOGIN, HSM_CHANGE_PIN,
	HSM_RESET_RETRY, HSM_INITIALIZE, HSM_SESSION_PIN, HSM_DEVICE_INFO, HSM_CHALLENGE, HSM_READ, HSM_UPDATE,
	HSM_DELETE, HSM_ENUMERATE, HSM_GENERATE_PAIR, HSM_GENERATE_AES, HSM_SIGN, HSM_DECIPHER,
	HSM_DECIPHER_FILE, HSM_CIPHER, HSM_DERIVE_EC, HSM_WRAP, HSM_UNWRAP, HSM_UNWRAP_FILE, HSM_KEY_DOMAIN,
	HSM_DOMAIN_JOIN_FILE, HSM_DOMAIN_STATUS, HSM_DOMAIN_DELETE, HSM_DOMAIN_FORGET, HSM_PKA_STATUS,
	HSM_PKA_REGISTER, HSM_PKA_KEY, HSM_MSE_CHIP, HSM_MSE_VERIFY, HSM_MSE_AUTH, HSM_PSO_VERIFY,
	HSM_EXTERNAL_AUTH, HSM_GENERAL_AUTH,
	HSM_OPS
};

/* Or-ed; APDU_SHOW_CMD and APDU_SHOW_RSP of apdu/link.h. */
enum hsm_secrecy { TX_SECRET = 0, TX_PUBLIC = 1, RX_SECRET = 0, RX_PUBLIC = 2 };
enum hsm_time { T_SHORT, T_KEYOP, T_KEYGEN };                  /* deadline of one exchange, hsm_time_ms() */
enum hsm_sw_map {
	SW_PLAIN, SW_PIN, SW_MAKE, SW_MAKE_AES, SW_DERIVE, SW_SIGN, SW_DECIPHER, SW_FILE, SW_READ, SW_PKA, SW_AUTH,
	SW_INIT, SW_WRAP, SW_UNWRAP, SW_DOMAIN
};
enum { HSM_FOR_LOGIN = 1 };                                    /* profiles that may send the command from a network */

struct hsm_cmd {
	enum hsm_op op;
	const char *name;               /* "EXTERNAL AUTHENTICATE" */
	uint8_t cla, ins, p1, p2;       /* p1, p2 where fixed, see mask */
	uint8_t p1_mask, p2_mask;       /* bits that are fixed */
	bool with_data;                 /* tells rows with equal headers apart: VERIFY and its status query */
	unsigned show;                  /* enum hsm_secrecy */
	enum hsm_time time;
	enum hsm_sw_map sw;
	unsigned profiles;
	unsigned per_login;             /* at most this often; 0: RAM_EXCHANGES_MAX; GET CHALLENGE: m + 2 */
};
const struct hsm_cmd *hsm_cmd_get(enum hsm_op op);
/*
 * The row of a decoded command, NULL if none: then everything about it is secret and refused. Exact class byte; no
 * secure messaging.
 */
const struct hsm_cmd *hsm_cmd_find(const struct apdu *a);
uint64_t hsm_time_ms(enum hsm_time t);
/* Meaning of a status word for this row; detail gets sw and tries. An unknown word is ERR_CARD, never a wrong PIN. */
enum err hsm_sw_err(const struct hsm_cmd *row, uint16_t sw, struct err_detail *detail);
/* For messages: "wrong PIN, 2 tries left", "6F00 (not documented)". Returns buf. */
const char *hsm_sw_text(const struct hsm_cmd *row, uint16_t sw, char *buf, size_t cap);

extern const struct rd hsm_aid;                                /* E8 2B 06 01 04 01 81 C3 1F 02 01 */

/* file identifiers, reference 7.1 */
enum { HSM_EF_DEVAUT = 0x2F02, HSM_EF_TOKENINFO = 0x2F03, HSM_EF_BUFFER = 0x2F10 };
enum { HSM_FID_PRKD = 0xC4, HSM_FID_CD = 0xC8, HSM_FID_DCOD = 0xC9, HSM_FID_CA = 0xCA, HSM_FID_KEY = 0xCC,
       HSM_FID_DATA_PRIVATE = 0xCD, HSM_FID_EE = 0xCE, HSM_FID_DATA = 0xCF }; /* high bytes */
#define HSM_FID(high, low) ((uint16_t)((high) << 8 | (low)))

/* status words that are more than an error or none, reference 3.7 and public-key-authentication 3 */
enum { HSM_SW_END_OF_FILE = 0x6282, HSM_SW_BEHIND_END = 0x6B00, HSM_SW_AUTHENTICATED = 0x9001 };

#define HSM_CHALLENGE_MAX 1024                                 /* bytes of one GET CHALLENGE, reference 3.6 */

enum hsm_ref { HSM_REF_USER = 0x81, HSM_REF_SO = 0x88 };

/* algorithm bytes of SIGN, reference 3.13; what each signs: sc-hsm/digest.c */
enum hsm_alg {
	HSM_RSA_RAW = 0x20, HSM_RSA_PKCS1 = 0x30, HSM_RSA_PKCS1_SHA1 = 0x31, HSM_RSA_PKCS1_SHA224 = 0x32,
	HSM_RSA_PKCS1_SHA256 = 0x33, HSM_RSA_PKCS1_SHA384 = 0x34, HSM_RSA_PKCS1_SHA512 = 0x35, HSM_RSA_PSS = 0x40,
	HSM_RSA_PSS_SHA1 = 0x41, HSM_RSA_PSS_SHA224 = 0x42, HSM_RSA_PSS_SHA256 = 0x43, HSM_RSA_PSS_SHA384 = 0x44,
	HSM_RSA_PSS_SHA512 = 0x45, HSM_ECDSA = 0x70, HSM_ECDSA_SHA1 = 0x71, HSM_ECDSA_SHA224 = 0x72,
	HSM_ECDSA_SHA256 = 0x73, HSM_ECDSA_SHA384 = 0x74, HSM_ECDSA_SHA512 = 0x75
};
/*
 * ... and of DECIPHER, reference 3.14. The card could also take a padding away (22, 23), but not in every version, and
 * not with every hash; and then the way to the card would show by its length whether a block was good.
 */
enum hsm_decipher { HSM_RSA_DECRYPT = 0x21, HSM_ECDH = 0x80, HSM_ECDH_PROVED = 0x83, HSM_ECDH_DOMAIN = 0x84 };
/* ... of the commands that use an AES key, reference 3.15, and of the derivation of EC keys, 3.16. */
enum hsm_cipher { HSM_AES_ENCRYPT = 0x10, HSM_AES_DECRYPT = 0x11, HSM_AES_CMAC = 0x18, HSM_AES_DERIVE = 0x99 };
#define HSM_EC_DERIVE 0x98

/*
 * Encoders: append one command APDU to w; failures latch in w. Answers' Le is extended where an answer can exceed 256
 * bytes.
 */
void hsm_enc_select(struct wr *w);                             /* P2 = 00, Le: works on every card */
void hsm_enc_select_file(struct wr *w, uint16_t fid);
void hsm_enc_verify(struct wr *w, enum hsm_ref ref, struct rd pin);
void hsm_enc_verify_status(struct wr *w, enum hsm_ref ref);
void hsm_enc_change_pin(struct wr *w, enum hsm_ref ref, struct rd old, struct rd fresh);
void hsm_enc_reset_retry(struct wr *w, struct rd so_pin, struct rd fresh);  /* fresh empty: reset the counter only */
void hsm_enc_initialize(struct wr *w, struct rd tlvs);
void hsm_enc_device_info(struct wr *w);
void hsm_enc_challenge(struct wr *w, size_t n);                /* 1..HSM_CHALLENGE_MAX */
void hsm_enc_read(struct wr *w, uint16_t fid, uint16_t offset, size_t ne);
void hsm_enc_update(struct wr *w, uint16_t fid, uint16_t offset, struct rd data);
void hsm_enc_delete(struct wr *w, uint16_t fid);
void hsm_enc_enumerate(struct wr *w);
void hsm_enc_generate_pair(struct wr *w, uint8_t key, struct rd template);
void hsm_enc_sign(struct wr *w, uint8_t key, enum hsm_alg alg, struct rd data);
/* data empty: what is in EF 2F10 */
void hsm_enc_decipher(struct wr *w, uint8_t key, enum hsm_decipher alg, struct rd data);
void hsm_enc_generate_aes(struct wr *w, uint8_t key, unsigned bits, struct rd attributes);     /* 128, 192, 256 */
void hsm_enc_cipher(struct wr *w, uint8_t key, enum hsm_cipher alg, struct rd data);
void hsm_enc_derive_ec(struct wr *w, uint8_t from, uint8_t to, struct rd parameter);
void hsm_enc_wrap(struct wr *w, uint8_t key);
void hsm_enc_unwrap(struct wr *w, uint8_t key, struct rd blob); /* blob empty: what is in EF 2F10 */
enum hsm_domain_use { HSM_DOMAIN_IMPORT, HSM_DOMAIN_CREATE, HSM_DOMAIN_JOIN };  /* P1 of MANAGE KEY DOMAIN with data */
/* data empty, of JOIN only: what is in EF 2F10 */
void hsm_enc_domain(struct wr *w, enum hsm_domain_use use, uint8_t domain, struct rd data);
void hsm_enc_domain_status(struct wr *w, uint8_t domain);
void hsm_enc_domain_delete(struct wr *w, uint8_t domain);
void hsm_enc_domain_forget(struct wr *w, uint8_t domain);
void hsm_enc_pka_status(struct wr *w);
void hsm_enc_pka_key(struct wr *w, uint8_t index);
void hsm_enc_pka_register(struct wr *w, struct rd body);       /* content of 67 */
void hsm_enc_pka_replace(struct wr *w, uint8_t index, struct rd body);
void hsm_enc_mse_chip(struct wr *w, struct rd oid);
void hsm_enc_mse_verify(struct wr *w, struct rd chr);
void hsm_enc_mse_auth(struct wr *w, struct rd chr);
void hsm_enc_pso_verify(struct wr *w, struct rd cert_content); /* content of 7F21 */
void hsm_enc_external_auth(struct wr *w, struct rd sig);       /* r || s */
void hsm_enc_general_auth(struct wr *w, struct rd point);

struct hsm_version {                                           /* from SELECT's template, reference 1.3 */
	bool has_options;                                      /* version 1 does not tell them */
	uint16_t options;
	uint8_t platform, major, minor;
};
#define HSM_PLATFORM_OPEN 0xFF                                 /* open firmware */
enum { HSM_RESET_SET = 0x00, HSM_RESET_KEEP = 0x01 };    /* P1 of RESET RETRY COUNTER: a new PIN, or the old one */
enum { HSM_OPT_RESET_RETRY = 0x0001, HSM_OPT_TRANSPORT_PIN = 0x0002, HSM_OPT_SESSION_PIN = 0x0004,
       HSM_OPT_REPLACE_PKA = 0x0008, HSM_OPT_COMBINED = 0x0010, HSM_OPT_RESET_ONLY = 0x0020 };
MUST enum err hsm_dec_select(struct rd data, struct hsm_version *out);

struct hsm_about {                                             /* device information, reference 1.6 */
	uint32_t free;                                         /* bytes for keys and files */
	uint8_t major, minor;
};
MUST enum err hsm_dec_about(struct rd data, struct hsm_about *out);

struct hsm_pka {                                               /* four bytes of MANAGE PKA */
	uint8_t total, missing, required, authenticated;       /* m, not yet registered, n, authenticated now */
};
MUST enum err hsm_dec_pka(struct rd data, struct hsm_pka *out);
MUST enum err hsm_dec_enumerate(struct rd data, uint16_t fids[OBJECTS_MAX], size_t *n);

/*
 * A key of another card, proved: its authenticated request, with the certificates that a card verifies it by. Borrowed.
 * issuer NULL: for open firmware, which verifies none and takes the request alone.
 */
struct hsm_proof {
	const struct cvc *issuer, *device;
	const struct cvc_request *request;
};

#endif
