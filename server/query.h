/* SPDX-License-Identifier: Apache-2.0 */
/* What stands after the question mark of a path: name=value, joined by '&', encoded as a form's (WHATWG URL 5.1). */
#ifndef SERVER_QUERY_H
#define SERVER_QUERY_H

#include "base/buf.h"

#define SRV_QUERY_MAX 200               /* bytes of a value, decoded */

/* The value of name, "" if it is not there. false: malformed, too long, or with a zero byte. query may be NULL. */
bool srv_query_text(const char *query, const char *name, char out[SRV_QUERY_MAX + 1]);
/* As a decimal number; *out stays as it is where the name is not there or empty. false: it is none. */
bool srv_query_number(const char *query, const char *name, uint64_t *out);

#endif
