/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/activation_int.h"

#include <stdlib.h>
#include <string.h>

/* Which answer of the card is expected in which state, and who takes it. What has no row ends the ceremony. */
#define ROW(state, op, take) { state, op, #op, take }
static const struct {
	enum pka_state state;
	enum hsm_op op;
	const char *name;
	pka_take *take;
} answers[] = {
	ROW(PKA_IDENTIFY, HSM_SELECT,        pka_take_select),
	ROW(PKA_IDENTIFY, HSM_READ,          pka_take_file),
	ROW(PKA_CHECK,    HSM_MSE_CHIP,      pka_take_chip),
	ROW(PKA_CHECK,    HSM_GENERAL_AUTH,  pka_take_general_auth),
	ROW(PKA_CHECK,    HSM_PKA_STATUS,    pka_take_status),
	ROW(PKA_CHECK,    HSM_PKA_KEY,       pka_take_name),
	ROW(PKA_CHECK,    HSM_ENUMERATE,     pka_take_list),
	ROW(PKA_CHECK,    HSM_READ,          pka_take_file),
	ROW(PKA_COLLECT,  HSM_CHALLENGE,     pka_take_challenge),
	ROW(PKA_TURN,     HSM_MSE_AUTH,      pka_take_turn_key),
	ROW(PKA_TURN,     HSM_CHALLENGE,     pka_take_challenge),
	ROW(PKA_TURN,     HSM_PKA_STATUS,    pka_take_turn_count),
	ROW(PKA_SUBMIT,   HSM_MSE_AUTH,      pka_take_key),
	ROW(PKA_SUBMIT,   HSM_EXTERNAL_AUTH, pka_take_signature),
	ROW(PKA_SUBMIT,   HSM_PKA_STATUS,    pka_take_count),
};
#define ANSWERS (sizeof(answers) / sizeof(*answers))

static pka_ask *const asks[] = {
	[PKA_IDENTIFY] = pka_ask_identify,
	[PKA_LOOKUP]   = pka_ask_lookup,
	[PKA_CHECK]    = pka_ask_check,
	[PKA_COLLECT]  = pka_ask_collect,
	[PKA_TURN]     = pka_ask_turn,
	[PKA_SUBMIT]   = pka_ask_submit,
};

enum err pka_activation_new(const struct pka_policy *policy, struct pka_activation **out)
{
	struct pka_activation *a = calloc(1, sizeof(*a));

	*out = a;
	if (!a)
		return ERR_NOMEM;
	a->policy = *policy;
	a->facts.state = PKA_IDENTIFY;
	wr_init_heap(&a->devaut, PKA_READ_MAX);
	a->chain = calloc(1, sizeof(*a->chain));
	a->verdict = calloc(1, sizeof(*a->verdict));
	a->facts.verdict = a->verdict;
	if (!a->chain || !a->verdict)
		pka_activation_free(out);
	return *out ? ERR_OK : ERR_NOMEM;
}

static void room_free(struct pka_activation *a)
{
	free(a->challenges);
	free(a->records);
	free(a->held);
}

void pka_activation_free(struct pka_activation **a)
{
	if (!*a)
		return;
	pka_files_free(*a);
	pka_records_free(*a, false);
	chip_auth_free(&(*a)->chip);
	wr_free(&(*a)->devaut);
	room_free(*a);
	free((*a)->chain);
	free((*a)->verdict);
	free((*a)->keys);
	free(*a);
	*a = NULL;
}

static enum err take(struct pka_activation *a, const struct pka_asked *q, struct rd rsp)
{
	struct rd data;
	uint16_t sw;

	if (apdu_answer(rsp, &data, &sw) != ERR_OK) {
		pka_fail(a, ERR_PROTOCOL, "the host sent an answer without a status word");
		return ERR_OK;
	}
	for (size_t i = 0; i < ANSWERS; i++)
		if (answers[i].state == a->facts.state && answers[i].op == q->op)
			return answers[i].take(a, q->arg, data, sw);
	pka_fail(a, ERR_BUG, "answer to %s in a state that has no use for it", hsm_cmd_get(q->op)->name);
	return ERR_OK;
}

static enum err ask(struct pka_activation *a, struct pka_batch *out)
{
	enum pka_state before;
	enum err e = ERR_OK;

	do {                            /* a state may find nothing to ask and hand over to the next */
		before = a->facts.state;
		e = pka_is_over(a) ? ERR_OK : asks[before](a, out);
	} while (!e && out->n == 0 && a->facts.state != before);
	return e ? e : wr_done(&out->bytes);
}

