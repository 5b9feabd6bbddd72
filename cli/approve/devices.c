/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/book/book.h"
#include "cli/inbox/inbox.h"
#include "cli/inbox/travel.h"
#include "cli/line/get.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

/* The certificates of a device, from wherever they came. */
static enum err from_card(struct cli *cli, struct wr *devaut)
{
	struct cli_card card;
	enum err e = cli_card_choose(cli, &card);

	if (!e)
		wr_put(devaut, wr_view(&card.devaut));
	cli_card_close(cli, &card, false);
	return e;
}

static enum err from_file(const char *path, struct wr *devaut)
{
	struct cli_travel_request t;
	struct pka_file f;
	const char *bad;
	struct wr w;
	enum err e;

	wr_init_heap(&w, TRAVEL_MAX);
	e = cli_get_file(path, TRAVEL_MAX, &w);
	if (!e && cli_travel_request_parse(wr_view(&w), &t, &bad) == ERR_OK) {
		wr_put(devaut, wr_view(&t.request->devaut));
		cli_travel_request_free(&t);
	} else if (!e && pka_file_read(wr_view(&w), &f)) {
		e = cli_refuse(ERR_FORMAT, "%s: neither an attestation of a key (quorum11 keygen archives one) nor a "
			       "saved request", path);
	} else if (!e) {
		wr_put(devaut, f.device.whole);
		if (f.has_issuer)
			wr_put(devaut, f.issuer.whole);
	}
	wr_free(&w);
	return e;
}

static enum err from_request(struct cli *cli, struct wr *devaut)
{
	struct cli_servers servers = { .n = 0 };
	struct cli_custodians *mine = NULL;
	struct cli_request *r = NULL;
	struct cli_where where;
	struct cli_ref ref;
	enum err e;

	e = cli_where_read((const char *const *)cli->args->v + 1, cli->args->n - 1, "devices add", &where);
	if (!e && !*where.id && !*where.link)
		e = cli_refuse(ERR_ARG, "which card? Name a request, its link, or a file");
	if (!e)
		e = cli_where_open(cli, &where, &servers, &ref, &mine);
	if (!e)
		e = cli_inbox_fetch(cli, &ref, 0, &r);
	if (!e)
		wr_put(devaut, wr_view(&r->devaut));
	cli_request_free(&r);
	cli_servers_close(&servers);
	cli_custodians_free(&mine);
	return e;
}

static enum err fetch(struct cli *cli, struct wr *devaut)
{
	const struct cli_args *a = cli->args;
	enum err e;

	if (a->n == 1)
		e = from_card(cli, devaut);
	else if (a->n == 2 && !strstr(a->v[1], "://") && !cli_api_is_id(a->v[1]))
		e = from_file(a->v[1], devaut);
	else
		e = from_request(cli, devaut);
	return e ? e : cli_fail(wr_done(devaut), "the card's certificates");
}

static void show(const struct att_chain *chain, const struct cli_book_entry *entry)
{
	uint8_t buf[3 * SHOWN_MAX];
	struct wr w;

	WR_ARR(&w, buf);
	cli_book_wr_key(&w, entry->key);
	printf("card %s\n  %s%s\n  key   %s\nWhoever keeps the card sees the same key in: quorum11 status\n", entry->id,
	       chain->is_genuine ? "genuine: " : "UNVERIFIED: no certificate chain, nobody can prove what it is",
	       chain->is_genuine ? chain->path : "", wr_cstr(&w));
}

static enum err add(struct cli_book *b, const void *entry)
{
	return cli_book_add(b, entry);
}

/* The chain is judged here, whoever has sent it. */
static enum err judge(const struct cli *cli, struct rd devaut, struct att_chain *chain, struct cli_book_entry *entry)
{
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	enum err e;

	e = cli_trust_load(cli, &anchors);
	if (e)
		return e;
	if (cli_trust_chain(cli, anchors, devaut, chain, &v)) {
		cli_verdict_tell("check", &v);
		e = cli_refuse(ERR_ATTESTATION, "this card is not proved genuine; " CLI_TRUST_HELP);
	}
	att_anchors_free(&anchors);
	if (!e)
		e = cli_fail(att_chain_fingerprint(chain, entry->key), "the card's key");
	if (!e)
		memcpy(entry->id, chain->id, sizeof(entry->id));
	entry->has_key = true;
	return e;
}

enum err verb_devices_add(struct cli *cli)
{
	struct cli_book_entry entry = { .has_key = false };
	const char *name = cli->args->v[0];
	struct att_chain chain;
	struct wr devaut;
	char question[256];
	enum err e = ERR_OK;

