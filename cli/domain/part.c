/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/domain/part.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/file.h"
#include "cli/line/cancel.h"
#include "cli/line/get.h"
#include "cli/line/put.h"
#include "cli/line/say.h"

#define PATH_SIZE 4096
#define PART_MAX  512           /* bytes of a part's file */
#define TYPED_MAX 128

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum err cli_split_read(const char *text, unsigned *t, unsigned *n)
{
	/* HSM_PARTS_MAX has one digit. */
	if (strlen(text) == 3 && is_digit(text[0]) && text[1] == '/' && is_digit(text[2])) {
		*t = (unsigned)(text[0] - '0');
		*n = (unsigned)(text[2] - '0');
		if (*t >= 2 && *n >= 3 && *t <= *n)
			return ERR_OK;
	}
	return cli_refuse(ERR_ARG, "--split: T/N, of N parts (3 to %d) any T (at least 2) give the password back",
			  HSM_PARTS_MAX);
}

static void put_hex(struct wr *w, uint64_t v)
{
	for (int i = 56; i >= 0; i -= 8)
		wr_printf(w, "%02x%s", (unsigned)(v >> i & 0xFF), i ? ":" : "\n");
}

/* In the words of sc-hsm-tool, so that a part can be typed there. */
static void put_part(struct wr *w, uint64_t prime, const struct hsm_part *p)
{
	wr_text(w, "Prime       : ");
	put_hex(w, prime);
	wr_printf(w, "Share ID    : %u\n", (unsigned)p->x);
	wr_text(w, "Share value : ");
	put_hex(w, p->y);
}

/* The screen, and what a terminal keeps of what has left it. */
#define CLEAR "\033[H\033[2J\033[3J"

/* Whatever ends it, no part stays on the screen. */
static enum err show(struct rd text, unsigned i, unsigned n)
{
	struct deadline dl = deadline_never();
	char nothing[TYPED_MAX];
	enum err e;

	dl.cancel_fd = cli_cancel_begin();
	printf(CLEAR "Part %u of %u: for one person, who writes it down and lets nobody else see it.\n\n%.*s\n",
	       i, n, (int)text.n, (const char *)text.p);
	(void)cli_ask_line("Press Enter when it is written down:", nothing, sizeof(nothing));
	printf(CLEAR);
	e = cli_flush(deadline_check(&dl));
	cli_cancel_end();
	return cli_fail(e, "part %u of %u", i, n);
}

static enum err part_path(const char *prefix, unsigned i, char path[PATH_SIZE])
{
	int n = snprintf(path, PATH_SIZE, "%s%u", prefix, i);

	return n < 0 || n >= PATH_SIZE ? cli_fail(ERR_LIMIT, "--parts-to") : ERR_OK;
}

static enum err keep(const char *prefix, struct rd text, unsigned i)
{
	char path[PATH_SIZE];
	enum err e = part_path(prefix, i, path);

	if (e)
		return e;
	e = file_create(path, 0600, text);
	if (e == ERR_IO)
		return cli_refuse(e, "%s: %s", path, strerror(errno));
	if (!e)
		printf("part %u: %s\n", i, path);
	return cli_fail(e, "%s", path);
}

/* Some parts of a password of which the others were never written are only in the way. */
static enum err check_paths(const char *prefix, unsigned n)
{
	char path[PATH_SIZE];
	enum err e = ERR_OK;

	for (unsigned i = 1; i <= n && !e; i++) {
		e = part_path(prefix, i, path);
		if (!e)
			e = cli_put_check(path, false, "a part is never overwritten");
	}
	return e;
}

static void take_back(const char *prefix, unsigned n)
{
	char path[PATH_SIZE];

	for (unsigned i = 1; i <= n; i++)
		if (!part_path(prefix, i, path))
			(void)unlink(path);
}

enum err cli_parts_put(const char *prefix, uint64_t prime, const struct hsm_part *parts, unsigned n)
{
	enum err e = prefix ? check_paths(prefix, n) : ERR_OK;
	unsigned i = 0;
	struct wr w;

	if (!prefix && (!isatty(STDOUT_FILENO) || !cli_has_terminal()))
		return cli_refuse(ERR_ARG, "without a terminal the parts need files: --parts-to");
	wr_init_heap(&w, PART_MAX);
	for (i = 0; i < n && !e; i++) {
		wr_reset(&w);
		put_part(&w, prime, &parts[i]);
		e = wr_done(&w);
		if (!e)
			e = prefix ? keep(prefix, wr_view(&w), i + 1) : show(wr_view(&w), i + 1, n);
	}
	wr_free(&w);
	if (e && prefix && i)
		take_back(prefix, i - 1);
	return e;
}

