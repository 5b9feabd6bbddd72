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

/* The command with what was typed; nothing, and *sw is the reader's own answer. */
static void put_command(const struct fake_reader *r, struct rd ask, struct wr *cmd, uint16_t *sw)
{
	const uint8_t *b = ask.p;
	size_t n = strlen(r->typed);

	if (ask.n != DATA_AT + 5 || b[2] != 0x82 || b[3] || b[4] || b[7] != 2 || b[15] != 5 || b[16] || b[17] || b[18])
		fake_fatal("a reader's pad cannot do this");
	*sw = r->nobody_types ? 0x6400 : !n ? 0x6401 : n > b[5] || n < b[6] ? 0x6403 : 0;
	if (*sw)
		return;
	wr_put(cmd, rd_of(b + DATA_AT, 4));
	wr_u8(cmd, (uint8_t)n);
	wr_put(cmd, rd_of(r->typed, n));
}

/* Old and new one behind the other, each of the only length that is allowed. */
static void put_change(const struct fake_reader *r, struct rd ask, struct wr *cmd, uint16_t *sw)
{
	const uint8_t *b = ask.p;
	size_t old = strlen(r->typed), fresh = strlen(r->typed_new);

	if (ask.n != CHANGE_DATA_AT + 5 || b[2] != 0x82 || b[3] || b[4] || b[5] || b[6] != b[7] || b[7] != b[8] ||
	    b[9] != 3 || b[10] != 2 || b[11] != 3 || b[14] || b[15] != 1 || b[16] != 2 || b[20] != 5)
		fake_fatal("a reader's pad cannot do this");
	*sw = r->nobody_types ? 0x6400 : !old ? 0x6401 : old != b[7] || fresh != b[7] ? 0x6403 :
	      strcmp(r->typed_new, r->typed_again) != 0 ? 0x6402 : 0;
	if (*sw)
		return;
	wr_put(cmd, rd_of(b + CHANGE_DATA_AT, 4));
	wr_u8(cmd, (uint8_t)(old + fresh));
	wr_put(cmd, rd_str(r->typed));
	wr_put(cmd, rd_str(r->typed_new));
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
