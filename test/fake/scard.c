/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of PC/SC that our programs make. */
#include "test/fake/scard_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

struct fake_service fake;
_Thread_local bool fake_is_other, fake_is_usb;

_Noreturn void fake_fatal(const char *what)
{
	(void)fprintf(stderr, "fake scard: %s\n", what);
	abort();
}

/* A fork while another thread is in here leaves the child a lock that it can use. */
static void before_fork(void)
{
	lock_take(&fake.lock);
}

static void after_fork(void)
{
	lock_give(&fake.lock);
}

/* The thread that took the lock is not the one that has it now. */
static void after_fork_child(void)
{
	lock_init_child(&fake.lock);
	cond_init(&fake.changed);
}

__attribute__((constructor)) static void load(void)
{
	lock_init(&fake.lock);
	cond_init(&fake.changed);
	if (pthread_atfork(before_fork, after_fork, after_fork_child))
		fake_fatal("pthread_atfork");
}

/* ---- finding ---- */

/* Begin and end of every call. */
static LONG enter(void)
{
	lock_take(&fake.lock);
	fake.calls += !fake_is_other;
	/* Readers on a USB without pcscd: then only their own side comes here. */
	if (fake.usb)
		return fake_is_usb || fake_is_other ? SCARD_S_SUCCESS : SCARD_E_NO_SERVICE;
	return fake.stopped ? SCARD_E_NO_SERVICE : SCARD_S_SUCCESS;
}

static LONG leave(LONG rv)
{
	lock_give(&fake.lock);
	return rv;
}

static struct fake_context *find_context(SCARDCONTEXT id)
{
	for (size_t i = 0; i < FAKE_HANDLES; i++) {
		struct fake_context *c = &fake.contexts[i];

		if (!id || c->id != id)
			continue;
		if (c->pid != getpid())
			fake_fatal("a forked child uses a context of its parent");
		return c;
	}
	return NULL;
}

static struct fake_handle *find_handle(SCARDHANDLE id)
{
	for (size_t i = 0; i < FAKE_HANDLES; i++) {
		struct fake_handle *h = &fake.handles[i];

		if (!id || h->id != id)
			continue;
		if (h->pid != getpid())
			fake_fatal("a forked child uses a card of its parent");
		return h;
	}
	return NULL;
}

struct fake_reader *fake_reader_find(const char *name)
{
	for (size_t i = 0; i < FAKE_READERS; i++)
		if (fake.readers[i].plugged && strcmp(fake.readers[i].name, name) == 0)
			return &fake.readers[i];
	return NULL;
}

/* Is the card of this handle still the card it was connected to? */
static LONG check_card(const struct fake_handle *h)
{
	if (!h->reader->plugged)
		return SCARD_E_READER_UNAVAILABLE;
	if (h->removed)
		return SCARD_W_REMOVED_CARD;
	return h->reset ? SCARD_W_RESET_CARD : SCARD_S_SUCCESS;
}

/*
 * Wait, as pcscd makes its clients wait, until nobody else has a transaction and no exchange is going on. The
 * handle may be gone afterwards: NULL, *rv says why.
 */
static struct fake_handle *wait_turn(SCARDHANDLE id, LONG *rv)
{
	struct fake_handle *h;

	for (;;) {
		h = find_handle(id);
		*rv = h ? check_card(h) : SCARD_E_INVALID_HANDLE;
		if (fake.stopped)
			*rv = SCARD_E_NO_SERVICE;
		if (*rv != SCARD_S_SUCCESS)
			return NULL;
		if (!h->reader->busy && (!h->reader->owner || h->reader->owner == id))
			return h;
		cond_wait(&fake.changed, &fake.lock);
	}
}

void fake_reader_mark(struct fake_reader *r, SCARDHANDLE but, bool removed)
{
	for (size_t i = 0; i < FAKE_HANDLES; i++) {
		struct fake_handle *h = &fake.handles[i];

		if (!h->id || h->reader != r || h->id == but)
			continue;
		h->removed = h->removed || removed;
		h->reset = true;
	}
	if (r->owner != but)
		r->owner = 0;
	cond_wake(&fake.changed);
}

