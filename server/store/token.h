/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who was given a token, or whose certificate counts: the table grants of the database. Of a token only its SHA-256 is
 * kept. That is enough, without salt or stretching: tokens are 32 random bytes, which nobody finds by trying.
 */
#ifndef SERVER_STORE_TOKEN_H
#define SERVER_STORE_TOKEN_H

#include "base/crypto_digest.h"
#include "base/limits.h"
#include "server/base/random.h"
#include "server/base/role.h"
#include "server/store/sqlite.h"

struct srv_grant {
	char name[SRV_WHO_MAX + 1];
	bool is_certificate;            /* hash: of its SubjectPublicKeyInfo; else of the token's text */
	uint8_t hash[SHA256_SIZE];
	unsigned roles;                 /* SRV_ROLE()s */
	char chr[CHR_MAX + 1];          /* of a custodian's inbox, else "" */
	int64_t created, expires, used, revoked;        /* seconds since 1970; 0: never */
};
/* ERR_CONDITIONS: one of this name is in force, or the hash is known; else as sqlite.h says. */
MUST enum err srv_grant_add(struct srv_db *db, const struct srv_grant *g);
/* A custodian's: several in force at once (his machines), the oldest beyond SRV_INBOXES_MAX and those expired go. */
#define SRV_INBOXES_MAX 8
MUST enum err srv_grant_add_inbox(struct srv_db *db, const struct srv_grant *g);
/*
 * The token of this name is replaced by one with this hash: same roles, as long valid as it was. The old one holds for
 * overlap_s more. *out: the new one. ERR_NOT_FOUND: none of this name is in force.
 */
MUST enum err srv_grant_rotate(struct srv_db *db, const char *name, const uint8_t hash[SHA256_SIZE], int64_t now,
			       int64_t overlap_s, struct srv_grant *out);
/* In force, with this hash. ERR_NOT_FOUND: unknown, expired or revoked. Notes the use, once a minute. */
MUST enum err srv_grant_find(struct srv_db *db, bool is_certificate, const uint8_t hash[SHA256_SIZE], int64_t now,
			     struct srv_grant *out);
/* All of this name that are in force, at once. ERR_NOT_FOUND: there is none. */
MUST enum err srv_grant_revoke(struct srv_db *db, const char *name, int64_t now);
/* All, the newest first; an error of each ends it. */
MUST enum err srv_grant_each(struct srv_db *db, enum err (*each)(void *ctx, const struct srv_grant *g), void *ctx);

/* A new token: 32 random bytes as base64url, and its hash. The caller wipes. */
#define SRV_TOKEN_SIZE SRV_RANDOM_TEXT_SIZE
MUST enum err srv_token_new(char text[SRV_TOKEN_SIZE], uint8_t hash[SHA256_SIZE]);

#endif
