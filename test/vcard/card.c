/* SPDX-License-Identifier: Apache-2.0 */
/* Power, dispatch and the rule that a command happens completely or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "test/vcard/card.h"

#define ANY SIZE_MAX
#define CLA_ISO 0x00
#define CLA_OWN 0x80
#define INS_VERIFY 0x20
#define P1_KEEP    0x01

struct row {
	uint8_t ins, cla;
	bool bare;                      /* works before the application is selected */
	bool user;                      /* needs the user's authentication: 6982 before the data is looked at */
	uint8_t p1_min, p1_max, p2_min, p2_max;
	size_t lc_min, lc_max;
	vcard_handler *run;
};

#define P(min, max) min, max
/* APDU reference 3. The parameters are ranges; what a range cannot say, the handler checks. */
static const struct row rows[] = {
	/* INS   class    bare   user   P1             P2             Lc            */
	{ 0xA4, CLA_ISO, true,  false, P(0x00, 0x04), P(0x00, 0x0C), 0, 16,        vcard_select },
	{ 0x20, CLA_ISO, false, false, P(0x00, 0xFF), P(0x00, 0xFF), 0, ANY,       vcard_verify },
	{ 0x24, CLA_ISO, false, false, P(0x00, 0x00), P(0x81, 0x88), 0, ANY,       vcard_change },
	{ 0x2C, CLA_ISO, false, false, P(0x00, 0x03), P(0x81, 0x81), 0, ANY,       vcard_unblock },
	{ 0x50, CLA_OWN, false, false, P(0x00, 0x00), P(0x00, 0x00), 0, ANY,       vcard_initialize },
	{ 0x52, CLA_OWN, false, false, P(0x00, 0x04), P(0x00, 0xFF), 0, ANY,       vcard_domain },
	{ 0x5A, CLA_OWN, false, false, P(0x01, 0x01), P(0x81, 0x81), 0, 0,         vcard_session_pin },
	{ 0x84, CLA_ISO, false, false, P(0x00, 0x00), P(0x00, 0x00), 0, 0,         vcard_challenge },
	{ 0xB1, CLA_ISO, false, false, P(0x00, 0xFF), P(0x00, 0xFF), 4, 4,         vcard_read },
	{ 0xD7, CLA_ISO, false, true,  P(0x00, 0xFF), P(0x00, 0xFF), 6, ANY,       vcard_update },
	{ 0xE4, CLA_ISO, false, true,  P(0x02, 0x02), P(0x00, 0x80), 2, 2,         vcard_delete },
	{ 0x58, CLA_OWN, false, false, P(0x00, 0x00), P(0x00, 0x00), 0, 0,         vcard_enumerate },
	{ 0x46, CLA_ISO, false, true,  P(0x01, 0xFF), P(0x00, 0x00), 1, ANY,       vcard_generate },
	{ 0x48, CLA_ISO, false, true,  P(0x01, 0xFF), P(0xB0, 0xB2), 0, ANY,       vcard_generate_symmetric },
	{ 0x68, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x00, 0xFF), 1, ANY,       vcard_sign },
	{ 0x76, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x01, 0xFF), 2, ANY,       vcard_derive },
	{ 0x62, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x00, 0xFF), 0, ANY,       vcard_decipher },
	{ 0x72, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x92, 0x92), 0, 0,         vcard_wrap },
	{ 0x74, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x93, 0x93), 0, ANY,       vcard_unwrap },
	{ 0x78, CLA_OWN, false, true,  P(0x01, 0xFF), P(0x00, 0xFF), 1, ANY,       vcard_cipher },
	{ 0x54, CLA_OWN, false, false, P(0x00, 0x02), P(0x00, 0xFF), 0, ANY,       vcard_manage_pka },
	{ 0x22, CLA_ISO, false, false, P(0x41, 0x81), P(0xA4, 0xB6), 3, 64,        vcard_manage_se },
	{ 0x2A, CLA_ISO, false, false, P(0x00, 0x00), P(0xBE, 0xBE), 1, CVC_MAX,   vcard_verify_certificate },
	{ 0x82, CLA_ISO, false, false, P(0x00, 0x00), P(0x00, 0x00), 1, 256,       vcard_external_authenticate },
	{ 0x86, CLA_ISO, false, false, P(0x00, 0x00), P(0x00, 0x00), 1, 256,       vcard_general_authenticate },
};

