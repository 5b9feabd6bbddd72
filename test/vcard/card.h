/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a virtual card: for its own files and for its unit tests. */
#ifndef VCARD_CARD_H
#define VCARD_CARD_H

#include "base/crypto_aes.h"
#include "base/crypto_des.h"
#include "base/cvc.h"
#include "test/vcard/command.h"
#include "test/vcard/state.h"
#include "test/vcard/vcard.h"

/* Status words that no profile varies; APDU reference 2, ISO 7816-4 5.6. */
enum {
	SW_OK = 0x9000,
	SW_AUTHENTICATED = 0x9001,
	SW_END_OF_FILE = 0x6282,
	SW_PKA_CLOSED = 0x6300,
	SW_TRIES = 0x63C0,              /* plus the tries left */
	SW_NO_PIN_FOR_KEY = 0x6400,
	SW_MEMORY = 0x6581,
	SW_LENGTH = 0x6700,
	SW_CHANNEL = 0x6881, SW_NO_SM = 0x6882, SW_CHAINING = 0x6884,
	SW_SM_MISSING = 0x6987, SW_SM_WRONG = 0x6988,
	SW_USER = 0x6982,
	SW_BLOCKED = 0x6983,
	SW_TRANSPORT = 0x6984,
	SW_CONDITIONS = 0x6985,
	SW_NO_EF = 0x6986,
	SW_DATA = 0x6A80,
	SW_FUNCTION = 0x6A81,
	SW_NO_FILE = 0x6A82,
	SW_FULL = 0x6A84,
	SW_PARAMETERS = 0x6A86,
	SW_REFERENCE = 0x6A88,
	SW_OFFSET = 0x6B00,
	SW_INS = 0x6D00,
	SW_CLASS = 0x6E00,
	SW_FAILURE = 0x6F00
};

#define FID_DEVICE_KEY 0xCC00
#define FID_DEVAUT     0x2F02
#define FID_TRANSFER   0x2F10
#define FID_CLASS(fid) ((fid) >> 8)
#define CLASS_KEY      0xCC
#define CLASS_PRIVATE  0xCD             /* readable by the user only */

#define VCARD_CHALLENGE_MAX 1024        /* bytes of one GET CHALLENGE, APDU reference 3.6 */
#define VCARD_CHALLENGE_AUTH 256        /* ... that can be authenticated against */
#define VCARD_KNOWN_MAX 8               /* certificates verified in a session */
#define VCARD_SESSION_PIN 8             /* bytes; not known of any card (reference 15.7) */

/* Lost on SELECT of the application, reset and power-off; APDU reference 13.1. */
struct vcard_session {
	bool selected;
	uint16_t current;               /* current EF; 0: none */
	bool pin, so;                   /* verified */

	uint8_t challenge[VCARD_CHALLENGE_AUTH];
	size_t challenge_n;             /* 0: none */
	int at;                         /* slot chosen by MSE 81A4; -1: none */
	bool flags[PKA_CUSTODIANS_MAX]; /* authenticated */
	bool open;                      /* the threshold was reached */

	bool verifier_set;              /* chosen by MSE 81B6 */
	struct vcard_holder verifier;
	struct vcard_holder known[VCARD_KNOWN_MAX];
	size_t known_n;

	bool chip, chip_3des;           /* protocol chosen by MSE 41A4; the old one */
	bool channel;                   /* GENERAL AUTHENTICATE succeeded: the keys below are for protected commands */
	struct vcard_channel {
		bool is_3des;           /* then the counter has 8 bytes */
		uint8_t k_enc[AES_BLOCK], k_mac[AES_BLOCK], ssc[AES_BLOCK];
	} keys;
	bool bound, kept;               /* a login was reached inside it; ... and outlives it (VERIFY with P1 = 01) */
};

struct vcard {
	char *dir;
	int lock;                       /* descriptor of the locked folder */
	bool powered;
	struct vcard_state *state;      /* NULL: lost, the card answers 6F00 */
	struct vcard_session session;
	/* Valid instead of the PIN until the power goes; how long it really lives is not known (reference 15.7). */
	uint8_t session_pin[VCARD_SESSION_PIN];
	bool has_session_pin;
	struct vcard_holder own[3];     /* root, issuer, device */
	size_t own_n;
	unsigned delay_ms;
};

