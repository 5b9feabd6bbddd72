/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual cards in a folder of the test's own, and commands to them. */
#ifndef TEST_UNIT_VCARD_H
#define TEST_UNIT_VCARD_H

#include "test/unit/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/tlv.h"
#include "test/folder.h"
#include "test/vcard/card.h"

#define NO_LE (-1)
#define PIN    RD_LIT("648219")
#define SO_PIN RD_LIT("57621880")

static char test_folder[] = "/tmp/quorum11-vcard.XXXXXX";

static int test_folder_make(void **state)
{
	(void)state;
	return mkdtemp(test_folder) ? 0 : -1;
}

static int test_folder_remove(void **state)
{
	(void)state;
	return folder_remove(test_folder);
}

struct card {
	char dir[64];
	struct vcard *v;
	struct wr rsp;          /* of the last command */
	struct rd data;         /* ... without the status word */
};

static inline void card_open(struct card *c)
{
	assert_int_equal(vcard_open(c->dir, &c->v), ERR_OK);
}

/* A blank card; all cards of a program have one PKI. */
static inline struct card *card_new(const char *profile)
{
	static unsigned number;
	struct card *c = calloc(1, sizeof(*c));
	struct vcard_spec spec = { .profile = profile };
	char pki[64];

	assert_non_null(c);
	(void)snprintf(pki, sizeof(pki), "%s/pki", test_folder);
	(void)snprintf(c->dir, sizeof(c->dir), "%s/card%u", test_folder, number++);
	spec.dir = c->dir;
	spec.pki = pki;
	assert_int_equal(vcard_create(&spec), ERR_OK);
	card_open(c);
	wr_init_heap(&c->rsp, APDU_RSP_MAX);
	return c;
}

static inline void card_free(struct card *c)
{
	vcard_close(&c->v);
	wr_free(&c->rsp);
	free(c);
}

/* Pull it and put it in again. */
static inline void card_again(struct card *c)
{
	vcard_close(&c->v);
	card_open(c);
}

static inline unsigned card_raw(struct card *c, struct rd apdu)
{
	wr_reset(&c->rsp);
	assert_int_equal(vcard_exchange(c->v, apdu, &c->rsp), ERR_OK);
	assert_true(c->rsp.n >= 2);
	c->data = rd_of(c->rsp.p, c->rsp.n - 2);
	return (unsigned)c->rsp.p[c->rsp.n - 2] << 8 | c->rsp.p[c->rsp.n - 1];
}

/* The whole command in hexadecimal. */
static inline unsigned card_hex(struct card *c, const char *hex)
{
	struct wr apdu;
	unsigned sw;

	wr_init_heap(&apdu, APDU_CMD_MAX);
	sw = card_raw(c, test_unhex(&apdu, hex));
	wr_free(&apdu);
	return sw;
}

/* CLA INS P1 P2 as one number; extended where it must be. */
static inline unsigned card_send(struct card *c, uint32_t header, struct rd data, int le)
{
	bool extended = data.n > 255 || le > 256;
	struct wr apdu;
	unsigned sw;

	wr_init_heap(&apdu, 70000);
	wr_u32(&apdu, header);
	if (extended)
		wr_u8(&apdu, 0);
	if (data.n && extended)
		wr_u16(&apdu, (uint16_t)data.n);
	else if (data.n)
		wr_u8(&apdu, (uint8_t)data.n);
	wr_put(&apdu, data);
	if (le != NO_LE && extended)
		wr_u16(&apdu, (uint16_t)le);
	else if (le != NO_LE)
		wr_u8(&apdu, (uint8_t)le);
	assert_int_equal(wr_done(&apdu), ERR_OK);
	sw = card_raw(c, wr_view(&apdu));
	wr_free(&apdu);
	return sw;
}

#define LE_ALL 65536

static inline void card_select(struct card *c)
{
	assert_int_equal(card_hex(c, "00A404000BE82B0601040181C31F020100"), 0x9000);
}

/*
 * options 2 bytes, PIN, tries; pin empty: none. more: further elements in hexadecimal. Afterwards selected, nobody
 * logged in.
 */
