/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/keep.h"

#include <stdlib.h>
#include <string.h>

struct p11_chunk {
	struct p11_chunk *next;
	uint8_t bytes[];
};

enum err p11_keep(struct p11_chunk **kept, struct rd bytes, struct rd *out)
{
	struct p11_chunk *c;

	*out = RD_NONE;
	if (bytes.n == 0)
		return ERR_OK;
	c = malloc(sizeof(*c) + bytes.n);
	if (!c)
		return ERR_NOMEM;
	memcpy(c->bytes, bytes.p, bytes.n);
	c->next = *kept;
	*kept = c;
	*out = rd_of(c->bytes, bytes.n);
	return ERR_OK;
}

void p11_keep_join(struct p11_chunk **kept, struct p11_chunk **more)
{
	while (*kept)
		kept = &(*kept)->next;
	*kept = *more;
	*more = NULL;
}

void p11_keep_clear(struct p11_chunk **kept)
{
	while (*kept) {
		struct p11_chunk *c = *kept;

		*kept = c->next;
		free(c);
	}
}
