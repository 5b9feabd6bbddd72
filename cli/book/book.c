/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/book/book.h"

#include <string.h>

#include "base/cvc.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"

#define HEAD "# quorum11 address book 1\n"
#define GROUP 4                 /* hex digits of a fingerprint between two blanks */

static struct rd next_line(struct rd *text)
{
	const uint8_t *end = memchr(text->p, '\n', text->n);
	size_t n = end ? (size_t)(end - text->p) : text->n;
	struct rd line = rd_of(text->p, n);

	*text = rd_of(text->p + n + (end ? 1 : 0), text->n - n - (end ? 1 : 0));
	return line;
}

/* The word before the next blank. */
static bool next_word(struct rd *line, struct rd *word)
{
	const uint8_t *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;

	if (!blank)
		return false;
	*word = rd_of(line->p, (size_t)(blank - line->p));
	*line = rd_of(blank + 1, line->n - word->n - 1);
	return true;
}

static bool copy_text(char *out, size_t cap, struct rd text)
{
	if (text.n >= cap || memchr(text.p, 0, text.n))
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = 0;
	return true;
}

bool cli_book_name_is_good(const char *name)
{
	char shown[SHOWN_MAX + 1];
	size_t n = strlen(name);

	return n > 0 && n <= BOOK_NAME_MAX && name[0] != ' ' && name[n - 1] != ' ' &&
	       strcmp(text_shown(rd_str(name), shown, sizeof(shown)), name) == 0;
}

static enum err entry_read(struct rd line, struct cli_book_entry *e)
{
	struct rd id, key;
	struct wr w;

	if (!next_word(&line, &id) || !next_word(&line, &key) || !cvc_reference_is_valid(id) ||
	    !copy_text(e->id, sizeof(e->id), id) || !copy_text(e->name, sizeof(e->name), line) ||
	    !cli_book_name_is_good(e->name))
		return ERR_FORMAT;
	e->has_key = !rd_eq_str(key, "-");
	WR_ARR(&w, e->key);
	if (e->has_key && (text_unhex(key, &w) || w.n != SHA256_SIZE))
		return ERR_FORMAT;
	return ERR_OK;
}

static bool is_taken(const struct cli_book *b, const struct cli_book_entry *e)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].id, e->id) == 0 || strcmp(b->v[i].name, e->name) == 0)
			return true;
	return false;
}

enum err cli_book_parse(struct rd text, struct cli_book *out, unsigned *line)
{
	out->n = 0;
	*line = 0;
	while (!rd_end(&text)) {
		struct cli_book_entry e = { .has_key = false };
		struct rd l = next_line(&text);

		++*line;
		if (l.n == 0 || l.p[0] == '#')
			continue;
		/* A device without its key would be one that anybody can claim to be. */
		if (entry_read(l, &e) || (out->kind == BOOK_DEVICES && !e.has_key) || is_taken(out, &e))
			return ERR_FORMAT;
		if (out->n == BOOK_MAX)
			return ERR_LIMIT;
		out->v[out->n++] = e;
	}
	return ERR_OK;
}

void cli_book_write(const struct cli_book *b, struct wr *out)
{
	wr_text(out, HEAD);
	for (size_t i = 0; i < b->n; i++) {
		wr_printf(out, "%s ", b->v[i].id);
		if (b->v[i].has_key)
			wr_hex(out, RD_ARR(b->v[i].key));
		else
			wr_text(out, "-");
		wr_printf(out, " %s\n", b->v[i].name);
	}
}

const struct cli_book_entry *cli_book_find(const struct cli_book *b, const char *id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].id, id) == 0)
			return &b->v[i];
	return NULL;
}

enum cli_book_device cli_book_device(const struct cli_book *b, const char *id, const uint8_t key[SHA256_SIZE],
				     const struct cli_book_entry **e)
{
	*e = b ? cli_book_find(b, id) : NULL;
	if (!*e)
		return BOOK_UNKNOWN;
	return memcmp((*e)->key, key, SHA256_SIZE) == 0 ? BOOK_KNOWN : BOOK_OTHER_KEY;
}

const struct cli_book_entry *cli_book_named(const struct cli_book *b, const char *name_or_id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].name, name_or_id) == 0)
			return &b->v[i];
	return cli_book_find(b, name_or_id);
}

static enum err check_name(const struct cli_book *b, const char *name, const char *own_id)
{
	if (!cli_book_name_is_good(name))
		return cli_refuse(ERR_ARG, "a name has 1 to %d printable characters, with no blank at its ends",
				  BOOK_NAME_MAX);
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].id, own_id) && strcmp(b->v[i].name, name) == 0)
			return cli_refuse(ERR_REFUSED, "\"%s\" is the name of %s in your address book already", name,
					  b->v[i].id);
	return ERR_OK;
}

enum err cli_book_add(struct cli_book *b, const struct cli_book_entry *e)
{
	const struct cli_book_entry *old = cli_book_find(b, e->id);
	enum err r = check_name(b, e->name, e->id);

	if (r)
		return r;
	if (old && (old->has_key != e->has_key || memcmp(old->key, e->key, sizeof(e->key))))
		return cli_refuse(ERR_REFUSED,
				  "%s is in your address book as \"%s\", WITH ANOTHER KEY. Somebody may pretend to be "
				  "it. If you know why its key has changed, remove it there first", e->id, old->name);
	if (old && strcmp(old->name, e->name))
		return cli_refuse(ERR_REFUSED, "%s is in your address book as \"%s\": rename it there", e->id,
				  old->name);
	if (old)
		return ERR_OK;
	if (b->n == BOOK_MAX)
		return cli_refuse(ERR_LIMIT, "an address book has at most %d entries", BOOK_MAX);
	b->v[b->n++] = *e;
	return ERR_OK;
}

static enum err find(struct cli_book *b, const char *name_or_id, size_t *at)
{
	const struct cli_book_entry *e = cli_book_named(b, name_or_id);
	char shown[SHOWN_MAX + 1];

	if (!e)
		return cli_refuse(ERR_NOT_FOUND, "\"%s\" is not in your address book",
				  text_shown(rd_str(name_or_id), shown, sizeof(shown)));
	*at = (size_t)(e - b->v);
	return ERR_OK;
}

enum err cli_book_remove(struct cli_book *b, const char *name_or_id)
{
	size_t at = 0;
	enum err e = find(b, name_or_id, &at);

	if (e)
		return e;
	b->n--;
	memmove(&b->v[at], &b->v[at + 1], (b->n - at) * sizeof(b->v[0]));
	return ERR_OK;
}

enum err cli_book_rename(struct cli_book *b, const char *name_or_id, const char *to)
{
	size_t at = 0;
	enum err e = find(b, name_or_id, &at);

	if (!e)
		e = check_name(b, to, b->v[at].id);
	if (!e)
		memcpy(b->v[at].name, to, strlen(to) + 1);
	return e;
}

void cli_book_wr_key(struct wr *w, const uint8_t key[SHA256_SIZE])
{
	for (size_t i = 0; i < SHA256_SIZE; i += GROUP / 2) {
		wr_text(w, i ? " " : "");
		wr_hex(w, rd_of(key + i, GROUP / 2));
	}
}

void cli_book_wr_person(struct wr *w, const struct cli_book *b, const char *chr)
{
	const struct cli_book_entry *e = b ? cli_book_find(b, chr) : NULL;

	if (e)
		wr_printf(w, "%s (%s)", e->name, chr);
	else
		wr_text(w, chr);
}
