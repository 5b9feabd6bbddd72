/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/object/files.h"

#include <stdlib.h>

enum err p11_files_new(struct p11_files **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? ERR_OK : ERR_NOMEM;
}

void p11_files_free(struct p11_files **f)
{
	if (*f)
		p11_keep_clear(&(*f)->bytes);
	free(*f);
	*f = NULL;
}

void p11_files_forget(struct p11_files *f)
{
	p11_keep_clear(&f->bytes);
	f->n = 0;
	f->news = false;
}

enum err p11_files_put(struct p11_files *f, const struct p11_file *file)
{
	struct p11_file *slot = &f->v[f->n];
	enum err e;

	if (f->n == P11_FILES_MAX)
		return ERR_LIMIT;
	*slot = *file;
	e = p11_keep(&f->bytes, file->bytes, &slot->bytes);
	if (!e)
		f->n++;
	return e;
}

static enum err read_new(struct p11_files *f, struct hsm_card *card, uint16_t fid, struct deadline *dl)
{
	struct p11_file file = { .fid = fid };
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = hsm_file_read(card, fid, &w, dl);
	file.exists = !e;
	file.bytes = wr_view(&w);
	if (!e || e == ERR_NOT_FOUND)
		e = p11_files_put(f, &file);
	wr_free(&w);
	if (!e)
		f->news = true;
	return e;
}

enum err p11_files_get(struct p11_files *f, struct hsm_card *card, uint16_t fid, struct rd *out, bool *old,
		       struct deadline *dl)
{
	size_t i = 0;
	enum err e;

	*out = RD_NONE;
	while (i < f->n && f->v[i].fid != fid)
		i++;
	if (i == f->n) {
		e = read_new(f, card, fid, dl);
		if (e)
			return e;
	}
	if (f->v[i].old)
		*old = true;
	*out = f->v[i].bytes;
	return f->v[i].exists ? ERR_OK : ERR_NOT_FOUND;
}
