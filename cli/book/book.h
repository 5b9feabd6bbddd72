/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custodian's own address book: names that he gave to cards (devices, known again by their id and key) and to the
 * other custodians (people, by holder reference). Two text files beside his configuration, a line for each entry:
 * "ID KEY NAME", where KEY is a SHA-256 in hex (att_chain_fingerprint), or - for people of whom only the reference is
 * known. What a server says never gets in here by itself.
 */
#ifndef CLI_BOOK_BOOK_H
#define CLI_BOOK_BOOK_H

#include "base/buf.h"
#include "base/crypto_digest.h"
#include "base/limits.h"

#define BOOK_MAX       256      /* entries */
#define BOOK_NAME_MAX  60       /* bytes of a name */
#define BOOK_FILE_MAX  65536

enum cli_book_kind { BOOK_DEVICES, BOOK_PEOPLE };

struct cli_book_entry {
	char id[CHR_MAX + 1];
	bool has_key;
	uint8_t key[SHA256_SIZE];
	char name[BOOK_NAME_MAX + 1];
};
struct cli_book {
	enum cli_book_kind kind;
	size_t n;
	struct cli_book_entry v[BOOK_MAX];
};

/* The file as text and back. ERR_FORMAT, ERR_LIMIT: *line is the bad one, from 1. */
MUST enum err cli_book_parse(struct rd text, struct cli_book *out, unsigned *line);
void cli_book_write(const struct cli_book *b, struct wr *out);

/* The user's book, empty if there is none yet. Ends by free(). Said. */
MUST enum err cli_book_load(enum cli_book_kind kind, struct cli_book **out);
/*
 * Change it: load under a lock, apply, write atomically. apply: ERR_OK to write; its errors have been said, and leave
 * the book as it is. Said.
 */
MUST enum err cli_book_change(enum cli_book_kind kind, enum err (*apply)(struct cli_book *b, const void *ctx),
			      const void *ctx);

/* NULL: not there. */
const struct cli_book_entry *cli_book_find(const struct cli_book *b, const char *id);
/* What the book, which may be NULL, knows of a device with this key. *e: its entry, NULL if UNKNOWN. */
enum cli_book_device { BOOK_KNOWN, BOOK_UNKNOWN, BOOK_OTHER_KEY };
enum cli_book_device cli_book_device(const struct cli_book *b, const char *id, const uint8_t key[SHA256_SIZE],
				     const struct cli_book_entry **e);
/* By name, or else by id. */
const struct cli_book_entry *cli_book_named(const struct cli_book *b, const char *name_or_id);
/* A name can be shown as it is, is not empty, and begins and ends with no blank. */
bool cli_book_name_is_good(const char *name);

/*
 * Add: the same id with the same key and name again is fine; the id with another key, or the name of another entry, is
 * ERR_REFUSED; ERR_LIMIT: full. Said.
 */
MUST enum err cli_book_add(struct cli_book *b, const struct cli_book_entry *e);
/* ERR_NOT_FOUND; rename: ERR_REFUSED where the new name is another entry's. Said. */
MUST enum err cli_book_remove(struct cli_book *b, const char *name_or_id);
MUST enum err cli_book_rename(struct cli_book *b, const char *name_or_id, const char *to);

/* The fingerprint for people: sixteen groups of four digits. */
void cli_book_wr_key(struct wr *w, const uint8_t key[SHA256_SIZE]);
/* "NAME (CHR)" where the book has a name, otherwise "CHR"; b may be NULL. */
void cli_book_wr_person(struct wr *w, const struct cli_book *b, const char *chr);

#endif
