/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a card keeps without power, as one file `state` in the card's folder.
 *
 * A command changes the structure in memory and sets dirty. The state is then either written as a whole
 * (vcard_state_save) or dropped and read again (the caller loads it anew), so that a command happens completely or
 * not at all.
 */
#ifndef VCARD_STATE_H
#define VCARD_STATE_H

#include "base/crypto_ec.h"
#include "base/crypto_rsa.h"
#include "base/limits.h"
#include "test/vcard/profile.h"

#define VCARD_STATE_MAX   (4u << 20)
#define VCARD_MEMORY      215512u       /* bytes for files and keys; figure of one card, APDU reference 15.16 */
#define VCARD_POINT_MAX   (1 + 2 * 66)  /* uncompressed, 521 bits */
#define VCARD_ALGS_MAX    16            /* of a key's algorithm list */
#define VCARD_AES_MAX     32            /* bytes of an AES key */
#define VCARD_DOMAINS_MAX 16            /* key domain slots, APDU reference 6.2 */
#define VCARD_KEK_SIZE    32
#define VCARD_UID_SIZE    64            /* x and y on a curve of 256 bits */

#define VCARD_OPT_RESET     0x0001      /* options, APDU reference 3.4 */
#define VCARD_OPT_TRANSPORT 0x0002
#define VCARD_OPT_SESSION   0x0004
#define VCARD_OPT_REPLACE   0x0008
#define VCARD_OPT_COMBINED  0x0010
#define VCARD_OPT_RESETONLY 0x0020

struct vcard_ref {                      /* a PIN: salted hash, so that no file of the card holds the PIN itself */
	bool set;
	uint8_t size, initial, left;    /* bytes of the value; tries at the start and left */
	uint8_t salt[8], hash[SHA256_SIZE];
};

struct vcard_chr {                      /* holder reference */
	uint8_t b[CHR_MAX];
	size_t n;
};

struct vcard_holder {                   /* a public key and whose it is */
	struct vcard_chr chr;
	uint8_t role;                   /* CVC_ROLE_*; not used of a registered key */
	enum ec_curve curve;
	uint8_t q[VCARD_POINT_MAX];
	size_t q_n;
};

struct vcard_slot {                     /* a registered key of public key authentication */
	bool used;
	bool own_car;                   /* its inner CAR was its CHR, or absent */
	struct vcard_holder key;
};

enum vcard_kind { VCARD_RSA, VCARD_EC, VCARD_AES };

struct vcard_private {                  /* one of these */
	struct rsa_key *rsa;
	struct ec_key *ec;
	uint8_t aes[VCARD_AES_MAX];
	size_t aes_n;                   /* 16, 24 or 32; 0: no AES key */
};

enum vcard_domain_kind { DOMAIN_EMPTY, DOMAIN_DKEK, DOMAIN_XKEK };

struct vcard_domain {                   /* of key encryption, APDU reference 6 */
	enum vcard_domain_kind kind;
	uint8_t shares, missing;        /* of an exchanged key: one, missing until it is agreed */
	uint8_t kek[VCARD_KEK_SIZE];    /* the XOR of the shares that are there */
	uint8_t uid[VCARD_UID_SIZE];    /* of an exchanged key: the public point of the group's signer */
};

struct vcard_key {                      /* CCnn */
	uint8_t id;
	struct vcard_private secret;
	struct vcard_chr chr;
	bool counted;
	uint32_t uses;                  /* left */
	bool listed;
	uint8_t algs[VCARD_ALGS_MAX];
	size_t algs_n;
	uint8_t domain;
};

struct vcard_file {
	uint16_t fid;
	struct wr data;                 /* on the heap */
};

struct vcard_state {
	const struct vcard_profile *profile;
	bool dirty;

	/* made with the card */
	struct vcard_chr id;            /* holder reference of the device certificate */
	struct ec_key *device;
	struct wr devaut;               /* EF 2F02 */
	struct wr root;                 /* the trust anchor's CVC; empty for a profile without chain */

	/* made by INITIALIZE */
	bool initialised;
	uint16_t options;
	bool transport;                 /* the PIN must be changed first */
	struct vcard_ref pin, so;       /* so survives INITIALIZE */
	uint8_t domains;                /* key domain slots; 0: keys cannot be exported */
	struct vcard_domain domain[VCARD_DOMAINS_MAX];
	uint8_t total, required;        /* m and n of public key authentication; total 0: off */
	struct vcard_slot slots[PKA_CUSTODIANS_MAX];

	struct vcard_key *keys[KEYS_MAX];
	size_t keys_n;
	struct vcard_file *files[OBJECTS_MAX];
	size_t files_n;
};

MUST enum err vcard_state_new(const struct vcard_profile *profile, struct vcard_state **out);
void vcard_state_free(struct vcard_state **s);
/* ERR_NOT_FOUND, ERR_FORMAT, ERR_LIMIT, ERR_IO, ERR_NOMEM. */
MUST enum err vcard_state_load(const char *dir, struct vcard_state **out);
/* fresh: there must be no state yet (ERR_CONDITIONS). ERR_IO, ERR_NOMEM, ERR_LIMIT. Clears dirty. */
MUST enum err vcard_state_save(struct vcard_state *s, const char *dir, bool fresh);
/* What INITIALIZE erases: everything but the device's identity and the SO-PIN. */
void vcard_state_erase(struct vcard_state *s);
size_t vcard_state_used(const struct vcard_state *s);          /* bytes of VCARD_MEMORY */

struct vcard_key *vcard_state_key(const struct vcard_state *s, uint8_t id);     /* NULL: none */
/* Takes *k and clears it; replaces a key with the same id. ERR_LIMIT. */
MUST enum err vcard_state_key_add(struct vcard_state *s, struct vcard_key **k);
struct vcard_file *vcard_state_file(const struct vcard_state *s, uint16_t fid); /* NULL: none */
/* The file, made empty if absent. ERR_LIMIT, ERR_NOMEM. */
MUST enum err vcard_state_file_make(struct vcard_state *s, uint16_t fid, struct vcard_file **out);
/* A key (CCnn) or a file. false: there is none. */
bool vcard_state_delete(struct vcard_state *s, uint16_t fid);

enum vcard_kind vcard_key_kind(const struct vcard_key *k);
void vcard_private_free(struct vcard_private *p);              /* what is in it; it becomes empty */
void vcard_key_free(struct vcard_key **k);
MUST enum err vcard_ref_set(struct vcard_ref *r, struct rd value, uint8_t tries);
MUST enum err vcard_ref_matches(const struct vcard_ref *r, struct rd value, bool *yes);
MUST bool vcard_chr_set(struct vcard_chr *c, struct rd ref);   /* false: too long */
struct rd vcard_chr_view(const struct vcard_chr *c);

#endif
