/* SPDX-License-Identifier: Apache-2.0 */
/* A mail: RFC 5322 with MIME, plain text. */
#ifndef TELL_MAIL_H
#define TELL_MAIL_H

#include "base/buf.h"

#define MAIL_MAX (64 * 1024)

struct mail {
	const char *from, *to;  /* addresses (tell/address.h) */
	const char *subject;    /* UTF-8, any: what could end a header line becomes a blank */
	const char *text;       /* UTF-8, lines ended by \n */
	const char *id;         /* of this message, the same at each try: letters, digits, dots and hyphens */
	int64_t when;           /* seconds since 1970 */
};
/* The whole message with CRLF, appended. ERR_ARG: an address or the id is none. */
MUST enum err mail_write(const struct mail *m, struct wr *out);

#endif
