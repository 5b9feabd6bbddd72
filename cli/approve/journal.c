/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/journal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto_digest.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/line/home.h"
#include "cli/line/say.h"

#define NAME      "signed"
#define FILE_MAX  (JOURNAL_MAX * 160)
#define ENTRY_MAX 128

/* " REQUEST HASH\n": what follows the time in a line. */
static enum err make_entry(const char *id, struct rd challenge, struct wr *w)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256(challenge, hash);

	wr_printf(w, " %s ", id);
	wr_hex(w, RD_ARR(hash));
	wr_text(w, "\n");
	return cli_fail(e ? e : wr_done(w), "the list of what was signed");
}

static enum err load(const char *path, struct wr *w)
{
	enum err e = file_read(path, FILE_MAX, w);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	return e ? cli_refuse(e, "%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e)) : ERR_OK;
}

enum err cli_journal_find(const char *id, struct rd challenge, int64_t *when)
{
	uint8_t buf[ENTRY_MAX + 1];
	char path[PATH_MAX];
	struct wr entry, w;
	const char *text, *at;
	int folder = -1;
	enum err e;

	*when = 0;
	WR_ARR(&entry, buf);
	wr_init_heap(&w, FILE_MAX);
	e = cli_home_make(HOME_STATE, NAME, path, sizeof(path), &folder);
	if (!e && file_check_folder(path))
		e = cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));
	if (!e)
		e = make_entry(id, challenge, &entry);
	if (!e)
		e = load(path, &w);
	text = wr_cstr(&w);
	at = e ? NULL : strstr(text, wr_cstr(&entry));
	while (at && at > text && at[-1] != '\n')
		at--;
	if (at)
		*when = strtoll(at, NULL, 10);
	wr_free(&w);
	if (folder >= 0)
		(void)close(folder);
	return e;
}

enum err cli_journal_add(const char *id, struct rd challenge, int64_t now)
{
	size_t lines = 0;
	char path[PATH_MAX];
	int folder = -1;
	struct wr old, w;
	struct rd rest;
	enum err e;

	wr_init_heap(&old, FILE_MAX);
	wr_init_heap(&w, FILE_MAX);
	e = cli_home_make(HOME_STATE, NAME, path, sizeof(path), &folder);
	if (!e)
		e = load(path, &old);
	rest = wr_view(&old);
	for (size_t i = 0; i < rest.n; i++)
		lines += rest.p[i] == '\n';
	for (; lines >= JOURNAL_MAX; lines--) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);

		rest = rd_of(end + 1, rest.n - (size_t)(end + 1 - rest.p));
	}
	wr_put(&w, rest);
	wr_printf(&w, "%lld", (long long)now);
	if (!e)
		e = make_entry(id, challenge, &w);
	if (!e && file_write(path, 0600, wr_view(&w)))
		e = cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));
	wr_free(&w);
	wr_free(&old);
	if (folder >= 0)
		(void)close(folder);
	return e;
}
