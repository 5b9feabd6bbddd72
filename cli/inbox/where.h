/* SPDX-License-Identifier: Apache-2.0 */
/* Which servers, and which request of them, a command line means. */
#ifndef CLI_INBOX_WHERE_H
#define CLI_INBOX_WHERE_H

#include "cli/inbox/token.h"
#include "cli/remote/api.h"
#include "cli/remote/request.h"

struct cli_where {
	char url[API_URL_MAX + 1];      /* "": not given */
	char id[REQUEST_ID_SIZE + 1];   /* "": not given */
	char link[REQUEST_LINK_SIZE + 1];       /* "": not given */
};

/*
 * Operands in any order: a server's URL, a link to a request (https://SERVER/r/LINK), a request's id; each at most
 * once, and of link and id only one. ERR_ARG, said.
 */
MUST enum err cli_where_read(const char *const *v, size_t n, const char *verb, struct cli_where *out);

struct cli_servers {
	size_t n;
	struct cli_api *v[CONF_LIST_MAX];
	struct cli_inbox_token *token[CONF_LIST_MAX];   /* NULL: none */
};
/* The one that where names; else all of [custodian] url; else [login] url. Said. */
MUST enum err cli_servers_open(const struct cli *cli, const struct cli_where *where, struct cli_servers *out);
/* Show each the tokens of these keys' inboxes, as cli_inbox_token_use; before the keys are freed, close. Said. */
MUST enum err cli_servers_inbox(struct cli_servers *s, struct cli_custodians *mine);
void cli_servers_close(struct cli_servers *s);

struct cli_ref {                        /* a request at a server */
	struct cli_api *api;
	char id[REQUEST_ID_SIZE + 1];   /* "": known by its link only, until it has been fetched */
	char link[REQUEST_LINK_SIZE + 1];
};
/* Of where, which names a request, at the first of the servers. A request's id does not say where: ERR_ARG, said. */
MUST enum err cli_where_ref(const struct cli_where *where, const struct cli_servers *s, struct cli_ref *out);
/*
 * Both, for one request. Whoever has no link shows an inbox, of a card that is here: *mine, NULL if that is not needed.
 * The caller closes servers and frees mine, whatever the answer.
 */
MUST enum err cli_where_open(struct cli *cli, const struct cli_where *where, struct cli_servers *servers,
			     struct cli_ref *ref, struct cli_custodians **mine);

#endif
