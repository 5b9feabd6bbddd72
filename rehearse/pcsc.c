/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apdu/pcsc.h over virtual cards in this process: the folders in QUORUM11_REHEARSAL/card are the readers. The program
 * that is linked with this in place of apdu/pcsc*.c meets no real reader.
 */
#include "apdu/pcsc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "test/vcard/vcard.h"

#define READER "REHEARSAL "

static bool card_path(const char *name, char path[512])
{
	const char *dir = secure_getenv("QUORUM11_REHEARSAL");
	int n = dir ? snprintf(path, 512, "%s/card/%s", dir, name) : -1;

	return n > 0 && n < 512;
}

static void look(struct apdu_reader *r, const char *card)
{
	struct vcard *v = NULL;
	char path[512];
	enum err e = card_path(card, path) ? vcard_open(path, &v) : ERR_NO_CARD;

	(void)snprintf(r->name, sizeof(r->name), READER "%.100s", card);
	r->has_card = !e || e == ERR_SHARING;
	r->in_use = r->exclusive = e == ERR_SHARING;    /* whoever has the card of a folder has it alone */
	if (!e) {
		r->atr_size = vcard_atr(v).n;
		memcpy(r->atr, vcard_atr(v).p, r->atr_size);
	}
	vcard_close(&v);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct apdu_reader *)a)->name, ((const struct apdu_reader *)b)->name);
}

enum err pcsc_list(struct apdu_readers *out)
{
	char path[512];
	const struct dirent *entry;
	DIR *d = card_path("", path) ? opendir(path) : NULL;

	memset(out, 0, sizeof(*out));
	if (!d)
		return ERR_NO_SERVICE;
	while (out->n < APDU_READERS_MAX && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			look(&out->v[out->n++], entry->d_name);
	(void)closedir(d);
	qsort(out->v, out->n, sizeof(out->v[0]), by_name);
	return ERR_OK;
}

/* Nobody puts these cards in or takes them out. */
enum err pcsc_wait(struct apdu_readers *last, struct deadline *dl)
{
	(void)last;
	return deadline_wait(dl, -1);
}

/* ---- one card ---- */

static enum err card_transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	(void)dl;
	return vcard_exchange(ctx, cmd, rsp);
}

/* With the process' hold on its folder a card loses its power, and every login. */
static void card_close(void *ctx, bool reset_card)
{
	struct vcard *v = ctx;

	(void)reset_card;
	vcard_close(&v);
}

static const struct apdu_link_ops ops = {
	.name = "rehearsal",
	.transmit = card_transmit,
	.close = card_close,
};

enum err pcsc_open(const char *reader, enum pcsc_share share, struct apdu_link **out)
{
	struct vcard *v;
	char path[512];
	enum err e;

	(void)share;
	if (strncmp(reader, READER, strlen(READER)) || strchr(reader, '/') ||
	    !card_path(reader + strlen(READER), path))
		return ERR_NO_READER;
	e = vcard_open(path, &v);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_NO_CARD : e;
	return apdu_link_new(&ops, v, reader, vcard_atr(v), out);
}
