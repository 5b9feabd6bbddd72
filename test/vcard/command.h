/* SPDX-License-Identifier: Apache-2.0 */
/* A command APDU taken apart, ISO 7816-3 12.1: cases 1 to 4, short and extended. */
#ifndef VCARD_COMMAND_H
#define VCARD_COMMAND_H

#include "base/buf.h"

struct vcard_command {
	uint8_t cla, ins, p1, p2;
	struct rd data;     /* view into the APDU */
	bool has_le;
	size_t le;          /* most bytes of answer: 1 to 65536; 0 without Le */
	bool extended;
};

/* false if the lengths do not fit together. */
MUST bool vcard_command_read(struct rd apdu, struct vcard_command *out);

#endif
