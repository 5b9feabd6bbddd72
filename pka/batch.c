/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/activation.h"

void pka_batch_init(struct pka_batch *b)
{
	b->n = 0;
	wr_init_heap(&b->bytes, PKA_BATCH_MAX * APDU_CMD_MAX);
}

void pka_batch_fini(struct pka_batch *b)
{
	b->n = 0;
	wr_free(&b->bytes);
}

void pka_batch_reset(struct pka_batch *b)
{
	b->n = 0;
	wr_reset(&b->bytes);
}

void pka_batch_close(struct pka_batch *b)
{
	if (b->n < PKA_BATCH_MAX)
		b->end[b->n++] = b->bytes.n;
	else
		wr_fail(&b->bytes, ERR_BUG);
}

struct rd pka_batch_cmd(const struct pka_batch *b, size_t i)
{
	size_t start;

	if (i >= b->n)
		return RD_NONE;
	start = i > 0 ? b->end[i - 1] : 0;
	return rd_of(b->bytes.p + start, b->end[i] - start);
}
