/* SPDX-License-Identifier: Apache-2.0 */
/* apdu/pcsc.c against the fake service, and with it the fake itself. */
#include "test/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apdu/pcsc.h"
#include "sc-hsm/cmd.h"
#include "test/fake/scard.h"
#include "test/unit/vcard.h"

#define READER "Virtual HSM 0"
#define OTHER  "Virtual HSM 1"

static char card_dir[96], second_dir[96];

static int make_cards(void **state)
{
	struct vcard_spec spec = { .dir = card_dir };

	if (test_folder_make(state))
		return -1;
	(void)snprintf(card_dir, sizeof(card_dir), "%s/card", test_folder);
	(void)snprintf(second_dir, sizeof(second_dir), "%s/second", test_folder);
	if (vcard_create(&spec))
		return -1;
	spec.dir = second_dir;
	return vcard_create(&spec) ? -1 : 0;
}

static int plug(void **state)
{
	(void)state;
	fake_scard_start();
	fake_reader_plug(READER);
	return fake_card_insert(READER, card_dir) ? -1 : 0;
}

static int unplug(void **state)
{
	(void)state;
	return (int)fake_scard_stop();
}

static enum err send(struct apdu_link *l, void (*encode)(struct wr *w), uint16_t *sw)
{
	struct wr cmd, rsp;
	struct rd data;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	encode(&cmd);
	e = apdu_link_transmit(l, wr_view(&cmd), APDU_SHOW_CMD | APDU_SHOW_RSP, &rsp, NULL);
	if (!e)
		e = apdu_answer(wr_view(&rsp), &data, sw);
	wr_free(&cmd);
	wr_free(&rsp);
	return e;
}

static void status(struct wr *w)
{
	hsm_enc_verify_status(w, HSM_REF_USER);
}

#define assert_answer(l, encode, expected) \
	do { \
		uint16_t sw_; \
		assert_int_equal(send((l), (encode), &sw_), ERR_OK); \
		assert_int_equal(sw_, (expected)); \
	} while (0)

static void test_list(void **state)
{
	struct apdu_readers r;
	struct apdu_link *l = NULL;

	(void)state;
	fake_reader_plug(OTHER);
	assert_int_equal(pcsc_list(&r), ERR_OK);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.v[0].name, READER);
	assert_true(r.v[0].has_card);
	assert_false(r.v[0].in_use);
	assert_false(r.v[1].has_card);
	assert_int_equal(r.v[0].atr_size, 24);
	assert_int_equal(fake_exchanges(READER), 0);

	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &l), ERR_OK);
	assert_int_equal(pcsc_list(&r), ERR_OK);
	assert_true(r.v[0].in_use);
	assert_true(r.v[0].exclusive);
	assert_bytes_equal(apdu_link_atr(l), rd_of(r.v[0].atr, r.v[0].atr_size));
	assert_string_equal(apdu_link_where(l), READER);
	apdu_link_close(&l, false);

	fake_reader_unplug(READER);
	fake_reader_unplug(OTHER);
	assert_int_equal(pcsc_list(&r), ERR_OK);
	assert_int_equal(r.n, 0);
	fake_service(false);
	assert_int_equal(pcsc_list(&r), ERR_NO_SERVICE);
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_NO_SERVICE);
}

static void test_open(void **state)
{
	struct apdu_link *a = NULL, *b = NULL;
	struct fake_other *o;
	char name[READER_NAME_MAX + 1];

	(void)state;
	fake_reader_plug(OTHER);
	assert_int_equal(pcsc_open("no such reader", PCSC_SHARED, &a), ERR_NO_READER);
	assert_int_equal(pcsc_open(OTHER, PCSC_SHARED, &a), ERR_NO_CARD);
	memset(name, 'x', sizeof(name) - 1);
	name[READER_NAME_MAX] = 0;
	assert_int_equal(pcsc_open(name, PCSC_SHARED, &a), ERR_NO_READER);

	/* Shared with others; exclusive with nobody, and nobody with exclusive. */
	o = fake_other_connect(READER, false);
	assert_non_null(o);
	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &a), ERR_SHARING);
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &a), ERR_OK);
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &b), ERR_OK);
	fake_other_disconnect(&o, false);
	apdu_link_close(&b, false);
	apdu_link_close(&a, false);
	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &a), ERR_OK);
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &b), ERR_SHARING);
	assert_null(fake_other_connect(READER, false));
	assert_null(b);
	apdu_link_close(&a, true);
	assert_null(a);
	assert_int_equal(fake_connections(READER), 0);
}

