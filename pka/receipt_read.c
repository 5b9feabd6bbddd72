/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/receipt_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/receipt_line.h"

#define HASH_TEXT (2 * SHA256_SIZE)

struct reading {
	struct receipt *r;
	struct receipt_verdict *v;
	uint64_t line;                  /* the one at hand, from 1 */
	int stage;                      /* of the last line; -1 before the first */
};

static bool bad(struct reading *in, const char *why)
{
	receipt_fail(in->v, RECEIPT_CHECK_FORMAT, in->line, "line %" PRIu64 ": %s", in->line, why);
	return false;
}

/* Room for one more; NULL without memory. */
static void *grow(void **array, size_t *n, size_t size)
{
	void *p = *array;

	if ((*n & (*n - 1)) == 0)       /* full at each power of two */
		p = realloc(*array, (*n ? 2 * *n : 1) * size);
	if (!p)
		return NULL;
	*array = p;
	p = (char *)p + *n * size;
	memset(p, 0, size);
	(*n)++;
	return p;
}
#define GROW(r, array) grow((void **)&(r)->array, &(r)->array##_n, sizeof(*(r)->array))

static enum err take_first(struct reading *in, const struct receipt_value *v)
{
	(void)in, (void)v;
	return ERR_OK;
}

static enum err take_time(struct reading *in, const struct receipt_value *v)
{
	in->r->when = (int64_t)v[0].n;
	return ERR_OK;
}

static enum err take_device(struct reading *in, const struct receipt_value *v)
{
	in->r->device_line = in->line;
	in->r->device_id = v[0].bytes;
	in->r->devaut = v[1].bytes;
	return ERR_OK;
}

static enum err take_login(struct reading *in, const struct receipt_value *v)
{
	in->r->login_id = v[0].bytes;
	return v[0].bytes.n == 0 || v[0].bytes.n == LOGIN_ID_SIZE ? ERR_OK : ERR_FORMAT;
}

static enum err take_request(struct reading *in, const struct receipt_value *v)
{
	in->r->host_json = v[0].bytes;
	return v[0].bytes.n <= REQUEST_JSON_MAX ? ERR_OK : ERR_FORMAT;
}

static enum err take_quorum(struct reading *in, const struct receipt_value *v)
{
	in->r->quorum_line = in->line;
	in->r->n = (unsigned)v[0].n;
	in->r->m = (unsigned)v[1].n;
	return in->r->n <= in->r->m && in->r->m <= PKA_CUSTODIANS_MAX ? ERR_OK : ERR_FORMAT;
}

static enum err take_consent(struct reading *in, const struct receipt_value *v)
{
	struct receipt_read_consent *c;

	if (in->r->consents_n == PKA_CUSTODIANS_MAX)
		return ERR_FORMAT;
	c = GROW(in->r, consents);
	if (!c)
		return ERR_NOMEM;
	c->line = in->line;
	c->c = (struct pka_consent){
		.pka_file = v[0].bytes, .challenge = v[1].bytes, .sig = v[2].bytes, .statement = v[3].bytes,
		.statement_sig = v[4].bytes,
	};
	return ERR_OK;
}

static enum err take_limits(struct reading *in, const struct receipt_value *v)
{
	in->r->limits_line = in->line;
	in->r->limits = v[0].bytes;
	return ERR_OK;
}

static enum err take_key(struct reading *in, const struct receipt_value *v)
{
	struct receipt_read_key *k;

	if (receipt_key_find(in->r, (uint8_t)v[0].n))
		return ERR_FORMAT;
	k = GROW(in->r, keys);
	if (!k)
		return ERR_NOMEM;
	k->line = in->line;
	k->k = (struct receipt_key){
		.key = (uint8_t)v[0].n, .label = v[1].bytes, .id = v[2].bytes,
		.has_counter = v[3].n != RECEIPT_NO_COUNTER,
		.counter = v[3].n != RECEIPT_NO_COUNTER ? (uint32_t)v[3].n : 0, .attestation = v[4].bytes,
	};
	return ERR_OK;
}

static void take_client(struct receipt_use *u, const struct receipt_value *v)
{
	u->uid = (uint32_t)v[0].n;
	u->gid = (uint32_t)v[1].n;
	u->pid = (uint32_t)v[2].n;
	u->program = (const char *)v[3].bytes.p;
}

static struct receipt_use *add_use(struct reading *in, enum receipt_kind kind, const struct receipt_value *v)
{
	struct receipt_read_use *u = GROW(in->r, uses);

