/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/p15.h"

#define USAGE_BITS 10           /* KeyUsageFlags that we know */
#define P521_BITS  521

/*
 * Which outer tag says which kind of key, PKCS#15 6.3: PrivateKeyType, and secret keys in the same file (reference
 * 8.3).
 */
static const struct {
	enum p15_type type;
	uint32_t tag;
} types[] = {
	{ P15_RSA, 0x30 }, { P15_EC, 0xA0 }, { P15_AES, 0xA8 },
};

/* Content of a BIT STRING: the number of unused bits, flags, sensitive... bits count from the left. */
static const uint8_t flags_private[] = { 0x07, 0x80 };
static const uint8_t flags_modifiable[] = { 0x06, 0x40 };
static const uint8_t access_on_card[] = { 0x03, 0xB8 };         /* sensitive, always so, never extractable, local */
static const uint8_t access_imported[] = { 0x07, 0x80 };        /* sensitive */
static const uint8_t flags_token[] = { 0x05, 0x20 };            /* random number generation */
static const uint8_t auth_id[] = { 0x01 };                      /* the user PIN's object */

/* The content of one optional element; empty if it is not there. */
static struct rd take_optional(struct rd *r, uint32_t tag)
{
	struct rd v = RD_NONE;

	return rd_tlv(r, tag, &v) ? v : RD_NONE;
}

/* ---- keys ---- */

/* KeyUsageFlags. Some writers' count of unused bits is wrong (reference 8.3), so it is not looked at. */
static unsigned read_usage(struct rd bits)
{
	unsigned usage = 0;
	uint8_t unused, b;

	if (!rd_u8(&bits, &unused))
		return 0;
	for (unsigned i = 0; rd_u8(&bits, &b) && i < USAGE_BITS; i += 8)
		for (unsigned j = 0; j < 8 && i + j < USAGE_BITS; j++)
			if (b & 0x80 >> j)
				usage |= 1u << (i + j);
	return usage;
}

static void put_usage(struct wr *w, unsigned usage)
{
	uint8_t bytes[3] = { 0 };
	unsigned last = 0;

	for (unsigned i = 0; i < USAGE_BITS; i++) {
		if (usage & 1u << i) {
			bytes[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
			last = i;
		}
	}
	bytes[0] = (uint8_t)(7 - last % 8);
	wr_tlv(w, 0x03, rd_of(bytes, 2 + last / 8));
}

/* Unsigned: early writers left the top bit without a zero byte before it (reference 8.2). */
static bool read_bits(struct rd v, unsigned *bits)
{
	uint32_t n;

	if (!rd_uint(v, &n) || n > 0xffff)
		return false;
	/* OpenSCDP's tools write the bits of the bytes (reference 8.2). */
	*bits = n == 528 ? P521_BITS : n;
	return true;
}

/* A0 of a secret key: its length, in a SEQUENCE or, in older files, directly. */
static bool read_secret(struct rd attributes, struct p15_key *k)
{
	struct rd inner, v;

	if (rd_tlv(&attributes, 0x30, &inner))
		attributes = inner;
	return !rd_tlv(&attributes, 0x02, &v) || read_bits(v, &k->bits);
}

/* A1: path, and the size behind it or, in files of early tools, behind the SEQUENCE (reference 8.1). */
static bool read_private(struct rd attributes, struct p15_key *k)
{
	struct rd inner, v;

	if (!rd_tlv(&attributes, 0x30, &inner))
		return false;
	(void)take_optional(&inner, 0x30);
	if (rd_tlv(&inner, 0x02, &v) || rd_tlv(&attributes, 0x02, &v))
		return read_bits(v, &k->bits);
	return true;
}

enum err p15_key_read(struct rd file, struct p15_key *out)
{
	struct p15_key k = { 0 };
	struct rd body, common, attributes, v;
	bool found = false;
	uint32_t tag;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && !found; i++) {
		k.type = types[i].type;
		found = rd_tlv(&file, types[i].tag, &body);
	}
	if (!found || !rd_tlv(&body, 0x30, &common) || !rd_tlv(&body, 0x30, &attributes))
		return ERR_FORMAT;
	k.label = take_optional(&common, 0x0C);
	k.id = take_optional(&attributes, 0x04);
	k.usage = read_usage(take_optional(&attributes, 0x03));

	while (rd_tlv_any(&body, &tag, NULL, &v)) {
		if (tag == 0xA0 && k.type == P15_AES && !read_secret(v, &k))
			return ERR_FORMAT;
		if (tag == 0xA1 && k.type != P15_AES && !read_private(v, &k))
			return ERR_FORMAT;
	}
	if (!rd_end(&body))
		return ERR_FORMAT;
	*out = k;
	return ERR_OK;
}

