/* SPDX-License-Identifier: Apache-2.0 */
/* How wide text is on a terminal. */
#ifndef CLI_LINE_COLUMNS_H
#define CLI_LINE_COLUMNS_H

#include "base/buf.h"

/* Of a character: of East Asian scripts each takes two (the blocks that UAX 11 calls wide). */
size_t cli_columns_of(uint32_t c);
/*
 * Append whole lines in which others have their say: what does not fit into a line of the terminal on stdout goes on in
 * the next, behind a bar. The terminal would break it without one, and what stands there could look like a line of
 * ours.
 */
void cli_fold(struct rd lines, struct wr *out);

#endif
