/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/local.h"

#include <stdlib.h>
#include <string.h>

#include "apdu/usb/usb.h"

#define SLICE_MS 500
#define NOT_THIS_WAY CONF_TRANSPORTS

/* How early each way comes; NOT_THIS_WAY: it is left out. */
struct order {
	size_t rank[CONF_TRANSPORTS];
};
/* [transport], read once for each question to it. */
struct plan {
	struct order all;
	size_t n;
	struct { struct rd serial; struct order order; } token[CONF_LIST_MAX];
};

static struct order order_of(const char *text)
{
	enum conf_transport ways[CONF_TRANSPORTS];
	size_t n = conf_transports(text ? text : CONF_ORDER, ways);
	struct order o;

	for (size_t i = 0; i < CONF_TRANSPORTS; i++)
		o.rank[i] = NOT_THIS_WAY;
	for (size_t i = 0; i < n; i++)
		o.rank[ways[i]] = i;
	return o;
}

static void make_plan(const struct conf *conf, struct plan *p)
{
	const struct conf_list *l = &conf->transport.token;

	p->all = order_of(conf->transport.order);
	p->n = l->n;
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strcspn(l->v[i], " \t");

		p->token[i].serial = rd_of(l->v[i], n);
		p->token[i].order = order_of(l->v[i] + n);
	}
}

bool local_has_agent(const struct conf *conf)
{
	return order_of(conf->transport.order).rank[CONF_AGENT] != NOT_THIS_WAY;
}

bool local_is_named(const struct apdu_reader *r, const char *name)
{
	return strcmp(r->name, name) == 0 || (*r->place && strcmp(r->place, name) == 0);
}

bool local_is_admitted(const struct apdu_reader *r, const struct conf_list *names)
{
	return conf_list_admits(names, r->name) || (*r->place && conf_list_admits(names, r->place));
}

/* pcscd's names end with the serial number in brackets, filled up with blanks, and two numbers. */
static bool pcsc_name_has(const char *name, const char *serial, size_t n)
{
	const char *at = n ? strchr(name, '(') : NULL;

	for (; at; at = strchr(at + 1, '('))
		if (strncmp(at + 1, serial, n) == 0 && (at[1 + n] == ' ' || at[1 + n] == ')'))
			return true;
	return false;
}

static bool is_token(const char *reader, struct rd serial)
{
	if (!usb_is_name(reader))
		return pcsc_name_has(reader, (const char *)serial.p, serial.n);
	return rd_eq_str(serial, reader + strlen(USB_PREFIX));
}

/* By the order of its token, or everybody's. */
static size_t rank_of(const struct plan *p, const char *reader)
{
	const struct order *o = &p->all;

	for (size_t i = 0; i < p->n && o == &p->all; i++)
		if (is_token(reader, p->token[i].serial))
			o = &p->token[i].order;
	return o->rank[usb_is_name(reader) ? CONF_USB : CONF_PCSC];
}

bool local_is_same(const char *a, const char *b)
{
	const char *usb = usb_is_name(a) ? a : b, *pcsc = usb == a ? b : a;

	if (!usb_is_name(usb) || usb_is_name(pcsc))
		return false;
	usb += strlen(USB_PREFIX);
	return pcsc_name_has(pcsc, usb, strlen(usb));
}

static bool wants(const struct conf *conf, const struct plan *p, enum conf_transport t)
{
	bool wanted = p->all.rank[t] != NOT_THIS_WAY;

	if (t == CONF_USB && conf->transport.no_usb)
		return false;
	for (size_t i = 0; i < p->n && !wanted; i++)
		wanted = p->token[i].order.rank[t] != NOT_THIS_WAY;
	return wanted;
}

bool local_wants(const struct conf *conf, enum conf_transport t)
{
	struct plan p;

	make_plan(conf, &p);
	return wants(conf, &p, t);
}

