/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a client can do: one command by SCardTransmit, again and again, locked as the module does. */
#include <stdio.h>
#include <string.h>
#include <winscard.h>

#include "base/text.h"
#include "test/bench/bench.h"

static void must(const char *what, LONG rv)
{
	if (rv != SCARD_S_SUCCESS)
		bench_die(what, (unsigned long)rv);
}

static void transmit(SCARDHANDLE card, struct rd cmd)
{
	BYTE answer[BENCH_ANSWER_MAX];
	DWORD n = sizeof(answer);

	must("SCardTransmit", SCardTransmit(card, SCARD_PCI_T1, cmd.p, (DWORD)cmd.n, NULL, answer, &n));
	if (n < 2 || answer[n - 2] != 0x90 || answer[n - 1] != 0x00)
		bench_die("status word", n < 2 ? 0 : (unsigned long)answer[n - 2] << 8 | answer[n - 1]);
}

/* VERIFY of the user PIN, ISO 7816-4 7.5.6. */
static void log_in(SCARDHANDLE card, const char *pin)
{
	static const uint8_t select[] = { 0x00, 0xA4, 0x04, 0x00, 0x0B, 0xE8, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81,
					  0xC3, 0x1F, 0x02, 0x01, 0x00 };
	uint8_t cmd[64];
	struct wr w;

	transmit(card, RD_ARR(select));
	WR_ARR(&w, cmd);
	wr_put(&w, RD_LIT("\x00\x20\x00\x81"));
	wr_u8(&w, (uint8_t)strlen(pin));
	wr_text(&w, pin);
	if (wr_done(&w))
		bench_die("PIN", strlen(pin));
	transmit(card, wr_view(&w));
}

/*
 * scard shared|exclusive READER PIN_FILE HEX N: N times the command HEX after a login; shared: each in a transaction
 * of its own; exclusive: on an exclusive connection.
 */
int bench_scard(int argc, char **argv)
{
	struct bench_watch watch;
	SCARDCONTEXT ctx;
	SCARDHANDLE card;
	unsigned long n;
	uint8_t bytes[1024];
	DWORD protocol;
	struct wr cmd;
	bool exclusive;
	char pin[64];

	if (argc != 6)
		return 2;
	exclusive = strcmp(argv[1], "exclusive") == 0;
	bench_line(argv[3], pin, sizeof(pin));
	n = bench_number(argv[5]);
	WR_ARR(&cmd, bytes);
	if (text_unhex(rd_str(argv[4]), &cmd))
		bench_die(argv[4], 0);

	must("SCardEstablishContext", SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx));
	must("SCardConnect", SCardConnect(ctx, argv[2], exclusive ? SCARD_SHARE_EXCLUSIVE : SCARD_SHARE_SHARED,
					  SCARD_PROTOCOL_T1, &card, &protocol));
	log_in(card, pin);
	transmit(card, wr_view(&cmd));
	bench_start(&watch);
	for (unsigned long i = 0; i < n; i++) {
		if (!exclusive)
			must("SCardBeginTransaction", SCardBeginTransaction(card));
		transmit(card, wr_view(&cmd));
		if (!exclusive)
			must("SCardEndTransaction", SCardEndTransaction(card, SCARD_LEAVE_CARD));
	}
	bench_stop(&watch, n);
	printf("\n");
	must("SCardDisconnect", SCardDisconnect(card, SCARD_RESET_CARD));
	must("SCardReleaseContext", SCardReleaseContext(ctx));
	return 0;
}
