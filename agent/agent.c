/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/client.h"
#include "agent/scanner.h"
#include "base/log.h"

#define READY_MS 10000          /* how long clients wait for cards that are slow to answer at the start */
#define FIXED 4                 /* descriptors before the clients' */

struct agent {
	const struct agent_run *run;
	struct agent_house house;
	struct agent_queue results;
	struct agent_scanner *scanner;
	size_t clients_n;
	struct agent_client *clients[AGENT_CLIENTS_MAX];
	uint64_t ready_by;              /* boot time; 0: it is ready */
	bool is_full;                   /* no room for another client until one goes */
};

static bool is_awaited(void *ctx, const struct agent_card *card)
{
	const struct agent *a = ctx;

	for (size_t i = 0; i < a->clients_n; i++)
		if (agent_client_awaits(a->clients[i], card))
			return true;
	return false;
}

/* ---- cards ---- */

/* There from now on, or there and looked at. */
static void add_reader(struct agent *a, const char *reader)
{
	struct agent_house *h = &a->house;
	struct agent_card *known = agent_house_find(h, reader);
	enum err e;

	if (known) {
		agent_card_look(known);
		return;
	}
	if (h->cards_n == APDU_READERS_MAX) {
		log_line(LOG_AGENT, LOG_ERROR, "reader %s: more than %d readers", reader, APDU_READERS_MAX);
		return;
	}
	e = agent_card_new(h->rules, reader, &a->results, &h->cards[h->cards_n]);
	if (e)
		log_line(LOG_AGENT, LOG_ERROR, "reader %s: %s", reader, err_text(e));
	else
		h->cards_n++;
}

static bool has_looked(struct agent *a)
{
	bool looked = agent_scanner_has_looked(a->scanner);

	for (size_t i = 0; i < a->house.cards_n && looked; i++) {
		struct agent_view *v = agent_card_view(a->house.cards[i]);

		lock_take(&v->lock);
		looked = v->looked;
		lock_give(&v->lock);
	}
	return looked;
}

/* Clients that come before the cards are known would be told that there are none. */
static void get_ready(struct agent *a)
{
	static const char line[] = "ready\n";
	struct deadline dl = { a->ready_by, -1 };

	if (!a->ready_by || (!has_looked(a) && deadline_left_ms(&dl)))
		return;
	a->ready_by = 0;
	log_line(LOG_AGENT, LOG_INFO, "ready, %zu readers", a->house.cards_n);
	if (a->run->ready < 0)
		return;
	if (write(a->run->ready, line, sizeof(line) - 1) < 0)
		log_line(LOG_AGENT, LOG_WARN, "who started the agent does not wait for it");
	(void)close(a->run->ready);
}

/* ---- results ---- */

static void drop(struct agent *a, size_t i)
{
	struct agent_client *c = a->clients[i];

	a->clients[i] = a->clients[--a->clients_n];
	agent_client_free(&a->house, &c);
	a->is_full = false;
}

/* *job NULL: it was submitted again. */
static void deliver(struct agent *a, struct agent_job **job)
{
	struct agent_job *j = *job;

	switch (j->kind) {
	case AGENT_JOB_READER:
		add_reader(a, j->why);
		return;
	case AGENT_JOB_PROGRESS:
		for (size_t i = 0; i < a->clients_n; i++)
			if (agent_client_awaits(a->clients[i], j->card))
				agent_client_progress(a->clients[i], j->why);
		return;
	case AGENT_JOB_EXCHANGE:
	case AGENT_JOB_PAD:
	case AGENT_JOB_LEASE:
	case AGENT_JOB_LOGIN:
		break;
	case AGENT_JOB_END:
		for (size_t i = 0; i < a->clients_n; i++)
			if (agent_client_ends(a->clients[i], j)) {
				if (!agent_client_ended(a->clients[i]))
					drop(a, i);
				return;
			}
		return;
	}
	for (size_t i = 0; i < a->clients_n; i++)
		if (a->clients[i]->job == j) {
			if (!agent_client_done(&a->house, a->clients[i], job))
				drop(a, i);
			return;
		}
}

static void take_results(struct agent *a)
{
	struct agent_job *j;

	while ((j = agent_queue_take(&a->results))) {
		deliver(a, &j);
		agent_job_free(&j);
	}
}

