/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/line/say.h"
#include "cli/run/run.h"

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, BY_SIGNAL = 128 };        /* as shells say it */

/* ---- environment ---- */

static const struct cli_env *find(const struct cli_env *set, size_t n, const char *entry)
{
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(set[i].name);

		if (strncmp(entry, set[i].name, size) == 0 && entry[size] == '=')
			return &set[i];
	}
	return NULL;
}

char **cli_env_new(const struct cli_env *set, size_t n)
{
	size_t count = 0, k = 0;
	bool ok = true;
	char **env;

	while (environ && environ[count])
		count++;
	env = calloc(count + n + 1, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < count && ok; i++)
		if (!find(set, n, environ[i])) {
			env[k] = strdup(environ[i]);
			ok = env[k++] != NULL;
		}
	for (size_t i = 0; i < n && ok; i++)
		if (set[i].value) {
			ok = asprintf(&env[k], "%s=%s", set[i].name, set[i].value) >= 0;
			if (!ok)
				env[k] = NULL;
			k++;
		}
	if (ok)
		return env;
	cli_env_free(env);
	return NULL;
}

void cli_env_free(char **env)
{
	for (size_t i = 0; env && env[i]; i++)
		free(env[i]);
	free(env);
}

/* ---- which file ---- */

/* ERR_OK, ERR_NOT_FOUND, or ERR_REFUSED: there is something, but it cannot be executed. */
static enum err look(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_REFUSED;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
		return ERR_REFUSED;
	}
	return access(path, X_OK) ? ERR_REFUSED : ERR_OK;
}

/* In each folder of PATH; one that cannot be executed is passed over, and said if there is no other. */
static enum err search(const char *name, char path[PATH_MAX])
{
	const char *at = secure_getenv("PATH");
	enum err e = ERR_NOT_FOUND;
	int cause = ENOENT;

	if (!at)
		at = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t n = strcspn(at, ":");
		int size = snprintf(path, PATH_MAX, "%.*s%s%s", (int)n, at, n ? "/" : "./", name);
		enum err found = size > 0 && size < PATH_MAX ? look(path) : ERR_NOT_FOUND;

		if (!found)
			return ERR_OK;
		if (found == ERR_REFUSED) {
			e = found;
			cause = errno;
		}
		if (!at[n])
			break;
		at += n + 1;
	}
	errno = cause;
	return e;
}

enum err cli_command_find(const char *name, char path[PATH_MAX], int *status)
{
	char shown[SHOWN_MAX + 1];
	enum err e = ERR_NOT_FOUND;

	errno = ENOENT;
	if (!strchr(name, '/') && *name)
		e = search(name, path);
	else if (*name && strlen(name) < PATH_MAX)
		e = look(memcpy(path, name, strlen(name) + 1));
	if (!e)
		return ERR_OK;
	*status = e == ERR_NOT_FOUND ? NOT_FOUND : NOT_EXECUTABLE;
	return cli_refuse(e, "%s: %s; nobody was asked", text_shown(rd_str(name), shown, sizeof(shown)),
			  e == ERR_NOT_FOUND ? "no such command" : strerror(errno));
}

/* ---- its life ---- */

/* What it gets of our signals: what we had, before we ignored and blocked some. */
struct before {
	sigset_t mask, defaults;
};

static void heed(struct before *b, sigset_t *waited)
{
	static const int terminal[] = { SIGINT, SIGQUIT };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, none = { .sa_handler = SIG_DFL }, was;

	(void)sigemptyset(&ignore.sa_mask);
	(void)sigemptyset(&none.sa_mask);
	(void)sigemptyset(&b->defaults);
	for (size_t i = 0; i < sizeof(terminal) / sizeof(terminal[0]); i++)
		if (!sigaction(terminal[i], &ignore, &was) && was.sa_handler != SIG_IGN)
			(void)sigaddset(&b->defaults, terminal[i]);
	/* Where it is ignored nobody can wait for a child. */
	(void)sigaction(SIGCHLD, &none, NULL);
	(void)sigemptyset(waited);
	(void)sigaddset(waited, SIGTERM);
	(void)sigaddset(waited, SIGHUP);
	(void)sigaddset(waited, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, waited, &b->mask);
}

static int start(pid_t *pid, const char *path, char *const *argv, char **env, const struct before *b)
{
	posix_spawnattr_t attr;
	int rc = posix_spawnattr_init(&attr);

	if (rc)
		return rc;
	rc = posix_spawnattr_setsigmask(&attr, &b->mask);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(&attr, &b->defaults);
	if (!rc)
		rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!rc)
		rc = posix_spawn(pid, path, NULL, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	return rc;
}

/* A script without "#!" is the shell's, as execvp(3) has it. */
static int start_script(pid_t *pid, const char *path, char *const *argv, char **env, const struct before *b)
{
	size_t n = 0;
	char **words;
	int rc;

	while (argv[n])
		n++;
	words = calloc(n + 2, sizeof(*words));
	if (!words)
		return ENOMEM;
	words[0] = (char[]){ "sh" };
	words[1] = (char *)(uintptr_t)path;
	memcpy(&words[2], &argv[1], (n - 1) * sizeof(*words));
	rc = start(pid, "/bin/sh", words, env, b);
	free(words);
	return rc;
}

static int wait_for(pid_t pid, const sigset_t *waited)
{
	int state;

	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(waited, &info);

		if (sig == SIGTERM || sig == SIGHUP)
			(void)kill(pid, sig);
		else if (sig == SIGCHLD && waitpid(pid, &state, WNOHANG) == pid)
			return WIFSIGNALED(state) ? BY_SIGNAL + WTERMSIG(state) : WEXITSTATUS(state);
	}
}

void cli_command_run(const char *path, char *const *argv, char **env, int *status)
{
	char shown[SHOWN_MAX + 1];
	struct before before;
	sigset_t waited;
	pid_t pid;
	int rc;

	heed(&before, &waited);
	rc = start(&pid, path, argv, env, &before);
	if (rc == ENOEXEC)
		rc = start_script(&pid, path, argv, env, &before);
	if (!rc) {
		*status = wait_for(pid, &waited);
		return;
	}
	*status = rc == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
	log_tell("%s: %s", text_shown(rd_str(path), shown, sizeof(shown)), strerror(rc));
}
