/* SPDX-License-Identifier: Apache-2.0 */
/*
 * askcard READER HEX...: another program's commands to the card as it is, over a shared connection, with nothing of its
 * own before or between them; prints each answer in hex. It leaves the card as it is.
 */
#include <stdio.h>
#include <string.h>
#include <winscard.h>

#include "base/buf.h"
#include "base/text.h"

#define COMMAND_MAX 300

static int ask(SCARDHANDLE card, const char *hex)
{
	uint8_t bytes[COMMAND_MAX], answer[MAX_BUFFER_SIZE];
	DWORD n = sizeof(answer);
	struct wr cmd;
	LONG rc;

	WR_ARR(&cmd, bytes);
	if (text_unhex(rd_str(hex), &cmd) || !cmd.n)
		return 2;
	rc = SCardTransmit(card, SCARD_PCI_T1, cmd.p, cmd.n, NULL, answer, &n);
	if (rc != SCARD_S_SUCCESS) {
		fprintf(stderr, "askcard: %s\n", pcsc_stringify_error(rc));
		return 1;
	}
	for (DWORD i = 0; i < n; i++)
		printf("%02X", answer[i]);
	puts("");
	return 0;
}

int main(int argc, char **argv)
{
	SCARDCONTEXT ctx;
	SCARDHANDLE card;
	DWORD protocol;
	int status = 0;
	LONG rc;

	if (argc < 3)
		return 2;
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx) != SCARD_S_SUCCESS)
		return 1;
	rc = SCardConnect(ctx, argv[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol);
	if (rc != SCARD_S_SUCCESS) {
		fprintf(stderr, "askcard: %s: %s\n", argv[1], pcsc_stringify_error(rc));
		status = 1;
	}
	for (int i = 2; i < argc && !status; i++)
		status = ask(card, argv[i]);
	if (rc == SCARD_S_SUCCESS)
		(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	(void)SCardReleaseContext(ctx);
	return status;
}