struct opening {
	struct apdu_link *link;
	enum err e;
	atomic_bool done;
};

static void *open_thread(void *ctx)
{
	struct opening *o = ctx;

	o->e = pcsc_open(READER, PCSC_EXCLUSIVE, &o->link);
	o->done = true;
	return NULL;
}

/* Who only looks and goes does not fail an exclusive connection. */
static void test_open_patience(void **state)
{
	struct fake_other *other = fake_other_connect(READER, false);
	struct opening o = { .link = NULL };
	uint64_t before = fake_calls();
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, open_thread, &o), 0);
	/* Context, the connection that is refused, the context's end; and the next attempt has begun. */
	while (fake_calls() < before + 4 && !o.done)
		(void)sched_yield();
	fake_other_disconnect(&other, false);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(o.e, ERR_OK);
	assert_null(fake_other_connect(READER, false));
	apdu_link_close(&o.link, true);
}

static void test_exchange(void **state)
{
	struct apdu_link *l = NULL;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_OK);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_BUG);
	assert_answer(l, hsm_enc_select, 0x9000);
	assert_answer(l, status, 0x6A88);
	apdu_link_end(l);
	assert_int_equal(apdu_link_count(l), 2);
	assert_int_equal(fake_exchanges(READER), 2);
	apdu_link_close(&l, false);
}

/* Left as it is, the next one finds the applet selected; reset, it does not. */
static void test_close(void **state)
{
	struct apdu_link *l = NULL;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &l), ERR_OK);
		assert_int_equal(apdu_link_begin(l, NULL), ERR_OK);
		assert_answer(l, hsm_enc_select, 0x9000);
		apdu_link_end(l);
		apdu_link_close(&l, reset);
		assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
		assert_answer(l, status, reset ? 0x6E00 : 0x6A88);
		apdu_link_close(&l, false);
	}
	/* Half a second with nobody connected: the service powers the card off. */
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	assert_answer(l, hsm_enc_select, 0x9000);
	fake_card_idle(READER);
	assert_answer(l, status, 0x6A88);
	apdu_link_close(&l, false);
	fake_card_idle(READER);
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	assert_answer(l, status, 0x6E00);
	apdu_link_close(&l, false);
}

/* Somebody else's reset: told once, nothing repeated, then good again. */
static void test_foreign_reset(void **state)
{
	struct apdu_link *l = NULL;
	struct fake_other *o;
	uint16_t sw;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_OK);
	assert_answer(l, hsm_enc_select, 0x9000);
	apdu_link_end(l);
	o = fake_other_connect(READER, false);
	fake_other_disconnect(&o, true);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_RESET);
	assert_int_equal(apdu_link_begin(l, NULL), ERR_OK);
	assert_answer(l, status, 0x6E00);
	apdu_link_end(l);

	fake_fault(READER, 2, FAKE_RESET);
	assert_answer(l, hsm_enc_select, 0x9000);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_RESET);
	assert_int_equal(fake_exchanges(READER), 4);
	assert_answer(l, status, 0x6E00);
	apdu_link_close(&l, false);
}

/* Exclusive: the connection is not renewed, so that nobody goes on with a card that he does not know. */
static void test_exclusive_reset(void **state)
{
	struct apdu_link *l = NULL;
	uint16_t sw;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &l), ERR_OK);
	assert_int_equal(apdu_link_present(l), ERR_OK);
	fake_fault(READER, 1, FAKE_RESET);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_RESET);
	assert_int_equal(apdu_link_present(l), ERR_RESET);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_RESET);
	apdu_link_close(&l, true);
}

static void test_own_reset(void **state)
{
	struct apdu_link *l = NULL;

	(void)state;
	for (int share = PCSC_SHARED; share <= PCSC_EXCLUSIVE; share++) {
		assert_int_equal(pcsc_open(READER, (enum pcsc_share)share, &l), ERR_OK);
		assert_answer(l, hsm_enc_select, 0x9000);
		assert_int_equal(apdu_link_reset(l), ERR_OK);
		assert_int_equal(apdu_link_atr(l).n, 24);
		assert_answer(l, status, 0x6E00);
		apdu_link_close(&l, false);
	}
}

