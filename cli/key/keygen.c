/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/card/work.h"
#include "cli/key/generate.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"
#include "pka/file.h"

#define PATH_SIZE 4096
#define ID_MAX 64               /* bytes of a CKA_ID */

/*
 * Where the archive goes: --archive as a file or folder, otherwise this folder. In a folder it is named after
 * device and key, so the name is known only when the key is there; a file must not exist yet. Checked before
 * custodians are asked.
 */
static enum err archive_check(const char *where)
{
	struct stat st;

	if (stat(where, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			return cli_refuse(ERR_CONDITIONS, "%s exists; an archived attestation is never overwritten",
					  where);
		if (access(where, W_OK | X_OK) == 0)
			return ERR_OK;
	} else if (errno == ENOENT && file_check_folder(where) == ERR_OK) {
		return ERR_OK;
	}
	return cli_refuse(ERR_IO, "--archive %s: nothing can be written there: %s", where, strerror(errno));
}

static enum err archive_write(const char *where, const struct cli_card *c, uint8_t key, struct rd request)
{
	char path[PATH_SIZE];
	struct stat st;
	struct wr w;
	enum err e;
	int n;

	if (stat(where, &st) == 0 && S_ISDIR(st.st_mode))
		n = snprintf(path, sizeof(path), "%s/%s-%u.pka", where, c->id, key);
	else
		n = snprintf(path, sizeof(path), "%s", where);
	if (n < 0 || (size_t)n >= sizeof(path))
		return cli_fail(ERR_LIMIT, "--archive");
	wr_init_heap(&w, FILE_SIZE_MAX);
	e = pka_file_write(wr_view(&c->devaut), request, &w);
	if (!e)
		e = file_create(path, 0644, wr_view(&w));
	wr_free(&w);
	if (e)
		return cli_fail(e, "%s: archiving the attestation of key %u (it is on the card)", path, key);
	printf("attestation: %s\n", path);
	return ERR_OK;
}

static enum err read_id(const char *hex, struct wr *id)
{
	enum err e = text_unhex(rd_str(hex), id);

	if (e || (hex && wr_view(id).n == 0))
		return cli_refuse(ERR_ARG, "--id: hex digits in pairs, at most %d bytes", ID_MAX);
	return ERR_OK;
}

/* Read back at once: what is archived must be able to convince somebody else later. */
static enum err verify(const struct cli_card *c, const struct att_chain *chain, struct rd request)
{
	struct att_verdict v = { .n = 0 };
	struct att_key key;
	enum err e;

	e = att_key_check(chain, request, RD_NONE, &key, &v);
	if (e) {
		cli_verdict_tell("attestation of the new key", &v);
		return cli_refuse(ERR_ATTESTATION, "card %s: the new key is not proved to be of this card", c->id);
	}
	printf("attested: %s\n",
	       chain->is_genuine ? chain->path : "by an UNVERIFIED device, which proves nothing to others");
	return ERR_OK;
}

enum err verb_keygen(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const char *where = a->archive.n ? a->archive.v[0] : ".";
	struct cli_generate g = { .label = a->label };
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct cli_card card = { .hsm = NULL };
	struct att_chain chain;
	uint8_t idbuf[ID_MAX], key;
	struct wr id, request;
	enum err e;

	if (!a->type || !a->label || a->archive.n > 1)
		return cli_refuse(ERR_ARG, "keygen needs --type and --label, and takes one --archive");
	WR_ARR(&id, idbuf);
	wr_init_heap(&request, CVC_MAX);
	e = cli_keytype_read(a->type, a->force, &g.type);
	if (!e)
		e = cli_label_check(a->token_label);
	if (!e)
		e = read_id(a->id, &id);
	if (!e)
		e = archive_check(where);
	if (!e)
		e = cli_work_settings(cli, NULL);
	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e)
		e = cli_work_open(cli, &card);
	if (e)
		goto out;
	e = cli_trust_chain(cli, anchors, wr_view(&card.devaut), &chain, &v);
	if (e) {
		cli_verdict_tell(card.id, &v);
		cli_refuse(e, "card %s is not proved genuine; " CLI_TRUST_HELP, card.id);
		goto out;
	}
	e = cli_card_set_label(cli, &card, a->token_label);
	if (e)
		goto out;
	g.id = wr_view(&id);
	g.usage = g.type.curve == EC_NONE ? P15_USE_SIGN | P15_USE_SIGN_RECOVER | P15_USE_DECRYPT | P15_USE_UNWRAP
					  : P15_USE_SIGN | P15_USE_DERIVE;
	e = cli_generate(cli, &card, &g, &key, &request);
	if (e)
		goto out;
	printf("key %u: %s \"%s\" on card %s\n", key, a->type, a->label, card.id);
	e = verify(&card, &chain, wr_view(&request));
	if (!e || a->force)
		e = archive_write(where, &card, key, wr_view(&request));
out:
	cli_card_close(cli, &card, true);
	att_anchors_free(&anchors);
	wr_free(&request);
	return e;
}
