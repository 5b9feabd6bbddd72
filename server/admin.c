/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto_x509.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "server/base/path.h"
#include "server/call/who.h"
#include "server/event/audit.h"
#include "server/event/event.h"
#include "server/store/schema.h"
#include "server/store/token.h"

#define DAY_S 86400
#define DAYS_DEFAULT 365
#define NUMBER_MAX 36500
#define CERT_MAX (64 * 1024)
enum { USAGE = 2 };

/* An unsigned number of the command line; absent: the default. */
static bool number_read(const char *text, unsigned otherwise, int64_t *out)
{
	char *end;
	unsigned long n;

	*out = otherwise;
	if (!text)
		return true;
	errno = 0;
	n = strtoul(text, &end, 10);
	*out = (int64_t)n;
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && n <= NUMBER_MAX;
}

static int failed(struct srv_db *db, enum err e, const char *name)
{
	if (e == ERR_CONDITIONS)
		log_tell("%s is in use, or this key has a name already; token list shows them", name);
	else if (e == ERR_NOT_FOUND)
		log_tell("nothing called %s is in force; token list shows what is", name);
	else
		log_tell("%s: %s", name, e == ERR_NOMEM ? err_text(e) : srv_db_why(db));
	return EXIT_FAILURE;
}

/* Into the audit, as if an operator had done it by the interface: the change and what is said of it, or neither. */
struct change {
	enum err (*write)(struct srv_db *db, void *ctx);
	void *ctx;
};

static enum err change_write(void *ctx, const struct srv_store *store)
{
	struct change *c = ctx;

	return c->write(store->db, c->ctx);
}

static enum err commit(struct srv_db *db, const char *what, const char *name, struct change *c)
{
	struct srv_store store;
	struct srv_audit *audit = NULL;
	struct srv_events *events = NULL;
	struct srv_event ev;
	enum err e = srv_store_over(db, &store);

	/* The checkpoints are the server's. */
	if (!e)
		e = srv_audit_open("", SRV_STORE_LOOK, &store, &audit);
	if (!e)
		e = srv_events_new(&store, audit, &events);

	srv_event_init(&ev, "token", NULL, NULL);
	srv_event_word(&ev, "what", what);
	srv_event_text(&ev, "name", name);
	srv_event_word(&ev, "from", "console");
	if (!e)
		e = srv_event_commit(events, &ev, change_write, c);
	srv_events_free(&events);
	srv_audit_close(&audit);
	srv_store_close(&store);
	return e;
}

static int token_show(const char text[SRV_TOKEN_SIZE])
{
	if (puts(text) != EOF && !fflush(stdout))
		return EXIT_SUCCESS;
	log_tell("the token could not be shown: %s", strerror(errno));
	return EXIT_FAILURE;
}

/* ---- add ---- */

static enum err grant_write(struct srv_db *db, void *ctx)
{
	return srv_grant_add(db, ctx);
}

/* The first certificate of a PEM file. ERR_FORMAT: there is none. */
static enum err pem_first(struct rd pem, struct wr *der)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";
	const char *text = (const char *)pem.p, *from = memmem(text, pem.n, begin, sizeof(begin) - 1), *to;
	uint8_t clean[CERT_MAX];
	struct wr w;

	if (!from)
		return ERR_FORMAT;
	from += sizeof(begin) - 1;
	to = memmem(from, pem.n - (size_t)(from - text), end, sizeof(end) - 1);
	if (!to)
		return ERR_FORMAT;
	/* Base64 in the alphabet that text.h reads: RFC 4648 5, no padding, no line ends. */
	WR_ARR(&w, clean);
	for (; from < to; from++)
		if (*from == '+' || *from == '/')
			wr_u8(&w, *from == '+' ? '-' : '_');
		else if (*from != '=' && *from != '\n' && *from != '\r')
			wr_u8(&w, (uint8_t)*from);
	return wr_done(&w) ? wr_done(&w) : text_unbase64url(wr_view(&w), der);
}

/* SHA-256 of the key in a file with one certificate, PEM or DER. */
static enum err cert_read(const char *path, uint8_t hash[SHA256_SIZE])
{
	struct wr file, der;
	struct x509 x;
	enum err e;

