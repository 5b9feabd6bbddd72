/* SPDX-License-Identifier: Apache-2.0 */
/* One mail to a mail server; smtp.c is the only file of this room that sees libcurl. */
#ifndef TELL_SMTP_H
#define TELL_SMTP_H

#include "base/buf.h"
#include "base/secret.h"

struct smtp_config {
	const char *url;                /* smtp:// or smtps:// */
	const char *ca;                 /* NULL: the system's */
	const char *user;               /* NULL: without */
	const struct secret *password;
};
/*
 * smtp:// goes on only after STARTTLS, but to a loopback address it may go without. A certificate that does not hold
 * ends it. ERR_CONFIG: not such a URL; ERR_CONNECT; why for people, safe to show.
 */
MUST enum err smtp_send(const struct smtp_config *c, const char *from, const char *to, struct rd mail, char *why,
			size_t cap);

#endif
