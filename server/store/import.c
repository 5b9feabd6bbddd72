/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version 0.1 kept enrolments in DIR/targets/ID.json and modes in DIR/modes/ID.json, ID with %XX for every byte that is
 * not a letter, a digit, '-' or '_'.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "server/base/json.h"
#include "server/base/path.h"
#include "server/store/store_int.h"

struct import {
	struct srv_db *db;
	int64_t now;
};
typedef enum err import_file(const struct import *im, const char *device_id, struct wr *text);

static enum err target_import(const struct import *im, const char *device_id, struct wr *text)
{
	struct srv_sql q;

	srv_sql(&q, im->db, "INSERT INTO targets (device_id, enrolment, since) VALUES (?, ?, ?)");
	srv_sql_text(&q, device_id);
	srv_sql_text(&q, wr_cstr(text));
	srv_sql_int(&q, im->now);
	return srv_sql_run(&q);
}

static enum err mode_import(const struct import *im, const char *device_id, struct wr *text)
{
	json_t *j;
	char why[100];
	const char *name;
	struct srv_sql q;
	int version;
	enum err e;

	j = srv_json_parse(wr_view(text), why, sizeof(why));
	if (!j || json_unpack(j, "{s:i, s:s !}", "firmware", &version, "mode", &name) || version < 0 ||
	    version >= SRV_ANY_FIRMWARE) {
		json_decref(j);
		return ERR_FORMAT;
	}
	srv_sql(&q, im->db, "INSERT INTO modes (device_id, firmware, mode) VALUES (?, ?, ?)");
	srv_sql_text(&q, device_id);
	srv_sql_int(&q, version);
	srv_sql_text(&q, name);
	e = srv_sql_run(&q);
	json_decref(j);
	return e;
}

/* ID of "ID.json"; false: it is no such name. */
static bool name_read(const char *file, char id[CHR_MAX + 1])
{
	size_t n = strlen(file), i = 0;
	struct wr w;

	if (file[0] == '.' || n <= 5 || strcmp(file + n - 5, ".json"))
		return false;
	wr_init(&w, id, CHR_MAX);
	while (i < n - 5) {
		if (file[i] != '%') {
			wr_u8(&w, (uint8_t)file[i++]);
			continue;
		}
		if (i + 3 > n - 5 || text_unhex(rd_of(file + i + 1, 2), &w))
			return false;
		i += 3;
	}
	if (wr_done(&w))
		return false;
	id[w.n] = '\0';
	return strlen(id) == w.n;
}

static enum err file_import(const struct import *im, const char *folder, const char *name, import_file *take)
{
	char path[2 * SRV_PATH_MAX], id[CHR_MAX + 1];
	struct wr text;
	bool is_bad;
	enum err e;

	if (!name_read(name, id))
		return ERR_OK;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	wr_init_heap(&text, HTTP_BODY_MAX);
	e = file_read(path, HTTP_BODY_MAX, &text);
	is_bad = e == ERR_LIMIT || e == ERR_NOT_FOUND;
	if (!e) {
		e = take(im, id, &text);
		is_bad = e == ERR_FORMAT;
	}
	wr_free(&text);
	if (!is_bad)
		return e;
	log_tell("%s is left out: %s", path, err_text(e));
	return ERR_OK;
}

static enum err folder_import(const struct import *im, const char *dir, const char *sub, import_file *take)
{
	char folder[SRV_PATH_MAX];
	const struct dirent *it;
	enum err e = srv_path(folder, dir, sub, "");
	DIR *d;

	if (e)
		return e;
	d = opendir(folder);
	if (!d)
		return errno == ENOENT ? ERR_OK : ERR_IO;
	while (!e && (it = readdir(d)))
		e = file_import(im, folder, it->d_name, take);
	(void)closedir(d);
	return e;
}

static enum err done_read(struct srv_db *db, bool *is_done)
{
	struct srv_sql q;

	srv_sql(&q, db, "SELECT value FROM meta WHERE name = 'imported'");
	*is_done = !srv_sql_row(&q);
	return srv_sql_end(&q);
}

static enum err done_write(const struct import *im)
{
	struct srv_sql q;

	srv_sql(&q, im->db, "INSERT INTO meta (name, value) VALUES ('imported', ?)");
	srv_sql_int(&q, im->now);
	return srv_sql_run(&q);
}

enum err store_import(struct srv_db *db, const char *dir, int64_t now)
{
	const struct import im = { db, now };
	bool is_done;
	enum err e = done_read(db, &is_done);

	if (!e && is_done)
		return ERR_OK;
	if (!e)
		e = srv_db_begin(db);
	if (e)
		goto out;
	e = folder_import(&im, dir, "targets", target_import);
	if (!e)
		e = folder_import(&im, dir, "modes", mode_import);
	if (!e)
		e = done_write(&im);
	e = srv_db_end(db, e);
out:
	if (e)
		log_tell("the older files in %s could not be taken into the database: %s", dir,
			 e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}
