/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/statement.h"

#include <string.h>

#include "base/cvc.h"
#include "base/text.h"

static const char first_line[] = "quorum11 statement v1\n";
static const char *const decisions[] = { [PKA_DENY] = "deny", [PKA_APPROVE] = "approve", [PKA_END] = "end" };
#define DECISIONS (sizeof(decisions) / sizeof(decisions[0]))

static bool is_printable(struct rd text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return false;
	return true;
}

static void put_hex(struct wr *w, const char *name, struct rd bytes)
{
	wr_text(w, name);
	wr_hex(w, bytes);
	wr_u8(w, '\n');
}

static void put_text(struct wr *w, const char *name, struct rd text)
{
	wr_text(w, name);
	wr_put(w, text);
	wr_u8(w, '\n');
}

enum err pka_statement_write(const struct pka_statement *s, struct wr *text)
{
	size_t before = text->n;

	if (!cvc_reference_is_valid(s->key) || !is_printable(s->limits) || (size_t)s->decision >= DECISIONS)
		return ERR_ARG;
	wr_text(text, first_line);
	put_hex(text, "message: ", RD_ARR(s->message));
	put_hex(text, "login: ", RD_ARR(s->login_id));
	put_hex(text, "request: ", RD_ARR(s->request));
	put_text(text, "key: ", s->key);
	put_text(text, "decision: ", rd_str(decisions[s->decision]));
	put_text(text, "limits: ", s->limits);
	if (!wr_done(text) && (text->n - before < STATEMENT_MIN || text->n - before > STATEMENT_MAX))
		wr_fail(text, ERR_LIMIT);
	return wr_done(text);
}

/* "name: value\n" at the front of r. */
static bool take_line(struct rd *r, const char *name, struct rd *value)
{
	struct rd start, look = *r;
	const uint8_t *end;

	if (!rd_take(&look, strlen(name), &start) || !rd_eq_str(start, name) || look.n == 0)
		return false;
	end = memchr(look.p, '\n', look.n);
	if (!end)
		return false;
	*value = rd_of(look.p, (size_t)(end - look.p));
	*r = rd_of(end + 1, look.n - value->n - 1);
	return true;
}

static bool take_hex(struct rd *r, const char *name, void *out, size_t size)
{
	struct rd value;
	struct wr w;

	wr_init(&w, out, size);
	return take_line(r, name, &value) && value.n == 2 * size && text_unhex(value, &w) == ERR_OK;
}

enum err pka_statement_read(struct rd text, struct pka_statement *out)
{
	uint8_t canonical[STATEMENT_MAX];
	struct rd r = text, start, decision;
	struct wr w;
	size_t d;

	memset(out, 0, sizeof(*out));
	if (text.n < STATEMENT_MIN || text.n > STATEMENT_MAX)
		return ERR_FORMAT;
	if (!rd_take(&r, sizeof(first_line) - 1, &start) || !rd_eq_str(start, first_line) ||
	    !take_hex(&r, "message: ", out->message, sizeof(out->message)) ||
	    !take_hex(&r, "login: ", out->login_id, sizeof(out->login_id)) ||
	    !take_hex(&r, "request: ", out->request, sizeof(out->request)) ||
	    !take_line(&r, "key: ", &out->key) || !take_line(&r, "decision: ", &decision) ||
	    !take_line(&r, "limits: ", &out->limits))
		return ERR_FORMAT;
	for (d = 0; d < DECISIONS && !rd_eq_str(decision, decisions[d]); d++)
		;
	out->decision = (enum pka_decision)d;

	/* One meaning, one text: what would be written otherwise (other case, other decision, a rest) is refused. */
	WR_ARR(&w, canonical);
	if (pka_statement_write(out, &w) != ERR_OK || !rd_eq(wr_view(&w), text))
		return ERR_FORMAT;
	return ERR_OK;
}

enum err pka_statement_verify(struct rd text, struct rd sig, enum ec_curve curve, struct rd q,
			      struct pka_statement *out)
{
	uint8_t hash[SHA256_SIZE];
	enum err e = pka_statement_read(text, out);

	if (!e)
		e = sha256(text, hash);
	if (!e)
		e = ec_verify(curve, q, RD_ARR(hash), sig);
	return e;
}
