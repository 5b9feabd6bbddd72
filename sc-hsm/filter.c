/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference ramoverhttp 7.2. A command passes if its row is for this profile, its arguments are those below, and it was
 * not sent too often. Whatever is not said here is refused.
 */
#include "sc-hsm/filter.h"

#include <stdio.h>

#include "base/crypto_ec.h"
#include "base/tlv.h"

#define CLA_SM          0x0C    /* secure messaging, the header authenticated: ISO 7816-4 5.1.1 */
#define CLA_SM_BITS     0x0C
#define SIG_MIN         48      /* r || s of the smallest curve a card knows */

/* ---- arguments, plain ---- */

static bool is_select(const struct apdu *a)
{
	return rd_eq(a->data, hsm_aid);
}

/* The device certificate, key certificates and attestations, key descriptions: what says which keys there are. */
static bool is_readable(uint8_t p1, uint8_t p2)
{
	return HSM_FID(p1, p2) == HSM_EF_DEVAUT || p1 == HSM_FID_EE || p1 == HSM_FID_PRKD;
}

static bool is_read(const struct apdu *a)
{
	struct rd r = a->data, offset;

	return is_readable(a->p1, a->p2) && rd_tlv(&r, 0x54, &offset) && offset.n == 2 && rd_end(&r);
}

static bool is_challenge(const struct apdu *a)
{
	return a->ne == PKA_CHALLENGE_SIZE;
}

static bool is_user_pin(const struct apdu *a)
{
	return a->p2 == HSM_REF_USER;
}

/* One of the two protocols of reference 4.1: AES, or 3DES on cards before it. */
static bool is_chip_protocol(const struct apdu *a)
{
	static const uint8_t oids[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02 };
	struct rd r = a->data, oid, arc;
	uint8_t last;

	return rd_tlv(&r, 0x80, &oid) && rd_end(&r) && rd_take(&oid, sizeof(oids), &arc) && rd_eq(arc, RD_ARR(oids)) &&
	       rd_u8(&oid, &last) && (last == 1 || last == 2) && rd_end(&oid);
}

static bool is_reference(const struct apdu *a)
{
	struct rd r = a->data, chr;

	return rd_tlv(&r, 0x83, &chr) && rd_end(&r) && chr.n >= CHR_MIN && chr.n <= CHR_MAX;
}

static bool is_signature(const struct apdu *a)
{
	return a->data.n >= SIG_MIN && a->data.n <= EC_SIG_MAX && a->data.n % 2 == 0;
}

static bool is_point(const struct apdu *a)
{
	struct rd r = a->data, body, point;

	return rd_tlv(&r, 0x7C, &body) && rd_end(&r) && rd_tlv(&body, 0x80, &point) && rd_end(&body) &&
	       point.n > SIG_MIN && point.n <= EC_POINT_MAX && point.n % 2 == 1 && point.p[0] == 0x04;
}

/* A command for a network without a rule of its own takes no data (its row says so) and has fixed parameters. */
static bool (*const plain_rules[HSM_OPS])(const struct apdu *a) = {
	[HSM_SELECT] = is_select,
	[HSM_READ] = is_read,
	[HSM_CHALLENGE] = is_challenge,
	[HSM_VERIFY_STATUS] = is_user_pin,
	[HSM_MSE_CHIP] = is_chip_protocol,
	[HSM_MSE_AUTH] = is_reference,
	[HSM_EXTERNAL_AUTH] = is_signature,
	[HSM_GENERAL_AUTH] = is_point,
};

/* ---- arguments, under secure messaging ---- */

/* What can be seen of a protected command (reference 4.2): which data objects, not what is in 85 or 87. */
struct protected {
	bool has_data;
	struct rd ne;                   /* content of 97, empty: none */
};

static bool read_protected(struct rd r, struct protected *out)
{
	struct rd v;

	*out = (struct protected){ 0 };
	if (rd_tlv(&r, 0x87, &v) || rd_tlv(&r, 0x85, &v))
		out->has_data = true;
	if (rd_tlv(&r, 0x97, &v)) {
		if (v.n < 1 || v.n > 2)
			return false;
		out->ne = v;
	}
	return rd_tlv(&r, 0x8E, &v) && v.n == 8 && rd_end(&r);
}

