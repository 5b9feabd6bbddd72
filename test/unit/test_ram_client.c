/* SPDX-License-Identifier: Apache-2.0 */
/* The client machine against a server made of hexadecimal text: who says what, and what reaches the card. */
#include "test/unit/test.h"

#include "ramoverhttp/client.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SELECT "00A404000BE82B0601040181C31F020100"

/* A card that knows two commands and a caller who allows what begins with 00 or 80. */
struct peer {
	struct ram_client *c;
	struct wr log;                  /* what the machine did to us */
	struct wr bytes, out;
	enum err card;                  /* of the next transmit */
	enum err e;                     /* of the last step */
	enum ram_next next;
	struct deadline dl;
};

static bool allow(void *ctx, struct rd cmd, char *why, size_t cap)
{
	struct peer *p = ctx;

	wr_text(&p->log, "ask ");
	wr_hex(&p->log, rd_of(cmd.p, cmd.n < 2 ? cmd.n : 2));
	wr_text(&p->log, " ");
	if (cmd.p[0] == 0x00 || cmd.p[0] == 0x80)
		return true;
	(void)snprintf(why, cap, "refused class %02X", cmd.p[0]);
	return false;
}

static enum err transmit(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	struct peer *p = ctx;

	assert_ptr_equal(dl, &p->dl);
	wr_text(&p->log, "send ");
	wr_hex(&p->log, rd_of(cmd.p, cmd.n < 2 ? cmd.n : 2));
	wr_text(&p->log, " ");
	if (p->card)
		return p->card;
	if (cmd.n > 1 && cmd.p[1] == 0xb0)
		wr_zeros(rsp, 40000);
	wr_u16(rsp, cmd.n > 1 && cmd.p[1] == 0x54 ? 0x6d00 : 0x9000);
	return wr_done(rsp);
}

static enum err reset(void *ctx, struct wr *atr)
{
	struct peer *p = ctx;

	wr_text(&p->log, "reset ");
	wr_put(atr, RD_LIT("\x3b\x80\x80\x01\x01"));
	return wr_done(atr);
}

static void notify(void *ctx, int32_t id, struct rd message)
{
	struct peer *p = ctx;

	wr_printf(&p->log, "note %d %.*s ", id, (int)message.n, (const char *)message.p);
}

static const struct ram_client_ops ops = { .allow = allow, .transmit = transmit, .notify = notify };
static const struct ram_client_ops ops_with_reset = {
	.allow = allow, .transmit = transmit, .reset = reset, .notify = notify
};

static void open_peer(struct peer *p, const struct ram_client_ops *o)
{
	*p = (struct peer){ .dl = deadline_in(60000) };
	wr_init_heap(&p->log, 1 << 16);
	wr_init_heap(&p->bytes, 1 << 20);
	wr_init_heap(&p->out, RAM_BODY_MAX);
	assert_int_equal(ram_client_new(o, p, &p->c), ERR_OK);
	assert_int_equal(ram_client_begin(p->c, RD_LIT("\x3b\x80"), &p->out), ERR_OK);
	assert_bytes_equal(wr_view(&p->out), RD_LIT("\xe8\x04\xc0\x02\x3b\x80"));
}

static void close_peer(struct peer *p)
{
	ram_client_free(&p->c);
	assert_null(p->c);
	wr_free(&p->log);
	wr_free(&p->bytes);
	wr_free(&p->out);
}

static void step(struct peer *p, int status, const char *body)
{
	wr_reset(&p->log);
	wr_reset(&p->out);
	wr_reset(&p->bytes);
	p->e = ram_client_step(p->c, status, test_unhex(&p->bytes, body), &p->out, &p->next, &p->dl);
}

static void assert_posts(struct peer *p, const char *out, const char *log)
{
	assert_int_equal(p->e, ERR_OK);
	assert_int_equal(p->next, RAM_POST);
	assert_bytes_equal(wr_view(&p->out), test_unhex(&p->bytes, out));
	assert_string_equal(wr_cstr(&p->log), log);
}

/* An error; out: the last template, "" if there is none. */
static void assert_ends(struct peer *p, enum err e, const char *out, const char *log)
{
	assert_int_equal(p->e, e);
	assert_int_equal(p->next, RAM_DONE);
	assert_bytes_equal(wr_view(&p->out), test_unhex(&p->bytes, out));
	assert_string_equal(wr_cstr(&p->log), log);
	assert_true(strlen(ram_client_why(p->c)) > 0);
	/* It stays over. */
	step(p, 200, "AA00");
	assert_int_equal(p->e, ERR_BUG);
}

