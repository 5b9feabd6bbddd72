/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/scanner.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apdu/local.h"
#include "base/fd.h"
#include "base/log.h"

#define RETRY_MS 1000           /* without a service */

struct agent_scanner {
	const struct conf *conf;
	struct agent_queue *results;
	struct apdu_readers now;
	pthread_t thread;
	int stop_fd;
	atomic_bool looked;
};

static void tell(struct agent_scanner *s)
{
	struct agent_job *j;

	for (size_t i = 0; i < s->now.n; i++) {
		if (!local_is_admitted(&s->now.v[i], &s->conf->agent.readers) ||
		    agent_job_new(AGENT_JOB_READER, NULL, &j))
			continue;
		(void)snprintf(j->why, sizeof(j->why), "%s", s->now.v[i].name);
		agent_queue_put(s->results, j);
	}
}

static void *scan(void *ctx)
{
	struct agent_scanner *s = ctx;
	struct deadline stop = { UINT64_MAX, s->stop_fd };
	bool said = false;
	enum err e = local_list(s->conf, &s->now);

	for (;;) {
		if (!e)
			tell(s);
		else if (!said)
			log_line(LOG_AGENT, LOG_WARN, "no readers: %s", err_text(e));
		said = e != ERR_OK;
		s->looked = true;
		agent_queue_wake(s->results);
		if (e) {
			struct deadline again = deadline_within(&stop, RETRY_MS);

			if (deadline_wait(&again, -1) != ERR_TIMEOUT)
				return NULL;
			e = local_list(s->conf, &s->now);
		} else {
			e = local_wait(s->conf, &s->now, &stop);
		}
		if (e == ERR_CANCELLED)
			return NULL;
	}
}

enum err agent_scanner_new(const struct conf *conf, struct agent_queue *results, struct agent_scanner **out)
{
	struct agent_scanner *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (!s)
		return ERR_NOMEM;
	s->conf = conf;
	s->results = results;
	s->stop_fd = fd_event();
	if (s->stop_fd < 0 || pthread_create(&s->thread, NULL, scan, s)) {
		if (s->stop_fd >= 0)
			(void)close(s->stop_fd);
		free(s);
		return ERR_IO;
	}
	*out = s;
	return ERR_OK;
}

void agent_scanner_free(struct agent_scanner **s)
{
	const uint64_t one = 1;

	if (!*s)
		return;
	if (write((*s)->stop_fd, &one, sizeof(one)) < 0)
		log_line(LOG_AGENT, LOG_ERROR, "cannot wake the scanner");
	(void)pthread_join((*s)->thread, NULL);
	(void)close((*s)->stop_fd);
	free(*s);
	*s = NULL;
}

bool agent_scanner_has_looked(struct agent_scanner *s)
{
	return s->looked;
}
