/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

struct line {
	uint8_t digest[DIGEST_MAX];
	size_t n;
};
struct agent_manifest {
	uint8_t hash[SHA256_SIZE];
	size_t n;
	struct line v[];        /* sorted */
};

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

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

	*r = rd_of(r->p + line.n + (end ? 1 : 0), r->n - line.n - (end ? 1 : 0));
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* false: malformed. n = 0: a line without a digest. */
static bool read_line(struct rd line, struct line *out)
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

static enum err parse(const char *path, struct rd text, struct agent_manifest **out)
{
	size_t lines = 1, number = 0;
	struct agent_manifest *m;
	enum err e;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	m = calloc(1, sizeof(*m) + lines * sizeof(m->v[0]));
	if (!m)
		return ERR_NOMEM;
	e = sha256(text, m->hash);
	while (!e && !rd_end(&text)) {
		number++;
		if (!read_line(take_line(&text), &m->v[m->n])) {
			log_tell("manifest %s, line %zu: no digest in hex", path, number);
			e = ERR_FORMAT;
		} else if (m->v[m->n].n) {
			m->n++;
		}
	}
	if (!e && m->n == 0) {
		log_tell("manifest %s: no digest in it, so nothing could be signed", path);
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

enum err agent_manifest_load(const char *path, struct agent_manifest **out)
{
	struct wr content;
	enum err e;

	*out = NULL;
	wr_init_heap(&content, MANIFEST_MAX);
	e = file_read(path, MANIFEST_MAX, &content);
	if (e)
		log_tell("manifest %s: %s", path, e == ERR_IO ? strerror(errno) : err_text(e));
	else
		e = parse(path, wr_view(&content), out);
	wr_free(&content);
	return e;
}

void agent_manifest_free(struct agent_manifest **m)
{
	free(*m);
	*m = NULL;
}

bool agent_manifest_has(const struct agent_manifest *m, struct rd digest)
{
	struct line want = { .n = digest.n };

	if (digest.n == 0 || digest.n > sizeof(want.digest))
		return false;
	memcpy(want.digest, digest.p, digest.n);
	return bsearch(&want, m->v, m->n, sizeof(m->v[0]), compare) != NULL;
}

size_t agent_manifest_count(const struct agent_manifest *m)
{
	return m->n;
}

const uint8_t *agent_manifest_hash(const struct agent_manifest *m)
{
	return m->hash;
}
