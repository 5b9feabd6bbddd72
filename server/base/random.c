/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/random.h"

#include "base/rand.h"
#include "base/text.h"

static enum err put(size_t n, void (*write)(struct wr *w, struct rd bytes), char *out, size_t size)
{
	uint8_t raw[SRV_RANDOM_MAX];
	struct wr w;
	enum err e = n > sizeof(raw) ? ERR_BUG : rand_bytes(raw, n);

	if (e)
		return e;
	wr_init(&w, out, size);
	write(&w, rd_of(raw, n));
	wr_u8(&w, 0);
	wipe(raw, sizeof(raw));
	return wr_done(&w);
}

enum err srv_random_hex(size_t n, char *out)
{
	return put(n, wr_hex, out, 2 * n + 1);
}

enum err srv_random_text(char out[SRV_RANDOM_TEXT_SIZE])
{
	return put(SRV_RANDOM_MAX, wr_base64url, out, SRV_RANDOM_TEXT_SIZE);
}
