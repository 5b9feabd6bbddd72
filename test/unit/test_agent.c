/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* The agent as its clients meet it: own views, limits, ends, receipts, bad luck. */
#include "test/agent_rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sc-hsm/file.h"
#include "sc-hsm/pin.h"
#include "test/fake/clock.h"

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };
static struct rig_card card;
static struct agent_user a, b;

static void start(const char *conf)
{
	card = rig_card_simple();
	agent_rig_start(conf);
	agent_user_come(&a);
	agent_user_come(&b);
}

static void stop(void)
{
	agent_user_go(&a);
	agent_user_go(&b);
	agent_rig_stop();
}

static bool receipt_says(const char *text)
{
	struct wr w;
	bool found;

	wr_init_heap(&w, 1 << 24);
	(void)agent_rig_receipt(&w);
	found = strstr(wr_cstr(&w), text) != NULL;
	wr_free(&w);
	return found;
}

/* The card itself, past the agent that holds it: does it sign now? */
static bool card_signs(void)
{
	uint8_t hash[SHA256_SIZE] = { 0 };
	struct wr cmd, rsp;
	struct rd sig;
	uint16_t sw;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_sign(&cmd, 1, HSM_ECDSA, RD_ARR(hash));
	assert_int_equal(fake_card_ask(RIG_READER, wr_view(&cmd), &rsp), ERR_OK);
	assert_int_equal(apdu_answer(wr_view(&rsp), &sig, &sw), ERR_OK);
	wr_free(&cmd);
	wr_free(&rsp);
	assert_true(sw == APDU_SW_OK || sw == 0x6982);
	return sw == APDU_SW_OK;
}

static void test_two_clients(void **state)
{
	(void)state;
	start("");
	assert_false(agent_user_sees_open(&a));
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_true(agent_user_sees_open(&a));
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	/* The card is open; b has not logged in. */
	assert_false(agent_user_sees_open(&b));
	assert_int_equal(agent_user_sign(&b, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&b, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&b, 2), ERR_OK);
	assert_int_equal(agent_logout(hsm_card_link(a.card)), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_int_equal(agent_user_sign(&b, 3), ERR_OK);
	/* SELECT is a logout of who sends it. */
	assert_int_equal(hsm_card_select(b.card, &b.version, &never), ERR_OK);
	assert_int_equal(agent_user_sign(&b, 3), ERR_AUTH);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 4), ERR_OK);
	assert_int_equal(agent_rig_receipts(), 1);
	stop();
	assert_true(receipt_says("\nend "));
}

static void test_pins(void **state)
{
	uint64_t before;

	(void)state;
	start("");
	assert_int_equal(agent_user_login(&a, NULL, NULL), ERR_ARG);
	assert_int_equal(agent_user_login(&a, "000000", NULL), ERR_PIN_WRONG);
	assert_non_null(strstr(a.why, "tries left"));
	assert_int_equal(agent_rig_receipts(), 0);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	/* The card has no say any more, and loses no try. */
	before = fake_exchanges(RIG_READER);
	assert_int_equal(agent_user_login(&b, "000000", NULL), ERR_PIN_WRONG);
	assert_int_equal(agent_user_login(&b, NULL, NULL), ERR_ARG);
	assert_int_equal(fake_exchanges(RIG_READER), before);
	assert_int_equal(agent_user_sign(&b, 1), ERR_AUTH);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	/* Nobody tries PINs on an opened card. */
	assert_int_equal(agent_user_login(&b, "000000", NULL), ERR_PIN_WRONG);
	assert_true(card_signs());
	assert_int_equal(agent_user_login(&b, "000000", NULL), ERR_PIN_WRONG);
	assert_false(card_signs());
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_true(receipt_says("\nend "));
	stop();
}

static void test_refused(void **state)
{
	struct secret *pin = NULL;
	struct wr w;
	uint64_t before;

	(void)state;
	start("");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	before = fake_exchanges(RIG_READER);
	assert_int_equal(secret_new(rd_str(RIG_PIN), &pin), ERR_OK);
	assert_int_equal(hsm_pin_verify(a.card, HSM_REF_USER, pin, &never), ERR_REFUSED);
	secret_free(&pin);
	assert_int_equal(hsm_file_write(a.card, HSM_FID(HSM_FID_DATA, 1), RD_LIT("x"), &never), ERR_READ_ONLY);
	assert_int_equal(hsm_file_delete(a.card, HSM_FID(HSM_FID_KEY, 1), &never), ERR_READ_ONLY);
	wr_init_heap(&w, APDU_CMD_MAX);
	hsm_enc_initialize(&w, RD_LIT("\x80\x02\x00\x01"));
	assert_int_equal(hsm_card_exchange(a.card, HSM_INITIALIZE, wr_view(&w), NULL, &never), ERR_READ_ONLY);
	wr_free(&w);
	assert_int_equal(fake_exchanges(RIG_READER), before);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	stop();
}

