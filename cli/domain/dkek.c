/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/file.h"
#include "base/rand.h"
#include "cli/card/pin.h"
#include "cli/domain/domain.h"
#include "cli/domain/part.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"
#include "sc-hsm/share.h"

#define PROMPT "Password of the share: "

static struct cli_secret_source password_source(const struct cli *cli)
{
	return (struct cli_secret_source){ "password", "--password-file", cli->args->password_file, ARGS_NO_FD };
}

static enum err share_new(struct secret **out)
{
	uint8_t bytes[HSM_SHARE_SIZE];
	enum err e = rand_bytes(bytes, sizeof(bytes));

	if (!e)
		e = secret_new(RD_ARR(bytes), out);
	wipe(bytes, sizeof(bytes));
	return cli_fail(e, "making a share");
}

/* The parts first: a file whose password nobody has is worth nothing. */
static enum err password_split(const struct cli *cli, struct secret **out)
{
	struct hsm_part parts[HSM_PARTS_MAX];
	uint64_t prime = 0;
	unsigned t, n;
	enum err e;

	e = cli_split_read(cli->args->split, &t, &n);
	if (!e)
		e = cli_fail(hsm_threshold_new(t, n, out, &prime, parts), "making a password");
	if (!e)
		e = cli_parts_put(cli->args->parts_to, prime, parts, n);
	wipe(parts, sizeof(parts));
	return e;
}

enum err verb_dkek_create(struct cli *cli)
{
	const char *path = cli->args->v[0];
	struct secret *password = NULL, *share = NULL;
	struct wr file;
	enum err e;

	if ((cli->args->split && cli->args->password_file) || (cli->args->parts_to && !cli->args->split))
		return cli_refuse(ERR_ARG, "--split makes the password itself; --parts-to goes with it");
	wr_init_heap(&file, HSM_SHARE_FILE_SIZE);
	e = cli_put_check(path, false, "a share is never overwritten");
	if (!e)
		e = cli->args->split ? password_split(cli, &password)
				   : cli_secret_get_new(password_source(cli), PROMPT, NULL, &password);
	if (!e)
		e = share_new(&share);
	if (!e)
		e = cli_fail(hsm_share_seal(share, password, HSM_SHARE_ROUNDS, &file), "encrypting the share");
	if (!e) {
		e = file_create(path, 0600, wr_view(&file));
		cli_fail(e, "%s", path);
	}
	if (!e)
		printf("share: %s\n", path);
	wr_free(&file);
	secret_free(&share);
	secret_free(&password);
	return e;
}

static enum err password_get(const struct cli *cli, struct secret **out)
{
	const struct cli_args *a = cli->args;

	if (!!a->password_file + !!a->part.n + !!a->parts > 1)
		return cli_refuse(ERR_ARG, "--password-file, --part and --parts exclude each other");
	if (a->part.n || a->parts)
		return cli_parts_get(&a->part, a->parts, out);
	return cli_secret_get(password_source(cli), PROMPT, out);
}

static enum err share_read(const struct cli *cli, struct secret **share)
{
	const char *path = cli->args->v[0];
	struct secret *password = NULL;
	struct wr file;
	enum err e;

	wr_init_heap(&file, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &file);
	if (!e && file.n != HSM_SHARE_FILE_SIZE)
		e = cli_refuse(ERR_FORMAT, "%s is no share: that has %d bytes", path, HSM_SHARE_FILE_SIZE);
	if (!e)
		e = password_get(cli, &password);
	if (!e) {
		e = hsm_share_open(wr_view(&file), password, HSM_SHARE_ROUNDS, share);
		if (e == ERR_SIGNATURE)
			cli_refuse(e, "%s: another password, or the file was changed", path);
		else
			cli_fail(e, "%s", path);
	}
	secret_free(&password);
	wr_free(&file);
	return e;
}

/* Whoever brings a share need not be able to open the card: there is no login. */
enum err verb_dkek_import(struct cli *cli)
{
	uint8_t domain = (uint8_t)(cli->args->domain == ARGS_NO_FD ? 0 : cli->args->domain);
	struct secret *share = NULL;
	struct hsm_domain d;
	struct cli_card card;
	enum err e = cli_card_choose_held(cli, &card);

	if (!e) {
		e = cli_card_fail(&card, hsm_domain_status(card.hsm, domain, &d, &cli->dl), "reading the key domain");
		cli_card_release(&card);
	}
	if (!e && d.kind != HSM_DOMAIN_DKEK)
		e = cli_refuse(ERR_REFUSED, "card %s expects no shares in key domain %u (quorum11 domain list)",
			       card.id, domain);
	else if (!e && !d.missing)
		e = cli_refuse(ERR_REFUSED, "card %s has all %u shares of key domain %u", card.id, d.shares, domain);
	/* The seconds that the password takes are not the card's. */
	if (!e)
		e = share_read(cli, &share);
	if (!e)
		e = cli_card_hold(cli, &card);
	if (!e)
		e = cli_card_fail(&card, hsm_domain_import(card.hsm, domain, share, &d, &cli->dl),
				  "importing the share");
	if (!e)
		cli_domain_print(domain, &d);
	secret_free(&share);
	cli_card_close(cli, &card, false);
	return e;
}
