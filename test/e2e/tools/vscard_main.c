/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vscard SOCKET DIR LOG: the virtual card of DIR at the character device of QEMU's ccid-card-passthru, by the VSCard
 * protocol. The reader there is one of TPDUs, so the card speaks T=1. It does not tell the card of power; but with
 * debug=1 QEMU says on its stdout that it was asked for it, before what is sent to the card thereafter: that is read
 * from stdin. SIGUSR1 pulls the card, SIGUSR2 puts that one in which DIR, a link, leads to by then. LOG gets a line for
 * each of power, commands and moves. Ends when QEMU does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "test/vcard/t1.h"
#include "test/vcard/vcard.h"

#define CONNECT_MS 20000
#define RETRY_MS   50
#define EVERYBODY  0xFFFFFFFF
#define MESSAGE_MAX 70000
#define IFSD       254          /* dwMaxIFSD of QEMU's reader, which says that it tells the card, and does not */

enum { INIT = 1, READER_ADD = 3, ATR = 5, CARD_REMOVE = 6, APDU = 7 };

static int fd = -1;
static struct vcard *card;
static struct vcard_t1 t1;
static FILE *trace;

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "vscard: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run(void *ctx, struct rd cmd, struct wr *rsp)
{
	(void)ctx;
	(void)fprintf(trace, "command %02x\n", cmd.n > 1 ? cmd.p[1] : 0);
	if (vcard_exchange(card, cmd, rsp))
		die("no answer");
}

static void connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct deadline all = deadline_in(CONNECT_MS);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || strlen(path) >= sizeof(at.sun_path))
		die(path);
	memcpy(at.sun_path, path, strlen(path));
	while (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		struct deadline slice = deadline_within(&all, RETRY_MS);

		/* QEMU may not be there yet. */
		if (!deadline_left_ms(&all) || deadline_wait(&slice, -1) != ERR_TIMEOUT)
			die(path);
	}
}

static void put(uint32_t type, uint32_t reader, struct rd payload)
{
	static uint8_t room[MESSAGE_MAX];
	struct wr w;

	WR_ARR(&w, room);
	wr_u32(&w, type);
	wr_u32(&w, reader);
	wr_u32(&w, (uint32_t)payload.n);
	wr_put(&w, payload);
	if (wr_done(&w) || write(fd, w.p, w.n) != (ssize_t)w.n)
		die("write");
}

/* false: QEMU is gone. */
static bool get(uint8_t *to, size_t n)
{
	for (ssize_t got; n; n -= (size_t)got, to += got) {
		got = read(fd, to, n);
		if (got <= 0)
			return false;
	}
	return true;
}

static void power(bool on)
{
	if (!card)
		return;
	vcard_power(card, on);
	vcard_t1_reset(&t1);
	t1.ifsd = IFSD;
	(void)fprintf(trace, "power %s\n", on ? "on" : "off");
}

/* What QEMU has said since; whole lines, as it writes them. */
static void heed_power(void)
{
	static char said[4096];
	static size_t n;
	char *line, *end;
	ssize_t got;

	while ((got = read(STDIN_FILENO, said + n, sizeof(said) - 1 - n)) > 0) {
		n += (size_t)got;
		said[n] = 0;
		for (line = said; (end = strchr(line, '\n')); line = end + 1) {
			*end = 0;
			if (strstr(line, "PowerOn"))
				power(true);
			else if (strstr(line, "PowerOff"))
				power(false);
		}
		n = strlen(line);
		memmove(said, line, n + 1);
		if (n == sizeof(said) - 1)
			die("a line without an end");
	}
}

static void answer(uint32_t reader, struct rd block)
{
	uint8_t room[VCARD_T1_BLOCK_MAX];
	struct wr w;

	heed_power();
	if (!card)
		return;
	WR_ARR(&w, room);
	vcard_t1_hear(&t1, block, &w);
	put(APDU, reader, wr_view(&w));
}

static bool serve_one(void)
{
	static uint8_t payload[MESSAGE_MAX];
	uint32_t type, reader, n;
	uint8_t head[12];
	struct rd r = RD_ARR(head);

	if (!get(head, sizeof(head)) || !rd_u32(&r, &type) || !rd_u32(&r, &reader) || !rd_u32(&r, &n) ||
	    n > sizeof(payload) || !get(payload, n))
		return false;
	if (type == APDU)
		answer(reader, rd_of(payload, n));
	return true;
}

static void pull(void)
{
	(void)fprintf(trace, "out\n");
	vcard_close(&card);
	put(CARD_REMOVE, 0, RD_NONE);
}

static void put_in(const char *dir)
{
	if (card || vcard_open(dir, &card))
		die(dir);
	(void)fprintf(trace, "in\n");
	power(true);
	put(ATR, 0, vcard_atr(card));
}

int main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct signalfd_siginfo what;
	sigset_t moves;

	if (argc != 4) {
		(void)fputs("usage: vscard SOCKET DIR LOG <WHAT-QEMU-SAYS\n", stderr);
		return 2;
	}
	trace = fopen(argv[3], "we");
	if (!trace || setvbuf(trace, NULL, _IOLBF, 0))
		die(argv[3]);
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK))
		die("stdin");
	(void)sigemptyset(&moves);
	(void)sigaddset(&moves, SIGUSR1);
	(void)sigaddset(&moves, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &moves, NULL);
	vcard_t1_init(&t1, run, NULL);
	connect_to(argv[1]);
	put(INIT, EVERYBODY, RD_LIT("VSCD\0\0\0\2\0\0\0\0"));
	put(READER_ADD, EVERYBODY, RD_LIT("r"));
	put_in(argv[2]);
	p[0].fd = fd;
	p[1].fd = signalfd(-1, &moves, SFD_CLOEXEC);
	while (poll(p, 2, -1) > 0 || errno == EINTR) {
		if (p[0].revents && !serve_one())
			break;
		if (!(p[1].revents & POLLIN) || read(p[1].fd, &what, sizeof(what)) != sizeof(what))
			continue;
		if (what.ssi_signo == SIGUSR1)
			pull();
		else
			put_in(argv[2]);
	}
	vcard_t1_free(&t1);
	vcard_close(&card);
	return 0;
}
