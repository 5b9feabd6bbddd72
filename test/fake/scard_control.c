/* SPDX-License-Identifier: Apache-2.0 */
/* What a test does to the fake readers. */
#include "test/fake/scard_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct fake_other {
	SCARDCONTEXT context;
	SCARDHANDLE card;
};

struct fake_reader *fake_reader_get(const char *name)
{
	struct fake_reader *r = fake_reader_find(name);

	if (!r)
		fake_fatal("the test names a reader that is not there");
	return r;
}

void fake_reader_wait(struct fake_reader *r)
{
	while (r->busy)
		cond_wait(&fake.changed, &fake.lock);
}

void fake_reader_empty(struct fake_reader *r)
{
	fake_reader_wait(r);
	if (!r->card)
		return;
	vcard_close(&r->card);
	r->foreign = false;
	r->events++;
	fake_reader_mark(r, 0, true);
}

void fake_scard_start(void)
{
	lock_take(&fake.lock);
	for (size_t i = 0; i < FAKE_READERS; i++)
		if (fake.readers[i].plugged)
			fake_fatal("started twice");
	memset(fake.readers, 0, sizeof(fake.readers));
	memset(fake.contexts, 0, sizeof(fake.contexts));
	memset(fake.handles, 0, sizeof(fake.handles));
	fake.calls = 0;
	fake.stopped = false;
	fake.see = NULL;
	lock_give(&fake.lock);
}

unsigned fake_scard_stop(void)
{
	unsigned left = 0;

	lock_take(&fake.lock);
	for (size_t i = 0; i < FAKE_READERS; i++) {
		if (fake.readers[i].plugged)
			fake_reader_empty(&fake.readers[i]);
		fake.readers[i].plugged = false;
	}
	for (size_t i = 0; i < FAKE_HANDLES; i++) {
		left += fake.contexts[i].id && !fake.contexts[i].other;
		left += fake.handles[i].id && !fake.handles[i].other;
	}
	lock_give(&fake.lock);
	return left;
}

void fake_reader_pad(const char *reader, const char *typed)
{
	struct fake_reader *r;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	r->has_pad = true;
	r->nobody_types = !typed;
	(void)snprintf(r->typed, sizeof(r->typed), "%s", typed ? typed : "");
	lock_give(&fake.lock);
}

void fake_reader_pad_change(const char *reader, const char *typed, const char *fresh, const char *again)
{
	struct fake_reader *r;

	fake_reader_pad(reader, typed);
	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	r->changes = true;
	(void)snprintf(r->typed_new, sizeof(r->typed_new), "%s", fresh);
	(void)snprintf(r->typed_again, sizeof(r->typed_again), "%s", again);
	lock_give(&fake.lock);
}

void fake_reader_pad_knows(const char *reader, uint8_t ins)
{
	lock_take(&fake.lock);
	fake_reader_get(reader)->pad_knows = ins;
	lock_give(&fake.lock);
}

void fake_service(bool runs)
{
	lock_take(&fake.lock);
	/* Those of readers on the USB are none of its. */
	fake.stopped = !runs && !fake.usb;
	/* Contexts and handles do not survive the service. */
	for (size_t i = 0; fake.stopped && i < FAKE_HANDLES; i++)
		fake.contexts[i].id = fake.handles[i].id = 0;
	for (size_t i = 0; fake.stopped && i < FAKE_READERS; i++)
		fake.readers[i].owner = 0;
	cond_wake(&fake.changed);
	lock_give(&fake.lock);
}

/* ---- readers and cards ---- */

void fake_reader_plug(const char *name)
{
	lock_take(&fake.lock);
	if (fake_reader_find(name) || strlen(name) >= FAKE_NAME_MAX)
		fake_fatal("a reader of this name is there, or the name is too long");
	for (size_t i = 0; i < FAKE_READERS; i++) {
		struct fake_reader *r = &fake.readers[i];

		if (r->plugged)
			continue;
		memset(r, 0, sizeof(*r));
		memcpy(r->name, name, strlen(name));
		r->plugged = true;
		cond_wake(&fake.changed);
		lock_give(&fake.lock);
		return;
	}
	fake_fatal("too many readers");
}

void fake_reader_unplug(const char *name)
{
	struct fake_reader *r;

	lock_take(&fake.lock);
	r = fake_reader_get(name);
	fake_reader_empty(r);
	fake_reader_mark(r, 0, true);
	r->plugged = false;
	lock_give(&fake.lock);
}

enum err fake_card_insert(const char *reader, const char *dir)
{
	struct fake_reader *r;
	enum err e;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	if (r->card)
		fake_fatal("there is a card in this reader");
	e = vcard_open(dir, &r->card);
	if (!e) {
		r->events++;
		cond_wake(&fake.changed);
	}
	lock_give(&fake.lock);
	return e;
}

void fake_card_remove(const char *reader)
{
	struct fake_reader *r;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	fake_reader_empty(r);
	lock_give(&fake.lock);
}

void fake_card_idle(const char *reader)
{
	struct fake_reader *r;
	bool used = false;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	for (size_t i = 0; i < FAKE_HANDLES; i++)
		used = used || (fake.handles[i].id && fake.handles[i].reader == r);
	if (!used && r->card) {
		vcard_power(r->card, false);
		vcard_power(r->card, true);
	}
	lock_give(&fake.lock);
}