typedef uint16_t vcard_handler(struct vcard *v, const struct vcard_command *c, struct wr *out);

/* One per command. The dispatcher has checked class, parameters, Lc and the user's authentication as its table says. */
vcard_handler vcard_select, vcard_enumerate, vcard_read, vcard_update, vcard_delete;           /* file.c */
vcard_handler vcard_verify, vcard_change, vcard_unblock, vcard_session_pin;                    /* pin.c */
vcard_handler vcard_initialize;                                                                /* init.c */
vcard_handler vcard_domain;                                                                    /* domain.c */
vcard_handler vcard_wrap, vcard_unwrap;                                                        /* wrap.c */
vcard_handler vcard_challenge, vcard_manage_pka, vcard_external_authenticate;                  /* pka.c */
vcard_handler vcard_manage_se, vcard_verify_certificate;                                       /* cert.c */
vcard_handler vcard_general_authenticate;                                                      /* chip.c */
vcard_handler vcard_generate;                                                                  /* key.c */
vcard_handler vcard_generate_symmetric, vcard_cipher;                                          /* symmetric.c */
vcard_handler vcard_derive;                                                                    /* derive.c */
vcard_handler vcard_sign;                                                                      /* sign.c */
vcard_handler vcard_decipher;                                                                  /* decipher.c */

/*
 * channel.c: a protected command taken apart, reference 4.2. plain: what the card does; its data lies in room. SW_OK,
 * or why not: then the channel and its login are gone, and the answer is that word alone.
 */
MUST uint16_t vcard_channel_unwrap(struct vcard *v, const struct vcard_command *c, struct wr *room,
				   struct vcard_command *plain);
/* out: the plain answer's data, replaced by the protected one. */
MUST enum err vcard_channel_wrap(struct vcard *v, uint8_t ins, uint16_t sw, struct wr *out);
/* What a plain command does: with the channel goes the login that was reached inside it (4.3). */
void vcard_channel_end(struct vcard *v);

/* card.c */
void vcard_session_clear(struct vcard *v);
bool vcard_user(const struct vcard *v);                        /* user authentication reached, APDU reference 5.4 */
bool vcard_keys(const struct vcard *v);                        /* ... and enough for the keys, too */
/* Write the state now: for what must be on disk before the command goes on. SW_OK or SW_MEMORY. */
MUST uint16_t vcard_commit(struct vcard *v);
uint16_t vcard_sw(enum err e);                                 /* of an error of the machine below the card */
/* How many keys can be registered, and how many authenticated keys the status shows. */
size_t vcard_pka_slots(const struct vcard_state *s);
size_t vcard_pka_missing(const struct vcard_state *s);

/* use.c: may the key be used by this algorithm, SW_OK or why not; it was used, and that took its time. */
MUST uint16_t vcard_key_may(const struct vcard *v, const struct vcard_key *k, uint8_t algorithm);
void vcard_key_used(struct vcard *v, struct vcard_key *k);
/* What an algorithm byte does with a key, and with which kind of key. ERR_ARG, ERR_DATA, ERR_FORMAT: 6A80. */
struct vcard_algorithm;
struct vcard_use {
	const struct vcard_profile *profile;
	const struct vcard_algorithm *algorithm;
	const struct vcard_private *key;
};
struct vcard_algorithm {
	uint8_t id;
	enum vcard_kind kind;
	enum err (*run)(const struct vcard_use *u, struct rd data, struct wr *out);
	enum digest_alg digest;         /* of the message; DIGEST_NONE: there is none, or it comes hashed */
};
struct vcard_algorithms {
	const struct vcard_algorithm *v;
	size_t n;
};
#define VCARD_ALGORITHMS(a) ((struct vcard_algorithms){ a, sizeof(a) / sizeof(*(a)) })
/* A command that uses a key: P1 is its number, P2 one of these algorithms. */
MUST uint16_t vcard_key_use(struct vcard *v, const struct vcard_command *c, struct vcard_algorithms all,
			    struct wr *out);