	wr_init_heap(&file, CERT_MAX);
	wr_init_heap(&der, CERT_MAX);
	e = file_read(path, CERT_MAX, &file);
	if (e) {
		log_tell("%s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
		goto out;
	}
	if (x509_parse(wr_view(&file), &x)) {
		e = pem_first(wr_view(&file), &der);
		if (!e)
			e = x509_parse(wr_view(&der), &x);
	}
	if (!e)
		e = sha256(x.spki, hash);
	if (e)
		log_tell("%s: no certificate in PEM or DER", path);
out:
	wr_free(&der);
	wr_free(&file);
	return e;
}

static int add(struct srv_db *db, const struct srv_admin *a)
{
	struct srv_grant g = { .created = clock_wall_s(), .is_certificate = !strcmp(a->verb, "identity") };
	struct change c = { grant_write, &g };
	char token[SRV_TOKEN_SIZE];
	int64_t days;
	int rc = EXIT_FAILURE;
	enum err e;

	if (!a->role || !a->name || a->operand || !a->cert != !g.is_certificate ||
	    !number_read(a->days, g.is_certificate ? 0 : DAYS_DEFAULT, &days))
		return USAGE;
	if (!srv_who_name_is_valid(a->name) || !strcmp(a->name, SRV_OPERATOR_NAME)) {
		log_tell("a name has 1 to %d letters, digits and ._-, and is not %s", SRV_WHO_MAX, SRV_OPERATOR_NAME);
		return rc;
	}
	if (srv_roles_read(a->role, &g.roles)) {
		log_tell("--role takes operator, auditor, reader, host, or several of them with commas; custodians get "
			 "theirs by quorum11 approve");
		return rc;
	}
	(void)snprintf(g.name, sizeof(g.name), "%s", a->name);
	g.expires = days ? g.created + days * DAY_S : 0;
	if (g.is_certificate)
		e = cert_read(a->cert, g.hash);
	else
		e = srv_token_new(token, g.hash);
	if (e && g.is_certificate)
		return rc;
	if (!e)
		e = commit(db, "add", g.name, &c);
	if (e)
		rc = failed(db, e, g.name);
	else
		rc = g.is_certificate ? EXIT_SUCCESS : token_show(token);
	wipe(token, sizeof(token));
	return rc;
}

/* ---- list, revoke, rotate ---- */

static const char *day(int64_t at, char out[16])
{
	time_t t = at;
	struct tm tm;

	if (!at || !gmtime_r(&t, &tm) || !strftime(out, 16, "%Y-%m-%d", &tm))
		return "-";
	return out;
}

static enum err line_write(void *ctx, const struct srv_grant *g)
{
	char roles[100], when[4][16], name[2 * SRV_WHO_MAX];
	const int64_t now = *(const int64_t *)ctx;
	struct wr w;

	WR_ARR(&w, roles);
	srv_roles_write(g->roles, &w);
	(void)printf("%-24s %-11s %-20s %-10s %-10s %-10s %s\n", text_shown(rd_str(g->name), name, sizeof(name)),
		     g->is_certificate ? "certificate" : "token", wr_cstr(&w), day(g->created, when[0]),
		     day(g->used, when[1]), day(g->expires, when[2]),
		     g->revoked ? "revoked" : g->expires && g->expires <= now ? "expired" : "in force");
	return ERR_OK;
}

static int list(struct srv_db *db, const struct srv_admin *a)
{
	int64_t now = clock_wall_s();
	enum err e;

	if (a->operand)
		return USAGE;
	(void)printf("%-24s %-11s %-20s %-10s %-10s %-10s\n", "NAME", "KIND", "ROLES", "MADE", "USED", "UNTIL");
	e = srv_grant_each(db, line_write, &now);
	return e ? failed(db, e, "token list") : fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

struct renewal {
	const char *name;
	int64_t now, overlap;
	uint8_t hash[SHA256_SIZE];
};

static enum err revoke_write(struct srv_db *db, void *ctx)
{
	const struct renewal *r = ctx;

	return srv_grant_revoke(db, r->name, r->now);
}

static enum err rotate_write(struct srv_db *db, void *ctx)
{
	const struct renewal *r = ctx;
	struct srv_grant g;

	return srv_grant_rotate(db, r->name, r->hash, r->now, r->overlap, &g);
}

static int revoke(struct srv_db *db, const struct srv_admin *a)
{
	struct renewal r = { .name = a->operand, .now = clock_wall_s() };
	struct change c = { revoke_write, &r };
	enum err e;

	if (!a->operand)
		return USAGE;
	e = commit(db, "revoke", r.name, &c);
	return e ? failed(db, e, r.name) : EXIT_SUCCESS;
}

static int rotate(struct srv_db *db, const struct srv_admin *a)
{
	struct renewal r = { .name = a->operand, .now = clock_wall_s() };
	struct change c = { rotate_write, &r };
	char token[SRV_TOKEN_SIZE];
	int rc;
	enum err e;

	if (!a->operand || !number_read(a->overlap, 0, &r.overlap))
		return USAGE;
	e = srv_token_new(token, r.hash);
	if (!e)
		e = commit(db, "rotate", r.name, &c);
	rc = e ? failed(db, e, r.name) : token_show(token);
	wipe(token, sizeof(token));
	return rc;
}

static const struct {
	const char *verb, *what;
	int (*run)(struct srv_db *db, const struct srv_admin *a);
} rows[] = {
	{ "token", "add", add }, { "token", "list", list }, { "token", "revoke", revoke },
	{ "token", "rotate", rotate }, { "identity", "add", add },
};

int srv_admin_run(const struct conf *conf, const struct srv_admin *a)
{
	char path[SRV_PATH_MAX];
	struct srv_db *db = NULL;
	int rc = USAGE;
	size_t i = 0;
	enum err e;

	while (i < sizeof(rows) / sizeof(rows[0]) && (strcmp(rows[i].verb, a->verb) || strcmp(rows[i].what, a->what)))
		i++;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return rc;
	e = srv_path_folder(conf->server.state);
	if (!e)
		e = srv_path(path, conf->server.state, SRV_DATABASE);
	if (e) {
		log_tell("%s: %s", conf->server.state, e == ERR_IO ? strerror(errno) : err_text(e));
		return EXIT_FAILURE;
	}
	if (srv_schema_open(path, SRV_DB_SERVE, &db))
		return EXIT_FAILURE;
	rc = rows[i].run(db, a);
	srv_db_close(&db);
	return rc;
}
