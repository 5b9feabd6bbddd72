/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pinpad.h"

/* Part 10, 2.5.2: units are bytes, the PIN begins at the first byte behind Lc, left justified, ASCII. */
#define FORMAT_ASCII       0x82
#define BLOCK_AS_TYPED     0x00         /* no padding, and no length inside the data */
#define LENGTH_NOT_IN_DATA 0x00
#define ENTER_KEY          0x02         /* the entry is over when the person says so */
#define DEFAULT_MESSAGE    0xFF
#define OLD_AND_NEW_TWICE  0x03         /* 2.5.3: bConfirmPIN */
#define MESSAGES           3            /* old, new, once more */
#define ENGLISH            0x0409
/* CCID 6.1.11: bPINOperation */
#define VERIFY             0x00
#define MODIFY             0x01

/* Multi-byte fields are little-endian (part 10, 2.5.2), a feature's code is big-endian (2.3). */
static void put_le(struct wr *w, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_u8(w, (uint8_t)(v >> (8 * i)));
}

bool pinpad_feature(struct rd features, uint8_t feature, uint32_t *code)
{
	bool found = false;

	while (!rd_end(&features)) {
		struct rd value;
		uint8_t tag, n;
		uint32_t v;

		if (!rd_u8(&features, &tag) || !rd_u8(&features, &n) || !rd_take(&features, n, &value))
			return false;
		if (tag != feature)
			continue;
		if (!rd_u32(&value, &v) || !rd_end(&value))
			return false;
		*code = v;
		found = true;
	}
	return found;
}

/* bmFormatString to bMsgIndex: the same to PC/SC and to a reader. */
static void put_manner(const struct pinpad_ask *a, struct wr *w)
{
	wr_u8(w, FORMAT_ASCII);                 /* bmFormatString */
	wr_u8(w, BLOCK_AS_TYPED);               /* bmPINBlockString */
	wr_u8(w, LENGTH_NOT_IN_DATA);           /* bmPINLengthFormat */
	put_le(w, (uint32_t)a->min << 8 | a->max, 2);   /* wPINMaxExtraDigit */
	wr_u8(w, ENTER_KEY);                    /* bEntryValidationCondition */
	wr_u8(w, DEFAULT_MESSAGE);              /* bNumberMessage */
	put_le(w, ENGLISH, 2);                  /* wLangId */
	wr_u8(w, 0);                            /* bMsgIndex */
}

void pinpad_ask_write(const struct pinpad_ask *a, struct wr *w)
{
	const uint8_t command[] = { a->cla, a->ins, a->p1, a->p2, 0 };

	wr_u8(w, a->seconds);                   /* bTimeOut */
	wr_u8(w, a->seconds);                   /* bTimeOut2, after the first key */
	put_manner(a, w);
	put_le(w, 0, 3);                        /* bTeoPrologue */
	put_le(w, sizeof(command), 4);          /* ulDataLength */
	wr_put(w, RD_ARR(command));             /* abData */
}

/* bInsertionOffsetOld to bMsgIndex3 of a change: the same to PC/SC and to a reader. */
static void put_change_manner(const struct pinpad_ask *a, struct wr *w)
{
	wr_u8(w, FORMAT_ASCII);                 /* bmFormatString */
	wr_u8(w, BLOCK_AS_TYPED);               /* bmPINBlockString */
	wr_u8(w, LENGTH_NOT_IN_DATA);           /* bmPINLengthFormat */
	wr_u8(w, 0);                            /* bInsertionOffsetOld */
	wr_u8(w, a->max);                       /* bInsertionOffsetNew */
	put_le(w, (uint32_t)a->min << 8 | a->max, 2);   /* wPINMaxExtraDigit */
	wr_u8(w, OLD_AND_NEW_TWICE);            /* bConfirmPIN */
	wr_u8(w, ENTER_KEY);                    /* bEntryValidationCondition */
	wr_u8(w, MESSAGES);                     /* bNumberMessage */
	put_le(w, ENGLISH, 2);                  /* wLangId */
	for (uint8_t i = 0; i < MESSAGES; i++)
		wr_u8(w, i);                    /* bMsgIndex1 to 3 */
}

/* 2.5.3 */
void pinpad_change_write(const struct pinpad_ask *a, struct wr *w)
{
	const uint8_t command[] = { a->cla, a->ins, a->p1, a->p2, 0 };

	wr_u8(w, a->seconds);                   /* bTimeOut */
	wr_u8(w, a->seconds);                   /* bTimeOut2 */
	put_change_manner(a, w);
	put_le(w, 0, 3);                        /* bTeoPrologue */
	put_le(w, sizeof(command), 4);          /* ulDataLength */
	wr_put(w, RD_ARR(command));             /* abData */
}

static void write_ccid(uint8_t operation, void (*manner)(const struct pinpad_ask *a, struct wr *w),
		       const struct pinpad_ask *a, struct rd prologue, struct wr *w)
{
	const uint8_t command[] = { a->cla, a->ins, a->p1, a->p2, 0 };

	wr_u8(w, operation);                    /* bPINOperation */
	wr_u8(w, a->seconds);                   /* bTimeOut */
	manner(a, w);
	wr_put(w, prologue);                    /* bTeoPrologue */
	wr_zeros(w, prologue.n < 3 ? 3 - prologue.n : 0);
	wr_put(w, RD_ARR(command));             /* abPINApdu */
}

void pinpad_ask_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w)
{
	write_ccid(VERIFY, put_manner, a, prologue, w);
}

void pinpad_change_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w)
{
	write_ccid(MODIFY, put_change_manner, a, prologue, w);
}
