/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/card/work.h"
#include "cli/key/mech.h"
#include "cli/line/say.h"
#include "sc-hsm/key.h"

#define CHUNK_SIZE  (256 * 1024)
#define SIG_MAX     1024
#define PATH_SIZE   4096

struct job {                    /* one file */
	const char *path;
	uint8_t hash[DIGEST_MAX];
};

static enum err hash_file(const char *path, enum digest_alg alg, uint8_t out[DIGEST_MAX])
{
	uint8_t *chunk = malloc(CHUNK_SIZE);
	struct digest *d = NULL;
	enum err e = ERR_NOMEM;
	struct wr w;
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		free(chunk);
		return cli_refuse(ERR_IO, "%s: %s", path, strerror(errno));
	}
	if (chunk)
		e = digest_new(alg, &d);
	while (!e && n) {
		n = read(fd, chunk, CHUNK_SIZE);
		if (n > 0)
			e = digest_update(d, rd_of(chunk, (size_t)n));
		else if (n < 0 && errno != EINTR)
			e = ERR_IO;
	}
	wr_init(&w, out, DIGEST_MAX);
	if (!e)
		e = digest_final(d, &w);
	cli_fail(e, "%s: hashing", path);
	digest_free(&d);
	(void)close(fd);
	free(chunk);
	return e;
}

static enum err sign_one(struct cli *cli, struct cli_card *c, const struct cli_key *k, const struct cli_mech *m,
			 const struct job *job)
{
	const char *suffix = cli->args->out_suffix ? cli->args->out_suffix : ".sig";
	struct rd hash = rd_of(job->hash, digest_size(m->digest));
	uint8_t input[DIGEST_MAX + 32], bytes[SIG_MAX];
	char path[PATH_SIZE];
	struct wr in, sig;
	enum err e;
	int n;

	WR_ARR(&in, input);
	WR_ARR(&sig, bytes);
	e = cli_fail(cli_mech_input(m, hash, &in), "%s", job->path);
	if (!e)
		e = cli_card_fail(c, hsm_key_sign(c->hsm, k->number, m->alg, wr_view(&in), &sig, &cli->dl), job->path);
	if (!e && cli_mech_verify(m, k, hash, wr_view(&sig)) != ERR_OK)
		e = cli_refuse(
			ERR_SIGNATURE,
			"%s: the card's signature does not verify with the key's public part; nothing is written",
			job->path);
	if (e)
		return e;
	n = snprintf(path, sizeof(path), "%s%s", job->path, suffix);
	if (n < 0 || (size_t)n >= sizeof(path))
		return cli_fail(ERR_LIMIT, "%s%s", job->path, suffix);
	e = file_write(path, 0644, wr_view(&sig));
	if (e)
		return cli_refuse(e, "%s: %s", path, strerror(errno));
	printf("%s\n", path);
	return ERR_OK;
}

/* Key, mechanism and hashes before anybody is asked: no ceremony is held for a file that cannot be read or signed. */
static enum err prepare(struct cli *cli, struct cli_keys **keys, const struct cli_key **key,
			const struct cli_mech **mech, char id[CHR_MAX + 1], struct job *jobs)
{
	struct cli_card card;
	enum err e;

	e = cli_card_choose(cli, &card);
	if (e)
		return e;
	memcpy(id, card.id, CHR_MAX + 1);
	e = cli_card_hold(cli, &card);
	if (!e)
		e = cli_keys_read(cli, &card, keys);
	cli_card_close(cli, &card, false);
	if (!e)
		e = cli_keys_find(&card, *keys, cli->args->key, key);
	if (!e)
		e = cli_mech_get(cli->args->mechanism, *key, mech);
	for (size_t i = 0; i < cli->args->n && !e; i++) {
		jobs[i].path = cli->args->v[i];
		e = hash_file(jobs[i].path, (*mech)->digest, jobs[i].hash);
		if (!e && file_check_folder(jobs[i].path))
			e = cli_refuse(ERR_IO, "%s: no signature can be written beside it: %s", jobs[i].path,
				       strerror(errno));
	}
	return e;
}

enum err verb_sign(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const struct cli_mech *mech = NULL;
	const struct cli_key *key = NULL;
	struct cli_keys *keys = NULL;
	struct cli_card card = { .hsm = NULL };
	char id[CHR_MAX + 1];
	struct job *jobs;
	enum err e;

	if (!a->key)
		return cli_refuse(ERR_ARG, "sign needs --key: a label, or an id in hex");
	if (a->out_suffix && (!*a->out_suffix || strchr(a->out_suffix, '/')))
		return cli_refuse(ERR_ARG, "--out-suffix: at least one character, and no /");
	jobs = calloc(a->n, sizeof(*jobs));
	e = jobs ? cli_work_settings(cli, NULL) : cli_fail(ERR_NOMEM, "sign");
	if (!e)
		e = prepare(cli, &keys, &key, &mech, id, jobs);
	if (!e)
		e = cli_work_open(cli, &card);
	if (!e && strcmp(id, card.id))
		e = cli_refuse(ERR_REMOVED, "the card was changed: %s, not %s", card.id, id);
	for (size_t i = 0; i < a->n && !e; i++)
		e = sign_one(cli, &card, key, mech, &jobs[i]);
	cli_card_close(cli, &card, true);
	cli_keys_free(&keys);
	free(jobs);
	return e;
}
