/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/reader.h"

#include <pthread.h>
#include <stdio.h>

#include "test/p11/rig.h"


static struct rig_answer (*elsewhere)(const struct rig_order *o);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rig_seen seen;            /* since it is watched */

static void see(void *ctx, const char *reader, struct rd cmd, struct rd rsp)
{
	(void)ctx;
	(void)rsp;
	if (strcmp(reader, RIG_READER) != 0)
		return;
	(void)pthread_mutex_lock(&lock);
	seen.commands++;
	if (cmd.n > 5) {
		seen.with_data[cmd.p[1]]++;
		seen.when[cmd.p[1]] = seen.commands;
	}
	seen.last_n = cmd.n < sizeof(seen.last) ? cmd.n : sizeof(seen.last);
	memcpy(seen.last, cmd.p, seen.last_n);
	(void)pthread_mutex_unlock(&lock);
}

static void watch(void)
{
	(void)pthread_mutex_lock(&lock);
	memset(&seen, 0, sizeof(seen));
	(void)pthread_mutex_unlock(&lock);
	fake_observe(see, NULL);
}

static struct rig_seen look(void)
{
	struct rig_seen s;

	(void)pthread_mutex_lock(&lock);
	s = seen;
	(void)pthread_mutex_unlock(&lock);
	s.exchanges = fake_exchanges(RIG_READER);
	s.connections = fake_connections(RIG_READER);
	return s;
}

static enum err other(bool reset)
{
	struct fake_other *o = fake_other_connect(RIG_READER, false);
	uint8_t room[64];
	struct wr w;
	enum err e;

	if (!o)
		return ERR_SHARING;
	WR_ARR(&w, room);
	e = fake_other_send(o, RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00"), &w);
	fake_other_disconnect(&o, reset);
	return e;
}

static enum err ask_open(bool *open)
{
	uint8_t room[64];
	struct wr w;
	enum err e;

	WR_ARR(&w, room);
	e = fake_card_ask(RIG_READER, RD_LIT("\x00\x20\x00\x81"), &w);
	*open = rd_eq(wr_view(&w), RD_LIT("\x90\x00"));
	return e;
}

struct rig_answer reader_do(const struct rig_order *o)
{
	const char *reader = o->reader[0] ? o->reader : RIG_READER;
	struct rig_answer a = { .e = ERR_OK };

	switch (o->what) {
	case READER_INSERT:
		a.e = fake_card_insert(reader, o->text);
		break;
	case READER_REMOVE:
		fake_card_remove(reader);
		break;
	case READER_FAULT:
		fake_fault(RIG_READER, o->k, o->fault);
		break;
	case READER_HELD:
		a.e = fake_held(RIG_READER, PATIENCE_MS);
		break;
	case READER_RELEASE:
		fake_release(RIG_READER);
		break;
	case READER_PAD:
		fake_reader_pad(RIG_READER, o->nobody ? NULL : o->text);
		break;
	case READER_PLUG:
		fake_reader_plug(reader);
		break;
	case READER_UNPLUG:
		fake_reader_unplug(reader);
		break;
	case READER_SERVICE:
		fake_service(o->k);
		break;
	case READER_OTHER:
		a.e = other(o->k);
		break;
	case READER_WATCH:
		watch();
		break;
	case READER_SEEN:
		a.seen = look();
		break;
	case READER_OPEN:
		a.e = ask_open(&a.open);
		break;
	}
	return a;
}

void reader_at(struct rig_answer (*f)(const struct rig_order *o))
{
	elsewhere = f;
}

bool rig_is_direct(void)
{
	return !elsewhere;
}

static struct rig_answer tell(struct rig_order o)
{
	return elsewhere ? elsewhere(&o) : reader_do(&o);
}

static void must(struct rig_order o)
{
	assert_int_equal(tell(o).e, ERR_OK);
}

static struct rig_order with_text(struct rig_order o, const char *text)
{
	assert_true(strlen(text) < sizeof(o.text));
	(void)snprintf(o.text, sizeof(o.text), "%s", text);
	return o;
}

static struct rig_order with_reader(struct rig_order o, const char *reader)
{
	assert_true(strlen(reader) < sizeof(o.reader));
	(void)snprintf(o.reader, sizeof(o.reader), "%s", reader);
	return o;
}

void rig_card_put(const char *dir)
{
	must(with_text((struct rig_order){ .what = READER_INSERT }, dir));
}

void rig_card_remove(void)
{
	must((struct rig_order){ .what = READER_REMOVE });
}

void rig_other_put(const char *dir)
{
	must(with_reader(with_text((struct rig_order){ .what = READER_INSERT }, dir), RIG_OTHER_READER));
}

void rig_other_remove(void)
{
	must(with_reader((struct rig_order){ .what = READER_REMOVE }, RIG_OTHER_READER));
}

void rig_fault(unsigned k, enum fake_fault fault)
{
	must((struct rig_order){ .what = READER_FAULT, .k = k, .fault = fault });
}

enum err rig_held(void)
{
	return tell((struct rig_order){ .what = READER_HELD }).e;
}

void rig_release(void)
{
	must((struct rig_order){ .what = READER_RELEASE });
}

void rig_pad(const char *typed)
{
	must(with_text((struct rig_order){ .what = READER_PAD, .nobody = !typed }, typed ? typed : ""));
}

void rig_plug(const char *reader)
{
	must(with_reader((struct rig_order){ .what = READER_PLUG }, reader));
}

void rig_unplug(const char *reader)
{
	must(with_reader((struct rig_order){ .what = READER_UNPLUG }, reader));
}

void rig_service(bool runs)
{
	must((struct rig_order){ .what = READER_SERVICE, .k = runs });
}

void rig_watch(void)
{
	must((struct rig_order){ .what = READER_WATCH });
}

struct rig_seen rig_seen(void)
{
	return tell((struct rig_order){ .what = READER_SEEN }).seen;
}

uint64_t rig_exchanges(void)
{
	return rig_seen().exchanges;
}

unsigned rig_connections(void)
{
	return rig_seen().connections;
}

bool rig_card_is_open(void)
{
	struct rig_answer a = tell((struct rig_order){ .what = READER_OPEN });

	assert_int_equal(a.e, ERR_OK);
	return a.open;
}

bool rig_other_selects(bool reset)
{
	enum err e = tell((struct rig_order){ .what = READER_OTHER, .k = reset }).e;

	assert_true(e == ERR_OK || e == ERR_SHARING);
	return !e;
}
