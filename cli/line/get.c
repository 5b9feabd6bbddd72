/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/get.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "cli/line/say.h"

enum err cli_get_file(const char *path, size_t max, struct wr *out)
{
	enum err e = file_read(path, max, out);

	if (e == ERR_IO)
		return cli_refuse(e, "%s: %s", path, strerror(errno));
	if (e == ERR_NOT_FOUND)
		return cli_refuse(e, "%s: there is no such file", path);
	if (e == ERR_LIMIT)
		return cli_refuse(e, "%s: larger than any file of its kind (%zu bytes)", path, max);
	return cli_fail(e, "%s", path);
}
