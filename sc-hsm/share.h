/* SPDX-License-Identifier: Apache-2.0 */
/* A share of a key encryption key in a file closed by a password, as sc-hsm-tool has it; reference 10.3. */
#ifndef SC_HSM_SHARE_H
#define SC_HSM_SHARE_H

#include "sc-hsm/domain.h"

#define HSM_SHARE_FILE_SIZE 64
#define HSM_SHARE_ROUNDS    10000000u   /* of the derivation of its key: some seconds */

/* rounds: HSM_SHARE_ROUNDS, but in tests. The file is appended. ERR_ARG: not HSM_SHARE_SIZE bytes. */
MUST enum err hsm_share_seal(const struct secret *share, const struct secret *password, unsigned rounds,
			     struct wr *file);
/* ERR_FORMAT: no such file; ERR_SIGNATURE: another password, or changed at its end. */
MUST enum err hsm_share_open(struct rd file, const struct secret *password, unsigned rounds, struct secret **share);

#endif
