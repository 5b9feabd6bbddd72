/* SPDX-License-Identifier: Apache-2.0 */
/* What a key may be used for, as the card keeps it with the key: its algorithm list (sc-hsm-apdu 3.11, tag 91). */
#ifndef CLI_KEY_ALGORITHMS_H
#define CLI_KEY_ALGORITHMS_H

#include "sc-hsm/p15.h"

/* "rsa-pss-sha256,rsa-decrypt" for a key of this type, appended to out. ERR_ARG, said, with the names there are. */
MUST enum err cli_algorithms_read(const char *text, enum p15_type type, struct wr *out);
/* The same back; numbers for what has no name. Appended to w. */
void cli_algorithms_wr(struct wr *w, struct rd list);

#endif