/* ---- read ---- */

/* At most eight bytes in hex, with or without colons. */
static bool read_hex(const char *s, uint64_t *out)
{
	unsigned digits = 0;

	for (*out = 0; *s; s++) {
		static const char hex[] = "0123456789abcdef0123456789ABCDEF";
		const char *at;

		if (*s == ':' || *s == ' ')
			continue;
		at = strchr(hex, *s);
		if (!at || ++digits > 16)
			return false;
		*out = *out << 4 | (uint64_t)((at - hex) % 16);
	}
	return digits > 0;
}

static bool read_id(const char *s, uint64_t *out)
{
	if (!is_digit(s[0]) || s[0] == '0' || s[1])
		return false;
	*out = (uint64_t)(s[0] - '0');
	return true;
}

/* What a part is made of, by the word before the colon. */
static const struct {
	const char *word, *question;
	bool (*read)(const char *, uint64_t *);
} fields[] = {
	{ "prime", "Prime:", read_hex },
	{ "share id", "Share ID:", read_id },
	{ "share value", "Share value:", read_hex },
};
enum { PRIME, ID, VALUE, FIELDS };

/* "Share ID    : 1": false if it is no such line. */
static bool read_line(char *line, uint64_t v[FIELDS], unsigned *seen)
{
	char *colon = strchr(line, ':'), *end;

	if (!colon)
		return false;
	for (end = colon; end > line && end[-1] == ' '; end--)
		;
	for (size_t i = 0; i < FIELDS; i++) {
		if (strlen(fields[i].word) != (size_t)(end - line) ||
		    strncasecmp(line, fields[i].word, (size_t)(end - line)))
			continue;
		*seen |= 1u << i;
		return fields[i].read(colon + 1 + strspn(colon + 1, " "), &v[i]);
	}
	return false;
}

static enum err read_file(const char *path, uint64_t v[FIELDS])
{
	unsigned seen = 0;
	char *line, *next;
	struct wr w;
	enum err e;

	wr_init_heap(&w, PART_MAX);
	e = cli_get_file(path, PART_MAX - 1, &w);
	wr_u8(&w, 0);
	for (line = (char *)w.p; !e && line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (*line && !read_line(line, v, &seen))
			e = ERR_FORMAT;
	}
	if (!e && seen != (1u << FIELDS) - 1)
		e = ERR_FORMAT;
	if (e == ERR_FORMAT)
		cli_refuse(e, "%s is no part of a password: three lines, Prime, Share ID and Share value", path);
	wr_free(&w);
	return e;
}

static enum err ask(unsigned i, unsigned n, uint64_t v[FIELDS])
{
	char line[TYPED_MAX], question[TYPED_MAX];
	enum err e = ERR_OK;

	for (size_t k = i ? ID : PRIME; k < FIELDS && !e; k++) {
		(void)snprintf(question, sizeof(question), "Part %u of %u. %s", i + 1, n, fields[k].question);
		if (!cli_ask_line(question, line, sizeof(line)))
			e = cli_refuse(ERR_CANCELLED, "the password needs %u parts", n);
		else if (!fields[k].read(line, &v[k]))
			e = cli_refuse(ERR_ARG, "that is not what a part has there");
		wipe(line, sizeof(line));
	}
	return e;
}

enum err cli_parts_get(const struct cli_list *files, unsigned typed, struct secret **password)
{
	unsigned n = files->n ? (unsigned)files->n : typed;
	struct hsm_part parts[HSM_PARTS_MAX];
	uint64_t v[FIELDS] = { 0 }, prime = 0;
	enum err e = ERR_OK;

	if (n > HSM_PARTS_MAX)
		return cli_refuse(ERR_ARG, "a password has at most %d parts", HSM_PARTS_MAX);
	for (unsigned i = 0; i < n && !e; i++) {
		e = files->n ? read_file(files->v[i], v) : ask(i, n, v);
		if (!e && i && v[PRIME] != prime)
			e = cli_refuse(ERR_FORMAT, "%s is a part of another password", files->v[i]);
		prime = v[PRIME];
		parts[i] = (struct hsm_part){ v[ID], v[VALUE] };
	}
	if (!e) {
		e = hsm_threshold_join(prime, parts, n, password);
		if (e)
			cli_refuse(e, "these are not different parts of one password");
	}
	wipe(v, sizeof(v));
	wipe(parts, sizeof(parts));
	return e;
}
