/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of an approval is used. A digest counts once for a key, however often it is signed (mkimage signs each node
 * more often than the image keeps), unless the limits say otherwise; a command that shows no digest counts each time.
 * No I/O, no lock; time is given.
 */
#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H

#include "pka/manifest.h"
#include "base/limits.h"
#include "pka/limits.h"
#include "pka/receipt.h"
#include "sc-hsm/digest.h"

struct agent_budget;
struct agent_use {
	enum receipt_kind kind;
	uint8_t key;
	struct hsm_digest digest;       /* SIGN only */
	bool repeat;                    /* out: this digest was signed before with this key */
	uint8_t id[SHA256_SIZE];        /* out: of the digest under this key, where there is one */
};
/* limits and manifest (NULL: none) are borrowed; keys: their names on the card, for limits that name keys. */
MUST enum err agent_budget_new(const struct pka_limits *limits, const struct pka_manifest *manifest,
			       const struct receipt_key *keys, size_t keys_n, uint64_t opened_ms,
			       struct agent_budget **out);
void agent_budget_free(struct agent_budget **b);                /* NULL-safe */
/* When its time is over, boot time; UINT64_MAX: never. */
uint64_t agent_budget_ends_ms(const struct agent_budget *b);
/* May this be done now? ERR_ALLOWANCE, why says it for people. */
MUST enum err agent_budget_ask(const struct agent_budget *b, struct agent_use *u, uint64_t now_ms, char *why,
			       size_t cap);
/* What was asked was done, or may have been. ERR_NOMEM: then it must not be handed out. */
MUST enum err agent_budget_spend(struct agent_budget *b, const struct agent_use *u);
/* Distinct digests, all signatures, and the rest. */
uint32_t agent_budget_signed(const struct agent_budget *b);
uint64_t agent_budget_total(const struct agent_budget *b);

#endif
