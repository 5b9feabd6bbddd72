/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: holds cards for other programs. Started by "quorum11 agent", "quorum11 run" and systemd; its options are
 * theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/gate.h"
#include "agent/harden.h"
#include "agent/manifest.h"
#include "agent/socket.h"
#include "base/daemon.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/version.h"

enum { EXIT_USAGE = 2 };
#define DEFAULT_LOG "agent+info"

static const char help[] =
	"Usage: agent [OPTION]...   (quorum11 agent [OPTION]...)\n"
	"\n"
	"  --socket PATH      where clients come to; default: socket in section [agent]\n"
	"  --reader NAME      hold only the card in this reader; may be repeated; a * at the end matches the rest\n"
	"  --limits TEXT      what is asked for with each approval, such as \"sign=50 for=30m key=dev\"\n"
	"  --manifest FILE    only the digests in it may be signed\n"
	"  --ca FILE          certificates to check the management server with; default: ca in section [login]\n"
	"  --receipt FILE     the receipt of the one approval; default: a new file in receipts of section [agent]\n"
	"  --receipts DIR     the folder of receipts\n"
	"  --lifeline FD      end when this descriptor is readable or hung up\n"
	"  --ready FD         write a line to it when clients can come\n"
	"  --help, --version\n";

struct options {
	const char *socket, *ca, *limits, *manifest, *receipt, *receipts;
	struct conf_list readers;
	int lifeline, ready;
};

static int usage(void)
{
	(void)fputs("Try quorum11 agent --help.\n", stderr);
	return EXIT_USAGE;
}

/* ---- what is asked for, and where receipts go ---- */

static enum err rules_make(const struct conf *conf, const struct options *o, struct pka_manifest **manifest,
			   struct agent_rules *out)
{
	const char *limits = o->limits ? o->limits : conf->agent.limits;
	const char *file = o->manifest ? o->manifest : conf->agent.manifest;
	const char *unknown = agent_gate_unknown(&conf->agent.admit);
	char why[200];
	enum err e = ERR_OK;

	*out = (struct agent_rules){ .conf = conf, .receipt = o->receipt };
	pka_limits_init(&out->limits);
	if (unknown) {
		log_tell("\"%s\" in admit of section [agent] is no command that can be admitted", unknown);
		return ERR_CONFIG;
	}
	if (limits)
		e = pka_limits_read(rd_str(limits), &out->limits, why, sizeof(why));
	if (e) {
		log_tell("limits \"%s\": %s", limits, why);
		return ERR_CONFIG;
	}
	if (out->limits.has_manifest) {
		log_tell("limits \"%s\": the manifest is a file, and its hash is computed: --manifest", limits);
		return ERR_CONFIG;
	}
	if (file)
		e = agent_manifest_load(file, manifest, &out->limits);
	out->manifest = *manifest;
	return e ? ERR_CONFIG : ERR_OK;
}

/* Made where its parent is there: the first run of a user should work. */
static enum err receipts_folder(const struct conf *conf, const struct options *o)
{
	const char *folder = conf->agent.receipts;

	if (o->receipt)
		return ERR_OK;
	if (!folder) {
		log_tell("no receipts: set receipts in section [agent] to a folder, or give --receipts or --receipt");
		return ERR_CONFIG;
	}
	if (mkdir(folder, 0700) && errno != EEXIST) {
		log_tell("receipts %s: %s", folder, strerror(errno));
		return ERR_IO;
	}
	return ERR_OK;
}

static enum err options_apply(struct conf *conf, const struct options *o)
{
	enum err e = conf_set_text(&conf->agent.socket, o->socket);

	if (!e)
		e = conf_set_text(&conf->login.ca, o->ca);
	if (!e)
		e = conf_set_text(&conf->agent.receipts, o->receipts);
	while (!e && o->readers.n && conf->agent.readers.n)
		free(conf->agent.readers.v[--conf->agent.readers.n]);
	for (size_t i = 0; i < o->readers.n && !e; i++) {
		conf->agent.readers.v[i] = NULL;
		e = conf_set_text(&conf->agent.readers.v[i], o->readers.v[i]);
		if (!e)
			conf->agent.readers.n++;
	}
	return e ? e : receipts_folder(conf, o);
}

static int run(const struct options *o)
{
	struct agent_socket s = { .fd = -1, .lock = -1 };
	struct pka_manifest *manifest = NULL;
	struct agent_rules rules;
	struct conf *conf = NULL;
	int rc = EXIT_FAILURE, signals = daemon_signals();
	const char *log = NULL;

	if (conf_load(&conf))
		goto out;
	log = conf->agent.log ? conf->agent.log : conf->module.log ? conf->module.log : DEFAULT_LOG;
	if (signals < 0 || log_configure(log) || options_apply(conf, o) || rules_make(conf, o, &manifest, &rules) ||
	    agent_harden() || agent_socket_open(conf->agent.socket, conf->agent.group, conf->agent.mode, &s))
		goto out;
	daemon_descriptors();
	{
		const struct agent_run r = { &rules, s.fd, signals, o->lifeline, o->ready };

		if (!agent_serve(&r))
			rc = EXIT_SUCCESS;
	}
out:
	agent_socket_close(&s);
	pka_manifest_free(&manifest);
	conf_free(&conf);
	if (signals >= 0)
		(void)close(signals);
	return rc;
}

/* A descriptor that is open; it does not pass to the helper. */
static bool read_fd(const char *text, int *fd)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > INT_MAX || fcntl((int)n, F_SETFD, FD_CLOEXEC))
		return false;
	*fd = (int)n;
	return true;
}

enum { OPT_SOCKET = 1, OPT_CA, OPT_READER, OPT_LIMITS, OPT_MANIFEST, OPT_RECEIPT, OPT_RECEIPTS, OPT_LIFELINE, OPT_READY,
       OPT_HELP, OPT_VERSION };
static const struct option longs[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "reader", required_argument, NULL, OPT_READER },
	{ "limits", required_argument, NULL, OPT_LIMITS },
	{ "manifest", required_argument, NULL, OPT_MANIFEST },
	{ "receipt", required_argument, NULL, OPT_RECEIPT },
	{ "receipts", required_argument, NULL, OPT_RECEIPTS },
	{ "lifeline", required_argument, NULL, OPT_LIFELINE },
	{ "ready", required_argument, NULL, OPT_READY },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* false: it is none, or not with this value. */
static bool option_take(struct options *o, int option, char *value)
{
	switch (option) {
	case OPT_SOCKET:
		o->socket = value;
		return true;
	case OPT_CA:
		o->ca = value;
		return true;
	case OPT_READER:
		if (o->readers.n == CONF_LIST_MAX)
			return false;
		o->readers.v[o->readers.n++] = value;
		return true;
	case OPT_LIMITS:
		o->limits = value;
		return true;
	case OPT_MANIFEST:
		o->manifest = value;
		return true;
	case OPT_RECEIPT:
		o->receipt = value;
		return true;
	case OPT_RECEIPTS:
		o->receipts = value;
		return true;
	case OPT_LIFELINE:
		return read_fd(value, &o->lifeline);
	case OPT_READY:
		return read_fd(value, &o->ready);
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct options o = { .lifeline = -1, .ready = -1 };
	bool good = true;
	int c;

	fd_guard();
	log_name("quorum11-agent");
	while (good && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == OPT_HELP)
			return fputs(help, stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		if (c == OPT_VERSION)
			return puts("quorum11-agent " QUORUM11_VERSION) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
		good = option_take(&o, c, optarg);
	}
	return good && argc == optind ? run(&o) : usage();
}
