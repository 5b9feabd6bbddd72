/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, bounded and atomic. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"

/* Append the file's content to out. ERR_NOT_FOUND, ERR_LIMIT (more than max bytes), ERR_IO (errno kept). */
MUST enum err file_read(const char *path, size_t max, struct wr *out);
/*
 * Write all or nothing: a temporary file beside it (its name is .NAME.XXXXXX, left over only after a crash), fsync,
 * rename, fsync of the folder. A crash at any moment leaves the old or the new content. ERR_IO with errno kept.
 */
MUST enum err file_write(const char *path, unsigned mode, struct rd content);
/* As file_write, but ERR_CONDITIONS if the path exists. */
MUST enum err file_create(const char *path, unsigned mode, struct rd content);
/* Whether path's folder takes new files, to refuse work whose result could not be kept. ERR_IO with errno kept. */
MUST enum err file_check_folder(const char *path);

#endif
