/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/fd.h"
#include "base/log_json.h"
#include "base/process_lock.h"
#include "base/text.h"

/* One line is one write() of at most this size, so that lines of threads and processes do not mix. */
#define LINE_SIZE 2048
#define JSON_SIZE 4096          /* what a pipe takes as one (PIPE_BUF) */

static const char *const area_names[LOG_AREAS] = {
	[LOG_APDU] = "apdu", [LOG_CARD] = "card", [LOG_P11] = "p11", [LOG_RAM] = "ram",
	[LOG_PKA] = "pka",   [LOG_ATT] = "att",   [LOG_SRV] = "srv", [LOG_AGENT] = "agent",
};
static const char *const level_names[] = { "none", "error", "warn", "info", "trace" };
#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static _Atomic unsigned char levels[LOG_AREAS];
static const char *_Atomic program = "quorum11";
static _Atomic bool is_json;
static void (*_Atomic hears)(struct rd text);

/*
 * The log file. Its descriptor keeps its number for the life of the process: a new file takes it over by dup3, so
 * that a line being written meets one file or the other. A host may close our descriptor and get the number back
 * for a file of its own; so we know the file again before each line.
 */
static struct process_lock opening;
static int file_fd = -1;
static _Atomic int out_fd = STDERR_FILENO;
static _Atomic unsigned long long file_dev, file_ino;

static int find_name(const char *const *names, size_t n, struct rd word)
{
	for (size_t i = 0; i < n; i++)
		if (rd_eq_str(word, names[i]))
			return (int)i;
	return -1;
}

/* "area+level" or "level". */
static bool set_word(struct rd word, unsigned char *to)
{
	const uint8_t *plus = word.n ? memchr(word.p, '+', word.n) : NULL;
	struct rd level_word = word;
	int area = -1, level;

	if (plus) {
		size_t n = (size_t)(plus - word.p);

		area = find_name(area_names, LOG_AREAS, rd_of(word.p, n));
		level_word = rd_of(plus + 1, word.n - n - 1);
		if (area < 0)
			return false;
	}
	level = find_name(level_names, LEVELS, level_word);
	if (level < 0)
		return false;
	for (int i = 0; i < LOG_AREAS; i++)
		if (area < 0 || area == i)
			to[i] = (unsigned char)level;
	return true;
}

static enum err spec_read(const char *spec, unsigned char wanted[LOG_AREAS])
{
	struct rd rest = rd_str(spec);

	while (!rd_end(&rest)) {
		const uint8_t *comma = memchr(rest.p, ',', rest.n);
		struct rd word;

		if (!rd_take(&rest, comma ? (size_t)(comma - rest.p) : rest.n, &word))
			return ERR_BUG;
		if (comma)
			rest = rd_of(rest.p + 1, rest.n - 1);
		if (word.n && !set_word(word, wanted)) {
			char shown[64];

			log_tell("log setting: \"%s\" is not AREA+LEVEL or LEVEL, as in apdu+trace,p11+info",
				 text_shown(word, shown, sizeof(shown)));
			return ERR_CONFIG;
		}
	}
	return ERR_OK;
}

enum err log_check(const char *spec)
{
	unsigned char wanted[LOG_AREAS] = { 0 };

	return spec_read(spec, wanted);
}

enum err log_configure(const char *spec)
{
	unsigned char wanted[LOG_AREAS] = { 0 };
	enum err e = spec_read(spec, wanted);

	for (int i = 0; !e && i < LOG_AREAS; i++)
		atomic_store(&levels[i], wanted[i]);
	return e;
}

enum err log_open(const char *path)
{
	enum err e = ERR_OK;
	unsigned plugged;
	struct stat st;
	int fd;

	if (!path) {
		atomic_store(&out_fd, STDERR_FILENO);
		return ERR_OK;
	}
	plugged = fd_plug();
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	fd_unplug(plugged);
	if (fd < 0)
		return ERR_IO;
	if (fstat(fd, &st) != 0) {
		(void)close(fd);
		return ERR_IO;
	}
	process_lock_take(&opening);
	if (file_fd < 0) {
		file_fd = fd;
	} else {
		if (dup3(fd, file_fd, O_CLOEXEC) < 0)
			e = ERR_IO;
		(void)close(fd);
	}
	if (!e) {
		atomic_store(&file_dev, (unsigned long long)st.st_dev);
		atomic_store(&file_ino, (unsigned long long)st.st_ino);
		atomic_store(&out_fd, file_fd);
	}
	process_lock_give(&opening);
	return e;
}

