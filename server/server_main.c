/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/version.h"
#include "pka/permits.h"
#include "server/admin.h"
#include "server/audit_verb.h"
#include "server/base/path.h"
#include "server/call/token.h"
#include "server/check.h"
#include "server/front/front.h"
#include "server/front/server.h"
#include "server/serve.h"

enum { EXIT_USAGE = 2 };

struct options {
	const char *config, *ready_file, *operand;
	bool print, replace;
	struct srv_admin admin;
};

static const char help[] =
	"Usage: quorum11-server [--config FILE] [--ready-file FILE]     serve\n"
	"       quorum11-server [--config FILE] token [--print] [--replace]\n"
	"       quorum11-server [--config FILE] token add --role ROLE[,ROLE] --name NAME [--days N]\n"
	"       quorum11-server [--config FILE] token list | token revoke NAME | token rotate NAME [--overlap S]\n"
	"       quorum11-server [--config FILE] identity add --role ROLE[,ROLE] --name NAME --cert FILE [--days N]\n"
	"       quorum11-server [--config FILE] check-config [FILE]\n"
	"       quorum11-server [--config FILE] audit export|key\n"
	"       quorum11-server [--config FILE] backup FILE\n"
	"\n"
	"  --config FILE      this file only, instead of the usual places\n"
	"  --ready-file FILE  gets the server's address when it can be used\n"
	"  token              make the operator's token; --print shows it, --replace makes another one\n"
	"  token add          a token for somebody: operator, auditor, reader or host; shown once\n"
	"  token rotate       another one in its place; --overlap: seconds that the old one still counts\n"
	"  identity add       the same for whoever shows a client certificate with this key\n"
	"  check-config       read settings, roots, enrolments and certificates; say what is wrong; do not serve\n"
	"  audit export       print the audit, for quorum11 audit verify\n"
	"  audit key          print the public key of its checkpoints\n"
	"  backup FILE        copy the database, also of a running server, to a file that does not exist yet\n"
	"  --dump-permits     what a ceremony permits in which state, for spin (docs/model)\n"
	"  --dump-routes      the HTTP interface: method, path and who may, for checks of its description\n"
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

static int do_admin(const struct conf *conf, const struct options *o)
{
	int rc = o->admin.what ? srv_admin_run(conf, &o->admin) : EXIT_USAGE;

	return rc == EXIT_USAGE ? usage() : rc;
}

static int do_token(const struct conf *conf, const struct options *o)
{
	const char *state = conf->server.state;
	enum err e;

	if (o->admin.what)
		return do_admin(conf, o);
	e = srv_path_folder(state);
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
	(void)o;
	return srv_check(conf);
}

static int do_audit(const struct conf *conf, const struct options *o)
{
	return o->operand && !strcmp(o->operand, "export") ? srv_audit_print(conf) :
	       o->operand && !strcmp(o->operand, "key") ? srv_audit_print_key(conf) : usage();
}

static int do_backup(const struct conf *conf, const struct options *o)
{
	if (!o->operand)
		return usage();
	return srv_store_copy(conf->server.state, o->operand) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int do_serve(const struct conf *conf, const struct options *o)
{
	return srv_serve(conf, &(struct srv_serve_options){ .config = o->config, .ready_file = o->ready_file });
}

static const struct {
	const char *name;
	int (*run)(const struct conf *conf, const struct options *o);
} verbs[] = {
	{ "serve", do_serve }, { "token", do_token }, { "identity", do_admin }, { "check-config", do_check },
	{ "audit", do_audit }, { "backup", do_backup },
};

static int run(const char *verb, const struct options *o)
{
	struct conf *conf = NULL;
	int rc = EXIT_FAILURE;
	size_t i;

	if ((o->config ? conf_load_file(o->config, &conf) : conf_load(&conf)) ||
	    srv_log_configure(conf))
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

/* Tables of this program, for checks of what is written about them. */
static int dump(void (*write)(struct wr *w))
{
	char text[8192];
	struct wr w;

	WR_ARR(&w, text);
	write(&w);
	return wr_done(&w) || fwrite(text, 1, w.n, stdout) != w.n || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { OPT_CONFIG = 1, OPT_READY, OPT_PRINT, OPT_REPLACE, OPT_ROLE, OPT_NAME, OPT_DAYS, OPT_CERT,
	       OPT_OVERLAP, OPT_DUMP_PERMITS, OPT_DUMP_ROUTES,
	       OPT_HELP, OPT_VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "ready-file", required_argument, NULL, OPT_READY },
		{ "print", no_argument, NULL, OPT_PRINT },
		{ "replace", no_argument, NULL, OPT_REPLACE },
		{ "role", required_argument, NULL, OPT_ROLE },
		{ "name", required_argument, NULL, OPT_NAME },
		{ "days", required_argument, NULL, OPT_DAYS },
		{ "cert", required_argument, NULL, OPT_CERT },
		{ "overlap", required_argument, NULL, OPT_OVERLAP },
		{ "dump-permits", no_argument, NULL, OPT_DUMP_PERMITS },
		{ "dump-routes", no_argument, NULL, OPT_DUMP_ROUTES },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .config = NULL };
	int c;

	fd_guard();
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
		case OPT_ROLE:
			o.admin.role = optarg;
			break;
		case OPT_NAME:
			o.admin.name = optarg;
			break;
		case OPT_DAYS:
			o.admin.days = optarg;
			break;
		case OPT_CERT:
			o.admin.cert = optarg;
			break;
		case OPT_OVERLAP:
			o.admin.overlap = optarg;
			break;
		case OPT_DUMP_PERMITS:
			return dump(pka_permits_write);
		case OPT_DUMP_ROUTES:
			return dump(srv_front_write_routes);
		case OPT_HELP:
			return fputs(help, stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		case OPT_VERSION:
			return puts("quorum11-server " QUORUM11_VERSION) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		default:
			return usage();
		}
	}
	o.admin.verb = optind < argc ? argv[optind++] : "serve";
	/* check-config FILE reads as it is said. */
	if (!o.config && optind < argc && !strcmp(o.admin.verb, "check-config"))
		o.config = argv[optind++];
	if (!strcmp(o.admin.verb, "token") || !strcmp(o.admin.verb, "identity")) {
		o.admin.what = optind < argc ? argv[optind++] : NULL;
		o.admin.operand = optind < argc ? argv[optind++] : NULL;
	}
	if (optind < argc && (!strcmp(o.admin.verb, "audit") || !strcmp(o.admin.verb, "backup")))
		o.operand = argv[optind++];
	if (optind < argc)
		return usage();
	return run(o.admin.verb, &o);
}
