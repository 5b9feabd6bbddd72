/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch LOGIN_ID DEVICE_ID JSON: whoever keeps the card of a login open, as far as login/watch.h goes. Says "watching",
 * and "ended by WHO" when a custodian has ended it and his statement holds; waits on then until it is told to go. JSON:
 * a file with the host's JSON. Status 1: the watch is gone, or the statement proves nothing.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "login/watch.h"
#include "pka/end.h"

#define FILE_MAX 65536

struct owner {
	struct rd login_id, device_id;
	struct wr json, file, statement, sig;
	struct login_watch *watch;
};

static enum err step(struct owner *o)
{
	char who[CHR_MAX + 1];
	bool ended;
	enum err e = login_watch_step(o->watch, &ended, &o->file, &o->statement, &o->sig);

	if (e || !ended)
		return e;
	e = pka_end_check(wr_view(&o->file), wr_view(&o->statement), wr_view(&o->sig), o->device_id, o->login_id,
			  wr_view(&o->json), who);
	if (e)
		return e;
	printf("ended by %s\n", who);
	fflush(stdout);
	return ERR_OK;
}

static enum err run(struct owner *o, const struct conf *conf)
{
	enum err e = login_watch_open(conf, o->login_id, &o->watch);

	if (!e) {
		puts("watching");
		fflush(stdout);
	}
	while (!e) {
		struct pollfd fd = { .fd = login_watch_fd(o->watch), .events = POLLIN };

		e = poll(&fd, 1, -1) == 1 ? step(o) : ERR_IO;
	}
	login_watch_close(&o->watch);
	return e;
}

int main(int argc, char **argv)
{
	struct owner o = { .watch = NULL };
	struct conf *conf = NULL;
	uint8_t login_id[LOGIN_ID_SIZE];
	struct wr w;
	enum err e;

	if (argc != 4)
		return 2;
	WR_ARR(&w, login_id);
	wr_init_heap(&o.json, REQUEST_JSON_MAX);
	wr_init_heap(&o.file, FILE_MAX);
	wr_init_heap(&o.statement, STATEMENT_MAX);
	wr_init_heap(&o.sig, EC_SIG_MAX);
	e = text_unhex(rd_str(argv[1]), &w);
	o.login_id = wr_view(&w);
	o.device_id = rd_str(argv[2]);
	if (!e)
		e = file_read(argv[3], REQUEST_JSON_MAX, &o.json);
	if (!e)
		e = conf_load(&conf);
	if (!e)
		e = conf_log(conf);
	if (!e)
		e = run(&o, conf);
	fprintf(stderr, "watch: %s\n", err_text(e));
	wr_free(&o.sig);
	wr_free(&o.statement);
	wr_free(&o.file);
	wr_free(&o.json);
	conf_free(&conf);
	return 1;
}
