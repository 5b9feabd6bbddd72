/* SPDX-License-Identifier: Apache-2.0 */
/* What a test does to the devices of the fake libusb, and how they come to their cards. */
#include "test/fake/usb_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_usb_bus fake_usb = { .next_address = 1 };

__attribute__((constructor)) static void load(void)
{
	lock_init(&fake_usb.lock);
}

/* ---- the card, by the fake service ---- */

struct fake_reader *fake_usb_reader_of(const struct fake_usb_device *d)
{
	return &fake.readers[d - fake_usb.devices];
}

static void disconnect(struct fake_usb_device *d, DWORD disposition)
{
	fake_is_usb = true;
	if (d->card)
		(void)SCardDisconnect(d->card, disposition);
	if (d->context)
		(void)SCardReleaseContext(d->context);
	fake_is_usb = false;
	d->card = 0;
	d->context = 0;
}

void fake_usb_leave(struct fake_usb_device *d)
{
	disconnect(d, SCARD_LEAVE_CARD);
}

static bool card_present(void *ctx)
{
	struct fake_usb_device *d = ctx;
	bool present, moved;

	lock_take(&fake.lock);
	present = fake_usb_reader_of(d)->plugged && fake_usb_reader_of(d)->card;
	moved = fake_usb_reader_of(d)->events != d->seen;
	d->seen = fake_usb_reader_of(d)->events;
	lock_give(&fake.lock);
	if (moved) {
		disconnect(d, SCARD_LEAVE_CARD);
		fake_ccid_moved(&d->reader);
	}
	return present;
}

static bool connect_card(struct fake_usb_device *d)
{
	DWORD protocol;
	LONG rv;

	fake_is_usb = true;
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &d->context);
	if (rv == SCARD_S_SUCCESS)
		rv = SCardConnect(d->context, fake_usb_reader_of(d)->name, SCARD_SHARE_EXCLUSIVE,
				  SCARD_PROTOCOL_T1, &d->card, &protocol);
	fake_is_usb = false;
	if (rv == SCARD_S_SUCCESS)
		return true;
	d->card = 0;
	disconnect(d, SCARD_LEAVE_CARD);
	return false;
}

/* Either way whoever was logged in is not any more, also by another program that had the reader before. */
static bool card_power(void *ctx, bool on, struct wr *atr)
{
	struct fake_usb_device *d = ctx;

	if (!d->card && !connect_card(d))
		return !on;
	disconnect(d, SCARD_RESET_CARD);
	if (!on)
		return true;
	if (!connect_card(d))
		return false;
	lock_take(&fake.lock);
	if (fake_usb_reader_of(d)->card)
		wr_put(atr, vcard_atr(fake_usb_reader_of(d)->card));
	lock_give(&fake.lock);
	return true;
}

static bool card_run(void *ctx, struct rd cmd, struct wr *rsp)
{
	const SCARD_IO_REQUEST t1 = { SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST) };
	DWORD n = APDU_RSP_MAX;
	struct fake_usb_device *d = ctx;
	uint8_t *to = wr_room(rsp, n);
	LONG rv;

	if (!to)
		return false;
	fake_is_usb = true;
	rv = SCardTransmit(d->card, &t1, cmd.p, cmd.n, NULL, to, &n);
	fake_is_usb = false;
	wr_took(rsp, rv == SCARD_S_SUCCESS ? n : 0);
	/* A reset of somebody else's is a card without power here. */
	if (rv == SCARD_W_RESET_CARD)
		fake_ccid_moved(&d->reader);
	return rv == SCARD_S_SUCCESS;
}

void fake_usb_pad(struct fake_usb_device *d, bool asked)
{
	struct fake_reader *r = fake_usb_reader_of(d);

	lock_take(&fake.lock);
	if (asked && r->pad_is_held) {
		r->pad_is_held = false;
		fake_reader_hold(r);
	}
	d->reader.typed = r->nobody_types ? NULL : r->typed;
	d->reader.typed_new = r->typed_new;
	d->reader.typed_again = r->typed_again;
	d->reader.spec.pad = r->has_pad;
	d->reader.spec.pad_changes = r->changes;
	d->reader.pad_knows = r->pad_knows;
	lock_give(&fake.lock);
}

