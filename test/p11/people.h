/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of an n-of-m login, for the contract tests: the test program is its own helper process (what it does
 * stands in the URL), and custodians in the test's process sign what the helper asks for. No server, no statements: the
 * whole of that is in test/e2e.
 */
#ifndef TEST_P11_PEOPLE_H
#define TEST_P11_PEOPLE_H

#include <sys/types.h>

#include "test/quorum.h"

/* First thing in main: true if this process was started as the helper; it has done its work then. */
bool people_is_helper(int argc, char **argv);

/* For cmocka, after rig_setup: a 2-of-3 target of this profile in RIG_READER, with the key "ec". */
struct people;
struct people *people_new(const char *profile);
void people_free(struct people *p);
const char *people_target(const struct people *p);      /* the folder of the target */
/*
 * Configure a login whose helper does: "approve": n custodians approve · "wait": nothing comes · "deny", "expire",
 * "unknown": that end · "hold": a denial, as soon as people_let_go · "early": 204 without any approval · "die": the
 * helper ends. more: further lines of [login].
 */
void people_conf(const char *what, const char *more);
/* The same as text, until the next call: for who reads it elsewhere. */
const char *people_conf_text(const char *what, const char *more);
void people_let_go(void);
/* How many ceremonies have begun, since the start of this test. */
unsigned people_asked(struct people *p);
/* Wait until one more has begun and the helper has the first POST. */
void people_wait_asked(struct people *p);
/* Person i ends what was approved last: who watches for it (people_watcher) is told so, by a signed statement. */
void people_say_end(struct people *p, unsigned i);
/* The process of the nth helper, from 1, that watches for an end; waits for it. */
pid_t people_watcher(unsigned n);
/* Open the card as another program: all n sign, and the program goes away without a reset. */
void people_open_card(struct people *p);
/* Is the card open, asked from outside when nobody is connected? */
bool people_card_is_open(struct people *p);

#endif
