/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` looks at, from the machine to a card's keys. It never spends a try of a PIN. */
#ifndef CLI_STATUS_DOCTOR_H
#define CLI_STATUS_DOCTOR_H

#include "cli/status/finding.h"
#include "cli/status/report.h"

/* Does somebody listen at this socket? 0, or -1 and errno. */
int doctor_connect(const char *path);

/* The machine: settings, the server that they name, our programs, OpenSSL's and p11-kit's ways to the module. */
void doctor_machine(struct doctor *d);
/* The ways to readers, tokens on the USB and who holds them, then each reader that can be had, and its card. */
void doctor_readers(struct doctor *d);
/* One reader and the card in it. */
void doctor_card(struct doctor *d, const struct apdu_reader *r);
/* What the keys of a card are like; r is whole. */
void doctor_keys(struct doctor *d, const struct cli_report *r);

#endif
