/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/approval.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/sign.h"

enum progress { OPEN, ASKED, DONE };

struct pka_approval {
	struct pka_approval_facts facts;
	struct att_chain chain;
	struct wr devaut;               /* our copy: what was verified is what is used */
	struct wr host_json;
	struct pka_key_facts *keys;
	uint8_t login_id[LOGIN_ID_SIZE];
	uint8_t request[SHA256_SIZE];   /* hash of host_json */
	bool has_challenge;
	uint8_t challenge[PKA_CHALLENGE_SIZE];

	enum progress progress;
	enum pka_decision decision;
	uint8_t message_bytes[PKA_MESSAGE_MAX], statement_bytes[STATEMENT_MAX];
	struct wr message, statement;
	uint8_t sig_bytes[2][EC_SIG_MAX];
};

const struct pka_approval_facts *pka_approval_facts(const struct pka_approval *a)
{
	return &a->facts;
}

void pka_approval_free(struct pka_approval **a)
{
	if (!*a)
		return;
	wr_free(&(*a)->devaut);
	wr_free(&(*a)->host_json);
	free((*a)->keys);
	free(*a);
	*a = NULL;
}

static bool is_listed(const char *id, const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* The device behind the request: the certificate decides who it is, the server's word must agree. */
static enum err device_check(struct pka_approval *a, const struct pka_request *r, const struct att_anchors *anchors,
			     const char *const *unverified, size_t unverified_n, int64_t now, struct att_verdict *v)
{
	enum err e = att_chain_check(anchors, wr_view(&a->devaut), now, &a->chain, v);
	bool same;

	if (e)
		return e;
	same = att_verdict_check(v, ATT_OTHER_DEVICE, strcmp(r->device_id, a->chain.id) == 0,
				 "the request is for the device of this certificate",
				 "the request names another device than its certificate");
	/*
	 * Of a device without a chain only its own signature is known; one with a chain that does not hold is a fake.
	 */
	a->facts.unverified = !a->chain.is_genuine;
	if (!same)
		return ERR_ATTESTATION;
	if (a->facts.unverified && (a->chain.curve == EC_NONE || !is_listed(a->chain.id, unverified, unverified_n)))
		return ERR_ATTESTATION;
	a->facts.device_id = a->chain.id;
	a->facts.path = a->chain.path;
	return att_chain_fingerprint(&a->chain, a->facts.device_key);
}

/* The server's word can take the mark from a key (it has compared the card's file), never give it. */
static enum err keys_check(struct pka_approval *a, const struct pka_request *r, struct att_verdict *v)
{
	struct att_verdict local;
	struct pka_key_facts *k;
	struct att_key key;
	const char *why;
	struct rd label;

	if (r->keys_n > KEYS_MAX)
		return ERR_FORMAT;
	a->keys = calloc(r->keys_n + 1, sizeof(*a->keys));
	if (!a->keys)
		return ERR_NOMEM;
	for (size_t i = 0; i < r->keys_n; i++) {
		k = &a->keys[i];
		k->key = r->keys[i].key;
		label = rd_of(r->keys[i].label, strnlen(r->keys[i].label, sizeof(k->label)));
		text_shown(label, k->label, sizeof(k->label));
		local.n = 0;
		why = NULL;
		if (r->keys[i].attestation.n == 0)
			why = "no attestation";
		else if (att_key_check(&a->chain, r->keys[i].attestation, RD_NONE, &key, &local) != ERR_OK)
			why = att_verdict_first_failure(&local).text;
		else if (!r->keys[i].is_attested)
			why = "the server found another key in its place";
		k->is_attested = !why;
		a->facts.attested_n += !why;
		a->facts.unattested_n += !!why;
		att_verdict_add(v, ATT_ARCHIVE, why ? ATT_FAIL : ATT_PASS, "key %u (%s): %s", k->key, k->label,
				why ? why : "attested");
	}
	a->facts.keys = a->keys;
	a->facts.keys_n = r->keys_n;
	return ERR_OK;
}

enum err pka_approval_challenge(struct pka_approval *a, struct rd challenge)
{
	enum err e;

	if (a->has_challenge || a->progress != OPEN)
		return ERR_CONDITIONS;
	if (challenge.n != sizeof(a->challenge))
		return ERR_FORMAT;
	e = pka_code(rd_str(a->chain.id), challenge, wr_view(&a->host_json), a->facts.code);
	if (e)
		return e;
	memcpy(a->challenge, challenge.p, challenge.n);
	a->has_challenge = true;
	return ERR_OK;
}

enum err pka_approval_new(const struct pka_request *r, const struct att_anchors *anchors, const char *const *unverified,
			  size_t unverified_n, int64_t now, struct pka_approval **out, struct att_verdict *v)
{
	struct pka_approval *a;
	enum err e;

	*out = NULL;
	if (r->login_id.n != LOGIN_ID_SIZE || r->host_json.n > REQUEST_JSON_MAX || r->n == 0 || r->n > r->m ||
	    r->m > PKA_CUSTODIANS_MAX || !r->device_id) {
		att_verdict_add(v, ATT_FORMAT, ATT_FAIL, "the request is malformed");
		return ERR_FORMAT;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return ERR_NOMEM;
	memcpy(a->login_id, r->login_id.p, r->login_id.n);
	wr_init_heap(&a->devaut, CVC_MAX);
	wr_put(&a->devaut, r->devaut);
	wr_init_heap(&a->host_json, REQUEST_JSON_MAX);
	wr_put(&a->host_json, r->host_json);
	e = wr_done(&a->host_json);
	if (!e && wr_done(&a->devaut)) {
		att_verdict_add(v, ATT_FORMAT, ATT_FAIL, "the device certificate is too long");
		e = ERR_FORMAT;
	}
	if (!e)
		e = sha256(r->host_json, a->request);
	if (!e)
		e = device_check(a, r, anchors, unverified, unverified_n, now, v);
	if (!e)
		e = keys_check(a, r, v);
	if (!e && r->challenge.n > 0) {
		e = pka_approval_challenge(a, r->challenge);
		att_verdict_check(v, ATT_FORMAT, !e, "the challenge has 8 bytes", "the challenge has not 8 bytes");
	}
	if (e)
		pka_approval_free(&a);
	*out = a;
	return e;
}

/* M, and its hash into the statement; for an end, or a denial before a challenge exists: of the device id alone. */
static enum err message_write(struct pka_approval *a, enum pka_decision decision, uint8_t hash[SHA256_SIZE])
{
	enum err e = ERR_OK;

	WR_ARR(&a->message, a->message_bytes);
	if (a->has_challenge && decision != PKA_END)
		e = pka_message(rd_str(a->chain.id), RD_ARR(a->challenge), &a->message);
	else
		wr_text(&a->message, a->chain.id);
	return e ? e : sha256(wr_view(&a->message), hash);
}

enum err pka_approval_decide(struct pka_approval *a, enum pka_decision decision, struct rd limits, struct rd chr,
			     uint8_t key, struct pka_batch *out)
{
	struct pka_statement s = { .key = chr, .decision = decision, .limits = limits };
	enum err e;

	if (a->progress != OPEN || (decision == PKA_APPROVE && !a->has_challenge))
		return ERR_CONDITIONS;
	memcpy(s.login_id, a->login_id, sizeof(s.login_id));
	memcpy(s.request, a->request, sizeof(s.request));
	e = message_write(a, decision, s.message);
	if (e)
		return e;
	WR_ARR(&a->statement, a->statement_bytes);
	e = pka_statement_write(&s, &a->statement);
	if (e)
		return e;
	pka_batch_reset(out);
	if (decision == PKA_APPROVE) {
		hsm_enc_sign(&out->bytes, key, HSM_ECDSA_SHA256, wr_view(&a->message));
		pka_batch_close(out);
	}
	hsm_enc_sign(&out->bytes, key, HSM_ECDSA_SHA256, wr_view(&a->statement));
	pka_batch_close(out);
	e = wr_done(&out->bytes);
	if (e)
		return e;
	a->decision = decision;
	a->progress = ASKED;
	return ERR_OK;
}

enum err pka_approval_finish(struct pka_approval *a, const struct pka_answers *in, enum ec_curve curve, struct rd q,
			     struct rd *sig, struct rd *statement, struct rd *statement_sig)
{
	size_t n = a->decision == PKA_APPROVE ? 2 : 1;
	enum err e = ERR_OK;

	*sig = *statement = *statement_sig = RD_NONE;
	if (a->progress != ASKED)
		return ERR_CONDITIONS;
	if (in->n != n)
		return ERR_ARG;
	if (a->decision == PKA_APPROVE)
		e = pka_sign_take(in->v[0], wr_view(&a->message), curve, q, a->sig_bytes[0], sig);
	if (!e)
		e = pka_sign_take(in->v[n - 1], wr_view(&a->statement), curve, q, a->sig_bytes[1], statement_sig);
	if (e) {                        /* half a decision is none */
		*sig = *statement_sig = RD_NONE;
		return e;
	}
	*statement = wr_view(&a->statement);
	a->progress = DONE;
	return ERR_OK;
}
