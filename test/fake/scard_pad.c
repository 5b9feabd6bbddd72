/* SPDX-License-Identifier: Apache-2.0 */
/* SCardControl: a reader with a pad, as PC/SC part 10 describes it. Reads the request by itself. */
#include "test/fake/scard_int.h"

#include <reader.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

#define VERIFY_CODE 0x42330006u
#define CHANGE_CODE 0x42330007u
#define DATA_AT     19                  /* of the PIN verification structure */
#define CHANGE_DATA_AT 24               /* of the PIN modification structure */

static LONG answer(struct rd bytes, LPVOID to, DWORD size, LPDWORD n)
{
	if (size < bytes.n)
		return SCARD_E_INSUFFICIENT_BUFFER;
	memcpy(to, bytes.p, bytes.n);
	*n = bytes.n;
	return SCARD_S_SUCCESS;
}

/* The bytes of what was typed: each digit's character, or two digits in a byte. */
static void put_digits(const char *digits, bool packed, struct wr *w)
{
	for (const char *d = digits; *d; d += packed ? 2 : 1)
		wr_u8(w, packed ? (uint8_t)((d[0] - '0') << 4 | (d[1] - '0')) : (uint8_t)*d);
}

/*
 * Does the command that came have room for PINs of this format, blocks and lengths? As typed: none, and Lc is zero.
 * Otherwise each is as long as its block, and all of the data is there.
 */
static bool has_room(struct rd command, const uint8_t *format, uint8_t max, uint8_t min, size_t before, size_t pins)
{
	bool packed = format[0] == 0x81;

	if (command.n < 5 || command.n != 5u + command.p[4] || (format[0] != 0x82 && !packed) || format[2])
		return false;
	if (!format[1])
		return !packed && command.n == 5;
	return max == min && format[1] == (packed ? max / 2 : max) && command.p[4] == before + pins * format[1];
}

/* The command with what was typed; nothing, and *sw is the reader's own answer. */
static void put_command(const struct fake_reader *r, struct rd ask, struct wr *cmd, uint16_t *sw)
{
	const uint8_t *b = ask.p;
	size_t n = strlen(r->typed);

	if (ask.n < DATA_AT + 5 || b[7] != 2 || b[15] != ask.n - DATA_AT || b[16] || b[17] || b[18] ||
	    !has_room(rd_of(b + DATA_AT, ask.n - DATA_AT), b + 2, b[5], b[6], 0, 1))
		fake_fatal("a reader's pad cannot do this");
	*sw = r->nobody_types ? 0x6400 : !n ? 0x6401 : n > b[5] || n < b[6] ? 0x6403 :
	      r->pad_knows && r->pad_knows != b[DATA_AT + 1] ? 0x6B80 : 0;
	if (*sw)
		return;
	wr_put(cmd, rd_of(b + DATA_AT, 4));
	wr_u8(cmd, (uint8_t)(b[2] == 0x81 ? n / 2 : n));
	put_digits(r->typed, b[2] == 0x81, cmd);
}

/* The new one, and before it the old one or what came in its place, each of the only length that is allowed. */
static void put_change(const struct fake_reader *r, struct rd ask, struct wr *cmd, uint16_t *sw)
{
	const uint8_t *b = ask.p;
	bool asks_old = b[9] == 3, packed = b[2] == 0x81;
	size_t old = strlen(r->typed), fresh = strlen(r->typed_new), block = packed ? b[7] / 2 : b[7];
	static const uint8_t all[] = { 3, 9, 4, 0, 1, 2 }, two[] = { 2, 9, 4, 1, 2, 0 };

	if (ask.n < CHANGE_DATA_AT + 5 || b[5] || b[7] != b[8] || (!asks_old && b[9] != 1) || b[10] != 2 ||
	    memcmp(b + 11, asks_old ? all : two, 6) != 0 || b[20] != ask.n - CHANGE_DATA_AT ||
	    (asks_old && b[6] != block) ||
	    !has_room(rd_of(b + CHANGE_DATA_AT, ask.n - CHANGE_DATA_AT), b + 2, b[7], b[8], asks_old ? 0 : b[6],
		      asks_old ? 2 : 1))
		fake_fatal("a reader's pad cannot do this");
	*sw = r->nobody_types ? 0x6400 : !fresh || (asks_old && !old) ? 0x6401 :
	      (asks_old && old != b[7]) || fresh != b[7] ? 0x6403 : strcmp(r->typed_new, r->typed_again) != 0 ? 0x6402 :
	      r->pad_knows && r->pad_knows != b[CHANGE_DATA_AT + 1] ? 0x6B80 : 0;
	if (*sw)
		return;
	wr_put(cmd, rd_of(b + CHANGE_DATA_AT, 4));
	wr_u8(cmd, (uint8_t)(b[6] + block));
	if (asks_old)
		put_digits(r->typed, packed, cmd);
	else
		wr_put(cmd, rd_of(b + CHANGE_DATA_AT + 5, b[6]));
	put_digits(r->typed_new, packed, cmd);
}

LONG SCardControl(SCARDHANDLE card, DWORD code, LPCVOID send, DWORD send_n, LPVOID receive, DWORD receive_n,
		  LPDWORD returned)
{
	static const uint8_t features[] = {
		0x05, 4, 1, 2, 3, 4, FEATURE_VERIFY_PIN_DIRECT, 4, 0x42, 0x33, 0x00, 0x06,
		FEATURE_MODIFY_PIN_DIRECT, 4, 0x42, 0x33, 0x00, 0x07,
	};
	const struct rd offered = rd_of(features, sizeof(features) - 6);
	uint8_t bytes[64], room[8];
	struct fake_reader *r;
	struct wr cmd, rsp;
	uint16_t sw = 0;
	LONG rv;

	r = fake_control_enter(card, &rv);
	if (!r || !r->has_pad)
		return fake_control_leave(r ? SCARD_E_UNSUPPORTED_FEATURE : rv);
	if (code == CM_IOCTL_GET_FEATURE_REQUEST)
		return fake_control_leave(answer(r->changes ? RD_ARR(features) : offered, receive, receive_n,
						 returned));
	if (code != VERIFY_CODE && !(r->changes && code == CHANGE_CODE))
		return fake_control_leave(SCARD_E_UNSUPPORTED_FEATURE);
	if (r->pad_is_held)
		fake_reader_hold(r);
	r->pad_is_held = false;
	WR_ARR(&cmd, bytes);
	WR_ARR(&rsp, room);
	(code == VERIFY_CODE ? put_command : put_change)(r, rd_of(send, send_n), &cmd, &sw);
	if (sw)
		wr_u16(&rsp, sw);
	else if (vcard_exchange(r->card, wr_view(&cmd), &rsp) != ERR_OK)
		fake_fatal("the virtual card has no answer");
	return fake_control_leave(answer(wr_view(&rsp), receive, receive_n, returned));
}
