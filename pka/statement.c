/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/statement.h"

#include <string.h>

#include "base/cvc.h"
#include "pka/line.h"

static const char first_line[] = "quorum11 statement v1\n";
static const char *const decisions[] = { [PKA_DENY] = "deny", [PKA_APPROVE] = "approve", [PKA_END] = "end" };
#define DECISIONS (sizeof(decisions) / sizeof(decisions[0]))

enum err pka_statement_write(const struct pka_statement *s, struct wr *text)
{
	size_t before = text->n;

	if (!cvc_reference_is_valid(s->key) || !pka_line_is_printable(s->limits) || (size_t)s->decision >= DECISIONS)
		return ERR_ARG;
	wr_text(text, first_line);
	pka_line_put_hex(text, "message: ", RD_ARR(s->message));
	pka_line_put_hex(text, "login: ", RD_ARR(s->login_id));
	pka_line_put_hex(text, "request: ", RD_ARR(s->request));
	pka_line_put(text, "key: ", s->key);
	pka_line_put(text, "decision: ", rd_str(decisions[s->decision]));
	pka_line_put(text, "limits: ", s->limits);
	if (!wr_done(text) && (text->n - before < STATEMENT_MIN || text->n - before > STATEMENT_MAX))
		wr_fail(text, ERR_LIMIT);
	return wr_done(text);
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
	    !pka_line_take_hex(&r, "message: ", out->message, sizeof(out->message)) ||
	    !pka_line_take_hex(&r, "login: ", out->login_id, sizeof(out->login_id)) ||
	    !pka_line_take_hex(&r, "request: ", out->request, sizeof(out->request)) ||
	    !pka_line_take(&r, "key: ", &out->key) || !pka_line_take(&r, "decision: ", &decision) ||
	    !pka_line_take(&r, "limits: ", &out->limits))
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
