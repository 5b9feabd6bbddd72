/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_digest.h"
#include "base/rand.h"

#define USED_MAX 256            /* signatures that were good, within SRV_NONCE_S; more are refused until then */
#define HEAD_SIZE 16            /* of a nonce: 8 bytes of time, 8 that are random */
#define TIME_SIZE 8

struct srv_inbox {
	uint8_t secret[32];
	struct used {
		uint8_t nonce[PKA_INBOX_NONCE_SIZE];
		uint64_t until_ms;      /* boot time; 0: free */
	} used[USED_MAX];
};

enum err srv_inbox_new(struct srv_inbox **out)
{
	struct srv_inbox *x = calloc(1, sizeof(*x));
	enum err e = x ? rand_bytes(x->secret, sizeof(x->secret)) : ERR_NOMEM;

	if (e)
		srv_inbox_free(&x);
	*out = x;
	return e;
}

void srv_inbox_free(struct srv_inbox **x)
{
	if (*x)
		wipe((*x)->secret, sizeof((*x)->secret));
	free(*x);
	*x = NULL;
}

/*
 * Behind the head stands hash(secret, head, name), cut; so the hash of something longer does not follow from it.
 */
static enum err nonce_finish(const struct srv_inbox *x, const char *chr, uint8_t nonce[PKA_INBOX_NONCE_SIZE])
{
	const struct rd parts[] = { RD_ARR(x->secret), rd_of(nonce, HEAD_SIZE), rd_str(chr) };
	uint8_t hash[SHA256_SIZE];
	enum err e = sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), hash);

	memcpy(nonce + HEAD_SIZE, hash, PKA_INBOX_NONCE_SIZE - HEAD_SIZE);
	return e;
}

enum err srv_inbox_nonce(const struct srv_inbox *x, const char *chr, uint64_t now_ms, uint8_t out[PKA_INBOX_NONCE_SIZE])
{
	enum err e = rand_bytes(out + TIME_SIZE, HEAD_SIZE - TIME_SIZE);
	size_t i;

	for (i = 0; i < TIME_SIZE; i++)
		out[i] = (uint8_t)(now_ms >> (8 * (TIME_SIZE - 1 - i)));
	return e ? e : nonce_finish(x, chr, out);
}

static enum err nonce_check(const struct srv_inbox *x, const char *chr, const uint8_t nonce[PKA_INBOX_NONCE_SIZE],
			    uint64_t now_ms)
{
	uint8_t ours[PKA_INBOX_NONCE_SIZE];
	uint64_t at_ms = 0;
	size_t i;

	for (i = 0; i < TIME_SIZE; i++)
		at_ms = at_ms << 8 | nonce[i];
	memcpy(ours, nonce, HEAD_SIZE);
	if (at_ms > now_ms || now_ms - at_ms >= SRV_NONCE_S * 1000ull || nonce_finish(x, chr, ours) ||
	    !rd_eq_secret(rd_of(nonce, PKA_INBOX_NONCE_SIZE), RD_ARR(ours)))
		return ERR_EXPIRED;
	for (i = 0; i < USED_MAX; i++)
		if (x->used[i].until_ms > now_ms && !memcmp(x->used[i].nonce, nonce, PKA_INBOX_NONCE_SIZE))
			return ERR_EXPIRED;
	return ERR_OK;
}

/* ERR_EXPIRED: no place is free. */
static enum err nonce_use(struct srv_inbox *x, const uint8_t nonce[PKA_INBOX_NONCE_SIZE], uint64_t now_ms)
{
	size_t i = 0;

	while (i < USED_MAX && x->used[i].until_ms > now_ms)
		i++;
	if (i == USED_MAX)
		return ERR_EXPIRED;
	memcpy(x->used[i].nonce, nonce, PKA_INBOX_NONCE_SIZE);
	x->used[i].until_ms = now_ms + SRV_NONCE_S * 1000ull;
	return ERR_OK;
}

/*
 * The key that all cards know under this name; NULL if none does, or if two cards know two: then the name says nothing
 * about whose inbox it is.
 */
static const struct pka_custodian *key_find(const struct srv_store *store, const char *chr)
{
	const struct pka_custodian *found = NULL, *c;
	struct srv_target *t = NULL;
	size_t i;

	while ((t = store->ops->next(store->ctx, t))) {
		i = srv_target_find(t, chr);
		if (i == t->m)
			continue;
		c = &t->custodians[i];
		if (found && (found->curve != c->curve ||
			      !rd_eq(rd_of(found->q, found->q_size), rd_of(c->q, c->q_size))))
			return NULL;
		found = c;
	}
	return found;
}

enum err srv_inbox_redeem(struct srv_inbox *x, const struct srv_store *store, const struct srv_inbox_proof *p,
			  uint64_t now_ms)
{
	const struct pka_custodian *key = key_find(store, p->chr);
	struct pka_inbox s;
	enum err e = pka_inbox_read(p->statement, &s);

	if (e)
		return e;
	if (!rd_eq_str(s.key, p->chr) || !key)
		return ERR_SIGNATURE;
	if (!rd_eq_str(s.server, p->server))
		return ERR_POLICY;
	e = nonce_check(x, p->chr, s.nonce, now_ms);
	if (!e)
		e = pka_inbox_verify(p->statement, p->sig, key->curve, rd_of(key->q, key->q_size), &s);
	if (e == ERR_FORMAT)
		e = ERR_SIGNATURE;      /* a signature of another size */
	return e ? e : nonce_use(x, s.nonce, now_ms);
}
