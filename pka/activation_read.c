/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of the card, several at a time, each until its end (reference sc-hsm-apdu 3.7). */
#include "pka/activation_int.h"

#include <stdlib.h>

#include "pka/read.h"

static size_t read_size(const struct pka_activation *a)
{
	return pka_read_size(a->policy.answer_max);
}

enum err pka_files_new(struct pka_activation *a, size_t n)
{
	pka_files_free(a);
	a->files = calloc(n, sizeof(*a->files));
	if (!a->files && n > 0)
		return ERR_NOMEM;
	a->files_n = n;
	for (size_t i = 0; i < n; i++)
		wr_init_heap(&a->files[i].bytes, PKA_READ_MAX);
	return ERR_OK;
}

void pka_files_free(struct pka_activation *a)
{
	for (size_t i = 0; i < a->files_n; i++)
		wr_free(&a->files[i].bytes);
	free(a->files);
	a->files = NULL;
	a->files_n = 0;
}

enum err pka_ask_files(struct pka_activation *a, struct pka_batch *b)
{
	const struct pka_card_file *f;

	for (size_t i = 0; i < a->files_n && b->n < PKA_BATCH_MAX; i++) {
		f = &a->files[i];
		if (f->is_done)
			continue;
		hsm_enc_read(&b->bytes, f->fid, (uint16_t)f->bytes.n, read_size(a));
		pka_asked(a, b, HSM_READ, i);
	}
	return ERR_OK;
}

/*
 * A full block without the end-of-file word: there may be more. An error ends the file, too: absent at the first
 * block, and some firmware answers a block behind the end with one. What was read is judged by its content.
 */
enum err pka_take_file(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	struct pka_card_file *f = &a->files[arg];

	if (sw == APDU_SW_OK || sw == HSM_SW_END_OF_FILE)
		wr_put(&f->bytes, data);
	f->is_done = sw != APDU_SW_OK || data.n < read_size(a) || f->bytes.n + read_size(a) > PKA_READ_MAX;
	return wr_done(&f->bytes) == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}
