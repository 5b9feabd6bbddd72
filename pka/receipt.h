/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receipt of one approved session: what was asked, who approved, what was signed. ASCII lines, one record each,
 * every line ended by the hash of all before and itself, so that it can grow and any changed byte is found. Writing
 * only; receipt_read.h reads, receipt_check.h judges, the agent's file is agent/receipt_file.c. docs/RECEIPT.md
 * describes the format.
 */
#ifndef PKA_RECEIPT_H
#define PKA_RECEIPT_H

#include "attest/anchor.h"
#include "attest/verdict.h"
#include "pka/limits.h"
#include "pka/witness.h"

#define RECEIPT_BEGIN "quorum11 receipt"        /* and a version */

struct receipt_key {                    /* a key of the target when the session began */
	uint8_t key;
	struct rd label, id;            /* of its description */
	struct rd attestation;          /* EF CEnn: kept if it begins with an attestation (67); empty: none */
	bool has_counter;
	uint32_t counter;               /* uses left */
};
struct receipt_head {
	struct rd device_id, devaut;    /* EF 2F02 */
	/* Opened by a PIN alone: empty, 0 of 0, no consents. */
	struct rd login_id, host_json;
	unsigned n, m;
	const struct pka_consent *consents;
	size_t consents_n;
	const struct pka_limits *limits;        /* in force: the lowest of all */
	const struct receipt_key *keys;
	size_t keys_n;
	int64_t when;                   /* seconds since 1970: the moment at which the card opened */
};
enum receipt_kind { RECEIPT_SIGN, RECEIPT_DECIPHER, RECEIPT_DERIVE, RECEIPT_WRAP };
struct receipt_use {                    /* one private-key operation that the card did */
	enum receipt_kind kind;
	/*
	 * When the card had answered: the head's time plus the boot time since, as the limits count it. A clock that is
	 * set while the session lasts must not make an honest receipt look wrong.
	 */
	int64_t when;
	uint8_t key, alg;
	enum digest_alg digest_alg;     /* of the digest below, DIGEST_NONE: not known */
	struct rd digest;               /* empty: the command showed none; SIGN only */
	struct rd data_hash;            /* SHA-256 of the command's data; SHA256_SIZE bytes */
	struct rd signature;            /* the card's answer; SIGN only */
	bool repeat;                    /* this digest was signed before with this key in this session */
	uint32_t uid, gid, pid;         /* of the client, by the system */
	const char *program;            /* as the client says */
};
struct receipt_end {
	int64_t when;
	const char *why;                /* "the time is over" */
	const struct receipt_key *keys; /* counters at the end; only key, has_counter and counter are looked at */
	size_t keys_n;
};

struct receipt_chain {
	uint8_t hash[SHA256_SIZE];
	uint64_t lines;
};
void receipt_chain_init(struct receipt_chain *c);
/*
 * Append whole lines to out; on failure c is as before and nothing is appended. ERR_NOMEM, ERR_BUFFER; ERR_LIMIT: a
 * line over RECEIPT_LINE_MAX; ERR_ARG: sizes, counts or kinds that do not fit. A head has at most RECEIPT_HEAD_MAX
 * bytes.
 */
MUST enum err receipt_write_head(struct receipt_chain *c, const struct receipt_head *h, struct wr *out);
MUST enum err receipt_write_use(struct receipt_chain *c, const struct receipt_use *u, struct wr *out);
MUST enum err receipt_write_end(struct receipt_chain *c, const struct receipt_end *e, struct wr *out);

#endif
