/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a form or query (application/x-www-form-urlencoded), and the other way round for an address. */
#ifndef SERVER_WEB_FORM_H
#define SERVER_WEB_FORM_H

#include "base/buf.h"

/* The field's text with a terminator; "" if it is missing, or wrong (srv_query_field). size: of out. */
void form_get(struct rd form, const char *name, char *out, size_t size);
/* text as a value may stand in a query. */
void form_put(struct wr *w, const char *text);

#endif
