/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/page.h"

#include <string.h>

#include "server/web/asset.h"
#include "server/web/form.h"

#define HTML_TYPE "text/html; charset=utf-8"
#define NEXT_MAX 200

/* Nothing from elsewhere, nothing inline, in nobody's frame. */
static const struct { const char *name, *value; } fields[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
	  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'" },
	{ "X-Frame-Options", "DENY" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
};

static const struct {
	const char *path, *name;
	unsigned needs;
} places[] = {
	{ "/", "Waiting", SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX },
	{ "/history", "History", SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX },
	{ "/targets", "Targets", SRV_MAY_READ },
	{ "/custodians", "Custodians", SRV_MAY_READ },
	{ "/audit", "Audit", SRV_MAY_AUDIT },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

void page_enter_open(struct page *p, struct srv *s, struct srv_call *call, uint64_t now_ms)
{
	*p = (struct page){ .s = s, .call = call, .now_ms = now_ms };
	p->session = web_session_find(s, call, now_ms);
	/* A certificate comes with each request; what makes a form ours needs a session all the same. */
	if (!p->session && call->who.roles && !call->request.authorization)
		p->session = web_session_begin(s, call, NULL, now_ms);
}

bool page_may(const struct page *p, unsigned may)
{
	return (p->call->who.may & may) != 0;
}

void page_redirect(struct srv_call *call, const char *to)
{
	srv_call_header(call, "Location", to);
	srv_call_answer(call, 303, NULL);
}

bool page_enter(struct page *p, struct srv *s, struct srv_call *call, unsigned needs, uint64_t now_ms)
{
	char to[3 * NEXT_MAX + 20];
	struct wr w;

	page_enter_open(p, s, call, now_ms);
	if (call->who.roles && page_may(p, needs))
		return true;
	if (call->who.roles) {
		page_refuse(p, 403, "Not for you", "Your role does not include this page.");
		return false;
	}
	WR_ARR(&w, to);
	wr_text(&w, "/sign-in");
	if (!strcmp(call->request.method, "GET") && strlen(call->request.path) < NEXT_MAX &&
	    strcmp(call->request.path, "/")) {
		wr_text(&w, "?next=");
		form_put(&w, call->request.path);
	}
	page_redirect(call, wr_cstr(&w));
	return false;
}

bool page_enter_link(struct page *p, struct srv *s, struct srv_call *call, const char *link, uint64_t now_ms,
		     struct srv_found *f)
{
	enum err e = srv_find_link(s, link, f);

	*p = (struct page){ .s = s, .call = call, .now_ms = now_ms, .by_link = true };
	if (e)
		page_refuse_store(p);
	else if (!srv_is_found(f) && srv_who_admit_rate(s->who, call, SRV_RATE_GUESS, now_ms))
		page_refuse(p, 404, "No such request", "There is none with this link.");
	return !e && srv_is_found(f);
}

static void write_asset_link(struct html *h, const char *name, bool is_script)
{
	char path[100];
	struct wr w;

	WR_ARR(&w, path);
	web_asset_path(name, &w);
	if (is_script) {
		html_open(h, "script", NULL);
		html_attr(h, "src", wr_cstr(&w));
		html_attr(h, "defer", "defer");
	} else {
		html_open(h, "link", NULL);
		html_attr(h, "rel", strstr(name, ".css") ? "stylesheet" : "icon");
		html_attr(h, "href", wr_cstr(&w));
	}
	html_close(h);
}

static void write_meta(struct html *h, const char *name, const char *content)
{
	html_open(h, "meta", NULL);
	html_attr(h, "name", name);
	html_attr(h, "content", content);
	html_close(h);
}

static void write_nav(struct page *p, const char *here)
{
	struct html *h = &p->h;
	size_t i;

	html_open(h, "nav", NULL);
	html_attr(h, "aria-label", "Pages");
	html_open(h, "ul", NULL);
	for (i = 0; i < PLACES; i++) {
		if (!page_may(p, places[i].needs))
			continue;
		html_open(h, "li", NULL);
		html_open(h, "a", NULL);
		html_attr(h, "href", places[i].path);
		if (here && !strcmp(here, places[i].path))
			html_attr(h, "aria-current", "page");
		html_text(h, places[i].name);
		html_close(h);
		html_close(h);
	}
	html_close(h);
	html_close(h);
}

static void write_who(struct page *p)
{
	struct html *h = &p->h;
	size_t i;

	html_open(h, "form", "who");
	html_attr(h, "method", "post");
	html_attr(h, "action", "/sign-out");
	page_form_secret(p);
	html_open(h, "span", NULL);
	html_text(h, "Signed in as ");
	html_element(h, "strong", NULL, p->call->who.name);
	for (i = 0; i < SRV_ROLES; i++)
		if ((p->call->who.roles & SRV_ROLE(i)) && strcmp(srv_role_name((enum srv_role)i), p->call->who.name))
			html_printf(h, ", %s", srv_role_name((enum srv_role)i));
	html_close(h);
	html_element(h, "button", "quiet", "Sign out");
	html_close(h);
}

void page_begin(struct page *p, const char *title, const char *here)
{
	struct html *h = &p->h;

	html_begin(h, &p->call->reply.body);
	html_open(h, "html", NULL);
	html_attr(h, "lang", "en");
	html_open(h, "head", NULL);
	html_open(h, "meta", NULL);
	html_attr(h, "charset", "utf-8");
	html_close(h);
	write_meta(h, "viewport", "width=device-width, initial-scale=1");
	write_meta(h, "color-scheme", "light dark");
	html_open(h, "title", NULL);
	html_printf(h, "%s · quorum11", title);
	html_close(h);
	write_asset_link(h, "style.css", false);
	write_asset_link(h, "icon.svg", false);
	write_asset_link(h, "app.js", true);
	html_close(h);
	html_open(h, "body", NULL);
	html_open(h, "a", "skip");
	html_attr(h, "href", "#main");
	html_text(h, "Skip to the content");
	html_close(h);
	html_open(h, "header", "top");
	html_open(h, "div", "bar");
	html_open(h, "a", "brand");
	html_attr(h, "href", "/");
	html_text(h, "quorum11");
	html_close(h);
	if (p->call->who.roles && !p->by_link)
		write_nav(p, here);
	if (p->session && !p->by_link)
		write_who(p);
	html_close(h);
	html_close(h);
	html_open(h, "main", NULL);
	html_attr(h, "id", "main");
	html_attr(h, "tabindex", "-1");
}

void page_end(struct page *p, int status)
{
	struct html *h = &p->h;
	size_t i;

	html_close(h);
	html_open(h, "footer", NULL);
	html_element(h, "p", NULL, "This server collects approvals and can give none. The card itself verifies each of "
		     "them; a custodian decides by what his own quorum11 approve has verified and shows.");
	html_close(h);
	html_close(h);
	html_close(h);
	html_end(h);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		srv_call_header(p->call, fields[i].name, fields[i].value);
	srv_call_header(p->call, "Referrer-Policy", p->by_link ? "no-referrer" : "same-origin");
	srv_call_answer(p->call, status, HTML_TYPE);
}

void page_refuse_store(struct page *p)
{
	page_refuse(p, 503, "Not now", "The server's store cannot be read now. Try again.");
}

void page_refuse(struct page *p, int status, const char *title, const char *why)
{
	page_begin(p, title, NULL);
	html_element(&p->h, "h1", NULL, title);
	html_element(&p->h, "p", "lead", why);
	if (!p->by_link) {
		html_open(&p->h, "p", NULL);
		html_open(&p->h, "a", NULL);
		html_attr(&p->h, "href", "/");
		html_text(&p->h, "To the waiting requests");
		html_close(&p->h);
		html_close(&p->h);
	}
	page_end(p, status);
}

void page_form_secret(struct page *p)
{
	struct html *h = &p->h;

	html_open(h, "input", NULL);
	html_attr(h, "type", "hidden");
	html_attr(h, "name", "form");
	html_attr(h, "value", p->session ? p->session->form : "");
	html_close(h);
}
