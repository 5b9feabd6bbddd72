/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "apdu/local.h"
#include "apdu/others.h"
#include "base/text.h"
#include "cli/card/pin.h"
#include "cli/line/say.h"
#include "cli/status/doctor.h"

#define SO_TRIES_FEW 5
#define MEMORY_LITTLE 4096      /* bytes: RSA-4096 with its attestation, and a certificate */

static void find_pin(struct doctor *d, const char *id, const struct cli_card *c)
{
	const struct hsm_status *s = &c->status;
	bool has = hsm_mode_needs_pin(s->mode) || s->mode == HSM_MODE_PKA_OR_PIN;

	if (s->pin_transport)
		doctor_find(d, DOCTOR_PROBLEM, id, "quorum11 pin change, by whoever the card is for",
			    "has a transport PIN, which opens nothing");
	else if (has && s->pin_blocked)
		doctor_find(d, DOCTOR_PROBLEM, id, cli_pin_remedy(c), "PIN blocked");
	else if (has && s->pin_tries == 1)
		doctor_find(d, DOCTOR_PROBLEM, id,
			    hsm_mode_so_resets_tries(&s->version) ?
				    "the right PIN gives all tries back; quorum11 pin unblock does, too" :
				    "the right PIN gives all tries back",
			    "PIN: one try is left");
	else if (has && s->pin_tries > 1)
		doctor_find(d, DOCTOR_OK, id, NULL, "PIN: %d tries left", s->pin_tries);
	if (s->so_tries == 0)
		doctor_find(d, DOCTOR_PROBLEM, id, "work goes on; for another set-up you need another card",
			    "SO-PIN blocked for ever: it can never be initialised again");
	else if (s->so_tries > 0 && s->so_tries <= SO_TRIES_FEW)
		doctor_find(d, DOCTOR_NOTE, id, "when they are spent it can never be initialised again",
			    "SO-PIN: %d tries left", s->so_tries);
}

static void find_custodians(struct doctor *d, const struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;
	const char *id = r->card.id;

	if (!s->has_pka)
		return;
	if (s->pka.missing)
		doctor_find(d, DOCTOR_PROBLEM, id, "quorum11 register, with the PKA files of all",
			    "%u of %u custodians are not registered", s->pka.missing, s->pka.total);
	else if (s->pka.required == s->pka.total)
		doctor_find(d, DOCTOR_NOTE, id, "a spare custodian is the only remedy, at the next init",
			    "all %u custodians are needed: one lost card closes it for good", s->pka.total);
	else
		doctor_find(d, DOCTOR_OK, id, NULL, "%u of %u custodians", s->pka.required, s->pka.total);
	for (size_t i = 0; i < r->names_n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(r->names[i].chr, r->names[k].chr) == 0)
				doctor_find(d, DOCTOR_PROBLEM, id, "a new key with a name of its own for one of them",
					    "two registered keys are called %s: it finds only the first",
					    r->names[i].chr);
}

static void find_memory(struct doctor *d, const struct cli_report *r)
{
	if (r->has_memory && r->memory < MEMORY_LITTLE)
		doctor_find(d, DOCTOR_NOTE, r->card.id, "quorum11 delete and cert delete make room",
			    "%u bytes of its memory are free, too little for another large key with a certificate",
			    r->memory);
}

static void find_chain(struct doctor *d, const struct cli_report *r)
{
	const char *bad = att_verdict_first_failure(&r->verdict).text;
	const char *id = r->card.id;

	if (r->chain.is_genuine)
		doctor_find(d, DOCTOR_OK, id, NULL, "genuine, %s", r->chain.path);
	else if (r->waived)
		doctor_find(d, DOCTOR_NOTE, id, NULL, "without a chain, accepted by [trust] unverified");
	else
		doctor_find(d, DOCTOR_PROBLEM, id, CLI_TRUST_HELP, "not proved genuine: %s",
			    bad ? bad : "no certificate");
}

static void find_card(struct doctor *d, struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;
	const char *id = r->card.id;

	if (!*id) {
		doctor_find(d, DOCTOR_PROBLEM, r->card.reader, "its maker's tool gives it one",
			    "a card without device certificate");
		return;
	}
	if (r->card.busy)
		doctor_find(d, DOCTOR_NOTE, id, NULL, "in %s; somebody is logged in, so its version is not asked",
			    r->card.reader);
	else
		doctor_find(d, DOCTOR_OK, id, NULL, "in %s; version %u.%u, %s", r->card.reader, s->version.major,
			    s->version.minor, hsm_mode_text(s->mode));
	if (s->mode == HSM_MODE_UNSET && !s->has_pka && !s->pin_transport)
		doctor_find(d, DOCTOR_NOTE, id, "quorum11 init", "not set up");
	if (cli_report_read(d->cli, r)) {
		doctor_find(d, DOCTOR_PROBLEM, id, NULL, "could not be read (see above)");
		return;
	}
	find_chain(d, r);
	find_pin(d, id, &r->card);
	find_custodians(d, r);
	find_memory(d, r);
	doctor_keys(d, r);
}

/* Why a card could not be looked at. */
static void find_failure(struct doctor *d, const struct apdu_reader *r, const char *name, enum err e)
{
	char who[APDU_OTHERS_MAX];

	if (e == ERR_NO_CARD)
		doctor_find(d, DOCTOR_NOTE, name, NULL, "the card is no SmartCard-HSM");
	else if (e == ERR_SHARING || r->exclusive)
		doctor_find(d, DOCTOR_PROBLEM, name,
			    "end that program, or let it share the card (gpg: disable-ccid and pcsc-shared in "
			    "scdaemon.conf)",
			    "held by one program alone; %s", apdu_others(who, sizeof(who)));
	else if (e == ERR_NO_SERVICE)
		doctor_find(d, DOCTOR_PROBLEM, name,
			    "a polkit rule for org.debian.pcsc-lite.access_card, see docs/AGENT.md",
			    "you may see the reader, and not use the card");
	else
		doctor_find(d, DOCTOR_PROBLEM, name, cli_hint(e), "%s", err_text(e));
}

void doctor_card(struct doctor *d, const struct apdu_reader *reader)
{
	struct cli_report *r;
	char name[SHOWN_MAX + 1], who[APDU_OTHERS_MAX];
	enum err e;

	(void)text_shown(rd_str(reader->name), name, sizeof(name));
	if (!local_is_admitted(reader, &d->cli->conf->module.readers)) {
		doctor_find(d, DOCTOR_NOTE, name, NULL, "not ours: [module] readers does not name it");
		return;
	}
	if (!reader->has_card)
		return;
	r = calloc(1, sizeof(*r));
	e = r ? cli_card_look(d->cli, reader->name, &r->card) : ERR_NOMEM;
	if (!e)
		find_card(d, r);
	else
		find_failure(d, reader, name, e);
	if (!e && reader->in_use)
		doctor_find(d, DOCTOR_NOTE, *r->card.id ? r->card.id : name, NULL, "shared with others; %s",
			    apdu_others(who, sizeof(who)));
	if (!e)
		cli_report_end(d->cli, r);
	free(r);
}
