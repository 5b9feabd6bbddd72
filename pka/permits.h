/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ceremony permits in which state, written for spin: the model in docs/model runs on the server's own tables,
 * not on a copy of them.
 */
#ifndef PKA_PERMITS_H
#define PKA_PERMITS_H

#include "base/buf.h"

/* The tables of activation_state.c and activation.c as a Promela include, one row a line. */
void pka_permits_write(struct wr *w);

#endif
