/* SPDX-License-Identifier: Apache-2.0 */
/* A new request, told to a custodian by other means than a terminal: what his own machine found of it comes first. */
#ifndef CLI_APPROVE_NOTICE_H
#define CLI_APPROVE_NOTICE_H

#include "cli/remote/request.h"

enum cli_notice_card { NOTICE_KNOWN, NOTICE_UNKNOWN, NOTICE_OTHER_KEY, NOTICE_REFUSED };

struct cli_notice {                     /* everything borrowed */
	const char *server;
	const struct cli_request *request;
	enum cli_notice_card card;      /* KNOWN: in the address book; REFUSED: it did not pass the checks */
	const char *name;               /* if KNOWN */
};

/* A line on stdout. */
void cli_notice_print(const struct cli_notice *n);
/* By notify-send(1). Failures are said. */
void cli_notice_desktop(const struct cli_notice *n);
/*
 * A program with these arguments, which gets the notice as a JSON object on stdin and is ended if it has not ended by
 * itself within a minute. Failures are said.
 */
void cli_notice_command(const struct cli_notice *n, char *const *argv);
/* The object; NULL: no memory. */
json_t *cli_notice_json(const struct cli_notice *n);

#endif
