/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

#define MESSAGE_MAX 1024

enum { FAILED = 1, USAGE = 2, REFUSED = 3 };

static const struct {
	int status;             /* 0: FAILED */
	const char *hint;
} rows[ERR_COUNT] = {
	[ERR_ARG]         = { USAGE, NULL },
	[ERR_REFUSED]     = { REFUSED, NULL },
	[ERR_SIGNATURE]   = { REFUSED, NULL },
	[ERR_ATTESTATION] = { REFUSED, NULL },
	[ERR_NO_SERVICE]  = { 0, "is pcscd running? (systemctl status pcscd.socket)" },
	[ERR_NO_READER]   = { 0, "quorum11 list shows the readers" },
	[ERR_NO_CARD]     = { 0, "is the card in the reader, and is it a SmartCard-HSM?" },
	[ERR_REMOVED]     = { 0, "put the card back and start again" },
	[ERR_TRANSPORT]   = { 0, "take the card out and put it in again; if that does not help, try another reader" },
	[ERR_RESET]       = { 0, "another program reset the card; start again" },
	[ERR_SHARING]     = { 0, "stop the program that uses the card (scdaemon, a browser, a signing program)" },
	[ERR_AUTH]        = { 0, "the card wants a login first" },
	[ERR_PIN_BLOCKED] = { 0, "quorum11 pin set gives it a new PIN, by the SO-PIN" },
	[ERR_PIN_LENGTH]  = { 0, "a PIN has 6 to 16 characters, an SO-PIN 16 hex digits" },
	[ERR_PIN_UNSET]   = { 0, "quorum11 init gives it one" },
	[ERR_PIN_TRANSPORT] = { 0, "the transport PIN must be changed first: quorum11 pin change" },
	[ERR_CARD_MEMORY] = { 0, "the card is full" },
	[ERR_NOT_ENROLLED] = { 0, "quorum11 enrol makes the card known to the server" },
	[ERR_CONNECT]     = { 0, "check the URL and whether the server runs" },
	[ERR_TLS]         = { 0, "check --ca or [login] ca, and the name in the URL" },
	[ERR_BUG]         = { 0, "this is a defect of quorum11; please report it" },
};

int cli_exit_status(enum err e)
{
	if (e == ERR_OK)
		return 0;
	return e > ERR_OK && e < ERR_COUNT && rows[e].status ? rows[e].status : FAILED;
}

const char *cli_hint(enum err e)
{
	return e > ERR_OK && e < ERR_COUNT ? rows[e].hint : NULL;
}

enum err cli_fail(enum err e, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	/* ERR_CONFIG has been said with file and line where it was found. */
	if (e == ERR_OK || e == ERR_CONFIG)
		return e;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_tell("%s: %s%s%s", text, err_text(e), cli_hint(e) ? "; " : "", cli_hint(e) ? cli_hint(e) : "");
	return e;
}

enum err cli_refuse(enum err e, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_tell("%s", text);
	return e;
}

enum err cli_flush(enum err e)
{
	/* A buffer that was full before has met the error then, and fflush does not speak of it again. */
	bool bad = ferror(stdout);

	errno = 0;
	if (fflush(stdout) || bad)
		return e ? e : cli_refuse(ERR_IO, "writing to standard output failed%s%s", errno ? ": " : "",
					  errno ? strerror(errno) : "");
	return e;
}

bool cli_ask_line(const char *question, char *line, size_t cap)
{
	size_t n = 0;
	char c = 0;
	int fd;

	/* Nobody is asked about what he has not seen, nor by what he typed before he saw it. */
	if (cli_flush(ERR_OK))
		return false;
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	(void)tcflush(fd, TCIFLUSH);
	dprintf(fd, "%s ", question);
	while (read(fd, &c, 1) == 1 && c != '\n') {
		if (n < cap)
			line[n] = c;
		n++;
	}
	close(fd);
	if (c != '\n' || n == 0 || n >= cap)
		return false;
	line[n] = 0;
	return true;
}

bool cli_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool cli_ask(const char *question, bool yes)
{
	char text[MESSAGE_MAX], answer[2];

	if (yes)
		return cli_flush(ERR_OK) == ERR_OK;
	if (!cli_has_terminal()) {
		log_tell("no terminal to ask on (--yes says yes for scripts): %s", question);
		return false;
	}
	(void)snprintf(text, sizeof(text), "%s [y/N]", question);
	/* Exactly one character counts. */
	return cli_ask_line(text, answer, sizeof(answer)) && (answer[0] == 'y' || answer[0] == 'Y');
}

bool cli_ask_word(const char *question, const char *word, bool yes)
{
	char answer[64];

	if (yes)
		return cli_flush(ERR_OK) == ERR_OK;
	return cli_ask_line(question, answer, sizeof(answer)) && strcmp(answer, word) == 0;
}
