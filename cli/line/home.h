/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where files of the user's own stand: $XDG_CONFIG_HOME/quorum11 (~/.config), $XDG_STATE_HOME/quorum11
 * (~/.local/state).
 */
#ifndef CLI_LINE_HOME_H
#define CLI_LINE_HOME_H

#include "base/err.h"

enum cli_home { HOME_CONFIG, HOME_STATE };

/* The path of a file there, whose folder need not exist. ERR_CONFIG: no home. Said. */
MUST enum err cli_home_path(enum cli_home where, const char *name, char *path, size_t cap);
/* The same, for writing: folders are made (mode 0700), *folder is the folder, locked until it is closed. Said. */
MUST enum err cli_home_make(enum cli_home where, const char *name, char *path, size_t cap, int *folder);

#endif
