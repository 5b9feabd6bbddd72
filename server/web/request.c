/* SPDX-License-Identifier: Apache-2.0 */
/* One request in full: what is claimed and what is proven never stand in the same box. */
#include <string.h>

#include "base/text.h"
#include "pka/message.h"
#include "server/ceremony/request_json.h"
#include "server/web/view.h"

static const struct { const char *result, *mark, *text; } results[] = {
	{ "pass", "good", "Passed" }, { "fail", "bad", "Failed" }, { "not_made", "over", "Not made" },
};

#define NONE "There is none with this id that you may see."

static void part_open(struct html *h, const char *part, const char *class_, const char *title)
{
	char id[40];
	struct wr w;

	WR_ARR(&w, id);
	wr_printf(&w, "h-%s", part);
	html_open(h, "section", class_);
	html_attr(h, "data-part", part);
	html_attr(h, "aria-labelledby", wr_cstr(&w));
	html_open(h, "h2", NULL);
	html_attr(h, "id", wr_cstr(&w));
	html_text(h, title);
	html_close(h);
}

/* As it would be called: the server's own name, or the one that this browser has used for it. */
static void put_url(const struct page *p, struct wr *w)
{
	const struct conf *conf = p->s->conf;

	if (conf->server.url)
		wr_text(w, conf->server.url);
	else
		wr_printf(w, "%s://%s", conf->server.cert ? "https" : "http",
			  p->call->request.host ? p->call->request.host : conf->server.listen);
}

/* What an approval means where a client of another maker holds the card. */
static void write_hold(struct html *h, uint32_t seconds)
{
	uint8_t buf[40];
	struct wr w;

	WR_ARR(&w, buf);
	wr_duration(&w, seconds);
	html_open(h, "p", "hint");
	html_attr(h, "data-part", "hold");
	html_printf(h, "Once open, the card is held open for up to %s, for every program of its host; nobody keeps "
		    "limits there. A custodian or an operator can end that sooner.", wr_cstr(&w));
	html_close(h);
}

static void write_summary(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	char reason[SHOWN_MAX];

	html_open(h, "div", "head");
	html_attr(h, "data-part", "summary");
	html_open(h, "div", NULL);
	html_attr(h, "role", "status");
	view_state(h, r);
	view_progress(h, r);
	html_close(h);
	html_open(h, "p", "meta");
	view_asked(h, r);
	html_close(h);
	if (view_text(r, "why")[0])
		html_element(h, "p", "why", view_text(r, "why"));
	if (json_is_integer(json_object_get(r, "hold_seconds")))
		write_hold(h, (uint32_t)view_number(r, "hold_seconds"));
	html_close(h);
	if (view_reason(r, reason, sizeof(reason))[0]) {
		html_open(h, "p", "says");
		html_element(h, "span", "label", "The host says");
		html_text(h, " ");
		html_element(h, "q", NULL, reason);
		html_close(h);
	}
}

static void write_code(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	char code[PKA_CODE_SIZE] = "";
	struct wr challenge, host;

	wr_init_heap(&challenge, PKA_CHALLENGE_SIZE);
	wr_init_heap(&host, REQUEST_JSON_MAX);
	if (srv_json_read_bytes(json_object_get(r, "challenge"), &challenge) ||
	    (json_is_string(json_object_get(r, "host_json")) &&
	     srv_json_read_bytes(json_object_get(r, "host_json"), &host)) ||
	    pka_code(rd_str(view_text(r, "device_id")), wr_view(&challenge), wr_view(&host), code))
		code[0] = '\0';
	part_open(h, "code", "box code-box", "Code");
	if (code[0]) {
		html_open(h, "p", "code");
		html_attr(h, "id", "code");
		html_text(h, code);
		html_close(h);
		html_element(h, "p", "hint", "Custodian and host compare it over the telephone. Believe your own "
			     "quorum11 approve, not this page: it computes the code by itself, from the card's "
			     "number, its challenge and what the host says. If it shows another one, do not approve.");
	} else {
		html_element(h, "p", "hint", view_is_live(r)
			     ? "There is no code yet: it comes with the card's challenge, in this card's case when a "
			       "custodian takes his turn. His own quorum11 approve shows it."
			     : "The request has ended, and its challenge with it.");
	}
	html_close(h);
	wr_free(&host);
	wr_free(&challenge);
}

