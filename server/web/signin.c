/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "server/web/form.h"
#include "server/web/page.h"

#define TOKEN_TEXT_MAX 256
#define NEXT_SIZE 256

/* Where to go afterwards: a page of ours, or the first one. */
static const char *checked_next(const char *next)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/";

	return next[0] == '/' && next[1] != '/' && !next[strspn(next, plain)] ? next : "/";
}

static void tell(struct srv *s, const struct srv_call *call, const char *what)
{
	struct srv_event ev;

	srv_event_init(&ev, what, NULL, NULL);
	srv_event_text(&ev, "who", call->who.name);
	srv_event_word(&ev, "from", call->request.from);
	srv_event_emit(s->events, &ev);
}

static void show(struct page *p, int status, const char *next, const char *why)
{
	struct html *h = &p->h;

	page_begin(p, "Sign in", NULL);
	html_open(h, "div", "narrow");
	html_element(h, "h1", NULL, "Sign in");
	html_element(h, "p", "lead", "Operators, auditors and readers sign in with their token. Custodians need no "
		     "account: the link they were sent shows their request, and quorum11 approve decides it.");
	if (why) {
		html_open(h, "p", "error");
		html_attr(h, "role", "alert");
		html_attr(h, "id", "why");
		html_text(h, why);
		html_close(h);
	}
	html_open(h, "form", "stack");
	html_attr(h, "method", "post");
	html_attr(h, "action", "/sign-in");
	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "next");
	html_attr(h, "value", checked_next(next));
	html_close(h);
	html_open(h, "label", NULL);
	html_attr(h, "for", "token");
	html_text(h, "Token");
	html_close(h);
	html_open(h, "input", NULL);
	html_attr(h, "id", "token");
	html_attr(h, "type", "password");
	html_attr(h, "name", "token");
	html_attr(h, "autocomplete", "current-password");
	html_attr(h, "autocapitalize", "none");
	html_attr(h, "spellcheck", "false");
	html_attr(h, "required", "required");
	html_attr(h, "aria-describedby", why ? "why hint" : "hint");
	html_close(h);
	html_open(h, "p", "hint");
	html_attr(h, "id", "hint");
	html_text(h, "The operator's is shown by ");
	html_element(h, "code", NULL, "quorum11-server token --print");
	html_text(h, " on the server. The session ends by itself after eight hours.");
	html_close(h);
	html_element(h, "button", "primary", "Sign in");
	html_close(h);
	html_close(h);
	page_end(p, status);
}

/* Why, for people. */
static const char *refusal(int status)
{
	if (status == 429)
		return "Too many attempts from your address. Try again in a minute.";
	if (status >= 500)
		return "The server cannot look up tokens now. Try again.";
	return "This token is not known here, or not any more.";
}

void web_sign_in(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	char next[NEXT_SIZE];
	struct page p;

	(void)arg;
	page_enter_open(&p, s, call, now_ms);
	form_get(rd_str(call->request.query), "next", next, sizeof(next));
	if (call->who.roles)
		page_redirect(call, checked_next(next));
	else
		show(&p, 200, next, NULL);
}

void web_sign_in_post(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	char token[TOKEN_TEXT_MAX], bearer[TOKEN_TEXT_MAX + 8] = "", next[NEXT_SIZE];
	struct page p = { .s = s, .call = call, .now_ms = now_ms };
	struct wr w;
	bool admitted;

	(void)arg;
	form_get(call->request.body, "token", token, sizeof(token));
	form_get(call->request.body, "next", next, sizeof(next));
	token[strcspn(token, " \r\n\t")] = '\0';
	WR_ARR(&w, bearer);
	wr_text(&w, "Bearer ");
	wr_text(&w, token);
	wr_u8(&w, 0);
	if (!web_session_sent(call, NULL)) {
		show(&p, 403, next, "This form was sent from another site. Sign in here.");
		goto out;
	}
	call->request.authorization = bearer;
	admitted = srv_who_admit(s->who, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms);
	call->request.authorization = NULL;
	if (!admitted) {        /* refused as a program would be: said again for people */
		wr_reset(&call->reply.body);
		call->who = (struct srv_identity){ .roles = 0 };
		show(&p, call->reply.status, next, refusal(call->reply.status));
	} else if (!web_session_begin(s, call, bearer, now_ms)) {
		srv_call_refuse(call, 500, "server", "the server failed");
	} else {
		tell(s, call, "sign-in");
		page_redirect(call, checked_next(next));
	}
out:
	wipe(token, sizeof(token));
	wipe(bearer, sizeof(bearer));
}

void web_sign_out(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct web_session *it = web_session_find(s, call, now_ms);

	(void)arg;
	if (it && web_session_sent(call, it)) {
		tell(s, call, "sign-out");
		web_session_end(s, call, it);
	}
	page_redirect(call, "/sign-in");
}
