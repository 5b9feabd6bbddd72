/* SPDX-License-Identifier: Apache-2.0 */
#include "ramoverhttp/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define WHY_SIZE 400

struct ram_client {
	struct ram_client_ops ops;
	void *ctx;
	unsigned exchanges;
	bool over;                      /* an error or 204 came: no further step */
	bool refused;                   /* a negative notification came: the server wants nothing more of the card */
	int32_t id;                     /* of the last notification */
	size_t message_n;
	uint8_t message[RAM_MESSAGE_MAX];
	char why[WHY_SIZE];
};

/* What one template made: results so far, and how many commands were executed. */
struct batch {
	struct wr results;
	int32_t count;
};

enum err ram_client_new(const struct ram_client_ops *ops, void *ctx, struct ram_client **out)
{
	struct ram_client *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_NOMEM;
	c->ops = *ops;
	c->ctx = ctx;
	*out = c;
	return ERR_OK;
}

void ram_client_free(struct ram_client **c)
{
	if (!c || !*c)
		return;
	free(*c);
	*c = NULL;
}

enum err ram_client_begin(struct ram_client *c, struct rd atr, struct wr *body)
{
	const struct ram_initiation i = { .atr = atr };

	if (c->exchanges || c->over || atr.n == 0 || atr.n > ATR_MAX)
		return ERR_ARG;
	ram_write_initiation(body, &i);
	return wr_done(body);
}

/* Text of ours only, or text that has gone through text_shown. */
static enum err PRINTF(3, 4) fail(struct ram_client *c, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return e;
}

/* ---- one object ---- */

static enum err do_command(struct ram_client *c, struct rd cmd, struct batch *b, struct deadline *dl)
{
	char why[WHY_SIZE] = "command refused";
	struct wr rsp;
	enum err e;

	if (c->refused)
		return fail(c, ERR_PROTOCOL, "the server went on after it had refused");
	if (!c->ops.allow(c->ctx, cmd, why, sizeof(why)))
		return fail(c, ERR_REFUSED, "%s", why);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	e = c->ops.transmit(c->ctx, cmd, &rsp, dl);
	if (!e)
		e = wr_done(&rsp);
	if (e)
		(void)fail(c, e, "%s", err_text(e));
	if (!e) {
		ram_write_answer(&b->results, wr_view(&rsp));
		b->count++;
		if (wr_done(&b->results))
			e = fail(c, ERR_PROTOCOL, "the server asked for more than one message holds");
	}
	wr_free(&rsp);
	return e;
}

static enum err do_reset(struct ram_client *c, struct batch *b)
{
	uint8_t room[ATR_MAX];
	struct wr atr;
	enum err e;

	if (!c->ops.reset || c->refused)
		return fail(c, ERR_REFUSED, "refused a reset of the card");
	WR_ARR(&atr, room);
	e = c->ops.reset(c->ctx, &atr);
	if (!e)
		e = wr_done(&atr);
	if (e)
		return fail(c, e, "reset: %s", err_text(e));
	ram_write_new_atr(&b->results, wr_view(&atr));
	return wr_done(&b->results);
}

static void do_notify(struct ram_client *c, const struct ram_unit *u)
{
	c->id = u->id;
	c->message_n = u->message.n < sizeof(c->message) ? u->message.n : sizeof(c->message);
	if (c->message_n)
		memcpy(c->message, u->message.p, c->message_n);
	if (u->id < 0)
		c->refused = true;
	if (c->ops.notify)
		c->ops.notify(c->ctx, u->id, rd_of(c->message, c->message_n));
}

static enum err do_unit(struct ram_client *c, const struct ram_unit *u, struct batch *b, struct deadline *dl)
{
	enum err e = deadline_check(dl);

	if (e)
		return fail(c, e, "%s", err_text(e));
	switch (u->kind) {
	case RAM_COMMAND:
		return do_command(c, u->cmd, b, dl);
	case RAM_RESET:
		return do_reset(c, b);
	case RAM_NOTIFY:
		do_notify(c, u);
		return ERR_OK;
	}
	return fail(c, ERR_BUG, "%s", err_text(ERR_BUG));
}

/* ---- one template ---- */