/* ---- contexts and readers ---- */

LONG SCardEstablishContext(DWORD scope, LPCVOID reserved1, LPCVOID reserved2, LPSCARDCONTEXT context)
{
	LONG rv = enter();

	(void)scope;
	(void)reserved1;
	(void)reserved2;
	for (size_t i = 0; rv == SCARD_S_SUCCESS && i < FAKE_HANDLES; i++) {
		if (fake.contexts[i].id)
			continue;
		*context = ++fake.next_id;
		fake.contexts[i] = (struct fake_context){ .id = *context, .pid = getpid(), .other = fake_is_other };
		return leave(rv);
	}
	return leave(rv == SCARD_S_SUCCESS ? SCARD_E_NO_MEMORY : rv);
}

static void drop_handle(struct fake_handle *h)
{
	if (h->reader->owner == h->id)
		h->reader->owner = 0;
	h->id = 0;
	cond_wake(&fake.changed);
}

LONG SCardReleaseContext(SCARDCONTEXT context)
{
	struct fake_context *c;
	LONG rv = enter();

	c = find_context(context);
	if (!c)
		return leave(SCARD_E_INVALID_HANDLE);
	for (size_t i = 0; i < FAKE_HANDLES; i++)
		if (fake.handles[i].id && fake.handles[i].context == context)
			drop_handle(&fake.handles[i]);
	c->id = 0;
	return leave(rv);
}

LONG SCardIsValidContext(SCARDCONTEXT context)
{
	LONG rv = enter();

	return leave(rv == SCARD_S_SUCCESS && !find_context(context) ? SCARD_E_INVALID_HANDLE : rv);
}

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD size)
{
	char names[FAKE_READERS * FAKE_NAME_MAX + 1];
	LONG rv = enter();
	struct wr w;

	(void)groups;
	if (rv == SCARD_S_SUCCESS && !find_context(context))
		rv = SCARD_E_INVALID_HANDLE;
	if (rv != SCARD_S_SUCCESS)
		return leave(rv);
	WR_ARR(&w, names);
	for (size_t i = 0; i < FAKE_READERS; i++)
		if (fake.readers[i].plugged && strncmp(fake.readers[i].name, "usb:", 4) != 0)
			wr_put(&w, rd_of(fake.readers[i].name, strlen(fake.readers[i].name) + 1));
	if (w.n == 0)
		return leave(SCARD_E_NO_READERS_AVAILABLE);
	wr_u8(&w, 0);
	if (readers && *size < w.n)
		rv = SCARD_E_INSUFFICIENT_BUFFER;
	else if (readers)
		memcpy(readers, names, w.n);
	*size = w.n;
	return leave(rv);
}

static void count_handles(const struct fake_reader *r, unsigned *shared, unsigned *exclusive)
{
	*shared = *exclusive = 0;
	for (size_t i = 0; i < FAKE_HANDLES; i++)
		if (fake.handles[i].id && fake.handles[i].reader == r)
			*(fake.handles[i].exclusive ? exclusive : shared) += 1;
}

