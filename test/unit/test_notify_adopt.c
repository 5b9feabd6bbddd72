/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Other settings of [notify] while people are told: srv_notify_adopt. */
#include "test/unit/told.h"

/* Other settings while it runs, with these commands; DIR stands for the scene's folder. */
static void adopt(const char *commands)
{
	struct srv_recipients *recipients;
	struct conf *conf;
	char text[500];
	struct wr w;

	WR_ARR(&w, text);
	wr_printf(&w, "[notify]\nretry = 1\n%s", *commands ? "command = " : "");
	for (; *commands; commands++)
		if (strncmp(commands, "DIR", 3)) {
			wr_u8(&w, (uint8_t)*commands);
		} else {
			wr_text(&w, s.dir);
			commands += 2;
		}
	file_put("new.conf", wr_cstr(&w), 0600);
	assert_int_equal(conf_load_file(in_dir("new.conf"), &conf), ERR_OK);
	assert_int_equal(srv_recipients_new(conf, &recipients), ERR_OK);
	srv_notify_adopt(s.srv->notify, conf, recipients);
	tick();
}

static void asks_anew(void)
{
	scene_host_close(&h);
	scene_host_open(&h, &s, true);
	asks();
	tick();
}

/* Who is new hears, who is gone does not, and what is on its way to him is given up. */
static void test_adopt(void **state)
{
	(void)state;
	command_add("anna", MAY_FAIL);
	command_add("ben", MAY_FAIL);
	command_add("cleo", MAY_FAIL);
	starts();
	file_put("fail", "", 0600);
	asks();
	tried(3);
	adopt("ben DIR/ben, cleo DIR/cleo");
	assert_int_equal(number("SELECT count(*) FROM outbox"), 2);
	assert_int_equal(audited("not in [notify] any more", "anna"), 1);
	assert_int_equal(unlink(in_dir("fail")), 0);
	pass(10);
	left(0);
	assert_string_equal(told("anna"), "");
	assert_string_equal(told("ben"), "request");

	/* Whoever is at work for somebody who goes meanwhile may come to his end. */
	denies();
	tick();
	adopt("cleo DIR/cleo");
	left(0);
	assert_string_equal(told("ben"), "request ended");
	assert_string_equal(told("cleo"), "request ended");
	assert_string_equal(told("anna"), "");
}

/* What waits for the last one who goes is given up, too. */
static void test_adopt_nobody(void **state)
{
	(void)state;
	command_add("anna", MAY_FAIL);
	list_add(&s.conf->notify.about, "ended");
	starts();
	file_put("fail", "", 0600);
	asks();
	denies();
	tried(1);
	adopt("");
	assert_int_equal(number("SELECT count(*) FROM outbox"), 0);
	assert_int_equal(audited("given-up", "not in [notify] any more; before: mailbox%x1b full"), 1);
}

/* Two are at work for one way at most, also by settings that were read again meanwhile; they hinder nobody else. */
static void test_adopt_at_work(void **state)
{
	(void)state;
	command_add("anna", "echo . >>$DIR/anna.began; sleep 1000");
	command_add("ben", TAKES);
	free(s.conf->notify.command.v[--s.conf->notify.command.n]);
	starts();
	asks();
	tick();
	denies();
	asks_anew();
	assert_int_equal(number("SELECT count(*) FROM outbox"), 3);
	assert_int_equal(number("SELECT sum(tries) FROM outbox"), 2);
	adopt("anna DIR/anna");
	assert_int_equal(number("SELECT sum(tries) FROM outbox"), 2);
	denies();
	tick();

	/* Twice, so that the memory of the first is used again. */
	adopt("ben DIR/ben");
	adopt("ben DIR/ben");
	asks_anew();
	while (strcmp(told("ben"), "request")) {
		child_ends();
		tick();
	}
	assert_int_equal(number("SELECT sum(tries) FROM outbox WHERE name = 'anna'"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_adopt),
		SCENE_TEST(test_adopt_nobody),
		SCENE_TEST(test_adopt_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
