/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct entry {
	size_t n;
	uint8_t digest[DIGEST_MAX];
};
struct pka_manifest {
	uint8_t hash[SHA256_SIZE];
	size_t n;
	struct entry v[];               /* sorted */
};

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : memcmp(x->digest, y->digest, x->n);
}

static bool is_digest_size(size_t n)
{
	for (enum digest_alg a = DIGEST_SHA1; a <= DIGEST_SHA512; a++)
		if (digest_size(a) == n)
			return true;
	return false;
}

static struct rd take_line(struct rd *r)
{
	const uint8_t *end = r->n ? memchr(r->p, '\n', r->n) : NULL;
	struct rd line = rd_of(r->p, end ? (size_t)(end - r->p) : r->n);

	*r = end ? rd_of(end + 1, r->n - line.n - 1) : RD_NONE;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* false: malformed. n = 0: a line without a digest. */
static bool read_entry(struct rd line, struct entry *out)
{
	size_t n = 0;
	struct wr w;

	out->n = 0;
	if (line.n == 0 || line.p[0] == '#')
		return true;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	WR_ARR(&w, out->digest);
	if (text_unhex(rd_of(line.p, n), &w) || !is_digest_size(w.n))
		return false;
	out->n = w.n;
	return true;
}

enum err pka_manifest_read(struct rd text, struct pka_manifest **out, size_t *line)
{
	struct pka_manifest *m;
	size_t lines = 1;
	enum err e;

	*out = NULL;
	*line = 0;
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	m = calloc(1, sizeof(*m) + lines * sizeof(m->v[0]));
	if (!m)
		return ERR_NOMEM;
	e = sha256(text, m->hash);
	while (!e && text.n > 0) {
		(*line)++;
		if (!read_entry(take_line(&text), &m->v[m->n]))
			e = ERR_FORMAT;
		else if (m->v[m->n].n)
			m->n++;
	}
	if (!e && m->n == 0) {
		*line = 0;
		e = ERR_FORMAT;
	}
	if (e) {
		free(m);
		return e;
	}
	qsort(m->v, m->n, sizeof(m->v[0]), compare);
	*out = m;
	return ERR_OK;
}

void pka_manifest_free(struct pka_manifest **m)
{
	free(*m);
	*m = NULL;
}

bool pka_manifest_has(const struct pka_manifest *m, struct rd digest)
{
	struct entry want = { .n = digest.n };

	if (digest.n == 0 || digest.n > sizeof(want.digest))
		return false;
	memcpy(want.digest, digest.p, digest.n);
	return bsearch(&want, m->v, m->n, sizeof(m->v[0]), compare) != NULL;
}

struct rd pka_manifest_hash(const struct pka_manifest *m)
{
	return RD_ARR(m->hash);
}