/* With the operator's leave, and then others see it. */
static void test_admitted(void **state)
{
	struct hsm_fids fids;
	uint8_t bytes[16];
	struct wr w;

	(void)state;
	card = rig_card_simple();
	agent_rig_start("[agent]\nadmit = update, delete\n");
	agent_user_come(&a);
	agent_user_come(&b);
	assert_int_equal(hsm_file_list(b.card, &fids, &never), ERR_OK);
	assert_false(hsm_fids_has(&fids, HSM_FID(HSM_FID_DATA, 1)));
	/* Who has not logged in changes nothing, though the card is open. */
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(hsm_file_write(b.card, HSM_FID(HSM_FID_DATA, 1), RD_LIT("x"), &never), ERR_AUTH);
	assert_int_equal(hsm_file_write(a.card, HSM_FID(HSM_FID_DATA, 1), RD_LIT("x"), &never), ERR_OK);
	assert_int_equal(hsm_file_list(b.card, &fids, &never), ERR_OK);
	assert_true(hsm_fids_has(&fids, HSM_FID(HSM_FID_DATA, 1)));
	WR_ARR(&w, bytes);
	assert_int_equal(hsm_file_read(b.card, HSM_FID(HSM_FID_DATA, 1), &w, &never), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("x"));
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	stop();
}

static void test_memory(void **state)
{
	struct hsm_fids fids;
	uint64_t before;
	struct wr w;

	(void)state;
	start("");
	before = fake_exchanges(RIG_READER);
	wr_init_heap(&w, FILE_SIZE_MAX);
	for (int i = 0; i < 3; i++) {
		wr_reset(&w);
		assert_int_equal(hsm_file_list(b.card, &fids, &never), ERR_OK);
		assert_int_equal(hsm_file_devaut(b.card, &w, &never), ERR_OK);
		wr_reset(&w);
		assert_int_equal(hsm_file_read(a.card, HSM_FID(HSM_FID_EE, 1), &w, &never), ERR_OK);
		assert_int_equal(hsm_card_select(a.card, &a.version, &never), ERR_OK);
		assert_false(agent_user_sees_open(&a));
	}
	wr_free(&w);
	assert_int_equal(fake_exchanges(RIG_READER), before);
	/* Private data is for who has logged in, and is not kept. */
	wr_init_heap(&w, FILE_SIZE_MAX);
	assert_int_equal(hsm_file_read(a.card, HSM_FID(HSM_FID_DATA_PRIVATE, 1), &w, &never), ERR_AUTH);
	wr_free(&w);
	assert_int_equal(fake_exchanges(RIG_READER), before);
	stop();
}

static void test_limits(void **state)
{
	uint64_t before;

	(void)state;
	start("[agent]\nlimits = sign=3 for=1h\n");
	/* A client can lower, not raise. */
	assert_int_equal(agent_user_login(&a, RIG_PIN, "sign=2"), ERR_OK);
	assert_int_equal(agent_user_login(&b, RIG_PIN, "sign=100"), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	assert_int_equal(agent_user_sign(&b, 2), ERR_OK);
	before = fake_exchanges(RIG_READER);
	assert_int_equal(agent_user_sign(&a, 3), ERR_ALLOWANCE);
	assert_non_null(strstr(a.why, "all 2 signatures"));
	assert_int_equal(fake_exchanges(RIG_READER), before);
	assert_int_equal(agent_user_sign(&b, 1), ERR_OK);
	stop();
}

static void test_time(void **state)
{
	(void)state;
	start("[agent]\nlimits = for=1h\n");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_login(&b, RIG_PIN, NULL), ERR_OK);
	fake_clock_set_wall(-365 * 86400);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	fake_clock_set_wall(2 * 365 * 86400);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	fake_clock_pass(3599 * 1000);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	fake_clock_pass(2 * 1000);
	/* It is said why, once; then the login is gone. */
	assert_int_equal(agent_user_sign(&a, 1), ERR_ALLOWANCE);
	assert_non_null(strstr(a.why, "time is over"));
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_int_equal(agent_user_sign(&b, 1), ERR_ALLOWANCE);
	assert_false(agent_user_sees_open(&b));
	assert_true(receipt_says("\nend "));
	/* A new login is a new approval, with a receipt of its own. */
	assert_int_equal(agent_user_login(&b, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&b, 1), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_int_equal(agent_rig_receipts(), 2);
	stop();
}

/* Nobody asks for anything: it ends all the same, and the card is closed. */
static void test_time_alone(void **state)
{
	struct deadline all = deadline_in(PATIENCE_MS), slice;

	(void)state;
	start("[agent]\nlimits = for=1h\n");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_true(card_signs());
	fake_clock_pass(3600 * 1000);
	all = deadline_in(PATIENCE_MS);
	while (agent_user_sees_open(&a)) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		slice = deadline_within(&all, 5);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
	assert_false(card_signs());
	assert_true(receipt_says("\nend "));
	stop();
}

static void test_ended(void **state)
{
	struct agent_at at;
	char why[200];
	struct wr w;

	(void)state;
	start("");
	at = agent_rig_at();
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_end(&at, "no such reader", why, sizeof(why)), ERR_NO_READER);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	wr_init_heap(&w, 65536);
	assert_int_equal(agent_status(&at, &w, why, sizeof(why)), ERR_OK);
	assert_non_null(strstr(wr_cstr(&w), "\"state\":\"open\""));
	assert_non_null(strstr(wr_cstr(&w), "\"digests\":1"));
	assert_true(card_signs());
	assert_int_equal(agent_end(&at, RIG_READER, why, sizeof(why)), ERR_OK);
	assert_false(card_signs());
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_false(agent_user_sees_open(&a));
	wr_reset(&w);
	assert_int_equal(agent_status(&at, &w, why, sizeof(why)), ERR_OK);
	assert_non_null(strstr(wr_cstr(&w), "\"state\":\"closed\""));
	wr_free(&w);
	stop();
	/* Really: the card itself says so, to whoever comes next. */
	agent_rig_start("");
	agent_user_come(&a);
	assert_false(agent_user_sees_open(&a));
	agent_user_go(&a);
	agent_rig_stop();
}

