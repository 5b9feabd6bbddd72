/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "test/bench/load.h"

#define AT_ONCE 32              /* logins on their way to the waiting room */
#define IDLE_S 30               /* two poll times */
#define APPROVALS 25            /* requests whose way to the target is timed, two approvals each */
#define BATCH 20                /* ceremonies at once, of ROUNDS times that many */
#define ROUNDS 10
#define SAFE_S 120              /* what takes longer hangs */

struct load {
	struct load_net net;
	struct vcard_pki pki;
	struct load_people people;
	struct load_host *hosts;
	unsigned n;
	const char *pid;
	char token[140];                /* a header line */
	struct load_conn desk;          /* the operator's and the custodians' connection */
	json_t *answer;
	int status;                     /* 0: not here yet */
	struct wr body;
};

/* ---- the server, seen from outside ---- */

static unsigned long status_kib(const struct load *l, const char *name)
{
	char path[64], line[200];
	unsigned long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%s/status", l->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = strtoul(line + strlen(name), NULL, 10);
	if (!f || !kib)
		bench_die(path, 0);
	fclose(f);
	return kib;
}

/* Processor time of the server so far: it has one thread. */
static uint64_t cpu_ns(const struct load *l)
{
	char path[64], line[200];

	(void)snprintf(path, sizeof(path), "/proc/%s/schedstat", l->pid);
	bench_line(path, line, sizeof(line));
	return strtoull(line, NULL, 10);
}

/* ---- the operator and the custodians ---- */

static void desk_take(void *ctx, const struct load_reply *r)
{
	struct load *l = ctx;

	l->status = r->status;
	l->answer = json_loadb((const char *)r->body.p, r->body.n, 0, NULL);
}

/* Everybody else goes on meanwhile. The answer lives until the next call. */
static const json_t *ask(struct load *l, const char *method, const char *path, struct rd body, int want)
{
	json_decref(l->answer);
	l->answer = NULL;
	l->status = 0;
	load_conn_send(&l->desk, method, path, l->token, body);
	while (!l->status)
		load_net_turn(&l->net, 1000);
	if (l->status != want || !l->answer) {
		fprintf(stderr, "bench: %s %s: %s\n", method, path, json_string_value(json_object_get(l->answer,
			"message")));
		bench_die("the server answers", (unsigned long)l->status);
	}
	return l->answer;
}

static const char *text_of(const json_t *j, const char *name)
{
	const char *s = json_string_value(json_object_get(j, name));

	if (!s)
		bench_die(name, 0);
	return s;
}

static void bytes_of(const json_t *j, const char *name, struct wr *w)
{
	if (text_unbase64url(rd_str(text_of(j, name)), w))
		bench_die(name, 0);
}

static void enrol(struct load *l)
{
	struct vcard *card;
	struct wr json;

	wr_init_heap(&json, HTTP_BODY_MAX);
	for (unsigned i = 0; i < l->n; i++) {
		wr_reset(&json);
		card = load_card_make(i, &l->pki, &l->people, &json);
		load_host_init(&l->hosts[i], &l->net, i, card);
		(void)ask(l, "POST", "/api/v1/targets", wr_view(&json), 201);
	}
	wr_free(&json);
}

struct fetched {
	uint8_t challenge[8], login_id[LOGIN_ID_SIZE], host_json[REQUEST_JSON_MAX];
	struct wr wc, wl, wj;
	unsigned number;
};

static void fetch(struct load *l, const char *id, struct fetched *f)
{
	char path[100];
	const json_t *j;

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	j = ask(l, "GET", path, RD_NONE, 200);
	WR_ARR(&f->wc, f->challenge);
	WR_ARR(&f->wl, f->login_id);
	WR_ARR(&f->wj, f->host_json);
	bytes_of(j, "challenge", &f->wc);
	bytes_of(j, "host_json", &f->wj);
	if (text_unhex(rd_str(text_of(j, "login_id")), &f->wl))
		bench_die("login_id", 0);
	f->number = load_card_number(text_of(j, "device_id"));
	if (f->number >= l->n)
		bench_die("device_id", f->number);
}

static void approve(struct load *l, const char *id, const struct fetched *f, unsigned person)
{
	char path[100], device[LOAD_ID_SIZE];

	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s/approve", id);
	load_card_id(f->number, device);
	wr_reset(&l->body);
	load_person_approve(&l->people.v[person], device, wr_view(&f->wc), wr_view(&f->wl), wr_view(&f->wj), &l->body);
	(void)ask(l, "POST", path, wr_view(&l->body), 200);
}

/* Which requests wait; borrowed until free. */
struct ids {
	size_t n;
	char (*v)[33];
};
static struct ids waiting(struct load *l)
{
	char path[100];
	struct ids ids;
	const json_t *list;

	(void)snprintf(path, sizeof(path), "/api/v1/waiting/%s", l->people.v[0].chr);
	list = json_object_get(ask(l, "GET", path, RD_NONE, 200), "requests");
	ids.n = json_array_size(list);
	ids.v = calloc(ids.n + 1, sizeof(*ids.v));
	for (size_t i = 0; ids.v && i < ids.n; i++)
		(void)snprintf(ids.v[i], sizeof(ids.v[i]), "%s", json_string_value(json_array_get(list, i)));
	if (!ids.v)
		bench_die("memory", 0);
	return ids;
}

/* ---- who does what when ---- */

static unsigned count(const struct load *l, enum load_login login)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n; i++)
		n += l->hosts[i].login == login;
	return n;
}

