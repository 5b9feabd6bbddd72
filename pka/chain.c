/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/chain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define HASH_MARK ",\"hash\":\""
#define TAIL_SIZE (sizeof(HASH_MARK) - 1 + 2 * SHA256_SIZE + 2) /* and "} */
#define SIG_SIZE 64
#define POINT_TEXT 87                   /* base64url of 65 bytes, and of 64 */
#define SIG_TEXT 86

/* ---- lines ---- */

/* All that the hash covers. */
static void body_write(const struct chain_entry *e, struct wr *w)
{
	wr_printf(w, "{\"seq\":%" PRIu64 ",\"time\":%" PRId64 ",\"previous\":\"", e->seq, e->time);
	wr_hex(w, RD_ARR(e->previous));
	wr_text(w, "\",\"event\":");
	wr_put(w, e->event);
}

enum err chain_entry_make(const struct chain_entry *last, int64_t time, struct rd event, struct chain_entry *out)
{
	struct wr w;
	enum err e;

	*out = (struct chain_entry){ .seq = last->seq + 1, .time = time, .event = event };
	if (last->seq)
		memcpy(out->previous, last->hash, sizeof(out->previous));
	wr_init_heap(&w, CHAIN_LINE_MAX - TAIL_SIZE - 1);
	body_write(out, &w);
	e = wr_done(&w) == ERR_BUFFER ? ERR_LIMIT : wr_done(&w);
	if (!e)
		e = sha256(wr_view(&w), out->hash);
	wr_free(&w);
	return e;
}

void chain_line_write(const struct chain_entry *e, struct wr *out)
{
	body_write(e, out);
	wr_text(out, HASH_MARK);
	wr_hex(out, RD_ARR(e->hash));
	wr_text(out, "\"}\n");
}

static bool take_text(struct rd *r, const char *want)
{
	struct rd have, before = *r;

	if (rd_take(r, strlen(want), &have) && rd_eq_str(have, want))
		return true;
	*r = before;
	return false;
}

/* Decimal, as body_write writes it. */
static bool take_number(struct rd *r, uint64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < r->n && n < 18 && r->p[n] >= '0' && r->p[n] <= '9')
		*out = *out * 10 + (uint64_t)(r->p[n++] - '0');
	if (!n || (n > 1 && r->p[0] == '0'))
		return false;
	*r = rd_of(r->p + n, r->n - n);
	return true;
}

static bool take_hash(struct rd *r, uint8_t out[SHA256_SIZE])
{
	struct rd hex;
	struct wr w;

	wr_init(&w, out, SHA256_SIZE);
	return rd_take(r, 2 * SHA256_SIZE, &hex) && !text_unhex(hex, &w);
}

enum err chain_line_read(struct rd line, struct chain_entry *out)
{
	uint8_t hash[SHA256_SIZE];
	struct rd body, tail, r;
	uint64_t time;
	enum err e;

	*out = (struct chain_entry){ 0 };
	if (line.n <= TAIL_SIZE || line.n >= CHAIN_LINE_MAX)
		return ERR_FORMAT;
	body = rd_of(line.p, line.n - TAIL_SIZE);
	tail = rd_of(line.p + body.n, TAIL_SIZE);
	if (!take_text(&tail, HASH_MARK) || !take_hash(&tail, out->hash) || !take_text(&tail, "\"}"))
		return ERR_FORMAT;
	r = body;
	if (!take_text(&r, "{\"seq\":") || !take_number(&r, &out->seq) || !take_text(&r, ",\"time\":") ||
	    !take_number(&r, &time) || !take_text(&r, ",\"previous\":\"") || !take_hash(&r, out->previous) ||
	    !take_text(&r, "\",\"event\":") || r.n < 2 || r.p[0] != '{' || r.p[r.n - 1] != '}')
		return ERR_FORMAT;
	out->time = (int64_t)time;
	out->event = r;
	e = sha256(body, hash);
	return e ? e : rd_eq(RD_ARR(hash), RD_ARR(out->hash)) ? ERR_OK : ERR_SIGNATURE;
}

/* ---- checkpoints ---- */

static enum err signed_hash(uint64_t seq, int64_t time, const uint8_t previous[SHA256_SIZE], uint8_t out[SHA256_SIZE])
{
	char text[200];
	struct wr w;

	WR_ARR(&w, text);
	wr_printf(&w, "quorum11 audit checkpoint v1\nseq %" PRIu64 "\ntime %" PRId64 "\nprevious ", seq, time);
	wr_hex(&w, rd_of(previous, SHA256_SIZE));
	wr_text(&w, "\n");
	return wr_done(&w) ? ERR_BUG : sha256(wr_view(&w), out);
}

enum err chain_checkpoint_write(const struct ec_key *key, const struct chain_entry *last, int64_t time,
				struct wr *event)
{
	uint8_t hash[SHA256_SIZE], point[CHAIN_POINT_SIZE], sig[SIG_SIZE];
	struct wr q, s;
	enum err e = signed_hash(last->seq + 1, time, last->hash, hash);

	WR_ARR(&q, point);
	WR_ARR(&s, sig);
	if (!e)
		e = ec_key_public(key, &q);
	if (!e)
		e = ec_key_sign(key, RD_ARR(hash), &s);
	if (e)
		return e;
	wr_text(event, "{\"event\":\"checkpoint\",\"key\":\"");
	wr_base64url(event, wr_view(&q));
	wr_text(event, "\",\"signature\":\"");
	wr_base64url(event, wr_view(&s));
	wr_text(event, "\"}");
	return wr_done(event);
}

