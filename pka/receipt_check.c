/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/receipt_check_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/file.h"
#include "pka/message.h"

static bool is_accepted(const struct receipt_trust *t, const char *id)
{
	if (t->accept_any)
		return true;
	for (size_t i = 0; i < t->accepted_n; i++)
		if (strcmp(t->accepted[i], id) == 0)
			return true;
	return false;
}

/* A chain that ends at an unknown root is never accepted. */
static bool is_waived(const struct receipt_trust *t, const struct att_chain *c)
{
	return !c->is_genuine && !c->has_issuer && c->curve != EC_NONE && is_accepted(t, c->id);
}

static const char *first_failure(const struct att_verdict *av)
{
	const char *text = att_verdict_first_failure(av).text;

	return text ? text : "no check was made";
}

static bool has_failed(const struct att_verdict *av, enum att_step s)
{
	struct att_check c = { .number = 0 };

	while (att_verdict_next(av, &c))
		if (c.step == s && c.result != ATT_PASS)
			return true;
	return false;
}

static void check_device(const struct receipt_judging *j)
{
	const struct receipt *r = j->r;
	struct att_chain *c = &j->out->chain;
	struct att_verdict av = { .n = 0 };

	if (att_chain_check(j->trust->anchors, r->devaut, r->when, c, &av))
		receipt_fail(j->v, RECEIPT_CHECK_DEVICE, r->device_line, "%s", first_failure(&av));
	else if (!rd_eq_str(r->device_id, c->id))
		receipt_fail(j->v, RECEIPT_CHECK_DEVICE, r->device_line,
			     "the certificate is that of another device, %s", c->id);
	else if (is_waived(j->trust, c))
		receipt_note(j->v, RECEIPT_CHECK_DEVICE, r->device_line,
			     "%s is UNVERIFIED: no certificate chain, nobody can prove what it is", c->id);
	else if (!c->is_genuine)
		receipt_fail(j->v, RECEIPT_CHECK_DEVICE, r->device_line, "%s", first_failure(&av));
	else if (has_failed(&av, ATT_TIME))
		receipt_note(j->v, RECEIPT_CHECK_DEVICE, r->device_line,
			     "%s is genuine, but a certificate was not valid at the time of the session", c->id);
	receipt_pass(j->v, RECEIPT_CHECK_DEVICE, "%s is genuine: %s", c->id, c->path);
}

static bool same_key(const struct att_key *a, const struct att_key *b)
{
	const struct cvc_key *x = &a->request.inner.key, *y = &b->request.inner.key;

	return x->is_rsa == y->is_rsa && (x->is_rsa ? rd_eq(x->modulus, y->modulus) : rd_eq(x->q, y->q));
}

static void check_key(const struct receipt_judging *j, size_t i)
{
	const struct receipt_read_key *k = &j->r->keys[i];
	struct att_verdict av = { .n = 0 };

	if (k->k.attestation.n == 0) {
		receipt_note(j->v, RECEIPT_CHECK_KEYS, k->line,
			     "key %u has no attestation: nobody can prove where it comes from", k->k.key);
		return;
	}
	if (att_key_check(&j->out->chain, k->k.attestation, RD_NONE, &j->keys[i], &av)) {
		receipt_fail(j->v, RECEIPT_CHECK_KEYS, k->line, "key %u: %s", k->k.key, first_failure(&av));
		return;
	}
	/* One key under two numbers: its uses could be written down where nobody counts. */
	for (size_t n = 0; n < i; n++)
		if (j->out->is_attested[j->r->keys[n].k.key] && same_key(&j->keys[n], &j->keys[i])) {
			receipt_fail(j->v, RECEIPT_CHECK_KEYS, k->line, "key %u has the attestation of key %u",
				     k->k.key, j->r->keys[n].k.key);
			return;
		}
	j->out->is_attested[k->k.key] = true;
}

static void check_keys(const struct receipt_judging *j)
{
	for (size_t i = 0; i < j->r->keys_n; i++)
		check_key(j, i);
	receipt_pass(j->v, RECEIPT_CHECK_KEYS, "%zu keys are proved to be made in this device", j->r->keys_n);
}

/* ---- consents ---- */

/* Chain and attestation of a custodian's key; a device without a chain only if accepted. */
static const char *why_not_his_key(const struct receipt_judging *j, const struct pka_file *f, uint64_t line,
				   struct att_verdict *av)
{
	struct att_chain chain;
	struct att_key key;

