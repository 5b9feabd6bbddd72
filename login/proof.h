/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian's part as the helper hands it on: an element LOGIN_PROOF with its three parts, see frame.h. */
#ifndef LOGIN_PROOF_H
#define LOGIN_PROOF_H

#include "pka/witness.h"

/* The first of all, which is then behind it; out views. false: it is none. */
MUST bool login_proof_read(struct rd *all, struct pka_proof *out);

#endif
