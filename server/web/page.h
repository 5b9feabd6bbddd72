/* SPDX-License-Identifier: Apache-2.0 */
/* One page: who may see it, its frame, and the fields of its header. */
#ifndef SERVER_WEB_PAGE_H
#define SERVER_WEB_PAGE_H

#include "server/srv/found.h"
#include "server/web/html.h"
#include "server/web/session.h"
#include "server/web/web.h"

struct page {
	struct srv *s;
	struct srv_call *call;
	uint64_t now_ms;
	struct web_session *session;    /* NULL: nobody is signed in */
	bool by_link;                   /* no address of it may leave this browser */
	struct html h;
};
/*
 * May whoever calls do one of needs (srv_may)? false: the call is answered: nobody is sent to the sign-in, somebody
 * else is told that it is not his.
 */
MUST bool page_enter(struct page *p, struct srv *s, struct srv_call *call, unsigned needs, uint64_t now_ms);
/*
 * Does this call have a request's link? Then p is for whoever has it, signed in or not. false: the call is answered. f
 * needs srv_found_free in any case.
 */
MUST bool page_enter_link(struct page *p, struct srv *s, struct srv_call *call, const char *link, uint64_t now_ms,
			  struct srv_found *f);
/* For everybody. */
void page_enter_open(struct page *p, struct srv *s, struct srv_call *call, uint64_t now_ms);
bool page_may(const struct page *p, unsigned may);

/* here: the address of the entry of the navigation that this page belongs to, NULL: none. */
void page_begin(struct page *p, const char *title, const char *here);
void page_end(struct page *p, int status);
/* A whole page that says why there is no other. */
void page_refuse_store(struct page *p);         /* the store cannot be read now */
void page_refuse(struct page *p, int status, const char *title, const char *why);
void page_redirect(struct srv_call *call, const char *to);
/* The hidden field without which a POST does not count. */
void page_form_secret(struct page *p);

#endif
