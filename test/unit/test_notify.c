/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/* Telling people: server/notify/notify.c with its outbox and children. The recipients are programs of the test. */
#include "test/unit/told.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/deadline.h"
#include "server/base/rate.h"
#include "server/notify/child.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The host's reason, as it stands in JSON. */
static void says(const char *reason)
{
	struct wr w;

	(void)snprintf(h.host_json, sizeof(h.host_json), "{\"v\": 1, \"login_id\": \"%s\", \"reason\": \"%s\"}",
		       h.login_id, reason);
	WR_ARR(&w, h.facts);
	wr_base64url(&w, rd_str(h.host_json));
	wr_u8(&w, 0);
	assert_int_equal(wr_done(&w), ERR_OK);
}

/* ---- what they are told ---- */

static void test_message(void **state)
{
	char id[SRV_ID_SIZE], path[100], line[200];
	json_t *list, *m, *r, *end;
	struct wr text;

	(void)state;
	command_add("anna", TAKES);
	starts();
	says("release\\r\\nBcc: eve@example.org \\u202e7");
	asks();
	scene_request(&s, id);
	left(0);
	list = got("anna", &text);
	assert_int_equal(json_array_size(list), 1);
	m = json_array_get(list, 0);
	assert_string_equal(scene_text(m, "about"), "request");
	assert_string_equal(scene_text(m, "request"), id);
	assert_string_equal(scene_text(m, "device"), s.device_id);
	assert_int_equal(scene_number(m, "n"), 2);
	assert_int_equal(scene_number(m, "m"), 3);
	assert_int_equal(json_array_size(json_object_get(m, "keys")), 1);
	assert_string_equal(scene_text(json_array_get(json_object_get(m, "keys"), 0), "label"), SCENE_KEY_LABEL);
	assert_true(json_is_true(json_object_get(json_array_get(json_object_get(m, "keys"), 0), "attested")));
	assert_int_equal(scene_number(m, "deadline") - scene_number(m, "sent"), 900);
	assert_string_equal(scene_text(m, "from"), "192.0.2.7");
	/* Nothing that ends a line, or turns it round. */
	assert_string_equal(scene_text(json_object_get(m, "claims"), "reason"),
			    "release\\x0d\\x0aBcc: eve@example.org \\u{202e}7");
	assert_non_null(strstr(scene_text(m, "text"), "release\\x0d\\x0aBcc: eve@example.org \\u{202e}7\n"));
	assert_null(strpbrk(scene_text(m, "subject"), "\r\n"));
	/* The code is the one that custodian and host compare. */
	assert_int_equal(strlen(scene_text(m, "code")), 9);
	(void)snprintf(line, sizeof(line), "Code: %s\n", scene_text(m, "code"));
	assert_non_null(strstr(scene_text(m, "text"), line));
	/* The link opens this request, and the command names it. */
	assert_int_equal(strncmp(scene_text(m, "link"), "https://hsm.example.org/r/", 26), 0);
	(void)snprintf(line, sizeof(line), "quorum11 approve %s", scene_text(m, "link"));
	assert_string_equal(scene_text(m, "command"), line);
	assert_non_null(strstr(scene_text(m, "text"), line));
	(void)snprintf(path, sizeof(path), "/api/v1/links/%s", scene_text(m, "link") + 26);
	assert_int_equal(scene_ask(&s, "GET", path, NULL, NULL, &r), 200);
	assert_string_equal(scene_text(r, "id"), id);
	/* Nothing that opens anything. */
	assert_null(strstr(wr_cstr(&text), h.login_id));
	assert_null(strstr(wr_cstr(&text), h.cookie));
	json_decref(r);
	json_decref(list);
	wr_free(&text);
	/* And its end, with the reason. */
	assert_int_equal(scene_decide(&s, 2, &(struct scene_wish){ .deny = true, .host = &h }, NULL), 200);
	left(0);
	list = got("anna", &text);
	assert_string_equal(told("anna"), "request ended");
	end = json_array_get(list, 1);
	assert_string_equal(scene_text(end, "request"), id);
	assert_non_null(strstr(scene_text(end, "why"), "denied"));
	assert_true(json_is_null(json_object_get(end, "code")) && json_is_null(json_object_get(end, "command")));
	assert_int_equal(audited("delivered", "anna"), 2);
	json_decref(list);
	wr_free(&text);
}

