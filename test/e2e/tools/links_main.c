/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links: apdu/pcsc.c by hand. One command per line from stdin, one line of answer each:
 *	open NAME shared|exclusive READER     begin NAME     send NAME HEX     end NAME     reset NAME     present NAME
 *	close NAME leave|reset     list     wait MILLISECONDS
 * The answer is the error's text or "ok"; of send the answer in hexadecimal; of list one word per reader.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apdu/pcsc.h"
#include "base/text.h"

#define LINKS 8

static struct {
	char name[16];
	struct apdu_link *link;
} links[LINKS];

static struct apdu_link **find(const char *name)
{
	for (size_t i = 0; i < LINKS; i++)
		if (links[i].link && strcmp(links[i].name, name) == 0)
			return &links[i].link;
	return NULL;
}

static enum err open_link(const char *name, const char *share, const char *reader)
{
	size_t i = 0;

	while (i < LINKS && links[i].link)
		i++;
	if (i == LINKS || find(name))
		return ERR_LIMIT;
	(void)snprintf(links[i].name, sizeof(links[i].name), "%s", name);
	return pcsc_open(reader, strcmp(share, "exclusive") == 0 ? PCSC_EXCLUSIVE : PCSC_SHARED, &links[i].link);
}

static enum err send(struct apdu_link *l, const char *hex)
{
	struct wr cmd, rsp, text;
	enum err e;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	wr_init_heap(&text, 2 * APDU_RSP_MAX);
	e = text_unhex(rd_str(hex), &cmd);
	if (!e)
		e = apdu_link_transmit(l, wr_view(&cmd), 0, &rsp, NULL);
	if (!e) {
		wr_hex(&text, wr_view(&rsp));
		puts(wr_cstr(&text));
	}
	wr_free(&cmd);
	wr_free(&rsp);
	wr_free(&text);
	return e;
}

static void list(const struct apdu_readers *r)
{
	for (size_t i = 0; i < r->n; i++)
		printf("%s%s%s%s", i ? " " : "", r->v[i].has_card ? "card" : "empty", r->v[i].in_use ? "+used" : "",
		       r->v[i].exclusive ? "+exclusive" : "");
	puts("");
}

static enum err wait_change(uint64_t ms)
{
	static struct apdu_readers readers;
	struct deadline dl = deadline_in(ms);
	enum err e = pcsc_list(&readers);

	if (!e)
		e = pcsc_wait(&readers, &dl);
	return e;
}

/* ERR_COUNT: the answer is printed. */
static enum err run(const char *what, const char *name, const char *how, const char *rest)
{
	static struct apdu_readers readers;
	struct apdu_link **l = name ? find(name) : NULL;
	enum err e;

	if (strcmp(what, "list") == 0) {
		e = pcsc_list(&readers);
		if (e)
			return e;
		list(&readers);
		return ERR_COUNT;
	}
	if (strcmp(what, "wait") == 0 && name)
		return wait_change(strtoul(name, NULL, 10));
	if (strcmp(what, "open") == 0 && how && rest)
		return open_link(name, how, rest);
	if (!l)
		return ERR_ARG;
	if (strcmp(what, "begin") == 0)
		return apdu_link_begin(*l, NULL);
	if (strcmp(what, "send") == 0 && how) {
		e = send(*l, how);
		return e ? e : ERR_COUNT;
	}
	if (strcmp(what, "reset") == 0)
		return apdu_link_reset(*l);
	if (strcmp(what, "present") == 0)
		return apdu_link_present(*l);
	if (strcmp(what, "end") == 0)
		apdu_link_end(*l);
	else if (strcmp(what, "close") == 0 && how)
		apdu_link_close(l, strcmp(how, "reset") == 0);
	else
		return ERR_ARG;
	return ERR_OK;
}

int main(void)
{
	char line[APDU_CMD_MAX * 2 + 64];

	while (fgets(line, sizeof(line), stdin)) {
		char *rest = line, *word[3];
		enum err e;

		line[strcspn(line, "\n")] = 0;
		for (size_t i = 0; i < 3; i++)
			word[i] = strsep(&rest, " ");
		e = run(word[0], word[1], word[2], rest);
		if (e != ERR_COUNT)
			puts(e ? err_text(e) : "ok");
		fflush(stdout);
	}
	return 0;
}
