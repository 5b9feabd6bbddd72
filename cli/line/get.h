/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a person has named for what goes in. */
#ifndef CLI_LINE_GET_H
#define CLI_LINE_GET_H

#include "base/buf.h"

/* All of it, at most max bytes: longer is ERR_LIMIT. ERR_IO. Said, with the system's reason. */
MUST enum err cli_get_file(const char *path, size_t max, struct wr *out);

#endif
