/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request, and what was decided on it, as files between a machine with a network and one without: JSON objects of
 * version 1, described in docs/CUSTODIANS.md. Whoever carries them can change them, so they are read as a server's
 * answer is: bounded, well formed, and checked by nobody yet.
 */
#ifndef CLI_INBOX_TRAVEL_H
#define CLI_INBOX_TRAVEL_H

#include "cli/inbox/where.h"

#define TRAVEL_MAX (HTTP_BODY_MAX + 8192)       /* bytes of a file */

struct cli_travel_request {
	char server[API_URL_MAX + 1];
	int64_t until;                  /* seconds since 1970; later nobody takes the answer */
	char turn[CHR_MAX + 1];         /* per-key mode: whose turn it is; "" otherwise */
	uint8_t challenge[PKA_CHALLENGE_SIZE];  /* of the turn */
	struct cli_request *request;    /* waits for decisions */
};
struct cli_travel_decision {
	char server[API_URL_MAX + 1];
	char id[REQUEST_ID_SIZE + 1], chr[CHR_MAX + 1];
	int64_t until;
	struct wr sig, statement, statement_sig;        /* sig empty: a denial */
};

/*
 * ERR_PROTOCOL: not such a file; *bad is the member that is missing, unknown or malformed, a literal. ERR_NOMEM.
 * Nothing to free then.
 */
MUST enum err cli_travel_request_parse(struct rd text, struct cli_travel_request *out, const char **bad);
MUST enum err cli_travel_decision_parse(struct rd text, struct cli_travel_decision *out, const char **bad);
void cli_travel_request_free(struct cli_travel_request *t);
void cli_travel_decision_free(struct cli_travel_decision *t);

/* The texts. request: the server's own object, borrowed; of t everything else counts. ERR_NOMEM, ERR_BUFFER. */
MUST enum err cli_travel_request_write(const struct cli_travel_request *t, json_t *request, struct wr *out);
MUST enum err cli_travel_decision_write(const struct cli_travel_decision *t, struct wr *out);

#endif
