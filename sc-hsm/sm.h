/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of secure messaging (ISO 7816-4 10) after chip authentication, the host's side; reference 4.2, 4.4. */
#ifndef SC_HSM_SM_H
#define SC_HSM_SM_H

#include "base/buf.h"
#include "sc-hsm/chip.h"

/* The keys of one channel, and its counter. */
struct hsm_sm;
MUST enum err hsm_sm_new(enum chip_suite suite, const uint8_t enc[CHIP_KEY_SIZE], const uint8_t mac[CHIP_KEY_SIZE],
			 struct hsm_sm **out);
void hsm_sm_free(struct hsm_sm **sm);                /* NULL-safe; wipes */
/* A plain command to the protected one. */
MUST enum err hsm_sm_wrap(struct hsm_sm *sm, struct rd cmd, struct wr *out);
/*
 * The protected answer to the command wrapped last: its data, appended, and its status word. ERR_SIGNATURE: not from
 * this channel. ERR_FORMAT. Any failure, a bare status word, too, means that the channel is no more.
 */
MUST enum err hsm_sm_unwrap(struct hsm_sm *sm, struct rd rsp, struct wr *data, uint16_t *sw);

#endif
