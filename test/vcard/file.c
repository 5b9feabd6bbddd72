/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT, ENUMERATE OBJECTS, READ and UPDATE BINARY, DELETE FILE; APDU reference 1.3, 1.4, 3.7 to 3.10. */
#include <string.h>

#include "base/tlv.h"
#include "test/vcard/card.h"

#define FCI 0x6F
#define FCP 0x62

static const uint8_t aid[] = { 0xE8, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x02, 0x01 };

/* What a file holds. false: there is no such file (keys are none). */
static bool file_content(const struct vcard *v, uint16_t fid, struct rd *out)
{
	const struct vcard_state *s = v->state;
	const struct vcard_file *f = vcard_state_file(s, fid);

	if (fid == FID_DEVAUT)
		*out = s->initialised || s->profile->devaut_when_blank ? wr_view(&s->devaut) : RD_NONE;
	else if (f)
		*out = wr_view(&f->data);
	else
		return false;
	return true;
}

/* ---- SELECT ---- */

static void put_application(const struct vcard_state *s, uint8_t tag, struct wr *out)
{
	const struct vcard_profile *p = s->profile;
	const uint8_t own[] = { (uint8_t)(s->options >> 8), (uint8_t)s->options, p->platform, p->major, p->minor };
	size_t m = wr_tlv_open(out, tag);

	wr_tlv_u8(out, 0x82, 0x78);
	wr_tlv(out, 0x85, p->short_version ? rd_of(own + 3, 2) : RD_ARR(own));
	wr_tlv_close(out, m);
}

/* The key's attributes as they were given at its creation, the use counter with what is left. */
static void put_attributes(const struct vcard_key *k, struct wr *out)
{
	size_t m = wr_tlv_open(out, 0xA5);

	if (k->counted) {
		wr_u8(out, 0x90);
		wr_u8(out, 4);
		wr_u32(out, k->uses);
	}
	if (k->listed)
		wr_tlv(out, 0x91, rd_of(k->algs, k->algs_n));
	if (k->domain)
		wr_tlv_u8(out, 0x92, k->domain);
	wr_tlv_close(out, m);
}

static uint16_t select_file(struct vcard *v, const struct vcard_command *c, uint8_t tag, struct wr *out)
{
	const struct vcard_key *key = NULL;
	struct rd r = c->data, content = RD_NONE;
	uint16_t fid;
	size_t m;

	if (!v->session.selected)
		return SW_CLASS;
	if (!rd_u16(&r, &fid) || !rd_end(&r))
		return SW_LENGTH;
	if (FID_CLASS(fid) == CLASS_KEY)
		key = vcard_state_key(v->state, (uint8_t)fid);
	if (!key && fid != FID_DEVICE_KEY && !file_content(v, fid, &content))
		return SW_NO_FILE;
	v->session.current = fid;
	if (!tag)
		return SW_OK;
	m = wr_tlv_open(out, tag);
	wr_u8(out, 0x81);
	wr_u8(out, 2);
	wr_u16(out, (uint16_t)content.n);
	wr_tlv_u8(out, 0x82, 0x01);
	wr_u8(out, 0x83);
	wr_u8(out, 2);
	wr_u16(out, fid);
	if (key)
		put_attributes(key, out);
	wr_tlv_close(out, m);
	return SW_OK;
}

uint16_t vcard_select(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	uint8_t tag;

	switch (c->p2) {
	case 0x00: tag = FCI; break;
	case 0x04: tag = FCP; break;
	case 0x0C:
		if (!v->state->profile->select_without_fci)
			return SW_PARAMETERS;
		tag = 0;
		break;
	default:
		return SW_PARAMETERS;
	}
	if (c->p1 == 0x00 || c->p1 == 0x02)
		return select_file(v, c, tag, out);
	if (c->p1 != 0x04)
		return SW_PARAMETERS;
	if (!rd_eq(c->data, RD_ARR(aid)))
		return SW_NO_FILE;
	vcard_session_clear(v);
	v->session.selected = true;
	if (tag)
		put_application(v->state, tag, out);
	return SW_OK;
}

/* ---- ENUMERATE ---- */

