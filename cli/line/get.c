/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/get.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "cli/line/say.h"

enum err cli_get_file(const char *path, size_t max, struct wr *out)
{
	enum err e = file_read(path, max, out);

	return e == ERR_IO ? cli_refuse(e, "%s: %s", path, strerror(errno)) : cli_fail(e, "%s", path);
}
