/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that no log, core file, process list or network message may hold: locked in memory where that is allowed,
 * left out of core files. Only secret_free ends one, and it wipes.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/buf.h"

struct secret;

MUST enum err secret_new(struct rd bytes, struct secret **out); /* copies; the caller wipes its own */
void secret_free(struct secret **s);                           /* NULL-safe; *s becomes NULL */
/* A view for the one encoder that needs it; never kept, never logged. */
struct rd secret_view(const struct secret *s);
size_t secret_size(const struct secret *s);

/*
 * Read one line (without its end) from a descriptor, or from a file that must be a regular file without group or
 * other permission bits (ERR_REFUSED otherwise), or from the controlling terminal with echo off. At most 256 bytes
 * (ERR_LIMIT). ERR_FORMAT: nothing there. ERR_IO with errno kept. From the terminal ERR_CANCELLED at a signal that
 * asks the program to end.
 */
MUST enum err secret_read_fd(int fd, struct secret **out);
MUST enum err secret_read_file(const char *path, struct secret **out);
MUST enum err secret_read_tty(const char *prompt, struct secret **out);

#endif
