/* SPDX-License-Identifier: Apache-2.0 */
/* fake: disk */
/* No receipt, no signature: what is on the disk when an answer is handed out, and what a bad disk makes of it. */
#include "test/agent_rig.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "test/fake/disk.h"

#define HANGS_MS 50             /* how long a disk that hangs is looked at */
#define SIGNATURES 4            /* the first go by the clients' thread, then the client is lent to the card's */

static int client;
/* What the disk's hook is to do, and what it has seen. */
static struct {
	atomic_int failure;             /* errno */
	atomic_uint calls, early;       /* early: an answer had been handed out before */
	atomic_bool hangs;
	int entered, go_on;             /* eventfds, while it hangs */
} disk;

/* ---- a client whose socket the test itself reads ---- */

static void say(enum agent_type type, enum agent_tag tag, struct rd value)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct wr w;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	agent_msg_begin(&w, type);
	wr_tlv(&w, tag, value);
	assert_int_equal(wr_done(&w), ERR_OK);
	assert_int_equal(agent_msg_send(client, wr_view(&w), &dl), ERR_OK);
	wr_free(&w);
}

/* ERR_OK for an answer, what an AGENT_FAIL says otherwise. Progress is nothing. */
static enum err heard(void)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	enum agent_type type = AGENT_PROGRESS;
	struct rd elements;
	enum err e = ERR_OK;
	struct wr w;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	while (type == AGENT_PROGRESS) {
		wr_reset(&w);
		assert_int_equal(agent_msg_receive(client, &w, &dl), ERR_OK);
		assert_int_equal(agent_msg_read(wr_view(&w), &type, &elements), ERR_OK);
	}
	if (type == AGENT_FAIL)
		e = agent_fail_read(elements, NULL, 0);
	wr_free(&w);
	return e;
}

static void say_sign(uint8_t digest)
{
	uint8_t hash[SHA256_SIZE] = { digest };
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_sign(&cmd, 1, HSM_ECDSA, RD_ARR(hash));
	say(AGENT_SEND, AGENT_T_APDU, wr_view(&cmd));
	wr_free(&cmd);
}

static enum err login(void)
{
	say(AGENT_LOGIN, AGENT_T_PIN, rd_str(RIG_PIN));
	return heard();
}

static bool has_answer(int ms)
{
	struct pollfd p = { .fd = client, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* ---- the disk ---- */

static void raise_event(int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static void wait_event(int fd)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	uint64_t n;

	assert_int_equal(deadline_wait(&dl, fd), ERR_OK);
	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
}

static int before_disk(void *ctx)
{
	(void)ctx;
	disk.calls++;
	if (has_answer(0))
		disk.early++;
	if (disk.hangs) {
		raise_event(disk.entered);
		wait_event(disk.go_on);
	}
	return disk.failure;
}

/* The agent, and its client who is logged in. The disk is watched from now on. */
static void start(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)rig_card_simple();
	agent_rig_start("");
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", agent_rig_at().socket);
	client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
	say(AGENT_HELLO, AGENT_T_VERSION, RD_LIT("\x01"));
	assert_int_equal(heard(), ERR_OK);
	say(AGENT_OPEN, AGENT_T_READER, rd_str(RIG_READER));
	assert_int_equal(heard(), ERR_OK);
	disk.failure = 0;
	disk.calls = disk.early = 0;
	disk.hangs = false;
	disk.entered = fd_event();
	disk.go_on = fd_event();
	fake_disk_watch(".receipt", before_disk, NULL);
	assert_int_equal(login(), ERR_OK);
}

static void stop(void)
{
	agent_rig_stop();
	fake_disk_watch(NULL, NULL, NULL);
	(void)close(client);
	(void)close(disk.entered);
	(void)close(disk.go_on);
}

/* How many signatures the receipt has. */
static unsigned receipt_signs(void)
{
	unsigned n = 0;
	struct wr w;

	wr_init_heap(&w, 1 << 24);
	(void)agent_rig_receipt(&w);
	for (const char *at = wr_cstr(&w); (at = strstr(at, "\nsign ")); at++)
		n++;
	wr_free(&w);
	return n;
}

/* ---- tests ---- */

/* Also the head is on the disk before anybody is told that he is in. */
static void test_order(void **state)
{
	unsigned calls;

	(void)state;
	start();
	assert_true(disk.calls > 0);
	assert_true(fake_disk_is_safe());
	for (uint8_t i = 0; i < SIGNATURES; i++) {
		calls = disk.calls;
		say_sign(i);
		assert_int_equal(heard(), ERR_OK);
		assert_true(disk.calls > calls);
		assert_true(fake_disk_is_safe());
		assert_int_equal(receipt_signs(), i + 1);
	}
	assert_int_equal(disk.early, 0);
	stop();
}

/* The card has signed, and the disk does not say that it has the line: nothing is handed out until it does. */
static void test_hangs(void **state)
{
	uint64_t exchanges;

	(void)state;
	start();
	for (uint8_t i = 0; i < SIGNATURES; i++) {
		exchanges = fake_exchanges(RIG_READER);
		disk.hangs = true;
		say_sign(i);
		wait_event(disk.entered);
		assert_int_equal(fake_exchanges(RIG_READER), exchanges + 1);
		assert_false(has_answer(HANGS_MS));
		disk.hangs = false;
		raise_event(disk.go_on);
		assert_int_equal(heard(), ERR_OK);
	}
	assert_int_equal(disk.early, 0);
	stop();
}

/* After any number of good ones: this one is not handed out, nor any other, until a new approval has a new receipt. */
static void fails_after(uint8_t good)
{
	start();
	for (uint8_t i = 0; i < good; i++) {
		say_sign(i);
		assert_int_equal(heard(), ERR_OK);
	}
	disk.failure = EIO;
	say_sign(good);
	assert_int_equal(heard(), ERR_IO);
	disk.failure = 0;
	assert_int_equal(receipt_signs(), good);
	assert_int_equal(login(), ERR_OK);
	assert_int_equal(agent_rig_receipts(), 2);
	say_sign(good);
	assert_int_equal(heard(), ERR_OK);
	assert_int_equal(receipt_signs(), 1);
	assert_int_equal(disk.early, 0);
	stop();
}

static void test_fails(void **state)
{
	(void)state;
	fails_after(0);
}

static void test_fails_lent(void **state)
{
	(void)state;
	fails_after(SIGNATURES);
}

/* Nothing is opened where the approval itself cannot be written down. */
static void test_fails_at_once(void **state)
{
	(void)state;
	start();
	say(AGENT_END, AGENT_T_READER, rd_str(RIG_READER));
	assert_int_equal(heard(), ERR_OK);
	disk.failure = EIO;
	assert_int_not_equal(login(), ERR_OK);
	disk.failure = 0;
	assert_int_equal(agent_rig_receipts(), 1);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_order), RIG_TEST(test_hangs),         RIG_TEST(test_fails),
		RIG_TEST(test_fails_lent), RIG_TEST(test_fails_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
