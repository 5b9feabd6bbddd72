/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact digests that an approval covers, as text in the form that sha256sum and its like write: a line for each of
 * 40, 56, 64, 96 or 128 hex digits, and after a blank or tab whatever the user likes. Empty lines and those that begin
 * with # count for nothing.
 */
#ifndef PKA_MANIFEST_H
#define PKA_MANIFEST_H

#include "base/crypto_digest.h"

struct pka_manifest;
/* ERR_FORMAT: *line, from 1, has no digest; 0: none has one. Copies. ERR_NOMEM, ERR_CRYPTO. */
MUST enum err pka_manifest_read(struct rd text, struct pka_manifest **out, size_t *line);
void pka_manifest_free(struct pka_manifest **m);                /* NULL-safe */
bool pka_manifest_has(const struct pka_manifest *m, struct rd digest);
/* SHA-256 of the text: what limits name. */
struct rd pka_manifest_hash(const struct pka_manifest *m);

#endif
