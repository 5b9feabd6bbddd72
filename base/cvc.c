/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cvc.h"

#include "base/crypto_rsa.h"
#include "base/date.h"
#include "base/tlv.h"

#define POINT_MIN (2 * 24 + 1)          /* 192 bits */

/* An element that may stand in a template, and where its value goes. */
struct slot {
	uint32_t tag;
	bool required;
	struct rd *val;
	struct rd *whole;               /* may be NULL */
	bool seen;
};

/* All elements of a template into their slots; false for one without a slot, a second one, or a missing one. */
static bool fill(struct rd r, struct slot *slots, size_t n)
{
	while (!rd_end(&r)) {
		struct rd whole, val;
		uint32_t tag;
		size_t i = 0;

		if (!rd_tlv_any(&r, &tag, &whole, &val))
			return false;
		while (i < n && slots[i].tag != tag)
			i++;
		if (i == n || slots[i].seen)
			return false;
		slots[i].seen = true;
		*slots[i].val = val;
		if (slots[i].whole)
			*slots[i].whole = whole;
	}
	for (size_t i = 0; i < n; i++)
		if (slots[i].required && !slots[i].seen)
			return false;
	return true;
}

#define FILL(r, slots) fill((r), (slots), sizeof(slots) / sizeof((slots)[0]))

/* BSI TR-03110 part 3, A.1.1.3 and D.3.1: id-TA-RSA is 0.4.0.127.0.7.2.2.2.1, id-TA-ECDSA ends in .2. */
#define ARC "\x04\x00\x7f\x00\x07\x02\x02\x02"
static const struct algorithm {
	struct rd oid;
	bool is_rsa;
	enum digest_alg digest;
} algorithms[] = {
	{ RD_LIT(ARC "\x01\x02"), true, DIGEST_SHA256 },        /* PKCS#1 v1.5 */
	{ RD_LIT(ARC "\x01\x05"), true, DIGEST_SHA512 },
	{ RD_LIT(ARC "\x02\x02"), false, DIGEST_SHA224 },
	{ RD_LIT(ARC "\x02\x03"), false, DIGEST_SHA256 },
	{ RD_LIT(ARC "\x02\x04"), false, DIGEST_SHA384 },
	{ RD_LIT(ARC "\x02\x05"), false, DIGEST_SHA512 },
};

static bool is_rsa_oid(struct rd oid)
{
	struct rd arc;

	return rd_take(&oid, sizeof(ARC "\x01") - 1, &arc) && rd_eq(arc, RD_LIT(ARC "\x01"));
}

static bool read_rsa_key(struct rd body, struct cvc_key *k)
{
	struct slot slots[] = {
		{ .tag = 0x06, .required = true, .val = &k->oid },
		{ .tag = 0x81, .required = true, .val = &k->modulus },
		{ .tag = 0x82, .required = true, .val = &k->exponent },
	};

	if (!FILL(body, slots))
		return false;
	k->is_rsa = true;
	k->modulus = rd_magnitude(k->modulus);
	k->exponent = rd_magnitude(k->exponent);
	return k->modulus.n && k->exponent.n;
}

