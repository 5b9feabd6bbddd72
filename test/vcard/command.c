/* SPDX-License-Identifier: Apache-2.0 */
#include "test/vcard/command.h"

/* What is left is Le in its short (1 byte) or extended (2 bytes) form, or nothing. */
static bool read_le(struct rd *r, struct vcard_command *c)
{
	uint8_t one;
	uint16_t two;

	if (rd_end(r))
		return true;
	c->has_le = true;
	if (!c->extended && rd_u8(r, &one))
		c->le = one ? one : 256;
	else if (c->extended && rd_u16(r, &two))
		c->le = two ? two : 65536;
	else
		return false;
	return rd_end(r);
}

bool vcard_command_read(struct rd apdu, struct vcard_command *out)
{
	struct vcard_command c = { 0 };
	struct rd r = apdu, ahead;
	uint8_t one;
	uint16_t two;

	if (!rd_u8(&r, &c.cla) || !rd_u8(&r, &c.ins) || !rd_u8(&r, &c.p1) || !rd_u8(&r, &c.p2))
		return false;
	if (r.n > 1) {
		ahead = r;
		if (!rd_u8(&ahead, &one))
			return false;
		c.extended = one == 0;
		if (c.extended && ahead.n > 2) {
			if (!rd_u16(&ahead, &two) || two == 0 || !rd_take(&ahead, two, &c.data))
				return false;
			r = ahead;
		} else if (c.extended) {
			r = ahead;
		} else {
			if (!rd_take(&ahead, one, &c.data))
				return false;
			r = ahead;
		}
	}
	if (!read_le(&r, &c))
		return false;
	*out = c;
	return true;
}
