/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that stay where they are until all are forgotten together. */
#ifndef PKCS11_OBJECT_KEEP_H
#define PKCS11_OBJECT_KEEP_H

#include "base/buf.h"

struct p11_chunk;

MUST enum err p11_keep(struct p11_chunk **kept, struct rd bytes, struct rd *out);
/* All of more, too, which becomes empty. */
void p11_keep_join(struct p11_chunk **kept, struct p11_chunk **more);
void p11_keep_clear(struct p11_chunk **kept);

#endif
