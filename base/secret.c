/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256

/*
 * Each secret has pages of its own: mlock and madvise work on pages, and unlocking one must not unlock its
 * neighbour.
 */
struct secret {
	size_t size;
	size_t mapped;
	uint8_t *p;
};

static enum err secret_alloc(size_t room, struct secret **out)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct secret *s = calloc(1, sizeof(*s));
	void *p;

	if (!s)
		return ERR_NOMEM;
	s->mapped = (room / page + 1) * page;
	p = mmap(NULL, s->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		free(s);
		return ERR_NOMEM;
	}
	s->p = p;
	/* Best effort: RLIMIT_MEMLOCK may be zero, and a login without locked memory is better than none. */
	(void)mlock(s->p, s->mapped);
	(void)madvise(s->p, s->mapped, MADV_DONTDUMP);
	*out = s;
	return ERR_OK;
}

enum err secret_new(struct rd bytes, struct secret **out)
{
	enum err e = secret_alloc(bytes.n, out);

	if (e)
		return e;
	if (bytes.n)
		memcpy((*out)->p, bytes.p, bytes.n);
	(*out)->size = bytes.n;
	return ERR_OK;
}

void secret_free(struct secret **s)
{
	if (!s || !*s)
		return;
	wipe((*s)->p, (*s)->mapped);
	(void)munmap((*s)->p, (*s)->mapped);
	free(*s);
	*s = NULL;
}

struct rd secret_view(const struct secret *s)
{
	return rd_of(s->p, s->size);
}

size_t secret_size(const struct secret *s)
{
	return s->size;
}

/* A line, byte by byte so that nothing behind it is taken from a pipe. signals: a signalfd that ends it, or -1. */
static enum err read_line(int fd, int signals, struct secret **out)
{
	struct secret *s = NULL;
	bool ended = false, any = false;
	enum err e;

	e = secret_alloc(LINE_MAX_BYTES + 2, &s);
	while (!e && !ended) {
		struct pollfd fds[2] = { { .fd = signals, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
		ssize_t n;

		if (poll(fds, 2, -1) < 0) {
			e = errno == EINTR ? ERR_OK : ERR_IO;
			continue;
		}
		if (fds[0].revents) {
			e = ERR_CANCELLED;
			continue;
		}
		n = read(fd, s->p + s->size, 1);
		if (n < 0) {
			e = errno == EINTR || errno == EAGAIN ? ERR_OK : ERR_IO;
		} else if (n == 0 || s->p[s->size] == '\n') {
			any = any || n > 0;
			ended = true;
		} else if (any = true, ++s->size > LINE_MAX_BYTES + 1) {
			e = ERR_LIMIT;
		}
	}
	if (!e && s->size && s->p[s->size - 1] == '\r')
		s->size--;
	if (!e && s->size > LINE_MAX_BYTES)
		e = ERR_LIMIT;
	if (!e && !any)
		e = ERR_FORMAT;
	if (!e) {
		*out = s;
		return ERR_OK;
	}
	secret_free(&s);
	return e;
}

enum err secret_read_fd(int fd, struct secret **out)
{
	/* poll() would wait for ever for no descriptor. */
	if (fd < 0) {
		errno = EBADF;
		return ERR_IO;
	}
	return read_line(fd, -1, out);
}

enum err secret_read_file(const char *path, struct secret **out)
{
	enum err e = ERR_IO;
	struct stat st;
	int fd, saved;

	/* O_NONBLOCK: opening a named pipe would wait for its writer before we could see that it is one. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return ERR_IO;
	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode) || st.st_mode & (S_IRWXG | S_IRWXO))
			e = ERR_REFUSED;
		else
			e = read_line(fd, -1, out);
	}
	saved = errno;
	(void)close(fd);
	errno = saved;
	return e;
}

static enum err write_all(int fd, const char *s)
{
	size_t left = strlen(s);

	while (left) {
		ssize_t n = write(fd, s, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		s += n;
		left -= (size_t)n;
	}
	return ERR_OK;
}

/*
 * Signals that end the program wait in a signalfd while the echo is off, so that the terminal is itself again
 * before they are delivered.
 */
enum err secret_read_tty(const char *prompt, struct secret **out)
{
	struct termios before, quiet;
	sigset_t ends, mask;
	int tty, signals = -1, saved;
	bool is_quiet = false;
	enum err e = ERR_IO;

	tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0)
		return ERR_IO;
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGQUIT);
	(void)sigaddset(&ends, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &ends, &mask) != 0) {
		(void)close(tty);
		return ERR_IO;
	}
	signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || tcgetattr(tty, &before) != 0)
		goto out;
	quiet = before;
	quiet.c_lflag &= (tcflag_t) ~(ECHO | ECHOE | ECHOK | ECHONL);
	quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		goto out;
	is_quiet = true;
	e = write_all(tty, prompt);
	if (!e)
		e = read_line(tty, signals, out);
	if (write_all(tty, "\n") && !e) {
		secret_free(out);
		e = ERR_IO;
	}
out:
	saved = errno;
	if (is_quiet)
		(void)tcsetattr(tty, TCSAFLUSH, &before);
	if (signals >= 0)
		(void)close(signals);
	(void)close(tty);
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	errno = saved;
	return e;
}