void vcard_session_clear(struct vcard *v)
{
	wipe(&v->session, sizeof(v->session));
	v->session.at = -1;
}

uint16_t vcard_sw(enum err e)
{
	switch (e) {
	case ERR_OK:
		return SW_OK;
	case ERR_LIMIT:
		return SW_FULL;
	default:
		return SW_FAILURE;
	}
}

bool vcard_user(const struct vcard *v)
{
	const struct vcard_profile *p = v->state->profile;
	const struct vcard_session *s = &v->session;

	if (!v->state->total)
		return s->pin;
	if (p->combined && v->state->options & VCARD_OPT_COMBINED)
		return s->pin && s->open;
	return s->open || (s->pin && p->pin_opens);
}

bool vcard_keys(const struct vcard *v)
{
	return vcard_user(v) && (v->session.pin || !v->state->profile->pin_for_keys);
}

uint16_t vcard_commit(struct vcard *v)
{
	return vcard_state_save(v->state, v->dir, false) ? SW_MEMORY : SW_OK;
}

/*
 * Forget what a failed command changed. If the disk does not give the state back, the card is dead until it is opened
 * again.
 */
static void roll_back(struct vcard *v)
{
	struct vcard_state *s = NULL;

	if (vcard_state_load(v->dir, &s))
		s = NULL;
	vcard_state_free(&v->state);
	v->state = s;
}

static const struct row *row_find(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].ins == ins)
			return &rows[i];
	return NULL;
}

/* The order of the checks is that of APDU reference 13.2. Chaining is not supported (1.2). */
static uint16_t dispatch(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct row *row = row_find(c->ins);
	struct rd lacks = v->state->profile->lacks;

	if (c->cla & 0x03)
		return SW_CHANNEL;
	if (c->cla & 0x10)
		return SW_CHAINING;
	if (!v->session.selected && !(row && row->bare))
		return SW_CLASS;
	if (!row || (lacks.n && memchr(lacks.p, c->ins, lacks.n)))
		return SW_INS;
	if (c->cla != row->cla)
		return SW_CLASS;
	if (c->p1 < row->p1_min || c->p1 > row->p1_max || c->p2 < row->p2_min || c->p2 > row->p2_max)
		return SW_PARAMETERS;
	if (c->data.n < row->lc_min || c->data.n > row->lc_max)
		return SW_LENGTH;
	if (row->user && !vcard_user(v))
		return SW_USER;
	return row->run(v, c, out);
}

/* Data comes with success and with the warnings that have it. */
static bool has_data(uint16_t sw)
{
	return sw == SW_OK || sw == SW_AUTHENTICATED || sw == SW_END_OF_FILE;
}

/* A command without protection: what it does is on the disk, or has not happened. */
static uint16_t run_plain(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	uint16_t sw = dispatch(v, c, out);

	if (wr_done(out))
		sw = SW_FAILURE;
	if (!c->has_le)
		wr_cut(out, 0);
	if (out->n > c->le)
		sw = SW_LENGTH;
	if (v->state->dirty && sw == SW_OK) {
		sw = vcard_commit(v);
		if (sw != SW_OK)
			vcard_session_clear(v);
	}
	if (v->state->dirty)
		roll_back(v);
	if (!has_data(sw))
		wr_cut(out, 0);
	return sw;
}

/*
 * In the channel: a login that is reached there ends with it, unless VERIFY with P1 = 01 says that it stays. SELECT and
 * INITIALIZE end the channel, but their answer is still protected.
 */
