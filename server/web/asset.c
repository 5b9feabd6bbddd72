/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web/asset.h"

#include <string.h>

#include "base/crypto_digest.h"
#include "base/text.h"
#include "server/web/web.h"

#define TAG_BYTES 8
#define TAG_SIZE (2 * TAG_BYTES + 3)    /* in quotes */

static const struct { const char *end, *type; } types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".json", SRV_JSON },
};

static const struct web_asset *find(const char *name)
{
	const struct web_asset *a;

	for (a = web_assets; a->name && strcmp(a->name, name); a++)
		;
	return a->name ? a : NULL;
}

/* The begin of its hash, in quotes, as an ETag is written (RFC 9110 8.8.3). */
static void tag_make(const struct web_asset *a, char out[TAG_SIZE])
{
	uint8_t hash[SHA256_SIZE] = { 0 };
	struct wr w;

	wr_init(&w, out, TAG_SIZE);
	wr_u8(&w, '"');
	if (sha256(rd_of(a->bytes, a->size), hash))
		wr_fail(&w, ERR_CRYPTO);
	wr_hex(&w, rd_of(hash, TAG_BYTES));
	wr_u8(&w, '"');
	(void)wr_cstr(&w);
}

void web_asset_path(const char *name, struct wr *out)
{
	const struct web_asset *a = find(name);
	char tag[TAG_SIZE];

	if (!a) {
		wr_fail(out, ERR_BUG);
		return;
	}
	tag_make(a, tag);
	wr_printf(out, "/assets/%s?v=%.*s", name, 2 * TAG_BYTES, tag + 1);
}

void web_asset(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	const struct web_asset *a = find(arg);
	const char *type = NULL, *query = call->request.query;
	char tag[TAG_SIZE];
	size_t i;

	(void)s;
	(void)now_ms;
	if (!a) {
		srv_call_refuse(call, 404, "not_found", "no such file");
		return;
	}
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(strrchr(a->name, '.'), types[i].end))
			type = types[i].type;
	tag_make(a, tag);
	srv_call_header(call, "ETag", tag);
	/* An address with the right hash never means anything else. */
	srv_call_header(call, "Cache-Control", query && !strncmp(query, "v=", 2) && !strncmp(query + 2, tag + 1,
			2 * TAG_BYTES) ? "public, max-age=31536000, immutable" : "no-cache");
	srv_call_header(call, "Content-Security-Policy", "default-src 'none'");
	srv_call_header(call, "Cross-Origin-Resource-Policy", "same-origin");
	if (call->request.if_none_match && strstr(call->request.if_none_match, tag)) {
		srv_call_answer(call, 304, NULL);
		return;
	}
	wr_put(&call->reply.body, rd_of(a->bytes, a->size));
	srv_call_answer(call, 200, type);
}

void web_openapi(struct srv *s, struct srv_call *call, const char *arg, uint64_t now_ms)
{
	(void)arg;
	web_asset(s, call, "openapi.json", now_ms);
}