	if (!u)
		return NULL;
	u->line = in->line;
	u->u.kind = kind;
	u->u.when = (int64_t)v[0].n;
	u->u.key = (uint8_t)v[1].n;
	u->u.alg = (uint8_t)v[2].n;
	return &u->u;
}

static enum err take_sign(struct reading *in, const struct receipt_value *v)
{
	struct receipt_use *u = add_use(in, RECEIPT_SIGN, v);

	if (!u)
		return ERR_NOMEM;
	u->digest_alg = (enum digest_alg)v[3].n;
	u->digest = v[4].bytes;
	u->data_hash = v[5].bytes;
	u->signature = v[6].bytes;
	u->repeat = v[7].n;
	take_client(u, v + 8);
	return u->digest.n <= DIGEST_MAX && u->data_hash.n == SHA256_SIZE && u->signature.n > 0 ? ERR_OK : ERR_FORMAT;
}

static enum err take_other(struct reading *in, enum receipt_kind kind, const struct receipt_value *v)
{
	struct receipt_use *u = add_use(in, kind, v);

	if (!u)
		return ERR_NOMEM;
	u->data_hash = v[3].bytes;
	take_client(u, v + 4);
	return u->data_hash.n == SHA256_SIZE ? ERR_OK : ERR_FORMAT;
}

static enum err take_decipher(struct reading *in, const struct receipt_value *v)
{
	return take_other(in, RECEIPT_DECIPHER, v);
}

static enum err take_derive(struct reading *in, const struct receipt_value *v)
{
	return take_other(in, RECEIPT_DERIVE, v);
}

static enum err take_wrap(struct reading *in, const struct receipt_value *v)
{
	return take_other(in, RECEIPT_WRAP, v);
}

/* Of a key that had a counter, once. */
static enum err take_left(struct reading *in, const struct receipt_value *v)
{
	struct receipt_read_key *k = receipt_key_find(in->r, (uint8_t)v[0].n);

	if (!k || !k->k.has_counter || k->left_line)
		return ERR_FORMAT;
	k->left_line = in->line;
	k->left = (uint32_t)v[1].n;
	return ERR_OK;
}

static enum err take_end(struct reading *in, const struct receipt_value *v)
{
	in->r->has_end = true;
	in->r->end_line = in->line;
	in->r->end_when = (int64_t)v[0].n;
	in->r->why = (const char *)v[1].bytes.p;
	return ERR_OK;
}

static enum err (*const takers[RECEIPT_LINES])(struct reading *in, const struct receipt_value *v) = {
	[RECEIPT_LINE_FIRST] = take_first, [RECEIPT_LINE_TIME] = take_time, [RECEIPT_LINE_DEVICE] = take_device,
	[RECEIPT_LINE_LOGIN] = take_login, [RECEIPT_LINE_REQUEST] = take_request, [RECEIPT_LINE_QUORUM] = take_quorum,
	[RECEIPT_LINE_CONSENT] = take_consent, [RECEIPT_LINE_LIMITS] = take_limits,
	[RECEIPT_LINE_KEY] = take_key, [RECEIPT_LINE_SIGN] = take_sign,
	[RECEIPT_LINE_DECIPHER] = take_decipher, [RECEIPT_LINE_DERIVE] = take_derive, [RECEIPT_LINE_WRAP] = take_wrap,
	[RECEIPT_LINE_LEFT] = take_left, [RECEIPT_LINE_END] = take_end,
};

/* Is there a line that must stand before this stage and did not? */
static bool is_missing_before(const struct reading *in, int stage)
{
	for (enum receipt_line l = 0; l < RECEIPT_LINES; l++) {
		const struct receipt_row *row = receipt_row_get(l);

		if (row->needed && row->stage > in->stage && row->stage < stage)
			return true;
	}
	return false;
}

static bool is_in_order(struct reading *in, enum receipt_line l)
{
	const struct receipt_row *row = receipt_row_get(l);

	if (row->stage < in->stage || (row->stage == in->stage && !row->many))
		return bad(in, "a line that does not belong here");
	if (is_missing_before(in, row->stage))
		return bad(in, "a line is missing before it");
	in->stage = row->stage;
	return true;
}

static enum err take_text(struct reading *in, struct rd text)
{
	struct receipt_value v[RECEIPT_FIELDS_MAX];
	enum receipt_line l;
	enum err e = receipt_line_read(text, &l, v, &in->r->arena);

