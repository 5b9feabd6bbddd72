/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAMOverHTTP with programs of other makers, row by row as the reference's section 9 has them: our client at their
 * servers, and their clients at our server. "C" is sc-hsm-embedded, "Java" the OpenCard Framework.
 */
#include "test/unit/scene.h"

#include "base/tlv.h"
#include "ramoverhttp/client.h"

#define MUST_OK(call) assert_int_equal((call), ERR_OK)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ATR "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define SELECT "221100A404000BE82B0601040181C31F020100"
#define READ "220D00B12F02000004540200000000"

/* ---- our client at their servers ---- */

struct card {                           /* answers as the row says */
	struct wr answer;
	enum err failure;               /* of the next command */
	unsigned sent;
};

static bool allow(void *ctx, struct rd cmd, char *why, size_t cap)
{
	(void)ctx, (void)cmd, (void)why, (void)cap;
	return true;
}

static enum err transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct card *c = ctx;

	(void)cmd, (void)dl;
	if (c->failure && c->sent)
		return c->failure;
	c->sent++;
	wr_put(rsp, wr_view(&c->answer));
	return wr_done(rsp);
}

static enum err reset(void *ctx, struct wr *atr)
{
	(void)ctx;
	wr_put(atr, RD_LIT("\x3b\x80\x80\x01\x01"));
	return wr_done(atr);
}

static void notify(void *ctx, int32_t id, struct rd message)
{
	(void)ctx, (void)id, (void)message;
}

/* What a server of theirs says, and what we post then. */
static const struct {
	const char *name, *says, *answer, *post;
	enum err failure;               /* of the card, at the second command */
	enum err e;
} theirs[] = {
	{ "2 SELECT", "AA13" SELECT, "9000", "AB0723029000800101", ERR_OK, ERR_OK },
	{ "4 SELECT and READ in one", "AA22" SELECT READ, "9000", "AB0B2302900023029000800102", ERR_OK, ERR_OK },
	{ "6 keepalive", "AA00", "", "AB03800100", ERR_OK, ERR_OK },
	{ "8 a notification, then a status query", "AA1FE0170201010C1257616974696E6720666F722032206F662033220400200081",
	  "63C3", "AB07230263C3800101", ERR_OK, ERR_OK },
	{ "9 PKA status", "AA0722058054000000", "030002019000", "AB0B2306030002019000800101", ERR_OK, ERR_OK },
	{ "10 reset", "AA02C000", "", "AB0AC0053B80800101800100", ERR_OK, ERR_OK },
	{ "11 notification only", "AA0BE0090201000C04446F6E65", "", "AB03800100", ERR_OK, ERR_OK },
	/* A negative id is told, and no end: the rest is done, as by Java, and the status says how it ended. */
	{ "Java server, one template",
	  "AA2B220400A40400C000E00A0201050C026869C3010AE00C0201FF0C076661696C757265E007020200C80C0178", "9000",
	  "AB0E23029000C0053B80800101800101", ERR_OK, ERR_OK },
	{ "negative notify", "AA12E0100201FF0C0B4E6F20617070726F76616C", "", "AB03800100", ERR_OK, ERR_OK },
	{ "server close in AA: \"server breaks the protocol\"", "AA07E1050C03627965", "",
	  "AB21E11C0C1A73657276657220627265616B73207468652070726F746F636F6C800100", ERR_OK, ERR_PROTOCOL },
	{ "card pulled in mid-template", "AA26" SELECT SELECT, "9000",
	  "AB1C23029000E1130C1143617264207761732072656D6F7665642E800101", ERR_REMOVED, ERR_REMOVED },
};

