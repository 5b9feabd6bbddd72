/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files in the state folder. */
#ifndef SERVER_BASE_PATH_H
#define SERVER_BASE_PATH_H

#include "base/buf.h"
#include "base/secret.h"

#define SRV_PATH_MAX 4096

/*
 * dir/name + suffix. Every byte of name that is not a letter, a digit, '-' or '_' becomes %XX: a device id comes from
 * a card and may hold any printable character. ERR_LIMIT.
 */
MUST enum err srv_path(char out[SRV_PATH_MAX], const char *dir, const char *name, const char *suffix);
/* secret_read_file of a file that may not be there: ERR_NOT_FOUND. */
MUST enum err srv_path_secret(const char *path, struct secret **out);
/*
 * Make the folder (mode 0700) if there is none. ERR_REFUSED (said): others could write to it, and so decide whose
 * approvals count; ERR_IO, errno kept.
 */
MUST enum err srv_path_folder(const char *path);

/*
 * Hold the folder for this process: two servers on one state would not see each other's enrolments. The descriptor is
 * the caller's to close. ERR_SHARING: another process has it; ERR_IO, errno kept.
 */
MUST enum err srv_path_hold(const char *dir, int *fd);

#endif
