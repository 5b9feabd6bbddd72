/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that says anything to a signing host: the input is its answers, each a byte for the status and a body behind
 * its length (two bytes, big endian). They go through the host's client (ramoverhttp/client.h), the filter of a login,
 * and the witness; what is left of the input is a PKA file, a statement and its signature. Nothing but what a login
 * needs reaches the card, and nobody is taken for a custodian: nobody can make signatures for a given key.
 */
#include <stdlib.h>
#include <string.h>

#include "pka/file.h"
#include "pka/witness.h"
#include "ramoverhttp/client.h"
#include "sc-hsm/filter.h"

#define CUSTODIANS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct host {
	struct hsm_filter filter;
	struct pka_witness *witness;
	unsigned commands, challenges;
};

static bool allow(void *ctx, struct rd cmd, char *why, size_t cap)
{
	struct host *h = ctx;

	return hsm_filter_command(&h->filter, cmd, why, cap);
}

/* Not by the filter's own table: what no server may ever have a card do. */
static void judge(struct host *h, struct rd cmd)
{
	static const uint8_t good[] = { 0xA4, 0xB0, 0xB1, 0x58, 0x22, 0x86, 0x84, 0x82, 0x54, 0x20 };

	if (cmd.n < 4 || (cmd.p[0] != 0x00 && cmd.p[0] != 0x80) || !memchr(good, cmd.p[1], sizeof(good)))
		abort();
	if ((cmd.p[1] == 0x20 || cmd.p[1] == 0x54) && cmd.n > 5 && cmd.p[4])
		abort();                        /* a PIN, or a list of custodians that is changed */
	if ((cmd.p[1] == 0xA4) != (h->commands++ == 0))
		abort();
	if (cmd.p[1] == 0x84 && ++h->challenges > CUSTODIANS + 2)
		abort();
}

static enum err transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct host *h = ctx;
	size_t before = rsp->n;
	bool fresh;

	(void)dl;
	judge(h, cmd);
	if (cmd.p[1] == 0x84)
		wr_zeros(rsp, 8);
	wr_u16(rsp, 0x9000);                    /* it takes every signature: the witness looks again */
	if (wr_done(rsp))
		return wr_done(rsp);
	return pka_witness_see(h->witness, cmd, rd_of(rsp->p + before, rsp->n - before), &fresh);
}

static void notify(void *ctx, int32_t id, struct rd message)
{
	(void)ctx;
	(void)id;
	if (message.n > RAM_MESSAGE_MAX)
		abort();
}

static const struct ram_client_ops ops = { .allow = allow, .transmit = transmit, .notify = notify };
static const int statuses[] = { 200, 200, 200, 204, 404, 500 };

static struct rd part(struct rd *in)
{
	uint16_t n = 0;
	struct rd out;

	if (!rd_u16(in, &n) || n > in->n)
		n = (uint16_t)(in->n < UINT16_MAX ? in->n : UINT16_MAX);
	return rd_take(in, n, &out) ? out : RD_NONE;
}

static void session(struct host *h, struct rd *in)
{
	struct deadline dl = deadline_never();
	struct ram_client *c = NULL;
	enum ram_next next = RAM_POST;
	struct wr out;
	uint8_t status;
	enum err e;

	wr_init_heap(&out, RAM_BODY_MAX);
	if (ram_client_new(&ops, h, &c) || ram_client_begin(c, RD_LIT("\x3b\x80"), &out))
		abort();
	for (e = ERR_OK; !e && next == RAM_POST && rd_u8(in, &status);) {
		wr_reset(&out);
		e = ram_client_step(c, statuses[status % (sizeof(statuses) / sizeof(statuses[0]))], part(in), &out,
				    &next, &dl);
	}
	if (e == ERR_BUG)
		abort();
	ram_client_free(&c);
	wr_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct host h = { .commands = 0 };
	struct pka_consents consents;
	struct pka_proof proof;
	char why[200];

	hsm_filter_init(&h.filter, HSM_FOR_LOGIN, CUSTODIANS, false);
	if (pka_witness_new(RD_LIT("UTTGT04000000"), RD_LIT("0123456789abcdef"), RD_LIT("{}"), &h.witness))
		abort();
	session(&h, &in);
	proof = (struct pka_proof){ .pka_file = part(&in), .statement = part(&in), .statement_sig = part(&in) };
	if (pka_witness_judge(h.witness, &proof, 1, 1, NULL, &consents, why, sizeof(why)) == ERR_OK)
		abort();
	pka_witness_free(&h.witness);
	return 0;
}
