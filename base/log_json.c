/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_json.h"

#include <string.h>

#include "base/date.h"
#include "base/json.h"

#define KEY_MAX 32
#define DIGITS_MAX 15           /* any JSON reader holds such a number exactly (RFC 8259 6) */

struct field {
	char key[KEY_MAX + 1];
	struct rd value;
	bool is_quoted;
};

static bool is_key_char(uint8_t c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (!is_first && ((c >= '0' && c <= '9') || c == '_' || c == '-'));
}

/* The members that each line has, or may have. */
static bool is_reserved(const char *key)
{
	static const char *const names[] = { "time", "pid", "program", "area", "level", "message" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], key))
			return true;
	return false;
}

static bool field_read(struct rd *r, struct field *f)
{
	const uint8_t *end;
	size_t n = 0;

	while (n < r->n && n < KEY_MAX && is_key_char(r->p[n], !n))
		n++;
	if (!n || n + 1 > r->n || r->p[n] != '=')
		return false;
	memcpy(f->key, r->p, n);
	f->key[n] = '\0';
	*r = rd_of(r->p + n + 1, r->n - n - 1);
	f->is_quoted = r->n && r->p[0] == '"';
	if (f->is_quoted)
		*r = rd_of(r->p + 1, r->n - 1);
	end = r->n ? memchr(r->p, f->is_quoted ? '"' : ' ', r->n) : NULL;
	if (!end && f->is_quoted)
		return false;
	n = end ? (size_t)(end - r->p) : r->n;
	f->value = rd_of(r->p, n);
	if (!f->is_quoted && n && memchr(r->p, '"', n))
		return false;
	n += f->is_quoted;
	if (n < r->n && r->p[n] != ' ')
		return false;
	n += n < r->n;
	*r = rd_of(r->p + n, r->n - n);
	return !is_reserved(f->key);
}

static bool is_fields(struct rd text)
{
	struct field f;

	if (rd_end(&text) || text.p[text.n - 1] == ' ')
		return false;
	while (!rd_end(&text))
		if (!field_read(&text, &f))
			return false;
	return true;
}

static bool number_read(const struct field *f, int64_t *out)
{
	size_t i;

	*out = 0;
	if (f->is_quoted || !f->value.n || f->value.n > DIGITS_MAX || (f->value.n > 1 && f->value.p[0] == '0'))
		return false;
	for (i = 0; i < f->value.n; i++) {
		if (f->value.p[i] < '0' || f->value.p[i] > '9')
			return false;
		*out = *out * 10 + (f->value.p[i] - '0');
	}
	return true;
}

static void put_text(struct wr *w, struct rd text)
{
	struct field f;
	int64_t number;

	if (!is_fields(text)) {
		wr_json_text(w, "message", text);
		return;
	}
	while (!rd_end(&text) && field_read(&text, &f)) {
		if (number_read(&f, &number))
			wr_json_number(w, f.key, number);
		else
			wr_json_text(w, f.key, f.value);
	}
}

static void put_line(struct wr *w, const struct log_head *head, struct rd text)
{
	char time[32];
	struct wr t;

	WR_ARR(&t, time);
	wr_time(&t, head->time);
	wr_json_open(w);
	wr_json_text(w, "time", wr_view(&t));
	wr_json_number(w, "pid", head->pid);
	wr_json_text(w, head->program ? "program" : "area", rd_str(head->program ? head->program : head->area));
	wr_json_text(w, "level", rd_str(head->level));
	put_text(w, text);
	wr_json_close(w);
	wr_u8(w, '\n');
}

void wr_log_json(struct wr *out, const struct log_head *head)
{
	struct rd text = head->text;

	put_line(out, head, text);
	/* Escapes may take three bytes for one. */
	while (wr_done(out) && text.n) {
		text.n /= 2;
		wr_reset(out);
		put_line(out, head, text);
	}
}