/* Go on until so many are in this state. */
static void until(struct load *l, enum load_login login, unsigned n, const char *what)
{
	uint64_t end = load_now_ns() + SAFE_S * 1000000000ull;

	while (count(l, login) != n) {
		load_net_turn(&l->net, 100);
		if (load_now_ns() > end)
			bench_die(what, count(l, login));
	}
}

static void fill(struct load *l)
{
	unsigned begun = 0;

	while (begun < l->n || count(l, LOAD_BEGUN)) {
		while (begun < l->n && count(l, LOAD_BEGUN) < AT_ONCE)
			load_host_begin(&l->hosts[begun++]);
		load_net_turn(&l->net, 100);
	}
	until(l, LOAD_WAITING, l->n, "not all wait");
}

static void idle(struct load *l)
{
	uint64_t begun = load_now_ns(), cpu = cpu_ns(l), now = begun;

	while (now - begun < IDLE_S * 1000000000ull) {
		load_net_turn(&l->net, 100);
		now = load_now_ns();
	}
	printf("idle_cpu_percent=%.2f\n", (double)(cpu_ns(l) - cpu) * 100 / (double)(now - begun));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* An approval's way: from the last byte of it handed over until the target's host hears of it. */
static void reach(struct load *l)
{
	double ms[2 * APPROVALS];
	struct ids ids = waiting(l);
	struct load_host *h;
	struct fetched f;
	size_t n = 0;

	if (ids.n != l->n)
		bench_die("not all requests wait", ids.n);
	for (size_t i = 0; i < APPROVALS; i++) {
		fetch(l, ids.v[i * (ids.n / APPROVALS)], &f);
		h = &l->hosts[f.number];
		for (unsigned person = 0; person < LOAD_REQUIRED; person++) {
			h->heard_ns = 0;
			approve(l, ids.v[i * (ids.n / APPROVALS)], &f, person);
			while (!h->heard_ns)
				load_net_turn(&l->net, 100);
			ms[n++] = h->heard_ns < l->desk.sent_ns ? 0 : (double)(h->heard_ns - l->desk.sent_ns) / 1e6;
		}
		until(l, LOAD_OPEN, (unsigned)i + 1, "not opened");
	}
	free(ids.v);
	qsort(ms, n, sizeof(*ms), by_size);
	printf("reach_ms_median=%.2f reach_ms_worst=%.2f\n", ms[n / 2], ms[n - 1]);
}

/* The targets that have opened ask again, in batches, while all others wait on. */
static void ceremonies(struct load *l)
{
	uint64_t begun = load_now_ns(), cpu = cpu_ns(l), wall;
	unsigned total = 0, free_at = count(l, LOAD_OPEN), at;
	struct fetched f;
	struct ids ids;
	size_t k;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (at = 0, k = 0; at < l->n && k < BATCH; at++)
			if (l->hosts[at].login == LOAD_OPEN) {
				load_host_begin(&l->hosts[at]);
				k++;
			}
		until(l, LOAD_BEGUN, 0, "not all wait");
		ids = waiting(l);
		for (size_t i = 0; i < k; i++) {        /* the newest come first */
			fetch(l, ids.v[i], &f);
			for (unsigned person = 0; person < LOAD_REQUIRED; person++)
				approve(l, ids.v[i], &f, person);
			total++;
		}
		free(ids.v);
		until(l, LOAD_OPEN, free_at, "not all opened");
	}
	wall = load_now_ns() - begun;
	printf("ceremonies=%u per_minute=%.0f ceremony_cpu_ms=%.2f\n", total, total * 60e9 / (double)wall,
	       (double)(cpu_ns(l) - cpu) / 1e6 / total);
}

/*
 * load PID URL CA_FILE TOKEN_FILE PKI_FOLDER N: N cards are enrolled, N hosts wait, some get their approvals. Prints
 * what the server with this process id needed for it.
 */
int bench_load(int argc, char **argv)
{
	struct load l = { .status = 0 };
	char token[100];

	if (argc != 7)
		return 2;
	l.pid = argv[1];
	l.n = (unsigned)bench_number(argv[6]);
	l.hosts = calloc(l.n + 1, sizeof(*l.hosts));
	if (!l.hosts || l.n < APPROVALS || l.n > 60000)
		bench_die("N", l.n);
	if (vcard_pki_open(argv[5], &l.pki))
		bench_die(argv[5], 0);
	bench_line(argv[4], token, sizeof(token));
	(void)snprintf(l.token, sizeof(l.token), "Authorization: Bearer %s\r\n", token);
	load_net_open(&l.net, argv[2], argv[3]);
	load_conn_init(&l.desk, &l.net, 0, desk_take, &l);
	wr_init_heap(&l.body, 1 << 16);
	load_people_make(&l.people, &l.pki);

	printf("targets=%u rss_start_kib=%lu\n", l.n, status_kib(&l, "VmRSS:"));
	enrol(&l);
	printf("rss_enrolled_kib=%lu\n", status_kib(&l, "VmRSS:"));
	fill(&l);
	printf("rss_waiting_kib=%lu\n", status_kib(&l, "VmRSS:"));
	idle(&l);
	printf("rss_idle_kib=%lu\n", status_kib(&l, "VmRSS:"));
	reach(&l);
	ceremonies(&l);
	printf("rss_end_kib=%lu rss_peak_kib=%lu\n", status_kib(&l, "VmRSS:"), status_kib(&l, "VmHWM:"));

	for (unsigned i = 0; i < l.n; i++)
		load_host_free(&l.hosts[i]);
	free(l.hosts);
	load_conn_close(&l.desk);
	load_net_close(&l.net);
	load_people_free(&l.people);
	vcard_pki_close(&l.pki);
	wr_free(&l.body);
	json_decref(l.answer);
	return 0;
}
