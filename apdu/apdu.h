/* SPDX-License-Identifier: Apache-2.0 */
/* Command and response APDUs, ISO 7816-4 5.1: four cases, short and extended. Bytes only, no I/O. */
#ifndef APDU_APDU_H
#define APDU_APDU_H

#include "base/buf.h"
#include "base/limits.h"

#define APDU_SW_OK 0x9000      /* ISO 7816-4 5.1.3: normal processing */
#define APDU_LE_SHORT_MAX 256
#define APDU_LE_MAX 65536

struct apdu {
	uint8_t cla, ins, p1, p2;
	struct rd data;             /* command data; empty: none */
	size_t ne;                  /* expected answer bytes, 0: no Le; 256 and 65536 are written as zeros */
	bool extended;              /* decode: how it was written; encode: force the extended form */
};

/* Short where it fits, extended otherwise. ERR_LIMIT over APDU_DATA_MAX or APDU_LE_MAX. */
MUST enum err apdu_encode(const struct apdu *a, struct wr *cmd);
/* Strict: the lengths must match one of the cases exactly (ERR_FORMAT). data is a view into cmd. */
MUST enum err apdu_decode(struct rd cmd, struct apdu *a);
/* Data and status word of an answer. ERR_FORMAT if shorter than two bytes. */
MUST enum err apdu_answer(struct rd rsp, struct rd *data, uint16_t *sw);

#endif