static void a_session(void **state)
{
	struct peer p;
	struct rd message;
	int32_t id;

	(void)state;
	open_peer(&p, &ops_with_reset);
	step(&p, 200, "AA132211" SELECT);
	assert_posts(&p, "AB0723029000800101", "ask 00a4 send 00a4 ");
	step(&p, 200, "AA00");
	assert_posts(&p, "AB03800100", "");
	step(&p, 200, "AA222211" SELECT "220D00B12F02000004540200000000");
	assert_posts(&p, "AB0B2302900023029000800102", "ask 00a4 send 00a4 ask 00b1 send 00b1 ");
	step(&p, 200, "AA1FE0170201010C1257616974696E6720666F722032206F662033220400200081");
	assert_posts(&p, "AB0723029000800101", "note 1 Waiting for 2 of 3 ask 0020 send 0020 ");
	/* What the card says is no matter of this machine. */
	step(&p, 200, "AA0722058054000000");
	assert_posts(&p, "AB0723026D00800101", "ask 8054 send 8054 ");
	step(&p, 200, "AA02C000");
	assert_posts(&p, "AB0AC0053B80800101800100", "reset ");
	step(&p, 200, "AA0BE0090201000C04446F6E65");
	assert_posts(&p, "AB03800100", "note 0 Done ");
	step(&p, 204, "");
	assert_int_equal(p.e, ERR_OK);
	assert_int_equal(p.next, RAM_DONE);
	assert_int_equal(p.out.n, 0);
	ram_client_last(p.c, &id, &message);
	assert_int_equal(id, 0);
	assert_bytes_equal(message, RD_LIT("Done"));
	close_peer(&p);
}

