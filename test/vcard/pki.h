/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test PKI: root -> issuer -> device, private names, as one file `pki` in a folder, with root.cvc beside it for
 * verifiers.
 */
#ifndef VCARD_PKI_H
#define VCARD_PKI_H

#include "base/buf.h"
#include "test/vcard/state.h"

struct vcard_pki {
	struct vcard_private root, issuer;
	struct wr root_cvc, issuer_cvc;         /* on the heap */
};

/*
 * Reads it, or makes it if the folder has none; the folder is made if absent. ERR_FORMAT (damaged), ERR_IO,
 * ERR_CRYPTO, ERR_NOMEM.
 */
MUST enum err vcard_pki_open(const char *dir, struct vcard_pki *out);
void vcard_pki_close(struct vcard_pki *p);

/* EF.C_DevAut of a device below this PKI: its certificate and the issuer's. */
MUST enum err vcard_pki_device(const struct vcard_pki *p, struct rd id, struct ec_key *device, struct wr *devaut);
/* The same without a PKI, as open firmware has it: one certificate that is signed by itself. */
MUST enum err vcard_pki_self(struct rd id, struct ec_key *device, struct wr *devaut);

#endif
