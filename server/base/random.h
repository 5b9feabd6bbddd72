/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes as text: ids, cookies, links, tokens. */
#ifndef SERVER_BASE_RANDOM_H
#define SERVER_BASE_RANDOM_H

#include "base/err.h"

#define SRV_RANDOM_MAX 32               /* bytes */

/* n bytes as 2 * n hex digits and a terminator. As base/rand.h; ERR_BUG: more than SRV_RANDOM_MAX. */
MUST enum err srv_random_hex(size_t n, char *out);
/* SRV_RANDOM_MAX bytes as base64url without padding, and a terminator. */
#define SRV_RANDOM_TEXT_SIZE 44
MUST enum err srv_random_text(char out[SRV_RANDOM_TEXT_SIZE]);

#endif