static void statuses(void **state)
{
	static const struct { int status; enum err e; } rows[] = {
		{ 404, ERR_NOT_FOUND }, { 500, ERR_SERVER }, { 503, ERR_SERVER }, { 504, ERR_SERVER },
		{ 302, ERR_HTTP }, { 301, ERR_HTTP }, { 201, ERR_HTTP }, { 400, ERR_HTTP }, { 409, ERR_HTTP },
		{ 100, ERR_HTTP }, { 401, ERR_POLICY }, { 403, ERR_POLICY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int later = 0; later < 2; later++) {
			struct peer p;

			open_peer(&p, &ops);
			if (later)
				step(&p, 200, "AA00");
			step(&p, rows[i].status, "AA132211" SELECT);
			assert_ends(&p, rows[i].e, "", "");
			close_peer(&p);
		}
}

/* None of these may reach the card, not even the good objects in front of the bad one. */
static void hostile_templates(void **state)
{
	static const char *const rows[] = {
		"", "3C68746D6C3E", "AA", "AA132211" SELECT "00", "AA18" "2211" SELECT "22058054",
		"AA16" "2211" SELECT "E10100", "AA152211" SELECT "2200", "AA830000132211" SELECT,
		"AA8113" "2211" SELECT,
		"AA16" "2211" SELECT "2205805400", "AA15" "2211" SELECT "C301", "AB03800100", "E800",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct peer p;

		open_peer(&p, &ops);
		step(&p, 200, rows[i]);
		if (p.e != ERR_PROTOCOL || p.log.n)
			fail_msg("%s: %s, %s", rows[i], err_text(p.e), wr_cstr(&p.log));
		assert_ends(&p, ERR_PROTOCOL,
			    "AB21E11C0C1A73657276657220627265616B73207468652070726F746F636F6C800100", "");
		close_peer(&p);
	}
}

static void a_refused_command_ends_the_template(void **state)
{
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	/* Good, bad, good: the third is never looked at. */
	step(&p, 200, "AA16" "220400A40400" "22080C20008103313233" "220400840000");
	assert_string_equal(ram_client_why(p.c), "refused class 0C");
	assert_ends(&p, ERR_REFUSED, "AB1A23029000E1110C0F636F6D6D616E642072656675736564800101",
		    "ask 00a4 send 00a4 ask 0c20 ");
	close_peer(&p);
}

static void a_reset_is_refused_unless_the_caller_can(void **state)
{
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	step(&p, 200, "AA02C000");
	assert_ends(&p, ERR_REFUSED, "AB16E1110C0F636F6D6D616E642072656675736564800100", "");
	close_peer(&p);
}

static void a_card_that_goes_away(void **state)
{
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	step(&p, 200, "AA06220400A40400");
	p.card = ERR_REMOVED;
	step(&p, 200, "AA0C220400840000220400A40400");
	assert_ends(&p, ERR_REMOVED, "AB18E1130C1143617264207761732072656D6F7665642E800100", "ask 0084 send 0084 ");
	close_peer(&p);
}

/* Two answers of 40000 bytes do not fit into one message. */
static void more_than_a_message_holds(void **state)
{
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	step(&p, 200, "AA0C220400B00000220400B00000");
	assert_ends(&p, ERR_PROTOCOL, "AB21E11C0C1A73657276657220627265616B73207468652070726F746F636F6C800100",
		    "ask 00b0 send 00b0 ask 00b0 send 00b0 ");
	close_peer(&p);
}

static void endless_empty_templates(void **state)
{
	unsigned n = 0;
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	do
		step(&p, 200, "AA00");
	while (p.next == RAM_POST && ++n <= RAM_EXCHANGES_MAX);
	assert_int_equal(n, RAM_EXCHANGES_MAX);
	assert_int_equal(p.e, ERR_PROTOCOL);
	close_peer(&p);
}

static void no_means_no(void **state)
{
	struct rd message;
	struct peer p;
	int32_t id;

	(void)state;
	/* -101, then 204. */
	open_peer(&p, &ops);
	step(&p, 200, "AA09E00702019B0C026E6F");
	assert_posts(&p, "AB03800100", "note -101 no ");
	step(&p, 204, "");
	assert_int_equal(p.e, ERR_OK);
	ram_client_last(p.c, &id, &message);
	assert_int_equal(id, -101);
	assert_bytes_equal(message, RD_LIT("no"));
	close_peer(&p);
	/* Commands after it, in the same template or the next. */
	open_peer(&p, &ops);
	step(&p, 200, "AA0FE00702019B0C026E6F220400A40400");
	assert_string_equal(wr_cstr(&p.log), "note -101 no ");
	assert_int_equal(p.e, ERR_PROTOCOL);
	close_peer(&p);
	open_peer(&p, &ops);
	step(&p, 200, "AA09E00702019B0C026E6F");
	step(&p, 200, "AA00");
	assert_int_equal(p.e, ERR_PROTOCOL);
	close_peer(&p);
}

static void time_and_will(void **state)
{
	struct peer p;

	(void)state;
	open_peer(&p, &ops);
	p.dl = deadline_in(0);
	step(&p, 200, "AA06220400A40400");
	assert_ends(&p, ERR_TIMEOUT, "AB11E10C0C0A74696D65206973207570800100", "");
	close_peer(&p);
}

static void a_long_message_is_cut(void **state)
{
	struct rd message;
	struct peer p;
	struct wr w;
	int32_t id;

	(void)state;
	open_peer(&p, &ops);
	wr_init_heap(&w, 10000);
	{
		static uint8_t text[4000];
		struct wr units;

		memset(text, 'x', sizeof(text));
		wr_init_heap(&units, 10000);
		ram_write_notify(&units, 1, RD_ARR(text));
		ram_write_template(&w, wr_view(&units));
		wr_free(&units);
	}
	wr_reset(&p.out);
	assert_int_equal(ram_client_step(p.c, 200, wr_view(&w), &p.out, &p.next, &p.dl), ERR_OK);
	ram_client_last(p.c, &id, &message);
	assert_int_equal(message.n, RAM_MESSAGE_MAX);
	wr_free(&w);
	close_peer(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session),
		cmocka_unit_test(statuses),
		cmocka_unit_test(hostile_templates),
		cmocka_unit_test(a_refused_command_ends_the_template),
		cmocka_unit_test(a_reset_is_refused_unless_the_caller_can),
		cmocka_unit_test(a_card_that_goes_away),
		cmocka_unit_test(more_than_a_message_holds),
		cmocka_unit_test(endless_empty_templates),
		cmocka_unit_test(no_means_no),
		cmocka_unit_test(time_and_will),
		cmocka_unit_test(a_long_message_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
