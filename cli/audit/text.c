/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/date.h"
#include "base/text.h"
#include "cli/approve/text.h"
#include "cli/audit/audit.h"
#include "pka/message.h"
#include "sc-hsm/digest.h"

#define LABEL_SHOWN 64

static void write_card(struct wr *w, const struct cli_receipt *c)
{
	const struct att_chain *chain = &c->judged.chain;

	wr_text(w, "  card           ");
	wr_shown(w, c->r->device_id, SHOWN_MAX);
	wr_printf(w, "\n                 %s%s\n", chain->is_genuine ? "genuine: " : "NOT PROVED to be genuine",
		  chain->is_genuine ? chain->path : "");
	wr_text(w, "  opened         ");
	wr_time(w, c->r->when);
	wr_printf(w, ", needs %u of %u custodians\n", c->r->n, c->r->m);
}

static void write_people(struct wr *w, const struct cli_receipt *c)
{
	char code[PKA_CODE_SIZE];

	if (c->r->consents_n == 0)
		wr_text(w, "  approved by    nobody\n");
	for (size_t i = 0; i < c->r->consents_n; i++) {
		const struct receipt_custodian *p = &c->judged.custodians[i];

		wr_printf(w, "  approved by    %s with card %s", *p->chr ? p->chr : "?", *p->device ? p->device : "?");
		if (!p->is_good)
			wr_text(w, ", NOT PROVED");
		else if (!pka_code(c->r->device_id, c->r->consents[i].c.challenge, c->r->host_json, code))
			wr_printf(w, ", code %s", code);
		wr_text(w, "\n");
		if (*p->limits) {
			wr_text(w, "                 limits ");
			wr_quoted(w, rd_str(p->limits), STATEMENT_MAX);
			wr_text(w, "\n");
		}
	}
	if (c->r->consents_n)
		wr_text(w, "                 compare these names with your own list: a receipt cannot prove which keys "
			   "are registered\n");
}

static void write_limits(struct wr *w, const struct cli_receipt *c)
{
	wr_text(w, "  limits in force, kept by the host's agent\n");
	if (c->judged.has_limits && c->r->limits.n > 0) {
		pka_limits_text(&c->judged.limits, "    ", w);
	} else {
		wr_text(w, "    ");
		if (c->r->limits.n == 0)
			wr_text(w, "none but the default ones");
		else
			wr_quoted(w, c->r->limits, SHOWN_MAX);
		wr_text(w, "\n");
	}
}

static void write_keys(struct wr *w, const struct cli_receipt *c)
{
	for (size_t i = 0; i < c->r->keys_n; i++) {
		const struct receipt_read_key *k = &c->r->keys[i];

		wr_printf(w, "  key %-3u        ", k->k.key);
		wr_quoted(w, k->k.label, LABEL_SHOWN);
		wr_text(w, c->judged.is_attested[k->k.key] ? ", attested" : ", NOT attested");
		if (k->k.has_counter)
			wr_printf(w, ", %" PRIu32 " uses left at the begin", k->k.counter);
		if (k->left_line)
			wr_printf(w, ", %" PRIu32 " at the end", k->left);
		wr_text(w, "\n");
	}
}

static void write_use(struct wr *w, const struct receipt *r, const struct receipt_read_use *use)
{
	static const char *const kinds[] = { "sign", "decipher", "derive", "wrap" };
	static const char *const hashes[] = { "digest", "sha1", "sha224", "sha256", "sha384", "sha512" };
	const struct receipt_use *u = &use->u;
	const struct hsm_sign_row *row = u->kind == RECEIPT_SIGN ? hsm_sign_find(u->alg) : NULL;
	const struct receipt_read_key *k = receipt_key_find(r, u->key);

	wr_text(w, "  ");
	wr_time(w, u->when);
	wr_printf(w, " key %u ", u->key);
	if (k) {
		wr_quoted(w, k->k.label, LABEL_SHOWN);
		wr_text(w, " ");
	}
	wr_text(w, row ? row->name : kinds[u->kind]);
	if (u->digest.n) {
		wr_printf(w, " %s ", hashes[u->digest_alg]);
		wr_hex(w, u->digest);
	} else if (u->kind == RECEIPT_SIGN) {
		wr_text(w, " shows no digest");
	}
	wr_printf(w, "%s for uid %" PRIu32 ", claimed: ", u->repeat ? " again" : "", u->uid);
	wr_quoted(w, rd_str(u->program), SHOWN_MAX);
	wr_text(w, "\n");
}

static void write_uses(struct wr *w, const struct cli_receipt *c)
{
	wr_printf(w, "  signatures     %zu of %zu digests; uses of keys: %zu\n", c->judged.signatures,
		  c->judged.distinct, c->r->uses_n);
	for (size_t i = 0; i < c->r->uses_n; i++)
		write_use(w, c->r, &c->r->uses[i]);
	if (c->r->has_end) {
		wr_text(w, "  ended          ");
		wr_time(w, c->r->end_when);
		wr_text(w, ": ");
		wr_shown(w, rd_str(c->r->why), SHOWN_MAX);
		wr_text(w, "\n");
	}
}

static void write_verdict(struct wr *w, const struct cli_receipt *c)
{
	static const char *const words[] = { "NOT MADE", "ok", "note", "FAILED" };

	for (size_t i = 0; i < RECEIPT_CHECKS; i++) {
		const struct receipt_finding *f = &c->verdict.v[i];

		wr_printf(w, "  %-11s %-8s  ", receipt_check_name((enum receipt_check)i), words[f->result]);
		if (f->line)
			wr_printf(w, "line %" PRIu64 ": ", f->line);
		wr_text(w, f->text);
		if (f->count > 1 && f->result != RECEIPT_PASS)
			wr_printf(w, " (and %" PRIu64 " more)", f->count - 1);
		wr_text(w, "\n");
	}
	wr_text(w, "  last hash   ");
	wr_hex(w, RD_ARR(c->r->chain.hash));
	wr_text(w, "\n");
}

void cli_audit_text(const struct cli_receipt *c, struct wr *out)
{
	wr_text(out, "receipt ");
	wr_shown(out, rd_str(c->path), SHOWN_MAX);
	wr_text(out, "\n");
	write_card(out, c);
	write_people(out, c);
	cli_claims_text(c->r->host_json, out);
	write_limits(out, c);
	write_keys(out, c);
	write_uses(out, c);
	write_verdict(out, c);
	wr_text(out, receipt_verdict_is_good(&c->verdict) ? "PROVED: all checks hold, as far as the notes go\n" :
							    "NOT PROVED: this receipt cannot be relied on\n");
}