static void write_people(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	const char *decision, *turn = view_text(r, "turn");
	const json_t *o;
	size_t i;

	part_open(h, "people", "box", "Custodians");
	html_open(h, "p", NULL);
	html_printf(h, "%lld of %lld must approve.", (long long)view_number(r, "n"), (long long)view_number(r, "m"));
	if (json_is_true(json_object_get(r, "changed_mode")))
		html_text(h, " Some were asked again: the card takes only one signature for each challenge.");
	html_close(h);
	html_open(h, "ul", "people");
	html_attr(h, "role", "list");
	json_array_foreach(json_object_get(r, "custodians"), i, o) {
		decision = view_text(o, "decision");
		html_open(h, "li", NULL);
		html_element(h, "span", "id", view_text(o, "chr"));
		html_text(h, " ");
		if (!decision[0]) {
			html_element(h, "span", "state over", !view_is_live(r) ? "Did not decide"
				     : turn[0] && !strcmp(turn, view_text(o, "chr")) ? "It is his turn" : "Not yet");
		} else {
			html_element(h, "span", decision[0] == 'a' ? "state good" : "state bad",
				     decision[0] == 'a' ? "Approved" : "Denied");
			html_text(h, " ");
			view_time(h, view_number(o, "when"));
			if (json_is_true(json_object_get(o, "stock")))
				html_element(h, "span", "hint", " by a client of another maker, without a statement: "
					     "it has shown him nothing and checked nothing");
		}
		html_close(h);
	}
	html_close(h);
	if (view_text(r, "ended_by")[0]) {
		html_open(h, "p", NULL);
		html_printf(h, "%s has ended the approval; the host closes the card.", view_text(r, "ended_by"));
		html_close(h);
	}
	html_close(h);
}

static void write_claims(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	struct wr host;

	wr_init_heap(&host, REQUEST_JSON_MAX);
	if (json_is_string(json_object_get(r, "host_json")) &&
	    srv_json_read_bytes(json_object_get(r, "host_json"), &host))
		wr_reset(&host);
	part_open(h, "claimed", "box claimed", "Claimed by the host");
	html_element(h, "p", "hint", "Checked by nobody. Whoever runs the host can write anything here.");
	view_claims(h, wr_view(&host));
	html_close(h);
	wr_free(&host);
}

static void write_keys(struct html *h, const json_t *r)
{
	const json_t *o;
	size_t i;

	html_element(h, "h3", NULL, "Keys that an approval opens");
	if (!json_array_size(json_object_get(r, "keys")))
		html_element(h, "p", NULL, "none");
	html_open(h, "ul", "people");
	html_attr(h, "role", "list");
	json_array_foreach(json_object_get(r, "keys"), i, o) {
		html_open(h, "li", NULL);
		html_printf(h, "%lld ", (long long)view_number(o, "key"));
		html_element(h, "span", "name", view_text(o, "label"));
		html_text(h, " ");
		if (json_is_true(json_object_get(o, "attested")))
			html_element(h, "span", "state good", "Made in this card");
		else
			html_element(h, "span", "state over", "Nobody can prove where it comes from");
		html_close(h);
	}
	html_close(h);
}

static void write_verdict(struct html *h, const json_t *r)
{
	const json_t *o;
	char class_[30];
	struct wr w;
	size_t i, k;

	html_element(h, "h3", NULL, "Check by check");
	html_open(h, "ul", "checks");
	html_attr(h, "role", "list");
	json_array_foreach(json_object_get(r, "verdict"), i, o) {
		for (k = 0; k < 2 && strcmp(results[k].result, view_text(o, "result")); k++)
			;
		WR_ARR(&w, class_);
		wr_printf(&w, "state %s", results[k].mark);
		html_open(h, "li", NULL);
		html_element(h, "span", wr_cstr(&w), results[k].text);
		html_text(h, " ");
		html_element(h, "span", "id", view_text(o, "check"));
		html_text(h, " ");
		html_element(h, "span", "what", view_text(o, "text"));
		html_close(h);
	}
	html_close(h);
}

static void write_proven(struct page *p, const json_t *r)
{
	const struct srv_target *t = p->s->store.ops->get(p->s->store.ctx, view_text(r, "device_id"));
	bool unverified = json_is_true(json_object_get(r, "unverified"));
	struct html *h = &p->h;

	part_open(h, "proven", unverified ? "box unverified" : "box proven",
		  unverified ? "UNVERIFIED: the card proves nothing" : "Proven by the card");
	html_element(h, "p", "hint", unverified
		     ? "It has no certificate chain; the operator has enrolled it all the same. Nobody can prove what "
		       "it is."
		     : "Checked here, and once more by each custodian's own client, which is the one that counts.");
	html_open(h, "dl", "facts");
	view_fact(h, "Card", view_text(r, "device_id"));
	if (t && t->path[0])
		view_fact(h, "Certified by", t->path);
	html_close(h);
	write_keys(h, r);
	write_verdict(h, r);
	html_close(h);
}

/* link: "" if it is not for this reader. */
static void write_approve(struct page *p, const json_t *r, const char *link)
{
	struct html *h = &p->h;
	char url[400], command[500];
	struct wr w, c;

	WR_ARR(&w, url);
	WR_ARR(&c, command);
	put_url(p, &w);
	if (link[0])
		wr_printf(&w, "/r/%s", link);
	wr_printf(&c, "quorum11 approve %s%s%s", wr_cstr(&w), link[0] ? "" : " ", link[0] ? "" : view_text(r, "id"));
	part_open(h, "approve", "box approve", "Approve or deny");
	html_element(h, "p", NULL, "A custodian decides on a computer with his card reader. This command shows the "
		     "request as his own client has verified it, and asks before it signs.");
	view_copy(h, "Command to approve", wr_cstr(&c));
	if (link[0] && p->s->conf->server.stock_custodians && json_is_null(json_object_get(r, "host_json"))) {
		WR_ARR(&c, command);
		put_url(p, &c);
		wr_printf(&c, "/rt/r/%s", link);
		html_element(h, "p", "hint", "A RAMOverHTTP client of another maker approves as soon as it connects "
			     "here with its PIN verified; it checks nothing and asks nobody.");
		view_copy(h, "Address for a client of another maker", wr_cstr(&c));
	}
	if (!link[0])
		wr_printf(&w, "/requests/%s", view_text(r, "id"));
	html_open(h, "figure", NULL);
	view_qr(h, "QR code of the link to this request", wr_cstr(&w));
	html_element(h, "figcaption", "hint", "The link to this page, for a telephone.");
	html_close(h);
	html_close(h);
}