static void test_opened_and_ended(void **state)
{
	struct scene_wish yes = { .host = &h }, end = { .end = true };

	(void)state;
	command_add("anna", TAKES);
	starts();
	asks();
	left(0);
	assert_int_equal(scene_decide(&s, 0, &yes, NULL), 200);
	assert_int_equal(scene_decide(&s, 1, &yes, NULL), 200);
	assert_int_equal(scene_host_go(&h), 204);
	left(0);
	assert_string_equal(told("anna"), "request opened");
	assert_int_equal(scene_decide(&s, 2, &end, NULL), 200);
	left(0);
	assert_string_equal(told("anna"), "request opened ended");
}

static void test_about(void **state)
{
	char policy[100];

	(void)state;
	command_add("anna", TAKES);
	list_add(&s.conf->notify.about, "refused");
	starts();
	(void)snprintf(policy, sizeof(policy), "/api/v1/targets/%s/policy", s.device_id);
	asks();
	left(0);
	assert_string_equal(told("anna"), "");
	scene_host_close(&h);
	scene_host_open(&h, &s, true);
	scene_wait(&s, SRV_LOST_MS);
	assert_int_equal(scene_ask(&s, "PUT", policy, s.token, "{\"hosts\": []}", NULL), 200);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 204);
	left(0);
	assert_string_equal(told("anna"), "refused");
}

/* A child has the message and nothing else: no environment, no descriptor of the server's. */
static void test_bare_child(void **state)
{
	char way[200];
	struct wr text;

	(void)state;
	file_put("look", "#!/bin/sh\ncat >/dev/null\ntr '\\0' '\\n' </proc/$$/environ >${0%/*}/environ\n"
			 "set -- /proc/$$/fd/*\nfor f; do printf '%s ' ${f##*/}; done >${0%/*}/fds\n", 0700);
	(void)snprintf(way, sizeof(way), "ops %s", in_dir("look"));
	list_add(&s.conf->notify.command, way);
	starts();
	asks();
	left(0);
	wr_init_heap(&text, 1000);
	assert_int_equal(file_read(in_dir("environ"), 1000, &text), ERR_OK);
	assert_string_equal(wr_cstr(&text), "");
	assert_int_equal(file_read(in_dir("fds"), 1000, &text), ERR_OK);
	/* 10 is the shell's own, for the script, and 3 the folder that it lists. */
	assert_string_equal(wr_cstr(&text), "0 1 10 2 3 ");
	wr_free(&text);
}

/* ---- policy ---- */

static void test_policy(void **state)
{
	static const struct { const char *policy, *anna, *ben;
	} rows[] = {
		{ "{}", "request", "request" },
		{ "{\"tell\": [\"ben\"]}", "request", "request request" },
		{ "{\"tell\": []}", "request", "request request" },
		{ "{\"tell\": [\"ben\", \"anna\"]}", "request request", "request request request" },
	};
	char path[100];
	json_t *j;

	(void)state;
	command_add("anna", TAKES);
	command_add("ben", TAKES);
	list_add(&s.conf->notify.about, "request");
	starts();
	(void)snprintf(path, sizeof(path), "/api/v1/targets/%s/policy", s.device_id);
	assert_int_equal(scene_ask(&s, "PUT", path, s.token, "{\"tell\": [\"eve\"]}", &j), 422);
	assert_non_null(strstr(scene_text(j, "message"), "eve"));
	json_decref(j);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(scene_ask(&s, "PUT", path, s.token, rows[i].policy, NULL), 200);
		asks();
		left(0);
		assert_string_equal(told("anna"), rows[i].anna);
		assert_string_equal(told("ben"), rows[i].ben);
		scene_host_close(&h);
		scene_host_open(&h, &s, true);
		scene_wait(&s, SRV_LOST_MS);
	}
}

/* ---- when it does not work ---- */

/* The pauses of a message that is about nothing that could end meanwhile. */
static void test_retry(void **state)
{
	static const int64_t pauses[] = { 7, 14, 28, 56, 112, 224, 448, 896, 900, 900 };

	(void)state;
	command_add("anna", MAY_FAIL);
	list_add(&s.conf->notify.about, "ended");
	s.conf->notify.retry = 7;
	s.conf->notify.give_up = 86400;
	starts();
	file_put("fail", "", 0600);
	asks();
	denies();
	for (size_t i = 0; i < COUNT(pauses); i++) {
		tried((int64_t)i + 1);
		assert_in_range(pauses[i] - pause_s(), 0, 1);
		assert_int_equal(srv_db_exec(s.srv->store.db, "UPDATE outbox SET why = ''"), ERR_OK);
		pass((unsigned)pauses[i] - 2);
		tick();
		assert_int_equal(number("SELECT sum(tries) FROM outbox"), i + 1);       /* not before its time */
		pass(2);
	}
	assert_int_equal(unlink(in_dir("fail")), 0);
	left(0);
	assert_string_equal(told("anna"), "ended");
	assert_int_equal(audited("\"tries\":11", "delivered"), 1);
}