static bool read_ec_key(struct rd body, struct cvc_key *k)
{
	struct slot slots[] = {
		{ .tag = 0x06, .required = true, .val = &k->oid },
		{ .tag = 0x86, .required = true, .val = &k->q },
		{ .tag = 0x81, .val = &k->p },
		{ .tag = 0x82, .val = &k->a },
		{ .tag = 0x83, .val = &k->b },
		{ .tag = 0x84, .val = &k->g },
		{ .tag = 0x85, .val = &k->n },
		{ .tag = 0x87, .val = &k->h },
	};

	if (!FILL(body, slots))
		return false;
	/* D.3.3: the domain parameters are conditional, all or none. */
	for (size_t i = 3; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (slots[i].seen != slots[2].seen || (slots[i].seen && slots[i].val->n == 0))
			return false;
	return k->q.n >= POINT_MIN && k->q.n <= EC_POINT_MAX && k->q.n % 2 == 1 && k->q.p[0] == 0x04 &&
	       (!slots[2].seen || (k->q.n == 2 * k->p.n + 1 && k->g.n == k->q.n));
}

static bool read_key(struct rd body, struct cvc_key *k)
{
	struct rd oid;

	if (!rd_tlv_find(body, 0x06, &oid) || oid.n == 0)
		return false;
	return is_rsa_oid(oid) ? read_rsa_key(body, k) : read_ec_key(body, k);
}

static bool read_chat(struct rd chat, struct cvc *c)
{
	struct rd role;
	struct slot slots[] = {
		{ .tag = 0x06, .required = true, .val = &c->chat_oid },
		{ .tag = 0x53, .required = true, .val = &role },
	};

	if (!FILL(chat, slots) || c->chat_oid.n == 0 || role.n != 1)
		return false;
	c->role = role.p[0];
	c->has_chat = true;
	return true;
}

static bool is_date(struct rd six)
{
	int64_t t;

	return cvc_date(six, &t) == ERR_OK;
}

static bool read_body(struct rd body, struct cvc *c)
{
	struct rd profile, key, chat;
	enum { PROFILE, CAR, KEY, CHR, CHAT, FROM, TO, EXTENSIONS };
	struct slot slots[] = {
		[PROFILE] = { .tag = 0x5f29, .required = true, .val = &profile },
		[CAR] = { .tag = 0x42, .val = &c->car },
		[KEY] = { .tag = 0x7f49, .required = true, .val = &key },
		[CHR] = { .tag = 0x5f20, .required = true, .val = &c->chr },
		[CHAT] = { .tag = 0x7f4c, .val = &chat },
		[FROM] = { .tag = 0x5f25, .val = &c->from },
		[TO] = { .tag = 0x5f24, .val = &c->to },
		[EXTENSIONS] = { .tag = 0x65, .val = &c->extensions },
	};

	if (!FILL(body, slots) || !rd_eq(profile, RD_LIT("\x00")) || !read_key(key, &c->key) ||
	    !cvc_reference_is_valid(c->chr) || (slots[CAR].seen && !cvc_reference_is_valid(c->car)))
		return false;
	/* C.1: a certificate has all three and says who issued it; C.2: a request has none of them. */
	if (slots[FROM].seen != slots[CHAT].seen || slots[TO].seen != slots[CHAT].seen)
		return false;
	if (!slots[CHAT].seen)
		return true;
	return slots[CAR].seen && read_chat(chat, c) && is_date(c->from) && is_date(c->to);
}

enum err cvc_read(struct rd *r, struct cvc *out)
{
	struct rd rest = *r, content, body;
	struct cvc c = { 0 };
	struct slot slots[] = {
		{ .tag = 0x7f4e, .required = true, .val = &body, .whole = &c.body },
		{ .tag = 0x5f37, .required = true, .val = &c.sig },
	};

	if (!rd_tlv_whole(&rest, 0x7f21, &c.whole, &content) || c.whole.n > CVC_MAX || !FILL(content, slots) ||
	    c.sig.n == 0 || !read_body(body, &c))
		return ERR_FORMAT;
	*out = c;
	*r = rest;
	return ERR_OK;
}

/* The order is part of the format here: the outer signature covers 7F21 and 42 as they stand, one after the other. */
enum err cvc_request_read(struct rd *r, struct cvc_request *out)
{
	struct rd rest = *r, at;
	struct cvc_request q;

	if (!rd_tlv_whole(&rest, 0x67, &q.whole, &q.content) || q.whole.n > CVC_MAX)
		return ERR_FORMAT;
	at = q.content;
	if (cvc_read(&at, &q.inner) || q.inner.has_chat || !rd_tlv(&at, 0x42, &q.outer_car) ||
	    !cvc_reference_is_valid(q.outer_car))
		return ERR_FORMAT;
	q.signed_part = rd_of(q.content.p, q.content.n - at.n);
	if (!rd_tlv(&at, 0x5f37, &q.sig) || q.sig.n == 0 || !rd_end(&at))
		return ERR_FORMAT;
	*out = q;
	*r = rest;
	return ERR_OK;
}

enum err cvc_devaut_read(struct rd bytes, struct cvc *device, struct cvc *issuer, bool *has_issuer)
{
	struct cvc first, second = { 0 };
	bool two;

	if (cvc_read(&bytes, &first) || !first.has_chat)
		return ERR_FORMAT;
	two = !rd_is_zero(bytes);
	if (two && (cvc_read(&bytes, &second) || !second.has_chat || !rd_is_zero(bytes)))
		return ERR_FORMAT;
	if (!two && !rd_eq(first.car, first.chr))
		return ERR_FORMAT;
	*device = first;
	*issuer = second;
	*has_issuer = two;
	return ERR_OK;
}

enum ec_curve cvc_key_curve(const struct cvc_key *k, enum ec_curve inherited)
{
	const struct ec_domain *d;

	if (k->is_rsa)
		return EC_NONE;
	if (k->p.n == 0)
		return inherited;
	d = ec_domain_find(k->p, k->a, k->b, k->g, k->n, k->h);
	return d ? d->curve : EC_NONE;
}

enum err cvc_verify(const struct cvc_key *by, enum ec_curve curve, struct rd message, struct rd sig)
{
	const struct algorithm *a = NULL;
	uint8_t buf[DIGEST_MAX];
	struct wr hash;
	enum err e;

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (rd_eq(by->oid, algorithms[i].oid) && by->is_rsa == algorithms[i].is_rsa)
			a = &algorithms[i];
	if (!a)
		return ERR_UNSUPPORTED;
	WR_ARR(&hash, buf);
	e = digest_once(a->digest, message, &hash);
	if (e)
		return e;
	if (a->is_rsa)
		return rsa_verify_pkcs1(by->modulus, by->exponent, a->digest, wr_view(&hash), sig);
	return ec_verify(curve, by->q, wr_view(&hash), sig);
}

enum err cvc_key_spki(const struct cvc_key *k, enum ec_curve inherited, struct wr *der)
{
	if (k->is_rsa)
		return rsa_spki(k->modulus, k->exponent, der);
	return ec_spki(cvc_key_curve(k, inherited), k->q, der);
}

enum err cvc_date(struct rd six, int64_t *t)
{
	unsigned pair[3];
	int64_t days;
	enum err e;

	if (six.n != 6)
		return ERR_FORMAT;
	for (size_t i = 0; i < 3; i++) {
		if (six.p[2 * i] > 9 || six.p[2 * i + 1] > 9)
			return ERR_FORMAT;
		pair[i] = six.p[2 * i] * 10u + six.p[2 * i + 1];
	}
	e = date_days(2000 + pair[0], pair[1], pair[2], &days);
	if (e)
		return e;
	*t = days * 86400;
	return ERR_OK;
}

bool cvc_reference_is_valid(struct rd ref)
{
	if (ref.n < CHR_MIN || ref.n > CHR_MAX)
		return false;
	for (size_t i = 0; i < ref.n; i++)
		if (i < 2 ? ref.p[i] < 'A' || ref.p[i] > 'Z' : ref.p[i] < 0x20 || ref.p[i] > 0x7e)
			return false;
	return true;
}
