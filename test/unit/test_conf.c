/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"

static char dir[] = "/tmp/quorum11-test-XXXXXX";
static char path[64], user_path[96], err_path[64];

static void write_text(const char *where, const char *text)
{
	assert_int_equal(file_write(where, 0600, rd_str(text)), ERR_OK);
}

static struct conf *load_good(const char *text)
{
	struct conf *c = NULL;

	write_text(path, text);
	assert_int_equal(conf_load_file(path, &c), ERR_OK);
	return c;
}

/* The message of a refused configuration, until the next call. */
static const char *load_bad(const char *text)
{
	static char said[1024];
	int fd, saved;
	struct conf *c = NULL;
	ssize_t n;
	enum err e;

	write_text(path, text);
	fd = open(err_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	e = conf_load_file(path, &c);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);
	assert_int_equal(e, ERR_CONFIG);
	assert_null(c);
	n = pread(fd, said, sizeof(said) - 1, 0);
	(void)close(fd);
	assert_true(n > 0);
	said[n] = 0;
	return said;
}

static void an_empty_file_has_the_defaults(void **state)
{
	struct conf *c = load_good("");

	(void)state;
	assert_non_null(strstr(c->module.helper, "/connect"));
	assert_true(c->module.cache);
	assert_null(c->login.url);
	assert_int_equal(c->login.timeout, 900);
	assert_int_equal(c->login.cooldown, 60);
	assert_true(c->login.exclusive);
	assert_false(c->login.reuse);
	assert_true(c->login.statements);
	assert_false(c->login.vendor_sm);
	assert_false(c->login.http);
	assert_int_equal(c->login.progress, CONF_PROGRESS_AUTO);
	assert_string_equal(c->server.listen, "127.0.0.1:8443");
	assert_string_equal(c->server.state, "/var/lib/quorum11");
	assert_int_equal(c->server.deadline, 900);
	assert_int_equal(c->server.lease, 300);
	assert_int_equal(c->server.poll, 15);
	assert_int_equal(c->server.sessions, 4000);
	assert_true(c->server.chip_auth);
	assert_true(c->trust.production);
	assert_int_equal(c->trust.roots.n, 0);
	conf_free(&c);
	assert_null(c);
	conf_free(&c);
}

