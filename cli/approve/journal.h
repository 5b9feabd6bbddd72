/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was signed without a network: a file of lines "TIME REQUEST HASH", in the user's state folder. There is no
 * server that says "you have decided already", so this machine does (reference public-key-authentication 8, rule 6).
 */
#ifndef CLI_APPROVE_JOURNAL_H
#define CLI_APPROVE_JOURNAL_H

#include "base/buf.h"

/*
 * Was this request decided here, for this challenge (empty: none)? *when: then, else 0. ERR_IO also if what is decided
 * now could not be remembered. Said.
 */
MUST enum err cli_journal_find(const char *id, struct rd challenge, int64_t *when);
/* Remember it; the oldest of more than JOURNAL_MAX is forgotten. Said. */
#define JOURNAL_MAX 500
MUST enum err cli_journal_add(const char *id, struct rd challenge, int64_t now);

#endif
