/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card that says anything: the input is an answer to reset behind its length, then blocks, each behind its length (0
 * to 127; 0: silence). With the top bit set NAD and EDC are put right, so that what is inside is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "apdu/usb/atr.h"
#include "apdu/usb/t1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool next(struct rd *r, uint8_t *flags, struct rd *part)
{
	uint8_t n;

	if (!rd_u8(r, &n))
		return false;
	*flags = n & 0x80;
	return rd_take(r, n & 0x7f, part);
}

static struct rd put_right(struct rd in, uint8_t room[160])
{
	uint8_t sum = 0;

	if (in.n < 2)
		return in;
	room[0] = 0;
	room[1] = in.p[0];
	room[2] = (uint8_t)(in.n - 1);
	memcpy(room + 3, in.p + 1, in.n - 1);
	for (size_t i = 0; i < in.n + 2; i++)
		sum ^= room[i];
	room[in.n + 2] = sum;
	return rd_of(room, in.n + 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[160], answer[600], flags;
	struct rd r = rd_of(data, size), part;
	struct t1_params p = { .ifsc = 32, .ifsd = 254 };
	struct atr atr;
	struct wr rsp;
	struct t1 t;
	bool over;
	enum err e;

	if (!next(&r, &flags, &part))
		return 0;
	if (atr_read(part, &atr) == ERR_OK) {
		if (atr.ifsc == 0 || atr.history.n > part.n || !atr_t1_wait_ms(&atr, atr.fi_di, 4000))
			abort();
		p.ifsc = atr.ifsc;
		p.crc = atr.crc && !flags;
	}
	t1_init(&t, &p);
	for (;;) {
		unsigned rounds = 0;

		WR_ARR(&rsp, answer);
		e = t1_begin(&t, RD_LIT("a command that goes into two blocks of a small card"), &rsp);
		over = false;
		while (!e && !over) {
			if (t1_block(&t).n < 4 || t1_block(&t).n > T1_BLOCK_MAX || !t1_wait(&t))
				abort();
			/* The rest is silence, which cannot go on for long. */
			if (!next(&r, &flags, &part)) {
				part = r = RD_NONE;
				if (++rounds > 10)
					abort();
			}
			e = t1_hear(&t, flags ? put_right(part, room) : part, &over);
			if (e && (!over || rsp.n))
				abort();
		}
		if (e == ERR_RESET || rd_end(&r))
			return 0;
	}
}