bool log_wants(enum log_area a, enum log_level l)
{
	return l != LOG_NONE && l <= atomic_load_explicit(&levels[a], memory_order_relaxed);
}

/* Nobody can be told that a line of the log is lost. */
static void put_line(int fd, struct rd line)
{
	struct stat st;
	ssize_t n;

	if (fd != STDERR_FILENO && (fstat(fd, &st) != 0 || st.st_dev != atomic_load(&file_dev) ||
				    st.st_ino != atomic_load(&file_ino)))
		return;
	do
		n = write(fd, line.p, line.n);
	while (n < 0 && errno == EINTR);
}

/* Text of a message, cut to what is left of the line; a control character in it becomes a space. */
static void PRINTF(2, 0) put_message(struct wr *line, const char *fmt, va_list ap)
{
	size_t from = line->n, left = line->cap - line->n;
	int n = vsnprintf((char *)line->p + from, left, fmt, ap);

	if (n > 0)
		line->n += (size_t)n < left ? (size_t)n : left - 1;
	for (size_t i = from; i < line->n; i++)
		if (line->p[i] < 0x20 || line->p[i] == 0x7f)
			line->p[i] = ' ';
}

static void put_json(const struct log_head *head, bool to_person)
{
	const int fd = atomic_load(&out_fd);
	char buf[JSON_SIZE];
	struct wr line;

	WR_ARR(&line, buf);
	wr_log_json(&line, head);
	if (to_person)
		put_line(STDERR_FILENO, wr_view(&line));
	if (!to_person || fd != STDERR_FILENO)
		put_line(fd, wr_view(&line));
}

void log_set_format(enum log_format format)
{
	atomic_store(&is_json, format == LOG_JSON);
}

void log_line(enum log_area a, enum log_level l, const char *fmt, ...)
{
	struct log_head head = { .time = clock_wall_s(), .pid = (int)getpid(), .area = area_names[a],
				 .level = level_names[l] };
	const int saved = errno;
	char buf[LINE_SIZE];
	struct wr line;
	size_t from;
	va_list ap;

	if (!log_wants(a, l))
		return;
	WR_ARR(&line, buf);
	wr_time(&line, head.time);
	wr_printf(&line, " %d %s %s: ", head.pid, head.area, head.level);
	from = line.n;
	va_start(ap, fmt);
	put_message(&line, fmt, ap);
	va_end(ap);
	head.text = rd_of(line.p + from, line.n - from);
	wr_u8(&line, '\n');
	if (atomic_load(&is_json))
		put_json(&head, false);
	else
		put_line(atomic_load(&out_fd), wr_view(&line));
	errno = saved;
}

void log_hear(void (*heard)(struct rd text))
{
	atomic_store(&hears, heard);
}

void log_tell(const char *fmt, ...)
{
	void (*const heard)(struct rd text) = atomic_load(&hears);
	struct log_head head = { .time = clock_wall_s(), .pid = (int)getpid(), .program = atomic_load(&program),
				 .level = level_names[LOG_ERROR] };
	const int saved = errno, fd = atomic_load(&out_fd);
	char buf[LINE_SIZE];
	struct wr line;
	size_t stamp, from;
	va_list ap;

	WR_ARR(&line, buf);
	wr_time(&line, head.time);
	wr_printf(&line, " %d ", head.pid);
	stamp = line.n;
	wr_printf(&line, "%s: ", head.program);
	from = line.n;
	va_start(ap, fmt);
	put_message(&line, fmt, ap);
	va_end(ap);
	head.text = rd_of(line.p + from, line.n - from);
	if (heard)
		heard(head.text);
	wr_u8(&line, '\n');
	if (atomic_load(&is_json)) {
		put_json(&head, true);
	} else {
		put_line(STDERR_FILENO, rd_of(line.p + stamp, line.n - stamp));
		if (fd != STDERR_FILENO)
			put_line(fd, wr_view(&line));
	}
	errno = saved;
}

void log_name(const char *name)
{
	atomic_store(&program, name);
}