static void every_key(void **state)
{
	struct conf *c = load_good(
		"# comment\n[module]\nhelper = /x/connect\nlog = apdu+trace\nlog_file = log\n"
		"readers = Nitrokey *, Other\n"
		"readers = Third\n"
		"[login]\nurl = https://mgmt.example/rt/hsm\nca = /ca\ncert = c.pem\nkey = /k.pem\npin = sha256//AA=\n"
		"http = yes\n"
		"timeout = 5\ncooldown = 0\nexclusive = no\nreuse = yes\nstatements = no\nvendor_sm = yes\n"
		"programs = mkimage, openssl,\nprogress = stderr\nreason = nightly build\n"
		"[server]\nlisten = [::1]:0\ncert = /c\nkey = /k\nclient_ca = /cc\nhttp = yes\nstate = state\n"
		"url = https://m\n"
		"deadline = 1\nlease = 2\npoll = 3\nsessions = 4\nchip_auth = no\nlog = srv+info\n"
		"[trust]\nroots = a.cvc, /b.cvc\nunverified = ESTEST00001\nproduction = no\n");
	char want[128];

	(void)state;
	assert_string_equal(c->module.helper, "/x/connect");
	assert_string_equal(c->module.log, "apdu+trace");
	(void)snprintf(want, sizeof(want), "%s/log", dir);
	assert_string_equal(c->module.log_file, want);
	assert_int_equal(c->module.readers.n, 3);
	assert_string_equal(c->module.readers.v[0], "Nitrokey *");
	assert_string_equal(c->module.readers.v[1], "Other");
	assert_string_equal(c->module.readers.v[2], "Third");
	assert_string_equal(c->login.url, "https://mgmt.example/rt/hsm");
	assert_string_equal(c->login.ca, "/ca");
	(void)snprintf(want, sizeof(want), "%s/c.pem", dir);
	assert_string_equal(c->login.cert, want);
	assert_string_equal(c->login.key, "/k.pem");
	assert_string_equal(c->login.pin, "sha256//AA=");
	assert_true(c->login.http && !c->login.exclusive && c->login.reuse);
	assert_true(!c->login.statements && c->login.vendor_sm);
	assert_int_equal(c->login.timeout, 5);
	assert_int_equal(c->login.cooldown, 0);
	assert_int_equal(c->login.programs.n, 2);
	assert_int_equal(c->login.progress, CONF_PROGRESS_STDERR);
	assert_string_equal(c->login.reason, "nightly build");
	assert_string_equal(c->server.listen, "[::1]:0");
	assert_string_equal(c->server.cert, "/c");
	assert_string_equal(c->server.key, "/k");
	assert_string_equal(c->server.client_ca, "/cc");
	assert_string_equal(c->server.url, "https://m");
	assert_string_equal(c->server.log, "srv+info");
	assert_true(c->server.http && !c->server.chip_auth);
	assert_int_equal(c->server.deadline, 1);
	assert_int_equal(c->server.lease, 2);
	assert_int_equal(c->server.poll, 3);
	assert_int_equal(c->server.sessions, 4);
	assert_int_equal(c->trust.roots.n, 2);
	(void)snprintf(want, sizeof(want), "%s/a.cvc", dir);
	assert_string_equal(c->trust.roots.v[0], want);
	assert_string_equal(c->trust.roots.v[1], "/b.cvc");
	assert_string_equal(c->trust.unverified.v[0], "ESTEST00001");
	assert_false(c->trust.production);
	conf_free(&c);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
	static const struct { const char *text, *said; } rows[] = {
		{ "[login]\ntimeot = 5\n", "conf:2: unknown key \"timeot\" in section [login]" },
		{ "[logon]\ntimeout = 5\n", "conf:2: unknown section [logon]" },
		{ "timeout = 5\n", "conf:1: \"timeout\" stands before any section" },
		{ "[login]\n\nfish\n", "conf:3: neither" },
		{ "[login\n", "conf:1: neither" },
		{ "[login]\ntimeout = 0\n", "conf:2: \"timeout\" is a number of seconds from 1 to 86400" },
		{ "[login]\ntimeout = 86401\n", "conf:2: " },
		{ "[login]\ntimeout = 5s\n", "conf:2: " },
		{ "[login]\ntimeout = -5\n", "conf:2: " },
		{ "[login]\ntimeout =\n", "conf:2: " },
		{ "[login]\ntimeout = 99999999999999999999\n", "conf:2: " },
		{ "[server]\npoll = 31\n", "conf:2: " },
		{ "[login]\nexclusive = maybe\n", "conf:2: \"exclusive\" is yes or no" },
		{ "[login]\nprogress = tty\n", "conf:2: \"progress\" is auto, stderr or log" },
		{ "[server]\nlog_format = xml\n", "conf:2: \"log_format\" is text or json" },
		{ "[login]\nurl = a\n\nurl = b\n", "conf:4: \"url\" is set twice" },
		{ "[login]\nurl\x1b = a\n", "\"url\\x1b\"" },
		{ "[login]\nbad = 1\nworse\n", "conf:2: unknown key" },
		{ "[login]\nworse\nbad = 1\n", "conf:2: neither" },
		{ "[login]\ncert = a\n", "conf: [login] cert and key go together" },
		{ "[server]\nkey = a\n", "conf: [server] cert and key go together" },
		{ "[login]\nprograms=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a\n",
		  "conf:2: more than 32" },
	};
	char line[4096];
	struct conf *c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *said = load_bad(rows[i].text);

		if (!strstr(said, rows[i].said) || !strstr(said, "configuration "))
			fail_msg("\"%s\" says \"%s\"", rows[i].text, said);
	}
	(void)snprintf(line, sizeof(line), "[login]\nreason = %03000d\n", 1);
	assert_non_null(strstr(load_bad(line), "conf:2: line longer than"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(file_write(path, 0600, RD_LIT("[login]\nurl = a\0b\n")), ERR_OK);
	assert_int_equal(conf_load_file(path, &c), ERR_CONFIG);
	(void)unlink(path);
	assert_int_equal(conf_load_file(path, &c), ERR_CONFIG);
}

static void add_name(void *ctx, const char *section, const char *name)
{
	wr_printf(ctx, "%s.%s ", section, name);
}

static const char *differences(const char *a, const char *b, struct wr *w)
{
	struct conf *x = load_good(a), *y = load_good(b);

	wr_reset(w);
	conf_differences(x, y, add_name, w);
	conf_free(&x);
	conf_free(&y);
	return wr_cstr(w);
}

static void what_differs_is_named(void **state)
{
	static const char one[] = "[server]\nurl = a\npoll = 3\nhttp = yes\n[trust]\nroots = a, b\n";
	char buf[200];
	struct wr w;

	(void)state;
	WR_ARR(&w, buf);
	assert_string_equal(differences(one, one, &w), "");
	assert_string_equal(differences(one, "", &w), "server.http server.url server.poll trust.roots ");
	assert_string_equal(differences("", one, &w), "server.http server.url server.poll trust.roots ");
	assert_string_equal(differences("[server]\nlog_format = json\n", "", &w), "server.log_format ");
	assert_string_equal(differences("[trust]\nroots = a\n", "[trust]\nroots = a\nroots = b\n", &w), "trust.roots ");
	assert_string_equal(differences("[trust]\nroots = a, c\n", "[trust]\nroots = a, b\n", &w), "trust.roots ");
}

static void three_places_and_the_environment(void **state)
{
	struct conf *c = NULL;

	(void)state;
	assert_int_equal(setenv("XDG_CONFIG_HOME", dir, 1), 0);
	assert_int_equal(setenv("QUORUM11_CONF", path, 1), 0);
	write_text(user_path, "[login]\nurl = https://user\nreason = user\nca = /user\nprograms = a\n");
	write_text(path, "[login]\nurl = https://named\nca =\nprograms = b\n");
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_string_equal(c->login.url, "https://named");
	assert_string_equal(c->login.reason, "user");
	assert_null(c->login.ca);
	assert_int_equal(c->login.programs.n, 2);
	conf_free(&c);
	assert_int_equal(setenv("QUORUM11_URL", "https://env", 1), 0);
	assert_int_equal(setenv("QUORUM11_REASON", "env", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_string_equal(c->login.url, "https://env");
	assert_string_equal(c->login.reason, "env");
	assert_null(c->module.log);
	assert_null(c->agent.socket);
	assert_false(c->agent.only);
	conf_free(&c);
	/* An agent of the configuration is one source of cards among others; one of the environment is the only one. */
	write_text(path, "[login]\nprograms = b\n[agent]\nsocket = here\n");
	assert_int_equal(setenv("QUORUM11_AGENT", "", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_non_null(strstr(c->agent.socket, "/here"));
	assert_false(c->agent.only);
	conf_free(&c);
	assert_int_equal(setenv("QUORUM11_AGENT", "/run/env", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_string_equal(c->agent.socket, "/run/env");
	assert_true(c->agent.only);
	conf_free(&c);
	assert_int_equal(unsetenv("QUORUM11_AGENT"), 0);
	assert_int_equal(setenv("QUORUM11_LOG", "apdu+trace", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_string_equal(c->module.log, "apdu+trace");
	assert_int_equal(conf_log(c), ERR_OK);
	assert_true(log_wants(LOG_APDU, LOG_TRACE));
	assert_false(log_wants(LOG_P11, LOG_ERROR));
	conf_free(&c);
	assert_int_equal(setenv("QUORUM11_LOG", "apdu+loudly", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_int_equal(conf_log(c), ERR_CONFIG);
	conf_free(&c);
	assert_int_equal(unsetenv("QUORUM11_LOG"), 0);
	assert_int_equal(log_configure(NULL), ERR_OK);
	assert_int_equal(setenv("XDG_CONFIG_HOME", "not/absolute", 1), 0);
	assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
	assert_int_equal(conf_load(&c), ERR_OK);
	assert_int_equal(c->login.programs.n, 1);
	conf_free(&c);
	/* A file that is named must be there. */
	assert_int_equal(setenv("QUORUM11_CONF", "/nonexistent/file", 1), 0);
	assert_int_equal(conf_load(&c), ERR_CONFIG);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/conf", dir);
	(void)snprintf(err_path, sizeof(err_path), "%s/err", dir);
	(void)snprintf(user_path, sizeof(user_path), "%s/quorum11", dir);
	if (mkdir(user_path, 0700) != 0)
		return -1;
	(void)snprintf(user_path, sizeof(user_path), "%s/quorum11/quorum11.conf", dir);
	return 0;
}

static int tear_down(void **state)
{
	char sub[96];

	(void)state;
	(void)unlink(path);
	(void)unlink(err_path);
	(void)unlink(user_path);
	(void)snprintf(sub, sizeof(sub), "%s/quorum11", dir);
	(void)rmdir(sub);
	return rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_has_the_defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(what_is_wrong_is_said_with_its_line),
		cmocka_unit_test(what_differs_is_named),
		cmocka_unit_test(three_places_and_the_environment),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