/* One reader's state now. Has it changed against what the caller knew? */
static bool look_at(SCARD_READERSTATE *s)
{
	const DWORD presence = SCARD_STATE_EMPTY | SCARD_STATE_PRESENT, use = SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE;
	const struct fake_reader *r = fake_reader_find(s->szReader);
	unsigned shared, exclusive;
	DWORD known = s->dwCurrentState, now;
	bool changed;

	if (!r) {
		s->dwEventState = SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE | SCARD_STATE_IGNORE;
		changed = !(known & SCARD_STATE_UNKNOWN);
		s->dwEventState |= changed ? SCARD_STATE_CHANGED : 0;
		return changed;
	}
	count_handles(r, &shared, &exclusive);
	now = r->card ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;
	now |= exclusive ? SCARD_STATE_EXCLUSIVE : shared ? SCARD_STATE_INUSE : 0;
	s->cbAtr = 0;
	if (r->card) {
		s->cbAtr = vcard_atr(r->card).n;
		memcpy(s->rgbAtr, vcard_atr(r->card).p, s->cbAtr);
	}
	/* pcscd tells that a card is no longer used, not that it is. */
	changed = (known & presence) != (now & presence) || (known >> 16 && known >> 16 != (r->events & 0xffff)) ||
		  (known & use & ~now);
	s->dwEventState = now | (r->events & 0xffff) << 16 | (changed ? SCARD_STATE_CHANGED : 0);
	return changed;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n)
{
	struct deadline dl = timeout == INFINITE ? deadline_never() : deadline_in(timeout);
	struct fake_context *c;
	LONG rv = enter();
	bool changed;

	while (rv == SCARD_S_SUCCESS) {
		c = find_context(context);
		if (!c || fake.stopped)
			return leave(c ? SCARD_E_NO_SERVICE : SCARD_E_INVALID_HANDLE);
		changed = n == 0;
		for (DWORD i = 0; i < n; i++)
			if (!(states[i].dwCurrentState & SCARD_STATE_IGNORE) && look_at(&states[i]))
				changed = true;
		if (changed)
			break;
		if (c->cancelled) {
			c->cancelled = false;
			rv = SCARD_E_CANCELLED;
		} else if (deadline_left_ms(&dl) == 0) {
			rv = SCARD_E_TIMEOUT;
		} else if (timeout == INFINITE) {
			cond_wait(&fake.changed, &fake.lock);
		} else if (cond_wait_ms(&fake.changed, &fake.lock, deadline_left_ms(&dl)) != ERR_OK) {
			continue; /* looks once more, and finds the time over */
		}
	}
	return leave(rv);
}

LONG SCardCancel(SCARDCONTEXT context)
{
	struct fake_context *c;
	LONG rv = enter();

	c = find_context(context);
	if (!c)
		return leave(SCARD_E_INVALID_HANDLE);
	c->cancelled = true;
	cond_wake(&fake.changed);
	return leave(rv);
}

/* ---- cards ---- */

LONG SCardConnect(SCARDCONTEXT context, LPCSTR name, DWORD share, DWORD protocols, LPSCARDHANDLE card, LPDWORD protocol)
{
	unsigned shared, exclusive;
	struct fake_reader *r;
	LONG rv = enter();

	while (rv == SCARD_S_SUCCESS) {
		if (!find_context(context))
			return leave(SCARD_E_INVALID_HANDLE);
		r = fake_reader_find(name);
		if (!r || !r->card)
			return leave(r ? SCARD_E_NO_SMARTCARD : SCARD_E_UNKNOWN_READER);
		if (r->denied)
			return leave(SCARD_W_SECURITY_VIOLATION);
		if (!(protocols & SCARD_PROTOCOL_T1))
			return leave(SCARD_E_PROTO_MISMATCH);
		count_handles(r, &shared, &exclusive);
		if (exclusive || (share == SCARD_SHARE_EXCLUSIVE && shared) || (fake_is_other && r->claimed))
			return leave(SCARD_E_SHARING_VIOLATION);
		if (!r->owner && !r->busy)
			break;
		/* Somebody's transaction freezes whoever connects (measured). */
		cond_wait(&fake.changed, &fake.lock);
		rv = fake.stopped ? SCARD_E_NO_SERVICE : SCARD_S_SUCCESS;
	}
	for (size_t i = 0; rv == SCARD_S_SUCCESS && i < FAKE_HANDLES; i++) {
		if (fake.handles[i].id)
			continue;
		*card = ++fake.next_id;
		*protocol = SCARD_PROTOCOL_T1;
		fake.handles[i] = (struct fake_handle){
			.id = *card, .pid = getpid(), .other = fake_is_other, .context = context, .reader = r,
			.exclusive = share == SCARD_SHARE_EXCLUSIVE,
		};
		return leave(rv);
	}
	return leave(rv == SCARD_S_SUCCESS ? SCARD_E_NO_MEMORY : rv);
}

