/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A password of eight bytes in n parts of which t give it back: points of a polynomial over a prime field whose value
 * at 0 it is (Shamir). As sc-hsm-tool splits the password of a share's file, reference 10.4; there as here each part is
 * a line for a person: the prime and the value in hex, the number in decimal.
 */
#ifndef SC_HSM_THRESHOLD_H
#define SC_HSM_THRESHOLD_H

#include "base/secret.h"

#define HSM_PARTS_MAX 9         /* sc-hsm-tool reads a part's number as hex: 10 and more would be misread */

struct hsm_part {
	uint64_t x, y;          /* number and value */
};

/*
 * A new password, its prime and its parts. 2 <= t <= n <= HSM_PARTS_MAX, n at least 3 (else ERR_ARG). The caller wipes
 * the parts. The password's first byte is no zero, with which sc-hsm-tool could not read it back.
 */
MUST enum err hsm_threshold_new(unsigned t, unsigned n, struct secret **password, uint64_t *prime,
				struct hsm_part parts[HSM_PARTS_MAX]);
/* From t parts. ERR_ARG: a number that is 0 or there twice, a value not below the prime, no prime. */
MUST enum err hsm_threshold_join(uint64_t prime, const struct hsm_part *parts, unsigned t, struct secret **password);

#endif
