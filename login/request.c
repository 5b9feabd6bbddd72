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
#define TEXT_MAX 512            /* of one claim, bytes: six of them, escaped, stay below REQUEST_JSON_MAX for any sane text */
#define PASSWD_MAX 16384

/* Cut between characters, not in one. */
static struct rd cut(const char *text)
{
	struct rd r = rd_str(text);

	if (r.n <= TEXT_MAX)
		return r;
	r.n = TEXT_MAX;
	while (r.n && (r.p[r.n] & 0xC0) == 0x80)
		r.n--;
	return r;
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

enum err login_request_json(const struct login_request *r, struct wr *out)
{
	char host[HOST_NAME_MAX + 1] = "", user[128], id[2 * LOGIN_ID_SIZE + 1];
	struct wr hex;
	enum err e;

	WR_ARR(&hex, id);
	wr_hex(&hex, RD_ARR(r->login_id));
	if (gethostname(host, sizeof(host) - 1))
		host[0] = 0;
	user_name(user, sizeof(user));
	wr_json_open(out);
	wr_json_number(out, "v", REQUEST_VERSION);
	wr_json_text(out, "login_id", wr_view(&hex));
	wr_json_text(out, "reason", cut(r->reason));
	wr_json_text(out, "host", cut(host));
	wr_json_text(out, "user", cut(user));
	wr_json_text(out, "program", cut(r->program));
	/* Without an agent nothing limits how often the opened keys are used: said, so that custodians see it. */
	wr_json_text(out, "budget", RD_LIT(""));
	wr_json_text(out, "manifest", RD_LIT(""));
	wr_json_bool(out, "exclusive", r->exclusive);
	wr_json_bool(out, "reuse", r->reuse);
	wr_json_close(out);
	e = wr_done(&hex);
	if (!e)
		e = wr_done(out);
	return !e && out->n > REQUEST_JSON_MAX ? ERR_LIMIT : e;
}
