/* SPDX-License-Identifier: Apache-2.0 */
/* A host: works off the server's templates with its card, and believes nothing else. */
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/text.h"
#include "ramoverhttp/ram.h"
#include "test/bench/load.h"

#define RAM_PATH "/rt/hsm"

static void post(struct load_host *h)
{
	char headers[1200];

	(void)snprintf(headers, sizeof(headers), "Content-Type: %s\r\n%s%s%s%s%s%s", RAM_TYPE_REQUEST,
		       h->cookie[0] ? "Cookie: " : "", h->cookie, h->cookie[0] ? "\r\n" : "",
		       h->cookie[0] ? "" : "X-Quorum11-Request: ", h->cookie[0] ? "" : h->facts,
		       h->cookie[0] ? "" : "\r\n");
	load_conn_send(&h->conn, "POST", RAM_PATH, headers, wr_view(&h->body));
}

static void unit_take(struct load_host *h, const struct ram_unit *u, struct wr *results, int32_t *n)
{
	uint8_t room[BENCH_ANSWER_MAX];
	struct wr rsp;

	if (u->kind == RAM_NOTIFY) {
		h->note = u->id;
		if (u->id < 0) {
			fprintf(stderr, "bench: the server refuses: %.*s\n", (int)u->message.n,
				(const char *)u->message.p);
			bench_die("login", (unsigned long)-u->id);
		}
		if (u->id > 0)
			h->login = LOAD_WAITING;
		return;
	}
	if (u->kind != RAM_COMMAND)
		bench_die("a reset", 0);
	WR_ARR(&rsp, room);
	if (vcard_exchange(h->card, u->cmd, &rsp))
		bench_die("card", u->cmd.n);
	ram_write_answer(results, wr_view(&rsp));
	++*n;
}

static void template_take(struct load_host *h, struct rd body)
{
	struct wr results;
	struct ram_unit u;
	struct rd units;
	int32_t n = 0;
	enum err e;

	if (ram_open_template(body, &units))
		bench_die("template", body.n);
	if (!rd_end(&units))
		h->heard_ns = load_now_ns();
	wr_init_heap(&results, RAM_BODY_MAX);
	while (!(e = ram_next_unit(&units, &u)))
		unit_take(h, &u, &results, &n);
	if (e != ERR_NOT_FOUND)
		bench_die("template", e);
	wr_reset(&h->body);
	ram_write_results(&h->body, wr_view(&results), n);
	wr_free(&results);
	if (wr_done(&h->body))
		bench_die("results", (unsigned long)n);
	post(h);
}

static void take(void *ctx, const struct load_reply *r)
{
	struct load_host *h = ctx;

	if (r->cookie)
		(void)snprintf(h->cookie, sizeof(h->cookie), "%s", r->cookie);
	if (r->status == 200)
		template_take(h, r->body);
	else if (r->status == 204 && h->login == LOAD_WAITING && h->note == 0)
		h->login = LOAD_OPEN;
	else
		bench_die("a host gets status", (unsigned long)r->status);
}

void load_host_init(struct load_host *h, struct load_net *n, unsigned number, struct vcard *card)
{
	*h = (struct load_host){ .card = card };
	load_conn_init(&h->conn, n, number + 1, take, h);
	wr_init_heap(&h->body, RAM_BODY_MAX);
}

void load_host_begin(struct load_host *h)
{
	const struct ram_initiation i = { .atr = vcard_atr(h->card) };
	uint8_t id[LOGIN_ID_SIZE];
	char json[600], hex[2 * LOGIN_ID_SIZE + 1];
	struct wr w;

	if (rand_bytes(id, sizeof(id)))
		bench_die("random", 0);
	WR_ARR(&w, hex);
	wr_hex(&w, RD_ARR(id));
	wr_u8(&w, 0);
	/* As long as those that login/request.c writes. */
	(void)snprintf(json, sizeof(json),
		       "{\"v\":1,\"login_id\":\"%s\",\"reason\":\"boot loader, release 7.4.1\","
		       "\"host\":\"builder-%06u\",\"user\":\"release\",\"program\":\"/usr/bin/mkimage\","
		       "\"budget\":\"sign=20, time=3600\","
		       "\"manifest\":\"\",\"exclusive\":true,\"reuse\":false}", hex, h->conn.source % 1000000);
	WR_ARR(&w, h->facts);
	wr_base64url(&w, rd_str(json));
	wr_u8(&w, 0);
	if (wr_done(&w))
		bench_die("facts", w.n);
	h->cookie[0] = '\0';
	h->login = LOAD_BEGUN;
	vcard_power(h->card, true);
	wr_reset(&h->body);
	ram_write_initiation(&h->body, &i);
	post(h);
}

void load_host_free(struct load_host *h)
{
	load_conn_close(&h->conn);
	wr_free(&h->body);
	load_card_free(&h->card);
}
