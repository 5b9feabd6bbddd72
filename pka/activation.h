/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target's side of a ceremony, run by the server: a pure step machine. Card answers and people's signatures in,
 * the next batch of commands out; no I/O, no clock, no lock. Reference public-key-authentication 9.
 *
 *   IDENTIFY -> LOOKUP -> CHECK -> COLLECT <-> TURN
 *                                  COLLECT <-> SUBMIT -> OPEN
 *   any state -> FAILED
 *
 * Which answer belongs to which state stands in one table (activation.c), and one ends the ceremony that has no row
 * there; what people may do in which state in another (activation_state.c).
 */
#ifndef PKA_ACTIVATION_H
#define PKA_ACTIVATION_H

#include "attest/keyatt.h"
#include "pka/statement.h"
#include "sc-hsm/cmd.h"

enum pka_state {
	PKA_IDENTIFY,           /* select, read the device certificate */
	PKA_LOOKUP,             /* the caller must give the target with facts' chain->id, or end it: ERR_NOT_ENROLLED */
	PKA_CHECK,              /* chip authentication, status, names, keys against the enrolment */
	PKA_COLLECT,            /* waiting for people */
	PKA_TURN,               /* per-key mode: fetching a challenge for the custodian whose turn it is */
	PKA_SUBMIT,             /* giving signatures to the card */
	PKA_OPEN,               /* n authenticated; the end */
	PKA_FAILED              /* the end; pka_activation_result says why */
};
enum pka_challenge_mode { PKA_SHARED, PKA_PER_KEY };

struct pka_custodian {          /* a registered key */
	char chr[CHR_MAX + 1];
	enum ec_curve curve;
	uint8_t q[EC_POINT_MAX];
	size_t q_size;
};
struct pka_archived {           /* a key's attestation as it was at generation */
	uint8_t key;            /* reference: CCkk */
	struct rd attestation;
};
struct pka_target {             /* an enrolment; everything borrowed, must outlive the activation */
	const char *device_id;
	bool unverified;        /* accept a device without a chain */
	unsigned n;             /* required */
	unsigned m;
	const struct pka_custodian *custodians; /* m of them */
	const struct pka_archived *archived;
	size_t archived_n;
	bool has_profile;
	enum pka_challenge_mode profile;
	/* 2F02 as enrolled: a device without a chain must show the same certificate. Empty: not compared. */
	struct rd devaut;
};
struct pka_policy {
	const struct att_anchors *anchors;
	int64_t now;            /* seconds since 1970, for dates in certificates */
	bool chip_auth;         /* demand it (never of an unverified target) */
	size_t answer_max;      /* bytes of an answer, as the way to the card says; 0: no limit */
	uint64_t deadline_ms;   /* from the start of COLLECT */
	uint64_t lease_ms;
};

#define PKA_BATCH_MAX 8
struct pka_batch {              /* commands to send, in order; reset by the machine at each step */
	struct wr bytes;
	size_t n;
	size_t end[PKA_BATCH_MAX];
};
void pka_batch_init(struct pka_batch *b);
void pka_batch_fini(struct pka_batch *b);
void pka_batch_reset(struct pka_batch *b);
/* What was written to b->bytes since the last call is one command. Over PKA_BATCH_MAX: ERR_BUG latched in bytes. */
void pka_batch_close(struct pka_batch *b);
struct rd pka_batch_cmd(const struct pka_batch *b, size_t i);
struct pka_answers {            /* one answer (data and status word) per command of the last batch */
	size_t n;
	struct rd v[PKA_BATCH_MAX];
};

/* What the server shows and stores. Views live until the next call. */
struct pka_key_facts {
	uint8_t key;
	char label[64];         /* from the card's description; safe to show */
	/* The card's CE equals the archived attestation, or is an X.509 certificate with the attested key. */
	bool is_attested;
	struct rd attestation;  /* archived; empty if none */
};
struct pka_approval_record {
	const struct pka_custodian *by;
	bool approve;
	struct rd message;      /* M that was signed */
	struct rd sig;          /* over M; empty for a denial */
	struct rd statement, statement_sig;     /* empty: approved by a client of another maker */
	int64_t when;           /* wall clock given by the caller */
	bool submitted;         /* the card answered 9000 */
};
struct pka_facts {
	enum pka_state state;
	enum err result;                        /* of FAILED */
	char why[200];                          /* of FAILED, for people */
	struct rd devaut;
	const struct att_chain *chain;          /* NULL before it is read */
	const struct att_verdict *verdict;
	bool unverified;
	unsigned n, m, authenticated;
	size_t keys_n;
	const struct pka_key_facts *keys;
	size_t records_n;
	const struct pka_approval_record *records;
	unsigned approvals;                     /* distinct, good, not dead */
	enum pka_challenge_mode mode;
	struct rd challenge;                    /* shared: current; per-key: of the turn; empty if none */
	const struct pka_custodian *turn;       /* per-key: whose turn, NULL: nobody's */
	uint64_t turn_ends_ms, ends_ms;         /* boot time of the caller */
	bool changed_mode;                      /* some were asked again because the card is of the other mode */
};

