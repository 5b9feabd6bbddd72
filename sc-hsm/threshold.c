/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/threshold.h"

#include "base/rand.h"

#define PASSWORD_SIZE 8

/* ---- numbers below p, which may have 64 bits; not every processor's compiler has numbers of 128 ---- */

static uint64_t sub(uint64_t a, uint64_t b, uint64_t p)
{
	return a >= b ? a - b : p - (b - a);
}

static uint64_t add(uint64_t a, uint64_t b, uint64_t p)
{
	return b ? sub(a, p - b, p) : a;
}

static uint64_t mul(uint64_t a, uint64_t b, uint64_t p)
{
	uint64_t r = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			r = add(r, a, p);
		a = add(a, a, p);
	}
	return r;
}

static uint64_t power(uint64_t a, uint64_t n, uint64_t p)
{
	uint64_t r = 1 % p;

	for (; n; n >>= 1) {
		if (n & 1)
			r = mul(r, a, p);
		a = mul(a, a, p);
	}
	return r;
}

/* Miller and Rabin; with these bases it is certain for every number of 64 bits. */
static bool is_prime(uint64_t n)
{
	static const uint8_t bases[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 };
	uint64_t d = n - 1;
	unsigned s = 0;

	if (n < 2)
		return false;
	for (size_t i = 0; i < sizeof(bases); i++)
		if (n % bases[i] == 0)
			return n == bases[i];
	for (; !(d & 1); d >>= 1)
		s++;
	for (size_t i = 0; i < sizeof(bases); i++) {
		uint64_t x = power(bases[i], d, n);
		unsigned r = 1;

		for (; x != 1 && x != n - 1 && r < s; r++)
			x = mul(x, x, n);
		if (x != 1 && x != n - 1)
			return false;
	}
	return true;
}

/* A safe prime above every password: half of it is prime, too, which nobody needs, but others' programs make such. */
static enum err prime_new(uint64_t *out)
{
	enum err e;

	do {
		e = rand_bytes(out, sizeof(*out));
		*out |= (uint64_t)1 << 63 | 3;
	} while (!e && !(is_prime(*out >> 1) && is_prime(*out)));
	return e;
}

static enum err below(uint64_t p, uint64_t *out)
{
	enum err e;

	do
		e = rand_bytes(out, sizeof(*out));
	while (!e && *out >= p);
	return e;
}

static enum err to_secret(uint64_t v, struct secret **out)
{
	uint8_t bytes[PASSWORD_SIZE];
	enum err e;

	for (size_t i = PASSWORD_SIZE; i-- > 0; v >>= 8)
		bytes[i] = (uint8_t)v;
	e = secret_new(RD_ARR(bytes), out);
	wipe(bytes, sizeof(bytes));
	return e;
}

enum err hsm_threshold_new(unsigned t, unsigned n, struct secret **password, uint64_t *prime,
			   struct hsm_part parts[HSM_PARTS_MAX])
{
	uint64_t c[HSM_PARTS_MAX];
	enum err e;

	if (t < 2 || n < 3 || t > n || n > HSM_PARTS_MAX)
		return ERR_ARG;
	e = prime_new(prime);
	/* From 01 00 ... to 7F FF ...: below the prime in any case. */
	do {
		if (!e)
			e = rand_bytes(&c[0], sizeof(c[0]));
		c[0] &= UINT64_MAX >> 1;
	} while (!e && !(c[0] >> 56));
	for (unsigned i = 1; i < t && !e; i++)
		e = below(*prime, &c[i]);
	for (unsigned x = 1; x <= n && !e; x++) {
		uint64_t y = 0;

		for (unsigned i = t; i-- > 0;)
			y = add(mul(y, x, *prime), c[i], *prime);
		parts[x - 1] = (struct hsm_part){ x, y };
	}
	if (!e)
		e = to_secret(c[0], password);
	wipe(c, sizeof(c));
	return e;
}

static bool parts_are_good(uint64_t p, const struct hsm_part *parts, unsigned t)
{
	for (unsigned i = 0; i < t; i++) {
		if (parts[i].x == 0 || parts[i].x >= p || parts[i].y >= p)
			return false;
		for (unsigned j = 0; j < i; j++)
			if (parts[i].x == parts[j].x)
				return false;
	}
	return t > 0;
}

/* Lagrange at 0. */
enum err hsm_threshold_join(uint64_t prime, const struct hsm_part *parts, unsigned t, struct secret **password)
{
	uint64_t sum = 0;
	enum err e;

	if (!is_prime(prime) || !parts_are_good(prime, parts, t))
		return ERR_ARG;
	for (unsigned i = 0; i < t; i++) {
		uint64_t top = parts[i].y, bottom = 1;

		for (unsigned j = 0; j < t; j++) {
			if (i == j)
				continue;
			top = mul(top, parts[j].x, prime);
			bottom = mul(bottom, sub(parts[j].x, parts[i].x, prime), prime);
		}
		sum = add(sum, mul(top, power(bottom, prime - 2, prime), prime), prime);
	}
	e = to_secret(sum, password);
	wipe(&sum, sizeof(sum));
	return e;
}