/* Nothing is checked any more: what was only for that goes, and the certificates' bytes if the enrolment has them. */
static void pack(struct pka_activation *a)
{
	if (a->is_packed)
		return;
	pka_files_free(a);
	att_verdict_pack(&a->verdict);
	a->facts.verdict = a->verdict;
	att_chain_pack(&a->chain);
	if (a->facts.chain)
		a->facts.chain = a->chain;
	if (a->target.devaut.n && rd_eq(a->facts.devaut, a->target.devaut)) {
		a->facts.devaut = a->target.devaut;
		wr_free(&a->devaut);
	}
	a->is_packed = true;
}

const char *pka_answer_row(size_t i, enum pka_state *state, enum hsm_op *op)
{
	if (i >= ANSWERS)
		return NULL;
	*state = answers[i].state;
	*op = answers[i].op;
	return answers[i].name;
}

enum err pka_activation_step(struct pka_activation *a, const struct pka_answers *in, uint64_t now_ms,
			     struct pka_batch *out)
{
	struct pka_asked asked[PKA_BATCH_MAX];
	size_t n = a->asked_n;
	enum err e = ERR_OK;

	pka_batch_reset(out);
	memcpy(asked, a->asked, sizeof(asked));
	a->asked_n = 0;
	a->now_ms = now_ms;
	if (in->n != n)
		pka_fail(a, ERR_PROTOCOL, "the host sent %zu answers to %zu commands", in->n, n);
	for (size_t i = 0; i < n && !e && !pka_is_over(a); i++)
		e = take(a, &asked[i], in->v[i]);
	if (!e)
		pka_collect_time(a, now_ms);
	if (!e)
		e = ask(a, out);
	if (e || pka_is_over(a)) {
		pka_batch_reset(out);
		a->asked_n = 0;
	}
	if (a->facts.state > PKA_CHECK)
		pack(a);
	return e;
}

const struct pka_facts *pka_activation_facts(const struct pka_activation *a)
{
	return &a->facts;
}

/* Open firmware has no chain; then the certificate must be the enrolled one, or the id would be free for the taking. */
static bool is_enrolled_device(const struct pka_activation *a, const struct pka_target *t)
{
	struct cvc device, issuer;
	bool has_issuer;

	return t->devaut.n == 0 || (cvc_devaut_read(t->devaut, &device, &issuer, &has_issuer) == ERR_OK &&
				    rd_eq(device.whole, a->chain->device.whole));
}

static bool room_make(struct pka_activation *a, unsigned m)
{
	room_free(a);
	a->challenges = calloc(PKA_CHALLENGES(m), sizeof(*a->challenges));
	a->records = calloc(PKA_RECORDS(m), sizeof(*a->records));
	a->held = calloc(PKA_RECORDS(m), sizeof(struct pka_held *));
	a->facts.records = a->records;
	return a->challenges && a->records && a->held;
}

enum err pka_activation_target(struct pka_activation *a, const struct pka_target *t)
{
	if (!pka_is_permitted(a, PKA_EV_TARGET))
		return ERR_CONDITIONS;
	if (t->n == 0 || t->n > t->m || t->m > PKA_CUSTODIANS_MAX || strcmp(t->device_id, a->chain->id) != 0)
		return ERR_ARG;
	if (!room_make(a, t->m))
		return ERR_NOMEM;
	a->target = *t;
	a->facts.n = t->n;
	a->facts.m = t->m;
	a->facts.mode = t->has_profile ? t->profile : PKA_SHARED;
	a->facts.unverified = !a->chain->is_genuine;
	a->facts.state = PKA_CHECK;
	a->phase = PHASE_CHIP;
	if (a->facts.unverified && !t->unverified)
		pka_fail(a, ERR_ATTESTATION, "device %s is not proved genuine: %s", a->chain->id,
			 att_verdict_first_failure(a->verdict).text);
	else if (a->facts.unverified && !is_enrolled_device(a, t))
		pka_fail(a, ERR_ATTESTATION, "device %s has another certificate than the enrolled one", a->chain->id);
	return ERR_OK;
}

enum err pka_activation_demand(struct pka_activation *a, bool chip_auth, uint64_t deadline_ms)
{
	if (!pka_is_permitted(a, PKA_EV_TARGET))
		return ERR_CONDITIONS;
	a->policy.chip_auth = chip_auth;
	a->policy.deadline_ms = deadline_ms;
	return ERR_OK;
}

enum err pka_activation_host(struct pka_activation *a, struct rd login_id, struct rd host_json)
{
	enum err e;

	if (!pka_is_permitted(a, PKA_EV_HOST))
		return ERR_CONDITIONS;
	if (login_id.n != sizeof(a->login_id))
		return ERR_ARG;
	e = sha256(host_json, a->request);
	if (e)
		return e;
	memcpy(a->login_id, login_id.p, login_id.n);
	a->has_host = true;
	a->wants_statements = host_json.n > 0;
	return ERR_OK;
}

void pka_activation_end(struct pka_activation *a, enum err result, const char *why)
{
	pka_fail(a, result, "%s", why);
	pack(a);
}