static void test_restart(void **state)
{
	struct wr text;
	json_t *list;

	(void)state;
	command_add("anna", MAY_FAIL);
	starts();
	file_put("fail", "", 0600);
	asks();
	tried(1);
	scene_host_close(&h);
	/* Before anything is told again: a child that was quick would still fail, and be tried later than we wait. */
	assert_int_equal(unlink(in_dir("fail")), 0);
	/* The restart ends the request, which nobody needs to hear of any more, and tells its end. */
	starts();
	scene_host_open(&h, &s, true);
	tick();
	assert_int_equal(number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(audited("given-up", "request is over; before: mailbox%x1b full"), 1);
	left(0);
	list = got("anna", &text);
	assert_string_equal(told("anna"), "ended");
	json_decref(list);
	wr_free(&text);
}

static void test_given_up(void **state)
{
	struct srv_figures figures = { 0 };
	struct wr text;

	(void)state;
	command_add("anna", MAY_FAIL);
	list_add(&s.conf->notify.about, "ended");
	s.conf->notify.give_up = 60;
	starts();
	file_put("fail", "", 0600);
	asks();
	denies();
	tried(1);
	assert_int_equal(audited("", ""), 0);
	assert_int_equal(number("SELECT until - next FROM outbox") / 10, 5);
	pass(60);
	tick();
	assert_int_equal(number("SELECT count(*) FROM outbox"), 0);
	assert_int_equal(audited("given-up", "mailbox%x1b full"), 1);
	wr_init_heap(&text, MESSAGE_MAX);
	figures.messages = srv_notify_waiting(s.srv->notify);
	srv_metrics_write(s.srv->metrics, &figures, &text);
	assert_non_null(strstr(wr_cstr(&text), "quorum11_messages_total{result=\"given-up\"} 1\n"));
	assert_non_null(strstr(wr_cstr(&text), "quorum11_messages_waiting 0\n"));
	wr_free(&text);
}

/* One that never ends is killed, and keeps nobody else waiting. */
static void test_hangs(void **state)
{
	(void)state;
	command_add("anna", "sleep 1000");
	command_add("ben", TAKES);
	list_add(&s.conf->notify.about, "request");
	starts();
	asks();
	left(1);
	assert_string_equal(told("ben"), "request");
	pass(SRV_NOTIFY_TRY_S - 1);
	tick();
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE why = ''"), 1);
	pass(1);
	tried(1);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE why = 'no end after 30 seconds'"), 1);
}

/* Programs that are not there, or die; what stands behind a recipient that is not in the settings any more. */
static void test_no_program(void **state)
{
	(void)state;
	list_add(&s.conf->notify.command, "anna /nonexistent/program");
	list_add(&s.conf->notify.about, "request");
	command_add("ben", "kill -9 $$");
	starts();
	asks();
	tried(2);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE why = "
				"'/nonexistent/program: No such file or directory'"), 1);
	assert_int_equal(number("SELECT count(*) FROM outbox WHERE why = 'ended by signal 9'"), 1);
}

