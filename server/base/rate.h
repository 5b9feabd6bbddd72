/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often somebody may do something: one token bucket for each thing and each address or identity. The memory is
 * fixed; where many want a place, who has used his bucket least loses it.
 */
#ifndef SERVER_BASE_RATE_H
#define SERVER_BASE_RATE_H

#include "base/err.h"

enum srv_rate {
	SRV_RATE_SESSION,       /* sessions begun */
	SRV_RATE_FAILED,        /* calls that were not authorised */
	SRV_RATE_GUESS,         /* links that nobody has */
	SRV_RATE_TELL,          /* news of requests for one card */
	SRV_RATE_INBOX,         /* nonces and signatures for inbox tokens: each costs us a computation */
	SRV_RATES
};
struct srv_rates;
MUST enum err srv_rates_new(struct srv_rates **out);
void srv_rates_free(struct srv_rates **r);      /* NULL-safe */
/*
 * One from the bucket of key. 0: taken; otherwise nothing was, and so many seconds later there is one again. now_ms:
 * boot time.
 */
MUST unsigned srv_rate_take(struct srv_rates *r, enum srv_rate what, const char *key, uint64_t now_ms);
/*
 * The same for an address as text. IPv6 addresses of one /64 are one: whoever has one of them has them all (RFC 4291
 * 2.5.4).
 */
MUST unsigned srv_rate_take_from(struct srv_rates *r, enum srv_rate what, const char *address, uint64_t now_ms);
/* How many are in a full bucket, for tests and documents. */
unsigned srv_rate_burst(enum srv_rate what);

#endif
