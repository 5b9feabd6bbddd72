/* SPDX-License-Identifier: Apache-2.0 */
/* What server/ needs of jansson beyond jansson itself. */
#ifndef SERVER_BASE_JSON_H
#define SERVER_BASE_JSON_H

#include <jansson.h>
#include "base/buf.h"

/* One object, no member twice, nothing after it; NULL otherwise, why says where. */
json_t *srv_json_parse(struct rd text, char *why, size_t cap);
json_t *srv_json_bytes(struct rd bytes);                        /* base64url */
json_t *srv_json_bytes_or_null(struct rd bytes);                /* null for no bytes */
json_t *srv_json_hex(struct rd bytes);
json_t *srv_json_text(const char *s);                           /* what is not UTF-8 is escaped */
json_t *srv_json_seconds(uint64_t at_ms, uint64_t now_ms);      /* whole ones until then, rounded up; 0: it is past */
/* Append the bytes of a base64url member. ERR_FORMAT: j is no text, or not base64url. */
MUST enum err srv_json_read_bytes(const json_t *j, struct wr *out);
/*
 * Append j to a list; both may be NULL. A failure frees the list and makes it NULL, so that the reply is an error,
 * not a shorter list.
 */
void srv_json_append(json_t **list, json_t *j);
/*
 * One object with the members of all n parts; NULL if one of them is NULL, or there is no memory. They are freed either
 * way. In parts a format and its arguments can be compared at a glance.
 */
json_t *srv_json_join(json_t *const part[], size_t n);
/* Append the text of j, which is freed; NULL latches ERR_NOMEM. */
void srv_json_write(json_t *j, struct wr *out);

#endif
