/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve/notice.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/approve/text.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

#define COMMAND_MS 60000
#define TEXT_SIZE  1024

static const char *word(const struct cli_notice *n)
{
	static const char *const words[] = {
		[BOOK_KNOWN] = "known", [BOOK_UNKNOWN] = "unknown", [BOOK_OTHER_KEY] = "other-key",
	};

	return n->refused ? "refused" : words[n->card];
}

void cli_notice_judge(const struct cli *cli, const struct cli_book *devices, struct cli_notice *n)
{
	const struct cli_book_entry *entry = NULL;
	const struct pka_approval_facts *f;
	struct pka_approval *p = NULL;

	n->card = BOOK_UNKNOWN;
	n->refused = cli_trust_request(cli, n->request, &p) != ERR_OK;
	if (!n->refused) {
		f = pka_approval_facts(p);
		n->card = cli_book_device(devices, f->device_id, f->device_key, &entry);
	}
	n->name = n->card == BOOK_KNOWN ? entry->name : NULL;
	pka_approval_free(&p);
}

/* "Board signer", or what is wrong with the card. */
static void write_card(const struct cli_notice *n, struct wr *w)
{
	if (n->name)
		wr_printf(w, "\"%s\"", n->name);
	else
		wr_printf(w, "card %s, %s", n->request->device_id,
			  n->refused			? "which does not pass the checks of this machine"
			  : n->card == BOOK_OTHER_KEY	? "WITH ANOTHER KEY than in your address book"
							: "not in your address book");
}

static void write_rest(const struct cli_notice *n, struct wr *w)
{
	wr_printf(w, "%u of %u have approved, %u min left; ", n->request->approvals, n->request->n,
		  n->request->seconds_left / 60);
	if (n->request->hold_seconds) {
		wr_text(w, "held open for up to ");
		wr_duration(w, n->request->hold_seconds);
		wr_text(w, "; ");
	}
	cli_reason_text(wr_view(&n->request->host_json), w);
}

void cli_notice_write(const struct cli_notice *n, struct wr *w)
{
	write_card(n, w);
	wr_text(w, ": ");
	write_rest(n, w);
}

void cli_notice_print(const struct cli_notice *n)
{
	uint8_t buf[TEXT_SIZE];
	struct wr w;

	WR_ARR(&w, buf);
	cli_notice_write(n, &w);
	printf("%s  %s  %s\n", n->request->id, wr_cstr(&w), n->server);
	(void)fflush(stdout);
}

json_t *cli_notice_json(const struct cli_notice *n)
{
	const struct cli_request *r = n->request;
	struct rd json = wr_view(&r->host_json);
	json_t *claims = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *reason = json_object_get(claims, "reason");
	char shown[SHOWN_MAX + 1] = "";
	json_t *o;

	if (json_is_string(reason))
		(void)text_shown(rd_str(json_string_value(reason)), shown, sizeof(shown));
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:i, s:i, s:i, s:o, s:s}", "event", "request", "server",
		      n->server, "request", r->id, "device_id", r->device_id, "card", word(n), "name", n->name,
		      "n", (int)r->n, "approvals", (int)r->approvals,
		      "seconds_left", (int)r->seconds_left, "hold_seconds",
		      r->hold_seconds ? json_integer(r->hold_seconds) : json_null(), "claimed_reason", shown);
	json_decref(claims);
	return o;
}

/* stdin: a descriptor. ERR_IO: could not be started, or ended with a failure; said. */
static enum err run(const char *program, char *const *argv, int in)
{
	struct deadline dl = deadline_in(COMMAND_MS);
	posix_spawn_file_actions_t fa;
	int rc, fd, status = 0;
	pid_t pid;

	rc = posix_spawn_file_actions_init(&fa);
	if (!rc) {
		rc = posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
		if (!rc)
			rc = posix_spawn_file_actions_addclosefrom_np(&fa, STDERR_FILENO + 1);
		if (!rc)
			rc = posix_spawnp(&pid, program, &fa, NULL, argv, environ);
		(void)posix_spawn_file_actions_destroy(&fa);
	}
	if (rc)
		return cli_refuse(ERR_IO, "%s: %s", program, strerror(rc));
	fd = pidfd_open(pid, 0);
	if (fd >= 0 && deadline_wait(&dl, fd) == ERR_TIMEOUT) {
		log_tell("%s did not end within %d s and is ended", program, COMMAND_MS / 1000);
		(void)kill(pid, SIGKILL);
	}
	if (fd >= 0)
		(void)close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return cli_refuse(ERR_IO, "%s failed", program);
	return ERR_OK;
}

/* The body of a notification is markup for some desktops. */
static void write_escaped(struct wr *w, const char *text)
{
	for (; *text; text++)
		if (*text == '&')
			wr_text(w, "&amp;");
		else if (*text == '<')
			wr_text(w, "&lt;");
		else if (*text == '>')
			wr_text(w, "&gt;");
		else
			wr_u8(w, (uint8_t)*text);
}

enum err cli_notice_desktop_check(void)
{
	const char *at = secure_getenv("PATH");
	char path[PATH_MAX];

	for (size_t n; at && *at; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		if (snprintf(path, sizeof(path), "%.*s/notify-send", (int)n, at) < (int)sizeof(path) &&
		    access(path, X_OK) == 0)
			return ERR_OK;
	}
	return cli_refuse(ERR_CONFIG, "--notify: there is no notify-send; it comes with libnotify-bin");
}

void cli_notice_desktop(const struct cli_notice *n)
{
	uint8_t buf[2][TEXT_SIZE], body_bytes[6 * TEXT_SIZE];
	struct wr head, rest, body;
	static char program[] = "notify-send", app[] = "--app-name=quorum11", options_end[] = "--";
	char *argv[] = { program, app, options_end, NULL, NULL, NULL };
	int in;

	WR_ARR(&head, buf[0]);
	WR_ARR(&rest, buf[1]);
	WR_ARR(&body, body_bytes);
	wr_text(&head, "Approval wanted: ");
	write_card(n, &head);
	write_rest(n, &rest);
	write_escaped(&body, wr_cstr(&rest));
	wr_text(&body, "\nquorum11 approve");
	(void)wr_cstr(&head);           /* with a terminator */
	(void)wr_cstr(&body);
	if (wr_done(&head) || wr_done(&body))
		return;
	argv[3] = (char *)head.p;
	argv[4] = (char *)body.p;
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return;
	(void)run("notify-send", argv, in);
	(void)close(in);
}

void cli_notice_command(const struct cli_notice *n, char *const *argv)
{
	json_t *o = cli_notice_json(n);
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	int in = memfd_create("quorum11-notice", MFD_CLOEXEC);

	/* A file in memory: a command that does not read keeps nobody waiting. */
	if (!text || in < 0 || write(in, text, strlen(text)) != (ssize_t)strlen(text) || lseek(in, 0, SEEK_SET))
		cli_refuse(ERR_IO, "%s could not be told", argv[0]);
	else
		(void)run(argv[0], argv, in);
	if (in >= 0)
		(void)close(in);
	free(text);
	json_decref(o);
}
