/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tlv.h"
#include "pka/file.h"

#define TAG_CHR 0x83                /* key reference in MANAGE SE, ISO 7816-4 */

struct chr {
	uint8_t p[CHR_MAX];
	size_t n;
};

/* A signature that the card took: EXTERNAL AUTHENTICATE answered 9000. */
struct accepted {
	struct chr chr;                 /* the key that was selected */
	uint8_t challenge[PKA_CHALLENGE_SIZE];
	uint8_t sig[EC_SIG_MAX];
	size_t sig_size;
};

struct pka_witness {
	struct chr device_id;
	uint8_t login_id[LOGIN_ID_SIZE];
	uint8_t request[SHA256_SIZE];
	struct wr host_json;
	struct chr selected;            /* n = 0: none */
	bool has_challenge;
	uint8_t challenge[PKA_CHALLENGE_SIZE];
	char code[PKA_CODE_SIZE];
	size_t accepted_n;
	struct accepted accepted[PKA_CUSTODIANS_MAX];
};

static struct rd chr_view(const struct chr *c)
{
	return rd_of(c->p, c->n);
}

static void chr_copy(struct chr *c, struct rd from)
{
	c->n = from.n <= sizeof(c->p) ? from.n : 0;
	if (c->n > 0)
		memcpy(c->p, from.p, c->n);
}

enum err pka_witness_new(struct rd device_id, struct rd login_id, struct rd host_json, struct pka_witness **out)
{
	struct pka_witness *w;
	enum err e;

	*out = NULL;
	if (device_id.n < CHR_MIN || device_id.n > CHR_MAX || login_id.n != LOGIN_ID_SIZE)
		return ERR_ARG;
	w = calloc(1, sizeof(*w));
	if (!w)
		return ERR_NOMEM;
	chr_copy(&w->device_id, device_id);
	memcpy(w->login_id, login_id.p, login_id.n);
	wr_init_heap(&w->host_json, REQUEST_JSON_MAX);
	wr_put(&w->host_json, host_json);
	e = wr_done(&w->host_json);
	if (!e)
		e = sha256(host_json, w->request);
	if (e)
		pka_witness_free(&w);
	*out = w;
	return e;
}

void pka_witness_free(struct pka_witness **w)
{
	if (!*w)
		return;
	wr_free(&(*w)->host_json);
	free(*w);
	*w = NULL;
}

/* Applet SELECT: the card forgets everything (reference public-key-authentication 6). */
static void forget(struct pka_witness *w)
{
	w->selected.n = 0;
	w->has_challenge = false;
	w->code[0] = '\0';
	w->accepted_n = 0;
}

static enum err see_challenge(struct pka_witness *w, struct rd data, bool *fresh_code)
{
	enum err e;

	w->has_challenge = false;       /* of another length it replaces the old one all the same */
	w->code[0] = '\0';
	if (data.n != sizeof(w->challenge))
		return ERR_OK;
	memcpy(w->challenge, data.p, data.n);
	e = pka_code(chr_view(&w->device_id), data, wr_view(&w->host_json), w->code);
	w->has_challenge = *fresh_code = !e;
	return e;
}

/* The newest counts: a key that was asked again, for a new challenge, replaces its old entry. */
static void see_accepted(struct pka_witness *w, struct rd sig)
{
	struct accepted *a = w->accepted, *end = w->accepted + w->accepted_n;

	if (w->selected.n == 0 || !w->has_challenge || sig.n > sizeof(a->sig))
		return;
	while (a < end && !rd_eq(chr_view(&a->chr), chr_view(&w->selected)))
		a++;
	if (a == end && w->accepted_n == PKA_CUSTODIANS_MAX)
		return;
	if (a == end)
		w->accepted_n++;
	a->chr = w->selected;
	memcpy(a->challenge, w->challenge, sizeof(a->challenge));
	memcpy(a->sig, sig.p, sig.n);
	a->sig_size = sig.n;
}

enum err pka_witness_see(struct pka_witness *w, struct rd cmd, struct rd rsp, bool *fresh_code)
{
	const struct hsm_cmd *row;
	struct rd data, chr;
	struct apdu a;
	uint16_t sw;