static void test_removal(void **state)
{
	struct apdu_link *l = NULL;
	uint16_t sw;

	(void)state;
	for (int share = PCSC_SHARED; share <= PCSC_EXCLUSIVE; share++) {
		assert_int_equal(pcsc_open(READER, (enum pcsc_share)share, &l), ERR_OK);
		assert_int_equal(apdu_link_present(l), ERR_OK);
		fake_fault(READER, 1, FAKE_REMOVED);
		assert_int_equal(send(l, hsm_enc_select, &sw), ERR_REMOVED);
		assert_int_equal(apdu_link_present(l), ERR_REMOVED);
		/* Another card in the same reader is not ours. */
		assert_int_equal(fake_card_insert(READER, second_dir), ERR_OK);
		assert_int_equal(apdu_link_present(l), ERR_REMOVED);
		assert_int_equal(send(l, hsm_enc_select, &sw), ERR_REMOVED);
		if (share == PCSC_SHARED)
			assert_int_equal(apdu_link_begin(l, NULL), ERR_REMOVED);
		apdu_link_close(&l, true);
		fake_card_remove(READER);
		assert_int_equal(fake_card_insert(READER, card_dir), ERR_OK);
	}
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	fake_reader_unplug(READER);
	assert_int_equal(apdu_link_present(l), ERR_REMOVED);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_REMOVED);
	apdu_link_close(&l, false);
}

static void test_broken(void **state)
{
	struct apdu_link *l = NULL;
	uint16_t sw;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	fake_fault(READER, 1, FAKE_BROKEN);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_TRANSPORT);
	assert_answer(l, status, 0x6E00);
	/* The answer is lost, the command was executed: only the next one shows it. */
	fake_fault(READER, 1, FAKE_LOST);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_TRANSPORT);
	assert_answer(l, status, 0x6A88);
	fake_service(false);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_NO_SERVICE);
	fake_service(true);
	assert_int_equal(send(l, hsm_enc_select, &sw), ERR_REMOVED);
	apdu_link_close(&l, true);
}

/* ---- waiting ---- */

struct waiter {
	pthread_t thread;
	struct apdu_readers seen;
	struct deadline dl;
	enum err e;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;

	w->e = pcsc_wait(&w->seen, &w->dl);
	return NULL;
}

static void wait_start(struct waiter *w)
{
	assert_int_equal(pcsc_list(&w->seen), ERR_OK);
	w->dl = deadline_in(PATIENCE_MS);
	assert_int_equal(pthread_create(&w->thread, NULL, wait_thread, w), 0);
}

static enum err wait_end(struct waiter *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	return w->e;
}

static void test_wait(void **state)
{
	struct waiter w;
	struct apdu_link *l = NULL;
	int gave_up[2];

	(void)state;
	wait_start(&w);
	fake_card_remove(READER);
	assert_int_equal(wait_end(&w), ERR_OK);
	assert_false(w.seen.v[0].has_card);
	wait_start(&w);
	assert_int_equal(fake_card_insert(READER, card_dir), ERR_OK);
	assert_int_equal(wait_end(&w), ERR_OK);
	assert_true(w.seen.v[0].has_card);
	wait_start(&w);
	fake_reader_plug(OTHER);
	assert_int_equal(wait_end(&w), ERR_OK);
	assert_int_equal(w.seen.n, 2);

	/* A card taken out and put in again between two looks is a change. */
	assert_int_equal(pcsc_list(&w.seen), ERR_OK);
	fake_card_remove(READER);
	assert_int_equal(fake_card_insert(READER, card_dir), ERR_OK);
	w.dl = deadline_in(PATIENCE_MS);
	assert_int_equal(pcsc_wait(&w.seen, &w.dl), ERR_OK);

	/* That somebody connects or goes is none. */
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	w.dl = deadline_in(30);
	assert_int_equal(pcsc_wait(&w.seen, &w.dl), ERR_TIMEOUT);
	apdu_link_close(&l, false);
	assert_int_equal(pcsc_wait(&w.seen, &w.dl), ERR_TIMEOUT);

	assert_int_equal(pipe(gave_up), 0);
	w.dl = deadline_in(PATIENCE_MS);
	w.dl.cancel_fd = gave_up[0];
	assert_int_equal(pthread_create(&w.thread, NULL, wait_thread, &w), 0);
	assert_int_equal(write(gave_up[1], "", 1), 1);
	assert_int_equal(wait_end(&w), ERR_CANCELLED);
	assert_int_equal(close(gave_up[0]) | close(gave_up[1]), 0);

	fake_reader_unplug(READER);
	fake_reader_unplug(OTHER);
	wait_start(&w);
	fake_reader_plug(OTHER);
	assert_int_equal(wait_end(&w), ERR_OK);
	assert_int_equal(w.seen.n, 1);
	fake_service(false);
	assert_int_equal(pcsc_wait(&w.seen, &w.dl), ERR_NO_SERVICE);
}