static void come_back(struct agent_user *u)
{
	struct deadline all = deadline_in(PATIENCE_MS), slice;
	struct agent_at at = agent_rig_at();
	struct apdu_readers now;
	char why[200];

	for (;;) {
		assert_int_equal(agent_list(&at, &now, why, sizeof(why)), ERR_OK);
		if (now.n == 1 && now.v[0].has_card)
			break;
		assert_int_equal(deadline_check(&all), ERR_OK);
		slice = deadline_within(&all, 5);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
	agent_user_come(u);
}

static void test_pulled(void **state)
{
	(void)state;
	start("");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	fake_card_remove(RIG_READER);
	assert_int_equal(agent_user_sign(&a, 1), ERR_REMOVED);
	rig_card_insert(&card);
	/* The card that is in now is not the one that was opened, even if it is. */
	assert_int_equal(agent_user_sign(&a, 1), ERR_REMOVED);
	agent_user_go(&a);
	come_back(&a);
	assert_false(agent_user_sees_open(&a));
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	assert_int_equal(agent_rig_receipts(), 2);
	stop();
}

/* No receipt, no signature: neither this one nor any later. */
static void test_disk_full(void **state)
{
	struct rlimit before, small;
	struct wr w;
	size_t size;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	start("");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	wr_init_heap(&w, 1 << 24);
	(void)agent_rig_receipt(&w);
	size = w.n;
	wr_free(&w);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = size + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(agent_user_sign(&a, 2), ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(agent_user_sign(&a, 1), ERR_AUTH);
	/* What was whole is whole. */
	wr_init_heap(&w, 1 << 24);
	(void)agent_rig_receipt(&w);
	assert_int_equal(w.n, size);
	wr_free(&w);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 2), ERR_OK);
	stop();
}

static void test_no_receipts(void **state)
{
	char path[128];

	(void)state;
	start("");
	(void)snprintf(path, sizeof(path), "%s/receipts", rig_folder);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_IO);
	assert_non_null(strstr(a.why, "receipt"));
	assert_false(agent_user_sees_open(&a));
	stop();
}

/* ---- many ---- */

#define CROWD 100
#define EACH 10

static void *one_of_many(void *ctx)
{
	const uint32_t me = (uint32_t)(uintptr_t)ctx;
	struct agent_user u;

	agent_user_come(&u);
	assert_int_equal(agent_user_login(&u, RIG_PIN, NULL), ERR_OK);
	for (uint32_t i = 0; i < EACH; i++)
		assert_int_equal(agent_user_sign(&u, me * EACH + i), ERR_OK);
	agent_user_go(&u);
	return NULL;
}

static void test_crowd(void **state)
{
	pthread_t t[CROWD];
	uint64_t before;

	(void)state;
	start("[agent]\nlimits = sign=1000\n");
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	before = fake_exchanges(RIG_READER);
	for (uintptr_t i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&t[i], NULL, one_of_many, (void *)i), 0);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	/* One exchange a signature, whoever asks. */
	assert_int_equal(fake_exchanges(RIG_READER), before + CROWD * EACH);
	assert_int_equal(agent_user_sign(&a, CROWD * EACH), ERR_ALLOWANCE);
	assert_int_equal(agent_rig_receipts(), 1);
	stop();
}

/* ---- two cards ---- */

