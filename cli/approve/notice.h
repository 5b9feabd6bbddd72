/* SPDX-License-Identifier: Apache-2.0 */
/* A new request, told to a custodian by other means than a terminal: what his own machine found of it comes first. */
#ifndef CLI_APPROVE_NOTICE_H
#define CLI_APPROVE_NOTICE_H

#include "cli/book/book.h"
#include "cli/line/verb.h"
#include "cli/remote/request.h"

struct cli_notice {                     /* everything borrowed */
	const char *server;
	const struct cli_request *request;
	bool refused;                   /* it does not pass our own checks; then card is UNKNOWN */
	enum cli_book_device card;
	const char *name;               /* if KNOWN */
};

/* What our own checks and the address book say of the request's card: its name only with the key of the book. */
void cli_notice_judge(const struct cli *cli, const struct cli_book *devices, struct cli_notice *n);
/* In a line: the card, how many have approved, why. */
void cli_notice_write(const struct cli_notice *n, struct wr *w);

/* A line on stdout. */
void cli_notice_print(const struct cli_notice *n);
/* Is there a notify-send(1)? Said if not: what comes later would be told to nobody. */
MUST enum err cli_notice_desktop_check(void);
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
