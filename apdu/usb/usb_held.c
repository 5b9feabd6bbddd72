/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_held.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/process_lock.h"

struct seen {
	char place[READER_NAME_MAX];      /* "": free */
	pid_t holder;                   /* 0: nobody */
	bool (*is_lost)(void *ctx, bool *card); /* of its link */
	void *ctx;
	bool lost;
	bool card;
	bool on;                        /* we left it with power */
	uint8_t address;
	uint32_t events;
};

static struct seen table[APDU_READERS_MAX];
static size_t next;                     /* to be used again when all are taken */
static struct process_lock lock;

/* With the lock. Also in the child of a fork: what its parent holds is not the child's. */
static struct seen *find(const char *place)
{
	struct seen *s;

	for (size_t i = 0; i < APDU_READERS_MAX; i++)
		if (strcmp(table[i].place, place) == 0)
			return &table[i];
	do {
		s = &table[next++ % APDU_READERS_MAX];
	} while (s->holder == getpid());
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->place, sizeof(s->place), "%s", place);
	return s;
}

void usb_held_begin(struct usb_held *h, const char *place, bool (*is_lost)(void *ctx, bool *card),
		    void *ctx)
{
	struct seen *s;

	(void)snprintf(h->place, sizeof(h->place), "%s", place);
	h->is = true;
	process_lock_take(&lock);
	s = find(place);
	s->holder = getpid();
	s->is_lost = is_lost;
	s->ctx = ctx;
	s->lost = s->on = false;
	process_lock_give(&lock);
}

/* With the lock. */
static void lose(struct seen *s)
{
	if (!s->lost)
		s->events++;
	s->lost = true;
}

void usb_held_lost(struct usb_held *h)
{
	if (!h->is)
		return;
	process_lock_take(&lock);
	lose(find(h->place));
	process_lock_give(&lock);
}

void usb_held_end(struct usb_held *h, bool on)
{
	struct seen *s;

	if (!h->is)
		return;
	h->is = false;
	process_lock_take(&lock);
	s = find(h->place);
	if (s->holder == getpid()) {
		s->holder = 0;
		s->on = on;
	}
	process_lock_give(&lock);
}

bool usb_held_by_us(const char *place, bool *card)
{
	struct seen *s;
	bool ours;

	process_lock_take(&lock);
	s = find(place);
	ours = s->holder == getpid();
	if (ours && s->is_lost(s->ctx, card))
		lose(s);
	process_lock_give(&lock);
	return ours;
}

uint32_t usb_held_events(const char *place, uint8_t address, bool card, bool on)
{
	struct seen *s;
	uint32_t events;

	process_lock_take(&lock);
	s = find(place);
	if (s->address && s->address != address)
		s->events += 2;
	else if (s->card != card)
		s->events++;
	else if (card && s->on && !on)
		s->events += 2;         /* out, and another one in */
	s->on = s->on && card && on;
	s->address = address;
	s->card = card;
	events = s->events;
	process_lock_give(&lock);
	return events;
}
