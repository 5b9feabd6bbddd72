/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wait until each named reader holds a card, by events of pcscd, not by sleeping.
 *	waitcard MILLISECONDS READER...
 *	waitcard MILLISECONDS --empty READER...
 * A reader is named by the start of its name. Exit status 0; 1: not in time, says which is missing; 2: usage.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define READERS_MAX 32
#define POLL_MS 20      /* only until pcscd and all readers are there; then SCardGetStatusChange blocks */

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The full names of the wanted readers into st; how many were found. all keeps the strings. */
static int find_readers(SCARDCONTEXT ctx, char **want, int n, char *all, DWORD all_size, SCARD_READERSTATE *st)
{
	int found = 0;

	if (SCardListReaders(ctx, NULL, all, &all_size) != SCARD_S_SUCCESS)
		return 0;
	for (int i = 0; i < n; i++)
		for (char *r = all; *r; r += strlen(r) + 1)
			if (strncmp(r, want[i], strlen(want[i])) == 0) {
				st[found] = (SCARD_READERSTATE){ .szReader = r, .dwCurrentState = SCARD_STATE_UNAWARE };
				found++;
				break;
			}
	return found;
}

/*
 * A card that has not answered its reset yet (mute) is of no use to anyone. A reader is shown as empty as soon as a
 * client's command fails, but the thread of pcscd that looks into it may not have noticed yet: were a card put in now,
 * it would see no change, and the reader would stay empty. The upper half counts what that thread saw come and go;
 * it is even when it knows the reader to be empty, for our readers begin so.
 */
static bool is_in_state(const SCARD_READERSTATE *st, DWORD want)
{
	if (want == SCARD_STATE_EMPTY && (st->dwEventState >> 16) % 2 == 1)
		return false;
	return (st->dwEventState & want) && !(st->dwEventState & SCARD_STATE_MUTE);
}

int main(int argc, char **argv)
{
	DWORD want = SCARD_STATE_PRESENT;
	SCARD_READERSTATE st[READERS_MAX];
	SCARDCONTEXT ctx = 0;
	char names[4096];
	int n, found = 0;

	if (argc > 2 && strcmp(argv[2], "--empty") == 0) {
		want = SCARD_STATE_EMPTY;
		argv[2] = argv[1];
		argc--, argv++;
	}
	n = argc - 2;
	if (n < 1 || n > READERS_MAX) {
		fprintf(stderr, "usage: waitcard MILLISECONDS [--empty] READER...\n");
		return 2;
	}
	long end = now_ms() + strtol(argv[1], NULL, 10);

	while (now_ms() < end) {
		if (!ctx && SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &ctx) != SCARD_S_SUCCESS)
			ctx = 0;
		if (ctx)
			found = find_readers(ctx, argv + 2, n, names, sizeof(names), st);
		if (found == n)
			break;
		poll(NULL, 0, POLL_MS);
	}
	while (found == n && now_ms() < end) {
		int ready = 0;

		if (SCardGetStatusChange(ctx, (DWORD)(end - now_ms()), st, (DWORD)n) != SCARD_S_SUCCESS)
			break;
		for (int i = 0; i < n; i++) {
			ready += is_in_state(&st[i], want);
			st[i].dwCurrentState = st[i].dwEventState;
		}
		if (ready == n)
			return 0;
	}
	if (found < n)
		fprintf(stderr, "waitcard: %d of %d readers found in time\n", found, n);
	for (int i = 0; i < n && found == n; i++)
		if (!is_in_state(&st[i], want))
			fprintf(stderr, "waitcard: %s is not %s\n", st[i].szReader,
				want == SCARD_STATE_EMPTY ? "empty" : "filled");
	return 1;
}