	wr_init_heap(&devaut, FILE_SIZE_MAX);
	if (!cli_book_name_is_good(name))
		e = cli_refuse(ERR_ARG, "a name has 1 to %d printable characters, with no blank at its ends",
			       BOOK_NAME_MAX);
	if (!e)
		e = fetch(cli, &devaut);
	if (!e)
		e = judge(cli, wr_view(&devaut), &chain, &entry);
	if (!e) {
		memcpy(entry.name, name, strlen(name) + 1);
		show(&chain, &entry);
		(void)snprintf(question, sizeof(question), "Put it into your address book as \"%s\"?", name);
		e = cli_ask(question, cli->args->yes) ? cli_book_change(BOOK_DEVICES, add, &entry)
						      : cli_refuse(ERR_CANCELLED, "nothing was changed");
	}
	if (!e)
		printf("\"%s\" is in your address book: card %s\n", name, entry.id);
	wr_free(&devaut);
	return e;
}

static enum err list(enum cli_book_kind kind)
{
	struct cli_book *b = NULL;
	uint8_t buf[3 * SHOWN_MAX];
	struct wr w;
	enum err e = cli_book_load(kind, &b);

	for (size_t i = 0; !e && i < b->n; i++) {
		WR_ARR(&w, buf);
		if (b->v[i].has_key)
			cli_book_wr_key(&w, b->v[i].key);
		printf("%s  \"%s\"%s%s\n", b->v[i].id, b->v[i].name, b->v[i].has_key ? "\n  key   " : "", wr_cstr(&w));
	}
	free(b);
	return e;
}

static enum err take_out(struct cli_book *b, const void *name)
{
	return cli_book_remove(b, name);
}

static enum err rename_to(struct cli_book *b, const void *names)
{
	char *const *v = names;

	return cli_book_rename(b, v[0], v[1]);
}

enum err verb_devices_list(struct cli *cli)
{
	(void)cli;
	return list(BOOK_DEVICES);
}

enum err verb_devices_remove(struct cli *cli)
{
	return cli_book_change(BOOK_DEVICES, take_out, cli->args->v[0]);
}

enum err verb_devices_rename(struct cli *cli)
{
	return cli_book_change(BOOK_DEVICES, rename_to, cli->args->v);
}

/* ---- people: how the other custodians are called where a request only has the names of their keys ---- */

/* Of a PKA file also the key: then two files of one name cannot be taken for one person. */
static enum err read_person(const struct cli *cli, const char *path, struct cli_book_entry *entry)
{
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct pka_file f;
	bool genuine;
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &w);
	if (!e && pka_file_read(wr_view(&w), &f))
		e = cli_refuse(ERR_FORMAT, "%s: not a PKA file, nor the name of a key", path);
	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e && cli_trust_pka_file(cli, anchors, &f, &genuine, &v)) {
		cli_verdict_tell(path, &v);
		e = cli_refuse(ERR_ATTESTATION, "%s is not proved genuine; " CLI_TRUST_HELP, path);
	}
	if (!e)
		e = cli_fail(sha256(f.request.inner.key.q, entry->key), "%s", path);
	if (!e) {
		cli_chr_copy(entry->id, f.request.inner.chr);
		entry->has_key = true;
	}
	att_anchors_free(&anchors);
	wr_free(&w);
	return e;
}

enum err verb_people_add(struct cli *cli)
{
	const char *name = cli->args->v[0], *what = cli->args->v[1];
	struct cli_book_entry entry = { .has_key = false };
	enum err e = ERR_OK;

	if (!cli_book_name_is_good(name))
		return cli_refuse(ERR_ARG, "a name has 1 to %d printable characters, with no blank at its ends",
				  BOOK_NAME_MAX);
	if (cvc_reference_is_valid(rd_str(what)) && !strchr(what, '.') && !strchr(what, '/'))
		memcpy(entry.id, what, strlen(what) + 1);
	else if (access(what, F_OK) && errno == ENOENT)
		e = cli_refuse(ERR_NOT_FOUND, "%s: neither the name of a key (as UTAB3DEF4HI00001) nor a file that is "
			       "there", what);
	else
		e = read_person(cli, what, &entry);
	memcpy(entry.name, name, strlen(name) + 1);
	if (!e)
		e = cli_book_change(BOOK_PEOPLE, add, &entry);
	if (!e)
		printf("\"%s\" is in your address book: key %s\n", name, entry.id);
	return e;
}

enum err verb_people_list(struct cli *cli)
{
	(void)cli;
	return list(BOOK_PEOPLE);
}

enum err verb_people_remove(struct cli *cli)
{
	return cli_book_change(BOOK_PEOPLE, take_out, cli->args->v[0]);
}

enum err verb_people_rename(struct cli *cli)
{
	return cli_book_change(BOOK_PEOPLE, rename_to, cli->args->v);
}
