/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "server/enrol.h"
#include "server/json.h"
#include "server/path.h"
#include "server/store.h"

#define MODE_FILE_MAX 200

struct entry {
	struct entry *next;
	struct srv_target *target;
};
struct files {
	char targets[SRV_PATH_MAX], modes[SRV_PATH_MAX];
	struct entry *list;
};

static struct entry *find(const struct files *f, const char *device_id)
{
	struct entry *it = f->list;

	while (it && strcmp(it->target->device_id, device_id))
		it = it->next;
	return it;
}

static struct srv_target *get(void *ctx, const char *device_id)
{
	struct entry *it = find(ctx, device_id);

	return it ? it->target : NULL;
}

static struct srv_target *next(void *ctx, const struct srv_target *last)
{
	const struct files *f = ctx;
	struct entry *it = f->list;

	if (last) {
		it = find(f, last->device_id);
		it = it ? it->next : NULL;
	}
	return it ? it->target : NULL;
}

/* Keep a reference in memory; an older target of the device goes. */
static enum err keep(struct files *f, struct srv_target *t)
{
	struct entry *it = find(f, t->device_id);

	if (!it) {
		it = calloc(1, sizeof(*it));
		if (!it)
			return ERR_NOMEM;
		it->next = f->list;
		f->list = it;
	} else {
		srv_target_unref(&it->target);
	}
	it->target = srv_target_ref(t);
	return ERR_OK;
}

static enum err write_said(const char *path, struct rd content)
{
	enum err e = file_write(path, 0600, content);

	if (e == ERR_IO)
		log_tell("cannot write %s: %s", path, strerror(errno));
	return e;
}

static enum err put(void *ctx, struct srv_target *t, bool replace)
{
	struct files *f = ctx;
	char path[SRV_PATH_MAX];
	struct wr json;
	enum err e;

	if (find(f, t->device_id) && !replace)
		return ERR_CONDITIONS;
	wr_init_heap(&json, HTTP_BODY_MAX);
	e = srv_path(path, f->targets, t->device_id, ".json");
	if (!e)
		e = srv_enrol_json(t, &json);
	if (!e)
		e = write_said(path, wr_view(&json));
	if (!e)
		e = keep(f, t);
	wr_free(&json);
	return e;
}

/* The mode file, parsed; false if there is none or it says nothing. */
static bool mode_read(const char *path, uint16_t *firmware, enum pka_challenge_mode *mode)
{
	char why[100];
	const char *name;
	struct wr text;
	json_t *j = NULL;
	int version;
	bool found = false;

	wr_init_heap(&text, MODE_FILE_MAX);
	if (file_read(path, MODE_FILE_MAX, &text))
		goto out;
	j = srv_json_parse(wr_view(&text), why, sizeof(why));
	if (!j || json_unpack(j, "{s:i, s:s !}", "firmware", &version, "mode", &name) || version < 0 ||
	    version >= SRV_ANY_FIRMWARE) {
		log_line(LOG_SRV, LOG_WARN, "event=mode-file result=ignored file=\"%s\"", path);
		goto out;
	}
	*firmware = (uint16_t)version;
	*mode = strcmp(name, srv_mode_name(PKA_PER_KEY)) ? PKA_SHARED : PKA_PER_KEY;
	found = !strcmp(name, srv_mode_name(*mode));
out:
	json_decref(j);
	wr_free(&text);
	return found;
}

static bool mode(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode *out)
{
	const struct files *f = ctx;
	char path[SRV_PATH_MAX];
	uint16_t learnt_with;

	return !srv_path(path, f->modes, device_id, ".json") && mode_read(path, &learnt_with, out) &&
	       (firmware == SRV_ANY_FIRMWARE || firmware == learnt_with);
}

static enum err learn(void *ctx, const char *device_id, uint16_t firmware, enum pka_challenge_mode fresh)
{
	struct files *f = ctx;
	enum pka_challenge_mode old;
	char path[SRV_PATH_MAX], text[MODE_FILE_MAX];
	struct wr w;
	enum err e;

