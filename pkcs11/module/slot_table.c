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

void p11_slots_abandon(struct p11_slots *s, const struct conf *conf, bool consistent)
{
	char reader[READER_NAME_MAX];

	for (size_t i = 0; i < s->n; i++) {
		struct p11_slot *slot = s->v[i];

		memcpy(reader, slot->token.reader, sizeof(reader));
		if (consistent)
			p11_token_abandon(&slot->token);
		memset(slot, 0, sizeof(*slot));
		slot->id = i;
		p11_token_init(&slot->token, conf, reader);
	}
	s->listed = false;
}

static struct p11_slot *find(const struct p11_slots *slots, const char *reader)
{
	for (size_t i = 0; i < slots->n; i++)
		if (rd_eq_str(rd_str(reader), slots->v[i]->token.reader))
			return slots->v[i];
	return NULL;
}

enum err p11_slots_add_locked(struct p11_slots *slots, const struct conf *conf, const struct apdu_reader *r)
{
	struct p11_slot *s = find(slots, r->name);

	if (!s && slots->n == APDU_READERS_MAX)
		return ERR_LIMIT;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return ERR_NOMEM;
		p11_token_init(&s->token, conf, r->name);
		s->id = slots->n;
		slots->v[slots->n++] = s;
	}
	if (!slots->listed) {
		s->seen_events = r->events;
		s->seen_card = r->has_card;
	}
	return ERR_OK;
}

size_t p11_slots_copy_locked(const struct p11_slots *s, struct p11_slot *v[APDU_READERS_MAX])
{
	memcpy(v, s->v, s->n * sizeof(v[0]));
	return s->n;
}
