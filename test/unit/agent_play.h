/* SPDX-License-Identifier: Apache-2.0 */
/* An agent that a table plays over a real socket, for one connection; and short forms of what its clients do. */
#ifndef TEST_UNIT_AGENT_PLAY_H
#define TEST_UNIT_AGENT_PLAY_H

#include "test/unit/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "apdu/agent_link.h"

#define READER "Reader 0"
#define NOBODY 65534            /* a user who is not us */

enum how {
	ANSWER,         /* with the text */
	THEN_SAY,       /* without a question: the next text at once */
	QUIET,          /* no answer; the next question comes */
	SILENCE,        /* the same, and time passes until the client has had enough */
	END             /* hangs up */
};
struct line {
	enum agent_type question;
	enum how how;
	const char *answer;     /* hex */
};
#define HELLO { AGENT_HELLO, ANSWER, "80 80 01 01" }
#define OPEN { AGENT_OPEN, ANSWER, "80 84 02 3B 80" }
#define OK "80"

struct play {
	const struct line *lines;
	size_t n;
	atomic_size_t played;
	int listener;
	pthread_t thread;
	bool good, hung_up;             /* it went as the table says; the client ended it */
	struct wr heard;                /* the last question */
};
extern struct play play;
extern char play_folder[], play_path[64];
int play_setup(void **state);
int play_teardown(void **state);

#define PLAY(...) \
	do { \
		static const struct line lines_[] = { __VA_ARGS__ }; \
		play_start(lines_, sizeof(lines_) / sizeof(lines_[0])); \
	} while (0)
void play_start(const struct line *lines, size_t n);
/* With another agent than the table's. */
void play_start_by(void *(*serve)(void *arg));
/* Waits for its end; everything was said and heard. */
void play_stop(void);
/* Until all that comes before this question was played. */
void play_until(enum agent_type question);
/* An element of the last question; between play_join and play_close. */
void play_join(void);
struct rd play_heard(enum agent_tag tag);
void play_close(void);
/* For agents of the test's own. */
int play_listen(int type);
bool play_say(int fd, const char *hex);
bool play_hear(int fd, enum agent_type question);

/* ---- its client ---- */

extern const struct agent_at play_at;
extern char play_why[AGENT_TEXT_MAX];
struct apdu_link *play_open(void);
enum err play_transmit(struct apdu_link *l);            /* one command; nothing is appended where it fails */

#endif
