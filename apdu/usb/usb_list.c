/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/ccid_card.h"
#include "apdu/usb/usb_held.h"
#include "apdu/usb/usb_io.h"
#include "apdu/usb/usb_mark.h"
#include "base/log.h"
#include "base/process_lock.h"

#define FRESH_MS 3000           /* how long a reader that was plugged in is left to pcscd */

/* ---- what was found last ---- */

/*
 * As long as nothing was plugged in or out, and all readers are held by this process, libusb is not asked: it looks at
 * every device of the machine, and starts a thread for that.
 */
struct last {
	bool whole;                     /* nothing was left out */
	struct usb_mark mark;
	size_t n;
	struct { char name[READER_NAME_MAX], place[READER_NAME_MAX]; uint8_t address; } v[APDU_READERS_MAX];
};

static struct last last;
static struct process_lock lock;

static bool list_by_last(const struct usb_mark *now, struct apdu_readers *out)
{
	bool good;

	process_lock_take(&lock);
	good = last.whole && now->known && now->value == last.mark.value;
	for (size_t i = 0; good && i < last.n; i++) {
		struct apdu_reader *r = &out->v[i];

		*r = (struct apdu_reader){ .in_use = true, .exclusive = true, .ours = true };
		good = usb_held_by_us(last.v[i].place, &r->has_card);
		if (!good)
			break;
		memcpy(r->name, last.v[i].name, sizeof(r->name));
		memcpy(r->place, last.v[i].place, sizeof(r->place));
		r->events = usb_held_events(r->place, last.v[i].address, r->has_card, true);
	}
	out->n = good ? last.n : 0;
	process_lock_give(&lock);
	return good;
}

static void keep_last(const struct usb_mark *now, const struct usb_readers *all, bool whole)
{
	process_lock_take(&lock);
	last.whole = whole;
	last.mark = *now;
	last.n = all->n;
	for (size_t i = 0; i < all->n; i++) {
		memcpy(last.v[i].name, all->v[i].name, sizeof(last.v[i].name));
		memcpy(last.v[i].place, all->v[i].place, sizeof(last.v[i].place));
		last.v[i].address = libusb_get_device_address(all->v[i].device);
	}
	process_lock_give(&lock);
}

/* ---- list ---- */

/* The card in a reader that nobody holds: its slot is asked, nothing is powered. *on: it has power. */
static enum err look(libusb_context *context, const struct usb_reader *r, bool *card, bool *on)
{
	struct usb_io u;
	struct ccid_card c;
	struct ccid_io io;
	enum err e = usb_io_open(&u, context, r);

	if (e)
		return e;
	io = usb_io_ccid(&u);
	e = ccid_card_init(&c, &io, &r->desc, r->name);
	if (!e) {
		e = ccid_card_look(&c, on);
		*card = !e;
		if (e == ERR_NO_CARD)
			e = ERR_OK;
		ccid_card_free(&c);
	}
	usb_io_close(&u);
	return e;
}

/* One line of the list; false: it is left out this time. */
static bool list_one(libusb_context *context, const struct usb_reader *r, bool polite, struct apdu_reader *out)
{
	char why[USB_WHY_MAX];
	bool card = true, on = true, ours;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, r->name, sizeof(out->name));
	memcpy(out->place, r->place, sizeof(out->place));
	ours = usb_held_by_us(r->place, &card);
	if (!ours && polite && usb_plugged_ms(r) < FRESH_MS)
		return false;
	if (!ours)
		e = look(context, r, &card, &on);
	if (e && e != ERR_SHARING) {
		usb_explain(r, e, why, sizeof(why));
		log_line(LOG_APDU, LOG_INFO, "reader %s: %s", r->name, why);
		return false;
	}
	out->has_card = card;
	out->ours = ours;
	out->in_use = out->exclusive = ours || e == ERR_SHARING;
	out->events = usb_held_events(r->place, libusb_get_device_address(r->device), card, on || e);
	return true;
}

enum err usb_list(bool polite, struct apdu_readers *out)
{
	struct usb_readers *all;
	struct usb_mark now;
	enum err e;

	usb_mark_read(&now);
	if (list_by_last(&now, out))
		return ERR_OK;
	out->n = 0;
	all = malloc(sizeof(*all));
	if (!all)
		return ERR_NOMEM;
	e = usb_find(all);
	for (size_t i = 0; !e && i < all->n; i++)
		if (all->v[i].usable && all->v[i].desc.level != CCID_CHARACTER)
			out->n += list_one(all->context, &all->v[i], polite, &out->v[out->n]);
	keep_last(&now, all, !e && out->n == all->n);
	usb_forget(all);
	free(all);
	return e;
}

/* ---- for people ---- */

enum err usb_survey(struct usb_found *out, size_t max, size_t *n)
{
	struct usb_readers *all = malloc(sizeof(*all));
	enum err e;

	*n = 0;
	if (!all)
		return ERR_NOMEM;
	e = usb_find(all);
	for (size_t i = 0; !e && i < all->n && *n < max; i++) {
		const struct usb_reader *r = &all->v[i];
		const char *known = usb_device_name(r->vendor, r->product);
		struct usb_found *f = &out[(*n)++];
		struct usb_io io;
		enum err had = usb_io_open(&io, all->context, r);

		usb_io_close(&io);
		memcpy(f->name, r->name, sizeof(f->name));
		memcpy(f->place, r->place, sizeof(f->place));
		(void)snprintf(f->what, sizeof(f->what), "%.40s%s%04x:%04x%s", known ? known : "", known ? ", " : "",
			       r->vendor, r->product, r->usable && r->desc.slots > 1 ? ", only its first slot" : "");
		usb_explain(r, had, f->why, sizeof(f->why));
	}
	usb_forget(all);
	free(all);
	return e;
}
