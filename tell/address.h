/* SPDX-License-Identifier: Apache-2.0 */
/* What tell delivers to; the server asks before it starts, so that a bad setting is found then. */
#ifndef TELL_ADDRESS_H
#define TELL_ADDRESS_H

#include <stdbool.h>

/* As ramoverhttp/http.h admits: https://, or http:// to this machine. */
bool tell_is_webhook(const char *url);
/* smtp:// or smtps://, without a user's name. */
bool tell_is_mail_server(const char *url);
/* This machine's: nobody else hears what is said without TLS. */
bool tell_is_local_server(const char *url);
/*
 * A mail address that can stand in a header and in an SMTP command as it is: local@domain of the characters that need
 * no quotes (RFC 5322 3.4.1, dot-atom), at most 254 of them.
 */
bool tell_is_mail(const char *address);

#endif
