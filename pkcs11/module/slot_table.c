/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/slot_table.h"

#include <stdlib.h>
#include <string.h>

void p11_slots_free(struct p11_slots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		p11_token_fini(&s->v[i]->token);
		free(s->v[i]);
	}
	s->n = 0;
}

void p11_slots_abandon(struct p11_slots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		p11_token_abandon(&s->v[i]->token);
		free(s->v[i]);
	}
	s->n = 0;
}

enum err p11_slots_add_locked(struct p11_slots *slots, const struct conf *conf, const struct pcsc_reader *r)
{
	struct p11_slot *s;

	for (size_t i = 0; i < slots->n; i++)
		if (rd_eq_str(rd_str(r->name), slots->v[i]->token.reader))
			return ERR_OK;
	if (slots->n == PCSC_READERS_MAX)
		return ERR_LIMIT;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	p11_token_init(&s->token, conf, r->name);
	s->id = slots->n;
	s->seen_events = slots->listed ? 0 : r->events;
	s->seen_card = slots->listed ? false : r->has_card;
	slots->v[slots->n++] = s;
	return ERR_OK;
}

size_t p11_slots_copy_locked(const struct p11_slots *s, struct p11_slot *v[PCSC_READERS_MAX])
{
	memcpy(v, s->v, s->n * sizeof(v[0]));
	return s->n;
}
