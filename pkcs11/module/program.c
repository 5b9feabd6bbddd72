/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Not argv[0], which whoever starts the program chooses. */
const char *p11_program_name(char *buf, size_t cap)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *name = program_invocation_short_name, *slash;

	if (n > 0) {
		path[n] = 0;
		slash = strrchr(path, '/');
		name = slash ? slash + 1 : path;
	}
	return text_shown(rd_str(name), buf, cap);
}

bool p11_program_may(const struct conf *conf, const char *program)
{
	for (size_t i = 0; i < conf->login.programs.n; i++)
		if (strcmp(conf->login.programs.v[i], program) == 0)
			return true;
	return conf->login.programs.n == 0;
}