static inline unsigned card_init_with(struct card *c, uint16_t options, struct rd pin, uint8_t tries, struct rd so,
				      const char *more)
{
	uint8_t bytes[256];
	struct wr w;
	unsigned sw;

	WR_ARR(&w, bytes);
	wr_u8(&w, 0x80);
	wr_u8(&w, 2);
	wr_u16(&w, options);
	if (pin.n)
		wr_tlv(&w, 0x81, pin);
	wr_tlv(&w, 0x82, so);
	if (pin.n)
		wr_tlv_u8(&w, 0x91, tries);
	(void)test_unhex(&w, more);
	card_select(c);
	sw = card_send(c, 0x80500000, wr_view(&w), NO_LE);
	wr_free(&w);
	return sw;
}

static inline void card_init(struct card *c, uint16_t options)
{
	assert_int_equal(card_init_with(c, options, PIN, 3, SO_PIN, ""), 0x9000);
	card_select(c);
}

static inline unsigned card_verify(struct card *c, struct rd pin)
{
	return card_send(c, 0x00200081, pin, NO_LE);
}

static inline unsigned card_status(struct card *c)
{
	return card_hex(c, "00200081");
}

static inline void card_login(struct card *c)
{
	assert_int_equal(card_verify(c, PIN), 0x9000);
}

/* Public key template and names for GENERATE; car empty: none. */
static inline void put_key_template(struct wr *w, enum ec_curve curve, unsigned rsa_bits, const char *car,
				    const char *chr)
{
	const struct ec_domain *d = ec_domain_get(curve);
	static const uint8_t oid_ec[] = { 4, 0, 0x7F, 0, 7, 2, 2, 2, 2, 3 },
			     oid_rsa[] = { 4, 0, 0x7F, 0, 7, 2, 2, 2, 1, 2 };
	size_t m;

	wr_tlv_u8(w, 0x5F29, 0);
	if (*car)
		wr_tlv(w, 0x42, rd_str(car));
	m = wr_tlv_open(w, 0x7F49);
	wr_tlv(w, 0x06, rsa_bits ? RD_ARR(oid_rsa) : RD_ARR(oid_ec));
	if (rsa_bits) {
		wr_tlv(w, 0x82, RD_LIT("\x01\x00\x01"));
		wr_u8(w, 0x02);
		wr_u8(w, 2);
		wr_u16(w, (uint16_t)rsa_bits);
	} else {
		wr_tlv(w, 0x81, d->p);
		wr_tlv(w, 0x82, d->a);
		wr_tlv(w, 0x83, d->b);
		wr_tlv(w, 0x84, d->g);
		wr_tlv(w, 0x85, d->n);
		wr_tlv_u8(w, 0x87, d->h);
	}
	wr_tlv_close(w, m);
	wr_tlv(w, 0x5F20, rd_str(chr));
}

/* more: what follows the names, in hexadecimal. The answer is in c->data. */
static inline unsigned card_generate(struct card *c, uint8_t id, enum ec_curve curve, unsigned rsa_bits,
				     const char *car, const char *chr, const char *more)
{
	struct wr w;
	unsigned sw;

	wr_init_heap(&w, 4096);
	put_key_template(&w, curve, rsa_bits, car, chr);
	(void)test_unhex(&w, more);
	assert_int_equal(wr_done(&w), ERR_OK);
	sw = card_send(c, 0x00460000 | (uint32_t)id << 8, wr_view(&w), LE_ALL);
	wr_free(&w);
	return sw;
}

/*
 * EACH(test_x) { ... }: a test with a profile p, in the table as each(test_x), that runs on every one; EACH_WITH on
 * those that have what it needs, an expression of p.
 */
#define each(f) { #f, each_##f, NULL, NULL, NULL }
#define EACH(f) EACH_WITH(f, p)
#define EACH_WITH(f, has) \
	static void f(const struct vcard_profile *p); \
	static void each_##f(void **state) \
	{ \
		const struct vcard_profile *p; \
		unsigned ran = 0; \
		(void)state; \
		for (size_t i = 0; (p = vcard_profile_at(i)); i++) { \
			if (!(has)) \
				continue; \
			f(p); \
			ran++; \
		} \
		assert_int_not_equal(ran, 0); \
	} \
	static void f(const struct vcard_profile *p)

/* Some of what old ones lack; the rest are fields. */
#define HAS_PKA (p->pka_max > 0)
#define HAS_INS(ins) (!p->lacks.n || !memchr(p->lacks.p, ins, p->lacks.n))

#endif
