/* SPDX-License-Identifier: Apache-2.0 */
/* The server's requests for a custodian: finding, fetching, taking a turn, sending what he signed. */
#ifndef CLI_INBOX_INBOX_H
#define CLI_INBOX_INBOX_H

#include "cli/book/book.h"
#include "cli/custodian/custodian.h"
#include "cli/inbox/where.h"

#define INBOX_MAX 64
struct cli_inbox {
	size_t n;
	struct cli_ref v[INBOX_MAX];
};

/*
 * Add what waits at this server for any of these keys, each request once. A key whose inbox is not shown, as of one
 * that is not registered yet, is passed over, unless no other's is. Said.
 */
MUST enum err cli_inbox_look(struct cli *cli, struct cli_api *api, const struct cli_custodians *mine,
			     struct cli_inbox *out);
/*
 * The requests that wait at these servers for any of these keys. wait_s: look again for so long. None: ERR_NOT_FOUND. A
 * server that does not answer is said and passed over, unless no other does. Said.
 */
MUST enum err cli_inbox_find(struct cli *cli, const struct cli_servers *servers, const struct cli_custodians *mine,
			     unsigned wait_s, struct cli_inbox *out);
/*
 * Fetch, by its id or else by its link, which then gives the id; one that the server still checks, or whose card is at
 * work on an approval, is waited for (wait_s). Not waiting for decisions: ERR_CONDITIONS. Said.
 */
MUST enum err cli_inbox_fetch(struct cli *cli, struct cli_ref *ref, unsigned wait_s, struct cli_request **out);
/* The server's own object, of one that has been fetched: for a file that travels. json_decref it. Said. */
MUST enum err cli_inbox_fetch_json(struct cli *cli, struct cli_ref *ref, json_t **out);
/*
 * After enough approvals: wait until the card has opened (*out is not waiting) or wants some of them again (*out is
 * waiting, with fewer). The old *out is freed. A request that failed: ERR_CONDITIONS. Said.
 */
MUST enum err cli_inbox_outcome(struct cli *cli, struct cli_ref *ref, unsigned wait_s, struct cli_request **out);
/*
 * Per-key mode: wait until it is this key's turn, for at most limit_s; the challenge of the turn. Said, also whose
 * turn it is, by the name that people (may be NULL) has for him.
 */
MUST enum err cli_inbox_turn(struct cli *cli, const struct cli_ref *ref, const char *chr,
			     const struct cli_book *people, unsigned limit_s, struct wr *challenge);
/* Fetch one that has opened its card, to end that. Any other: ERR_CONDITIONS. Said. */
MUST enum err cli_inbox_fetch_open(struct cli *cli, struct cli_ref *ref, struct cli_request **out);
MUST enum err cli_inbox_send_end(struct cli *cli, struct cli_api *api, const char *id, const char *chr,
				 struct rd statement, struct rd statement_sig);
/*
 * sig empty: a denial. Asks again for some seconds while the card is at work on another approval. approvals and state
 * of the answer to out. Said.
 */
MUST enum err cli_inbox_send(struct cli *cli, struct cli_api *api, const char *id, const char *chr, struct rd sig,
			     struct rd statement, struct rd statement_sig, struct cli_request **out);

#endif