/* All of it before any of it: a template that is cut off never reaches the card in part. */
static bool is_well_formed(struct rd units)
{
	struct ram_unit u;
	enum err e;

	do
		e = ram_next_unit(&units, &u);
	while (!e);
	return e == ERR_NOT_FOUND;
}

static enum err do_template(struct ram_client *c, struct rd body, struct batch *b, struct deadline *dl)
{
	struct ram_unit u;
	struct rd units;
	enum err e;

	if (ram_open_template(body, &units) || !is_well_formed(units))
		return fail(c, ERR_PROTOCOL, "the server's answer of %zu bytes is no command template", body.n);
	while (!rd_end(&units)) {
		e = ram_next_unit(&units, &u);
		if (!e)
			e = do_unit(c, &u, b, dl);
		if (e)
			return e;
	}
	return ERR_OK;
}

/* ---- one response ---- */

/* Reference ramoverhttp 2.2. */
static enum err judge_status(struct ram_client *c, int status)
{
	if (status == 200 || status == 204)
		return ERR_OK;
	if (status == 401 || status == 403)
		return fail(c, ERR_POLICY, "it does not let this host in (%d): see [login] token, cert and key",
			    status);
	if (status == 404)
		return fail(c, ERR_NOT_FOUND, "the server has no such service or session (404)");
	if (status == 504)
		return fail(c, ERR_SERVER, c->exchanges == 1 ? "nobody answers at this address (504)" :
			    "the server gave up (504)");
	if (status >= 500)
		return fail(c, ERR_SERVER, "the server failed (%d)", status);
	if (status >= 300 && status < 400)
		return fail(c, ERR_HTTP, "the server redirects (%d), which is not followed", status);
	return fail(c, ERR_HTTP, "unexpected status %d", status);
}

/* What the server is told when the session ends on our side; the reason without what only we should know. */
static struct rd close_reason(enum err e)
{
	if (e == ERR_REFUSED)
		return RD_LIT("command refused");
	return e == ERR_REMOVED ? RD_LIT("Card was removed.") : rd_str(err_text(e));
}

static enum err step(struct ram_client *c, int status, struct rd body, struct batch *b, struct deadline *dl)
{
	enum err e;

	if (++c->exchanges > RAM_EXCHANGES_MAX)
		return fail(c, ERR_PROTOCOL, "more than %d exchanges", RAM_EXCHANGES_MAX);
	e = judge_status(c, status);
	if (e || status == 204)
		return e;
	if (c->refused)
		return fail(c, ERR_PROTOCOL, "the server went on after it had refused");
	e = deadline_check(dl);
	if (e)
		return fail(c, e, "%s", err_text(e));
	return do_template(c, body, b, dl);
}

enum err ram_client_step(struct ram_client *c, int status, struct rd body, struct wr *out, enum ram_next *next,
			 struct deadline *dl)
{
	struct batch b = { .count = 0 };
	enum err e;

	*next = RAM_DONE;
	if (c->over)
		return ERR_BUG;
	wr_init_heap(&b.results, RAM_BODY_MAX);
	e = step(c, status, body, &b, dl);
	c->over = e || status == 204;
	if (!c->over) {
		ram_write_results(out, wr_view(&b.results), b.count);
		e = wr_done(out);
		if (e)
			e = fail(c, ERR_PROTOCOL, "the server asked for more than one message holds");
		c->over = e != ERR_OK;
	} else if (e && status == 200) {
		wr_reset(out);
		/* Results that do not fit are worth less than the reason. */
		if (wr_done(&b.results)) {
			wr_reset(&b.results);
			b.count = 0;
		}
		ram_write_close(&b.results, close_reason(e));
		ram_write_results(out, wr_view(&b.results), b.count);
		if (wr_done(out))
			wr_reset(out);
	}
	if (e && status == 200)
		log_line(LOG_RAM, LOG_WARN, "session closed after %u exchanges: %s", c->exchanges, c->why);
	if (!c->over)
		*next = RAM_POST;
	wr_free(&b.results);
	return e;
}

void ram_client_last(const struct ram_client *c, int32_t *id, struct rd *message)
{
	*id = c->id;
	*message = rd_of(c->message, c->message_n);
}

const char *ram_client_why(const struct ram_client *c)
{
	return c->why;
}
