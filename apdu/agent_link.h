/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that an agent owns, from the client's side: list, a link to one, its login. The protocol: agent_proto.h. */
#ifndef APDU_AGENT_LINK_H
#define APDU_AGENT_LINK_H

#include "apdu/agent_proto.h"
#include "base/secret.h"

/*
 * How long an agent may take to answer. Other programs' commands may come before one of ours, a hundred of them and
 * slow ones: then it has the card's own time for the command, and that for its turn. One that is dead is noticed at
 * once.
 */
#define AGENT_PATIENCE_MS 30000
#define AGENT_TURN_MS 300000

struct agent_at {
	const char *socket;     /* path */
	bool own_only;          /* the socket was named by the environment: its owner must be root or ourselves */
	const char *program;    /* who we are and why, as claims; NULL: not said */
	const char *reason;
};
/*
 * Readers of the agent. ERR_NO_SERVICE: nobody listens there; ERR_REFUSED: an agent of somebody else, or one that
 * does not let us in; ERR_PROTOCOL: of another version; ERR_TIMEOUT; ERR_CONFIG: no path of a socket. why: for people,
 * which agent and what is wrong, may be NULL; AGENT_TEXT_MAX bytes hold the most of it.
 */
MUST enum err agent_list(const struct agent_at *at, struct apdu_readers *out, char *why, size_t cap);
/*
 * A link whose other end is the agent. As agent_list; ERR_NO_READER, ERR_NO_CARD, and what else the agent says. An
 * agent that is gone later, or whose answer does not come or cannot be read, is the end of the link: from then on it is
 * ERR_REMOVED.
 */
MUST enum err agent_open(const struct agent_at *at, const char *reader, struct apdu_link **out, char *why, size_t cap);
bool agent_is_link(const struct apdu_link *l);
struct agent_login_params {             /* all may be NULL */
	const struct secret *pin;
	const char *limits;             /* lower ones: the text of pka/limits.h */
	void (*progress)(void *ctx, const char *text);
	void *ctx;
};
/*
 * Log in through the agent: a PIN goes to it, or people are asked, or what is open already is joined. dl.cancel_fd
 * gives up, which the agent is told, within half a second; then nobody is logged in. Errors are those of a login, and
 * ERR_ALLOWANCE, ERR_POLICY; why says it for people, and is safe to show.
 */
MUST enum err agent_login(struct apdu_link *l, const struct agent_login_params *p, char *why, size_t cap,
			  struct deadline *dl);
MUST enum err agent_logout(struct apdu_link *l);
/* Why the agent refused the last exchange (such as ERR_ALLOWANCE), for people and safe to show; "" if it did not. */
const char *agent_why(const struct apdu_link *l);
/* End the approval of a reader's card (NULL: of all) for everybody; what the agent says of itself, as JSON. */
MUST enum err agent_end(const struct agent_at *at, const char *reader, char *why, size_t cap);
MUST enum err agent_status(const struct agent_at *at, struct wr *json, char *why, size_t cap);

#endif
