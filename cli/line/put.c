/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/put.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/line/say.h"

enum err cli_put_check(const char *path, bool replace, const char *rule)
{
	if (!replace && access(path, F_OK) == 0)
		return cli_refuse(ERR_REFUSED, "%s exists; %s", path, rule);
	if (file_check_folder(path))
		return cli_refuse(ERR_IO, "%s: nothing can be written there: %s", path, strerror(errno));
	return ERR_OK;
}

enum err cli_put_file(const struct cli *cli, const char *path, unsigned mode, struct rd content)
{
	enum err e = cli->args->force ? file_write(path, mode, content) : file_create(path, mode, content);

	if (e == ERR_CONDITIONS)
		return cli_refuse(ERR_REFUSED, "%s exists; " CLI_PUT_FORCE, path);
	if (e == ERR_IO)
		return cli_refuse(e, "%s: %s", path, strerror(errno));
	return cli_fail(e, "%s", path);
}