static void test_forgotten_recipient(void **state)
{
	(void)state;
	command_add("anna", MAY_FAIL);
	command_add("ben", MAY_FAIL);
	list_add(&s.conf->notify.about, "ended");
	starts();
	file_put("fail", "", 0600);
	asks();
	denies();
	tried(2);
	free(s.conf->notify.command.v[--s.conf->notify.command.n]);
	starts();
	tick();
	assert_int_equal(number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(audited("not in [notify] any more", "ben"), 1);
}

/* A host that asks again and again is heard of thirty times, and then twice a minute. */
static void test_flood(void **state)
{
	unsigned i;

	(void)state;
	command_add("anna", TAKES);
	list_add(&s.conf->notify.about, "request");
	starts();
	for (i = 0; i < srv_rate_burst(SRV_RATE_TELL) + 2; i++) {
		asks();
		denies();
		left(0);
		scene_host_close(&h);
		scene_host_open(&h, &s, true);
	}
	assert_int_equal(audited("too-many", ""), 2);
	assert_int_equal(audited("\"about\":\"request\"", "too-many"), 2);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
	static const struct { size_t at; const char *text; bool good;
	} rows[] = {
#define IN(list) offsetof(struct conf, notify.list)
		{ IN(webhook), "ops https://chat.example.org/hook", true },
		{ IN(webhook), "ops https://chat.example.org/hook /etc/secret", true },
		{ IN(webhook), "ops https://chat.example.org/hook secret", false },
		{ IN(webhook), "ops https://chat.example.org/hook /etc/secret more", false },
		{ IN(webhook), "ops http://chat.example.org/hook", false },
		{ IN(webhook), "ops http://127.0.0.1/hook", true },
		{ IN(webhook), "ops", false },
		{ IN(webhook), "o\xC3\xA9ps https://chat.example.org/hook", false },
		{ IN(mail), "anna anna@example.org", true },
		{ IN(mail), "anna anna", false },
		{ IN(mail), "anna anna@example.org ben@example.org", false },
		{ IN(command), "ops /bin/true a b c", true },
		{ IN(command), "ops true", false },
		{ IN(command), "ops /bin/true 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", false },
		{ IN(about), "request", true },
		{ IN(about), "everything", false },
#undef IN
	};
	struct conf conf = { .notify.smtp = (char[]){ "smtp://mail" }, .notify.smtp_from = (char[]){ "a@b" } };
	struct srv_recipients *r = NULL;
	struct conf_list *l;
	char text[200];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		l = (struct conf_list *)(void *)((char *)&conf + rows[i].at);
		(void)snprintf(text, sizeof(text), "%s", rows[i].text);
		*l = (struct conf_list){ .n = 1, .v = { text } };
		if (srv_recipients_new(&conf, &r) != (rows[i].good ? ERR_OK : ERR_CONFIG))
			fail_msg("%s", rows[i].text);
		srv_recipients_free(&r);
		l->n = 0;
	}
	(void)snprintf(text, sizeof(text), "anna a@b");
	conf.notify.mail = (struct conf_list){ .n = 2, .v = { text, text } };
	assert_int_equal(srv_recipients_new(&conf, &r), ERR_CONFIG);    /* twice the same */
	conf.notify.mail.n = 1;
	conf.notify.smtp_from = NULL;
	assert_int_equal(srv_recipients_new(&conf, &r), ERR_CONFIG);
	conf.notify.smtp_from = (char[]){ "a@b\r\nBcc: c" };
	assert_int_equal(srv_recipients_new(&conf, &r), ERR_CONFIG);
	conf.notify.smtp_from = (char[]){ "a@b" };
	conf.notify.smtp_user = (char[]){ "a" };
	assert_int_equal(srv_recipients_new(&conf, &r), ERR_CONFIG);
	conf.notify.smtp_password = (char[]){ "/a" };
	assert_int_equal(srv_recipients_new(&conf, &r), ERR_OK);
	srv_recipients_free(&r);
}

/* One look reads a little of it: who says more than the server can read has the server do nothing else. */
static void test_talks(void **state)
{
	char shell[] = "/bin/sh", option[] = "-c";
	char script[] = "/usr/bin/head -c 60000 /dev/zero >&2; exec /bin/sleep 60";
	char *const argv[] = { shell, option, script, NULL };
	int epoll = epoll_create1(EPOLL_CLOEXEC), pending = 0;
	struct deadline all = deadline_in(PATIENCE_MS);
	struct srv_child c;
	char why[100];

	(void)state;
	assert_true(epoll >= 0);
	assert_int_equal(srv_child_start(argv, RD_NONE, epoll, &c, &c), ERR_OK);
	while (pending < 60000) {
		struct deadline slice = deadline_within(&all, 1);

		assert_int_equal(ioctl(c.says, FIONREAD, &pending), 0);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
		assert_true(deadline_left_ms(&all) > 0);
	}
	assert_int_equal(pending, 60000);
	assert_false(srv_child_look(&c, why, sizeof(why)));
	assert_int_equal(ioctl(c.says, FIONREAD, &pending), 0);
	assert_in_range(pending, 1, 59999);
	srv_child_stop(&c);
	(void)close(epoll);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_message),
		SCENE_TEST(test_opened_and_ended),
		SCENE_TEST(test_about),
		SCENE_TEST(test_bare_child),
		SCENE_TEST(test_policy),
		SCENE_TEST(test_retry),
		SCENE_TEST(test_restart),
		SCENE_TEST(test_given_up),
		SCENE_TEST(test_hangs),
		SCENE_TEST(test_no_program),
		SCENE_TEST(test_forgotten_recipient),
		SCENE_TEST(test_flood),
		cmocka_unit_test(test_talks), cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
