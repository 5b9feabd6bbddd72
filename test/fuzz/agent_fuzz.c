/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the agent that sends anything. The first byte of the input says what the agent asks for (see grounds),
 * whether the client has logged in before, and how patient it is; then come packets, each behind its length (two bytes,
 * big endian). The agent's own clients' and card's threads serve it over a virtual card. What must hold, whatever is
 * sent: without a login the card gets no command that needs one; with one it does no more than the limits say, nothing
 * that changes it, and every use is in the receipt. `make fuzz` builds and runs it with libFuzzer.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/client.h"
#include "base/file.h"
#include "pka/receipt_read.h"
#include "test/p11/rig.h"

#define PACKETS_MAX 16
#define LOGGED_IN 0x80          /* bits of the first byte */
#define IMPATIENT 0x40          /* every second packet does not wait for the answer to the one before */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ground {
	const char *limits;
	bool manifest;                  /* of the one digest below */
	unsigned sign, others;          /* different digests, and other uses, that the card may do at most */
} grounds[] = {
	{ "", false, 1000, 0 },
	{ "sign=2 for=1h", false, 2, 0 },
	{ "sign=3 repeats=counted", false, 3, 0 },
	{ "decipher=1 derive=1 wrap=1", true, 1, 3 },
};
#define MANIFEST "1111111111111111111111111111111111111111111111111111111111111111\n"

static struct agent_queue results;
static struct agent_rules rules;
static struct agent_house house;
static struct pka_manifest *manifest;
static char receipt[128];

/* What the card did for this input; the card's thread counts. */
static struct {
	bool in;                        /* it may be open */
	atomic_uint sign, others;
} seen;

static void require(bool holds)
{
	if (!holds)
		abort();
}

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
	struct rd data;
	uint16_t sw;

	(void)ctx;
	(void)reader;
	row = apdu_decode(cmd, &a) ? NULL : hsm_cmd_find(&a);
	require(row && !apdu_answer(rsp, &data, &sw));
	switch (row->op) {
	case HSM_SIGN:
		require(seen.in);
		seen.sign += sw == APDU_SW_OK;
		break;
	case HSM_DECIPHER:
	case HSM_CIPHER:
	case HSM_WRAP:
		require(seen.in);
		seen.others += sw == APDU_SW_OK;
		break;
	default:
		require(row->op == HSM_SELECT || row->op == HSM_SELECT_FILE || row->op == HSM_VERIFY ||
			row->op == HSM_VERIFY_STATUS || row->op == HSM_PKA_STATUS || row->op == HSM_PKA_KEY ||
			row->op == HSM_READ || row->op == HSM_ENUMERATE || row->op == HSM_DEVICE_INFO ||
			row->op == HSM_CHALLENGE || row->op == HSM_DOMAIN_STATUS);
	}
}

static void take_result(struct agent_client *c, bool *alive)
{
	struct agent_job *j = agent_queue_take(&results);

	if (j && c && c->job == j && !agent_client_done(&house, c, &j))
		*alive = false;
	agent_job_free(&j);
}

/* Until this client waits for nothing; lent, it is the card's thread that hears it next. */
static void settle(struct agent_client *c, bool *alive)
{
	struct deadline dl = deadline_in(PATIENCE_MS);

	while (c->job && !c->lent) {
		require(!deadline_wait(&dl, results.fd));
		take_result(c, alive);
	}
}

/* What a lent client said is answered by the card's thread, or comes back with the client. */
static void settle_lent(struct agent_client *c, int fd, bool *alive)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = results.fd, .events = POLLIN } };

	require(poll(p, 2, PATIENCE_MS) > 0);
	if (p[1].revents)
		take_result(c, alive);
}

static void hear(int fd)
{
	static uint8_t heard[AGENT_MESSAGE_MAX];

	while (recv(fd, heard, sizeof(heard), MSG_DONTWAIT) > 0)
		continue;
}

/* false: the client is to be dropped. */
static bool say(struct agent_client *c, int fd, struct rd packet, bool wait)
{
	bool lent = c->lent, alive = true;

	/* The PIN can be among what it sends. */
	seen.in = seen.in || c->of_approval;
	if (send(fd, packet.p, packet.n, MSG_NOSIGNAL) < 0)
		return false;
	if (lent)
		settle_lent(c, fd, &alive);
	else
		alive = agent_client_read(&house, c);
	if (alive && wait)
		settle(c, &alive);
	hear(fd);
	return alive;
}

/* ---- a login, and its end ---- */

static void log_in(struct agent_client *c, int fd)
{
	struct wr w;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	for (int i = 0; i < 3; i++) {
		wr_reset(&w);
		agent_msg_begin(&w, i == 0 ? AGENT_HELLO : i == 1 ? AGENT_OPEN : AGENT_LOGIN);
		if (i == 0)
			wr_tlv_u8(&w, AGENT_T_VERSION, AGENT_PROTO_VERSION);
		else if (i == 1)
			wr_tlv(&w, AGENT_T_READER, rd_str(RIG_READER));
		else
			wr_tlv(&w, AGENT_T_PIN, rd_str(RIG_PIN));
		require(!wr_done(&w) && say(c, fd, wr_view(&w), true));
	}
	require(c->of_approval);
	wr_free(&w);
}

