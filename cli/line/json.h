/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are told: with --json stdout gets one JSON document, the verb's answer or why there is none. */
#ifndef CLI_LINE_JSON_H
#define CLI_LINE_JSON_H

#include <jansson.h>

#include "base/buf.h"

/* Append and drop; without memory *list becomes NULL, which json_pack then notices. */
void cli_json_append(json_t **list, json_t *item);
/*
 * Print to stdout, safe on a terminal whoever made the texts, and drop. doc NULL (no memory while it was made):
 * ERR_NOMEM, said.
 */
MUST enum err cli_json_print(json_t *doc);

/* From now on what people are told is kept for cli_json_error. */
void cli_json_begin(void);
/* {"error": {"name": ..., "message": ...}}, unless the verb's own document says what is wrong. Returns e. */
enum err cli_json_error(enum err e);

#endif