	if (pka_file_check(f, j->trust->anchors, j->r->when, av) == ERR_OK)
		return NULL;
	if (!f->has_issuer) {
		*av = (struct att_verdict){ .n = 0 };
		if (!att_chain_check(j->trust->anchors, f->device.whole, j->r->when, &chain, av) &&
		    is_waived(j->trust, &chain)) {
			*av = (struct att_verdict){ .n = 0 };
			if (!att_key_check(&chain, f->request.whole, RD_NONE, &key, av)) {
				receipt_note(j->v, RECEIPT_CHECK_CONSENTS, line,
					     "the custodian's card %s is UNVERIFIED: no certificate chain", chain.id);
				return NULL;
			}
		}
	}
	return first_failure(av);
}

/* What the card took and what was said; NULL if all holds. */
static const char *why_not_signed(const struct receipt *r, const struct pka_consent *c, const struct pka_file *f,
				  struct pka_statement *s)
{
	uint8_t bytes[PKA_MESSAGE_MAX], message[SHA256_SIZE], request[SHA256_SIZE];
	struct rd q = f->request.inner.key.q;
	struct wr m;

	WR_ARR(&m, bytes);
	if (f->curve == EC_NONE || pka_message(r->device_id, c->challenge, &m) || sha256(wr_view(&m), message) ||
	    sha256(r->host_json, request))
		return "its challenge or key cannot be";
	if (ec_verify(f->curve, q, RD_ARR(message), c->sig) != ERR_OK)
		return "the signature that opened the card does not verify";
	if (pka_statement_verify(c->statement, c->statement_sig, f->curve, q, s) != ERR_OK)
		return "the statement is malformed or its signature does not verify";
	if (!rd_eq(s->key, f->request.inner.chr))
		return "the statement names another key";
	if (s->decision != PKA_APPROVE)
		return "the statement is a denial";
	if (!rd_eq(RD_ARR(s->login_id), r->login_id))
		return "the statement is about another login";
	if (!rd_eq(RD_ARR(s->request), RD_ARR(request)))
		return "the statement is about another request of the host";
	if (!rd_eq(RD_ARR(s->message), RD_ARR(message)))
		return "the statement is about another challenge";
	return NULL;
}

static void copy_chr(char out[CHR_MAX + 1], struct rd chr)
{
	memcpy(out, chr.p, chr.n);
	out[chr.n] = '\0';
}

static void check_consent(const struct receipt_judging *j, size_t i, struct rd q[PKA_CUSTODIANS_MAX])
{
	const struct receipt_read_consent *c = &j->r->consents[i];
	struct receipt_custodian *out = &j->out->custodians[i];
	struct att_verdict av = { .n = 0 };
	struct pka_statement s;
	struct pka_file f;
	const char *why;

	if (pka_file_read(c->c.pka_file, &f) != ERR_OK) {
		receipt_fail(j->v, RECEIPT_CHECK_CONSENTS, c->line, "the PKA file is malformed");
		return;
	}
	copy_chr(out->chr, f.request.inner.chr);
	copy_chr(out->device, f.device.chr);
	why = why_not_his_key(j, &f, c->line, &av);
	if (!why)
		why = why_not_signed(j->r, &c->c, &f, &s);
	for (size_t n = 0; n < i && !why; n++)
		if (rd_eq(q[n], f.request.inner.key.q) || strcmp(j->out->custodians[n].chr, out->chr) == 0)
			why = "the same key has approved before";
	if (why) {
		receipt_fail(j->v, RECEIPT_CHECK_CONSENTS, c->line, "%s: %s", out->chr, why);
		return;
	}
	q[i] = f.request.inner.key.q;
	memcpy(out->limits, s.limits.p, s.limits.n);
	out->is_good = true;
}

static void check_consents(const struct receipt_judging *j)
{
	struct rd q[PKA_CUSTODIANS_MAX] = { { NULL, 0 } };
	const struct receipt *r = j->r;
	unsigned good = 0;

	for (size_t i = 0; i < r->consents_n; i++) {
		check_consent(j, i, q);
		good += j->out->custodians[i].is_good;
	}
	receipt_pass(j->v, RECEIPT_CHECK_CONSENTS, "%zu keys, signatures and statements hold", r->consents_n);
	if (r->n == 0) {
		/* Also if somebody made this of an approved session: without people there is nothing to prove. */
		(j->trust->accept_pin ? receipt_note : receipt_fail)(j->v, RECEIPT_CHECK_QUORUM, r->quorum_line,
			"a PIN opened the card: nobody approved this session");
	} else if (good < r->n) {
		receipt_fail(j->v, RECEIPT_CHECK_QUORUM, r->quorum_line, "%u of %u needed approvals are proved", good,
			     r->n);
	}
	receipt_pass(j->v, RECEIPT_CHECK_QUORUM, "%u approvals are proved, %u of %u were needed", good, r->n, r->m);
}

/* ---- limits ---- */