static void at_their_servers(void **state)
{
	static const struct ram_client_ops ops = { .allow = allow, .transmit = transmit, .reset = reset,
						   .notify = notify };
	uint8_t bytes[600];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < COUNT(theirs); i++) {
		struct deadline dl = deadline_in(60000);
		struct card card = { .failure = theirs[i].failure };
		struct ram_client *c;
		enum ram_next next;
		struct wr out;
		enum err e;

		wr_init_heap(&card.answer, 300);
		wr_init_heap(&out, RAM_BODY_MAX);
		WR_ARR(&w, bytes);
		wr_put(&card.answer, test_unhex(&w, theirs[i].answer));
		MUST_OK(ram_client_new(&ops, &card, &c));
		MUST_OK(ram_client_begin(c, test_unhex(&w, ATR), &out));
		assert_bytes_equal(wr_view(&out), test_unhex(&w, "E81AC018" ATR));      /* 1 */
		wr_reset(&out);
		WR_ARR(&w, bytes);
		e = ram_client_step(c, 200, test_unhex(&w, theirs[i].says), &out, &next, &dl);
		if (e != theirs[i].e)
			fail_msg("%s: %s", theirs[i].name, err_text(e));
		WR_ARR(&w, bytes);
		if (!rd_eq(wr_view(&out), test_unhex(&w, theirs[i].post)))
			fail_msg("%s: something else is posted", theirs[i].name);
		if (!e) {                                                               /* 12 */
			wr_reset(&out);
			MUST_OK(ram_client_step(c, 204, RD_NONE, &out, &next, &dl));
			assert_int_equal(next, RAM_DONE);
		}
		ram_client_free(&c);
		wr_free(&out);
		wr_free(&card.answer);
	}
}

/* ---- their clients at our server ---- */

/* How a client writes the number of commands that it has executed, which nobody may rely on. */
enum count { COUNT_TRUE, COUNT_ALWAYS_1, COUNT_NONE };
static const struct client {
	const char *name;
	const char *more;               /* behind the ATR of the initiation */
	const char *cookie;             /* with which it comes */
	enum count count;
	unsigned answer_max;            /* what it says that it takes; 0: nothing */
} clients[] = {
	{ "C", "", NULL, COUNT_TRUE, 0 },
	{ "Java 1.6", "C1020FFFC2020FFF", NULL, COUNT_TRUE, 4095 },
	{ "Java 1.6, a reader of short commands only", "C1020105C2020102", NULL, COUNT_TRUE, 258 },
	{ "Java 1.6, a session of a browser", "", "JSESSIONID=8B2A41E0", COUNT_TRUE, 0 },
	{ "Java 1.6, an old session of ours", "", "HSMSESSION=0123", COUNT_TRUE, 0 },
	{ "Java 1.3", "", NULL, COUNT_ALWAYS_1, 0 },
	{ "one without a count", "", NULL, COUNT_NONE, 0 },
};

struct theirs {
	struct scene_host h;
	const struct client *k;
	unsigned longest;               /* answer, bytes */
};