uint16_t vcard_enumerate(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	static const uint8_t listed[] = { 0xC4, 0xC8, 0xC9 };
	const struct vcard_state *s = v->state;

	(void)c;
	wr_u16(out, FID_DEVICE_KEY);
	if (s->profile->enumerate_all)
		wr_u16(out, FID_DEVAUT);
	for (size_t i = 0; i < s->keys_n; i++)
		wr_u16(out, (uint16_t)(CLASS_KEY << 8 | s->keys[i]->id));
	for (size_t i = 0; i < s->files_n; i++)
		if (s->profile->enumerate_all || memchr(listed, FID_CLASS(s->files[i]->fid), sizeof(listed)))
			wr_u16(out, s->files[i]->fid);
	return SW_OK;
}

/* ---- READ, UPDATE, DELETE ---- */

/* P1 P2 is the file, 0000 the current one; the offset is in tag 54. */
static uint16_t address(const struct vcard *v, const struct vcard_command *c, struct rd *r, uint16_t *fid,
			uint16_t *offset)
{
	struct rd at;

	*fid = (uint16_t)(c->p1 << 8 | c->p2);
	if (*fid == 0)
		*fid = v->session.current;
	if (*fid == 0)
		return SW_NO_EF;
	if (!rd_tlv(r, 0x54, &at) || at.n != 2 || !rd_u16(&at, offset))
		return SW_DATA;
	return SW_OK;
}

uint16_t vcard_read(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	const struct vcard_profile *p = v->state->profile;
	struct rd r = c->data, content, skipped;
	uint16_t fid, offset, sw;
	size_t block;

	sw = address(v, c, &r, &fid, &offset);
	if (sw != SW_OK)
		return sw;
	if (!rd_end(&r))
		return SW_DATA;
	if (!c->has_le)
		return SW_LENGTH;
	if (FID_CLASS(fid) == CLASS_KEY)
		return SW_USER;
	if (!file_content(v, fid, &content))
		return SW_NO_FILE;
	if (FID_CLASS(fid) == CLASS_PRIVATE && !vcard_user(v))
		return SW_USER;
	if (!rd_take(&content, offset, &skipped))
		return SW_OFFSET;
	block = p->read_block && p->read_block < c->le ? p->read_block : c->le;
	wr_put(out, rd_of(content.p, content.n < block ? content.n : block));
	return (content.n < c->le || block < c->le) && p->read_6282 ? SW_END_OF_FILE : SW_OK;
}

/* Bytes over what is there, the rest behind it. A gap is refused. */
static uint16_t write_at(struct vcard_file *f, size_t offset, struct rd bytes)
{
	size_t over;
	struct rd head;

	if (offset > f->data.n)
		return SW_OFFSET;
	if (bytes.n > FILE_SIZE_MAX - offset)
		return SW_FULL;
	over = f->data.n - offset < bytes.n ? f->data.n - offset : bytes.n;
	if (!rd_take(&bytes, over, &head))
		return SW_FAILURE;
	if (over)
		memcpy(f->data.p + offset, head.p, over);
	wr_put(&f->data, bytes);
	return vcard_sw(wr_done(&f->data));
}

uint16_t vcard_update(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct rd r = c->data, bytes;
	struct vcard_file *f;
	uint16_t fid, offset, sw;
	enum err e;

	(void)out;
	sw = address(v, c, &r, &fid, &offset);
	if (sw != SW_OK)
		return sw;
	if (!rd_tlv(&r, 0x53, &bytes) || !rd_end(&r))
		return SW_DATA;
	if (FID_CLASS(fid) == CLASS_KEY || fid == FID_DEVAUT)
		return v->state->profile->sw_write_protected;
	e = vcard_state_file_make(v->state, fid, &f);
	if (e)
		return vcard_sw(e);
	v->state->dirty = true;
	if (offset == 0 && v->state->profile->update_truncates)
		wr_cut(&f->data, 0);
	sw = write_at(f, offset, bytes);
	if (sw == SW_OK && vcard_state_used(v->state) > VCARD_MEMORY)
		sw = SW_FULL;
	if (sw == SW_OK)
		v->session.current = fid;
	return sw;
}

uint16_t vcard_delete(struct vcard *v, const struct vcard_command *c, struct wr *out)
{
	struct rd r = c->data;
	uint16_t fid;

	(void)out;
	if (c->p2 != 0x00 && c->p2 != 0x80)
		return SW_PARAMETERS;
	if (!rd_u16(&r, &fid))
		return SW_LENGTH;
	if (fid == FID_DEVICE_KEY || fid == FID_DEVAUT)
		return v->state->profile->sw_write_protected;
	if (!vcard_state_delete(v->state, fid))
		return SW_NO_FILE;
	if (v->session.current == fid)
		v->session.current = 0;
	return SW_OK;
}
