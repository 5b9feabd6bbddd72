/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded exchanges as a link: a user's trace becomes a test. */
#ifndef TEST_REPLAY_H
#define TEST_REPLAY_H

#include "apdu/link.h"

/*
 * Text: lines "> hex" (command) and "< hex" (answer) in turn, "+ hex" (goes on), '#' comments; the trace of the log
 * area apdu writes them (link.c). ERR_FORMAT. A command other than the recorded one: ERR_BUG, said. Copies the text.
 */
MUST enum err replay_open(const char *text, struct apdu_link **out);
bool replay_is_done(const struct apdu_link *l);                /* every recorded exchange was used */

#endif
