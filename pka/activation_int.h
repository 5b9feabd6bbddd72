/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to pka/activation*.c, from the top down: activation.c has the table of answers and the step;
 * activation_people.c hears the custodians; activation_check.c takes the card from SELECT to "may be asked for";
 * activation_collect.c asks for challenges and gives signatures; activation_read.c reads files, activation_records.c
 * keeps decisions; activation_state.c says what is permitted when.
 */
#ifndef PKA_ACTIVATION_INT_H
#define PKA_ACTIVATION_INT_H

#include "pka/activation.h"
#include "pka/message.h"
#include "sc-hsm/chip.h"

#define PKA_CHALLENGES(m) ((m) + 2)                            /* the host's filter lets no more through in one login */
#define PKA_RECORDS(m) ((m) + 1)                               /* one approval each, and the denial that ends it */

/* What comes next within a state; only the state's own rows look at it. */
enum pka_phase {
	PHASE_DEVAUT,                                          /* IDENTIFY */
	PHASE_CHIP, PHASE_STATUS, PHASE_NAMES, PHASE_LIST, PHASE_FILES, /* CHECK */
	PHASE_KEY, PHASE_SIGNATURE, PHASE_COUNT                /* SUBMIT */
};

enum pka_event { PKA_EV_HOST, PKA_EV_TARGET, PKA_EV_TURN, PKA_EV_DECIDE };

struct pka_asked {              /* a command of the last batch */
	enum hsm_op op;
	size_t arg;             /* which file, which name */
};

struct pka_card_file {          /* being read */
	uint16_t fid;
	bool is_done;
	struct wr bytes;
};

struct pka_held {               /* the bytes behind one record */
	uint8_t message[PKA_MESSAGE_MAX];
	uint8_t sig[EC_SIG_MAX];
	uint8_t statement[STATEMENT_MAX];
	uint8_t statement_sig[EC_SIG_MAX];
};

struct pka_activation {
	struct pka_policy policy;
	struct pka_facts facts;
	enum pka_phase phase;
	uint64_t now_ms;                                       /* of the current step */

	size_t asked_n;
	struct pka_asked asked[PKA_BATCH_MAX];
	size_t files_n;
	struct pka_card_file *files;

	struct wr devaut;
	bool is_packed;                                        /* the checks are over; these two are small */
	struct att_chain *chain;
	struct att_verdict *verdict;
	struct chip_auth *chip;
	enum chip_suite suite;                                 /* of chip authentication: asked for, at first AES */
	bool chip_again;                                       /* unknown to the card; the next one */
	struct pka_target target;
	size_t names_next;                                     /* slot to ask for */
	bool names_differ;
	bool name_seen[PKA_CUSTODIANS_MAX];
	struct pka_key_facts *keys;

	bool has_host, wants_statements;
	uint8_t login_id[LOGIN_ID_SIZE];
	uint8_t request[SHA256_SIZE];                          /* hash of the host's JSON */

	size_t challenges_n;                                   /* ever fetched; the last may be alive */
	/* As many as the target can need: a server keeps thousands of these machines. */
	uint8_t (*challenges)[PKA_CHALLENGE_SIZE];
	struct pka_approval_record *records;
	struct pka_held **held;                                /* of the record with the same index */
	bool is_refused;                                       /* SUBMIT: the card refused a signature that verifies */
	bool left[2];                                          /* mode given up once: it is not tried a third time */
};

/*
 * A take function gets one answer, an ask function writes what comes next (or nothing). ERR_OK unless ERR_NOMEM or
 * ERR_BUG.
 */
typedef enum err pka_take(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw);
typedef enum err pka_ask(struct pka_activation *a, struct pka_batch *b);

/* activation.c */
/* Row i of the table of answers: the operation's identifier, NULL after the last. For pka/permits.c. */
const char *pka_answer_row(size_t i, enum pka_state *state, enum hsm_op *op);

/* activation_state.c */
void pka_fail(struct pka_activation *a, enum err e, const char *fmt, ...) PRINTF(3, 4);
/* FAILED with "<what>: <meaning of the status word>". */
void pka_fail_sw(struct pka_activation *a, enum hsm_op op, uint16_t sw, const char *what);
void pka_challenge_drop(struct pka_activation *a);
/* Closes the command just written to b and remembers what its answer will be. */
void pka_asked(struct pka_activation *a, struct pka_batch *b, enum hsm_op op, size_t arg);
bool pka_event_fits(enum pka_event ev, enum pka_state state);
bool pka_is_permitted(const struct pka_activation *a, enum pka_event ev);
bool pka_is_over(const struct pka_activation *a);
const struct pka_custodian *pka_custodian_find(const struct pka_activation *a, struct rd chr);

/* activation_records.c */
/*
 * Make r view a copy of its bytes, which *held owns. All sizes were checked: signatures verify, the statement was read,
 * M was made here.
 */
MUST enum err pka_record_hold(struct pka_approval_record *r, struct pka_held **held);
void pka_record_add(struct pka_activation *a, const struct pka_approval_record *r, struct pka_held *held);
/* Approvals die with their challenge; those that the card counted may stay. */
void pka_records_free(struct pka_activation *a, bool keep_submitted);
const struct pka_approval_record *pka_record_of(const struct pka_activation *a, const struct pka_custodian *c);
unsigned pka_records_submitted(const struct pka_activation *a);
struct pka_approval_record *pka_record_pending(struct pka_activation *a);   /* the next that the card has not got */

/* activation_read.c */
MUST enum err pka_files_new(struct pka_activation *a, size_t n);
void pka_files_free(struct pka_activation *a);
pka_ask pka_ask_files;                                         /* asks nothing once all are read */
pka_take pka_take_file;

/* activation_check.c */
pka_ask pka_ask_identify, pka_ask_lookup, pka_ask_check;
pka_take pka_take_select, pka_take_chip, pka_take_general_auth, pka_take_status, pka_take_name, pka_take_list;

/* activation_collect.c */
void pka_collect_begin(struct pka_activation *a);
void pka_collect_time(struct pka_activation *a, uint64_t now_ms);   /* deadline and lease */
bool pka_challenge_is_left(struct pka_activation *a);               /* or the ceremony has just failed */
void pka_submit_begin(struct pka_activation *a);
pka_ask pka_ask_collect, pka_ask_turn, pka_ask_submit;
pka_take pka_take_challenge, pka_take_turn_key, pka_take_turn_count, pka_take_key, pka_take_signature, pka_take_count;

#endif
