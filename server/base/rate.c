/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/rate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_digest.h"
#include "base/rand.h"

#define ROWS 1024
#define WAYS 4                  /* places that one key may have */
#define MINUTE_MS 60000
#define SALT_SIZE 32

/* A full bucket holds burst; each minute brings so many more. */
static const struct {
	unsigned burst, per_minute;
} limits[SRV_RATES] = {
	[SRV_RATE_SESSION] = { 120, 1200 },     /* 600 ceremonies a minute from one address, and as many failures */
	[SRV_RATE_FAILED]  = { 60, 30 },
	[SRV_RATE_GUESS]   = { 60, 30 },
	[SRV_RATE_TELL]    = { 30, 2 },         /* a person can bear it, and a host in trouble is seen */
	[SRV_RATE_INBOX]   = { 60, 60 },
};

/*
 * A bucket is one time: when it will be full again. Each one taken moves it by what it takes to refill one; it may be
 * in the future by at most what a whole bucket takes. A time in the past is a full bucket, and a free place.
 */
struct bucket {
	uint64_t key;
	uint64_t full_ms;
};
struct srv_rates {
	uint8_t salt[SALT_SIZE];        /* so that nobody can choose whose places he takes */
	struct bucket places[ROWS][WAYS];
};

enum err srv_rates_new(struct srv_rates **out)
{
	struct srv_rates *r = calloc(1, sizeof(*r));
	enum err e = r ? rand_bytes(r->salt, sizeof(r->salt)) : ERR_NOMEM;

	if (e) {
		free(r);
		r = NULL;
	}
	*out = r;
	return e;
}

void srv_rates_free(struct srv_rates **r)
{
	free(*r);
	*r = NULL;
}

unsigned srv_rate_burst(enum srv_rate what)
{
	return limits[what].burst;
}

static enum err key_of(const struct srv_rates *r, enum srv_rate what, const char *key, uint64_t *out)
{
	const uint8_t kind = (uint8_t)what;
	const struct rd parts[] = { RD_ARR(r->salt), rd_of(&kind, 1), rd_str(key) };
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), hash);

	if (!e)
		memcpy(out, hash, sizeof(*out));
	return e;
}

/* Its place, or the one that is missed least. */
static struct bucket *place_of(struct srv_rates *r, uint64_t key)
{
	struct bucket *row = r->places[key % ROWS], *least = row;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (row[i].key == key)
			return &row[i];
		if (row[i].full_ms < least->full_ms)
			least = &row[i];
	}
	*least = (struct bucket){ .key = key };
	return least;
}

unsigned srv_rate_take(struct srv_rates *r, enum srv_rate what, const char *key, uint64_t now_ms)
{
	const uint64_t each_ms = MINUTE_MS / limits[what].per_minute, most_ms = each_ms * limits[what].burst;
	struct bucket *b;
	uint64_t k, full_ms;

	if (key_of(r, what, key, &k))
		return 1;       /* no memory: not now */
	b = place_of(r, k);
	full_ms = (b->full_ms > now_ms ? b->full_ms : now_ms) + each_ms;
	if (full_ms > now_ms + most_ms)
		return (unsigned)((full_ms - now_ms - most_ms + 999) / 1000);
	b->full_ms = full_ms;
	return 0;
}

unsigned srv_rate_take_from(struct srv_rates *r, enum srv_rate what, const char *address, uint64_t now_ms)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET6, address, &a) != 1)
		return srv_rate_take(r, what, address, now_ms);
	if (!IN6_IS_ADDR_V4MAPPED(&a))
		memset(&a.s6_addr[8], 0, 8);
	if (!inet_ntop(AF_INET6, &a, text, sizeof(text)))
		return 1;
	return srv_rate_take(r, what, text, now_ms);
}
