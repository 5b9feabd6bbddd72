/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/session.h"

enum err srv_session_begin(struct srv_session *s, struct rd body, uint64_t now_ms, uint64_t poll_ms)
{
	struct ram_initiation i;
	enum err e = ram_read_initiation(body, &i);

	*s = (struct srv_session){ .state = SRV_CLOSED };
	if (e)
		return e;
	s->state = SRV_READY;
	s->until_ms = now_ms + poll_ms;
	return ERR_OK;
}

/* One result is taken in; ERR_CANCELLED for the close object. */
static enum err result_take(struct srv_session *s, const struct ram_result *r, struct pka_answers *answers,
			    struct rd *reason)
{
	bool is_expected = s->is_reset_due;

	switch (r->kind) {
	case RAM_ANSWER:
		if (answers->n == PKA_BATCH_MAX)
			return ERR_PROTOCOL;
		answers->v[answers->n++] = r->bytes;
		return ERR_OK;
	case RAM_CLOSE:
		*reason = r->bytes;
		return ERR_CANCELLED;
	case RAM_NEW_ATR:
		s->is_reset_due = false;
		return is_expected ? ERR_OK : ERR_PROTOCOL;
	}
	return ERR_PROTOCOL;
}

enum err srv_session_results(struct srv_session *s, struct rd body, uint64_t now_ms, uint64_t poll_ms,
			     struct pka_answers *answers, struct rd *reason)
{
	struct rd results;
	struct ram_result r;
	enum err e;

	answers->n = 0;
	*reason = RD_NONE;
	switch (s->state) {
	case SRV_READY:
		return ERR_CONDITIONS;
	case SRV_CLOSED:
		return ERR_NOT_FOUND;
	case SRV_LAST:
		srv_session_close(s);
		return ERR_EXPIRED;
	case SRV_BUSY:
		break;
	}
	e = ram_open_results(body, &results);
	while (!e) {
		e = ram_next_result(&results, &r);
		if (!e)
			e = result_take(s, &r, answers, reason);
	}
	if (e == ERR_NOT_FOUND)         /* the end of the results */
		e = answers->n == s->due && !s->is_reset_due ? ERR_OK : ERR_PROTOCOL;
	if (e) {
		srv_session_close(s);
		return e;
	}
	s->state = SRV_READY;
	s->due = 0;
	s->until_ms = now_ms + poll_ms;
	return ERR_OK;
}

/* At most RAM_MESSAGE_MAX bytes, not ending within a UTF-8 character. */
static struct rd message(const char *text)
{
	struct rd m = rd_str(text);

	if (m.n > RAM_MESSAGE_MAX) {
		m.n = RAM_MESSAGE_MAX;
		while (m.n && (m.p[m.n] & 0xC0) == 0x80)
			m.n--;
	}
	return m;
}

/* How long the client may be silent after these commands. */
static uint64_t patience_ms(const struct pka_batch *commands)
{
	struct apdu a;
	const struct hsm_cmd *row;
	size_t i;

	for (i = 0; commands && i < commands->n; i++) {
		row = apdu_decode(pka_batch_cmd(commands, i), &a) ? NULL : hsm_cmd_find(&a);
		if (row && row->time == T_KEYGEN)
			return SRV_LOST_KEYGEN_MS;
	}
	return SRV_LOST_MS;
}

static enum err put(struct srv_session *s, const struct pka_batch *commands, const struct srv_note *note,
		    uint64_t now_ms, struct wr *body)
{
	struct wr units;
	enum err e;
	size_t i;

	if (s->state != SRV_READY)
		return ERR_BUG;
	wr_init_heap(&units, RAM_BODY_MAX);
	if (note)
		ram_write_notify(&units, note->id, message(note->text));
	for (i = 0; commands && i < commands->n; i++)
		ram_write_command(&units, pka_batch_cmd(commands, i));
	if (s->is_reset_due)
		ram_write_reset(&units);
	e = wr_done(&units);
	if (!e) {
		ram_write_template(body, wr_view(&units));
		e = wr_done(body);
	}
	wr_free(&units);
	if (e)
		return e;
	s->state = SRV_BUSY;
	s->due = commands ? commands->n : 0;
	s->templates++;
	s->until_ms = now_ms + patience_ms(commands);
	return ERR_OK;
}

enum err srv_session_send(struct srv_session *s, const struct pka_batch *commands, const struct srv_note *note,
			  uint64_t now_ms, struct wr *body)
{
	return s->templates >= SRV_TEMPLATES_MAX ? ERR_LIMIT : put(s, commands, note, now_ms, body);
}

enum err srv_session_reset(struct srv_session *s, uint64_t now_ms, struct wr *body)
{
	s->is_reset_due = true;
	return put(s, NULL, NULL, now_ms, body);
}

enum err srv_session_last(struct srv_session *s, const struct srv_note *note, uint64_t now_ms, struct wr *body)
{
	enum err e = put(s, NULL, note, now_ms, body);

	if (!e)
		s->state = SRV_LAST;
	return e;
}

void srv_session_close(struct srv_session *s)
{
	s->state = SRV_CLOSED;
	s->due = 0;
	s->is_reset_due = false;
}
