/* SPDX-License-Identifier: Apache-2.0 */
#include "apdu/pinpad.h"

/* Part 10, 2.5.2: units are bytes, the PIN begins at the first byte behind Lc, left justified. */
#define FORMAT_ASCII       0x82
#define FORMAT_BCD         0x81
#define BLOCK_AS_TYPED     0x00         /* no padding, and no length inside the data */
#define BLOCK_SIZE_MAX     0x0F
#define LENGTH_NOT_IN_DATA 0x00
#define ENTER_KEY          0x02         /* the entry is over when the person says so */
#define DEFAULT_MESSAGE    0xFF
#define NEW_TWICE          0x01         /* 2.5.3: bConfirmPIN */
#define OLD_AND_NEW_TWICE  0x03
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

static size_t bytes_of(const struct pinpad_ask *a)
{
	return a->packed ? a->max / 2u : a->max;
}

/* The length of every part is known before anybody types. */
static bool is_whole(const struct pinpad_ask *a)
{
	return a->packed || a->old.n;
}

size_t pinpad_data_max(const struct pinpad_ask *a, bool changes)
{
	return (!changes ? 0 : a->old.n ? a->old.n : bytes_of(a)) + bytes_of(a);
}

void pinpad_command_write(const struct pinpad_ask *a, bool changes, struct wr *w)
{
	const uint8_t header[] = { a->cla, a->ins, a->p1, a->p2 };
	size_t data = is_whole(a) ? pinpad_data_max(a, changes) : 0;

	wr_put(w, RD_ARR(header));
	wr_u8(w, (uint8_t)data);
	wr_put(w, a->old);
	wr_zeros(w, data - a->old.n);
}

/* bmFormatString to bmPINLengthFormat. */
static void put_format(const struct pinpad_ask *a, struct wr *w)
{
	size_t n = bytes_of(a);

	wr_u8(w, a->packed ? FORMAT_BCD : FORMAT_ASCII);                /* bmFormatString */
	wr_u8(w, is_whole(a) ? (uint8_t)n & BLOCK_SIZE_MAX : BLOCK_AS_TYPED);   /* bmPINBlockString */
	wr_u8(w, LENGTH_NOT_IN_DATA);                                   /* bmPINLengthFormat */
}

/* bmFormatString to bMsgIndex: the same to PC/SC and to a reader. */
static void put_manner(const struct pinpad_ask *a, struct wr *w)
{
	put_format(a, w);
	put_le(w, (uint32_t)a->min << 8 | a->max, 2);   /* wPINMaxExtraDigit */
	wr_u8(w, ENTER_KEY);                    /* bEntryValidationCondition */
	wr_u8(w, DEFAULT_MESSAGE);              /* bNumberMessage */
	put_le(w, ENGLISH, 2);                  /* wLangId */
	wr_u8(w, 0);                            /* bMsgIndex */
}

/* ulDataLength, abData */
static void put_command(const struct pinpad_ask *a, bool changes, struct wr *w)
{
	uint8_t bytes[PINPAD_COMMAND_MAX];
	struct wr command;

	WR_ARR(&command, bytes);
	pinpad_command_write(a, changes, &command);
	if (wr_done(&command))
		wr_fail(w, ERR_LIMIT);
	put_le(w, (uint32_t)command.n, 4);
	wr_put(w, wr_view(&command));
	wipe(bytes, sizeof(bytes));
}

void pinpad_ask_write(const struct pinpad_ask *a, struct wr *w)
{
	wr_u8(w, a->seconds);                   /* bTimeOut */
	wr_u8(w, a->seconds);                   /* bTimeOut2, after the first key */
	put_manner(a, w);
	put_le(w, 0, 3);                        /* bTeoPrologue */
	put_command(a, false, w);
}

/* What is asked for, by their numbers among a reader's messages: the PIN, a new one, and that once more. */
static const uint8_t all_three[] = { 0, 1, 2 }, new_twice[] = { 1, 2 };

/* bInsertionOffsetOld to bMsgIndex3 of a change. A reader is told as many messages as there are, PC/SC three. */
static void put_change_manner(const struct pinpad_ask *a, bool to_reader, struct wr *w)
{
	const struct rd messages = a->old.n ? RD_ARR(new_twice) : RD_ARR(all_three);

	put_format(a, w);
	wr_u8(w, 0);                            /* bInsertionOffsetOld */
	wr_u8(w, (uint8_t)(a->old.n ? a->old.n : bytes_of(a)));         /* bInsertionOffsetNew */
	put_le(w, (uint32_t)a->min << 8 | a->max, 2);   /* wPINMaxExtraDigit */
	wr_u8(w, a->old.n ? NEW_TWICE : OLD_AND_NEW_TWICE);             /* bConfirmPIN */
	wr_u8(w, ENTER_KEY);                    /* bEntryValidationCondition */
	wr_u8(w, (uint8_t)messages.n);          /* bNumberMessage */
	put_le(w, ENGLISH, 2);                  /* wLangId */
	wr_put(w, messages);                    /* bMsgIndex1 to 3 */
	wr_zeros(w, to_reader ? 0 : sizeof(all_three) - messages.n);
}

/* 2.5.3 */
void pinpad_change_write(const struct pinpad_ask *a, struct wr *w)
{
	wr_u8(w, a->seconds);                   /* bTimeOut */
	wr_u8(w, a->seconds);                   /* bTimeOut2 */
	put_change_manner(a, false, w);
	put_le(w, 0, 3);                        /* bTeoPrologue */
	put_command(a, true, w);
}

static void put_prologue(struct rd prologue, struct wr *w)
{
	wr_put(w, prologue);                    /* bTeoPrologue */
	wr_zeros(w, prologue.n < 3 ? 3 - prologue.n : 0);
}

void pinpad_ask_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w)
{
	wr_u8(w, VERIFY);                       /* bPINOperation */
	wr_u8(w, a->seconds);                   /* bTimeOut */
	put_manner(a, w);
	put_prologue(prologue, w);
	pinpad_command_write(a, false, w);      /* abPINApdu */
}

void pinpad_change_write_ccid(const struct pinpad_ask *a, struct rd prologue, struct wr *w)
{
	wr_u8(w, MODIFY);
	wr_u8(w, a->seconds);
	put_change_manner(a, true, w);
	put_prologue(prologue, w);
	pinpad_command_write(a, true, w);
}
