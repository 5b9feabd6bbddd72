/* SPDX-License-Identifier: Apache-2.0 */
/* For test/fake/scard*.c: what the fake service knows. */
#ifndef TEST_FAKE_SCARD_INT_H
#define TEST_FAKE_SCARD_INT_H

#include <sys/types.h>
#include <winscard.h>

#include "base/lock.h"
#include "test/fake/scard.h"
#include "test/vcard/vcard.h"

#define FAKE_READERS  16
#define FAKE_HANDLES  256
#define FAKE_NAME_MAX 128

struct fake_reader {
	bool plugged;
	char name[FAKE_NAME_MAX];
	struct vcard *card;             /* NULL: empty */
	DWORD events;                   /* cards put in and taken out so far */
	SCARDHANDLE owner;              /* of the transaction; 0: none */
	unsigned depth;                 /* a transaction may be begun again by its owner */
	bool busy;                      /* an exchange is going on, without the lock */
	uint64_t exchanges;
	uint64_t fault_at;              /* number of the exchange; 0: none */
	enum fake_fault fault;
	bool held, release;
	bool foreign, denied;
	bool claimed;                   /* by USB, ours */
	bool has_pad;
	bool changes;                   /* ... that can change a PIN, too */
	uint8_t pad_knows;              /* the only INS that it carries; 0: each */
	char typed[32];                 /* on its pad, unless nobody_types */
	char typed_new[32], typed_again[32];
	bool nobody_types;
	bool pad_is_held;               /* the next PIN that is asked for */
};

struct fake_context {
	SCARDCONTEXT id;                /* 0: free */
	pid_t pid;
	bool other, cancelled;
};

struct fake_handle {
	SCARDHANDLE id;                 /* 0: free */
	pid_t pid;
	bool other;
	SCARDCONTEXT context;
	struct fake_reader *reader;
	bool exclusive;
	bool reset, removed;            /* what happened to the card since it was connected */
};

struct fake_service {
	struct lock lock;
	struct cond changed;            /* of anything */
	bool stopped;
	bool usb;                       /* the readers are on a USB, and there is no service */
	LONG next_id;
	uint64_t calls;
	struct fake_reader readers[FAKE_READERS];
	struct fake_context contexts[FAKE_HANDLES];
	struct fake_handle handles[FAKE_HANDLES];
	void (*see)(void *ctx, const char *reader, struct rd cmd, struct rd rsp);
	void *see_ctx;
};
extern struct fake_service fake;

/* This thread plays another program: its calls are not ours. */
extern _Thread_local bool fake_is_other;
extern _Thread_local bool fake_is_usb;  /* the reader's own side, of fake/usb.c */

_Noreturn void fake_fatal(const char *what);
/* SCardControl's way in, with the lock, and out. NULL: *rv says why. */
struct fake_reader *fake_control_enter(SCARDHANDLE card, LONG *rv);
LONG fake_control_leave(LONG rv);
/* All with the lock held. */
struct fake_reader *fake_reader_find(const char *name);        /* plugged in; NULL if there is none */
struct fake_reader *fake_reader_get(const char *name);         /* ends the program if there is none */
void fake_reader_mark(struct fake_reader *r, SCARDHANDLE but, bool removed); /* all handles but one: reset or removed */
void fake_reader_wait(struct fake_reader *r);                  /* until no exchange is going on */
void fake_reader_hold(struct fake_reader *r);                  /* until it is released, or empty */
void fake_reader_empty(struct fake_reader *r);                 /* pull the card, if there is one */

#endif