/* Reset or power off: every login on the card is gone, and all others are told. */
static void dispose(struct fake_handle *h, DWORD disposition)
{
	if (disposition == SCARD_LEAVE_CARD || h->removed || !h->reader->card)
		return;
	fake_reader_wait(h->reader);
	if (!h->reader->card)
		return;
	vcard_power(h->reader->card, false);
	vcard_power(h->reader->card, true);
	fake_reader_mark(h->reader, h->id, false);
}

LONG SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
	struct fake_handle *h;
	LONG rv = enter();

	h = find_handle(card);
	if (!h)
		return leave(SCARD_E_INVALID_HANDLE);
	dispose(h, disposition);
	drop_handle(h);
	return leave(rv);
}

LONG SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD disposition, LPDWORD protocol)
{
	struct fake_handle *h;
	LONG rv = enter();

	(void)protocols;
	h = find_handle(card);
	if (rv == SCARD_S_SUCCESS && !h)
		rv = SCARD_E_INVALID_HANDLE;
	if (rv != SCARD_S_SUCCESS)
		return leave(rv);
	if (h->exclusive != (share == SCARD_SHARE_EXCLUSIVE))
		fake_fatal("SCardReconnect into or out of exclusive blocks, or keeps the lock");
	rv = check_card(h);
	if (rv == SCARD_W_RESET_CARD)
		rv = SCARD_S_SUCCESS;
	if (rv == SCARD_S_SUCCESS) {
		dispose(h, disposition);
		h->reset = false;
		*protocol = SCARD_PROTOCOL_T1;
	}
	return leave(rv);
}

LONG SCardBeginTransaction(SCARDHANDLE card)
{
	struct fake_handle *h;
	LONG rv = enter();

	h = rv == SCARD_S_SUCCESS ? wait_turn(card, &rv) : NULL;
	if (h) {
		h->reader->depth = h->reader->owner == card ? h->reader->depth + 1 : 1;
		h->reader->owner = card;
	}
	return leave(rv);
}

LONG SCardEndTransaction(SCARDHANDLE card, DWORD disposition)
{
	struct fake_handle *h;
	LONG rv = enter();

	h = find_handle(card);
	if (!h)
		return leave(SCARD_E_INVALID_HANDLE);
	if (rv == SCARD_S_SUCCESS)
		rv = check_card(h);
	if (h->reader->owner != card)
		return leave(rv == SCARD_S_SUCCESS ? SCARD_E_NOT_TRANSACTED : rv);
	dispose(h, disposition);
	if (--h->reader->depth == 0)
		h->reader->owner = 0;
	cond_wake(&fake.changed);
	return leave(rv);
}

static LONG put_field(const void *from, size_t n, void *to, LPDWORD size)
{
	LONG rv = SCARD_S_SUCCESS;

	if (to && *size < n)
		rv = SCARD_E_INSUFFICIENT_BUFFER;
	else if (to)
		memcpy(to, from, n);
	if (size)
		*size = n;
	return rv;
}

LONG SCardStatus(SCARDHANDLE card, LPSTR name, LPDWORD name_n, LPDWORD state, LPDWORD protocol, LPBYTE atr,
		 LPDWORD atr_n)
{
	struct fake_handle *h = NULL;
	LONG rv = enter(), more;
	struct rd bytes;

	if (rv == SCARD_S_SUCCESS)
		h = wait_turn(card, &rv);
	if (!h)
		return leave(rv);
	bytes = vcard_atr(h->reader->card);
	rv = put_field(h->reader->name, strlen(h->reader->name) + 1, name, name_n);
	more = put_field(bytes.p, bytes.n, atr, atr_n);
	if (state)
		*state = SCARD_PRESENT | SCARD_POWERED | SCARD_NEGOTIABLE;
	if (protocol)
		*protocol = SCARD_PROTOCOL_T1;
	return leave(rv == SCARD_S_SUCCESS ? more : rv);
}

