/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trust/pkafiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/card/card.h"
#include "cli/line/get.h"
#include "cli/line/say.h"

#define PKA_FILE_MAX (4 * CVC_MAX)

static enum err read_one(const struct cli *cli, const struct att_anchors *anchors, struct cli_pkafile *f)
{
	struct att_verdict v = { .n = 0 };
	enum err e;

	e = cli_get_file(f->path, PKA_FILE_MAX, &f->bytes);
	if (e)
		return e;
	e = pka_file_read(wr_view(&f->bytes), &f->file);
	if (e)
		return cli_refuse(e, "%s: not a PKA file (quorum11 custodian export makes one)", f->path);
	cli_chr_copy(f->chr, f->file.request.inner.chr);
	cli_chr_copy(f->device, f->file.device.chr);
	e = cli_trust_pka_file(cli, anchors, &f->file, &f->genuine, &v);
	if (e) {
		cli_verdict_tell(f->path, &v);
		cli_refuse(e, "%s: key %s is not proved to be in a genuine card%s", f->path, f->chr,
			   f->file.has_issuer ? " (roots stand in [trust])"
					      : "; a card without a chain needs --unverified");
	}
	return e;
}

static enum err check_set(const struct cli *cli, const struct cli_pkafiles *f, const char *target)
{
	struct pka_file_set_problem p = { .text = "" };
	struct pka_file files[PKA_CUSTODIANS_MAX];
	enum err e;

	for (size_t i = 0; i < f->n; i++)
		files[i] = f->v[i].file;
	e = pka_file_set_check(files, f->n, rd_str(target), cli->args->same_device, &p);
	if (!e)
		return e;
	if (p.a < f->n && p.b < f->n && p.a != p.b)
		return cli_refuse(e, "%s and %s: %s", f->v[p.a].path, f->v[p.b].path, p.text);
	return cli_refuse(e, "%s%s%s", p.a < f->n ? f->v[p.a].path : "", p.a < f->n ? ": " : "", p.text);
}

enum err cli_pkafiles_read(const struct cli *cli, const struct att_anchors *anchors, char *const *paths, size_t n,
			   const char *target, struct cli_pkafiles **out)
{
	struct cli_pkafiles *f;
	enum err e = ERR_OK, one;

	if (n > PKA_CUSTODIANS_MAX)
		return cli_refuse(ERR_ARG, "a card takes at most %d custodians", PKA_CUSTODIANS_MAX);
	f = calloc(1, sizeof(*f));
	if (!f)
		return cli_fail(ERR_NOMEM, "PKA files");
	for (; f->n < n; f->n++) {
		f->v[f->n].path = paths[f->n];
		wr_init_heap(&f->v[f->n].bytes, PKA_FILE_MAX);
		one = read_one(cli, anchors, &f->v[f->n]);
		if (one)
			e = one;        /* the others are looked at, too */
	}
	if (!e)
		e = check_set(cli, f, target);
	if (e)
		cli_pkafiles_free(&f);
	*out = f;
	return e;
}

void cli_pkafiles_free(struct cli_pkafiles **f)
{
	if (!*f)
		return;
	for (size_t i = 0; i < (*f)->n; i++)
		wr_free(&(*f)->v[i].bytes);
	free(*f);
	*f = NULL;
}

const struct cli_pkafile *cli_pkafiles_get(const struct cli_pkafiles *f, struct rd chr)
{
	for (size_t i = 0; i < f->n; i++)
		if (rd_eq(f->v[i].file.request.inner.chr, chr))
			return &f->v[i];
	return NULL;
}
