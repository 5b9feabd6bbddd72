/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual card in a reader of vsmartcard's vpcd: TCP, two bytes of length, then a command APDU or one control byte.
 */
#ifndef VCARD_VPCD_H
#define VCARD_VPCD_H

#include "base/deadline.h"
#include "test/vcard/vcard.h"

struct vpcd_watch {
	const char *name;       /* of the card, in the log */
	int log_fd;             /* each command and answer in hex; -1: none */
	int count_fd;           /* file that always holds the number of commands so far; -1: none */
	bool delays;            /* take the time of a real card */
};

/*
 * Connect, again and again until the deadline: the reader may start after the card. ERR_CONNECT, ERR_ARG (no such
 * host or port).
 */
MUST enum err vpcd_connect(const char *host, unsigned port, const struct deadline *dl, int *fd);
/* Until the reader closes the connection (ERR_OK). ERR_IO, ERR_FORMAT. */
MUST enum err vpcd_serve(int fd, struct vcard *v, const struct vpcd_watch *w);

#endif
