/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
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

/* ---- the command line ---- */

enum kind { TEXT, FLAG, PERMITS, ROUTES, HELP, VERSION };
#define AT(member) offsetof(struct options, member)
static const struct {
	const char *name;
	enum kind kind;
	size_t at;              /* of TEXT and FLAG */
} known[] = {
	{ "config", TEXT, AT(config) },
	{ "ready-file", TEXT, AT(ready_file) },
	{ "print", FLAG, AT(print) },
	{ "replace", FLAG, AT(replace) },
	{ "role", TEXT, AT(admin.role) },
	{ "name", TEXT, AT(admin.name) },
	{ "days", TEXT, AT(admin.days) },
	{ "cert", TEXT, AT(admin.cert) },
	{ "overlap", TEXT, AT(admin.overlap) },
	{ "dump-permits", PERMITS, 0 },
	{ "dump-routes", ROUTES, 0 },
	{ "help", HELP, 0 },
	{ "version", VERSION, 0 },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

/* -1: go on; else the exit status. */
static int option_take(struct options *o, enum kind kind, size_t at, const char *value)
{
	const bool yes = true;

	switch (kind) {
	case TEXT:
		memcpy((char *)o + at, &value, sizeof(value));
		return -1;
	case FLAG:
		memcpy((char *)o + at, &yes, sizeof(yes));
		return -1;
	case PERMITS:
		return dump(pka_permits_write);
	case ROUTES:
		return dump(srv_front_write_routes);
	case HELP:
		return fputs(help, stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
	case VERSION:
		return puts("quorum11-server " QUORUM11_VERSION) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	return usage();
}

static int options_read(int argc, char **argv, struct options *o)
{
	struct option longs[KNOWN + 1] = { { NULL, 0, NULL, 0 } };
	int c, rc = -1;
	size_t i;

	for (i = 0; i < KNOWN; i++)
		longs[i] = (struct option){ .name = known[i].name, .has_arg = known[i].kind == TEXT, .val = (int)i };
	while (rc < 0 && (c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		rc = c == '?' ? usage() : option_take(o, known[c].kind, known[c].at, optarg);
	return rc;
}

/* false: more than its verb takes. */
static bool operands_read(int argc, char **argv, struct options *o)
{
	o->admin.verb = optind < argc ? argv[optind++] : "serve";
	/* check-config FILE reads as it is said. */
	if (!o->config && optind < argc && !strcmp(o->admin.verb, "check-config"))
		o->config = argv[optind++];
	if (!strcmp(o->admin.verb, "token") || !strcmp(o->admin.verb, "identity")) {
		o->admin.what = optind < argc ? argv[optind++] : NULL;
		o->admin.operand = optind < argc ? argv[optind++] : NULL;
	}
	if (optind < argc && (!strcmp(o->admin.verb, "audit") || !strcmp(o->admin.verb, "backup")))
		o->operand = argv[optind++];
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = { .config = NULL };
	int rc;

	fd_guard();
	log_name("quorum11-server");
	rc = options_read(argc, argv, &o);
	if (rc >= 0)
		return rc;
	return operands_read(argc, argv, &o) ? run(o.admin.verb, &o) : usage();
}
