/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a person has named for what comes out. */
#ifndef CLI_LINE_PUT_H
#define CLI_LINE_PUT_H

#include "base/buf.h"
#include "cli/line/verb.h"

#define CLI_PUT_FORCE "--force replaces it"
/*
 * Before anything is asked: what comes out must have a place. A file that is there is ERR_REFUSED, unless it may be
 * replaced; rule says what holds then. ERR_IO: nothing can be written there. Said.
 */
MUST enum err cli_put_check(const char *path, bool replace, const char *rule);
/* All or nothing; --force replaces one that is there, otherwise ERR_REFUSED. ERR_IO. Said. */
MUST enum err cli_put_file(const struct cli *cli, const char *path, unsigned mode, struct rd content);

#endif
