/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/version.h"
#include "server/http.h"
#include "server/path.h"
#include "server/token.h"

enum { EXIT_USAGE = 2 };
#define DEFAULT_LOG "srv+info"

struct options {
	const char *config, *ready_file;
	bool print, replace;
};

static const char help[] =
	"Usage: quorum11-server [--config FILE] [--ready-file FILE]     serve\n"
	"       quorum11-server [--config FILE] token [--print] [--replace]\n"
	"       quorum11-server [--config FILE] check-config\n"
	"\n"
	"  --config FILE      this file only, instead of the usual places\n"
	"  --ready-file FILE  gets the server's address when it can be used\n"
	"  token              make the operator's token; --print shows it, --replace makes another one\n"
	"  check-config       read settings, roots, enrolments and certificates; say what is wrong; do not serve\n"
	"  --help, --version\n"
	"\n"
	"See quorum11-server(8).\n";

static int usage(void)
{
	(void)fputs("Try quorum11-server --help.\n", stderr);
	return EXIT_USAGE;
}

/* ---- token ---- */

static enum err token_print(const char *state)
{
	struct secret *token = NULL;
	struct rd text;
	enum err e = srv_token_read(state, &token);

	if (!e) {
		text = secret_view(token);
		if (fwrite(text.p, 1, text.n, stdout) != text.n || putchar('\n') == EOF || fflush(stdout))
			e = ERR_IO;
	}
	secret_free(&token);
	return e;
}

static int do_token(const struct conf *conf, const struct options *o)
{
	const char *state = conf->server.state;
	enum err e = srv_path_folder(state);

	if (!e)
		e = srv_token_make(state, o->replace);
	if (e == ERR_CONDITIONS && o->print)
		e = ERR_OK;
	if (e == ERR_CONDITIONS) {
		log_tell("there is a token in %s/token already; --print shows it, --replace makes another one", state);
		return EXIT_FAILURE;
	}
	if (!e && o->print)
		e = token_print(state);
	else if (!e)
		log_tell("the operator's token is in %s/token", state);
	if (e)
		log_tell("%s/token: %s", state, e == ERR_IO ? strerror(errno) : err_text(e));
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- check-config, serve ---- */

static int do_check(const struct conf *conf, const struct options *o)
{
	struct srv *s = NULL;
	struct srv_http *h = NULL;
	int rc = EXIT_FAILURE;

	(void)o;
	if (srv_open(conf, SRV_STORE_LOOK, &s) || srv_http_open(s, true, &h))
		goto out;
	(void)printf("%zu enrolled, %zu refused; would serve on %s\n", srv_target_count(s), s->refused,
		     conf->server.listen);
	rc = s->refused ? EXIT_FAILURE : EXIT_SUCCESS;
out:
	srv_http_close(&h);
	srv_close(&s);
	return rc;
}

/* The file of a server that was killed must not announce this one before its time. */
static enum err ready_forget(const char *path)
{
	if (!path || !unlink(path) || errno == ENOENT)
		return ERR_OK;
	log_tell("%s: %s", path, strerror(errno));
	return ERR_IO;
}

static enum err ready_say(const char *path, const char *url)
{
	char line[SRV_PATH_MAX];
	struct wr w;
	enum err e;

	if (!path)
		return ERR_OK;
	WR_ARR(&w, line);
	wr_printf(&w, "%s\n", url);
	e = wr_done(&w);
	if (!e)
		e = file_write(path, 0644, wr_view(&w));
	if (e)
		log_tell("%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

/* One server a state folder, from before it is read: what the last one wrote must not be missed. */
static enum err state_hold(const char *state, int *fd)
{
	enum err e = srv_path_folder(state);

	if (!e)
		e = srv_path_hold(state, fd);

	if (e)
		log_tell("state folder %s: %s", state, e == ERR_SHARING ? "another server uses it" :
			 e == ERR_IO ? strerror(errno) : err_text(e));
	return e;
}

static void tell_start(struct srv *s, const char *url)
{
	struct srv_event ev;

	srv_event_init(&ev, "start", NULL, NULL);
	srv_event_word(&ev, "url", url);
	srv_event_number(&ev, "targets", (int64_t)srv_target_count(s));
	srv_event_number(&ev, "refused", (int64_t)s->refused);
	srv_event_emit(s->events, &ev);
}

static void tell_stop(struct srv *s)
{
	struct srv_event ev;

	srv_event_init(&ev, "stop", NULL, NULL);
	srv_event_emit(s->events, &ev);
}

static int do_serve(const struct conf *conf, const struct options *o)
{
	struct srv *s = NULL;
	struct srv_http *h = NULL;
	int rc = EXIT_FAILURE, state = -1, signals = daemon_signals();

	if (signals < 0) {
		log_tell("signals: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	daemon_descriptors();
	if (state_hold(conf->server.state, &state) || ready_forget(o->ready_file) ||
	    srv_open(conf, SRV_STORE_SERVE, &s) || srv_http_open(s, false, &h) ||
	    ready_say(o->ready_file, srv_http_url(h)))
		goto out;
	tell_start(s, srv_http_url(h));
	if (srv_http_run(h, signals))
		goto out;
	tell_stop(s);
	if (!ready_forget(o->ready_file))
		rc = EXIT_SUCCESS;
out:
	srv_http_close(&h);
	srv_close(&s);
	if (state >= 0)
		(void)close(state);
	(void)close(signals);
	return rc;
}

static const struct {
	const char *name;
	int (*run)(const struct conf *conf, const struct options *o);
} verbs[] = {
	{ "serve", do_serve }, { "token", do_token }, { "check-config", do_check },
};

static int run(const char *verb, const struct options *o)
{
	struct conf *conf = NULL;
	int rc = EXIT_FAILURE;
	size_t i;

	if ((o->config ? conf_load_file(o->config, &conf) : conf_load(&conf)) ||
	    log_configure(conf->server.log ? conf->server.log : DEFAULT_LOG))
		goto out;
	rc = -1;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, verb))
			rc = verbs[i].run(conf, o);
	if (rc < 0)
		rc = usage();
out:
	conf_free(&conf);
	return rc;
}

int main(int argc, char **argv)
{
	enum { OPT_CONFIG = 1, OPT_READY, OPT_PRINT, OPT_REPLACE, OPT_HELP, OPT_VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "ready-file", required_argument, NULL, OPT_READY },
		{ "print", no_argument, NULL, OPT_PRINT },
		{ "replace", no_argument, NULL, OPT_REPLACE },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .config = NULL };
	int c;

	log_name("quorum11-server");
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			o.config = optarg;
			break;
		case OPT_READY:
			o.ready_file = optarg;
			break;
		case OPT_PRINT:
			o.print = true;
			break;
		case OPT_REPLACE:
			o.replace = true;
			break;
		case OPT_HELP:
			return fputs(help, stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		case OPT_VERSION:
			return puts("quorum11-server " QUORUM11_VERSION) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		default:
			return usage();
		}
	}
	if (argc - optind > 1)
		return usage();
	return run(optind < argc ? argv[optind] : "serve", &o);
}
