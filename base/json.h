/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a JSON object (RFC 8259), for the module, which must not bring a JSON library into a host process. Reading is
 * jansson's work, in server and cli.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

/* Members; the comma is put where it belongs. Text is escaped; malformed UTF-8 becomes U+FFFD. */
void wr_json_open(struct wr *w);
void wr_json_close(struct wr *w);
void wr_json_text(struct wr *w, const char *key, struct rd value);
void wr_json_number(struct wr *w, const char *key, int64_t value);
void wr_json_bool(struct wr *w, const char *key, bool value);

#endif
