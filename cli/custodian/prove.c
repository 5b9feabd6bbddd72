/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/custodian/prove.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/custodian/custodian.h"
#include "cli/line/say.h"
#include "pka/message.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/key.h"
#include "sc-hsm/pin.h"

#define DER_SIG_MAX 160

struct proof {
	struct cli *cli;
	struct cli_card *target;
	struct cli_custodian *who[PKA_CUSTODIANS_MAX];  /* at hand */
	size_t n;
	unsigned required;
	uint16_t probe;                                 /* a file that does not exist */
	bool per_key;                                   /* learnt: the card wants a challenge for each key */
	uint8_t challenge[PKA_CHALLENGE_SIZE];
};

static bool is_taken(const struct proof *p, const char *chr)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->who[i]->chr, chr) == 0)
			return true;
	return false;
}

/*
 * Registered keys whose cards are here; a key with the same name and another point is somebody else's. A key that two
 * of the cards have, one as a back-up, is one custodian.
 */
static void match(struct proof *p, struct cli_custodians *found, const struct cli_pkafiles *files)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct cli_pkafile *f = cli_pkafiles_get(files, rd_str(found->v[i].chr));

		if (f && rd_eq(f->file.request.inner.key.q, cli_custodian_point(&found->v[i])) &&
		    !is_taken(p, found->v[i].chr))
			p->who[p->n++] = &found->v[i];
	}
}

/* --custodian-pin-file: the one for this key, else the one for all. */
static const char *pin_file_of(const struct cli *cli, const char *chr)
{
	const struct cli_list *l = &cli->args->custodian_pin_file;
	const char *all = NULL;
	size_t n = strlen(chr);

	for (size_t i = 0; i < l->n; i++) {
		if (strncmp(l->v[i], chr, n) == 0 && l->v[i][n] == '=')
			return l->v[i] + n + 1;
		if (!strchr(l->v[i], '='))
			all = l->v[i];
	}
	return all;
}

/* All PINs first: afterwards the target is held, and nobody should have to wait for somebody who types. */
static enum err ask_pins(struct proof *p)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < p->n && !e; i++) {
		struct cli_card card;

		e = cli_custodian_open(p->cli, p->who[i], pin_file_of(p->cli, p->who[i]->chr), &card);
		if (!e)
			cli_card_close(p->cli, &card, true);
	}
	return e;
}

static enum err sign(struct proof *p, struct cli_custodian *who, struct wr *sig)
{
	const struct ec_domain *d = ec_domain_get(who->curve);
	uint8_t message[PKA_MESSAGE_MAX], der[DER_SIG_MAX], hash[SHA256_SIZE];
	struct wr m, raw;
	struct cli_card card;
	enum err e;

	WR_ARR(&m, message);
	WR_ARR(&raw, der);
	e = cli_fail(pka_message(rd_str(p->target->id), RD_ARR(p->challenge), &m), "the message to sign");
	if (!e)
		e = cli_custodian_open(p->cli, who, NULL, &card);
	if (e)
		return e;
	e = cli_card_fail(&card, hsm_key_sign(card.hsm, who->key, HSM_ECDSA_SHA256, wr_view(&m), &raw, &p->cli->dl),
			  "signing");
	cli_card_close(p->cli, &card, true);
	if (e)
		return e;
	e = ec_sig_from_der(wr_view(&raw), d->n.n, sig);
	if (!e)
		e = sha256(wr_view(&m), hash);
	if (!e)
		e = ec_verify(who->curve, cli_custodian_point(who), RD_ARR(hash), wr_view(sig));
	return cli_fail(e, "signature of %s", who->chr);
}

static enum err give(struct proof *p, struct cli_custodian *who)
{
	uint8_t bytes[EC_SIG_MAX];
	struct wr sig;
	enum err e;

	WR_ARR(&sig, bytes);
	e = sign(p, who, &sig);
	return e ? e : hsm_pka_authenticate(p->target->hsm, rd_str(who->chr), wr_view(&sig), &p->cli->dl);
}

static enum err fetch_challenge(struct proof *p)
{
	return hsm_pka_challenge(p->target->hsm, p->challenge, &p->cli->dl);
}

/*
 * One challenge for all, until the card refuses a signature that we have verified ourselves: then it wants one for
 * each key, and keeps the count (public-key-authentication 6.1).
 */
static enum err authenticate(struct proof *p, size_t nth, struct cli_custodian *who)
{
	struct hsm_pka status;
	enum err e = ERR_OK;

