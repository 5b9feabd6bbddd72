/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/*
 * A client that works alone is lent to the card's thread: here the clients' thread is the test itself, so that it is
 * seen who answers.
 */
#include "test/p11/rig.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/client.h"
#include "test/fake/clock.h"

static struct conf conf;
static struct agent_rules rules;
static struct agent_house house;
static struct agent_queue results;
static struct rig_card card;
struct user {
	struct agent_client *c;         /* NULL: dropped */
	int fd;
};
static struct user a, b;

static bool nobody(void *ctx, const struct agent_card *of)
{
	(void)ctx;
	(void)of;
	return false;
}

static enum agent_state state_now(void)
{
	struct agent_view *v = agent_card_view(house.cards[0]);
	enum agent_state s;

	lock_take(&v->lock);
	s = v->state;
	lock_give(&v->lock);
	return s;
}

/* ---- the clients' thread ---- */

static bool pump_for(uint64_t ms)
{
	struct deadline dl = deadline_in(ms);
	struct agent_job *j;

	while (!deadline_wait(&dl, results.fd)) {
		j = agent_queue_take(&results);
		if (!j)
			continue;
		for (struct user *u = &a; u; u = u == &a ? &b : NULL)
			if (j && u->c && u->c->job == j) {
				if (!agent_client_done(&house, u->c, &j))
					agent_client_free(&house, &u->c);
				break;
			}
		agent_job_free(&j);
		return true;
	}
	return false;
}

static void pump(void)
{
	assert_true(pump_for(PATIENCE_MS));
}

/* The answer to what u was just heard to say. */
static enum agent_type answer(struct user *u, struct rd *apdu, char *why, size_t cap)
{
	static uint8_t heard[4096];
	struct deadline dl = deadline_in(PATIENCE_MS);
	enum agent_type type;
	struct rd elements;
	struct wr w;

	WR_ARR(&w, heard);
	assert_int_equal(agent_msg_receive(u->fd, &w, &dl), ERR_OK);
	assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
	if (why && type == AGENT_FAIL)
		(void)agent_fail_read(elements, why, cap);
	if (apdu && !rd_tlv_find(elements, AGENT_T_APDU, apdu))
		*apdu = RD_NONE;
	return type;
}

/* ERR_TIMEOUT: he is not listened to, either. */
static enum err try_to_say(const struct user *u, enum agent_type type, enum agent_tag tag, struct rd value, uint64_t ms)
{
	struct deadline dl = deadline_in(ms);
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, type);
	if (value.p)
		wr_tlv(&w, tag, value);
	e = agent_msg_send(u->fd, wr_view(&w), &dl);
	wr_free(&w);
	return e;
}

static void say(const struct user *u, enum agent_type type, enum agent_tag tag, struct rd value)
{
	assert_int_equal(try_to_say(u, type, tag, value, PATIENCE_MS), ERR_OK);
}

static void hear(struct user *u)
{
	if (!agent_client_read(&house, u->c))
		agent_client_free(&house, &u->c);
}

static enum err try_to_say_sign(const struct user *u, uint8_t digest, uint64_t ms)
{
	uint8_t hash[SHA256_SIZE] = { digest };
	struct wr cmd;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_sign(&cmd, 1, HSM_ECDSA, RD_ARR(hash));
	e = try_to_say(u, AGENT_SEND, AGENT_T_APDU, wr_view(&cmd), ms);
	wr_free(&cmd);
	return e;
}

static void say_sign(const struct user *u, uint8_t digest)
{
	assert_int_equal(try_to_say_sign(u, digest, PATIENCE_MS), ERR_OK);
}

static uint16_t sw_of(struct rd apdu)
{
	struct rd data;
	uint16_t sw = 0;

	assert_int_equal(apdu_answer(apdu, &data, &sw), ERR_OK);
	return sw;
}

static uint16_t signed_now(struct user *u)
{
	struct rd apdu;

	assert_int_equal(answer(u, &apdu, NULL, 0), AGENT_OK);
	return sw_of(apdu);
}

/* By way of the clients' thread. */
static uint16_t sign(struct user *u, uint8_t digest)
{
	say_sign(u, digest);
	hear(u);
	if (u->c && u->c->job)
		pump();
	return signed_now(u);
}

