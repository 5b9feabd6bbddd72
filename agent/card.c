/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/card.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/card_int.h"
#include "agent/lease.h"
#include "agent/tap_link.h"
#include "apdu/local.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "sc-hsm/pin.h"

#define LOOK_MS    500          /* how soon a card that was pulled is missed, if nobody tells */
#define RETRY_MS   1000         /* a card that somebody else holds, or that does not answer */

/* ---- the card ---- */

/* Old cards do not know it. */
static enum err read_device_info(struct agent_card *c, struct deadline *dl)
{
	uint8_t bytes[16];
	struct wr cmd;
	enum err e;

	WR_ARR(&cmd, bytes);
	hsm_enc_device_info(&cmd);
	e = hsm_card_exchange(c->held.hsm, HSM_DEVICE_INFO, wr_view(&cmd), NULL, dl);
	return e == ERR_REMOVED || e == ERR_RESET ? e : ERR_OK;
}

/* Hold it alone, select, read what is public. */
static enum err take(struct agent_card *c, const struct apdu_reader *r)
{
	struct deadline dl = deadline_in(hsm_time_ms(T_KEYOP));
	struct apdu_link *link = NULL, *tap = NULL;
	enum err e = local_open(c->rules->conf, c->view.reader, PCSC_EXCLUSIVE, &link);

	if (!e)
		e = agent_tap_new(link, &c->view, &tap);
	if (!e)
		e = hsm_card_new(tap, &c->held.hsm);
	if (e)
		return e;
	agent_view_card(&c->view, apdu_link_atr(hsm_card_link(c->held.hsm)), r->events);
	e = apdu_link_begin(hsm_card_link(c->held.hsm), &dl);
	if (!e)
		e = agent_card_learn(c, AGENT_NOTE_CLOSED);
	if (!e)
		e = agent_keys_read(&c->held.keys, c->held.hsm, &dl);
	if (!e)
		e = read_device_info(c, &dl);
	if (e) {
		hsm_card_free(&c->held.hsm, true);
		return e;
	}
	agent_view_ready(&c->view, c->held.keys.device_id, hsm_pin_has_pad(c->held.hsm),
			 hsm_pin_has_pad_change(c->held.hsm));
	log_line(LOG_AGENT, LOG_INFO, "card %s in reader %s: held", c->held.keys.device_id, c->view.reader);
	return ERR_OK;
}

/* Jobs that come while there is no card. */
static void turn_away(struct agent_card *c)
{
	struct agent_job *j;

	while ((j = agent_queue_take(&c->jobs)))
		agent_card_run(c, j);
}

/* Until there is a card, which is held then; false: stop. */
static bool wait_for_card(struct agent_card *c)
{
	struct deadline stop = { UINT64_MAX, c->stop_fd };
	struct apdu_readers *now = malloc(sizeof(*now));
	uint32_t tried = 0;     /* the same card, as the reader counts, is not tried again before this time */
	uint64_t not_before_ms = 0;
	enum err e;

	while (now && !c->held.hsm && !agent_card_is_stopping(c)) {
		const struct apdu_reader *r = NULL;
		const uint64_t now_ms = clock_boot_ms();
		struct deadline again = deadline_within(&stop, RETRY_MS);

		e = local_list(c->rules->conf, now);
		for (size_t i = 0; !e && i < now->n; i++)
			if (rd_eq_str(rd_str(now->v[i].name), c->view.reader))
				r = &now->v[i];
		if (r && r->has_card && (r->events != tried || now_ms >= not_before_ms)) {
			e = take(c, r);
			tried = r->events;
			/* What is none of ours, as far as we know, stays so. */
			not_before_ms = e == ERR_NO_CARD ? UINT64_MAX : now_ms + RETRY_MS;
			if (e == ERR_SHARING && !c->told_held)
				log_tell("reader %s: another program is connected to the card; the agent waits until "
					 "it is free", c->view.reader);
			else if (e && e != ERR_SHARING)
				log_line(LOG_AGENT, LOG_WARN, "reader %s: %s", c->view.reader, err_text(e));
			c->told_held = e == ERR_SHARING;
		}
		agent_view_looked(&c->view);
		turn_away(c);
		if (!c->held.hsm && !atomic_exchange(&c->look, false) && deadline_wait(&again, c->jobs.fd) == ERR_IO)
			break;
	}
	free(now);
	return c->held.hsm != NULL;
}

/* Time, custodians, the card itself. */
static void look_after(struct agent_card *c)
{
	char why[AGENT_PROGRESS_MAX];
	enum err e = apdu_link_present(hsm_card_link(c->held.hsm));

	if (e)
		agent_card_heed(c, e);
	if (c->approval && clock_boot_ms() >= agent_approval_ends_ms(c->approval))
		agent_card_end_approval(c, true, "the approval's time is over");
	if (c->approval && agent_approval_watch(c->approval, why, sizeof(why)))
		agent_card_end_approval(c, false, "%s", why);
}

