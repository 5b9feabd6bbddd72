/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's audit as lines: each entry names the one before by its hash, and checkpoints, which are entries too, are
 * signed by the server's key (P-256). docs/AUDIT.md. The server writes it, an auditor verifies it offline.
 */
#ifndef PKA_CHAIN_H
#define PKA_CHAIN_H

#include "base/crypto_digest.h"
#include "base/crypto_ec.h"

#define CHAIN_LINE_MAX  8192
#define CHAIN_POINT_SIZE 65             /* of the key */

struct chain_entry {
	uint64_t seq;                   /* from 1 */
	int64_t time;                   /* seconds since 1970 */
	uint8_t previous[SHA256_SIZE];  /* hash of the entry before; zeros before the first */
	struct rd event;                /* JSON object, borrowed */
	uint8_t hash[SHA256_SIZE];
};
/* The entry that follows last (seq 0: begins); its hash is computed. ERR_LIMIT: the event is too long for a line. */
MUST enum err chain_entry_make(const struct chain_entry *last, int64_t time, struct rd event, struct chain_entry *out);
/* One line, ended by LF, appended. */
void chain_line_write(const struct chain_entry *e, struct wr *out);
/* A line without its LF. ERR_FORMAT; ERR_SIGNATURE: its hash is not that of what it says. event is a view into it. */
MUST enum err chain_line_read(struct rd line, struct chain_entry *out);

/* The event of a checkpoint that will follow last: the signature covers its number, its time and last's hash. */
MUST enum err chain_checkpoint_write(const struct ec_key *key, const struct chain_entry *last, int64_t time,
				     struct wr *event);
/* Is e a checkpoint? Then its key. ERR_NOT_FOUND: another event; ERR_FORMAT, ERR_SIGNATURE: a bad one. */
MUST enum err chain_checkpoint_check(const struct chain_entry *e, uint8_t key[CHAIN_POINT_SIZE]);

struct chain_verdict {
	uint64_t line;                  /* the first that is broken, from 1; 0: none */
	char why[200];                  /* of that, for people */
	uint64_t entries, checkpoints, keys;
	uint64_t first, last;           /* numbers of entries; 0: there are none */
	uint64_t signed_seq;            /* the last checkpoint that holds; 0: none */
	int64_t signed_time;
	uint8_t key[CHAIN_POINT_SIZE];  /* of that */
};
/*
 * A whole export. key: of the server, 04 || x || y; empty: whatever key signs is reported. Stops at the first broken
 * line. ERR_REFUSED: one is broken; ERR_NOMEM, ERR_CRYPTO.
 */
MUST enum err chain_verify(struct rd text, struct rd key, struct chain_verdict *out);

#endif
