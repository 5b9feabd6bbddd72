/* SPDX-License-Identifier: Apache-2.0 */
#include "test/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

/* The exchanges as bytes: command, answer, command, answer ... each with its length in front (4 bytes). */
struct replay {
	struct wr bytes;
	struct rd rest;
};

#define REPLAY_MAX (16u << 20)

static enum err replay_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct replay *r = ctx;
	struct rd expected, answer;
	uint32_t n;

	(void)dl;
	if (!rd_u32(&r->rest, &n) || !rd_take(&r->rest, n, &expected)) {
		log_tell("replay: one command more than recorded");
		return ERR_BUG;
	}
	if (!rd_eq(expected, cmd)) {
		/* Of the command only the header: it may hold a secret. */
		log_tell("replay: %zu bytes that begin with %02x%02x are not the recorded command", cmd.n,
			 cmd.n > 0 ? cmd.p[0] : 0, cmd.n > 1 ? cmd.p[1] : 0);
		return ERR_BUG;
	}
	if (!rd_u32(&r->rest, &n) || !rd_take(&r->rest, n, &answer))
		return ERR_BUG;
	wr_put(rsp, answer);
	return wr_done(rsp);
}

static void replay_free(void *ctx)
{
	struct replay *r = ctx;

	wr_free(&r->bytes);
	free(r);
}

static void replay_close(void *ctx, bool reset_card)
{
	(void)reset_card;
	replay_free(ctx);
}

static const struct apdu_link_ops replay_ops = {
	.name = "replay",
	.transmit = replay_transmit,
	.close = replay_close,
	.abandon = replay_free,
};

static struct rd take_line(struct rd *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	struct rd line = *text;

	if (end)
		line.n = (size_t)(end - text->p);
	*text = rd_of(text->p + line.n + (end ? 1 : 0), text->n - line.n - (end ? 1 : 0));
	return line;
}

static void skip_blanks(struct rd *r)
{
	while (r->n && (r->p[0] == ' ' || r->p[0] == '\t' || r->p[0] == '\r'))
		*r = rd_of(r->p + 1, r->n - 1);
}

static void put_length(struct wr *w, size_t at)
{
	size_t n = w->n - at - 4;

	for (size_t i = 0; i < 4; i++)
		w->p[at + i] = (uint8_t)(n >> (24 - 8 * i));
}

/*
 * Commands and answers must take turns; a line with '+' goes on with the one before it; what follows the hex word is
 * a comment.
 */
static enum err parse(struct rd text, struct wr *out)
{
	char last = '<';
	size_t at = 0;
	enum err e;

	while (text.n) {
		struct rd line = take_line(&text), word;
		char mark;

		skip_blanks(&line);
		if (rd_end(&line) || line.p[0] == '#')
			continue;
		mark = (char)line.p[0];
		line = rd_of(line.p + 1, line.n - 1);
		skip_blanks(&line);
		word = rd_of(line.p, 0);
		while (word.n < line.n && line.p[word.n] != ' ' && line.p[word.n] != '\t' && line.p[word.n] != '\r')
			word.n++;

		if (mark == (last == '<' ? '>' : '<')) {
			at = out->n;
			wr_zeros(out, 4);
			last = mark;
		} else if (mark != '+' || out->n == 0) {
			return ERR_FORMAT;
		}
		e = text_unhex(word, out);
		if (!e)
			e = wr_done(out);
		if (e)
			return e;
		put_length(out, at);
	}
	return last == '<' ? ERR_OK : ERR_FORMAT;
}

enum err replay_open(const char *text, struct apdu_link **out)
{
	struct replay *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		return ERR_NOMEM;
	wr_init_heap(&r->bytes, REPLAY_MAX);
	e = parse(rd_str(text), &r->bytes);
	if (e) {
		replay_free(r);
		return e;
	}
	r->rest = wr_view(&r->bytes);
	return apdu_link_new(&replay_ops, r, "replay", RD_NONE, out);
}

bool replay_is_done(const struct apdu_link *l)
{
	const struct replay *r = apdu_link_ctx(l, &replay_ops);

	return r && rd_end(&r->rest);
}
