/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/local.h"

#include <stdlib.h>
#include <string.h>

#include "apdu/usb/usb.h"

#define SLICE_MS 500
#define NOT_THIS_WAY CONF_TRANSPORTS

struct order {
	size_t n;
	enum conf_transport v[CONF_TRANSPORTS];
};

static struct order order_of(const char *text)
{
	struct order o;

	o.n = conf_transports(text ? text : CONF_ORDER, o.v);
	return o;
}

/* How early a way comes; NOT_THIS_WAY: it is left out. */
static size_t rank(const struct order *o, enum conf_transport t)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i] == t)
			return i;
	return NOT_THIS_WAY;
}

bool local_has_agent(const struct conf *conf)
{
	struct order o = order_of(conf->transport.order);

	return rank(&o, CONF_AGENT) != NOT_THIS_WAY;
}

bool local_is_named(const struct pcsc_reader *r, const char *name)
{
	return strcmp(r->name, name) == 0 || (*r->place && strcmp(r->place, name) == 0);
}

bool local_is_admitted(const struct pcsc_reader *r, const struct conf_list *names)
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

static bool is_token(const char *reader, const char *serial, size_t n)
{
	if (!usb_is_name(reader))
		return pcsc_name_has(reader, serial, n);
	reader += strlen(USB_PREFIX);
	return strncmp(reader, serial, n) == 0 && !reader[n];
}

/* The order for a reader: its token's, or everybody's. */
static struct order order_for(const struct conf *conf, const char *reader)
{
	const struct conf_list *l = &conf->transport.token;

	for (size_t i = 0; i < l->n; i++) {
		size_t n = strcspn(l->v[i], " \t");

		if (is_token(reader, l->v[i], n))
			return order_of(l->v[i] + n);
	}
	return order_of(conf->transport.order);
}

static size_t rank_of(const struct conf *conf, const char *reader)
{
	struct order o = order_for(conf, reader);

	return rank(&o, usb_is_name(reader) ? CONF_USB : CONF_PCSC);
}

bool local_is_same(const char *a, const char *b)
{
	const char *usb = usb_is_name(a) ? a : b, *pcsc = usb == a ? b : a;

	if (!usb_is_name(usb) || usb_is_name(pcsc))
		return false;
	usb += strlen(USB_PREFIX);
	return pcsc_name_has(pcsc, usb, strlen(usb));
}

bool local_wants(const struct conf *conf, enum conf_transport t)
{
	struct order o = order_of(conf->transport.order);
	bool wanted = rank(&o, t) != NOT_THIS_WAY;

	if (t == CONF_USB && conf->transport.no_usb)
		return false;
	for (size_t i = 0; i < conf->transport.token.n && !wanted; i++) {
		const char *text = conf->transport.token.v[i];

		o = order_of(text + strcspn(text, " \t"));
		wanted = rank(&o, t) != NOT_THIS_WAY;
	}
	return wanted;
}

/* Left out: by its order, or as the same token comes another way that is before this one. */
static bool is_left_out(const struct conf *conf, const struct pcsc_reader *r, const struct pcsc_readers *others)
{
	size_t mine = rank_of(conf, r->name);

	if (mine == NOT_THIS_WAY)
		return true;
	for (size_t i = 0; i < others->n; i++)
		if (local_is_same(r->name, others->v[i].name) && rank_of(conf, others->v[i].name) < mine)
			return true;
	return false;
}

static void add(const struct conf *conf, const struct pcsc_readers *from, const struct pcsc_readers *others,
		struct pcsc_readers *out)
{
	for (size_t i = 0; i < from->n && out->n < PCSC_READERS_MAX; i++)
		if (!is_left_out(conf, &from->v[i], others))
			out->v[out->n++] = from->v[i];
}

/* Where pcscd has readers, one that some other process holds is pcscd's, and to be had through it. */
static void drop_closed(struct pcsc_readers *usb)
{
	size_t n = 0;

	for (size_t i = 0; i < usb->n; i++)
		if (!usb->v[i].exclusive || usb->v[i].ours)
			usb->v[n++] = usb->v[i];
	usb->n = n;
}

static enum err list_both(const struct conf *conf, struct pcsc_readers *pcsc, struct pcsc_readers *usb,
			  struct pcsc_readers *out)
{
	struct order o = order_of(conf->transport.order);
	bool asked = local_wants(conf, CONF_PCSC), usb_first = rank(&o, CONF_USB) < rank(&o, CONF_PCSC);
	enum err service = asked ? pcsc_list(pcsc) : ERR_OK, e = ERR_OK;

	if (service && service != ERR_NO_SERVICE)
		return service;
	if (local_wants(conf, CONF_USB))
		e = usb_list(asked && !service, usb);
	if (e)
		return e;
	if (pcsc->n)
		drop_closed(usb);
	if (usb_first)
		add(conf, usb, pcsc, out);
	add(conf, pcsc, usb, out);
	if (!usb_first)
		add(conf, usb, pcsc, out);
	return out->n ? ERR_OK : service;
}

enum err local_list(const struct conf *conf, struct pcsc_readers *out)
{
	struct pcsc_readers *by = calloc(2, sizeof(*by));
	enum err e;

	out->n = 0;
	e = by ? list_both(conf, &by[0], &by[1], out) : ERR_NOMEM;

	free(by);
	return e;
}

/* Until something may have changed: pcscd says so at once; what is plugged in is found when the slice is over. */
static enum err wait_slice(const struct conf *conf, struct pcsc_readers *room, struct deadline *dl)
{
	struct deadline slice = deadline_within(dl, SLICE_MS);
	enum err e = ERR_NO_SERVICE;

	if (local_wants(conf, CONF_PCSC))
		e = pcsc_list(room);
	e = e ? usb_wait(&slice) : pcsc_wait(room, &slice);
	return e == ERR_TIMEOUT || e == ERR_NO_SERVICE ? ERR_OK : e;
}

enum err local_wait(const struct conf *conf, struct pcsc_readers *last, struct deadline *dl)
{
	struct pcsc_readers *now;
	enum err e = ERR_OK;

	if (!local_wants(conf, CONF_USB))
		return pcsc_wait(last, dl);
	now = malloc(sizeof(*now));
	if (!now)
		return ERR_NOMEM;
	while (!e) {
		e = local_list(conf, now);
		if (!e && !pcsc_is_same(now, last)) {
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
	if (!local_wants(conf, usb_is_name(reader) ? CONF_USB : CONF_PCSC) || rank_of(conf, reader) == NOT_THIS_WAY)
		return ERR_NO_READER;
	return usb_is_name(reader) ? usb_open(reader, out) : pcsc_open(reader, share, out);
}
