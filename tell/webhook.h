/* SPDX-License-Identifier: Apache-2.0 */
/* One message as an HTTPS POST of JSON. */
#ifndef TELL_WEBHOOK_H
#define TELL_WEBHOOK_H

#include "base/buf.h"
#include "base/secret.h"

#define WEBHOOK_SIGNATURE "X-Quorum11-Signature"

struct webhook {
	const char *url, *ca, *proxy;   /* ca NULL: the system's; proxy: http_config's */
	const struct secret *secret;    /* NULL: not signed */
	struct rd body;
};
/* "sha256=" and hex digits of HMAC-SHA256 over the body; a header's value. */
MUST enum err webhook_signature(struct rd secret, struct rd body, struct wr *out);
/* Any status from 200 to 299 is a success; redirects are not followed. why: for people, safe to show. */
MUST enum err webhook_send(const struct webhook *w, char *why, size_t cap);

#endif