struct fake_usb_device *fake_usb_device_at(size_t index)
{
	struct fake_usb_device *d = &fake_usb.devices[index];
	const struct fake_ccid_card card = { card_present, card_power, card_run, d };
	bool plugged;

	lock_take(&fake.lock);
	plugged = fake_usb.started && fake.readers[index].plugged && strncmp(fake.readers[index].name, "usb:", 4) == 0;
	lock_give(&fake.lock);
	if (plugged && !d->made) {
		fake_ccid_init(&d->reader, &fake_usb.spec, &card);
		d->made = true;
		d->address = fake_usb.next_address++;
		d->port = (uint8_t)(index + 1);
	} else if (!plugged && d->made) {
		disconnect(d, SCARD_LEAVE_CARD);
		fake_ccid_free(&d->reader);
		memset(d, 0, sizeof(*d));
	}
	return plugged ? d : NULL;
}

struct fake_usb_device *fake_usb_device_of(const libusb_device *device)
{
	struct fake_usb_device *d = fake_usb_device_at(device->index);

	return d && d->address == device->address ? d : NULL;
}

/* ---- what tests do ---- */

void fake_usb_start(const struct fake_ccid_spec *s)
{
	lock_take(&fake_usb.lock);
	fake_usb.spec = *s;
	fake_usb.started = true;
	lock_give(&fake_usb.lock);
	lock_take(&fake.lock);
	fake.usb = true;
	lock_give(&fake.lock);
}

bool fake_usb_start_env(void)
{
	static const struct { const char *name; struct fake_ccid_spec spec; } kinds[] = {
		{ "tpdu", { .level = CCID_TPDU, .features = FAKE_CCID_AUTO, .message_max = 271 } },
		{ "short", { .level = CCID_SHORT, .features = FAKE_CCID_AUTO, .message_max = 271 } },
		{ "extended", { .level = CCID_EXTENDED, .features = FAKE_CCID_AUTO, .packet = 512 } },
	};
	const char *kind = getenv("QUORUM11_TEST_USB");

	for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kind, kinds[i].name) == 0) {
			fake_usb_start(&kinds[i].spec);
			return true;
		}
	return false;
}

unsigned fake_usb_stop(void)
{
	unsigned left;

	lock_take(&fake_usb.lock);
	for (size_t i = 0; i < FAKE_READERS; i++) {
		struct fake_usb_device *d = &fake_usb.devices[i];

		if (!d->made)
			continue;
		fake_usb.open_things += d->claimed != NULL;
		disconnect(d, SCARD_LEAVE_CARD);
		fake_ccid_free(&d->reader);
		memset(d, 0, sizeof(*d));
	}
	left = fake_usb.open_things;
	fake_usb.open_things = 0;
	fake_usb.started = false;
	lock_give(&fake_usb.lock);
	lock_take(&fake.lock);
	fake.usb = false;
	lock_give(&fake.lock);
	return left;
}

void fake_usb_both(bool both)
{
	lock_take(&fake.lock);
	fake.usb = !both;
	lock_give(&fake.lock);
}

static size_t index_of(const char *reader)
{
	size_t i;

	lock_take(&fake.lock);
	i = (size_t)(fake_reader_get(reader) - fake.readers);
	lock_give(&fake.lock);
	return i;
}

void fake_usb_forbid(const char *reader, bool forbid)
{
	lock_take(&fake_usb.lock);
	fake_usb_device_at(index_of(reader))->forbidden = forbid;
	lock_give(&fake_usb.lock);
}

void fake_usb_replug(const char *reader, bool other_port)
{
	struct fake_usb_device *d;

	lock_take(&fake_usb.lock);
	d = fake_usb_device_at(index_of(reader));
	disconnect(d, SCARD_RESET_CARD);
	fake_ccid_moved(&d->reader);
	d->claimed = NULL;
	d->address = fake_usb.next_address++;
	d->port = (uint8_t)(d->port + (other_port ? 20 : 0));
	lock_give(&fake_usb.lock);
}

unsigned fake_usb_contexts(void)
{
	unsigned n;

	lock_take(&fake_usb.lock);
	n = fake_usb.contexts;
	lock_give(&fake_usb.lock);
	return n;
}
