/* SPDX-License-Identifier: Apache-2.0 */
/* How a ceremony stands, and who may see it: nothing here changes one. */
#include "server/ceremony/ceremony.h"

#include <string.h>

const struct pka_facts *srv_ceremony_facts(const struct srv_ceremony *c)
{
	return pka_activation_facts(c->activation);
}

const struct pka_approval_record *srv_ceremony_record(const struct srv_ceremony *c, const char *chr)
{
	const struct pka_facts *f = srv_ceremony_facts(c);
	size_t i = f->records_n;

	while (i--)
		if (f->records[i].by && !strcmp(f->records[i].by->chr, chr))
			return &f->records[i];
	return NULL;
}

void srv_ceremony_event(const struct srv_ceremony *c, const char *name, struct srv_event *ev)
{
	srv_event_init(ev, name, c->id, c->target ? c->target->device_id : NULL);
}

/* It may not know more than one command a template (reference ramoverhttp 5.2). */
bool srv_ceremony_is_stock(const struct srv_ceremony *c)
{
	return !c->host_json.n;
}

bool srv_ceremony_is_seen_by(const struct srv_ceremony *c, const struct srv_identity *who)
{
	return (who->may & SRV_MAY_READ) || ((who->may & SRV_MAY_OWN) && !strcmp(who->name, c->host)) ||
	       ((who->may & SRV_MAY_INBOX) && c->target && srv_target_find(c->target, who->chr) < c->target->m);
}

bool srv_ceremony_is_linked_by(const struct srv_ceremony *c, const struct srv_identity *who)
{
	return (who->may & SRV_MAY_CANCEL) || ((who->may & SRV_MAY_OWN) && !strcmp(who->name, c->host));
}

bool srv_ceremony_waits_for(const struct srv_ceremony *c, const char *chr)
{
	return c->is_open && !c->ended_ms && srv_target_find(c->target, chr) < c->target->m &&
	       !srv_ceremony_record(c, chr);
}
