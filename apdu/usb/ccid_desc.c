/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/usb/ccid_desc.h"

#define DESC_SIZE 54
#define DESC_TYPE 0x21
#define LEVELS    0x00070000

/* CCID 5.1: where each field stands; numbers are little-endian. */
enum {
	AT_MAX_SLOT = 4, AT_VOLTAGE = 5, AT_CLOCK = 10, AT_MAX_RATE = 23, AT_IFSD = 28, AT_FEATURES = 40,
	AT_MESSAGE = 44, AT_PIN = 52
};
/* A block of T=1 with the shortest information field that a card starts with. */
#define MESSAGE_MIN (CCID_HEADER + 3 + 32 + 2)

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static enum ccid_level level_of(uint32_t features)
{
	static const struct { uint32_t bit; enum ccid_level level; } levels[] = {
		{ 0x00040000, CCID_EXTENDED }, { 0x00020000, CCID_SHORT }, { 0x00010000, CCID_TPDU },
	};

	/* One of them; of several the one that leaves least to us. */
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (features & LEVELS & levels[i].bit)
			return levels[i].level;
	return CCID_CHARACTER;
}

static enum err read_one(const uint8_t *p, struct ccid_desc *out)
{
	struct ccid_desc d = {
		.features = le32(p + AT_FEATURES), .voltages = p[AT_VOLTAGE] & (CCID_5V | CCID_3V | CCID_1V8),
		.pad = p[AT_PIN], .khz = le32(p + AT_CLOCK), .max_rate = le32(p + AT_MAX_RATE),
		.ifsd = le32(p + AT_IFSD), .message_max = le32(p + AT_MESSAGE),
	};

	if (p[AT_MAX_SLOT] == UINT8_MAX || d.message_max < MESSAGE_MIN)
		return ERR_FORMAT;
	d.slots = (uint8_t)(p[AT_MAX_SLOT] + 1);
	d.level = level_of(d.features);
	if (d.message_max > CCID_MESSAGE_MAX)
		d.message_max = CCID_MESSAGE_MAX;
	*out = d;
	return ERR_OK;
}

enum err ccid_desc_read(struct rd extra, struct ccid_desc *out)
{
	struct rd one;

	while (extra.n >= 2) {
		if (extra.p[0] < 2 || !rd_take(&extra, extra.p[0], &one))
			return ERR_FORMAT;
		if (one.n == DESC_SIZE && one.p[1] == DESC_TYPE)
			return read_one(one.p, out);
	}
	return ERR_NOT_FOUND;
}

const char *ccid_level_name(enum ccid_level level)
{
	static const char *const names[] = {
		[CCID_CHARACTER] = "characters", [CCID_TPDU] = "TPDU", [CCID_SHORT] = "short APDU",
		[CCID_EXTENDED] = "extended APDU",
	};

	return names[level];
}
