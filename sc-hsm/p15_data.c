/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a data object, reference 8.5. */
#include "sc-hsm/p15.h"

static const uint8_t flags_private[] = { 0x07, 0x80 };
static const uint8_t auth_id[] = { 0x01 };                      /* the user PIN's object */

enum err p15_data_read(struct rd file, struct p15_data *out)
{
	struct p15_data d = { 0 };
	struct rd body, common, application, v, path;
	uint32_t tag;

	if (!rd_tlv(&file, 0x30, &body) || !rd_tlv(&body, 0x30, &common) || !rd_tlv(&body, 0x30, &application))
		return ERR_FORMAT;
	if (rd_tlv(&common, 0x0C, &v))
		d.label = v;
	if (rd_tlv(&application, 0x0C, &v))
		d.application = v;
	if (rd_tlv(&application, 0x06, &v))
		d.oid = v;
	while (rd_tlv_any(&body, &tag, NULL, &v)) {
		if (tag != 0xA1)
			continue;
		/* The path stands here directly, other descriptions have a SEQUENCE more around it. */
		if (!rd_tlv(&v, 0x30, &path))
			return ERR_FORMAT;
		if (rd_tlv(&path, 0x30, &v))
			path = v;
		if (rd_tlv(&path, 0x04, &v) && v.n >= 2)
			d.fid = (uint16_t)(v.p[v.n - 2] << 8 | v.p[v.n - 1]);
	}
	if (!rd_end(&body))
		return ERR_FORMAT;
	*out = d;
	return ERR_OK;
}

enum err p15_data_write(const struct p15_data *d, bool is_private, struct wr *out)
{
	const uint8_t fid[2] = { (uint8_t)(d->fid >> 8), (uint8_t)d->fid };
	size_t all = wr_tlv_open(out, 0x30), part, path;

	part = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x0C, d->label);
	if (is_private) {
		wr_tlv(out, 0x03, RD_ARR(flags_private));
		wr_tlv(out, 0x04, RD_ARR(auth_id));
	}
	wr_tlv_close(out, part);

	part = wr_tlv_open(out, 0x30);
	if (d->application.n)
		wr_tlv(out, 0x0C, d->application);
	if (d->oid.n)
		wr_tlv(out, 0x06, d->oid);
	wr_tlv_close(out, part);

	part = wr_tlv_open(out, 0xA1);
	path = wr_tlv_open(out, 0x30);
	wr_tlv(out, 0x04, RD_ARR(fid));
	wr_tlv_close(out, path);
	wr_tlv_close(out, part);
	wr_tlv_close(out, all);
	return wr_done(out);
}
