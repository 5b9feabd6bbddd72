/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "cli/domain/domain.h"
#include "cli/line/json.h"
#include "cli/line/say.h"

const char *cli_kcv_text(const uint8_t kcv[HSM_KCV_SIZE], char text[CLI_KCV_TEXT])
{
	for (size_t i = 0; i < HSM_KCV_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02X", kcv[i]);
	return text;
}

enum err cli_domains_read(struct cli *cli, struct cli_card *c, struct cli_domains *out)
{
	enum err e = hsm_domain_list(c->hsm, out->v, &out->n, &cli->dl);

	if (e)
		return cli_card_fail(c, e, "reading the key domains");
	if (!out->n)
		return cli_refuse(ERR_UNSUPPORTED, "card %s in %s was initialised without key domains, so no key "
				  "leaves it (quorum11 init --dkek-shares or --domains, which erases it)", c->id,
				  c->reader);
	return ERR_OK;
}

enum err cli_domains_preview(struct cli *cli, struct cli_preview *p, struct cli_domains *out)
{
	enum err e = cli_preview(cli, p);

	if (!e)
		e = cli_card_hold(cli, &p->card);
	if (!e)
		e = cli_domains_read(cli, &p->card, out);
	cli_card_release(&p->card);
	return e;
}

/* A group is shown as its key's check value would be: two cards show the same, or are of different ones. */
static void print_group(const struct hsm_domain *d)
{
	uint8_t short_name[HSM_KCV_SIZE];
	char text[CLI_KCV_TEXT];

	if (!hsm_domain_check_value(RD_ARR(d->uid), short_name))
		printf("group %s, ", cli_kcv_text(short_name, text));
}

void cli_domain_print(size_t i, const struct hsm_domain *d)
{
	char kcv[CLI_KCV_TEXT];

	printf("domain %zu: ", i);
	if (d->kind == HSM_DOMAIN_XKEK)
		print_group(d);
	if (d->kind == HSM_DOMAIN_EMPTY)
		printf("empty\n");
	else if (d->is_ready)
		printf("ready, key check value %s\n", cli_kcv_text(d->kcv, kcv));
	else if (d->kind == HSM_DOMAIN_XKEK)
		printf("no key agreed on yet (quorum11 domain offer)\n");
	else
		printf("%u of %u shares missing (quorum11 dkek import)\n", d->missing, d->shares);
}

static json_t *json_domain(size_t i, const struct hsm_domain *d)
{
	static const char *const kinds[] = { "none", "empty", "dkek", "xkek" };
	char kcv[CLI_KCV_TEXT], group[2 * HSM_UID_SIZE + 1];
	struct wr w;

	wr_init(&w, (uint8_t *)group, sizeof(group) - 1);
	wr_hex(&w, RD_ARR(d->uid));
	group[w.n] = '\0';
	return json_pack("{s:i, s:s, s:b, s:i, s:i, s:s?, s:s?}", "domain", (int)i, "kind", kinds[d->kind], "ready",
			 d->is_ready, "shares", d->shares, "missing", d->missing, "check_value",
			 d->is_ready ? cli_kcv_text(d->kcv, kcv) : NULL, "group",
			 d->kind == HSM_DOMAIN_XKEK ? group : NULL);
}

enum err verb_domain_list(struct cli *cli)
{
	json_t *list = NULL;
	struct cli_card card;
	struct cli_domains d;
	enum err e = cli_card_choose_held(cli, &card);

	if (!e)
		e = cli_domains_read(cli, &card, &d);
	cli_card_close(cli, &card, false);
	if (e)
		return e;
	if (cli->args->json)
		list = json_array();
	for (size_t i = 0; i < d.n; i++) {
		if (cli->args->json)
			cli_json_append(&list, json_domain(i, &d.v[i]));
		else
			cli_domain_print(i, &d.v[i]);
	}
	return cli->args->json ? cli_json_print(json_pack("{s:o}", "domains", list)) : ERR_OK;
}

enum err cli_domain_choose_empty(const struct cli *cli, const struct cli_domains *d, uint8_t *domain)
{
	unsigned named = cli->args->domain;

	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].kind == HSM_DOMAIN_EMPTY && (named == ARGS_NO_FD || named == i)) {
			*domain = (uint8_t)i;
			return ERR_OK;
		}
	}
	if (named == ARGS_NO_FD)
		return cli_refuse(ERR_REFUSED, "all %zu key domains of the card are in use; quorum11 domain list shows "
				  "them, domain delete makes room", d->n);
	return cli_refuse(ERR_REFUSED, "key domain %u %s (quorum11 domain list)", named,
			  named < d->n ? "is in use" : "is not on this card");
}

enum err verb_domain_create(struct cli *cli)
{
	unsigned shares = cli->args->shares ? cli->args->shares : 1;
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	struct cli_domains d;
	uint8_t domain = 0;
	enum err e;

	e = cli_domains_preview(cli, &p, &d);
	if (!e)
		e = cli_domain_choose_empty(cli, &d, &domain);
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = cli_card_fail(&card, hsm_domain_create(card.hsm, domain, (uint8_t)shares, &cli->dl),
				  "creating the key domain");
	if (!e)
		printf("domain %u: made; next: quorum11 dkek import --domain %u, with %s\n", domain, domain,
		       shares == 1 ? "its share" : "each of its shares");
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	return e;
}

typedef enum err (*end_fn)(struct hsm_card *, uint8_t, struct deadline *);

/* Is there something to end? */
static enum err preview_end(struct cli *cli, struct cli_preview *p, unsigned domain)
{
	struct cli_domains d;
	enum err e = cli_domains_preview(cli, p, &d);

	if (e || (domain < d.n && d.v[domain].kind != HSM_DOMAIN_EMPTY))
		return e;
	if (domain < d.n)
		return cli_refuse(ERR_NOT_FOUND, "key domain %u of card %s is empty", domain, p->card.id);
	return cli_refuse(ERR_NOT_FOUND, "card %s has no key domain %u (quorum11 domain list)", p->card.id, domain);
}

/* Of the named domain, after a question. */
static enum err end_domain(struct cli *cli, const char *verb, const char *what, const char *doing, const char *done,
			   end_fn end)
{
	struct cli_card card = { .hsm = NULL };
	struct cli_preview p = { .keys = NULL };
	unsigned domain = cli->args->domain;
	char question[100];
	enum err e;

	if (domain == ARGS_NO_FD)
		return cli_refuse(ERR_ARG, "domain %s needs --domain", verb);
	(void)snprintf(question, sizeof(question), "%s key domain %u?", what, domain);
	e = preview_end(cli, &p, domain);
	if (!e && !cli_ask(question, cli->args->yes))
		e = cli_refuse(ERR_CANCELLED, "nothing was changed");
	if (!e)
		e = cli_preview_open(cli, &p, &card);
	if (!e)
		e = cli_card_fail(&card, end(card.hsm, (uint8_t)domain, &cli->dl), doing);
	if (!e)
		printf("domain %u: %s\n", domain, done);
	cli_card_close(cli, &card, true);
	cli_preview_end(cli, &p);
	return e;
}

enum err verb_domain_delete(struct cli *cli)
{
	return end_domain(cli, "delete", "Delete, with its key encryption key,", "deleting the key domain", "deleted",
			  hsm_domain_delete);
}

/* Keys and domain stay; the keys cannot leave until the key encryption key is there again. */
enum err verb_domain_forget(struct cli *cli)
{
	return end_domain(cli, "forget", "Forget the key encryption key of", "forgetting the key encryption key",
			  "its key encryption key is forgotten", hsm_domain_forget);
}
