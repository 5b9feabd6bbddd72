/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands after the question mark of a path, and what a form sends: name=value, joined by '&', encoded as
 * application/x-www-form-urlencoded (WHATWG URL 5.1). One name stands there once: what would be taken from two fields
 * of one name is a matter of who reads.
 */
#ifndef SERVER_BASE_QUERY_H
#define SERVER_BASE_QUERY_H

#include "base/buf.h"

#define SRV_QUERY_MAX 200               /* bytes of a value, decoded */

/*
 * The value of name with a terminator, "" if it is not there. false, with "": the value is malformed, does not fit into
 * size bytes, holds a zero byte, or the name is there twice.
 */
bool srv_query_field(struct rd fields, const char *name, char *out, size_t size);
/* The same of a query, which may be NULL. */
bool srv_query_text(const char *query, const char *name, char out[SRV_QUERY_MAX + 1]);
/* As a decimal number; *out stays as it is where the name is not there or empty. false: it is none. */
bool srv_query_number(const char *query, const char *name, uint64_t *out);

#endif