/* Left out: by its order, or as the same token comes another way that is before this one. */
static bool is_left_out(const struct plan *p, const struct apdu_reader *r, const struct apdu_readers *others)
{
	size_t mine = rank_of(p, r->name);

	if (mine == NOT_THIS_WAY)
		return true;
	for (size_t i = 0; i < others->n; i++)
		if (local_is_same(r->name, others->v[i].name) && rank_of(p, others->v[i].name) < mine)
			return true;
	return false;
}

static void add(const struct plan *p, const struct apdu_readers *from, const struct apdu_readers *others,
		struct apdu_readers *out)
{
	for (size_t i = 0; i < from->n && out->n < APDU_READERS_MAX; i++)
		if (!is_left_out(p, &from->v[i], others))
			out->v[out->n++] = from->v[i];
}

/* Where pcscd has readers, one that some other process holds is pcscd's, and to be had through it. */
static void drop_closed(struct apdu_readers *usb)
{
	size_t n = 0;

	for (size_t i = 0; i < usb->n; i++)
		if (!usb->v[i].exclusive || usb->v[i].ours)
			usb->v[n++] = usb->v[i];
	usb->n = n;
}

static enum err list_both(const struct conf *conf, struct apdu_readers *pcsc, struct apdu_readers *usb,
			  struct apdu_readers *out)
{
	enum err service = ERR_OK, e = ERR_OK;
	bool asked, usb_first;
	struct plan p;

	make_plan(conf, &p);
	asked = wants(conf, &p, CONF_PCSC);
	usb_first = p.all.rank[CONF_USB] < p.all.rank[CONF_PCSC];
	if (asked)
		service = pcsc_list(pcsc);
	if (service && service != ERR_NO_SERVICE)
		return service;
	if (wants(conf, &p, CONF_USB))
		e = usb_list(asked && !service, usb);
	if (e)
		return e;
	if (pcsc->n)
		drop_closed(usb);
	if (usb_first)
		add(&p, usb, pcsc, out);
	add(&p, pcsc, usb, out);
	if (!usb_first)
		add(&p, usb, pcsc, out);
	return out->n ? ERR_OK : service;
}

enum err local_list(const struct conf *conf, struct apdu_readers *out)
{
	struct apdu_readers *by = calloc(2, sizeof(*by));
	enum err e;

	out->n = 0;
	e = by ? list_both(conf, &by[0], &by[1], out) : ERR_NOMEM;

	free(by);
	return e;
}

/* Until something may have changed: pcscd says so at once; what is plugged in is found when the slice is over. */
static enum err wait_slice(const struct conf *conf, struct apdu_readers *room, struct deadline *dl)
{
	struct deadline slice = deadline_within(dl, SLICE_MS);
	enum err e = ERR_NO_SERVICE;

	if (local_wants(conf, CONF_PCSC))
		e = pcsc_list(room);
	e = e ? usb_wait(&slice) : pcsc_wait(room, &slice);
	return e == ERR_TIMEOUT || e == ERR_NO_SERVICE ? ERR_OK : e;
}

enum err local_wait(const struct conf *conf, struct apdu_readers *last, struct deadline *dl)
{
	struct apdu_readers *now;
	enum err e = ERR_OK;

	if (!local_wants(conf, CONF_USB))
		return pcsc_wait(last, dl);
	now = malloc(sizeof(*now));
	if (!now)
		return ERR_NOMEM;
	while (!e) {
		e = local_list(conf, now);
		if (!e && !apdu_readers_is_same(now, last)) {
			*last = *now;
			break;
		}
		if (!e)
			e = deadline_check(dl);
		if (!e)
			e = wait_slice(conf, now, dl);
	}
	free(now);
	return e;
}

enum err local_open(const struct conf *conf, const char *reader, enum pcsc_share share, struct apdu_link **out)
{
	struct plan p;

	make_plan(conf, &p);
	if (!wants(conf, &p, usb_is_name(reader) ? CONF_USB : CONF_PCSC) || rank_of(&p, reader) == NOT_THIS_WAY)
		return ERR_NO_READER;
	return usb_is_name(reader) ? usb_open(reader, out) : pcsc_open(reader, share, out);
}
