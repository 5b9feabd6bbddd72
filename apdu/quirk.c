/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/quirk.h"

#include <string.h>

struct quirk {
	const char *atr;        /* the first bytes of the answer to reset; NULL: any */
	size_t atr_size;
	const char *reader;     /* the start of the reader's name; NULL: any */
	size_t cmd_max;
	const char *why;
};
#define ATR(bytes) .atr = bytes, .atr_size = sizeof(bytes) - 1

static const struct quirk quirks[] = {
	{ ATR("\x3B\xFE\x18\x00\x00\x81\x31\xFE\x45\x80\x31\x81\x54"), .cmd_max = 1454,
	  .why = "JCOP 2.4: 1462 bytes in 2.4.1r3, 1454 in 2.4.2r3, and both have this ATR (OpenSC)" },
	{ ATR("\x3B\xDE\x18\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54"), .cmd_max = 1232,
	  .why = "JCOP 3 (OpenSC)" },
	{ ATR("\x3B\xDE\x96\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54"), .cmd_max = 1232,
	  .why = "JCOP 3 and 4 share it; 3 takes less (OpenSC)" },
	{ .reader = "REINER SCT", .cmd_max = 1014,
	  .why = "the readers' own buffer (OpenSC)" },
	{ .cmd_max = 1454,
	  .why = "the most that any known platform takes (OpenSC)" },
};

static bool matches(const struct quirk *q, struct rd atr, const char *reader)
{
	if (q->atr && (atr.n < q->atr_size || memcmp(atr.p, q->atr, q->atr_size) != 0))
		return false;
	return !q->reader || strncmp(reader, q->reader, strlen(q->reader)) == 0;
}

size_t quirk_cmd_max(struct rd atr, const char *reader)
{
	size_t max = APDU_CMD_MAX;

	for (size_t i = 0; i < sizeof(quirks) / sizeof(*quirks); i++)
		if (quirks[i].cmd_max < max && matches(&quirks[i], atr, reader))
			max = quirks[i].cmd_max;
	return max;
}
