/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions on record, each with the bytes that prove it. */
#include "pka/activation_int.h"

#include <stdlib.h>
#include <string.h>

static void facts_count(struct pka_activation *a)
{
	a->facts.approvals = 0;
	for (size_t i = 0; i < a->facts.records_n; i++)
		a->facts.approvals += a->records[i].approve;
}

void pka_records_free(struct pka_activation *a, bool keep_submitted)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->facts.records_n; i++) {
		if (keep_submitted && a->records[i].submitted) {
			a->records[kept] = a->records[i];
			a->held[kept++] = a->held[i];
		} else {
			free(a->held[i]);
		}
	}
	a->facts.records_n = kept;
	facts_count(a);
}

static struct rd keep(uint8_t *to, struct rd from)
{
	if (from.n > 0)
		memcpy(to, from.p, from.n);
	return rd_of(to, from.n);
}

enum err pka_record_hold(struct pka_approval_record *r, struct pka_held **held)
{
	struct pka_held *h = calloc(1, sizeof(*h));

	*held = h;
	if (!h)
		return ERR_NOMEM;
	r->message = keep(h->message, r->message);
	r->sig = keep(h->sig, r->sig);
	r->statement = keep(h->statement, r->statement);
	r->statement_sig = keep(h->statement_sig, r->statement_sig);
	return ERR_OK;
}

void pka_record_add(struct pka_activation *a, const struct pka_approval_record *r, struct pka_held *held)
{
	a->records[a->facts.records_n] = *r;
	a->held[a->facts.records_n++] = held;
	facts_count(a);
}

const struct pka_approval_record *pka_record_of(const struct pka_activation *a, const struct pka_custodian *c)
{
	for (size_t i = 0; i < a->facts.records_n; i++)
		if (a->records[i].by == c)
			return &a->records[i];
	return NULL;
}

unsigned pka_records_submitted(const struct pka_activation *a)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->facts.records_n; i++)
		n += a->records[i].submitted;
	return n;
}

struct pka_approval_record *pka_record_pending(struct pka_activation *a)
{
	for (size_t i = 0; i < a->facts.records_n; i++)
		if (!a->records[i].submitted)
			return &a->records[i];
	return NULL;
}
