/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger at the management server, behind its HTTP library: the input is requests, each four parts behind their
 * lengths (two bytes, big endian): method, path and query; header fields, a letter and the value a line; body. So it
 * reaches the routes, the query, cookies, JSON bodies, RAMOverHTTP templates, links and the inbox, and, as an operator
 * ("A"), enrolments, policies and tokens. `make fuzz` builds and runs it with libFuzzer.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "server/call/token.h"
#include "server/front/front.h"
#include "test/folder.h"

#define REQUESTS_MAX 8
#define PART_MAX 65536

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/quorum11-fuzz.XXXXXX";
static struct conf *conf;
static struct srv *srv;
static char operator_token[80];
static uint64_t now_ms = 1000;

static void tidy(void)
{
	srv_stop(srv, now_ms);
	srv_close(&srv);
	conf_free(&conf);
	(void)folder_remove(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[64], text[200];
	struct secret *secret;

	(void)argc, (void)argv;
	if (!mkdtemp(folder))
		abort();
	(void)snprintf(path, sizeof(path), "%s/conf", folder);
	(void)snprintf(text, sizeof(text), "[server]\nhttp = yes\nurl = https://x\nlog = srv+error\nstate = %s/state\n",
		       folder);
	if (file_write(path, 0600, rd_str(text)) || conf_load_file(path, &conf) || srv_log_configure(conf) ||
	    srv_open(conf, SRV_STORE_SERVE, &srv) || srv_token_make(conf->server.state, false) ||
	    srv_token_read(conf->server.state, &secret))
		abort();
	(void)snprintf(operator_token, sizeof(operator_token), "Bearer %.*s", (int)secret_size(secret),
		       (const char *)secret_view(secret).p);
	secret_free(&secret);
	(void)atexit(tidy);
	return 0;
}

/* As the library hands texts over: with a terminator, and without a zero byte before it. */
static bool part_take(struct rd *r, char text[PART_MAX], size_t *size)
{
	struct rd part;
	uint16_t n;

	if (!rd_u16(r, &n) || !rd_take(r, n < r->n ? n : r->n, &part))
		return false;
	if (part.n)
		memcpy(text, part.p, part.n);
	text[part.n] = '\0';
	*size = part.n;
	return true;
}

/* Fields by the first letter of their lines. */
static void fields_take(char *lines, struct srv_request *q)
{
	char *line, *next;

	for (line = lines; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		switch (line[0]) {
		case 'T': q->type = line + 1; break;
		case 't': q->type = "application/org.openscdp-content-mgt-response;version=1.0"; break;
		case 'j': q->type = SRV_JSON; break;
		case 'C': q->cookie = line + 1; break;
		case 'a': q->authorization = line + 1; break;
		case 'A': q->authorization = operator_token; break;
		case 'F': q->host_facts = line + 1; break;
		case 'H': q->host = line + 1; break;
		case 'O': q->origin = line + 1; break;
		case 'S': q->fetch_site = line + 1; break;
		case 'N': q->if_none_match = line + 1; break;
		default: break;
		}
	}
}

/* The session that the last request began, for those after it without a cookie of their own. */
static void request(const struct srv_request *from, char cookie[200])
{
	struct srv_request q = *from;
	struct srv_call call;

	if (!q.cookie && cookie[0])
		q.cookie = cookie;
	srv_call_init(&call);
	call.request = q;
	srv_front_handle(srv, &call, now_ms);
	if (call.done && (call.reply.status < 200 || call.reply.status > 599 ||
			  (call.reply.status == 500 && call.route[0])))
		abort();                        /* nothing that a stranger says is our failure */
	if (call.reply.cookie[0])
		(void)snprintf(cookie, 200, "%.*s", (int)strcspn(call.reply.cookie, ";"), call.reply.cookie);
	if (!call.done)
		srv_gone(srv, &call, now_ms);
	srv_call_fini(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char method[PART_MAX], path[PART_MAX], fields[PART_MAX], body[PART_MAX];
	struct rd r = rd_of(data, size);
	char cookie[200] = "";
	size_t n;

	for (int i = 0; i < REQUESTS_MAX; i++) {
		struct srv_request q = { .method = method, .path = path, .from = "192.0.2.1" };
		char *query;

		if (!part_take(&r, method, &n) || !part_take(&r, path, &n) || !part_take(&r, fields, &n) ||
		    !part_take(&r, body, &n))
			break;
		query = strchr(path, '?');
		if (query) {
			*query = '\0';
			q.query = query + 1;
		}
		fields_take(fields, &q);
		if (n > srv_front_body_max(method, path))
			break;
		q.body = rd_of(body, n);
		request(&q, cookie);
	}
	now_ms += 60000;                /* limits are not what is looked for, and what was begun ends */
	(void)srv_tick(srv, now_ms);
	return 0;
}
