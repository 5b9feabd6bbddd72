/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quorum11-vcard: makes virtual cards and puts them into readers of vpcd. One process per card, one parent that ends
 * with them.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "test/vcard/profile.h"
#include "test/vcard/vpcd.h"

#define PORT 35963              /* vpcd's own */
#define CONNECT_MS 10000
#define CARDS_MAX 64

static const char usage_text[] =
	"usage: quorum11-vcard new [--profile NAME] [--pki DIR] [--id DEVICE] DIR\n"
	"       quorum11-vcard run [--host HOST] [--port N] [--delays] [--count] [--log FILE] DIR[:PORT]...\n"
	"\n"
	"new makes a blank card in DIR. Its certificate is issued by the test PKI in --pki (made if absent; DIR/pki\n"
	"without it), whose root for verifiers is root.cvc there. DEVICE is the holder reference of the card, as\n"
	"UTVC012345600000; random without it. Profiles:";

static const char usage_run[] =
	".\n\n"
	"run puts cards into the virtual readers that listen on HOST (127.0.0.1), the first on port N (35963), each\n"
	"other on the next, unless it names its own. It ends when the readers have closed, or at SIGTERM.\n"
	"--delays  signatures take the time of a Nitrokey HSM 2: RSA-2048 0.6 s, P-256 0.17 s\n"
	"--count   DIR/count always holds the number of commands that the card has got since it was put in\n"
	"--log     appends every command and answer to FILE, as lines NAME > HEX and NAME < HEX; PINs, too\n";

struct options {
	const char *host, *log;
	unsigned port;
	bool delays, count;
};

static int usage(FILE *to)
{
	(void)fputs(usage_text, to);
	for (size_t i = 0; vcard_profile_at(i); i++)
		(void)fprintf(to, "%s %s", i ? "," : "", vcard_profile_at(i)->name);
	(void)fputs(usage_run, to);
	return to == stdout ? 0 : 2;
}

static bool parse_port(const char *text, unsigned *port)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || n == 0 || n > 65535)
		return false;
	*port = (unsigned)n;
	return true;
}

static int fail(const char *what, const char *about, enum err e)
{
	log_tell("%s %s: %s%s%s", what, about, err_text(e), e == ERR_IO ? ": " : "",
		 e == ERR_IO ? strerror(errno) : "");
	return 1;
}

/* ---- new ---- */

static int run_new(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "profile", required_argument, NULL, 'p' },
		{ "pki", required_argument, NULL, 'k' },
		{ "id", required_argument, NULL, 'i' },
		{ 0 },
	};
	struct vcard_spec spec = { 0 };
	enum err e;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'p': spec.profile = optarg; break;
		case 'k': spec.pki = optarg; break;
		case 'i': spec.id = optarg; break;
		default: return usage(stderr);
		}
	}
	if (argc - optind != 1)
		return usage(stderr);
	spec.dir = argv[optind];
	e = vcard_create(&spec);
	return e ? fail("new card", spec.dir, e) : 0;
}

/* ---- run ---- */

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		exit(fail("write", path, ERR_IO));
	return fd;
}

static int count_open(const char *dir)
{
	struct wr path;
	int fd;

	wr_init_heap(&path, 4096);
	wr_printf(&path, "%s/count", dir);
	if (wr_done(&path))
		exit(fail("count in", dir, wr_done(&path)));
	fd = open_or_die(wr_cstr(&path), O_TRUNC);
	if (write(fd, "0\n", 2) != 2)
		exit(fail("write", wr_cstr(&path), ERR_IO));
	wr_free(&path);
	return fd;
}

/*
 * The whole life of one card. Killed at any moment, it leaves a consistent state on disk; so SIGTERM needs no
 * handling.
 */
static int run_card(const char *dir, unsigned port, const struct options *o)
{
	const struct deadline dl = deadline_in(CONNECT_MS);
	const char *slash = strrchr(dir, '/');
	struct vpcd_watch w = { .name = slash ? slash + 1 : dir, .log_fd = -1, .count_fd = -1, .delays = o->delays };
	struct vcard *v = NULL;
	enum err e;
	int fd;

	e = vcard_open(dir, &v);
	if (e)
		return fail("card", dir, e);
	if (o->log)
		w.log_fd = open_or_die(o->log, O_APPEND);
	if (o->count)
		w.count_fd = count_open(dir);
	e = vpcd_connect(o->host, port, &dl, &fd);
	if (!e) {
		e = vpcd_serve(fd, v, &w);
		close(fd);
	}
	vcard_close(&v);
	return e ? fail("reader of card", dir, e) : 0;
}

/* DIR or DIR:PORT; cuts the port off. */
static void split_port(char *arg, unsigned *port)
{
	char *colon = strrchr(arg, ':');

	if (colon && parse_port(colon + 1, port))
		*colon = '\0';
}

static pid_t card_start(const char *dir, unsigned port, const struct options *o)
{
	const pid_t parent = getpid();
	const pid_t child = fork();
	sigset_t none;

	if (child)
		return child;
	/* No card outlives its parent, however that ends. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	exit(run_card(dir, port, o));
}

/* Wait for all; a signal to end is passed on. */
static int cards_wait(pid_t *cards, size_t n, const sigset_t *set)
{
	size_t left = n;
	int result = 0;

	while (left) {
		int signal = 0, status;
		pid_t p;

		if (sigwait(set, &signal) == 0 && signal != SIGCHLD)
			for (size_t i = 0; i < n; i++)
				if (cards[i])
					(void)kill(cards[i], SIGTERM);
		while ((p = waitpid(-1, &status, WNOHANG)) > 0) {
			for (size_t i = 0; i < n; i++)
				if (cards[i] == p)
					cards[i] = 0;
			left--;
			if (WIFEXITED(status) && WEXITSTATUS(status))
				result = WEXITSTATUS(status);
			else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
				result = 1;
		}
	}
	return result;
}

static int run_cards(char **dirs, size_t n, const struct options *o)
{
	pid_t cards[CARDS_MAX];
	unsigned port = o->port;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < n; i++) {
		unsigned own = port++;

		split_port(dirs[i], &own);
		cards[i] = card_start(dirs[i], own, o);
		if (cards[i] < 0)
			return fail("start of card", dirs[i], ERR_IO);
	}
	return cards_wait(cards, n, &set);
}

static int run_run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "host", required_argument, NULL, 'h' },
		{ "port", required_argument, NULL, 'p' },
		{ "delays", no_argument, NULL, 'd' },
		{ "count", no_argument, NULL, 'c' },
		{ "log", required_argument, NULL, 'l' },
		{ 0 },
	};
	struct options o = { .host = "127.0.0.1", .port = PORT };
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'h': o.host = optarg; break;
		case 'p':
			if (!parse_port(optarg, &o.port))
				return usage(stderr);
			break;
		case 'd': o.delays = true; break;
		case 'c': o.count = true; break;
		case 'l': o.log = optarg; break;
		default: return usage(stderr);
		}
	}
	if (optind == argc || argc - optind > CARDS_MAX)
		return usage(stderr);
	return run_cards(argv + optind, (size_t)(argc - optind), &o);
}

int main(int argc, char **argv)
{
	log_name("quorum11-vcard");
	if (argc > 1 && strcmp(argv[1], "new") == 0)
		return run_new(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		return run_run(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout);
	return usage(stderr);
}