/* ---- others ---- */

static void *begin_thread(void *arg)
{
	struct apdu_link *l = arg;

	return apdu_link_begin(l, NULL) == ERR_OK ? arg : NULL;
}

/* A transaction keeps others from between our commands. */
static void test_transaction(void **state)
{
	struct apdu_link *l = NULL;
	struct fake_other *o;
	pthread_t t;
	void *got;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	o = fake_other_connect(READER, false);
	fake_other_lock(o, true);
	assert_int_equal(pthread_create(&t, NULL, begin_thread, l), 0);
	fake_other_lock(o, false);
	assert_int_equal(pthread_join(t, &got), 0);
	assert_ptr_equal(got, l);
	assert_answer(l, hsm_enc_select, 0x9000);
	apdu_link_close(&l, false);
	fake_other_lock(o, true);       /* given back by closing */
	fake_other_disconnect(&o, false);
}

static void *sign_thread(void *arg)
{
	static enum err e;
	uint16_t sw;

	e = send(arg, hsm_enc_select, &sw);
	return &e;
}

static void test_pulled_while_busy(void **state)
{
	struct apdu_link *l = NULL;
	pthread_t t;
	void *got;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &l), ERR_OK);
	fake_fault(READER, 1, FAKE_HELD);
	assert_int_equal(pthread_create(&t, NULL, sign_thread, l), 0);
	assert_int_equal(fake_held(READER, PATIENCE_MS), ERR_OK);
	fake_card_remove(READER);
	assert_int_equal(pthread_join(t, &got), 0);
	assert_int_equal(*(enum err *)got, ERR_REMOVED);

	apdu_link_close(&l, true);
	assert_int_equal(fake_card_insert(READER, card_dir), ERR_OK);
	assert_int_equal(pcsc_open(READER, PCSC_EXCLUSIVE, &l), ERR_OK);
	fake_fault(READER, 1, FAKE_HELD);
	assert_int_equal(pthread_create(&t, NULL, sign_thread, l), 0);
	assert_int_equal(fake_held(READER, PATIENCE_MS), ERR_OK);
	fake_release(READER);
	assert_int_equal(pthread_join(t, &got), 0);
	assert_int_equal(*(enum err *)got, ERR_OK);
	apdu_link_close(&l, true);
}

/* A forked child forgets its parent's card: the service hears nothing of it (the fake would end the child). */
static void test_fork(void **state)
{
	struct apdu_link *l = NULL;
	uint64_t calls;
	pid_t child;
	int rc;

	(void)state;
	assert_int_equal(pcsc_open(READER, PCSC_SHARED, &l), ERR_OK);
	calls = fake_calls();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		apdu_link_abandon(&l);
		_exit(l || fake_calls() != calls);
	}
	assert_int_equal(waitpid(child, &rc, 0), child);
	assert_int_equal(rc, 0);
	assert_answer(l, hsm_enc_select, 0x9000);
	apdu_link_close(&l, false);
}

#define with_card(f) cmocka_unit_test_setup_teardown(f, plug, unplug)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_card(test_list),
		with_card(test_open),
		with_card(test_open_patience),
		with_card(test_exchange),
		with_card(test_close),
		with_card(test_foreign_reset),
		with_card(test_exclusive_reset),
		with_card(test_own_reset),
		with_card(test_removal),
		with_card(test_broken),
		with_card(test_wait),
		with_card(test_transaction),
		with_card(test_pulled_while_busy),
		with_card(test_fork),
	};

	return cmocka_run_group_tests(tests, make_cards, test_folder_remove);
}
