/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/usb_held.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
	char place[PCSC_NAME_MAX];      /* "": free */
	pid_t holder;                   /* 0: nobody */
	bool lost;
	bool card;
	uint8_t address;
	uint32_t events;
};

static struct seen table[PCSC_READERS_MAX];
static size_t next;                     /* to be used again when all are taken */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Also in the child of a fork, whose parent may have been here: nothing here waits for long. */
static struct seen *find(const char *place)
{
	struct seen *s;

	for (size_t i = 0; i < PCSC_READERS_MAX; i++)
		if (strcmp(table[i].place, place) == 0)
			return &table[i];
	do {
		s = &table[next++ % PCSC_READERS_MAX];
	} while (s->holder == getpid());
	memset(s, 0, sizeof(*s));
	(void)snprintf(s->place, sizeof(s->place), "%s", place);
	return s;
}

void usb_held_begin(struct usb_held *h, const char *place)
{
	struct seen *s;

	(void)snprintf(h->place, sizeof(h->place), "%s", place);
	h->is = true;
	(void)pthread_mutex_lock(&lock);
	s = find(place);
	s->holder = getpid();
	s->lost = false;
	(void)pthread_mutex_unlock(&lock);
}

void usb_held_lost(struct usb_held *h)
{
	struct seen *s;

	if (!h->is)
		return;
	(void)pthread_mutex_lock(&lock);
	s = find(h->place);
	if (!s->lost)
		s->events++;
	s->lost = true;
	(void)pthread_mutex_unlock(&lock);
}

void usb_held_end(struct usb_held *h)
{
	struct seen *s;

	if (!h->is)
		return;
	h->is = false;
	(void)pthread_mutex_lock(&lock);
	s = find(h->place);
	if (s->holder == getpid())
		s->holder = 0;
	(void)pthread_mutex_unlock(&lock);
}

bool usb_held_by_us(const char *place, bool *card)
{
	struct seen *s;
	bool ours;

	(void)pthread_mutex_lock(&lock);
	s = find(place);
	ours = s->holder == getpid();
	if (ours)
		*card = !s->lost;
	(void)pthread_mutex_unlock(&lock);
	return ours;
}

uint32_t usb_held_events(const char *place, uint8_t address, bool card)
{
	struct seen *s;
	uint32_t events;

	(void)pthread_mutex_lock(&lock);
	s = find(place);
	if (s->address && s->address != address)
		s->events += 2;
	else if (s->card != card)
		s->events++;
	s->address = address;
	s->card = card;
	events = s->events;
	(void)pthread_mutex_unlock(&lock);
	return events;
}
