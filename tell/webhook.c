/* SPDX-License-Identifier: Apache-2.0 */
#include "tell/webhook.h"

#include <stdio.h>

#include "base/crypto_digest.h"
#include "base/text.h"
#include "ramoverhttp/http.h"

#define ANSWER_MAX 65536
#define TOTAL_MS   20000

enum err webhook_signature(struct rd secret, struct rd body, struct wr *out)
{
	uint8_t mac[SHA256_SIZE];
	enum err e = hmac_sha256(secret, body, mac);

	if (e)
		return e;
	wr_text(out, "sha256=");
	wr_hex(out, RD_ARR(mac));
	return wr_done(out);
}

static enum err header_make(const struct webhook *w, struct wr *out)
{
	wr_text(out, WEBHOOK_SIGNATURE ": ");
	return webhook_signature(secret_view(w->secret), w->body, out);
}

enum err webhook_send(const struct webhook *w, char *why, size_t cap)
{
	const struct http_config config = { .ca_file = w->ca, .proxy = w->proxy, .total_ms = TOTAL_MS };
	const char *headers[] = { NULL, NULL };
	struct http_request r = { .method = "POST", .url = w->url, .type = "application/json", .headers = headers,
				  .body = w->body, .max = ANSWER_MAX };
	struct deadline dl = deadline_in(TOTAL_MS);
	char text[160];
	struct wr header, answer;
	void *http = NULL;
	int status = 0;
	enum err e = ERR_OK;

	why[0] = '\0';
	WR_ARR(&header, text);
	wr_init_heap(&answer, ANSWER_MAX);
	if (w->secret) {
		e = header_make(w, &header);
		headers[0] = wr_cstr(&header);
	}
	if (!e)
		e = http_curl.open(&config, &http);
	if (!e)
		e = http_curl.request(http, &r, &status, &answer, why, cap, &dl);
	if (!e && (status < 200 || status > 299)) {
		(void)snprintf(why, cap, "the receiver answers with status %d", status);
		e = ERR_HTTP;
	}
	if (e && !why[0])
		(void)snprintf(why, cap, "%s", err_text(e));
	if (http)
		http_curl.close(http);
	wr_free(&answer);
	return e;
}