static bool take_bytes(struct rd *r, size_t text, uint8_t *out, size_t n)
{
	struct rd encoded;
	struct wr w;

	wr_init(&w, out, n);
	return rd_take(r, text, &encoded) && !text_unbase64url(encoded, &w) && w.n == n;
}

enum err chain_checkpoint_check(const struct chain_entry *entry, uint8_t key[CHAIN_POINT_SIZE])
{
	uint8_t hash[SHA256_SIZE], sig[SIG_SIZE];
	struct rd r = entry->event;
	enum err e;

	if (!take_text(&r, "{\"event\":\"checkpoint\","))
		return ERR_NOT_FOUND;
	if (!take_text(&r, "\"key\":\"") || !take_bytes(&r, POINT_TEXT, key, CHAIN_POINT_SIZE) ||
	    !take_text(&r, "\",\"signature\":\"") || !take_bytes(&r, SIG_TEXT, sig, sizeof(sig)) ||
	    !take_text(&r, "\"}") || !rd_end(&r))
		return ERR_FORMAT;
	e = signed_hash(entry->seq, entry->time, entry->previous, hash);
	return e ? e : ec_verify(EC_SECP256R1, rd_of(key, CHAIN_POINT_SIZE), RD_ARR(hash), RD_ARR(sig));
}

/* ---- a whole export ---- */

static PRINTF(2, 3) enum err broken(struct chain_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
	return ERR_REFUSED;
}

/* Does it follow the one before? */
static enum err order_check(struct chain_verdict *v, const struct chain_entry *last, const struct chain_entry *it)
{
	static const uint8_t zeros[SHA256_SIZE];

	if (!it->seq)
		return broken(v, "an entry has the number 0");
	if (!v->entries)        /* an export may begin anywhere; the chain only with 1 */
		return it->seq > 1 || rd_eq(RD_ARR(it->previous), RD_ARR(zeros))
			       ? ERR_OK : broken(v, "entry 1 follows something that is not there");
	if (it->seq > last->seq + 1)
		return broken(v, "entries %" PRIu64 " to %" PRIu64 " are missing before entry %" PRIu64, last->seq + 1,
			      it->seq - 1, it->seq);
	if (it->seq <= last->seq)
		return broken(v, "entry %" PRIu64 " was added, or is out of place: it comes after entry %" PRIu64,
			      it->seq, last->seq);
	if (!rd_eq(RD_ARR(it->previous), RD_ARR(last->hash)))
		return broken(v, "entry %" PRIu64 " does not follow entry %" PRIu64 ": one of them was exchanged",
			      it->seq, last->seq);
	return ERR_OK;
}

static enum err checkpoint_count(struct chain_verdict *v, const struct chain_entry *it, struct rd trusted)
{
	uint8_t key[CHAIN_POINT_SIZE];
	enum err e = chain_checkpoint_check(it, key);

	if (e == ERR_NOT_FOUND)
		return ERR_OK;
	if (e == ERR_FORMAT || e == ERR_SIGNATURE)
		return broken(v, "entry %" PRIu64 " is a checkpoint whose signature does not hold", it->seq);
	if (e)
		return e;
	if (trusted.n && !rd_eq(trusted, RD_ARR(key)))
		return broken(v, "entry %" PRIu64 " is a checkpoint by another key than the given one", it->seq);
	if (!v->checkpoints || !rd_eq(RD_ARR(key), RD_ARR(v->key)))
		v->keys++;
	memcpy(v->key, key, sizeof(v->key));
	v->checkpoints++;
	v->signed_seq = it->seq;
	v->signed_time = it->time;
	return ERR_OK;
}

static enum err line_check(struct chain_verdict *v, struct rd line, struct rd key, struct chain_entry *last)
{
	struct chain_entry it;
	enum err e = chain_line_read(line, &it);

	if (e == ERR_FORMAT)
		return v->entries ? broken(v, "what should follow entry %" PRIu64 " is no entry", last->seq)
				  : broken(v, "it is no audit export");
	if (e == ERR_SIGNATURE)
		return broken(v, "entry %" PRIu64 " was changed: its hash is of something else", it.seq);
	if (!e)
		e = order_check(v, last, &it);
	if (!e)
		e = checkpoint_count(v, &it, key);
	if (e)
		return e;
	if (!v->entries++)
		v->first = it.seq;
	v->last = it.seq;
	*last = it;
	return ERR_OK;
}

enum err chain_verify(struct rd text, struct rd key, struct chain_verdict *out)
{
	struct chain_entry last = { 0 };
	const uint8_t *end;
	uint64_t n = 0;
	enum err e = ERR_OK;

	*out = (struct chain_verdict){ 0 };
	while (!e && text.n) {
		end = memchr(text.p, '\n', text.n);
		n++;
		if (!end) {
			e = broken(out, "the last line is cut off");
			break;
		}
		e = line_check(out, rd_of(text.p, (size_t)(end - text.p)), key, &last);
		text = rd_of(end + 1, text.n - (size_t)(end - text.p) - 1);
	}
	if (e == ERR_REFUSED)
		out->line = n;
	return e;
}