/* As scene_host_go, with this client's manners. */
static int go(struct theirs *t)
{
	struct wr results, all, rsp;
	struct rd units;
	struct ram_unit u;
	unsigned n;

	wr_init_heap(&results, RAM_BODY_MAX);
	wr_init_heap(&all, RAM_BODY_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	while (t->h.call.done && t->h.call.reply.status == 200) {
		wr_reset(&results);
		wr_reset(&all);
		MUST_OK(ram_open_template(scene_host_reply(&t->h), &units));
		for (n = 0; !ram_next_unit(&units, &u);) {
			if (u.kind != RAM_COMMAND)
				continue;
			assert_int_equal(n++, 0);       /* one command a template */
			wr_reset(&rsp);
			MUST_OK(vcard_exchange(t->h.v, u.cmd, &rsp));
			t->longest = rsp.n > t->longest ? (unsigned)rsp.n : t->longest;
			ram_write_answer(&results, wr_view(&rsp));
		}
		switch (t->k->count) {
		case COUNT_TRUE:
			ram_write_results(&all, wr_view(&results), (int32_t)n);
			break;
		case COUNT_ALWAYS_1:
			ram_write_results(&all, wr_view(&results), 1);
			break;
		case COUNT_NONE:
			wr_tlv(&all, 0xAB, wr_view(&results));
			break;
		}
		(void)scene_host_post(&t->h, wr_view(&all));
	}
	wr_free(&results);
	wr_free(&all);
	wr_free(&rsp);
	return t->h.call.done ? t->h.call.reply.status : 0;
}

static void their_open(struct theirs *t, struct scene *s, const struct client *k)
{
	uint8_t bytes[100];
	struct wr w, inner, body;

	*t = (struct theirs){ .k = k };
	scene_host_open(&t->h, s, false);
	(void)snprintf(t->h.cookie, sizeof(t->h.cookie), "%s", k->cookie ? k->cookie : "");
	WR_ARR(&w, bytes);
	wr_init_heap(&inner, 100);
	wr_init_heap(&body, 100);
	wr_tlv(&inner, 0xC0, vcard_atr(t->h.v));
	wr_put(&inner, test_unhex(&w, k->more));
	wr_tlv(&body, 0xE8, wr_view(&inner));
	if (scene_host_post(&t->h, wr_view(&body)) != 200)
		fail_msg("%s is not served", k->name);
	assert_non_null(strstr(t->h.call.reply.cookie, "HSMSESSION="));
	assert_null(strstr(t->h.call.reply.cookie, "=0123;"));
	wr_free(&inner);
	wr_free(&body);
}

static void their_clients(void **state)
{
	struct scene s;
	struct theirs t;
	struct scene_wish w = { .host = NULL };

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	for (size_t i = 0; i < COUNT(clients); i++) {
		their_open(&t, &s, &clients[i]);
		if (go(&t))
			fail_msg("%s: people are not asked", clients[i].name);
		assert_int_equal(scene_decide(&s, 0, &w, NULL), 200);
		assert_int_equal(go(&t), 0);
		assert_string_equal(t.h.call.reply.cookie, "");         /* the first one only */
		assert_int_equal(scene_decide(&s, 1, &w, NULL), 200);
		if (go(&t) != 204)
			fail_msg("%s: not opened", clients[i].name);
		if (clients[i].answer_max)
			assert_true(t.longest <= clients[i].answer_max);
		scene_host_close(&t.h);
		vcard_power(s.v, true);
	}
	scene_close(&s);
}

/* How a client of theirs takes its leave while people think. */
static const struct {
	const char *name, *post;
	int status;
	const char *result;             /* of the request */
} leaves[] = {
	{ "client close, nothing executed", "AB18E1130C1143617264207761732072656D6F7665642E800100", 204, "cancelled" },
	{ "Java cancel", "AB17E1120C1053657373696F6E2063616E63656C6564800100", 204, "cancelled" },
	{ "a result that nobody asked for", "AB0723029000800101", 400, "server" },
	{ "what is no result", "AA00", 400, "server" },
};

static void their_leaves(void **state)
{
	uint8_t bytes[100];
	char id[SRV_ID_SIZE], path[100];
	struct scene s;
	struct wr w;
	json_t *j;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	for (size_t i = 0; i < COUNT(leaves); i++) {
		struct theirs t;

		their_open(&t, &s, &clients[0]);
		assert_int_equal(go(&t), 0);
		scene_request(&s, id);
		scene_wait(&s, 16000);                                  /* 6: an empty template, AA00 */
		assert_true(t.h.call.done);
		assert_bytes_equal(scene_host_reply(&t.h), RD_LIT("\xAA\x00"));
		WR_ARR(&w, bytes);
		if (scene_host_post(&t.h, test_unhex(&w, leaves[i].post)) != leaves[i].status)
			fail_msg("%s: %d", leaves[i].name, t.h.call.reply.status);
		(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
		assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
		if (strcmp(scene_text(j, "result"), leaves[i].result))
			fail_msg("%s: %s", leaves[i].name, scene_text(j, "result"));
		json_decref(j);
		assert_int_equal(scene_host_post(&t.h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);   /* it is over */
		scene_host_close(&t.h);
		vcard_power(s.v, true);
	}
	scene_close(&s);
}

/* A command is out: the card was pulled, the client was killed, or it comes again without a word. */
static void their_losses(void **state)
{
	static const char pulled[] = "AB1C23029000E1130C1143617264207761732072656D6F7665642E800101";
	uint8_t bytes[100];
	struct theirs t;
	struct scene s;
	struct wr w;

	(void)state;
	WR_ARR(&w, bytes);
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	their_open(&t, &s, &clients[0]);
	assert_int_equal(scene_host_post(&t.h, test_unhex(&w, pulled)), 204);
	assert_int_equal(scene_host_post(&t.h, RD_LIT("\xAB\x03\x80\x01\x00")), 404);
	scene_host_close(&t.h);

	their_open(&t, &s, &clients[0]);
	scene_wait(&s, SRV_LOST_MS + 1000);
	assert_int_equal(scene_host_post(&t.h, RD_LIT("\xAB\x07\x23\x02\x90\x00\x80\x01\x01")), 404);
	scene_host_close(&t.h);

	their_open(&t, &s, &clients[0]);
	assert_int_equal(go(&t), 0);
	scene_host_close(&t.h);                                         /* its connection is gone */
	vcard_power(s.v, true);
	their_open(&t, &s, &clients[1]);                                /* so the card is free for the next */
	assert_int_equal(go(&t), 0);
	scene_host_close(&t.h);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_their_servers),
		cmocka_unit_test(their_clients),
		cmocka_unit_test(their_leaves),
		cmocka_unit_test(their_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