	if (e == ERR_NOMEM)
		return e;
	if (e) {
		(void)bad(in, "it is malformed");
		return ERR_OK;
	}
	if (!is_in_order(in, l))
		return ERR_OK;
	e = takers[l](in, v);
	if (e == ERR_FORMAT) {
		(void)bad(in, "its values cannot be");
		e = ERR_OK;
	}
	return e;
}

/*
 * The chain goes on with the hash as it is written: then one changed line is one wrong hash, and those after it tell
 * whether they were changed, too.
 */
static enum err take_line(struct reading *in, struct rd line)
{
	struct receipt_chain *c = &in->r->chain;
	uint8_t hash[SHA256_SIZE], text[HASH_TEXT];
	struct rd parts[2], written;
	struct wr w;
	enum err e;

	c->lines = in->line;
	if (line.n <= HASH_TEXT || line.p[line.n - HASH_TEXT - 1] != ' ') {
		(void)bad(in, "it does not end in a hash");
		receipt_fail(in->v, RECEIPT_CHECK_CHAIN, in->line, "line %" PRIu64 ": it does not end in a hash",
			     in->line);
		return ERR_OK;
	}
	written = rd_of(line.p + line.n - HASH_TEXT, HASH_TEXT);
	parts[0] = RD_ARR(c->hash);
	parts[1] = rd_of(line.p, line.n - HASH_TEXT - 1);
	e = sha256_parts(parts, 2, hash);
	if (e)
		return e;
	WR_ARR(&w, text);
	wr_hex(&w, RD_ARR(hash));
	if (!rd_eq(wr_view(&w), written))
		receipt_fail(in->v, RECEIPT_CHECK_CHAIN, in->line,
			     "line %" PRIu64 ": its hash is not that of this line and the one before: something was "
			     "changed, added or removed here", in->line);
	WR_ARR(&w, hash);
	if (text_unhex(written, &w) == ERR_OK)
		memcpy(c->hash, hash, sizeof(hash));
	return take_text(in, parts[1]);
}

static enum err take_file(struct reading *in, struct rd file)
{
	const uint8_t *end;
	struct rd line;
	enum err e = ERR_OK;

	while (!e && file.n > 0) {
		in->line++;
		end = memchr(file.p, '\n', file.n);
		line = rd_of(file.p, end ? (size_t)(end - file.p) : file.n);
		if (!end) {
			(void)bad(in, "the file ends within it");
			receipt_fail(in->v, RECEIPT_CHECK_CHAIN, in->line, "line %" PRIu64 ": the file ends within it",
				     in->line);
			return ERR_OK;
		}
		e = take_line(in, line);
		file = rd_of(end + 1, file.n - line.n - 1);
	}
	in->line++;
	if (!e && is_missing_before(in, INT32_MAX))
		(void)bad(in, "the receipt ends before its first part is whole");
	return e;
}

enum err receipt_read(struct rd file, struct receipt **out, struct receipt_verdict *v)
{
	struct receipt *r;
	struct reading in = { .v = v, .stage = -1 };
	uint8_t *room;
	enum err e;

	*out = NULL;
	if (file.n > RECEIPT_FILE_MAX)
		return ERR_LIMIT;
	r = calloc(1, sizeof(*r));
	room = malloc(file.n + 1);
	if (!r || !room) {
		free(r);
		free(room);
		return ERR_NOMEM;
	}
	/* Decoded bytes are never longer than what they are read from; fixed, so that views stay. */
	wr_init(&r->arena, room, file.n + 1);
	in.r = r;
	e = take_file(&in, file);
	if (e) {
		receipt_free(&r);
		return e;
	}
	receipt_pass(v, RECEIPT_CHECK_FORMAT, "%" PRIu64 " lines are well formed and in order", r->chain.lines);
	receipt_pass(v, RECEIPT_CHECK_CHAIN, "each line's hash is that of all lines up to it");
	*out = r;
	return ERR_OK;
}

void receipt_free(struct receipt **r)
{
	if (!r || !*r)
		return;
	free((*r)->arena.p);
	free((*r)->consents);
	free((*r)->keys);
	free((*r)->uses);
	free(*r);
	*r = NULL;
}

struct receipt_read_key *receipt_key_find(const struct receipt *r, uint8_t key)
{
	for (size_t i = 0; i < r->keys_n; i++)
		if (r->keys[i].k.key == key)
			return &r->keys[i];
	return NULL;
}
