/* SPDX-License-Identifier: Apache-2.0 */
#include "server/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "server/call/token.h"
#include "server/http/http.h"
#include "server/store/policy.h"
#include "server/tls/tls.h"

#define HOST_SIZE 256

/* What was found; each has been said. */
struct found {
	unsigned wrong, warned;
};

static const char *date(int64_t t, char out[32])
{
	struct wr w;

	wr_init(&w, out, 32);
	wr_time(&w, t);
	return wr_cstr(&w);
}

/* ---- the certificate ---- */

static void dates_check(struct found *f, const struct conf *conf, const struct srv_tls *t, int64_t now)
{
	char when[32];

	if (now < srv_tls_starts(t)) {
		f->wrong++;
		log_tell("[server] cert = %s cannot be used before %s", conf->server.cert,
			 date(srv_tls_starts(t), when));
	} else if (now > srv_tls_expires(t)) {
		f->wrong++;
		log_tell("[server] cert = %s has expired at %s; nobody can connect", conf->server.cert,
			 date(srv_tls_expires(t), when));
	} else if (now > srv_tls_expires(t) - SRV_EXPIRES_SOON_S) {
		f->warned++;
		log_tell("warning: [server] cert = %s expires at %s, in less than 30 days", conf->server.cert,
			 date(srv_tls_expires(t), when));
	}
}

/* Host and scheme of "https://host:port/path"; false: not such a text. */
static bool url_split(const char *url, bool *is_https, char host[HOST_SIZE])
{
	const char *at = strstr(url, "://");
	size_t n;

	if (!at)
		return false;
	*is_https = at - url == 5 && !strncmp(url, "https", 5);
	if (!*is_https && (at - url != 4 || strncmp(url, "http", 4)))
		return false;
	at += 3;
	if (*at == '[') {               /* an IPv6 address (RFC 3986 3.2.2) */
		n = strcspn(++at, "]");
		if (at[n] != ']')
			return false;
	} else {
		n = strcspn(at, ":/");
	}
	if (!n || n >= HOST_SIZE)
		return false;
	memcpy(host, at, n);
	host[n] = '\0';
	return true;
}

static void url_check(struct found *f, const struct conf *conf, const struct srv_tls *t)
{
	const char *url = conf->server.url;
	char host[HOST_SIZE];
	bool is_https;

	if (!url)
		return;
	if (!url_split(url, &is_https, host)) {
		f->wrong++;
		log_tell("[server] url = %s is none: https://NAME:PORT", url);
	} else if (is_https != (t != NULL)) {
		f->wrong++;
		log_tell("[server] url = %s, but the server speaks %s", url, t ? "https" : "http");
	} else if (t && !srv_tls_is_for(t, host)) {
		f->wrong++;
		log_tell("[server] url = %s, but the certificate %s is not for %s; hosts and custodians would refuse "
			 "it", url, conf->server.cert, host);
	}
}

/* ---- files ---- */

/* A key that everybody of this machine can read, and a folder that others can look into. */
static void modes_check(struct found *f, const struct conf *conf)
{
	struct secret *token = NULL;
	struct stat st;
	bool missing;
	enum err e;

	if (conf->server.key && !stat(conf->server.key, &st) && st.st_mode & S_IROTH) {
		f->wrong++;
		log_tell("[server] key = %s can be read by everybody; chmod o= it", conf->server.key);
	}
	if (!stat(conf->server.state, &st) && st.st_mode & (S_IRWXG | S_IRWXO)) {
		f->warned++;
		log_tell("warning: [server] state = %s has mode %04o; others can look into it; chmod 0700 it",
			 conf->server.state, st.st_mode & 07777);
	}
	e = srv_token_read(conf->server.state, &token);
	missing = e == ERR_NOT_FOUND;
	secret_free(&token);
	if (missing) {
		f->warned++;
		log_tell("warning: there is no operator's token yet; quorum11-server token makes one");
	} else if (e) {
		f->wrong++;
		log_tell("the operator's token %s/token: %s", conf->server.state,
			 e == ERR_REFUSED ? "others can read it; make another one by quorum11-server token --replace" :
			 err_text(e));
	}
}

/* ---- who is told ---- */

static void program_check(struct found *f, const char *key, const char *path)
{
	if (!access(path, X_OK))
		return;
	f->wrong++;
	log_tell("[notify] %s: %s: %s", key, path, strerror(errno));
}

static void secret_check(struct found *f, const char *key, const char *path)
{
	struct secret *secret = NULL;
	enum err e = path ? secret_read_file(path, &secret) : ERR_OK;

	if (e) {
		f->wrong++;
		log_tell("[notify] %s: %s: %s", key, path, e == ERR_REFUSED ? "others can read it; chmod 0600 it" :
			 e == ERR_IO ? strerror(errno) : err_text(e));
	}
	secret_free(&secret);
}

static void ways_check(struct found *f, const struct conf *conf, const struct srv_recipients *r)
{
	const struct srv_way *w;
	size_t i;

	for (i = 0; i < r->n; i++) {
		w = &r->v[i];
		program_check(f, srv_way_names[w->kind],
			      w->kind == SRV_BY_COMMAND ? w->word[1] : conf->notify.program);
		if (w->kind == SRV_BY_WEBHOOK)
			secret_check(f, "webhook", w->word[2]);
	}
	secret_check(f, "smtp_password", conf->notify.smtp_password);
	if (conf->notify.ca && access(conf->notify.ca, R_OK)) {
		f->wrong++;
		log_tell("[notify] ca: %s: %s", conf->notify.ca, strerror(errno));
	}
	if (r->n && !conf->server.url) {
		f->warned++;
		log_tell("warning: [notify] people are told, but [server] url is not set: links name the address "
			 "that the server listens on");
	}
}

/* A name that a policy has and the settings have lost: nobody is told in its place. */
static void policies_check(struct found *f, const struct srv *s)
{
	struct srv_policy *p = calloc(1, sizeof(*p));
	const struct srv_target *t = NULL;
	char why[200];
	size_t i;

	while (p && (t = s->store.ops->next(s->store.ctx, t))) {
		if (srv_store_policy_get(&s->store, t->device_id, p, why, sizeof(why))) {
			f->wrong++;
			log_tell("the policy of card %s cannot be read: %s", t->device_id, why);
			srv_policy_init(p);
		}
		for (i = 0; i < p->tell.n; i++) {
			if (srv_recipients_has(srv_notify_recipients(s->notify), p->tell.v[i]))
				continue;
			f->warned++;
			log_tell("warning: the policy of card %s tells %s, whom [notify] does not name", t->device_id,
				 p->tell.v[i]);
		}
	}
	free(p);
}

int srv_check(const struct conf *conf)
{
	struct found f = { 0 };
	struct srv *s = NULL;
	struct srv_http *h = NULL;
	int rc = EXIT_FAILURE;

	if (srv_open(conf, SRV_STORE_LOOK, &s) || srv_http_open(s, true, &h))
		goto out;
	if (srv_tls_used())
		dates_check(&f, conf, srv_tls_used(), clock_wall_s());
	url_check(&f, conf, srv_tls_used());
	modes_check(&f, conf);
	ways_check(&f, conf, srv_notify_recipients(s->notify));
	policies_check(&f, s);
	(void)printf("%zu enrolled, %zu refused; would serve on %s; %u wrong, %u warnings\n",
		     srv_store_target_count(&s->store), s->refused, conf->server.listen, f.wrong, f.warned);
	rc = s->refused || f.wrong ? EXIT_FAILURE : EXIT_SUCCESS;
out:
	srv_http_close(&h);
	srv_close(&s);
	return rc;
}
