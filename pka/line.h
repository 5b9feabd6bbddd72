/* SPDX-License-Identifier: Apache-2.0 */
/* The lines "name: value" of the texts that custodians sign. */
#ifndef PKA_LINE_H
#define PKA_LINE_H

#include "base/buf.h"

/* name ends with ": "; the value is printable ASCII, or bytes as lower-case hexadecimal. */
void pka_line_put(struct wr *w, const char *name, struct rd text);
void pka_line_put_hex(struct wr *w, const char *name, struct rd bytes);
bool pka_line_is_printable(struct rd text);
/* The line at the front of r. false: it is not there, or not exactly size bytes. Reading accepts either case. */
MUST bool pka_line_take(struct rd *r, const char *name, struct rd *value);
MUST bool pka_line_take_hex(struct rd *r, const char *name, void *out, size_t size);

#endif