void fake_reader_hold(struct fake_reader *r)
{
	r->held = true;
	cond_wake(&fake.changed);
	while (!r->release && r->card)
		cond_wait(&fake.changed, &fake.lock);
	r->held = r->release = false;
}

/*
 * Bad luck due at this exchange. Anything but success ends it; *lost: the card runs it, but nobody hears; *unknown: it
 * does not know it.
 */
static LONG meet_fault(struct fake_handle **h, bool *lost, bool *unknown)
{
	struct fake_reader *r = (*h)->reader;
	SCARDHANDLE id = (*h)->id;
	LONG rv;

	if (fake_is_other || !r->fault_at || r->exchanges != r->fault_at)
		return SCARD_S_SUCCESS;
	r->fault_at = 0;
	switch (r->fault) {
	case FAKE_BROKEN:
		return SCARD_E_NOT_TRANSACTED;
	case FAKE_LOST:
		*lost = true;
		return SCARD_S_SUCCESS;
	case FAKE_UNKNOWN:
		*unknown = true;
		return SCARD_S_SUCCESS;
	case FAKE_RESET:
		vcard_power(r->card, false);
		vcard_power(r->card, true);
		fake_reader_mark(r, 0, false);
		return SCARD_W_RESET_CARD;
	case FAKE_REMOVED:
		fake_reader_empty(r);
		return SCARD_W_REMOVED_CARD;
	case FAKE_HELD:
		fake_reader_hold(r);
		*h = wait_turn(id, &rv);
		return rv;
	}
	fake_fatal("no such fault");
}

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci, LPCBYTE send, DWORD send_n,
		   SCARD_IO_REQUEST *receive_pci, LPBYTE receive, LPDWORD receive_n)
{
	void (*see)(void *ctx, const char *reader, struct rd cmd, struct rd rsp);
	struct rd cmd = rd_of(send, send_n);
	char name[FAKE_NAME_MAX];
	struct fake_reader *r;
	struct fake_handle *h = NULL;
	LONG rv = enter();
	bool lost = false, unknown = false, foreign;
	void *ctx;
	struct wr rsp;

	(void)receive_pci;
	if (send_pci->dwProtocol != SCARD_PROTOCOL_T1)
		return leave(SCARD_E_PROTO_MISMATCH);
	if (rv == SCARD_S_SUCCESS)
		h = wait_turn(card, &rv);
	if (!h)
		return leave(rv);
	r = h->reader;
	r->exchanges += !fake_is_other;
	rv = meet_fault(&h, &lost, &unknown);
	if (rv != SCARD_S_SUCCESS)
		return leave(rv);

	r->busy = true;
	foreign = r->foreign || unknown;
	see = fake_is_other ? NULL : fake.see;
	ctx = fake.see_ctx;
	memcpy(name, r->name, sizeof(name));
	lock_give(&fake.lock);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	if (foreign)
		wr_put(&rsp, cmd.n > 1 && cmd.p[1] == 0xA4 ? RD_LIT("\x6A\x82") : RD_LIT("\x6D\x00"));
	else if (vcard_exchange(r->card, cmd, &rsp) != ERR_OK)
		fake_fatal("the virtual card has no answer");
	if (see)
		see(ctx, name, cmd, wr_view(&rsp));
	lock_take(&fake.lock);
	r->busy = false;
	cond_wake(&fake.changed);

	if (lost)
		rv = SCARD_E_NOT_TRANSACTED;
	else if (*receive_n < rsp.n)
		rv = SCARD_E_INSUFFICIENT_BUFFER;
	else
		memcpy(receive, rsp.p, rsp.n);
	*receive_n = rsp.n;
	wr_free(&rsp);
	return leave(rv);
}

struct fake_reader *fake_control_enter(SCARDHANDLE card, LONG *rv)
{
	struct fake_handle *h = NULL;

	*rv = enter();
	if (*rv == SCARD_S_SUCCESS)
		h = wait_turn(card, rv);
	return h ? h->reader : NULL;
}

LONG fake_control_leave(LONG rv)
{
	return leave(rv);
}
