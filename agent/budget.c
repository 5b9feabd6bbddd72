/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/budget.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SLOTS_MIN 256           /* a power of two */

struct slot {                   /* SHA-256 over key and digest; all zeros: empty */
	uint8_t id[SHA256_SIZE];
};
struct agent_budget {
	const struct pka_limits *limits;
	const struct pka_manifest *manifest;
	uint64_t ends_ms;
	bool key_ok[KEYS_MAX + 1];
	uint32_t used[RECEIPT_WRAP + 1];        /* SIGN: what counts */
	uint64_t total;
	struct slot *slots;                     /* open addressing, at most half full */
	size_t slots_n, digests_n;
};

enum err agent_budget_new(const struct pka_limits *limits, const struct pka_manifest *manifest,
			  const struct receipt_key *keys, size_t keys_n, uint64_t opened_ms, struct agent_budget **out)
{
	struct agent_budget *b = calloc(1, sizeof(*b));

	*out = NULL;
	if (!b)
		return ERR_NOMEM;
	b->slots = calloc(SLOTS_MIN, sizeof(b->slots[0]));
	if (!b->slots) {
		free(b);
		return ERR_NOMEM;
	}
	b->slots_n = SLOTS_MIN;
	b->limits = limits;
	b->manifest = manifest;
	b->ends_ms = limits->seconds == PKA_UNLIMITED ? UINT64_MAX : opened_ms + (uint64_t)limits->seconds * 1000;
	for (size_t i = 0; i <= KEYS_MAX; i++)
		b->key_ok[i] = limits->all_keys;
	for (size_t i = 0; i < keys_n; i++)
		b->key_ok[keys[i].key] = pka_limits_has_key(limits, keys[i].label, keys[i].id);
	*out = b;
	return ERR_OK;
}

void agent_budget_free(struct agent_budget **b)
{
	if (!*b)
		return;
	free((*b)->slots);
	free(*b);
	*b = NULL;
}

uint64_t agent_budget_ends_ms(const struct agent_budget *b)
{
	return b->ends_ms;
}

static enum err identify(struct agent_use *u)
{
	const struct rd parts[2] = { { &u->key, 1 }, { u->digest.value, u->digest.n } };

	return u->digest.n ? sha256_parts(parts, 2, u->id) : ERR_OK;
}

/* The slot of this digest, or the empty one where it would go. */
static struct slot *find(const struct agent_budget *b, const uint8_t id[SHA256_SIZE])
{
	size_t i = (size_t)(id[0] | id[1] << 8 | (uint32_t)id[2] << 16) & (b->slots_n - 1);

	while (!rd_is_zero(RD_ARR(b->slots[i].id)) && memcmp(b->slots[i].id, id, SHA256_SIZE))
		i = (i + 1) & (b->slots_n - 1);
	return &b->slots[i];
}

static bool is_known(const struct agent_budget *b, const struct agent_use *u)
{
	return u->digest.n && !rd_is_zero(RD_ARR(find(b, u->id)->id));
}

static enum err grow(struct agent_budget *b)
{
	struct agent_budget larger = { .slots_n = b->slots_n * 2 };

	if (b->digests_n < b->slots_n / 2)
		return ERR_OK;
	larger.slots = calloc(larger.slots_n, sizeof(larger.slots[0]));
	if (!larger.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < b->slots_n; i++)
		if (!rd_is_zero(RD_ARR(b->slots[i].id)))
			*find(&larger, b->slots[i].id) = b->slots[i];
	free(b->slots);
	b->slots = larger.slots;
	b->slots_n = larger.slots_n;
	return ERR_OK;
}

static bool is_kind_allowed(const struct pka_limits *l, enum hsm_sign_kind kind)
{
	static const enum pka_mech mechs[HSM_SIGN_KINDS] = {
		[HSM_SIGN_RSA_RAW] = PKA_RSA_RAW, [HSM_SIGN_RSA_PKCS] = PKA_RSA_PKCS,
		[HSM_SIGN_RSA_PSS] = PKA_RSA_PSS, [HSM_SIGN_ECDSA] = PKA_ECDSA,
	};

	return l->mechs & 1u << mechs[kind];
}

static uint32_t allowance(const struct pka_limits *l, enum receipt_kind kind)
{
	const uint32_t of[] = {
		[RECEIPT_SIGN] = l->sign, [RECEIPT_DECIPHER] = l->decipher, [RECEIPT_DERIVE] = l->derive,
		[RECEIPT_WRAP] = l->wrap,
	};

	return of[kind];
}

static const char *const kinds[] = {
	[RECEIPT_SIGN] = "signatures", [RECEIPT_DECIPHER] = "decryptions and uses of AES keys",
	[RECEIPT_DERIVE] = "key derivations", [RECEIPT_WRAP] = "wrapped keys",
};

static enum err refuse(char *why, size_t cap, const char *what)
{
	(void)snprintf(why, cap, "%s", what);
	return ERR_ALLOWANCE;
}

static enum err ask_sign(const struct agent_budget *b, struct agent_use *u, char *why, size_t cap)
{
	if (!is_kind_allowed(b->limits, u->digest.kind))
		return refuse(why, cap, "the approval does not cover this mechanism");
	if (b->manifest && !pka_manifest_has(b->manifest, rd_of(u->digest.value, u->digest.n)))
		return refuse(why, cap, u->digest.n ? "this digest is not in the manifest that was approved" :
						      "no digest can be seen, and only the manifest's may be signed");
	if (identify(u))
		return refuse(why, cap, "the digest cannot be told from others");
	u->repeat = is_known(b, u);
	return ERR_OK;
}

enum err agent_budget_ask(const struct agent_budget *b, struct agent_use *u, uint64_t now_ms, char *why, size_t cap)
{
	uint32_t most = allowance(b->limits, u->kind);
	enum err e = ERR_OK;

	u->repeat = false;
	if (now_ms >= b->ends_ms)
		return refuse(why, cap, "the approval's time is over");
	if (!b->key_ok[u->key])
		return refuse(why, cap, "the approval does not cover this key");
	if (u->kind == RECEIPT_SIGN)
		e = ask_sign(b, u, why, cap);
	if (e || (u->repeat && !b->limits->repeats_counted))
		return e;
	if (most == 0)
		(void)snprintf(why, cap, "the approval does not cover %s", kinds[u->kind]);
	else if (most != PKA_UNLIMITED && b->used[u->kind] >= most)
		(void)snprintf(why, cap, "all %" PRIu32 " %s that were approved are made", most, kinds[u->kind]);
	else if (u->digest.n && !u->repeat && b->digests_n == AGENT_DIGESTS_MAX)
		(void)snprintf(why, cap, "%d different digests are the most that one approval can hold",
			       AGENT_DIGESTS_MAX);
	else
		return ERR_OK;
	return ERR_ALLOWANCE;
}

enum err agent_budget_spend(struct agent_budget *b, const struct agent_use *u)
{
	enum err e;

	if (!u->repeat && u->digest.n) {
		e = grow(b);
		if (e)
			return e;
		memcpy(find(b, u->id)->id, u->id, sizeof(u->id));
		b->digests_n++;
	}
	b->total++;
	if ((!u->repeat || b->limits->repeats_counted) && b->used[u->kind] < UINT32_MAX)
		b->used[u->kind]++;
	return ERR_OK;
}

uint32_t agent_budget_signed(const struct agent_budget *b)
{
	return b->used[RECEIPT_SIGN];
}

uint64_t agent_budget_total(const struct agent_budget *b)
{
	return b->total;
}
