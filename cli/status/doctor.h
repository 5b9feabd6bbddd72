/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` finds, one line each: printed at once, or kept for JSON. It never spends a try of a PIN. */
#ifndef CLI_STATUS_DOCTOR_H
#define CLI_STATUS_DOCTOR_H

#include <jansson.h>

#include "cli/status/report.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,            /* works, but somebody may want to know */
	DOCTOR_PROBLEM,         /* does not work, or soon will not */
};
struct doctor {
	struct cli *cli;
	json_t *list;           /* --json; otherwise NULL */
	unsigned problems;
	bool has_agent;         /* [agent] socket answers: it may hold tokens */
};
/* about: "PC/SC", a card's id; advice: what to do, NULL: nothing. Texts are safe to show. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *about, const char *advice, const char *fmt, ...)
	PRINTF(5, 6);

/* Does somebody listen at this socket? 0, or -1 and errno. */
int doctor_connect(const char *path);

/* The machine: settings, the server that they name, our programs, OpenSSL's and p11-kit's ways to the module. */
void doctor_machine(struct doctor *d);
/* The ways to readers, tokens on the USB and who holds them, then each reader that can be had, and its card. */
void doctor_readers(struct doctor *d);
/* One reader and the card in it. */
void doctor_card(struct doctor *d, const struct pcsc_reader *r);
/* What the keys of a card are like; r is whole. */
void doctor_keys(struct doctor *d, const struct cli_report *r);

#endif