	if (mode(ctx, device_id, firmware, &old) && old == fresh)
		return ERR_OK;
	WR_ARR(&w, text);
	wr_printf(&w, "{\"firmware\": %u, \"mode\": \"%s\"}\n", firmware, srv_mode_name(fresh));
	e = wr_done(&w);
	if (!e)
		e = srv_path(path, f->modes, device_id, ".json");
	return e ? e : write_said(path, wr_view(&w));
}

static void close_all(void *ctx)
{
	struct files *f = ctx;
	struct entry *it;

	while (f->list) {
		it = f->list;
		f->list = it->next;
		srv_target_unref(&it->target);
		free(it);
	}
	free(f);
}

static const struct srv_store_ops ops = {
	.name = "file", .get = get, .next = next, .put = put, .mode = mode, .learn = learn, .close = close_all,
};

/* One file of the folder, with every check repeated. ERR_NOMEM is the store's failure, anything else the file's. */
static enum err load(struct files *f, const struct att_anchors *anchors, int64_t now, const char *name)
{
	char path[SRV_PATH_MAX], own[SRV_PATH_MAX];
	struct srv_target *t = NULL;
	struct srv_enrol_report r = { .why = "" };
	struct wr text, p;
	enum err e;

	wr_init_heap(&text, HTTP_BODY_MAX);
	WR_ARR(&p, path);
	wr_printf(&p, "%s/%s", f->targets, name);
	wr_u8(&p, 0);
	e = wr_done(&p);
	if (!e)
		e = file_read(path, HTTP_BODY_MAX, &text);
	if (!e)
		e = srv_enrol(anchors, wr_view(&text), now, &t, &r);
	if (!e)
		e = srv_path(own, f->targets, t->device_id, ".json");
	if (!e && strcmp(own, path))
		e = ERR_CONFIG;         /* else two files could hold one device, and replacing would miss one */
	if (!e)
		e = keep(f, t);
	if (e && e != ERR_NOMEM)
		log_tell("enrolment %s is left out: %s%s%s", path,
			 e == ERR_CONFIG ? "it is of another device" : err_text(e), r.why[0] ? ": " : "", r.why);
	srv_target_unref(&t);
	wr_free(&text);
	return e;
}

static bool is_enrolment(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && !strcmp(name + n - 5, ".json");
}

static enum err load_all(struct files *f, const struct att_anchors *anchors, int64_t now, size_t *refused)
{
	DIR *d = opendir(f->targets);
	const struct dirent *it;
	enum err e = ERR_OK;

	if (!d)
		return ERR_IO;
	while (e != ERR_NOMEM && (it = readdir(d))) {
		e = is_enrolment(it->d_name) ? load(f, anchors, now, it->d_name) : ERR_OK;
		if (e)
			++*refused;
	}
	(void)closedir(d);
	return e == ERR_NOMEM ? e : ERR_OK;
}

enum err srv_store_file_open(const char *dir, const struct att_anchors *anchors, int64_t now, struct srv_store *out,
			     size_t *refused)
{
	struct files *f = calloc(1, sizeof(*f));
	enum err e;

	*out = (struct srv_store){ 0 };
	*refused = 0;
	if (!f)
		return ERR_NOMEM;
	e = srv_path_folder(dir);
	if (!e)
		e = srv_path(f->targets, dir, "targets", "");
	if (!e)
		e = srv_path(f->modes, dir, "modes", "");
	if (!e)
		e = srv_path_folder(f->targets);
	if (!e)
		e = srv_path_folder(f->modes);
	if (!e)
		e = load_all(f, anchors, now, refused);
	if (e) {
		log_tell("cannot use the state folder %s: %s", dir, e == ERR_IO ? strerror(errno) : err_text(e));
		close_all(f);
		return e;
	}
	out->ops = &ops;
	out->ctx = f;
	return ERR_OK;
}
