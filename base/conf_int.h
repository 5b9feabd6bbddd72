/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to base/conf*.c, from the top down: conf.c knows where settings come from, conf_file.c reads one file,
 * conf_key.c has a row for each setting.
 */
#ifndef BASE_CONF_INT_H
#define BASE_CONF_INT_H

#include "base/buf.h"
#include "base/conf.h"

#define CONF_KEYS_MAX 128

enum conf_type {
	TEXT,
	PATH,                           /* a relative one is taken from the folder of its file */
	BOOL,
	SECONDS,
	NUMBER,
	TEXTS,
	PATHS,
	CHOICE
};
struct conf_key {
	const char *section, *name;
	enum conf_type type;
	size_t at;                      /* in struct conf */
	unsigned min, max;              /* SECONDS, NUMBER; min of a CHOICE: which */
};
/* Row i; NULL after the last. */
const struct conf_key *conf_key(size_t i);
/* Which row it is; CONF_KEYS_MAX: none, and *has_section: there are others of this section. */
size_t conf_key_find(const char *section, const char *name, bool *has_section);
bool conf_key_is_list(const struct conf_key *k);
/*
 * The value, as it stands in file; of a list, some more. ERR_CONFIG: it is none for this key, ERR_NOMEM; why, of cap
 * bytes, says it.
 */
MUST enum err conf_key_set(const struct conf_key *k, struct conf *c, const char *file, const char *value, char *why,
			   size_t cap);
bool conf_key_equals(const struct conf_key *k, const struct conf *a, const struct conf *b);
/* An empty text means "not set", so that a later file can undo an earlier one. */
void conf_key_drop_empty(const struct conf_key *k, struct conf *c);
void conf_key_free(const struct conf_key *k, struct conf *c);

/* Over what c has. What is wrong is said, with file and line. may_miss: no such file is no error. */
MUST enum err conf_file_read(struct conf *c, const char *path, bool may_miss);

#endif