static void write_cancel(struct page *p, const json_t *r)
{
	struct html *h = &p->h;
	char path[70];
	struct wr w;

	WR_ARR(&w, path);
	wr_printf(&w, "/requests/%s/cancel", view_text(r, "id"));
	html_open(h, "details", "cancel");
	html_attr(h, "data-part", "cancel");
	html_element(h, "summary", NULL, "Cancel this request");
	html_open(h, "form", "stack");
	html_attr(h, "method", "post");
	html_attr(h, "action", wr_cstr(&w));
	page_form_secret(p);
	html_element(h, "p", NULL, "The host's login fails, and approvals given so far count for nothing. The host may "
		     "ask again.");
	html_element(h, "button", "danger", "Cancel the request");
	html_close(h);
	html_close(h);
}

static void show(struct page *p, const struct srv_found *f)
{
	json_t *r = srv_found_json(p->s, f, &p->call->who, SRV_IN_FULL, p->now_ms);
	const char *link = f->live ? f->live->link : "";
	char events[SRV_LINK_SIZE + 20];
	struct wr w;
	bool has_link = p->by_link || view_text(r, "link")[0];
	struct html *h = &p->h;

	if (!r) {
		srv_call_refuse(p->call, 500, "server", "the server failed");
		return;
	}
	page_begin(p, view_device(p->s, r), NULL);
	html_open(h, "article", "live");
	html_attr(h, "data-live", view_text(r, "id"));
	if (p->by_link && f->live) {
		WR_ARR(&w, events);
		wr_printf(&w, "/r/%s/events", link);
		html_attr(h, "data-events", wr_cstr(&w));
	}
	html_element(h, "p", "eyebrow", "Request for the card");
	html_element(h, "h1", NULL, view_device(p->s, r));
	write_summary(p, r);
	html_open(h, "div", "columns");
	write_code(p, r);
	write_people(p, r);
	write_claims(p, r);
	write_proven(p, r);
	if (view_is_live(r))
		write_approve(p, r, has_link ? link : "");
	part_open(h, "here", "box", "Seen by this server");
	html_open(h, "dl", "facts");
	view_fact(h, "Asked from", f->live ? f->live->from : f->past->from);
	view_fact(h, "Request", view_text(r, "id"));
	view_fact(h, "Login", view_text(r, "login_id"));
	view_fact(h, "Challenges", !strcmp(view_text(r, "mode"), "shared") ? "one for all custodians" :
		  "one for each custodian, in turns");
	html_close(h);
	html_close(h);
	html_close(h);
	if (view_is_live(r) && p->session && page_may(p, SRV_MAY_CANCEL))
		write_cancel(p, r);
	html_close(h);
	page_end(p, 200);
	json_decref(r);
}

void web_request(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;
	struct page p;

	if (!page_enter(&p, s, call, SRV_MAY_READ | SRV_MAY_OWN | SRV_MAY_INBOX, now_ms))
		return;
	if (srv_find(s, arg, &f))
		page_refuse_store(&p);
	else if (srv_found_is_seen_by(&f, &call->who))
		show(&p, &f);
	else
		page_refuse(&p, 404, "No such request", NONE);
	srv_found_free(&f);
}

void web_link(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_found f;
	struct page p;

	if (page_enter_link(&p, s, call, arg, now_ms, &f))
		show(&p, &f);
	srv_found_free(&f);
}

void web_cancel(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	struct srv_ceremony *c;
	struct srv_found f;
	struct page p;
	char path[60];
	struct wr w;

	if (!page_enter(&p, s, call, SRV_MAY_CANCEL, now_ms))
		return;
	if (!p.session || !web_session_sent(call, p.session)) {
		page_refuse(&p, 403, "Not cancelled", "This form did not come from a page of this session. Open the "
			    "request again.");
		return;
	}
	if (srv_find(s, arg, &f)) {
		page_refuse_store(&p);
	} else if (!srv_is_found(&f)) {
		page_refuse(&p, 404, "No such request", NONE);
	} else {
		c = srv_desk_find(s->desk, arg);        /* of a card that is held open, too */
		if (c)
			(void)srv_ceremony_cancel(c, call, now_ms);
		WR_ARR(&w, path);               /* if it has ended, the page says how */
		wr_printf(&w, "/requests/%s", arg);
		page_redirect(call, wr_cstr(&w));
	}
	srv_found_free(&f);
}
