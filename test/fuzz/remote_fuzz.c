/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custodian's card behind a client of another maker that answers anything (pka/remote.h): the input is answers, each
 * behind its length (two bytes, big endian). It never has signed: nobody can make signatures for a given key.
 */
#include <stdlib.h>
#include <string.h>

#include "pka/remote.h"

#define STEPS_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_over(const struct pka_remote *r)
{
	return pka_remote_facts(r)->state >= PKA_REMOTE_SIGNED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pka_custodian custodian = { .chr = "UTPERSON0XX00001", .curve = EC_BP256R1 };
	struct rd in = rd_of(data, size), part, q;
	struct pka_remote_key key = { .custodian = &custodian };
	struct pka_answers answers = { .n = 0 };
	struct pka_batch batch;
	struct pka_remote *r;
	uint16_t n;
	unsigned i;

	/* The first two are what was enrolled: the card's certificate, and the key's point. */
	if (!rd_u16(&in, &n) || !rd_take(&in, n, &key.device) || !rd_u16(&in, &n) || n > sizeof(custodian.q) ||
	    !rd_take(&in, n, &q))
		return 0;
	if (q.n)
		memcpy(custodian.q, q.p, q.n);
	custodian.q_size = q.n;
	pka_batch_init(&batch);
	if (pka_remote_new(&key, 1, 0, &r))
		abort();
	for (i = 0; i < STEPS_MAX; i++) {
		if (pka_remote_step(r, &answers, &batch))
			abort();
		if (batch.n > 1 || pka_remote_facts(r)->state == PKA_REMOTE_SIGNED)
			abort();
		if (is_over(r) && (batch.n || !pka_remote_facts(r)->why[0]))
			abort();
		if (pka_remote_facts(r)->state == PKA_REMOTE_READY && pka_remote_sign(r, RD_LIT("DENK04000011234567")))
			abort();
		answers.n = 0;
		if (batch.n && rd_u16(&in, &n) && rd_take(&in, n, &part))
			answers = (struct pka_answers){ .n = 1, .v = { part } };
		else if (batch.n || is_over(r))
			break;
	}
	pka_remote_free(&r);
	pka_batch_fini(&batch);
	return 0;
}