/* key.c: what a key is given when it is made. */
struct vcard_attributes {
	bool counted, listed;
	uint32_t uses;
	struct rd algs;                 /* a view */
	uint8_t domain;
};
/* symmetric: with what only such keys have. */
MUST bool vcard_attributes_read(struct rd r, bool symmetric, struct vcard_attributes *out);
void vcard_attributes_apply(const struct vcard_attributes *a, struct vcard_key *k);
/* Can a key of this number be made in this domain now: SW_OK or why not. */
MUST uint16_t vcard_key_can_be(const struct vcard *v, uint8_t id, uint8_t domain);
/* Takes *k and clears it. ERR_LIMIT: the card is full. */
MUST enum err vcard_key_keep(struct vcard *v, struct vcard_key **k);
/* The same with its attestation: in the answer and as CEnn. car: inner CAR, empty: none; outer: empty: the device's. */
MUST enum err vcard_key_keep_attested(struct vcard *v, struct vcard_key **k, struct rd car, struct rd outer,
				      struct wr *out);

/*
 * domain.c. Ready: its key is complete. A domain of so many shares, all missing; 0: a random key. ERR_CRYPTO, ERR_IO.
 * Status: shares, missing ones, check value (zeros until it is ready).
 */
bool vcard_domain_is_ready(const struct vcard_domain *d);
MUST enum err vcard_domain_set(struct vcard_domain *d, uint8_t shares);
MUST uint16_t vcard_domain_status(const struct vcard_state *s, const struct vcard_domain *d, struct wr *out);

/* wrap.c: the data of a command, or where it has none, what is in the transfer file (7.6). */
struct rd vcard_transfer(const struct vcard *v, struct rd data);

/*
 * request.c: the content of an authenticated request (67). Where the profile has a chain, its device is the one chosen
 * by MSE 81B6, and both signatures are good. SW_OK, or why not; to be freed either way.
 */
struct vcard_request {
	struct cvc_request cvc;         /* views into wrapped */
	struct vcard_holder key;        /* an EC key */
	struct wr wrapped;
};
MUST uint16_t vcard_request_read(const struct vcard *v, struct rd content, struct vcard_request *out);
void vcard_request_free(struct vcard_request *r);

/*
 * xkek.c: a domain by a membership; what a request in such a domain has as extension; key agreement with another
 * card's key by DECIPHER: of a domain's key, or for the caller.
 */
#define VCARD_AGREE_SIGNED 0x83
#define VCARD_AGREE_XKEK   0x84
MUST uint16_t vcard_xkek_create(struct vcard *v, const struct vcard_command *c, struct vcard_domain *d, struct wr *out);
void vcard_xkek_put_extension(const struct vcard_domain *d, struct wr *out);
MUST uint16_t vcard_xkek_agree(struct vcard *v, const struct vcard_command *c, struct wr *out);
/* decipher.c: what the card answers of a shared point. ERR_FORMAT: peer is none. */
MUST enum err vcard_agree(const struct vcard_profile *p, const struct ec_key *k, struct rd peer, struct wr *out);

/* pin.c: compare; the try is spent on disk before. SW_OK, 63Cx, 6983, SW_MEMORY, 6F00. */
MUST uint16_t vcard_ref_present(struct vcard *v, struct vcard_ref *r, struct rd value);
MUST bool vcard_pin_size_ok(size_t n);

/*
 * cert.c: a public key of a CVC as the card keeps it. parent: whose curve is inherited; NULL: none. ERR_FORMAT,
 * ERR_UNSUPPORTED (not ECDSA).
 */
MUST enum err vcard_holder_of(const struct cvc *c, enum ec_curve inherited, struct vcard_holder *out);
/* ECDSA with SHA-256. ERR_SIGNATURE. */
MUST enum err vcard_holder_verify(const struct vcard_holder *h, struct rd message, struct rd sig);
/* Fills own[] from root and EF.C_DevAut. */
MUST enum err vcard_own_load(struct vcard *v);

/*
 * chip.c: APDU reference 4.1, the card's side. token: the first 8 bytes of the MAC. ERR_FORMAT: peer is no point of
 * the curve.
 */
MUST enum err vcard_chip_keys(const struct vcard_state *s, struct rd peer, struct rd nonce, struct vcard_channel *keys,
			      uint8_t token[8]);

#endif
