/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scene (test/unit/scene.h) in which people are told: recipients are programs of the test, in the scene's folder. For
 * tests with a fake clock.
 */
#ifndef TEST_UNIT_TOLD_H
#define TEST_UNIT_TOLD_H

#include "test/unit/pair.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "server/notify/notify.h"
#include "server/store/outbox.h"
#include "server/store/sqlite.h"
#include "test/fake/clock.h"

#define MESSAGE_MAX 200000

/* ---- recipients ---- */

static inline const char *in_dir(const char *name)
{
	static char paths[4][200];
	static unsigned i;
	char *path = paths[i++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", s.dir, name);
	return path;
}

static inline void file_put(const char *name, const char *text, mode_t mode)
{
	assert_int_equal(file_write(in_dir(name), mode, rd_str(text)), ERR_OK);
	assert_int_equal(chmod(in_dir(name), mode), 0);
}

static inline void list_add(struct conf_list *l, const char *text)
{
	l->v[l->n] = strdup(text);
	assert_non_null(l->v[l->n++]);
}

/* A command of this name that does what the shell's text says; DIR is the scene's folder. */
static inline void command_add(const char *name, const char *text)
{
	char script[1000], way[300];

	(void)snprintf(script, sizeof(script), "#!/bin/sh\nDIR=%s NAME=%s\n%s\n", s.dir, name, text);
	file_put(name, script, 0700);
	(void)snprintf(way, sizeof(way), "%s %s", name, in_dir(name));
	list_add(&s.conf->notify.command, way);
}

#define TAKES "cat >>$DIR/$NAME.got"
#define MAY_FAIL "[ ! -e $DIR/fail ] || { printf 'mailbox\\033 full\\nmore\\n' >&2; exit 3; }\n" TAKES

/* The messages that it got, as a list of objects; *text is kept for the caller to look into. */
static inline json_t *got(const char *name, struct wr *text)
{
	char file[100];
	json_t *list = json_array(), *j;
	char *at, *end;

	(void)snprintf(file, sizeof(file), "%s.got", name);
	wr_init_heap(text, MESSAGE_MAX);
	if (access(in_dir(file), F_OK))
		return list;
	assert_int_equal(file_read(in_dir(file), MESSAGE_MAX, text), ERR_OK);
	for (at = (char *)(uintptr_t)wr_cstr(text); (end = strchr(at, '\n')); at = end + 1) {
		j = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(j);
		assert_int_equal(json_array_append_new(list, j), 0);
	}
	return list;
}

/* What it was told, in order, one word a message. */
static inline const char *told(const char *name)
{
	static char words[500];
	struct wr text;
	json_t *list = got(name, &text), *j;
	struct wr w;
	size_t i;

	WR_ARR(&w, words);
	json_array_foreach(list, i, j)
		wr_printf(&w, "%s%s", i ? " " : "", scene_text(j, "about"));
	(void)wr_cstr(&w);
	assert_int_equal(wr_done(&w), ERR_OK);
	json_decref(list);
	wr_free(&text);
	return words;
}

/* ---- the server's side ---- */

/* How many children are out there is not known here; every one ends, and says so. */
static inline void child_ends(void)
{
	struct pollfd p = { .fd = srv_notify_descriptor(s.srv->notify), .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	srv_notify_look(s.srv->notify);
}

static inline int64_t number(const char *sql)
{
	struct srv_sql q;
	int64_t v;

	srv_sql(&q, s.srv->store.db, sql);
	assert_int_equal(srv_sql_row(&q), ERR_OK);
	v = srv_sql_is_null(&q, 0) ? -1 : srv_sql_get_int(&q, 0);
	assert_int_equal(srv_sql_end(&q), ERR_OK);
	return v;
}

static inline void tick(void)
{
	scene_wait(&s, 100);
}

/* Time passes on all clocks. */
static inline void pass(unsigned seconds)
{
	fake_clock_pass(seconds * 1000ull);
	s.now_ms += seconds * 1000ull;
}

/* Until so many messages are left. */
static inline void left(int64_t n)
{
	tick();
	while (number("SELECT count(*) FROM outbox") > n) {
		child_ends();
		tick();
	}
	assert_int_equal(number("SELECT count(*) FROM outbox"), n);
}

/* Until so many tries have been made in all, and the last one has ended. */
static inline void tried(int64_t tries)
{
	tick();
	assert_int_equal(number("SELECT sum(tries) FROM outbox"), tries);
	while (number("SELECT count(*) FROM outbox WHERE why = ''"))
		child_ends();
	tick();
}

static inline int64_t pause_s(void)
{
	return number("SELECT max(next) FROM outbox") - clock_wall_s();
}

/* Events tell in the audit whose JSON holds both texts (LIKE's patterns; "": any). */
static inline int64_t audited(const char *first, const char *second)
{
	char sql[400];

	tick();
	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE name = 'tell' AND event LIKE '%%%s%%' AND "
		       "event LIKE '%%%s%%'", first, second);
	return number(sql);
}

static inline void asks(void)
{
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
}

static inline void starts(void)
{
	scene_restart(&s);
}

/* A custodian says no. */
static inline void denies(void)
{
	assert_int_equal(scene_decide(&s, 0, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

#endif
