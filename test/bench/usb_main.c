/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usb N: what a command costs over USB, with a reader and a card in software behind libusb's calls (test/fake): bulk
 * transfers per exchange at each level, after N commands, as lines "LEVEL.transfers N" and "LEVEL.cpu_us N". The time
 * is that of our code and of the reader's, without libusb, kernel and card.
 */
#include <stdio.h>
#include <time.h>

#include "apdu/usb/usb.h"
#include "test/bench/bench.h"
#include "test/fake/scard.h"
#include "test/fake/usb.h"
#include "test/unit/vcard.h"

#define READER "usb:BENCH1"

static double cpu_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void must(const char *what, enum err e)
{
	if (e)
		bench_die(what, e);
}

/* VERIFY without data: the number of tries, of the card at once. */
static void ask(struct apdu_link *l)
{
	struct deadline dl = deadline_never();
	uint8_t room[64];
	struct wr w;

	WR_ARR(&w, room);
	must("begin", apdu_link_begin(l, &dl));
	must("transmit", apdu_link_transmit(l, RD_LIT("\x00\x20\x00\x81"), APDU_SHOW_CMD, &w, &dl));
	apdu_link_end(l);
}

static void measure(const char *name, const struct fake_ccid_spec *s, const char *dir, unsigned long n)
{
	struct apdu_link *l;
	uint64_t before;
	double began;

	fake_scard_start();
	fake_usb_start(s);
	fake_reader_plug(READER);
	must("card", fake_card_insert(READER, dir));
	must("open", usb_open(READER, &l));
	/* The first one also tells the card how long blocks may be. */
	ask(l);
	before = usb_transfers(l);
	began = cpu_us();
	for (unsigned long i = 0; i < n; i++)
		ask(l);
	printf("%s.cpu_us %.2f\n", name, (cpu_us() - began) / (double)n);
	printf("%s.transfers %.2f\n", name, (double)(usb_transfers(l) - before) / (double)n);
	apdu_link_close(&l, true);
	if (fake_usb_stop() || fake_scard_stop())
		bench_die("left open", 1);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; struct fake_ccid_spec s; } kinds[] = {
		{ "tpdu", { .level = CCID_TPDU, .features = FAKE_CCID_AUTO } },
		{ "short", { .level = CCID_SHORT, .features = FAKE_CCID_AUTO } },
		{ "extended", { .level = CCID_EXTENDED, .features = FAKE_CCID_AUTO } },
	};
	struct card *card;

	if (argc != 2 || test_folder_make(NULL)) {
		fprintf(stderr, "usage: usb N\n");
		return 2;
	}
	card = card_new(NULL);
	vcard_close(&card->v);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		measure(kinds[i].name, &kinds[i].s, card->dir, bench_number(argv[1]));
	card_free(card);
	return test_folder_remove(NULL);
}
