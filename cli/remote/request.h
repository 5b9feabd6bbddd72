/* SPDX-License-Identifier: Apache-2.0 */
/* A request as the server tells it (docs/API.md): claims, bounded and well formed, but checked by nobody yet. */
#ifndef CLI_REMOTE_REQUEST_H
#define CLI_REMOTE_REQUEST_H

#include <jansson.h>

#include "pka/approval.h"

#define REQUEST_ID_SIZE 32              /* hex digits */

enum cli_decision { DECISION_NONE, DECISION_APPROVE, DECISION_DENY };

struct cli_request {
	char id[REQUEST_ID_SIZE + 1];
	char state[16], result[16];     /* words of the interface; result "" while it lives */
	char why[SHOWN_MAX + 1];        /* safe to show */
	char device_id[CHR_MAX + 1];
	char host_name[SHOWN_MAX + 1];  /* as the server knows the host, "": as nobody in particular; safe to show */
	struct wr devaut, login_id, host_json, challenge;       /* challenge empty: none yet */
	unsigned n, m, approvals;
	char mode[16];
	bool changed_mode;
	unsigned seconds_left;
	unsigned hold_seconds;          /* its host holds the card open so long at most; 0: a login */
	size_t custodians_n;
	struct {
		char chr[CHR_MAX + 1];
		enum cli_decision decision;
	} custodians[PKA_CUSTODIANS_MAX];
	size_t keys_n;
	struct pka_key_facts keys[KEYS_MAX];    /* label: what the server sent, safe to show */
	struct wr attestations[KEYS_MAX];
};

/*
 * Of a request that neither waits for decisions nor has opened its card only state, result, why and numbers are read.
 * ERR_PROTOCOL: a member is missing, of the wrong type, malformed or too long; bad gets its name, a literal. ERR_NOMEM.
 */
MUST enum err cli_request_read(const json_t *o, struct cli_request **out, const char **bad);
bool cli_request_is_waiting(const struct cli_request *r);
bool cli_request_is_open(const struct cli_request *r);
bool cli_request_is_per_key(const struct cli_request *r);
void cli_request_free(struct cli_request **r);
/* For pka_approval_new; views into r. */
struct pka_request cli_request_view(const struct cli_request *r);

#endif
