/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto_plugins.h"
#include "base/text.h"
#include "cli/remote/api.h"
#include "cli/status/doctor.h"

#define SERVER_MS  5000
#define PATH_SIZE  4096
#define PLUGIN     "pkcs11.so"          /* the name of libp11's engine and of pkcs11-provider's file */

/* ---- settings ---- */

static void find_settings(struct doctor *d)
{
	const struct conf *conf = d->cli->conf;

	doctor_find(d, DOCTOR_OK, "settings", NULL, "%s: %s", CONF_FILE,
		    access(CONF_FILE, R_OK) == 0 ? "read" : "not there, which is fine");
	if (!conf->login.url)
		doctor_find(d, DOCTOR_NOTE, "settings", "[login] url, where cards are opened by custodians",
			    "no management server is named");
	else
		doctor_find(d, DOCTOR_OK, "settings", NULL, "management server %s", conf->login.url);
	if (conf->login.ca && access(conf->login.ca, R_OK))
		doctor_find(d, DOCTOR_PROBLEM, "settings", "[login] ca names the certificates to check the server with",
			    "%s: %s", conf->login.ca, strerror(errno));
}

/* What to do about a server that does not answer. */
static const char *server_advice(enum err e)
{
	switch (e) {
	case ERR_TLS:
		return "[login] ca must be the authority of its certificate, url its name, and the clock here right";
	case ERR_CONFIG:
		return "ca, cert, key, pin and proxy in [login]";
	case ERR_CONNECT:
	case ERR_TIMEOUT:
		return "does it run (systemctl status quorum11-server, there)? [login] url and proxy, and the network";
	default:
		return "[login] url";
	}
}

static void find_server(struct doctor *d)
{
	struct deadline dl = deadline_in(SERVER_MS);
	char why[SHOWN_MAX + 1] = "";
	struct cli_api *api;
	enum err e;

	if (!d->cli->conf->login.url)
		return;
	/* It has said why. */
	if (cli_api_open(d->cli, NULL, &api)) {
		doctor_find(d, DOCTOR_PROBLEM, "server", "[login] url", "there is no way to it with these settings");
		return;
	}
	e = cli_api_ping(api, why, sizeof(why), &dl);
	if (e)
		doctor_find(d, DOCTOR_PROBLEM, "server", server_advice(e), "%s: %s", cli_api_url(api),
			    *why ? why : err_text(e));
	else
		doctor_find(d, DOCTOR_OK, "server", NULL, "answers at %s", cli_api_url(api));
	cli_api_close(&api);
}

static void find_program(struct doctor *d, const char *path, const char *what)
{
	if (access(path, X_OK) == 0)
		doctor_find(d, DOCTOR_OK, "programs", NULL, "%s: %s", what, path);
	else
		doctor_find(d, DOCTOR_PROBLEM, "programs", "install quorum11 again, or name it in quorum11.conf",
			    "%s: %s: %s", what, path, strerror(errno));
}

int doctor_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	rc = connect(fd, (struct sockaddr *)&at, sizeof(at));
	if (rc) {
		int why = errno;

		(void)close(fd);
		errno = why;
		return -1;
	}
	(void)close(fd);
	return 0;
}

static void find_module(struct doctor *d)
{
	if (access(QUORUM11_MODULE, R_OK) == 0)
		doctor_find(d, DOCTOR_OK, "programs", NULL, "the PKCS#11 module: " QUORUM11_MODULE);
	else
		doctor_find(d, DOCTOR_NOTE, "programs", "install quorum11, or name the module where it is",
			    "the PKCS#11 module: " QUORUM11_MODULE ": %s", strerror(errno));
}

static void find_agent(struct doctor *d)
{
	const char *path = d->cli->conf->agent.socket;

	if (!path)
		return;
	d->has_agent = doctor_connect(path) == 0;
	if (d->has_agent)
		doctor_find(d, DOCTOR_OK, "agent", NULL, "answers at %s", path);
	else
		doctor_find(d, DOCTOR_PROBLEM, "agent",
			    errno == EACCES ? "you need to be in its group ([agent] group)" :
					      "systemctl status quorum11-agent.socket",
			    "%s: %s", path, strerror(errno));
}

/* ---- ways of other programs to the module ---- */

/* The path behind "module:" in p11-kit's file; a name alone is looked up in p11-kit's own folder. */
static bool read_module(const char *file, char path[PATH_SIZE])
{
	static const char key[] = "module:";
	FILE *f = fopen(file, "re");
	char line[PATH_SIZE], *value;
	bool found = false;

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		value = line + strlen(key);
		value += strspn(value, " \t");
		value[strcspn(value, " \t\n")] = '\0';
		(void)snprintf(path, PATH_SIZE, "%s", value);
		found = path[0] != '\0';
	}
	(void)fclose(f);
	return found;
}

static void find_p11_kit(struct doctor *d)
{
	/* Debian's: it does not look below /usr/local, where "make install" puts the file without p11kitdir. */
	static const char *const folders[] = { "/etc/pkcs11/modules", "/usr/share/p11-kit/modules" };
	char file[PATH_SIZE], path[PATH_SIZE], shown[SHOWN_MAX + 1];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)snprintf(file, sizeof(file), "%s/quorum11.module", folders[i]);
		if (!read_module(file, path))
			continue;
		(void)text_shown(rd_str(path), shown, sizeof(shown));
		if (path[0] != '/' || access(path, R_OK) == 0)
			doctor_find(d, DOCTOR_OK, "p11-kit", NULL, "offers the module: %s", shown);
		else
			doctor_find(d, DOCTOR_PROBLEM, "p11-kit", "install quorum11 again, or correct that file",
				    "%s names %s: %s", file, shown, strerror(errno));
		return;
	}
	doctor_find(d, DOCTOR_NOTE, "p11-kit", "programs that use p11-kit need it: make install "
		    "p11kitdir=/usr/share/p11-kit/modules; others are given the module's path",
		    "no quorum11.module in its folders");
}

static void find_openssl(struct doctor *d)
{
	const char *folders[] = { crypto_engines_folder(), crypto_providers_folder() };
	static const char *const what[] = { "engine", "provider" };
	char path[PATH_SIZE];
	unsigned n = 0;

	/* "ENGINESDIR: ..." in some versions, the folder alone in others. */
	for (size_t i = 0; i < 2; i++) {
		const char *folder = strchr(folders[i], '/');

		(void)snprintf(path, sizeof(path), "%s/%s", folder ? folder : "", PLUGIN);
		if (!folder || access(path, R_OK))
			continue;
		doctor_find(d, DOCTOR_OK, "OpenSSL", NULL, "PKCS#11 %s: %s", what[i], path);
		n++;
	}
	if (!n)
		doctor_find(d, DOCTOR_NOTE, "OpenSSL",
			    "install libengine-pkcs11-openssl, or pkcs11-provider where there is one",
			    "its programs have neither engine nor provider for PKCS#11");
}

void doctor_machine(struct doctor *d)
{
	find_settings(d);
	find_server(d);
	find_program(d, d->cli->conf->module.helper, "speaks to the server");
	find_program(d, d->cli->conf->agent.program, "the agent");
	find_module(d);
	find_agent(d);
	find_p11_kit(d);
	find_openssl(d);
}
