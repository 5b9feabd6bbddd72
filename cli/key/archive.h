/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The archived attestation of a key: a PKA file. The card loses its copy when a certificate takes that place, and then
 * nobody can prove any more where the key came from.
 */
#ifndef CLI_KEY_ARCHIVE_H
#define CLI_KEY_ARCHIVE_H

#include "cli/card/keys.h"

/* --archive: a file that does not exist yet, or a folder; by default this one. NULL: given twice, said. */
const char *cli_archive_where(const struct cli *cli);
/* Can something be written there? To be asked before anybody is asked for a login. Said. */
MUST enum err cli_archive_check(const char *where);
/*
 * In a folder as DEVICE-KEY.pka. The same archive there already is no error. Says where it is, on stdout.
 * ERR_CONDITIONS: another file has that name. Said.
 */
MUST enum err cli_archive_write(const char *where, const struct cli_card *c, uint8_t key, struct rd request);

#endif