/* The receipt is whole, and has all that the card did. */
static void check_receipt(const struct ground *g)
{
	struct receipt_verdict v = { 0 };
	struct receipt *r = NULL;
	size_t sign = 0, first = 0;
	struct wr w;

	wr_init_heap(&w, RECEIPT_FILE_MAX);
	require(!file_read(receipt, RECEIPT_FILE_MAX, &w) && !receipt_read(wr_view(&w), &r, &v));
	require(v.v[RECEIPT_CHECK_FORMAT].result == RECEIPT_PASS && v.v[RECEIPT_CHECK_CHAIN].result == RECEIPT_PASS);
	require(r->has_end);
	for (size_t i = 0; i < r->uses_n; i++) {
		sign += r->uses[i].u.kind == RECEIPT_SIGN;
		first += r->uses[i].u.kind == RECEIPT_SIGN && !r->uses[i].u.repeat;
	}
	require(sign == seen.sign && r->uses_n - sign == seen.others);
	require(first <= g->sign && seen.others <= g->others);
	receipt_free(&r);
	wr_free(&w);
}

/* false: there is none. */
static bool unlink_checked(const struct ground *g)
{
	if (access(receipt, F_OK))
		return false;
	check_receipt(g);
	require(!unlink(receipt));
	return true;
}

/* Who is lent comes back first. */
static void end_approval(struct agent_client *c)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct agent_job *end, *j;
	bool ended = false;

	require(!agent_job_new(AGENT_JOB_END, &c->peer, &end));
	agent_card_end(house.cards[0], end);
	while (!ended) {
		require(!deadline_wait(&dl, results.fd));
		j = agent_queue_take(&results);
		ended = j == end;
		if (j && c->job == j && !agent_client_done(&house, c, &j))
			c->closing = true;
		agent_job_free(&j);
	}
}

/* ---- libFuzzer's side ---- */

static void wait_ready(struct agent_view *v)
{
	struct deadline all = deadline_in(PATIENCE_MS);
	bool ready = false;

	while (!ready) {
		struct deadline slice = deadline_within(&all, 5);

		lock_take(&v->lock);
		ready = v->state == AGENT_CLOSED;
		lock_give(&v->lock);
		require(!deadline_check(&all) && deadline_wait(&slice, -1) == ERR_TIMEOUT);
	}
}

static void finish(void)
{
	void *state = NULL;

	agent_card_free(&house.cards[0]);
	agent_queue_fini(&results);
	pka_manifest_free(&manifest);
	require(!rig_teardown(&state));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct conf conf;
	void *state = NULL;
	size_t line;

	(void)argc;
	(void)argv;
	require(!rig_setup(&state));
	(void)rig_card_simple();
	(void)snprintf(receipt, sizeof(receipt), "%s/receipt", rig_folder);
	fake_observe(see, NULL);
	conf.login.timeout = PATIENCE_S;
	rules = (struct agent_rules){ .conf = &conf, .receipt = receipt };
	pka_limits_init(&rules.limits);
	require(!pka_manifest_read(RD_LIT(MANIFEST), &manifest, &line));
	house = (struct agent_house){ .rules = &rules, .is_awaited = nobody_else };
	require(!agent_queue_init(&results) && !agent_card_new(&rules, RIG_READER, &results, &house.cards[0]));
	house.cards_n = 1;
	wait_ready(agent_card_view(house.cards[0]));
	return atexit(finish);
}

/* Between two inputs nothing is asked of the card's thread. */
static const struct ground *prepare(uint8_t first)
{
	const struct ground *g = &grounds[first % (sizeof(grounds) / sizeof(grounds[0]))];
	char why[200];

	pka_limits_init(&rules.limits);
	require(!*g->limits || !pka_limits_read(rd_str(g->limits), &rules.limits, why, sizeof(why)));
	rules.manifest = g->manifest ? manifest : NULL;
	rules.limits.has_manifest = g->manifest;
	if (g->manifest)
		memcpy(rules.limits.manifest, pka_manifest_hash(manifest).p, sizeof(rules.limits.manifest));
	seen.in = first & LOGGED_IN;
	seen.sign = seen.others = 0;
	return g;
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
	const struct ground *g;
	bool alive = true;
	uint8_t first;
	int ends[2];

	if (!rd_u8(&r, &first))
		return 0;
	g = prepare(first);
	require(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) &&
		!agent_client_new(ends[0], &c));
	if (seen.in)
		log_in(c, ends[1]);
	for (int i = 0; alive && i < PACKETS_MAX && take_packet(&r, &packet); i++)
		alive = say(c, ends[1], packet, i % 2 == 0 || !(first & IMPATIENT));
	settle(c, &alive);
	end_approval(c);
	if (!unlink_checked(g))
		require(!seen.in);
	agent_client_free(&house, &c);
	(void)close(ends[1]);
	take_result(NULL, &alive);
	return 0;
}
