/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. Silent unless QUORUM11_LOG or the configuration asks ("apdu+trace,p11+info", or "info" for all areas). It
 * goes to stderr, or to the file that log_open names; never to stdout. No function takes a struct secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"

enum log_area { LOG_APDU, LOG_CARD, LOG_P11, LOG_RAM, LOG_PKA, LOG_ATT, LOG_SRV, LOG_AGENT, LOG_AREAS };
enum log_level { LOG_NONE, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_TRACE };

enum log_format { LOG_TEXT, LOG_JSON };

/* How lines look from now on, those to the person as well; text at first. */
void log_set_format(enum log_format format);
/* Thread-safe. spec may be NULL. ERR_CONFIG for a word it does not know (and says which on stderr): nothing changes. */
MUST enum err log_configure(const char *spec);
/* Would it do? Errors as there; nothing changes. */
MUST enum err log_check(const char *spec);
/* Append to a file (created with mode 0600) instead of stderr; NULL: stderr again. */
MUST enum err log_open(const char *path);
bool log_wants(enum log_area a, enum log_level l);
void log_line(enum log_area a, enum log_level l, const char *fmt, ...) PRINTF(3, 4);

/*
 * One line to the person: "quorum11: ..." on stderr, whatever the log's settings, and to the log if that goes
 * elsewhere. Says what failed, on which card, reader or URL, and what to do. Foreign text in it has gone through
 * text_shown.
 */
void log_tell(const char *fmt, ...) PRINTF(1, 2);
/* Who else hears the text of each such line from now on; NULL: nobody. Called by the thread that tells. */
void log_hear(void (*heard)(struct rd text));
/* The program's name at the start of log_tell's line; a literal; default "quorum11". */
void log_name(const char *name);

#endif
