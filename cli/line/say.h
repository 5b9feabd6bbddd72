/* SPDX-License-Identifier: Apache-2.0 */
/* What people and scripts are told: messages, the exit status, questions. */
#ifndef CLI_LINE_SAY_H
#define CLI_LINE_SAY_H

#include "base/buf.h"

/* 0 done, 1 failed, 2 usage, 3 refused by our own checks: the one table. */
int cli_exit_status(enum err e);
/* What to do about it, or NULL. */
const char *cli_hint(enum err e);
/* "<text>: <error>; <hint>" by log_tell; returns e. For ERR_OK nothing is said. */
enum err cli_fail(enum err e, const char *fmt, ...) PRINTF(2, 3);
/* "<text>" as it is by log_tell; returns e. */
enum err cli_refuse(enum err e, const char *fmt, ...) PRINTF(2, 3);

/*
 * What was printed is written: a full disk behind a redirected stdout is a failure like any other. e: how it went until
 * now, which counts more. Said.
 */
enum err cli_flush(enum err e);

/*
 * y or Y from the terminal; anything else, or no terminal, is no. yes: answers itself without asking. No also, whoever
 * answers, if what was printed before is not written (cli_flush).
 */
bool cli_ask(const char *question, bool yes);

bool cli_has_terminal(void);
/* The same for a word that must be typed as it stands in the question: what a habit must not answer. */
bool cli_ask_word(const char *question, const char *word, bool yes);
/* A line from the terminal, without its end; false: no terminal, nothing typed, or more than cap - 1 bytes. */
bool cli_ask_line(const char *question, char *line, size_t cap);

#endif