static bool lower_by(const struct receipt_judging *j, struct pka_limits *l, size_t i)
{
	const struct receipt_custodian *c = &j->out->custodians[i];
	uint64_t line = j->r->consents[i].line;
	struct pka_limits his;
	char why[100];
	enum err e;

	e = pka_limits_read(rd_str(c->limits), &his, why, sizeof(why));
	if (e) {
		receipt_fail(j->v, RECEIPT_CHECK_LIMITS, line, "the limits of %s cannot be read", c->chr);
		return false;
	}
	e = pka_limits_lower(l, &his);
	if (e)
		receipt_fail(j->v, RECEIPT_CHECK_LIMITS, line, "the limits of %s contradict what was asked", c->chr);
	return !e;
}

/* Whether an item was given or is the default makes no difference here. */
static enum err write_plain(struct pka_limits l, struct wr *text)
{
	l.given = 0;
	return pka_limits_write(&l, text);
}

/* What must have been in force: asked for, and lowered by everybody whose approval counts. */
static bool expected_limits(const struct receipt_judging *j, struct wr *text)
{
	struct pka_limits l;
	struct wr asked;
	char why[100];
	bool good;

	wr_init_heap(&asked, REQUEST_JSON_MAX);
	good = j->trust->budget && j->trust->budget(j->trust->ctx, j->r->host_json, &asked) == ERR_OK &&
	       pka_limits_read(wr_view(&asked), &l, why, sizeof(why)) == ERR_OK;
	if (!good)
		receipt_fail(j->v, RECEIPT_CHECK_LIMITS, j->r->limits_line,
			     "what the host asked for cannot be read in its request");
	for (size_t i = 0; i < j->r->consents_n && good; i++)
		if (j->out->custodians[i].is_good)
			good = lower_by(j, &l, i);
	wr_free(&asked);
	return good && write_plain(l, text) == ERR_OK;
}

static void check_limits(const struct receipt_judging *j)
{
	uint8_t bytes[LIMITS_TEXT_MAX], again_bytes[LIMITS_TEXT_MAX], plain_bytes[LIMITS_TEXT_MAX];
	struct wr text, again, plain;
	char why[100];

	WR_ARR(&text, bytes);
	WR_ARR(&again, again_bytes);
	WR_ARR(&plain, plain_bytes);
	j->out->has_limits = j->r->limits_line &&
			     pka_limits_read(j->r->limits, &j->out->limits, why, sizeof(why)) == ERR_OK &&
			     pka_limits_write(&j->out->limits, &again) == ERR_OK &&
			     rd_eq(wr_view(&again), j->r->limits);
	if (!j->out->has_limits)
		receipt_fail(j->v, RECEIPT_CHECK_LIMITS, j->r->limits_line, "the limits in force cannot be read");
	else if (j->r->n == 0)
		receipt_note(j->v, RECEIPT_CHECK_LIMITS, j->r->limits_line, "nobody but the host has set them");
	else if (expected_limits(j, &text) &&
		 (write_plain(j->out->limits, &plain) || !rd_eq(wr_view(&text), wr_view(&plain))))
		receipt_fail(j->v, RECEIPT_CHECK_LIMITS, j->r->limits_line,
			     "they are not what was asked for and lowered by the custodians: %.*s", (int)text.n,
			     (const char *)text.p);
	receipt_pass(j->v, RECEIPT_CHECK_LIMITS, "in force was what was asked for, lowered by everybody who approved");
}

static void check_end(const struct receipt_judging *j)
{
	const struct receipt *r = j->r;
	char shown[SHOWN_MAX];

	if (!r->has_end)
		receipt_note(j->v, RECEIPT_CHECK_END, 0, "the session was not ended properly: the receipt holds what "
			     "was written until the agent or its machine died");
	else if (r->uses_n && r->end_when < r->uses[r->uses_n - 1].u.when)
		receipt_note(j->v, RECEIPT_CHECK_END, r->end_line, "it ends before its last signature");
	receipt_pass(j->v, RECEIPT_CHECK_END, "ended: %s",
		     text_shown(rd_str(r->has_end ? r->why : ""), shown, sizeof(shown)));
}

enum err receipt_judge(const struct receipt *r, const struct receipt_trust *trust, struct receipt_judged *out,
		       struct receipt_verdict *v)
{
	struct receipt_judging j = { .r = r, .trust = trust, .out = out, .v = v };
	enum err e;

	memset(out, 0, sizeof(*out));
	j.keys = calloc(r->keys_n + 1, sizeof(*j.keys));
	if (!j.keys)
		return ERR_NOMEM;
	check_device(&j);
	check_keys(&j);
	check_consents(&j);
	check_limits(&j);
	receipt_check_signatures(&j);
	e = receipt_check_uses(&j);
	receipt_check_counters(&j);
	check_end(&j);
	free(j.keys);
	return e;
}
