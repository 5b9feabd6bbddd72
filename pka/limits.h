/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an approval covers: asked for by the host, lowered by custodians, kept by the host's agent (never by the card).
 * As text in the host's JSON (member "budget") and in a statement (line "limits"): items name=value, exactly one blank
 * between them, each at most once. They are read in any order and written in this one. No items: no limit but those
 * that are the default. In a custodian's text an item that is missing leaves that item as it was asked for.
 *
 *   sign=N              distinct digests that may be signed
 *   for=SECONDS         from the moment at which the card opened; not 0
 *   key=A,B             labels of keys, or ids as 0x and hex digits; what is not [A-Za-z0-9._-] is written %XX (UTF-8).
 *                       Names are compared, not keys: a label and an id are two names. What begins with 0x is an id, so
 *                       a key whose label does so is named by its id
 *   mech=A,B            of rsa-raw rsa-pkcs rsa-pss ecdsa
 *   decipher=N derive=N wrap=N   how often; default 0
 *   repeats=counted     a digest that was signed before counts again; default free
 *   uid=N gid=N         whose processes may use it
 *   manifest=HEX        SHA-256 (64 hex digits) of the manifest: only the digests listed in it may be signed
 *
 * Durations may be read as 90, 90s, 30m, 2h; they are written in seconds. Numbers are decimal, without zeros in front,
 * below PKA_UNLIMITED; of sign, for, decipher, derive and wrap "any" is PKA_UNLIMITED.
 */
#ifndef PKA_LIMITS_H
#define PKA_LIMITS_H

#include "base/crypto_digest.h"
#include "base/limits.h"

#define PKA_UNLIMITED UINT32_MAX

enum pka_mech { PKA_RSA_RAW, PKA_RSA_PKCS, PKA_RSA_PSS, PKA_ECDSA, PKA_MECHS };

struct pka_key_name {
	char text[LIMITS_NAME_MAX + 1];         /* a label, UTF-8; or 0x and lower-case hex digits of an id */
};
struct pka_limits {
	uint32_t sign, seconds;                 /* PKA_UNLIMITED */
	uint32_t decipher, derive, wrap;        /* PKA_UNLIMITED; default 0 */
	unsigned given;                         /* a bit for each item that the text had; set by pka_limits_read */
	bool all_keys;
	size_t keys_n;
	struct pka_key_name keys[LIMITS_KEYS_MAX];
	unsigned mechs;                         /* bits 1 << enum pka_mech; all: PKA_MECHS_ALL */
	bool repeats_counted;
	bool has_uid, has_gid;
	uint32_t uid, gid;
	bool has_manifest;
	uint8_t manifest[SHA256_SIZE];
};
#define PKA_MECHS_ALL ((1u << PKA_MECHS) - 1)

/* Nothing limited, nothing but signing allowed. */
void pka_limits_init(struct pka_limits *l);
/*
 * ERR_FORMAT; ERR_LIMIT: too long, too many keys. Then out allows nothing, and why, which may be NULL, gets a phrase
 * that names the item and is safe to show.
 */
MUST enum err pka_limits_read(struct rd text, struct pka_limits *out, char *why, size_t cap);
/*
 * The text of these limits, appended: the items that were given, and those that differ from the default. Nothing for
 * none. At most LIMITS_TEXT_MAX bytes: ERR_LIMIT. Read again it gives the same limits.
 */
MUST enum err pka_limits_write(const struct pka_limits *l, struct wr *text);
/*
 * l, what was asked, becomes the lower of both in every item that by, limits of a custodian as they were read, has;
 * what by leaves out stays as it is (so an empty by changes nothing). Sets are intersected. ERR_POLICY, and l stays as
 * it is: another manifest, uid or gid; no key or no mechanism that both allow.
 */
MUST enum err pka_limits_lower(struct pka_limits *l, const struct pka_limits *by);
/*
 * Does by, as it was read, allow more than l in some item that it has? (A custodian can only lower.) item: its name,
 * may be NULL.
 */
bool pka_limits_exceed(const struct pka_limits *l, const struct pka_limits *by, const char **item);
/*
 * Does asked stay within ceiling in every item that ceiling, as it was read, has? What asked leaves open is as much as
 * can be, so a ceiling's manifest, uid or gid must be asked for. item: the name of one that does not, may be NULL.
 */
bool pka_limits_within(const struct pka_limits *ceiling, const struct pka_limits *asked, const char **item);
/*
 * In plain words, for people, one line for each item, each begun by indent; many keys go on in further lines. How
 * often, how long and with which keys is said even where it is not limited. Foreign text in it is made safe.
 */
void pka_limits_text(const struct pka_limits *l, const char *indent, struct wr *out);
/* Is this key (its label and id as in its description file) among those allowed? */
bool pka_limits_has_key(const struct pka_limits *l, struct rd label, struct rd id);

#endif