struct pka_activation;
MUST enum err pka_activation_new(const struct pka_policy *policy, struct pka_activation **out);
void pka_activation_free(struct pka_activation **a);
/*
 * Answers of the last batch (n = 0 after an empty template) and the time in; next commands out. An empty batch: nothing
 * to do now; ask pka_activation_facts. A failure of the ceremony is not an error of this call: state FAILED. ERR_BUG
 * (also: no pka_activation_host before COLLECT), ERR_NOMEM only. Deadline and lease end here or with
 * a person's call, so call it at facts' ends_ms and turn_ends_ms as well.
 */
MUST enum err pka_activation_step(struct pka_activation *a, const struct pka_answers *in, uint64_t now_ms,
				  struct pka_batch *out);
const struct pka_facts *pka_activation_facts(const struct pka_activation *a);
/*
 * In LOOKUP, otherwise ERR_CONDITIONS. ERR_ARG: of another device, or n and m make no sense. A device that the
 * enrolment does not admit is no error of this call: state FAILED. ERR_NOMEM.
 */
MUST enum err pka_activation_target(struct pka_activation *a, const struct pka_target *t);
/*
 * In LOOKUP, before the target: what its own rules say in place of the policy's chip_auth and deadline_ms.
 * ERR_CONDITIONS.
 */
MUST enum err pka_activation_demand(struct pka_activation *a, bool chip_auth, uint64_t deadline_ms);
/*
 * What the host sent: login_id and the JSON bytes (copied); before COLLECT. One without JSON asks for no statements: it
 * is of another maker and would not read them.
 */
MUST enum err pka_activation_host(struct pka_activation *a, struct rd login_id, struct rd host_json);
/* End it: ERR_CANCELLED, ERR_NOT_ENROLLED, ERR_POLICY, ERR_REMOVED ... why for people. */
void pka_activation_end(struct pka_activation *a, enum err result, const char *why);
/*
 * Per-key mode: ask for a turn. ERR_OK: it is (or will be after the next step) his: facts' turn and challenge;
 * ERR_SHARING: another's turn; ERR_NOT_FOUND: not a registered key; ERR_CONDITIONS: not now, or he has approved
 * already. In shared mode ERR_OK, nothing to wait for.
 */
MUST enum err pka_activation_turn(struct pka_activation *a, struct rd chr, uint64_t now_ms);
/*
 * A decision, in two steps, so that it can be kept before it counts: check verifies statement, its hashes and both
 * signatures with the registered key and changes nothing but what time demands; apply makes it count, and cannot fail.
 * Between them nothing else happens to a. pka_decision_free: instead of apply. ERR_SIGNATURE, ERR_FORMAT,
 * ERR_NOT_FOUND (key), ERR_CONDITIONS (state, not his turn, or the same custodian approves twice), ERR_EXPIRED (dead
 * challenge), ERR_NOMEM. Who has approved may still deny, as long as the state allows a decision. now_ms: boot time,
 * as for a step.
 */
struct pka_said {               /* by a custodian; views */
	struct rd chr;                  /* whose key */
	struct rd sig;                  /* over M; empty: a denial */
	struct rd statement, statement_sig;
	int64_t when;                   /* seconds since 1970, for the record */
};
struct pka_decision_checked {
	struct pka_approval_record record;
	struct pka_held *held;          /* what the record views; NULL: nothing was checked */
};
MUST enum err pka_activation_check(struct pka_activation *a, const struct pka_said *said, uint64_t now_ms,
				   struct pka_decision_checked *out);
/*
 * The same for an approval without a statement, which a client of another maker gives (pka/remote.h): sig over M is all
 * that there is, and the record's statement is empty. Also ERR_REFUSED: this host asks for statements.
 */
MUST enum err pka_activation_check_bare(struct pka_activation *a, const struct pka_said *said, uint64_t now_ms,
					struct pka_decision_checked *out);
void pka_activation_apply(struct pka_activation *a, struct pka_decision_checked *d);
void pka_decision_free(struct pka_decision_checked *d);

#endif
