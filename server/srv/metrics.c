/* SPDX-License-Identifier: Apache-2.0 */
#include "server/srv/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/version.h"

#define NAME_SIZE 32
#define COUNTS_MAX 48           /* of one family; further values count as "other" */
#define STATUS_FIRST 100
#define STATUSES 500

/* A counter with one label, whose values come as they come: words of ours, never foreign text. */
struct count {
	char value[NAME_SIZE];
	uint64_t n;
};
struct family {
	size_t n;
	struct count count[COUNTS_MAX];
};
/* Which of an event's fields is counted, and as what; several rows of one name are one metric with several labels. */
enum { EVENTS, DECISIONS, ENDS, REFUSED, MESSAGES, FAMILIES };
static const struct {
	const char *metric, *help, *label, *event, *field;
} families[] = {
	[EVENTS] = { "quorum11_events_total", "What happened, by the event's name in the log.", "event", NULL, NULL },
	[DECISIONS] = { "quorum11_decisions_total", "Custodians' decisions that counted.", "decision", "decision",
			"decision" },
	[REFUSED] = { "quorum11_refused_total", "Answers that refuse, by the word of their error.", "reason", NULL,
		      NULL },
	[ENDS] = { "quorum11_requests_ended_total", "Requests that ended.", "result", "end", "result" },
	[MESSAGES] = { "quorum11_messages_total", "Messages to people, by what became of them.", "result", "tell",
		       "result" },
};

/* From the request to the opened card: people are waited for. */
static const unsigned bounds_s[] = { 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600 };
#define BOUNDS (sizeof(bounds_s) / sizeof(bounds_s[0]))

struct srv_metrics {
	struct srv_listener listener;
	struct srv_events *events;
	struct srv_desk *desk;
	struct family family[FAMILIES];
	uint64_t answered[STATUSES];
	uint64_t opened[BOUNDS + 1];    /* by the first bound that is not less; the last: more than all */
	uint64_t opened_s;
	int64_t connections, started;
};

/* ---- counting ---- */

static bool is_word(const char *text)
{
	return *text && strlen(text) < NAME_SIZE && !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")];
}

/* f->n: it has none yet. */
static size_t place_of(const struct family *f, const char *value)
{
	size_t i = 0;

	while (i < f->n && strcmp(f->count[i].value, value))
		i++;
	return i;
}

static void count(struct family *f, const char *value)
{
	size_t i = is_word(value) ? place_of(f, value) : f->n;

	/* The last place is that of all others. */
	if (i == f->n && (!is_word(value) || f->n >= COUNTS_MAX - 1)) {
		value = "other";
		i = place_of(f, value);
	}
	if (i == f->n)
		(void)snprintf(f->count[f->n++].value, NAME_SIZE, "%s", value);
	f->count[i].n++;
}

static void count_opened(struct srv_metrics *m, const struct srv_event *ev)
{
	const struct srv_ceremony *c = srv_desk_find(m->desk, ev->request);
	int64_t took = c ? ev->when - c->created : -1;
	size_t i = 0;

	if (took < 0)
		return;
	while (i < BOUNDS && took > bounds_s[i])
		i++;
	m->opened[i]++;
	m->opened_s += (uint64_t)took;
}

static void hear(void *ctx, const struct srv_event *ev)
{
	struct srv_metrics *m = ctx;
	size_t i;

	count(&m->family[EVENTS], ev->name);
	for (i = 0; i < FAMILIES; i++)
		if (families[i].event && !strcmp(families[i].event, ev->name))
			count(&m->family[i], srv_event_get(ev, families[i].field));
	if (!strcmp(ev->name, "end") && !strcmp(srv_event_get(ev, "result"), "open"))
		count_opened(m, ev);
}

void srv_metrics_answered(struct srv_metrics *m, const struct srv_reply *r)
{
	if (r->status >= STATUS_FIRST && r->status < STATUS_FIRST + STATUSES)
		m->answered[r->status - STATUS_FIRST]++;
	if (r->refused)
		count(&m->family[REFUSED], r->refused);
}

void srv_metrics_connection(struct srv_metrics *m, int change)
{
	m->connections += change;
}

enum err srv_metrics_new(struct srv_events *events, struct srv_desk *desk, struct srv_metrics **out)
{
	struct srv_metrics *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return ERR_NOMEM;
	m->listener.hear = hear;
	m->listener.ctx = m;
	m->events = events;
	m->desk = desk;
	m->started = clock_wall_s();
	srv_events_listen(events, &m->listener);
	return ERR_OK;
}

