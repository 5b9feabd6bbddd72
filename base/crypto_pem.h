/* SPDX-License-Identifier: Apache-2.0 */
/* PEM (RFC 7468) around DER, as other programs' files have it. */
#ifndef BASE_CRYPTO_PEM_H
#define BASE_CRYPTO_PEM_H

#include "base/buf.h"

/*
 * The first block of this name ("CERTIFICATE") in a file's text, or the file as it is if it is DER, appended to der.
 * ERR_NOT_FOUND: no such block; ERR_FORMAT: a block that is none.
 */
MUST enum err pem_read(struct rd file, const char *name, struct wr *der);
MUST enum err pem_write(const char *name, struct rd der, struct wr *text);
/* The DER SubjectPublicKeyInfo in a file: PUBLIC KEY, or the one of a CERTIFICATE; errors as above. */
MUST enum err pem_read_spki(struct rd file, struct wr *spki);

#endif