static void *sign_once(void *ctx)
{
	assert_int_equal(agent_user_sign(ctx, 1), ERR_OK);
	return NULL;
}

/* One is at work for long; the other is not kept waiting, nor does its end end the first one's approval. */
static void test_two_cards(void **state)
{
	const struct rig_spec spec = { .pin = RIG_PIN };
	struct rig_card other = rig_card_new(&spec);
	struct agent_at at;
	struct agent_user u;
	char why[200];
	pthread_t t;

	(void)state;
	rig_card_key(&other, 1, EC_SECP256R1, 0, "other", RD_LIT("\x01"));
	fake_reader_plug(RIG_OTHER_READER);
	assert_int_equal(fake_card_insert(RIG_OTHER_READER, other.dir), ERR_OK);
	start("");
	at = agent_rig_at();
	agent_user_come_to(&u, RIG_OTHER_READER);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&u, 1), ERR_AUTH);
	assert_int_equal(agent_user_login(&u, RIG_PIN, NULL), ERR_OK);
	fake_fault(RIG_READER, 1, FAKE_HELD);
	assert_int_equal(pthread_create(&t, NULL, sign_once, &a), 0);
	assert_int_equal(fake_held(RIG_READER, PATIENCE_MS), ERR_OK);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(agent_user_sign(&u, i), ERR_OK);
	assert_int_equal(agent_end(&at, RIG_OTHER_READER, why, sizeof(why)), ERR_OK);
	assert_int_equal(agent_user_sign(&u, 1), ERR_AUTH);
	fake_release(RIG_READER);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(agent_user_sign(&a, 2), ERR_OK);
	assert_int_equal(agent_rig_receipts(), 2);
	agent_user_go(&u);
	stop();
}

static void *end_all(void *ctx)
{
	struct agent_at at = agent_rig_at();
	char why[200];

	assert_int_equal(agent_end(&at, NULL, why, sizeof(why)), ERR_OK);
	atomic_store((atomic_bool *)ctx, true);
	return NULL;
}

/* Whichever of them is slow: who ended all is not told so before all are. A card that is away is over. */
static void test_end_of_two_cards(void **state)
{
	const struct rig_spec spec = { .pin = RIG_PIN };
	struct rig_card other = rig_card_new(&spec);
	struct agent_user u, *both[2] = { &a, &u };
	const char *const readers[2] = { RIG_READER, RIG_OTHER_READER };
	pthread_t signs, ends;

	(void)state;
	rig_card_key(&other, 1, EC_SECP256R1, 0, "other", RD_LIT("\x01"));
	fake_reader_plug(RIG_OTHER_READER);
	assert_int_equal(fake_card_insert(RIG_OTHER_READER, other.dir), ERR_OK);
	start("");
	agent_user_come_to(&u, RIG_OTHER_READER);
	for (size_t slow = 0; slow < 2; slow++) {
		struct deadline all = deadline_in(PATIENCE_MS), slice;
		atomic_bool ended = false;

		for (size_t i = 0; i < 2; i++)
			assert_int_equal(agent_user_login(both[i], RIG_PIN, NULL), ERR_OK);
		fake_fault(readers[slow], 1, FAKE_HELD);
		assert_int_equal(pthread_create(&signs, NULL, sign_once, both[slow]), 0);
		assert_int_equal(fake_held(readers[slow], PATIENCE_MS), ERR_OK);
		assert_int_equal(pthread_create(&ends, NULL, end_all, &ended), 0);
		while (agent_user_sees_open(both[!slow])) {
			slice = deadline_within(&all, 5);
			assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
		}
		/* An answer that came for the quick card alone would be on its way now. */
		slice = deadline_in(50);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
		assert_false(atomic_load(&ended));
		fake_release(readers[slow]);
		assert_int_equal(pthread_join(signs, NULL), 0);
		assert_int_equal(pthread_join(ends, NULL), 0);
		assert_int_equal(agent_user_sign(both[slow], 1), ERR_AUTH);
	}
	agent_user_go(&u);
	fake_card_remove(RIG_OTHER_READER);
	assert_int_equal(agent_user_login(&a, RIG_PIN, NULL), ERR_OK);
	assert_null(end_all(&(atomic_bool){ false }));
	assert_false(card_signs());
	stop();
}

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_two_clients), AGENT_TEST(test_pins),       AGENT_TEST(test_refused),
		AGENT_TEST(test_admitted),    AGENT_TEST(test_memory),     AGENT_TEST(test_limits),
		AGENT_TEST(test_time),        AGENT_TEST(test_time_alone), AGENT_TEST(test_ended),
		AGENT_TEST(test_pulled),      AGENT_TEST(test_disk_full),  AGENT_TEST(test_no_receipts),
		AGENT_TEST(test_crowd),       AGENT_TEST(test_two_cards),
		AGENT_TEST(test_end_of_two_cards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