void srv_metrics_free(struct srv_metrics **m)
{
	if (!*m)
		return;
	srv_events_leave((*m)->events, &(*m)->listener);
	free(*m);
	*m = NULL;
}

/* ---- writing ---- */

static void head(struct wr *w, const char *name, const char *type, const char *help)
{
	wr_printf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct wr *w, const char *name, const char *help, int64_t v)
{
	head(w, name, "gauge", help);
	wr_printf(w, "%s %" PRId64 "\n", name, v);
}

static void put_families(const struct srv_metrics *m, struct wr *w)
{
	size_t i, k;

	for (i = 0; i < FAMILIES; i++) {
		head(w, families[i].metric, "counter", families[i].help);
		for (k = 0; k < m->family[i].n; k++)
			wr_printf(w, "%s{%s=\"%s\"} %" PRIu64 "\n", families[i].metric, families[i].label,
				  m->family[i].count[k].value, m->family[i].count[k].n);
	}
	head(w, "quorum11_http_responses_total", "counter", "Answers, by status; 429: too many, 401 and 403: refused.");
	for (i = 0; i < STATUSES; i++)
		if (m->answered[i])
			wr_printf(w, "quorum11_http_responses_total{code=\"%zu\"} %" PRIu64 "\n", i + STATUS_FIRST,
				  m->answered[i]);
}

static void put_requests(const struct srv_metrics *m, struct wr *w)
{
	static const struct { const char *name; unsigned states;
	} rows[] = {
		{ "checking", 1 << PKA_IDENTIFY | 1 << PKA_LOOKUP | 1 << PKA_CHECK },
		{ "waiting", 1 << PKA_COLLECT | 1 << PKA_TURN },
		{ "opening", 1 << PKA_SUBMIT },
	};
	const struct srv_ceremony *c = NULL;
	size_t n[sizeof(rows) / sizeof(rows[0])] = { 0 }, i;

	while ((c = srv_desk_next(m->desk, c)))
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			n[i] += rows[i].states >> srv_ceremony_facts(c)->state & 1;
	head(w, "quorum11_requests", "gauge", "Requests of enrolled cards that go on, by state.");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		wr_printf(w, "quorum11_requests{state=\"%s\"} %zu\n", rows[i].name, n[i]);
}

static void put_opened(const struct srv_metrics *m, struct wr *w)
{
	static const char name[] = "quorum11_open_seconds";
	uint64_t n = 0;
	size_t i;

	head(w, name, "histogram", "Seconds from the beginning of a request to its opened card.");
	for (i = 0; i < BOUNDS; i++) {
		n += m->opened[i];
		wr_printf(w, "%s_bucket{le=\"%u\"} %" PRIu64 "\n", name, bounds_s[i], n);
	}
	n += m->opened[BOUNDS];
	wr_printf(w, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 "\n%s_count %" PRIu64 "\n", name, n, name,
		  m->opened_s, name, n);
}

/* The second number of statm (proc_pid_statm(5)); 0: not known. */
static int64_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	char line[160] = "", *at;

	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	(void)fclose(f);
	at = strchr(line, ' ');
	return at ? (int64_t)strtol(at, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static void put_process(const struct srv_metrics *m, struct wr *w)
{
	struct timespec cpu = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	head(w, "process_cpu_seconds_total", "counter", "Processor time, of user and system.");
	wr_printf(w, "process_cpu_seconds_total %lld.%03ld\n", (long long)cpu.tv_sec, cpu.tv_nsec / 1000000);
	gauge(w, "process_resident_memory_bytes", "Memory that is resident.", resident());
	gauge(w, "process_start_time_seconds", "When the server started, since 1970.", m->started);
	head(w, "quorum11_build_info", "gauge", "The version; the value is always 1.");
	wr_printf(w, "quorum11_build_info{version=\"%s\"} 1\n", QUORUM11_VERSION);
}

void srv_metrics_write(const struct srv_metrics *m, const struct srv_figures *f, struct wr *out)
{
	put_families(m, out);
	put_requests(m, out);
	put_opened(m, out);
	gauge(out, "quorum11_targets", "Cards that are enrolled.", (int64_t)f->targets);
	gauge(out, "quorum11_messages_waiting", "Messages to people that are not delivered yet.", (int64_t)f->messages);
	if (f->audit_last)
		gauge(out, "quorum11_audit_last_entry", "Number of the last entry of the audit.",
		      (int64_t)f->audit_last);
	gauge(out, "quorum11_connections", "Connections that are open.", m->connections);
	if (f->certificate_expires)
		gauge(out, "quorum11_certificate_expires_seconds", "When the server's certificate expires, since 1970.",
		      f->certificate_expires);
	put_process(m, out);
}
