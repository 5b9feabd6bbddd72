/* SPDX-License-Identifier: Apache-2.0 */
/* The agent and clients that send what no client of ours sends: it hangs up on them, and serves the others. */
#include "test/agent_rig.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apdu/agent_proto.h"

#define ROUNDS 2000
#define PACKETS_MAX 6

static struct deadline soon(void) { return deadline_in(PATIENCE_MS); }

static int dial(void)
{
	struct agent_at at = agent_rig_at();
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0 && strlen(at.socket) < sizeof(to.sun_path));
	memcpy(to.sun_path, at.socket, strlen(at.socket));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Packets of a client that knows its manners, but for the last: a VERIFY. None holds a PIN that could be tried. */
static void packet(unsigned which, struct wr *w)
{
	struct wr cmd;

	wr_reset(w);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	switch (which) {
	case 0:
		agent_msg_begin(w, AGENT_HELLO);
		wr_tlv_u8(w, AGENT_T_VERSION, AGENT_PROTO_VERSION);
		wr_tlv(w, AGENT_T_PROGRAM, RD_LIT("a program"));
		break;
	case 1:
		agent_msg_begin(w, AGENT_OPEN);
		wr_tlv(w, AGENT_T_READER, rd_str(RIG_READER));
		break;
	case 2:
		hsm_enc_select(&cmd);
		break;
	case 3:
		hsm_enc_sign(&cmd, 1, HSM_ECDSA, RD_LIT("01234567890123456789012345678901"));
		break;
	case 4:
		agent_msg_begin(w, AGENT_LOGIN);
		wr_tlv(w, AGENT_T_LIMITS, RD_LIT("sign=1"));
		break;
	default:
		hsm_enc_verify(&cmd, HSM_REF_USER, RD_LIT("648219"));
	}
	if (cmd.n) {
		agent_msg_begin(w, AGENT_SEND);
		wr_tlv(w, AGENT_T_APDU, wr_view(&cmd));
	}
	wr_free(&cmd);
	assert_int_equal(wr_done(w), ERR_OK);
}

