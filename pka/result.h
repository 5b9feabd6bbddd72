/* SPDX-License-Identifier: Apache-2.0 */
/* How a ceremony ended, as the last notification before 204 says it: one table for both sides. */
#ifndef PKA_RESULT_H
#define PKA_RESULT_H

#include "base/err.h"

/*
 * 0 for ERR_OK; -101 denied, -102 expired, -103 cancelled, -110 not enrolled, -111 attestation, -112 policy, -120
 * everything else.
 */
int pka_result_id(enum err e);
/* Positive and zero: ERR_OK; an unknown negative id: ERR_SERVER. */
enum err pka_result_err(int id);

#endif
