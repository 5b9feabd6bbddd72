/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the agent that sends anything: the input is packets, each behind its length (two bytes, big endian). The
 * agent's own clients' and card's threads serve it over a virtual card, which must never get a command that needs an
 * approval. `make fuzz` builds and runs it with libFuzzer.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/client.h"
#include "test/p11/rig.h"

#define PACKETS_MAX 16

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct agent_queue results;
static struct agent_rules rules;
static struct agent_house house;

static bool nobody_else(void *ctx, const struct agent_card *card)
{
	(void)ctx;
	(void)card;
	return false;
}

/* Called by the card's thread. */
static void see(void *ctx, const char *reader, struct rd cmd, struct rd rsp)
{
	const struct hsm_cmd *row;
	struct apdu a;

	(void)ctx;
	(void)reader;
	(void)rsp;
	row = apdu_decode(cmd, &a) ? NULL : hsm_cmd_find(&a);
	if (!row || row->op == HSM_SIGN || row->op == HSM_DECIPHER || row->op == HSM_CIPHER ||
	    row->op == HSM_WRAP || row->op == HSM_DERIVE_EC || row->op == HSM_GENERATE_AES || row->op == HSM_UPDATE ||
	    row->op == HSM_DELETE || row->op == HSM_INITIALIZE || row->op == HSM_GENERATE_PAIR)
		abort();
}

/* false: the client is to be dropped. */
static bool take_results(struct agent_client *c, bool wait)
{
	struct agent_job *j;
	bool alive = true;

	for (;;) {
		j = agent_queue_take(&results);
		if (j) {
			if (c && c->job == j && !agent_client_done(&house, c, &j))
				alive = false;
			agent_job_free(&j);
		} else if (wait && c && c->job) {
			struct deadline dl = deadline_in(10000);

			if (deadline_wait(&dl, results.fd))
				abort();        /* an answer that never comes */
		} else {
			return alive;
		}
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct conf conf;
	struct deadline all = deadline_in(10000);
	void *state = NULL;
	struct agent_view *v;
	bool ready = false;

	(void)argc;
	(void)argv;
	if (rig_setup(&state))
		abort();
	(void)rig_card_simple();
	fake_observe(see, NULL);
	conf.agent.receipts = rig_folder;
	conf.login.timeout = 10;
	rules.conf = &conf;
	pka_limits_init(&rules.limits);
	house = (struct agent_house){ .rules = &rules, .is_awaited = nobody_else };
	if (agent_queue_init(&results) || agent_card_new(&rules, RIG_READER, &results, &house.cards[0]))
		abort();
	house.cards_n = 1;
	v = agent_card_view(house.cards[0]);
	while (!ready) {
		struct deadline slice = deadline_within(&all, 5);

		lock_take(&v->lock);
		ready = v->state == AGENT_CLOSED;
		lock_give(&v->lock);
		if (deadline_check(&all) || deadline_wait(&slice, -1) != ERR_TIMEOUT)
			abort();
	}
	return 0;
}

static bool take_packet(struct rd *r, struct rd *packet)
{
	uint16_t n;

	if (!rd_u16(r, &n))
		return false;
	return rd_take(r, n < r->n ? n : r->n, packet) && packet->n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_of(data, size), packet;
	struct agent_client *c = NULL;
	bool alive = true;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) ||
	    agent_client_new(ends[0], &c))
		abort();
	for (int i = 0; alive && i < PACKETS_MAX && take_packet(&r, &packet); i++) {
		uint8_t heard[4096];

		if (send(ends[1], packet.p, packet.n, MSG_NOSIGNAL) < 0)
			break;
		alive = agent_client_read(&house, c);
		/* Every second one does not wait for its answer. */
		if (alive)
			alive = take_results(c, i % 2 == 0);
		while (recv(ends[1], heard, sizeof(heard), MSG_DONTWAIT) > 0)
			continue;
	}
	agent_client_free(&house, &c);
	(void)close(ends[1]);
	(void)take_results(NULL, false);
	return 0;
}