/*
 * The same headers; of the arguments only what can be seen. Data where none belongs is refused: it could be a PIN to
 * try, or a key to register. No SELECT, and chip authentication has been done.
 */
static bool passes_protected(const struct hsm_cmd *row, const struct apdu *a, const struct protected *p)
{
	uint32_t ne;

	switch (row->op) {
	case HSM_READ:
		return is_readable(a->p1, a->p2);
	case HSM_CHALLENGE:
		return rd_uint(p->ne, &ne) && ne == PKA_CHALLENGE_SIZE;
	case HSM_VERIFY_STATUS:
		return is_user_pin(a);
	case HSM_SELECT:
	case HSM_MSE_CHIP:
	case HSM_GENERAL_AUTH:
		return false;
	default:
		return true;
	}
}

/* ---- the decision ---- */

static const char *judge_plain(const struct hsm_filter *f, const struct apdu *a, const struct hsm_cmd **row)
{
	*row = hsm_cmd_find(a);
	if (!*row)
		return "no command that is known";
	if (!((*row)->profiles & f->profile))
		return "not for a server";
	if (plain_rules[(*row)->op] && !plain_rules[(*row)->op](a))
		return "not with these arguments";
	return NULL;
}

static const char *judge_protected(const struct hsm_filter *f, const struct apdu *a, const struct hsm_cmd **row)
{
	struct apdu plain = *a;
	struct protected p;

	if (!f->vendor_sm)
		return "secure messaging is not admitted ([login] vendor_sm)";
	if (!f->protected_channel || (a->cla & CLA_SM_BITS) != CLA_SM)
		return "secure messaging without chip authentication";
	if (!read_protected(a->data, &p))
		return "malformed secure messaging";
	plain.cla &= (uint8_t)~CLA_SM_BITS;
	if (!p.has_data)
		plain.data = RD_NONE;
	*row = hsm_cmd_find(&plain);
	if (!*row)
		return "no command that is known";
	/* Keeps the login when the channel ends (reference 4.3): it has a meaning here only. */
	if ((*row)->op == HSM_KEEP_LOGIN)
		return NULL;
	if (!((*row)->profiles & f->profile))
		return "not for a server";
	return passes_protected(*row, &plain, &p) ? NULL : "not with these arguments";
}

/* SELECT ends every login on the card: the first command, and never again. */
static const char *judge_order(const struct hsm_filter *f, const struct hsm_cmd *row)
{
	unsigned most = row->per_login ? row->per_login : RAM_EXCHANGES_MAX;

	if (!f->selected && row->op != HSM_SELECT)
		return "before SELECT";
	if (row->op == HSM_CHALLENGE)
		most = f->custodians + 2;
	return f->count[row->op] < most ? NULL : "too often";
}

void hsm_filter_init(struct hsm_filter *f, unsigned profile, unsigned custodians, bool vendor_sm)
{
	*f = (struct hsm_filter){ .profile = profile, .custodians = custodians, .vendor_sm = vendor_sm };
}

bool hsm_filter_command(struct hsm_filter *f, struct rd cmd, char *why, size_t cap)
{
	const struct hsm_cmd *row = NULL;
	const char *reason;
	struct apdu a;

	if (apdu_decode(cmd, &a)) {
		if (why)
			(void)snprintf(why, cap, "refused a malformed command of %zu bytes", cmd.n);
		return false;
	}
	reason = a.cla & CLA_SM_BITS ? judge_protected(f, &a, &row) : judge_plain(f, &a, &row);
	if (!reason)
		reason = judge_order(f, row);
	if (reason) {
		if (why)
			(void)snprintf(why, cap, "refused %02X %02X %02X %02X with %zu bytes (%s): %s", a.cla, a.ins,
				       a.p1, a.p2, a.data.n, row ? row->name : "unknown", reason);
		return false;
	}
	f->count[row->op]++;
	f->selected = true;
	f->protected_channel = f->protected_channel || row->op == HSM_GENERAL_AUTH;
	return true;
}