static void come(struct user *u)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	u->fd = ends[1];
	assert_int_equal(agent_client_new(ends[0], &u->c), ERR_OK);
	say(u, AGENT_HELLO, AGENT_T_VERSION, RD_LIT("\x01"));
	hear(u);
	assert_int_equal(answer(u, NULL, NULL, 0), AGENT_OK);
	say(u, AGENT_OPEN, AGENT_T_READER, rd_str(RIG_READER));
	hear(u);
	assert_int_equal(answer(u, NULL, NULL, 0), AGENT_OK);
	say(u, AGENT_LOGIN, AGENT_T_PIN, rd_str(RIG_PIN));
	hear(u);
	/* Progress comes before it. */
	while (u->c->job)
		pump();
	while (answer(u, NULL, NULL, 0) == AGENT_PROGRESS)
		continue;
}

static void begin(const char *limits)
{
	static char receipts[128];
	struct deadline all = deadline_in(PATIENCE_MS);
	char why[100];

	card = rig_card_simple();
	conf = (struct conf){ .login.timeout = PATIENCE_S };
	(void)snprintf(receipts, sizeof(receipts), "%s/receipts", rig_folder);
	assert_int_equal(mkdir(receipts, 0700), 0);
	conf.agent.receipts = receipts;
	rules = (struct agent_rules){ .conf = &conf };
	pka_limits_init(&rules.limits);
	if (limits)
		assert_int_equal(pka_limits_read(rd_str(limits), &rules.limits, why, sizeof(why)), ERR_OK);
	house = (struct agent_house){ .rules = &rules, .is_awaited = nobody, .cards_n = 1 };
	assert_int_equal(agent_queue_init(&results), ERR_OK);
	assert_int_equal(agent_card_new(&rules, RIG_READER, &results, &house.cards[0]), ERR_OK);
	while (state_now() != AGENT_CLOSED) {
		struct deadline slice = deadline_within(&all, 5);

		assert_int_equal(deadline_check(&all), ERR_OK);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
	come(&a);
	come(&b);
}

static void end(void)
{
	agent_card_stop(house.cards[0]);
	for (struct user *u = &a; u; u = u == &a ? &b : NULL) {
		agent_client_free(&house, &u->c);
		if (u->fd >= 0)
			(void)close(u->fd);
	}
	agent_card_free(&house.cards[0]);
	agent_queue_fini(&results);
}

/* Two signatures in a row, and the third is answered though nobody calls the clients' thread. */
static void lend(struct user *u)
{
	assert_int_equal(sign(u, 1), 0x9000);
	assert_false(u->c->lent);
	assert_int_equal(sign(u, 2), 0x9000);
	assert_true(u->c->lent);
	say_sign(u, 3);
	assert_int_equal(signed_now(u), 0x9000);
}

/* ---- tests ---- */

static void test_alone(void **state)
{
	uint64_t before;

	(void)state;
	begin(NULL);
	lend(&a);
	before = fake_exchanges(RIG_READER);
	for (uint8_t i = 10; i < 60; i++) {
		say_sign(&a, i);
		assert_int_equal(signed_now(&a), 0x9000);
	}
	assert_int_equal(fake_exchanges(RIG_READER), before + 50);
	assert_true(a.c->lent);
	end();
}

/* Who takes turns with somebody is not lent: it would go to and fro. */
static void test_taking_turns(void **state)
{
	(void)state;
	begin(NULL);
	for (uint8_t i = 0; i < 5; i++) {
		assert_int_equal(sign(&a, i), 0x9000);
		assert_int_equal(sign(&b, i), 0x9000);
		assert_false(a.c->lent || b.c->lent);
	}
	end();
}

/* Anybody else's job takes it back, whoever is lent stays quiet or not. */
static void test_somebody_comes(void **state)
{
	(void)state;
	begin(NULL);
	lend(&a);
	say_sign(&b, 1);
	hear(&b);
	pump();
	if (a.c->lent || b.c->job)
		pump();
	assert_false(a.c->lent);
	assert_int_equal(signed_now(&b), 0x9000);
	assert_int_equal(sign(&a, 4), 0x9000);
	/* And it may be lent again. */
	assert_int_equal(sign(&a, 5), 0x9000);
	assert_true(a.c->lent);
	end();
}

/* What is no use of a key is for the clients' thread, and nothing of it is lost. */
static void test_something_else(void **state)
{
	struct wr cmd;
	struct rd apdu;

	(void)state;
	begin(NULL);
	lend(&a);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_select(&cmd);
	say(&a, AGENT_SEND, AGENT_T_APDU, wr_view(&cmd));
	wr_free(&cmd);
	pump();
	assert_false(a.c->lent);
	assert_int_equal(answer(&a, &apdu, NULL, 0), AGENT_OK);
	assert_int_equal(sw_of(apdu), 0x9000);
	/* SELECT was a logout. */
	assert_int_equal(sign(&a, 1), 0x6982);
	end();
}

static void test_nonsense(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct wr w;

	(void)state;
	begin(NULL);
	lend(&a);
	assert_int_equal(send(a.fd, "\x04\x85\x7f", 3, MSG_NOSIGNAL), 3);
	pump();
	assert_null(a.c);
	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	assert_int_equal(agent_msg_receive(a.fd, &w, &dl), ERR_REMOVED);
	wr_free(&w);
	assert_int_equal(sign(&b, 1), 0x9000);
	end();
}

/* Who has gone gets nothing signed, even if he had asked. */
static void test_gone(void **state)
{
	uint64_t before;

	(void)state;
	begin(NULL);
	lend(&a);
	/* The card's thread is busy while he asks and goes. */
	fake_fault(RIG_READER, 1, FAKE_HELD);
	say_sign(&a, 4);
	assert_int_equal(fake_held(RIG_READER, PATIENCE_MS), ERR_OK);
	say_sign(&a, 5);
	(void)close(a.fd);
	a.fd = -1;
	before = fake_exchanges(RIG_READER);
	fake_release(RIG_READER);
	pump();
	assert_null(a.c);
	assert_int_equal(sign(&b, 1), 0x9000);
	assert_int_equal(fake_exchanges(RIG_READER), before + 1);
	end();
}

/* Over the limits: by the clients' thread, with the reason. */
static void test_limits(void **state)
{
	char why[AGENT_TEXT_MAX] = "";

	(void)state;
	begin("sign=3");
	lend(&a);
	say_sign(&a, 4);
	pump();
	assert_int_equal(answer(&a, NULL, why, sizeof(why)), AGENT_FAIL);
	assert_non_null(strstr(why, "all 3 signatures"));
	/* What was signed already is free. */
	assert_int_equal(sign(&a, 3), 0x9000);
	end();
}

static void test_time(void **state)
{
	char why[AGENT_TEXT_MAX] = "";

	(void)state;
	begin("for=1h");
	lend(&a);
	fake_clock_pass(3601 * 1000);
	say_sign(&a, 4);
	pump();
	assert_int_equal(answer(&a, NULL, why, sizeof(why)), AGENT_FAIL);
	assert_non_null(strstr(why, "time is over"));
	assert_int_equal(sign(&a, 1), 0x6982);
	end();
}

static void test_pulled(void **state)
{
	char why[AGENT_TEXT_MAX] = "";

	(void)state;
	begin(NULL);
	lend(&a);
	fake_card_remove(RIG_READER);
	say_sign(&a, 4);
	pump();
	if (a.c->lent)
		pump();
	/* It may have been given back before he said it. */
	hear(&a);
	assert_int_equal(answer(&a, NULL, why, sizeof(why)), AGENT_FAIL);
	assert_non_null(strstr(why, "removed"));
	end();
}

/* One who does not listen: the clients' thread keeps his answer, and the card works for others. */
static void test_deaf(void **state)
{
	struct deadline all;

	(void)state;
	begin(NULL);
	lend(&a);
	for (all = deadline_in(PATIENCE_MS); a.c->lent; (void)pump_for(1)) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		/* Both directions may be full: then he has to wait for us. */
		(void)!try_to_say_sign(&a, 4, 0);
	}
	assert_true(a.c->out.n > 0);
	assert_int_equal(sign(&b, 1), 0x9000);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_alone), RIG_TEST(test_taking_turns), RIG_TEST(test_somebody_comes),
		RIG_TEST(test_something_else), RIG_TEST(test_nonsense), RIG_TEST(test_gone), RIG_TEST(test_limits),
		RIG_TEST(test_time), RIG_TEST(test_pulled), RIG_TEST(test_deaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