/* Is the card to be looked after again, or its approval to be ended? */
static bool is_due(const struct agent_card *c, uint64_t looked_ms)
{
	uint64_t now = clock_boot_ms();

	return c->look || now - looked_ms >= LOOK_MS || (c->approval && now >= agent_approval_ends_ms(c->approval));
}

/* For a job or the end, what a lent client says, or until something is due. true: the watch has something to say. */
static bool wait_for_work(struct agent_card *c, uint64_t looked_ms)
{
	struct pollfd p[] = {
		{ .fd = c->lease ? c->lease->fd : -1, .events = POLLIN },
		{ .fd = c->jobs.fd, .events = POLLIN },
		{ .fd = c->approval ? agent_approval_fd(c->approval) : -1, .events = POLLIN },
	};
	uint64_t now = clock_boot_ms(), until = looked_ms + LOOK_MS;
	int n;

	if (c->approval && agent_approval_ends_ms(c->approval) < until)
		until = agent_approval_ends_ms(c->approval);
	n = poll(p, sizeof(p) / sizeof(p[0]), until > now ? (int)(until - now) : 0);
	if (n < 0 && errno != EINTR)
		log_line(LOG_AGENT, LOG_ERROR, "poll: %s", strerror(errno));
	/* Others come first: then nobody works alone any more. */
	if (n > 0 && p[0].revents && !p[1].revents)
		agent_lease_serve(c, p[0].revents);
	return n > 0 && p[2].revents;
}

/* A card that is at work is not looked after for each job: that asks the service twice. */
static void work(struct agent_card *c)
{
	uint64_t looked_ms = clock_boot_ms();

	while (c->held.hsm && !agent_card_is_stopping(c)) {
		struct agent_job *j = agent_queue_take(&c->jobs);
		bool ended = false;

		if (j) {
			agent_lease_end(c);
			agent_card_run(c, j);
		} else if (!c->look) {
			ended = wait_for_work(c, looked_ms);
		}
		if (c->held.hsm && (ended || is_due(c, looked_ms))) {
			c->look = false;
			look_after(c);
			looked_ms = clock_boot_ms();
		}
	}
	agent_lease_end(c);
}

static void *card_thread(void *ctx)
{
	struct agent_card *c = ctx;

	while (wait_for_card(c)) {
		work(c);
		agent_card_end_approval(c, false, "the agent ends");
		hsm_card_free(&c->held.hsm, true);
	}
	agent_view_card(&c->view, RD_NONE, 0);
	turn_away(c);
	return NULL;
}

enum err agent_card_new(const struct agent_rules *rules, const char *reader, struct agent_queue *results,
			struct agent_card **out)
{
	struct agent_card *c = calloc(1, sizeof(*c));
	enum err e;

	*out = NULL;
	if (!c)
		return ERR_NOMEM;
	c->rules = rules;
	c->results = results;
	c->stop_fd = fd_event();
	c->cancel_fd = fd_event();
	agent_keys_init(&c->held.keys);
	e = agent_view_init(&c->view, reader);
	if (!e)
		e = agent_queue_init(&c->jobs);
	if (!e && (c->stop_fd < 0 || c->cancel_fd < 0 || pthread_create(&c->thread, NULL, card_thread, c)))
		e = ERR_IO;
	c->has_thread = !e;
	if (e)
		agent_card_free(&c);
	*out = c;
	return e;
}

static void raise_event(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		log_line(LOG_AGENT, LOG_ERROR, "cannot wake a card's thread: %s", strerror(errno));
}

void agent_card_stop(struct agent_card *c)
{
	if (!c->has_thread)
		return;
	c->stopping = true;
	raise_event(c->stop_fd);
	raise_event(c->cancel_fd);
	agent_queue_wake(&c->jobs);
	(void)pthread_join(c->thread, NULL);
	c->has_thread = false;
}

void agent_card_free(struct agent_card **c)
{
	struct agent_card *it = *c;

	*c = NULL;
	if (!it)
		return;
	agent_card_stop(it);
	agent_queue_fini(&it->jobs);
	agent_view_fini(&it->view);
	agent_keys_fini(&it->held.keys);
	if (it->stop_fd >= 0)
		(void)close(it->stop_fd);
	if (it->cancel_fd >= 0)
		(void)close(it->cancel_fd);
	free(it);
}

struct agent_view *agent_card_view(struct agent_card *c)
{
	return &c->view;
}

uint64_t agent_card_submit(struct agent_card *c, struct agent_job *j)
{
	agent_queue_put(&c->jobs, j);
	return ++c->submitted;
}

void agent_card_look(struct agent_card *c)
{
	c->look = true;
	agent_queue_wake(&c->jobs);
}

void agent_card_cancel(struct agent_card *c)
{
	raise_event(c->cancel_fd);
}

void agent_card_end(struct agent_card *c, struct agent_job *j)
{
	c->ending++;
	raise_event(c->cancel_fd);
	(void)agent_card_submit(c, j);
}
