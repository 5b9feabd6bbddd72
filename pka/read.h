/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a file is asked for at once, over a client that says what it takes. */
#ifndef PKA_READ_H
#define PKA_READ_H

#include <stddef.h>

/*
 * Bytes, so that data and status word fit in what the way to the card takes (answer_max; 0: no limit); below what
 * every known platform can answer at once (reference sc-hsm-apdu 1.2).
 */
size_t pka_read_size(size_t answer_max);

#endif