	*fresh_code = false;
	if (apdu_decode(cmd, &a) != ERR_OK || apdu_answer(rsp, &data, &sw) != ERR_OK)
		return ERR_FORMAT;
	row = hsm_cmd_find(&a);
	if (!row)                       /* protected by secure messaging, or nothing that matters here */
		return ERR_OK;
	if (row->op == HSM_SELECT)
		forget(w);
	if (sw != APDU_SW_OK)
		return ERR_OK;
	switch (row->op) {
	case HSM_MSE_AUTH:
		chr_copy(&w->selected, rd_tlv(&a.data, TAG_CHR, &chr) ? chr : RD_NONE);
		return ERR_OK;
	case HSM_CHALLENGE:
		return see_challenge(w, data, fresh_code);
	case HSM_EXTERNAL_AUTH:
		see_accepted(w, a.data);
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

const char *pka_witness_code(const struct pka_witness *w)
{
	return w->code;
}

unsigned pka_witness_accepted(const struct pka_witness *w)
{
	return (unsigned)w->accepted_n;
}

/* The M that an accepted signature was made over, and its hash. */
static enum err message_of(const struct pka_witness *w, const struct accepted *a, uint8_t hash[SHA256_SIZE])
{
	uint8_t bytes[PKA_MESSAGE_MAX];
	struct wr m;
	enum err e;

	WR_ARR(&m, bytes);
	e = pka_message(chr_view(&w->device_id), RD_ARR(a->challenge), &m);
	return e ? e : sha256(wr_view(&m), hash);
}

struct judged {                 /* one proof */
	struct rd chr;
	struct pka_limits limits;       /* of its statement, as read */
	struct rd text;
	const char *reason;             /* why it proves nothing */
	char detail[128];
};

/* Which accepted signature this proof proves: its index, or accepted_n and the reason. */
static size_t proven(const struct pka_witness *w, const struct pka_proof *p, struct judged *out)
{
	uint8_t hash[SHA256_SIZE];
	struct pka_statement s;
	const struct accepted *a;
	struct pka_file f;
	struct rd q;
	size_t i = 0;

	out->detail[0] = '\0';
	out->reason = "its PKA file cannot be read";
	if (pka_file_read(p->pka_file, &f) != ERR_OK || f.curve == EC_NONE)
		return w->accepted_n;
	q = f.request.inner.key.q;
	out->reason = "the card took no signature of this key";
	while (i < w->accepted_n && !rd_eq(chr_view(&w->accepted[i].chr), f.request.inner.chr))
		i++;
	if (i == w->accepted_n)
		return i;
	a = &w->accepted[i];
	out->reason = "the signature that the card took is not by the key in the PKA file";
	if (message_of(w, a, hash) != ERR_OK ||
	    ec_verify(f.curve, q, RD_ARR(hash), rd_of(a->sig, a->sig_size)) != ERR_OK)
		return w->accepted_n;
	out->reason = "its statement is malformed or not signed by this key";
	if (pka_statement_verify(p->statement, p->statement_sig, f.curve, q, &s) != ERR_OK)
		return w->accepted_n;
	out->reason = "its statement is a denial";
	if (s.decision != PKA_APPROVE)
		return w->accepted_n;
	out->reason = "its statement is about another challenge, request or key";
	if (!rd_eq(RD_ARR(s.message), RD_ARR(hash)) || !rd_eq(RD_ARR(s.login_id), RD_ARR(w->login_id)) ||
	    !rd_eq(RD_ARR(s.request), RD_ARR(w->request)) || !rd_eq(s.key, f.request.inner.chr))
		return w->accepted_n;
	out->reason = "the limits in its statement cannot be read";
	if (pka_limits_read(s.limits, &out->limits, out->detail, sizeof(out->detail)) != ERR_OK)
		return w->accepted_n;
	out->chr = chr_view(&a->chr);
	out->text = s.limits;
	return i;
}

/* One custodian's limits join those of the others; limits NULL: nobody keeps any. */
static enum err keep_limits(const struct judged *j, struct pka_limits *limits, char *why, size_t cap)
{
	char chr[CHR_MAX + 8], text[80];
	enum err e = ERR_OK;

	if (limits)
		e = pka_limits_lower(limits, &j->limits);
	else if (j->text.n > 0)
		e = ERR_POLICY;
	if (e)
		snprintf(why, cap, "custodian %s limits his approval (%s), which %s",
			 text_shown(j->chr, chr, sizeof(chr)), text_shown(j->text, text, sizeof(text)),
			 limits ? "contradicts what was asked or another custodian"
				: "only an agent keeps: use quorum11 agent or quorum11 run");
	return e;
}

static struct pka_consent consent_of(const struct pka_proof *p, const struct accepted *a)
{
	return (struct pka_consent){
		.pka_file = p->pka_file, .statement = p->statement, .statement_sig = p->statement_sig,
		.challenge = RD_ARR(a->challenge), .sig = rd_of(a->sig, a->sig_size),
	};
}

enum err pka_witness_judge(const struct pka_witness *w, const struct pka_proof *proofs, size_t n, unsigned required,
			   struct pka_limits *limits, struct pka_consents *out, char *why, size_t cap)
{
	bool seen[PKA_CUSTODIANS_MAX] = { false };
	struct pka_limits low;
	struct judged j, first = { .reason = NULL };
	enum err kept = ERR_OK;
	size_t at = 0, i;

	out->n = 0;
	if (cap > 0)
		why[0] = '\0';
	if (required == 0 || n > PKA_CUSTODIANS_MAX) {
		snprintf(why, cap, "%zu proofs for %u required", n, required);
		return ERR_SIGNATURE;
	}
	if (limits)
		low = *limits;
	for (size_t k = 0; k < n; k++) {
		i = proven(w, &proofs[k], &j);
		if (i == w->accepted_n && !first.reason) {
			first = j;
			at = k + 1;
		}
		if (i == w->accepted_n || seen[i])
			continue;
		seen[i] = true;
		if (!kept)
			kept = keep_limits(&j, limits ? &low : NULL, why, cap);
		out->v[out->n++] = consent_of(&proofs[k], &w->accepted[i]);
	}
	if (out->n >= required && !kept) {
		if (limits)
			*limits = low;
		return ERR_OK;
	}
	if (out->n < required) {
		kept = ERR_SIGNATURE;
		if (first.reason)
			snprintf(why, cap, "%zu of %u approvals proven; proof %zu: %s%s%s", out->n, required, at,
				 first.reason, *first.detail ? ": " : "", first.detail);
		else
			snprintf(why, cap, "%zu of %u approvals proven by %zu statements", out->n, required, n);
	}
	out->n = 0;
	return kept;
}
