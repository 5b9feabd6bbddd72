/* SPDX-License-Identifier: Apache-2.0 */
/* Which other programs use smart cards here, for a message to the person who wonders who holds the reader. */
#ifndef APDU_OTHERS_H
#define APDU_OTHERS_H

#include <stddef.h>

#define APDU_OTHERS_MAX 320      /* bytes that a phrase may have, with its end */

/*
 * A phrase into buf, which is returned: OpenSC's module where this program has loaded it, too, and the programs that
 * have the PC/SC library loaded, as far as the system tells (other users' processes are hidden from an ordinary one).
 * Safe to show.
 */
const char *apdu_others(char *buf, size_t cap);

#endif
