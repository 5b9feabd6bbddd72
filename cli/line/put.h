/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a person has named for what comes out. */
#ifndef CLI_LINE_PUT_H
#define CLI_LINE_PUT_H

#include "base/buf.h"
#include "cli/line/verb.h"

/* All or nothing; --force replaces one that is there, otherwise ERR_CONDITIONS. ERR_IO. Said. */
MUST enum err cli_put_file(const struct cli *cli, const char *path, unsigned mode, struct rd content);

#endif
