/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/key/archive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/line/say.h"
#include "pka/file.h"

#define PATH_SIZE 4096

const char *cli_archive_where(const struct cli *cli)
{
	const struct cli_list *given = &cli->args->archive;

	if (given->n > 1) {
		cli_refuse(ERR_ARG, "one --archive, for one key");
		return NULL;
	}
	return given->n ? given->v[0] : ".";
}

enum err cli_archive_check(const char *where)
{
	struct stat st;

	if (stat(where, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return cli_refuse(ERR_REFUSED, "%s exists; an archived attestation is never overwritten",
					  where);
		if (access(where, W_OK | X_OK) == 0)
			return ERR_OK;
	} else if (errno == ENOENT && file_check_folder(where) == ERR_OK) {
		return ERR_OK;
	}
	return cli_refuse(ERR_IO, "--archive %s: nothing can be written there: %s", where, strerror(errno));
}

static bool is_there(const char *path, struct rd content)
{
	struct wr w;
	bool same;

	wr_init_heap(&w, FILE_SIZE_MAX);
	same = file_read(path, FILE_SIZE_MAX, &w) == ERR_OK && rd_eq(wr_view(&w), content);
	wr_free(&w);
	return same;
}

enum err cli_archive_write(const char *where, const struct cli_card *c, uint8_t key, struct rd request)
{
	char path[PATH_SIZE];
	struct stat st;
	struct wr w;
	enum err e;
	int n;

	if (stat(where, &st) == 0 && S_ISDIR(st.st_mode))
		n = snprintf(path, sizeof(path), "%s/%s-%u.pka", where, c->id, key);
	else
		n = snprintf(path, sizeof(path), "%s", where);
	if (n < 0 || (size_t)n >= sizeof(path))
		return cli_fail(ERR_LIMIT, "--archive");
	wr_init_heap(&w, FILE_SIZE_MAX);
	e = pka_file_write(wr_view(&c->devaut), request, &w);
	if (!e)
		e = file_create(path, 0644, wr_view(&w));
	if (e == ERR_CONDITIONS && is_there(path, wr_view(&w)))
		e = ERR_OK;
	wr_free(&w);
	if (e)
		return cli_fail(e, "%s: archiving the attestation of key %u (it is on the card)", path, key);
	printf("attestation: %s\n", path);
	return ERR_OK;
}
