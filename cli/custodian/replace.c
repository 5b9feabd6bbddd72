/* SPDX-License-Identifier: Apache-2.0 */
/* custodian replace: another key in the place of one that is registered; the other custodians open the card for it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/card/work.h"
#include "cli/line/say.h"
#include "cli/trust/pkafiles.h"
#include "sc-hsm/auth.h"

#define NO_SLOT UINT8_MAX

struct replace {
	struct cli *cli;
	const char *old;                        /* its holder reference */
	const struct cli_pkafile *new;
	struct cli_pkafiles *files;             /* of which new is the only one */
	struct att_anchors *anchors;
	struct cli_card card;
	uint8_t old_at, new_at;                 /* where they are registered; NO_SLOT */
};

/* The registered names, as they are now. */
static enum err find(struct replace *r)
{
	const struct hsm_pka *pka = &r->card.status.pka;
	enum err e = ERR_OK;

	r->old_at = r->new_at = NO_SLOT;
	for (unsigned i = 0; i < pka->total && i < PKA_CUSTODIANS_MAX && !e; i++) {
		uint8_t buf[CHR_MAX + 1];
		bool authenticated;
		struct wr chr;

		WR_ARR(&chr, buf);
		e = hsm_pka_key(r->card.hsm, (uint8_t)i, &chr, &authenticated, &r->cli->dl);
		if (!e && rd_eq_str(wr_view(&chr), r->old))
			r->old_at = (uint8_t)i;
		if (!e && rd_eq_str(wr_view(&chr), r->new->chr))
			r->new_at = (uint8_t)i;
		if (e == ERR_NOT_FOUND)
			e = ERR_OK;
	}
	return cli_card_fail(&r->card, e, "reading the registered keys");
}

/* What can be said before anybody is asked. */
static enum err check(struct replace *r)
{
	const struct cli_card *c = &r->card;
	char shown[SHOWN_MAX + 1];

	if (!c->status.has_pka || c->status.pka.missing)
		return cli_refuse(ERR_REFUSED, "card %s has no complete list of custodians: quorum11 register", c->id);
	if (r->old_at != NO_SLOT && r->new_at != NO_SLOT)
		return cli_refuse(ERR_REFUSED, "card %s: %s is a custodian already", c->id, r->new->chr);
	if (r->old_at == NO_SLOT && r->new_at == NO_SLOT)
		return cli_refuse(ERR_NOT_FOUND, "card %s: no key %s is registered; quorum11 status lists them", c->id,
				  text_shown(rd_str(r->old), shown, sizeof(shown)));
	if (r->old_at != NO_SLOT && !(c->status.version.options & HSM_OPT_REPLACE_PKA))
		return cli_refuse(ERR_REFUSED, "card %s was initialised without --replaceable: its list of custodians "
				  "is final. It can only be initialised anew, with new keys or keys from a back-up: "
				  "docs/CUSTODIANS.md, \"A card that is initialised anew\"", c->id);
	return ERR_OK;
}

static enum err look(struct replace *r)
{
	struct att_verdict v = { .n = 0 };
	char reader[READER_NAME_MAX];
	struct att_chain chain;
	enum err e = cli_trust_load(r->cli, &r->anchors);

	if (!e)
		e = cli_card_pick(r->cli, reader);
	/* Not only looked at: its options are told at SELECT. */
	if (!e)
		e = cli_card_open(r->cli, reader, PCSC_SHARED, &r->card);
	if (!e && cli_trust_chain(r->cli, r->anchors, wr_view(&r->card.devaut), &chain, &v) != ERR_OK) {
		cli_verdict_tell(r->card.id, &v);
		e = cli_refuse(ERR_ATTESTATION, "card %s is not proved genuine; " CLI_TRUST_HELP, r->card.id);
	}
	if (!e)
		e = cli_pkafiles_read(r->cli, r->anchors, &r->cli->args->v[1], 1, r->card.id, &r->files);
	if (e)
		return e;
	r->new = &r->files->v[0];
	e = cli_card_hold(r->cli, &r->card);
	if (!e)
		e = find(r);
	cli_card_release(&r->card);
	return e ? e : check(r);
}

/* What the card says afterwards counts, not what we sent. */
static enum err put(struct replace *r)
{
	struct cli_card *c = &r->card;
	const struct hsm_proof key = pka_file_proof(&r->new->file, c->has_issuer);
	enum err e = find(r);

	if (!e && r->old_at == NO_SLOT)
		e = cli_refuse(ERR_CARD, "card %s does not name %s any more", c->id, r->old);
	if (e)
		return e;
	e = hsm_pka_replace(c->hsm, r->old_at, &key, &c->status.pka, &r->cli->dl);
	e = cli_card_fail(c, e, "replacing the key");
	if (!e)
		e = find(r);
	if (!e && (r->old_at != NO_SLOT || r->new_at == NO_SLOT || c->status.pka.missing))
		e = cli_refuse(ERR_CARD, "card %s still names %s: do not use it", c->id, r->old);
	return e;
}

/* The card is opened by who is left; then it is another card object, exclusive from before its first SELECT. */
static enum err replace(struct replace *r)
{
	char id[CHR_MAX + 1];
	enum err e;

	memcpy(id, r->card.id, sizeof(id));
	cli_card_close(r->cli, &r->card, false);
	e = cli_work_begin(r->cli, &r->card);
	if (!e && strcmp(id, r->card.id))
		e = cli_refuse(ERR_REMOVED, "the card was changed: it is not %s any more", id);
	return e ? e : put(r);
}

enum err verb_custodian_replace(struct cli *cli)
{
	struct replace r = { .cli = cli, .old = cli->args->v[0] };
	bool done;
	enum err e = look(&r);

	done = !e && r.old_at == NO_SLOT;
	if (done)
		printf("card %s: %s is registered already, %s is not\n", r.card.id, r.new->chr, r.old);
	if (!e && !done) {
		printf("card %s in %s: %s will be replaced by %s of card %s (%s)\n", r.card.id, r.card.reader, r.old,
		       r.new->chr, r.new->device, r.new->genuine ? "genuine" : "UNVERIFIED");
		if (!cli_ask("From then on the old key opens nothing. Go on?", cli->args->yes))
			e = cli_refuse(ERR_CANCELLED, "nothing was changed");
		if (!e)
			e = replace(&r);
		if (!e)
			printf("replaced: %u of %u custodians open card %s\n", r.card.status.pka.required,
			       r.card.status.pka.total, r.card.id);
	}
	if (!e)
		printf("next: quorum11 enrol --replace, with the PKA files of those who are custodians now: until then "
		       "the server refuses this card\n");
	cli_card_close(cli, &r.card, true);
	cli_pkafiles_free(&r.files);
	att_anchors_free(&r.anchors);
	return e;
}