static uint16_t run_protected(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct vcard_session *s = &v->session;
	bool was_in = vcard_user(v) || s->so, keeps, ends;
	struct vcard_channel keys;
	struct vcard_command plain;
	struct wr room;
	uint16_t sw;

	wr_init_heap(&room, APDU_DATA_MAX);
	sw = vcard_channel_unwrap(v, c, &room, &plain);
	if (sw == SW_OK) {
		keeps = plain.ins == INS_VERIFY && plain.p1 == P1_KEEP && !plain.data.n;
		if (keeps) {
			s->kept = true;
			plain.p1 = 0;           /* the status, as the answer */
		}
		keys = s->keys;
		sw = run_plain(v, &plain, out);
		ends = !s->channel;
		s->keys = keys;
		s->bound = s->bound || (!was_in && v->state && v->state->profile->channel_binds &&
					(vcard_user(v) || s->so));
		if (vcard_channel_wrap(v, c->ins, sw, out))
			sw = SW_FAILURE;
		if (ends)
			vcard_channel_end(v);
	}
	wipe(&keys, sizeof(keys));
	wr_free(&room);
	return sw;
}

static uint16_t run(struct vcard *v, struct rd capdu, struct wr *out)
{
	struct vcard_command c;

	v->delay_ms = 0;
	if (!v->powered || !v->state)
		return SW_FAILURE;
	if (capdu.n > v->state->profile->apdu_max || !vcard_command_read(capdu, &c))
		return SW_LENGTH;
	if (c.cla & 0x0C && !(c.cla & 0x03))
		return v->state->profile->chain ? run_protected(v, &c, out) : SW_CLASS;
	vcard_channel_end(v);
	return run_plain(v, &c, out);
}

enum err vcard_exchange(struct vcard *v, struct rd capdu, struct wr *rsp)
{
	struct wr out;
	uint16_t sw;

	wr_init_heap(&out, APDU_RSP_MAX - 2);
	sw = run(v, capdu, &out);
	wr_put(rsp, wr_view(&out));
	wr_u16(rsp, sw);
	wr_free(&out);
	return wr_done(rsp);
}

/* ---- life ---- */

enum err vcard_open(const char *dir, struct vcard **out)
{
	struct vcard *v = calloc(1, sizeof(*v));
	enum err e = ERR_NOMEM;

	if (!v)
		return ERR_NOMEM;
	v->lock = -1;
	v->dir = strdup(dir);
	if (!v->dir)
		goto out;
	v->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->lock < 0) {
		e = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
		goto out;
	}
	if (flock(v->lock, LOCK_EX | LOCK_NB)) {
		e = errno == EWOULDBLOCK ? ERR_SHARING : ERR_IO;
		goto out;
	}
	e = vcard_state_load(dir, &v->state);
	if (!e)
		e = vcard_own_load(v);
	if (!e) {
		vcard_power(v, true);
		*out = v;
		v = NULL;
	}
out:
	vcard_close(&v);
	return e;
}

void vcard_close(struct vcard **v)
{
	if (!*v)
		return;
	vcard_session_clear(*v);
	vcard_state_free(&(*v)->state);
	if ((*v)->lock >= 0)
		close((*v)->lock);
	free((*v)->dir);
	free(*v);
	*v = NULL;
}

void vcard_power(struct vcard *v, bool on)
{
	vcard_session_clear(v);
	wipe(v->session_pin, sizeof(v->session_pin));
	v->has_session_pin = false;
	v->powered = on;
}

struct rd vcard_atr(const struct vcard *v)
{
	return v->state ? v->state->profile->atr : RD_NONE;
}

struct rd vcard_id(const struct vcard *v)
{
	return v->state ? vcard_chr_view(&v->state->id) : RD_NONE;
}

const char *vcard_profile_name(const struct vcard *v)
{
	return v->state ? v->state->profile->name : "";
}

unsigned vcard_delay_ms(const struct vcard *v)
{
	return v->delay_ms;
}
