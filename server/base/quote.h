/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text as it may stand between double quotes on a log line: no control character, no such quote. */
#ifndef SERVER_BASE_QUOTE_H
#define SERVER_BASE_QUOTE_H

#include "base/limits.h"

struct srv_quoted { char text[SHOWN_MAX + 1]; };
const char *srv_quote(const char *text, struct srv_quoted *q);

#endif