static void put_number(struct wr *w, unsigned n)
{
	const uint8_t bytes[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	wr_der_uint(w, RD_ARR(bytes));
}

/* An empty path: the key is found by the file's own number. */
static void put_path(struct wr *w)
{
	size_t path = wr_tlv_open(w, 0x30);

	wr_tlv(w, 0x04, RD_NONE);
	wr_tlv_close(w, path);
}

enum err p15_key_write(const struct p15_key *k, struct wr *out)
{
	size_t all, part, value;
	uint32_t tag = 0;

	if (k->bits > 0xffff || k->usage >> USAGE_BITS || !k->usage)
		return ERR_ARG;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == k->type)
			tag = types[i].tag;
	all = wr_tlv_open(out, tag);

	part = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x0C, k->label);
	wr_tlv(out, 0x03, RD_ARR(flags_private));
	wr_tlv(out, 0x04, RD_ARR(auth_id));
	wr_tlv_close(out, part);

	part = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x04, k->id);
	put_usage(out, k->usage);
	wr_tlv(out, 0x03, k->is_imported ? RD_ARR(access_imported) : RD_ARR(access_on_card));
	wr_tlv_close(out, part);

	if (k->type == P15_AES) {
		part = wr_tlv_open(out, 0xA0);
		value = wr_tlv_open(out, 0x30);
		put_number(out, k->bits);
		wr_tlv_close(out, value);
		wr_tlv_close(out, part);
	}
	part = wr_tlv_open(out, 0xA1);
	value = wr_tlv_open(out, 0x30);
	put_path(out);
	if (k->type != P15_AES)
		put_number(out, k->bits);
	wr_tlv_close(out, value);
	wr_tlv_close(out, part);

	wr_tlv_close(out, all);
	return wr_done(out);
}

/* ---- certificates ---- */

enum err p15_cert_read(struct rd file, struct p15_cert *out)
{
	struct p15_cert c = { 0 };
	struct rd body, common, attributes, v, path;
	uint32_t tag;

	/* 30: X.509, A5: card verifiable (reference 8.4) */
	if (!rd_tlv(&file, 0x30, &body) && !rd_tlv(&file, 0xA5, &body))
		return ERR_FORMAT;
	if (!rd_tlv(&body, 0x30, &common) || !rd_tlv(&body, 0x30, &attributes))
		return ERR_FORMAT;
	c.label = take_optional(&common, 0x0C);
	c.id = take_optional(&attributes, 0x04);
	v = take_optional(&attributes, 0x01);
	c.authority = v.n == 1 && v.p[0];

	while (rd_tlv_any(&body, &tag, NULL, &v)) {
		if (tag != 0xA1)
			continue;
		if (!rd_tlv(&v, 0x30, &path) || !rd_tlv(&path, 0x30, &v))
			return ERR_FORMAT;
		path = take_optional(&v, 0x04);
		/* The last two bytes: some writers put the application in front. */
		if (path.n >= 2)
			c.fid = (uint16_t)(path.p[path.n - 2] << 8 | path.p[path.n - 1]);
	}
	if (!rd_end(&body))
		return ERR_FORMAT;
	*out = c;
	return ERR_OK;
}

enum err p15_cert_write(const struct p15_cert *c, struct wr *out)
{
	const uint8_t fid[2] = { (uint8_t)(c->fid >> 8), (uint8_t)c->fid };
	size_t all = wr_tlv_open(out, 0x30), part, value, path;

	part = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x0C, c->label);
	wr_tlv(out, 0x03, RD_ARR(flags_modifiable));
	wr_tlv_close(out, part);

	part = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x04, c->id);
	if (c->authority)
		wr_tlv_u8(out, 0x01, 0xFF);
	wr_tlv_close(out, part);

	part = wr_tlv_open(out, 0xA1);
	value = wr_tlv_open(out, 0x30);
	path = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x04, RD_ARR(fid));
	wr_tlv_close(out, path);
	wr_tlv_close(out, value);
	wr_tlv_close(out, part);

	wr_tlv_close(out, all);
	return wr_done(out);
}

/* ---- the token itself ---- */

enum err p15_token_read(struct rd file, struct p15_token *out)
{
	struct p15_token t = { 0 };
	struct rd body, v;
	uint32_t tag;

	if (!rd_tlv(&file, 0x30, &body))
		return ERR_FORMAT;
	while (rd_tlv_any(&body, &tag, NULL, &v)) {
		if (tag == 0x04)
			t.serial = v;
		else if (tag == 0x0C)
			t.manufacturer = v;
		else if (tag == 0x80)
			t.label = v;
	}
	if (!rd_end(&body))
		return ERR_FORMAT;
	*out = t;
	return ERR_OK;
}

enum err p15_token_write(const struct p15_token *t, struct wr *out)
{
	size_t all = wr_tlv_open(out, 0x30);

	wr_tlv_u8(out, 0x02, 0);        /* version 1 */
	if (t->serial.n)
		wr_tlv(out, 0x04, t->serial);
	if (t->manufacturer.n)
		wr_tlv(out, 0x0C, t->manufacturer);
	if (t->label.n)
		wr_tlv(out, 0x80, t->label);
	wr_tlv(out, 0x03, RD_ARR(flags_token));
	wr_tlv_close(out, all);
	return wr_done(out);
}
