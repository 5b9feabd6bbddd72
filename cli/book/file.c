/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/book/book.h"
#include "cli/line/home.h"
#include "cli/line/say.h"

static const char *const names[] = { [BOOK_DEVICES] = "devices", [BOOK_PEOPLE] = "people" };

static enum err load(enum cli_book_kind kind, const char *path, struct cli_book **out)
{
	struct cli_book *b = calloc(1, sizeof(*b));
	unsigned line = 0;
	struct wr w;
	enum err e;

	*out = NULL;
	if (!b)
		return cli_fail(ERR_NOMEM, "the address book");
	b->kind = kind;
	wr_init_heap(&w, BOOK_FILE_MAX);
	e = file_read(path, BOOK_FILE_MAX, &w);
	if (e == ERR_NOT_FOUND)
		e = ERR_OK;
	else if (e)
		cli_refuse(e, "%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	else if (cli_book_parse(wr_view(&w), b, &line))
		e = cli_refuse(ERR_FORMAT, "%s:%u: not \"ID KEY NAME\", or an id or name that stands there already",
			       path, line);
	wr_free(&w);
	if (e)
		free(b);
	else
		*out = b;
	return e;
}

enum err cli_book_load(enum cli_book_kind kind, struct cli_book **out)
{
	char path[PATH_MAX];
	enum err e = cli_home_path(HOME_CONFIG, names[kind], path, sizeof(path));

	*out = NULL;
	return e ? e : load(kind, path, out);
}

enum err cli_book_change(enum cli_book_kind kind, enum err (*apply)(struct cli_book *b, const void *ctx),
			 const void *ctx)
{
	struct cli_book *b = NULL;
	char path[PATH_MAX];
	int folder = -1;
	struct wr w;
	enum err e;

	wr_init_heap(&w, BOOK_FILE_MAX);
	e = cli_home_make(HOME_CONFIG, names[kind], path, sizeof(path), &folder);
	if (!e)
		e = load(kind, path, &b);
	if (!e)
		e = apply(b, ctx);
	if (!e) {
		cli_book_write(b, &w);
		e = cli_fail(wr_done(&w), "the address book");
	}
	if (!e && file_write(path, 0600, wr_view(&w)))
		e = cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));
	wr_free(&w);
	free(b);
	if (folder >= 0)
		(void)close(folder);    /* and the lock with it */
	return e;
}
