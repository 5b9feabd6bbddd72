/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"

json_t *srv_json_parse(struct rd text, char *why, size_t cap)
{
	json_error_t at;
	json_t *j = json_loadb(text.n ? (const char *)text.p : "", text.n, JSON_REJECT_DUPLICATES, &at);

	if (!j)
		(void)snprintf(why, cap, "no JSON: %s, line %d", at.text, at.line);
	else if (!json_is_object(j)) {
		(void)snprintf(why, cap, "no JSON object");
		json_decref(j);
		j = NULL;
	}
	return j;
}

/* bytes as text by one of base's writers. */
static json_t *encoded(struct rd bytes, void (*encode)(struct wr *w, struct rd bytes))
{
	struct wr w;
	json_t *j = NULL;

	wr_init_heap(&w, SRV_REPLY_MAX);
	encode(&w, bytes);
	if (!wr_done(&w))
		j = w.n ? json_stringn((const char *)w.p, w.n) : json_string("");
	wr_free(&w);
	return j;
}

json_t *srv_json_bytes(struct rd bytes)
{
	return encoded(bytes, wr_base64url);
}

json_t *srv_json_bytes_or_null(struct rd bytes)
{
	return bytes.n ? srv_json_bytes(bytes) : json_null();
}

json_t *srv_json_hex(struct rd bytes)
{
	return encoded(bytes, wr_hex);
}

json_t *srv_json_text(const char *s)
{
	char shown[4 * SHOWN_MAX];
	json_t *j = json_string(s);

	return j ? j : json_string(text_shown(rd_str(s), shown, sizeof(shown)));
}

json_t *srv_json_seconds(uint64_t at_ms, uint64_t now_ms)
{
	return json_integer(at_ms > now_ms ? (json_int_t)((at_ms - now_ms + 999) / 1000) : 0);
}

enum err srv_json_read_bytes(const json_t *j, struct wr *out)
{
	if (!json_is_string(j))
		return ERR_FORMAT;
	return text_unbase64url(rd_of(json_string_value(j), json_string_length(j)), out);
}

void srv_json_append(json_t **list, json_t *j)
{
	if (*list && !json_array_append_new(*list, j))
		return;
	if (!*list)
		json_decref(j);
	json_decref(*list);
	*list = NULL;
}

json_t *srv_json_join(json_t *const part[], size_t n)
{
	json_t *j = json_object();
	bool bad = !j;
	size_t i;

	for (i = 0; i < n; i++) {
		bad |= !part[i] || json_object_update(j, part[i]);
		json_decref(part[i]);
	}
	if (!bad)
		return j;
	json_decref(j);
	return NULL;
}

void srv_json_write(json_t *j, struct wr *out)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text)
		wr_text(out, text);
	else
		wr_fail(out, ERR_NOMEM);
	free(text);
	json_decref(j);
}