void fake_card_foreign(const char *reader)
{
	lock_take(&fake.lock);
	fake_reader_get(reader)->foreign = true;
	lock_give(&fake.lock);
}

void fake_reader_deny(const char *reader, bool deny)
{
	lock_take(&fake.lock);
	fake_reader_get(reader)->denied = deny;
	lock_give(&fake.lock);
}

enum err fake_card_ask(const char *reader, struct rd cmd, struct wr *rsp)
{
	struct fake_reader *r;
	enum err e;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	fake_reader_wait(r);
	e = r->card ? vcard_exchange(r->card, cmd, rsp) : ERR_NO_CARD;
	lock_give(&fake.lock);
	return e;
}

/* ---- another program ---- */

static const SCARD_IO_REQUEST t1 = { SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST) };

struct fake_other *fake_other_connect(const char *reader, bool exclusive)
{
	struct fake_other *o = calloc(1, sizeof(*o));
	DWORD protocol;
	LONG rv;

	if (!o)
		fake_fatal("no memory");
	fake_is_other = true;
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &o->context);
	if (rv == SCARD_S_SUCCESS)
		rv = SCardConnect(o->context, reader, exclusive ? SCARD_SHARE_EXCLUSIVE : SCARD_SHARE_SHARED,
				  SCARD_PROTOCOL_T1, &o->card, &protocol);
	if (rv == SCARD_E_SHARING_VIOLATION) {
		(void)SCardReleaseContext(o->context);
		free(o);
		o = NULL;
	} else if (rv != SCARD_S_SUCCESS) {
		fake_fatal("the other program cannot connect");
	}
	fake_is_other = false;
	return o;
}

void fake_other_disconnect(struct fake_other **o, bool reset_card)
{
	if (!*o)
		return;
	fake_is_other = true;
	(void)SCardDisconnect((*o)->card, reset_card ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
	(void)SCardReleaseContext((*o)->context);
	fake_is_other = false;
	free(*o);
	*o = NULL;
}

enum err fake_other_send(struct fake_other *o, struct rd cmd, struct wr *rsp)
{
	static _Thread_local uint8_t bytes[APDU_RSP_MAX];
	DWORD n = sizeof(bytes);
	LONG rv;

	fake_is_other = true;
	rv = SCardTransmit(o->card, &t1, cmd.p, cmd.n, NULL, bytes, &n);
	fake_is_other = false;
	if (rv != SCARD_S_SUCCESS)
		return ERR_TRANSPORT;
	wr_put(rsp, rd_of(bytes, n));
	return wr_done(rsp);
}

void fake_other_lock(struct fake_other *o, bool lock)
{
	LONG rv;

	fake_is_other = true;
	rv = lock ? SCardBeginTransaction(o->card) : SCardEndTransaction(o->card, SCARD_LEAVE_CARD);
	fake_is_other = false;
	if (rv != SCARD_S_SUCCESS)
		fake_fatal("the other program's transaction");
}

/* ---- what happened, and what shall ---- */

uint64_t fake_exchanges(const char *reader)
{
	uint64_t n;

	lock_take(&fake.lock);
	n = fake_reader_get(reader)->exchanges;
	lock_give(&fake.lock);
	return n;
}

uint64_t fake_calls(void)
{
	uint64_t n;

	lock_take(&fake.lock);
	n = fake.calls;
	lock_give(&fake.lock);
	return n;
}

unsigned fake_connections(const char *reader)
{
	const struct fake_reader *r;
	unsigned n = 0;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	for (size_t i = 0; i < FAKE_HANDLES; i++)
		n += fake.handles[i].id && fake.handles[i].reader == r && !fake.handles[i].other;
	lock_give(&fake.lock);
	return n;
}

void fake_observe(void (*see)(void *ctx, const char *reader, struct rd cmd, struct rd rsp), void *ctx)
{
	lock_take(&fake.lock);
	fake.see = see;
	fake.see_ctx = ctx;
	lock_give(&fake.lock);
}

void fake_fault(const char *reader, unsigned k, enum fake_fault fault)
{
	struct fake_reader *r;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	r->fault_at = r->exchanges + k;
	r->fault = fault;
	r->release = false;
	lock_give(&fake.lock);
}

enum err fake_held(const char *reader, uint64_t ms)
{
	struct deadline dl = deadline_in(ms);
	struct fake_reader *r;
	enum err e = ERR_OK;

	lock_take(&fake.lock);
	r = fake_reader_get(reader);
	while (!r->held && !e)
		e = cond_wait_ms(&fake.changed, &fake.lock, deadline_left_ms(&dl));
	if (r->held)
		e = ERR_OK;
	lock_give(&fake.lock);
	return e;
}

void fake_reader_pad_hold(const char *reader)
{
	lock_take(&fake.lock);
	fake_reader_get(reader)->pad_is_held = true;
	lock_give(&fake.lock);
}

void fake_release(const char *reader)
{
	lock_take(&fake.lock);
	fake_reader_get(reader)->release = true;
	cond_wake(&fake.changed);
	lock_give(&fake.lock);
}
