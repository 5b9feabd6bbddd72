/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdcard READER: another program that is connected to the card. Connects (shared), says "connected", and stays until
 * it is told to end; then leaves the card as it is. Exit status 3: the reader is held exclusively.
 */
#include <signal.h>
#include <stdio.h>
#include <winscard.h>

int main(int argc, char **argv)
{
	SCARDCONTEXT ctx;
	SCARDHANDLE card;
	DWORD protocol;
	sigset_t ends;
	int sig;
	LONG rc;

	if (argc != 2)
		return 2;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx) != SCARD_S_SUCCESS)
		return 1;
	rc = SCardConnect(ctx, argv[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol);
	if (rc != SCARD_S_SUCCESS) {
		fprintf(stderr, "holdcard: %s: %s\n", argv[1], pcsc_stringify_error(rc));
		(void)SCardReleaseContext(ctx);
		return rc == (LONG)SCARD_E_SHARING_VIOLATION ? 3 : 1;
	}
	puts("connected");
	fflush(stdout);
	(void)sigwait(&ends, &sig);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	(void)SCardReleaseContext(ctx);
	return 0;
}
