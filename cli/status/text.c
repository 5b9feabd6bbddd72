/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/book/book.h"
#include "cli/key/algorithms.h"
#include "cli/status/status.h"

#define NAMES_MAX 512

static void print_tries(const char *what, int tries, bool blocked)
{
	if (blocked)
		printf("%-12s blocked\n", what);
	else if (tries >= 0)
		printf("%-12s %d %s left\n", what, tries, tries == 1 ? "try" : "tries");
}

static void print_version(const struct cli_card *c)
{
	const struct hsm_version *v = &c->status.version;

	if (c->busy) {
		printf("%-12s somebody is logged in; asking for version and options would log him out\n", "in use");
		return;
	}
	printf("%-12s %u.%u, platform %u\n", "version", v->major, v->minor, v->platform);
	if (!v->has_options)
		return;
	printf("%-12s %04X", "options", v->options);
	for (const struct cli_option_word *w = cli_option_words; w->word; w++)
		if (v->options & w->bit)
			printf(" %s", w->word);
	printf("\n");
}

static void print_access(const struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;

	printf("%-12s %s%s\n", "mode", hsm_mode_text(s->mode), s->open ? ", open" : "");
	print_tries("PIN", s->pin_tries, s->pin_blocked);
	if (s->pin_transport)
		printf("%-12s is a transport PIN, which opens nothing: quorum11 pin change\n", "PIN");
	print_tries("SO-PIN", s->so_tries, s->so_tries == 0);
	if (s->has_pka)
		printf("%-12s %u of %u needed, %u not registered yet, %u authenticated\n", "custodians",
		       s->pka.required, s->pka.total, s->pka.missing, s->pka.authenticated);
	for (size_t i = 0; i < r->names_n; i++)
		printf("%-12s   %s%s\n", "", r->names[i].chr, r->names[i].authenticated ? "  authenticated" : "");
}

static void print_chain(const struct cli_report *r)
{
	const char *bad = att_verdict_first_failure(&r->verdict).text;

	if (r->chain.is_genuine)
		printf("%-12s genuine, %s%s%s%s\n", "chain", r->chain.path,
		       r->chain.class == ATT_CONFIGURED ? " (root by configuration)" : "", bad ? "; " : "",
		       bad ? bad : "");
	else
		printf("%-12s %s: %s\n", "chain", r->waived ? "UNVERIFIED" : "NOT GENUINE",
		       bad ? bad : "the card has no device certificate");
}

/* What an address book knows it by. */
static void print_fingerprint(const struct cli_report *r)
{
	uint8_t key[SHA256_SIZE], buf[3 * SHOWN_MAX];
	struct wr w;

	if (att_chain_fingerprint(&r->chain, key))
		return;
	WR_ARR(&w, buf);
	cli_book_wr_key(&w, key);
	printf("%-12s %s\n", "device key", wr_cstr(&w));
}

/* Only what limits the key. */
static void print_attributes(const struct hsm_key_attributes *a)
{
	char names[NAMES_MAX];
	struct wr w;

	if (a->has_counter)
		printf("%-12s      %u %s left\n", "", a->counter, a->counter == 1 ? "use" : "uses");
	if (a->domain)
		printf("%-12s      key domain %u\n", "", a->domain);
	if (!a->n)
		return;
	WR_ARR(&w, names);
	cli_algorithms_wr(&w, rd_of(a->algorithms, a->n));
	printf("%-12s      only for %s\n", "", wr_cstr(&w));
}

static void print_key(const struct cli_report *r, const struct cli_key *k)
{
	char type[64], why[SHOWN_MAX + 1];

	printf("%-12s   %u  %s  \"%s\"  id %s  %s\n", "", k->number, cli_key_type(k, type, sizeof(type)), k->label,
	       *k->id ? k->id : "-", k->chr);
	print_attributes(&k->attributes);
	if (k->has_description && k->description.type == P15_AES)
		return;         /* nobody attests a secret key */
	if (!cli_report_is_attested(r, k, why, sizeof(why)))
		printf("%-12s      NOT ATTESTED: %s\n", "", why);
	else if (r->chain.is_genuine)
		printf("%-12s      attested\n", "");
	else
		printf("%-12s      attested by an UNVERIFIED device\n", "");
}

static void print_cert(const struct cli_cert *c)
{
	struct cli_cert_text t;

	printf("%-12s   \"%s\"  id %s", "", c->label, *c->id ? c->id : "-");
	if (c->key)
		printf("  of key %u", c->key->number);
	if (cli_report_cert(c, &t))
		printf("\n%-12s      %s, until %s\n", "", *t.subject ? t.subject : "(no name)", t.day);
	else
		printf("\n%-12s      NOT READABLE: no X.509 certificate\n", "");
}

void cli_report_print(const struct cli_report *r)
{
	printf("%-12s %s\n", "reader", r->card.reader);
	printf("%-12s %s\n", "device", *r->card.id ? r->card.id : "(none)");
	printf("%-12s \"%s\"\n", "label", r->card.label);
	print_version(&r->card);
	print_access(r);
	print_chain(r);
	print_fingerprint(r);
	if (r->has_memory)
		printf("%-12s %u bytes free\n", "memory", r->memory);
	printf("%-12s %zu\n", "keys", r->keys->n);
	for (size_t i = 0; i < r->keys->n; i++)
		print_key(r, &r->keys->v[i]);
	printf("%-12s %zu\n", "certificates", r->certs->n);
	for (size_t i = 0; i < r->certs->n; i++)
		print_cert(&r->certs->v[i]);
}
