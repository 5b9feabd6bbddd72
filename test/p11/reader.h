/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RIG_READER, wherever it is: in this process, or in that of the agent at which a test runs. What a test does to it,
 * and what its card was asked there.
 */
#ifndef TEST_P11_READER_H
#define TEST_P11_READER_H

#include "test/fake/scard.h"

struct rig_order {
	enum { READER_INSERT, READER_REMOVE, READER_FAULT, READER_HELD, READER_RELEASE, READER_PAD, READER_PLUG,
	       READER_UNPLUG, READER_SERVICE, READER_OTHER, READER_WATCH, READER_SEEN,
	       READER_OPEN } what;
	unsigned k;                     /* of READER_FAULT; 1 or 0: the service runs, the other one resets */
	enum fake_fault fault;
	bool nobody;                    /* types on the pad */
	char reader[32];                /* that is plugged, unplugged or gets a card; "": RIG_READER */
	char text[160];                 /* folder of a card; what is typed */
};
struct rig_seen {
	uint64_t exchanges;
	unsigned connections;           /* of who holds the card here */
	unsigned commands;              /* since rig_watch, as all below */
	unsigned with_data[256];        /* those that carry data, by INS */
	unsigned when[256];             /* which one the last of these was; 1: the first */
	size_t last_n;
	uint8_t last[80];               /* the beginning of the last command */
};
struct rig_answer {
	enum err e;
	bool open;
	struct rig_seen seen;
};
/* In this process. */
struct rig_answer reader_do(const struct rig_order *o);
/* Orders go to f; NULL: as ever. */
void reader_at(struct rig_answer (*f)(const struct rig_order *o));
/* Is the reader in this process? */
bool rig_is_direct(void);

void rig_card_put(const char *dir);                     /* into RIG_READER */
void rig_card_remove(void);
/* The same with RIG_OTHER_READER, to which a test adds the plugging. */
void rig_other_put(const char *dir);
void rig_other_remove(void);
void rig_fault(unsigned k, enum fake_fault fault);      /* as fake_fault, with RIG_READER */
MUST enum err rig_held(void);                           /* within ten seconds */
void rig_release(void);
void rig_pad(const char *typed);
void rig_plug(const char *reader);
void rig_unplug(const char *reader);
void rig_service(bool runs);
uint64_t rig_exchanges(void);
unsigned rig_connections(void);
/* From now on, what the card is asked is kept. */
void rig_watch(void);
struct rig_seen rig_seen(void);
/* Does the card say that its PIN is verified? Asked past everybody. */
bool rig_card_is_open(void);
/*
 * Another program selects the applet, which logs everybody out, and leaves or resets the card. false: it is not let
 * connect.
 */
MUST bool rig_other_selects(bool reset);

#endif