/* xorshift: the same packets in each run. */
static uint32_t next_random(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* A VERIFY may come out of it, but only with what is in the packet: the right PIN, which costs no try. */
static void spoil(struct wr *w, uint32_t *seed)
{
	uint32_t r = next_random(seed);

	switch (r % 4) {
	case 0:
		wr_cut(w, r / 4 % (w->n + 1));
		break;
	case 1:
		w->p[r / 4 % w->n] ^= (uint8_t)(1u << r % 8);
		break;
	case 2:
		w->p[0] = (uint8_t)(r / 4);
		break;
	default:
		for (uint32_t i = 0; i < r / 4 % 40; i++)
			wr_u8(w, (uint8_t)next_random(seed));
	}
}

static void send_to(int fd, struct rd bytes)
{
	(void)send(fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Wait for an answer, or for the end. */
static void hear(int fd)
{
	struct deadline dl = soon();
	struct wr w;
	enum err e;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	e = agent_msg_receive(fd, &w, &dl);
	assert_true(e == ERR_OK || e == ERR_REMOVED);
	wr_free(&w);
}

static void serves_others(void)
{
	struct agent_user u;

	agent_user_come(&u);
	assert_int_equal(agent_user_login(&u, RIG_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&u, 7), ERR_OK);
	agent_user_go(&u);
}

/* What only an approval or the operator may let through; a card's thread calls it. */
static void see(void *ctx, const char *reader, struct rd cmd, struct rd rsp)
{
	atomic_uint *forbidden = ctx;
	const struct hsm_cmd *row;
	struct apdu a;

	(void)reader;
	(void)rsp;
	row = apdu_decode(cmd, &a) ? NULL : hsm_cmd_find(&a);
	if (!row || (row->op != HSM_SELECT && row->op != HSM_SELECT_FILE && row->op != HSM_VERIFY_STATUS &&
		     row->op != HSM_PKA_STATUS && row->op != HSM_READ && row->op != HSM_ENUMERATE &&
		     row->op != HSM_PKA_KEY && row->op != HSM_DEVICE_INFO && row->op != HSM_CHALLENGE))
		(*forbidden)++;
}

static void test_noise(void **state)
{
	static atomic_uint forbidden;
	uint32_t seed = 0x51;
	struct wr w;

	(void)state;
	(void)rig_card_simple();
	agent_rig_start("");
	forbidden = 0;
	fake_observe(see, &forbidden);
	wr_init_heap(&w, 4096);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned bad = next_random(&seed) % PACKETS_MAX;
		int fd = dial();

		for (unsigned k = 0; k < bad; k++) {
			packet(k, &w);
			send_to(fd, wr_view(&w));
			hear(fd);
		}
		packet(bad, &w);
		spoil(&w, &seed);
		if (w.n)
			send_to(fd, wr_view(&w));
		(void)close(fd);
	}
	wr_free(&w);
	assert_int_equal(forbidden, 0);
	fake_observe(NULL, NULL);
	serves_others();
	agent_rig_stop();
}

/* Every packet cut at every byte: an answer, or the end of the connection. */
static void test_cut(void **state)
{
	uint64_t before;
	struct wr w;

	(void)state;
	(void)rig_card_simple();
	agent_rig_start("");
	before = fake_exchanges(RIG_READER);
	wr_init_heap(&w, 4096);
	for (unsigned which = 0; which < PACKETS_MAX; which++) {
		packet(which, &w);
		for (size_t n = 1; n < w.n; n++) {
			int fd = dial();
			struct wr hello;

			wr_init_heap(&hello, 256);
			packet(0, &hello);
			if (which) {
				send_to(fd, wr_view(&hello));
				hear(fd);
			}
			send_to(fd, rd_of(w.p, n));
			hear(fd);
			(void)close(fd);
			wr_free(&hello);
		}
	}
	wr_free(&w);
	assert_int_equal(fake_exchanges(RIG_READER), before);
	serves_others();
	agent_rig_stop();
}

/* Each of these is out of turn: the agent hangs up at the last. */
static void test_out_of_turn(void **state)
{
	static const struct {
		unsigned n, v[4];
	} turns[] = {
		{ 1, { 1 } },                   /* without HELLO */
		{ 2, { 0, 0 } },                /* HELLO twice */
		{ 2, { 0, 2 } },                /* a command without a card */
		{ 3, { 0, 1, 1 } },             /* two cards */
		{ 2, { 0, 4 } },                /* a login without a card */
	};
	struct deadline dl;
	struct wr w;

	(void)state;
	(void)rig_card_simple();
	agent_rig_start("");
	wr_init_heap(&w, 4096);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		int fd = dial();

		for (unsigned k = 0; k < turns[i].n; k++) {
			packet(turns[i].v[k], &w);
			send_to(fd, wr_view(&w));
			if (k + 1 < turns[i].n)
				hear(fd);
		}
		wr_reset(&w);
		dl = soon();
		assert_int_equal(agent_msg_receive(fd, &w, &dl), ERR_REMOVED);
		(void)close(fd);
	}
	wr_free(&w);
	serves_others();
	agent_rig_stop();
}

/* More than fits: who asks much and takes nothing is not waited for. */
static void test_deaf(void **state)
{
	struct wr hello, list;
	int fd[50];

	(void)state;
	(void)rig_card_simple();
	agent_rig_start("");
	wr_init_heap(&hello, 256);
	wr_init_heap(&list, 16);
	packet(0, &hello);
	agent_msg_begin(&list, AGENT_LIST);
	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		fd[i] = dial();
		send_to(fd[i], wr_view(&hello));
		for (int k = 0; k < 2000; k++)
			send_to(fd[i], wr_view(&list));
	}
	serves_others();
	for (size_t i = 0; i < sizeof(fd) / sizeof(fd[0]); i++)
		(void)close(fd[i]);
	wr_free(&list);
	wr_free(&hello);
	serves_others();
	agent_rig_stop();
}

/* Two commands at once, or one while a login waits, are one too many; a login that was given up is over. */
static void test_impatient(void **state)
{
	struct deadline dl = soon();
	struct wr w;
	int fd;

	(void)state;
	(void)rig_card_simple();
	agent_rig_start("");
	wr_init_heap(&w, 4096);
	fake_fault(RIG_READER, 1, FAKE_HELD);
	fd = dial();
	for (unsigned k = 0; k < 2; k++) {
		packet(k, &w);
		send_to(fd, wr_view(&w));
		hear(fd);
	}
	packet(4, &w);
	send_to(fd, wr_view(&w));
	assert_int_equal(fake_held(RIG_READER, PATIENCE_MS), ERR_OK);
	packet(2, &w);
	send_to(fd, wr_view(&w));
	wr_reset(&w);
	assert_int_equal(agent_msg_receive(fd, &w, &dl), ERR_REMOVED);
	(void)close(fd);
	fake_release(RIG_READER);
	wr_free(&w);
	serves_others();
	agent_rig_stop();
}

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_noise), AGENT_TEST(test_cut),       AGENT_TEST(test_out_of_turn),
		AGENT_TEST(test_deaf),  AGENT_TEST(test_impatient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