/* ---- clients ---- */

static void welcome(struct agent *a)
{
	int fd = accept4(a->run->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	enum err e;

	if (fd < 0) {
		/* Who waits is still there: without this we would ask again and again. */
		a->is_full = a->clients_n &&
			     (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS);
		if (a->is_full)
			log_line(LOG_AGENT, LOG_WARN, "%zu clients, others wait: %s", a->clients_n, strerror(errno));
		return;
	}
	e = agent_client_new(fd, &a->clients[a->clients_n]);
	if (e)
		log_line(LOG_AGENT, LOG_WARN, "a client was not let in: %s", err_text(e));
	else
		a->clients_n++;
	a->is_full = a->clients_n == AGENT_CLIENTS_MAX;
	if (a->is_full)
		log_line(LOG_AGENT, LOG_WARN, "%d clients: others wait", AGENT_CLIENTS_MAX);
}

static void serve_clients(struct agent *a, const struct pollfd *p, size_t n)
{
	/* From the back: what is dropped is replaced by the last, which had its turn. */
	for (size_t i = n; i-- > 0;) {
		bool keep = true;

		if (p[i].revents & POLLOUT)
			keep = agent_client_write(a->clients[i]);
		if (keep && p[i].revents & (POLLIN | POLLHUP | POLLERR))
			keep = agent_client_read(&a->house, a->clients[i]);
		if (!keep || (a->clients[i]->closing && !a->clients[i]->out.n))
			drop(a, i);
	}
}

static size_t watch(struct agent *a, struct pollfd *p)
{
	p[0] = (struct pollfd){ .fd = a->run->signals, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = a->run->lifeline, .events = POLLIN };
	p[2] = (struct pollfd){ .fd = a->results.fd, .events = POLLIN };
	p[3] = (struct pollfd){ .fd = a->is_full || a->ready_by ? -1 : a->run->listener, .events = POLLIN };
	for (size_t i = 0; i < a->clients_n; i++)
		p[FIXED + i] = (struct pollfd){ .fd = a->clients[i]->lent ? -1 : a->clients[i]->fd,
						.events = (short)(POLLIN | (a->clients[i]->out.n ? POLLOUT : 0)) };
	return a->clients_n;
}

static enum err loop(struct agent *a)
{
	struct pollfd *p = calloc(FIXED + AGENT_CLIENTS_MAX, sizeof(*p));
	enum err e = p ? ERR_OK : ERR_NOMEM;
	size_t n;

	while (!e) {
		n = watch(a, p);
		if (poll(p, (nfds_t)(FIXED + n), a->ready_by ? 100 : -1) < 0) {
			e = errno == EINTR ? ERR_OK : ERR_IO;
			continue;
		}
		if (p[0].revents || p[1].revents)
			break;
		serve_clients(a, p + FIXED, n);
		if (p[2].revents)
			take_results(a);
		if (p[3].revents)
			welcome(a);
		get_ready(a);
	}
	if (e)
		log_tell("the agent cannot go on: %s", e == ERR_IO ? strerror(errno) : err_text(e));
	free(p);
	return e;
}

enum err agent_serve(const struct agent_run *r)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct deadline ready = deadline_in(READY_MS);
	enum err e;

	if (!a)
		return ERR_NOMEM;
	a->run = r;
	a->house = (struct agent_house){ .rules = r->rules, .owner = geteuid(), .is_awaited = is_awaited, .ctx = a };
	a->ready_by = ready.at_ms;
	e = agent_queue_init(&a->results);
	if (!e)
		e = agent_scanner_new(r->rules->conf, &a->results, &a->scanner);
	if (!e)
		e = loop(a);
	agent_scanner_free(&a->scanner);
	/* Approvals end before their clients are dropped: who waits for an answer that was made gets it. */
	for (size_t i = 0; i < a->house.cards_n; i++)
		agent_card_stop(a->house.cards[i]);
	take_results(a);
	while (a->clients_n)
		drop(a, a->clients_n - 1);
	for (size_t i = 0; i < a->house.cards_n; i++)
		agent_card_free(&a->house.cards[i]);
	agent_queue_fini(&a->results);
	free(a);
	return e;
}
