/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/put.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "cli/line/say.h"

enum err cli_put_file(const struct cli *cli, const char *path, unsigned mode, struct rd content)
{
	enum err e = cli->args->force ? file_write(path, mode, content) : file_create(path, mode, content);

	if (e == ERR_CONDITIONS)
		return cli_refuse(e, "%s exists; --force replaces it", path);
	if (e == ERR_IO)
		return cli_refuse(e, "%s: %s", path, strerror(errno));
	return cli_fail(e, "%s", path);
}
