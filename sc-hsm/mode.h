/* SPDX-License-Identifier: Apache-2.0 */
/* For sc-hsm/ and its tests: what the answers of a card mean together. */
#ifndef SC_HSM_MODE_H
#define SC_HSM_MODE_H

#include "sc-hsm/card.h"

/* From version, has_pka, pka, pin_sw and so_sw of s: everything else in it. */
void hsm_mode_judge(struct hsm_status *s);

#endif
