/* SPDX-License-Identifier: Apache-2.0 */
#include "server/audit_verb.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/event/audit.h"
#include "server/front/server.h"

static int done(enum err e, const char *what)
{
	if (!e && fflush(stdout))
		e = ERR_IO;
	if (e)
		log_tell("audit %s: %s", what, e == ERR_IO ? strerror(errno) : err_text(e));
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}

static enum err line_print(void *arg, const struct chain_entry *e)
{
	struct wr w;
	enum err rc;

	(void)arg;
	wr_init_heap(&w, CHAIN_LINE_MAX);
	chain_line_write(e, &w);
	rc = wr_done(&w);
	if (!rc && fwrite(w.p, 1, w.n, stdout) != w.n)
		rc = ERR_IO;
	wr_free(&w);
	return rc;
}

int srv_audit_print(const struct conf *conf)
{
	struct srv *s = NULL;
	enum err e = srv_open(conf, SRV_STORE_LOOK, &s);

	if (e)
		return EXIT_FAILURE;
	e = s->store.ops->audit_read(s->store.ctx, 1, "", PTRDIFF_MAX, line_print, NULL, NULL);
	srv_close(&s);
	return done(e, "export");
}

int srv_audit_print_key(const struct conf *conf)
{
	struct wr pem;
	enum err e;

	wr_init_heap(&pem, CVC_MAX);
	e = srv_audit_key_pem(conf->server.state, &pem);
	if (!e && fputs(wr_cstr(&pem), stdout) == EOF)
		e = ERR_IO;
	wr_free(&pem);
	return done(e, "key");
}