	if (nth == 0 || p->per_key)
		e = fetch_challenge(p);
	if (!e)
		e = give(p, who);
	if ((e == ERR_SIGNATURE || e == ERR_CONDITIONS) && nth && !p->per_key) {
		p->per_key = true;
		e = fetch_challenge(p);
		if (!e)
			e = give(p, who);
	}
	if (e)
		return cli_card_fail(p->target, e, who->chr);
	/* The count may fall to zero once the card is open (6.4); before that it must not. */
	if (nth + 1 == p->required)
		return ERR_OK;
	e = cli_card_fail(p->target, hsm_pka_status(p->target->hsm, &status, &p->cli->dl), "asking for the count");
	if (!e && status.authenticated != nth + 1)
		e = cli_refuse(ERR_CARD, "card %s counts %u keys after %zu have signed", p->target->id,
			       status.authenticated, nth + 1);
	return e;
}

/* By deed: a file that needs a login is written, and deleted again. */
static enum err is_open(struct proof *p, bool *open)
{
	enum err e = hsm_file_write(p->target->hsm, p->probe, RD_LIT("quorum11"), &p->cli->dl);

	*open = !e;
	if (!e)
		e = hsm_file_delete(p->target->hsm, p->probe, &p->cli->dl);
	else if (e == ERR_AUTH)
		e = ERR_OK;
	return cli_card_fail(p->target, e, "trying whether the card is open");
}

static enum err expect(struct proof *p, bool want, unsigned signers)
{
	bool open;
	enum err e = is_open(p, &open);

	if (!e && open != want)
		e = cli_refuse(ERR_REFUSED, "card %s is %s after %u of %u: do not use it", p->target->id,
			       open ? "OPEN" : "still closed", signers, p->required);
	if (!e)
		printf("%u of %u: %s, as it should be\n", signers, p->required, open ? "open" : "closed");
	return e;
}

static enum err find_probe(struct proof *p)
{
	struct hsm_fids fids;
	enum err e;

	e = cli_card_fail(p->target, hsm_file_list(p->target->hsm, &fids, &p->cli->dl), "listing the files");
	p->probe = HSM_FID(HSM_FID_DATA, 0xFF);
	while (!e && hsm_fids_has(&fids, p->probe))
		if ((--p->probe & 0xFF) == 0)
			e = cli_refuse(ERR_CARD_MEMORY, "card %s has no room for a probe", p->target->id);
	return e;
}

/* Ends with a SELECT, after which the card must be closed, whatever came before. */
static enum err one_round(struct proof *p, size_t first, const struct secret *pin, bool last)
{
	enum err e;

	e = pin ? cli_pin_login(p->cli, p->target, pin) : cli_card_begin(p->cli, p->target);
	if (!e)
		e = find_probe(p);
	for (unsigned i = 0; i < p->required && !e; i++) {
		struct cli_custodian *who = p->who[(first + i) % p->n];

		if (i + 1 == p->required)
			e = expect(p, false, i);
		if (!e)
			e = authenticate(p, i, who);
		if (!e)
			printf("  %s signed\n", who->chr);
	}
	if (!e)
		e = expect(p, true, p->required);
	if (!e && last)
		e = cli_card_set_label(p->cli, p->target, p->cli->args->token_label);
	if (!e) {
		e = cli_card_fail(p->target, hsm_card_select(p->target->hsm, NULL, &p->cli->dl), "closing the card");
		if (!e)
			e = expect(p, false, 0);
	}
	cli_card_end(p->cli, p->target);
	return e;
}

enum err cli_prove(struct cli *cli, const char *reader, const struct cli_pkafiles *files)
{
	struct cli_custodians *found = NULL;
	struct proof p = { .cli = cli };
	struct secret *pin = NULL;
	struct cli_card target = { .hsm = NULL };
	size_t rounds;
	enum err e;

	e = cli_custodians_find(cli, NULL, NULL, &found);
	/* Exclusive: if this program dies while the card is open, the card is reset. */
	if (!e)
		e = cli_card_open(cli, reader, PCSC_EXCLUSIVE, &target);
	if (e)
		goto out;
	p.target = &target;
	p.required = target.status.pka.required;
	match(&p, found, files);
	if (p.n < p.required) {
		e = cli_refuse(ERR_NOT_FOUND, "the proof needs the cards of %u custodians, and %zu are here",
			       p.required, p.n);
		goto out;
	}
	if (hsm_mode_needs_pin(target.status.mode))
		e = cli_pin_get(cli, &target, NULL, &pin);
	if (!e)
		e = ask_pins(&p);
	rounds = (p.n + p.required - 1) / p.required;
	for (size_t i = 0; i < rounds && !e; i++)
		e = one_round(&p, i * p.required, pin, i + 1 == rounds);
	if (!e)
		printf("proved with %zu of %u custodians' cards; the card takes one challenge for %s\n", p.n,
		       target.status.pka.total, p.per_key ? "each custodian" : "all custodians");
out:
	secret_free(&pin);
	cli_card_close(cli, &target, true);
	cli_custodians_free(&found);
	return e;
}
