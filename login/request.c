/* SPDX-License-Identifier: Apache-2.0 */
#include "login/request.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define REQUEST_VERSION 1
#define CLAIM_MAX 512           /* a claim as a JSON member, bytes: all of them fit into REQUEST_JSON_MAX */
#define PASSWD_MAX 16384

/* Cut where needed, between characters. How long a text becomes by escaping is known when it is written. */
static void put_claim(struct wr *out, const char *key, const char *text)
{
	struct rd r = rd_str(text);
	struct wr w;

	wr_init_heap(&w, CLAIM_MAX);
	if (r.n > CLAIM_MAX)
		r.n = CLAIM_MAX;
	for (;;) {
		wr_reset(&w);
		wr_json_text(&w, key, r);
		if (wr_done(&w) != ERR_BUFFER || r.n == 0)
			break;
		r.n -= r.n / 8 + 1;
		while (r.n && (r.p[r.n] & 0xC0) == 0x80)
			r.n--;
	}
	if (wr_done(&w))
		wr_fail(out, wr_done(&w));
	wr_json_text(out, key, r);
	wr_free(&w);
}

/* Login name, or the number where it has none. */
static void user_name(char *buf, size_t cap)
{
	struct passwd pw, *found = NULL;
	char *room = malloc(PASSWD_MAX);

	if (room && getpwuid_r(getuid(), &pw, room, PASSWD_MAX, &found) == 0 && found)
		(void)snprintf(buf, cap, "%s", pw.pw_name);
	else
		(void)snprintf(buf, cap, "%u", (unsigned)getuid());
	free(room);
}

/*
 * Without an agent nothing limits how often the opened keys are used: said by an empty text, so that custodians see it
 * and do not believe that they can limit it. An agent that limits nothing could still be told to.
 */
static void put_limits(struct wr *out, const struct pka_limits *l)
{
	char text[LIMITS_TEXT_MAX], digits[2 * SHA256_SIZE];
	struct wr budget, manifest;

	WR_ARR(&budget, text);
	WR_ARR(&manifest, digits);
	if (l && pka_limits_write(l, &budget))
		wr_fail(out, ERR_LIMIT);
	else if (l && budget.n == 0)
		wr_text(&budget, "sign=any");
	if (l && l->has_manifest)
		wr_hex(&manifest, RD_ARR(l->manifest));
	wr_json_text(out, "budget", wr_view(&budget));
	wr_json_text(out, "manifest", wr_view(&manifest));
}

enum err login_request_json(const struct login_request *r, struct wr *out)
{
	char host[HOST_NAME_MAX + 1] = "", own[128], id[2 * LOGIN_ID_SIZE + 1];
	struct wr hex;
	enum err e;

	WR_ARR(&hex, id);
	wr_hex(&hex, RD_ARR(r->login_id));
	if (gethostname(host, sizeof(host) - 1))
		host[0] = 0;
	if (!r->user)
		user_name(own, sizeof(own));
	wr_json_open(out);
	wr_json_number(out, "v", REQUEST_VERSION);
	wr_json_text(out, "login_id", wr_view(&hex));
	put_claim(out, "reason", r->reason);
	put_claim(out, "host", host);
	put_claim(out, "user", r->user ? r->user : own);
	put_claim(out, "program", r->program);
	put_limits(out, r->limits);
	wr_json_bool(out, "exclusive", r->exclusive);
	wr_json_bool(out, "reuse", r->reuse);
	wr_json_close(out);
	e = wr_done(&hex);
	if (!e)
		e = wr_done(out);
	return !e && out->n > REQUEST_JSON_MAX ? ERR_LIMIT : e;
}
