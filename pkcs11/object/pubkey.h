/* SPDX-License-Identifier: Apache-2.0 */
/* The public key in a file CEkk: key attestation, card verifiable certificate or X.509 certificate. */
#ifndef PKCS11_OBJECT_PUBKEY_H
#define PKCS11_OBJECT_PUBKEY_H

#include "pkcs11/object/keep.h"
#include "pkcs11/object/object.h"

/*
 * Sets type, bits, curve, numbers, point and spki of o; what is not in ee is put into kept. ERR_FORMAT,
 * ERR_UNSUPPORTED, ERR_NOMEM.
 */
MUST enum err p11_pubkey_read(struct rd ee, struct p11_chunk **kept, struct p11_object *o);
/* The same of a SubjectPublicKeyInfo, which lives at least as long as o. */
MUST enum err p11_pubkey_of_spki(struct rd der, struct p11_chunk **kept, struct p11_object *o);
/* The certificate's own attributes; der lives at least as long as o. */
MUST enum err p11_pubkey_certificate(struct rd der, struct p11_chunk **kept, struct p11_object *o);

/*
 * A card verifiable certificate's attributes, and its key's where its parameters are known. ERR_FORMAT: it is none;
 * ERR_NOMEM. der lives at least as long as o.
 */
MUST enum err p11_pubkey_cvc(struct rd der, struct p11_chunk **kept, struct p11_object *o);

/* First byte of the files that can stand in CEkk and CAkk (reference 7.2). */
#define P11_EE_IS_X509(ee) ((ee).n > 0 && (ee).p[0] == 0x30)

#endif
