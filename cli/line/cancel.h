/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While a card is open, SIGINT and SIGTERM give up the wait instead of ending the program, so that the card is
 * closed.
 */
#ifndef CLI_LINE_CANCEL_H
#define CLI_LINE_CANCEL_H

#include "base/deadline.h"

/*
 * For deadline.cancel_fd; -1 if there are no descriptors (then a signal ends the program, and its end resets an
 * exclusive card).
 */
int cli_cancel_begin(void);
void cli_cancel_end(void);

#endif
