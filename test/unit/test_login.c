/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/*
 * The host's side of a login against helpers that misbehave: this program is its own helper, what it does stands in
 * the URL. Honest ceremonies, and servers that lie, are in test/e2e.
 */
#include "test/unit/vcard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/limits.h"
#include "login/frame.h"
#include "login/helper.h"
#include "login/login.h"
#include "ramoverhttp/ram.h"
#include "test/fake/clock.h"
#include "test/link_vcard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HELPER_NAME "quorum11-connect"
#define SELECT "00A404000BE82B0601040181C31F020100"

/* ---- the helper's side ---- */

static _Noreturn void helper_end(void)
{
	_exit(0);
}

static void helper_send(uint8_t type, struct rd content)
{
	struct deadline dl = deadline_never();

	if (login_frame_send(3, type, content, &dl))
		helper_end();
}

/* The content of the next frame. */
static struct rd helper_receive(uint8_t *type, struct wr *content)
{
	struct deadline dl = deadline_never();

	wr_reset(content);
	if (login_frame_receive(3, type, content, &dl))
		helper_end();
	return wr_view(content);
}

static void helper_reply(unsigned status, const char *hex)
{
	uint8_t room[512];
	struct wr w;

	WR_ARR(&w, room);
	wr_u16(&w, (uint16_t)status);
	for (; *hex; hex += 2)
		if (text_unhex(rd_of(hex, 2), &w))
			helper_end();
	helper_send(LOGIN_REPLY, wr_view(&w));
}

static void helper_fail(enum err e, const char *text)
{
	uint8_t room[512];
	struct wr w;

	WR_ARR(&w, room);
	wr_u8(&w, (uint8_t)e);
	wr_text(&w, text);
	helper_send(LOGIN_FAIL, wr_view(&w));
}

/* What a helper was given: open descriptors, and how many variables. */
static void helper_tell_surroundings(void)
{
	char text[256];
	struct wr w;
	size_t n = 0;

	WR_ARR(&w, text);
	wr_text(&w, "fds");
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			wr_printf(&w, " %d", fd);
	for (char **e = environ; *e; e++)
		n++;
	wr_printf(&w, " env %zu", n);
	helper_fail(ERR_DENIED, wr_cstr(&w));
}

/* Answers to the POSTs of a session, one after the other; then silence. */
static const struct script { const char *mode; struct { unsigned status; const char *hex; } answers[4]; } scripts[] = {
	/* "no" with id -101, -102, -110, then 204 */
	{ "deny", { { 200, "AA09E00702019B0C026E6F" }, { 204, "" } } },
	{ "expire", { { 200, "AA09E00702019A0C026E6F" }, { 204, "" } } },
	{ "unknown", { { 200, "AA09E0070201920C026E6F" }, { 204, "" } } },
	{ "deny-and-fail", { { 200, "AA09E00702019B0C026E6F" }, { 500, "" } } },
	{ "escape", { { 200, "AA0BE00902019B0C041B5B316D" }, { 204, "" } } },
	{ "slow", { { 200, "AA0BE0090201010C0431206F66" } } },          /* id 1, and nothing after it */
	{ "early", { { 204, "" }, { 404, "" } } },
	/* The first answer comes, the second does not; "lost" ends the session by 204 where it is told. */
	{ "lost", { { 200, "AA132211" SELECT }, { 0, "" }, { 204, "" } } },
	{ "missing", { { 404, "" } } },
	{ "html", { { 200, "3C68746D6C3E" }, { 204, "" } } },
	{ "verify", { { 200, "AA132211" SELECT }, { 200, "AA0D220B0020008106363438323139" }, { 204, "" } } },
	{ "no-select", { { 200, "AA0722050084000008" }, { 204, "" } } },
	{ "reset", { { 200, "AA132211" SELECT }, { 200, "AA02C000" }, { 204, "" } } },
};

/* Frames that the helper got, a line each; in the file that the setting names. */
static void helper_note(const char *path, uint8_t type, struct rd content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct wr line;

	wr_init_heap(&line, 1 << 16);
	wr_printf(&line, "%u ", type);
	wr_hex(&line, content);
	wr_u8(&line, '\n');
	if (fd < 0 || write(fd, line.p, line.n) != (ssize_t)line.n)
		helper_end();
	(void)close(fd);
	wr_free(&line);
}

static void helper_serve(const char *mode, const char *notes)
{
	const struct script *s = NULL;
	struct wr content;
	uint8_t type;

	for (size_t i = 0; i < COUNT(scripts); i++)
		if (strcmp(scripts[i].mode, mode) == 0)
			s = &scripts[i];
	wr_init_heap(&content, LOGIN_FRAME_MAX);
	for (size_t i = 0;; i++) {
		(void)helper_receive(&type, &content);
		if (*notes)
			helper_note(notes, type, wr_view(&content));
		if (s && i < COUNT(s->answers) && s->answers[i].status)
			helper_reply(s->answers[i].status, s->answers[i].hex);
		else if (strcmp(mode, "lost") == 0)
			helper_fail(ERR_CONNECT, i == 1 ? "the connection broke" : "goodbye was not the next");
	}
}

static int helper_main(void)
{
	char mode[64] = "", notes[128] = "";
	struct rd open, url, ca;
	struct wr content;
	uint8_t type = 0;

	wr_init_heap(&content, LOGIN_FRAME_MAX);
	open = helper_receive(&type, &content);
	if (type != LOGIN_OPEN || !rd_tlv_find(open, LOGIN_URL, &url) || url.n < 10 || url.n >= sizeof(mode))
		return 1;
	memcpy(mode, url.p + 10, url.n - 10);           /* https://x/ */
	if (rd_tlv_find(open, LOGIN_CA, &ca) && ca.n < sizeof(notes))
		memcpy(notes, ca.p, ca.n);
	if (strcmp(mode, "die") == 0)
		return 0;
	if (strcmp(mode, "surroundings") == 0)
		helper_tell_surroundings();
	if (strcmp(mode, "tls") == 0)
		helper_fail(ERR_TLS, "wrong\x1bname");
	if (strcmp(mode, "odd-error") == 0)
		helper_fail(ERR_COUNT, "?");
	if (strcmp(mode, "odd-frame") == 0)
		helper_send(77, RD_NONE);
	if (strcmp(mode, "endless-frame") == 0)
		(void)send(3, "\xff\xff\xff\xff\x04", 5, MSG_NOSIGNAL);
	if (strcmp(mode, "empty-frame") == 0)
		(void)send(3, "\0\0\0\0\x04", 5, MSG_NOSIGNAL);
	if (strcmp(mode, "half-frame") == 0) {
		(void)send(3, "\0\0\0\x09\x04", 5, MSG_NOSIGNAL);
		return 0;
	}
	helper_send(LOGIN_READY, RD_NONE);
	if (strcmp(mode, "deaf") == 0)
		for (;;)
			(void)pause();
	helper_serve(mode, notes);
	return 0;
}

/* ---- frames ---- */

static void frames(void **state)
{
	struct deadline dl = deadline_in(20), long_dl = deadline_in(PATIENCE_MS);
	static uint8_t big[300000];
	struct wr content;
	int pair[2], cancel[2];
	uint8_t type = 0;
	pid_t pid;

	(void)state;
	wr_init_heap(&content, LOGIN_FRAME_MAX);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(login_frame_send(pair[0], 9, RD_LIT("abc"), &dl), ERR_OK);
	assert_int_equal(login_frame_send(pair[0], 8, RD_NONE, &dl), ERR_OK);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &dl), ERR_OK);
	assert_int_equal(type, 9);
	assert_bytes_equal(wr_view(&content), RD_LIT("abc"));
	wr_reset(&content);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &dl), ERR_OK);
	assert_int_equal(type, 8);
	assert_int_equal(content.n, 0);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &dl), ERR_TIMEOUT);
	assert_int_equal(login_frame_send(pair[0], 1, rd_of(big, LOGIN_FRAME_MAX), &dl), ERR_LIMIT);

	/* More than the socket holds: waits for room, and gives up in time or at will. */
	dl = deadline_in(20);
	assert_int_equal(login_frame_send(pair[0], 1, RD_ARR(big), &dl), ERR_TIMEOUT);
	assert_int_equal(pipe(cancel), 0);
	assert_int_equal(write(cancel[1], "x", 1), 1);
	dl = deadline_in(PATIENCE_MS);
	dl.cancel_fd = cancel[0];
	assert_int_equal(login_frame_send(pair[0], 1, RD_ARR(big), &dl), ERR_CANCELLED);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &dl), ERR_CANCELLED);
	(void)close(pair[0]);
	(void)close(pair[1]);

	/* A large one arrives whole. */
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 13);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(login_frame_send(pair[0], 5, RD_ARR(big), &long_dl) ? 1 : 0);
	(void)close(pair[0]);
	wr_reset(&content);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &long_dl), ERR_OK);
	assert_bytes_equal(wr_view(&content), RD_ARR(big));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	wr_reset(&content);
	assert_int_equal(login_frame_receive(pair[1], &type, &content, &long_dl), ERR_IO);
	(void)close(pair[1]);
	(void)close(cancel[0]);
	(void)close(cancel[1]);
	wr_free(&content);
}

/* ---- the helper process ---- */

static struct conf *conf;

static enum err open_helper(const char *mode, struct login_helper **h, char *why, size_t cap)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	char url[64];
	enum err e;

	(void)snprintf(url, sizeof(url), "https://x/%s", mode);
	why[0] = 0;
	conf->login.url = url;
	e = login_helper_open(conf, "facts", h, why, cap, &dl);
	conf->login.url = NULL;
	return e;
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static void helpers_that_do_not_start(void **state)
{
	static const struct { const char *mode; enum err e; const char *why; } rows[] = {
		{ "die", ERR_IO, "ended" }, { "tls", ERR_TLS, "wrong\\x1bname" }, { "odd-error", ERR_PROTOCOL, "" },
		{ "odd-frame", ERR_PROTOCOL, "" }, { "endless-frame", ERR_PROTOCOL, "" },
		{ "empty-frame", ERR_PROTOCOL, "" },
		{ "half-frame", ERR_IO, "ended" }, { "surroundings", ERR_DENIED, "fds 0 1 2 3 env 0" },
	};
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct conf other = *conf;
	struct login_helper *h = NULL;
	char why[200];

	(void)state;
	/* Neither descriptors without close-on-exec nor the environment reach it. */
	assert_int_equal(setenv("https_proxy", "http://192.0.2.1/", 1), 0);
	assert_true(dup2(0, 77) == 77);
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum err e = open_helper(rows[i].mode, &h, why, sizeof(why));

		if (e != rows[i].e || !strstr(why, rows[i].why))
			fail_msg("%s: %s (%s)", rows[i].mode, err_text(e), why);
		assert_null(h);
		assert_false(has_children());
	}
	(void)close(77);
	assert_int_equal(unsetenv("https_proxy"), 0);
	other.login.url = (char[]){ "https://x/" };
	other.module.helper = (char[]){ "/nonexistent/connect" };
	assert_int_equal(login_helper_open(&other, NULL, &h, why, sizeof(why), &dl), ERR_CONFIG);
	assert_non_null(strstr(why, "/nonexistent/connect"));
	assert_null(h);
}

static enum err count_ticks(void *ctx)
{
	unsigned *n = ctx;

	return ++*n == 2 ? ERR_REMOVED : ERR_OK;
}

static void a_helper_that_answers_nothing(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct login_helper *h = NULL;
	unsigned ticks = 0;
	char why[200];
	const struct login_wait nothing = { .why = NULL };
	const struct login_wait ticking = { .tick = count_ticks, .ctx = &ticks, .why = why, .cap = sizeof(why) };
	int status;
	struct wr body;

	(void)state;
	wr_init_heap(&body, 1000);
	assert_int_equal(open_helper("silent", &h, why, sizeof(why)), ERR_OK);
	/* What the caller sees between ends the wait. */
	assert_int_equal(login_helper_ask(h, LOGIN_POST, RD_LIT("x"), &status, &body, &ticking, &dl), ERR_REMOVED);
	assert_int_equal(ticks, 2);
	dl = deadline_in(20);
	assert_int_equal(login_helper_ask(h, LOGIN_POST, RD_LIT("x"), &status, &body, &nothing, &dl), ERR_TIMEOUT);
	login_helper_close(&h);
	assert_null(h);
	assert_false(has_children());
	/* One that does not see our end, and would never end itself, is killed. */
	assert_int_equal(open_helper("deaf", &h, why, sizeof(why)), ERR_OK);
	login_helper_close(&h);
	assert_false(has_children());
	login_helper_close(&h);
	login_helper_close(NULL);
	wr_free(&body);
}

/* The host may ignore its children, or reap ours. */
static void a_host_that_reaps(void **state)
{
	struct login_helper *h = NULL;
	char why[200];

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	assert_int_equal(open_helper("silent", &h, why, sizeof(why)), ERR_OK);
	login_helper_close(&h);
	(void)signal(SIGCHLD, SIG_DFL);
	assert_false(has_children());
}

/* ---- a login ---- */

struct host {
	struct card *card;
	struct apdu_link *link;
	struct hsm_card *hsm;
	struct login_params p;
	char url[64], said[400];
};

static void progress(void *ctx, const char *text)
{
	struct host *h = ctx;

	(void)snprintf(h->said, sizeof(h->said), "%s", text);
}

static void host_open(struct host *h)
{
	*h = (struct host){ .card = card_new("vendor-shared") };
	card_init(h->card, 0x0001);
	assert_int_equal(link_vcard_open(h->card->v, &h->link), ERR_OK);
	assert_int_equal(hsm_card_new(h->link, &h->hsm), ERR_OK);
	h->p = (struct login_params){
		.conf = conf, .program = "test", .device_id = vcard_id(h->card->v), .progress = progress, .ctx = h,
	};
	h->p.status.pka = (struct hsm_pka){ .total = 3, .required = 2 };
}

static void host_close(struct host *h)
{
	hsm_card_free(&h->hsm, true);
	card_free(h->card);
}

static enum err run_login(struct host *h, const char *mode, struct login_result *result, struct deadline *dl)
{
	enum err e;

	(void)snprintf(h->url, sizeof(h->url), "https://x/%s", mode);
	conf->login.url = h->url;
	e = login_run(h->hsm, &h->p, result, dl);
	conf->login.url = NULL;
	assert_int_equal(e, result->e);
	return e;
}

static void every_end_is_an_error_that_says_why(void **state)
{
	/* sent: commands that reached the card, without the SELECT that closes it. */
	static const struct { const char *mode; enum err e; const char *why; unsigned sent; } rows[] = {
		{ "deny", ERR_DENIED, "a custodian denied it (no)", 0 },
		{ "expire", ERR_EXPIRED, "in time (no)", 0 },
		{ "unknown", ERR_NOT_ENROLLED, "quorum11 enrol", 0 },
		{ "deny-and-fail", ERR_DENIED, "a custodian denied it (no)", 0 },
		{ "escape", ERR_DENIED, "(\\x1b[1m)", 0 },
		{ "missing", ERR_NOT_FOUND, "(404)", 0 },
		{ "html", ERR_PROTOCOL, "no command template", 0 },
		{ "verify", ERR_REFUSED, "must not contain", 1 },
		{ "no-select", ERR_REFUSED, "before SELECT", 0 },
		{ "reset", ERR_REFUSED, "reset", 1 },
		{ "tls", ERR_TLS, "wrong\\x1bname", 0 },
		{ "die", ERR_IO, "ended", 0 },
		{ "lost", ERR_CONNECT, "the connection broke", 1 },
	};
	struct host h;

	(void)state;
	host_open(&h);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct deadline dl = deadline_in(PATIENCE_MS);
		struct login_result result;
		uint64_t before = apdu_link_count(h.link);
		enum err e;

		card_login(h.card);
		e = run_login(&h, rows[i].mode, &result, &dl);
		if (e != rows[i].e || !strstr(result.why, rows[i].why))
			fail_msg("%s: %s (%s)", rows[i].mode, err_text(e), result.why);
		assert_non_null(strstr(result.why, h.url));
		assert_int_equal(apdu_link_count(h.link) - before, rows[i].sent + 1);
		/* Closed, whatever it was before; and no try was spent. */
		assert_int_equal(card_status(h.card), 0x63c3);
		assert_false(has_children());
	}
	host_close(&h);
}

static void the_servers_word_is_not_enough(void **state)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct login_result result;
	struct host h;

	(void)state;
	host_open(&h);
	assert_int_equal(run_login(&h, "early", &result, &dl), ERR_PROTOCOL);
	assert_non_null(strstr(result.why, "but the card counts"));
	host_close(&h);
}

/* A session that ends on our side is closed on the server's, too: it does not wait for a host that went away. */
static void the_server_is_told_when_we_go(void **state)
{
	static const struct { const char *mode, *goodbye; } rows[] = {
		{ "verify", "e1110c0f636f6d6d616e642072656675736564800100\n" },         /* "command refused" */
		{ "lost", "ab22e11d0c1b6e6f20636f6e6e656374696f6e20746f2074686520736572766572800100\n" },
	};
	char notes[128];
	struct host h;

	(void)state;
	host_open(&h);
	(void)snprintf(notes, sizeof(notes), "%s/notes", test_folder);
	conf->login.ca = notes;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct deadline dl = deadline_in(PATIENCE_MS);
		struct login_result result;
		size_t n = strlen(rows[i].goodbye);
		struct wr w;

		(void)unlink(notes);
		assert_int_not_equal(run_login(&h, rows[i].mode, &result, &dl), ERR_OK);
		wr_init_heap(&w, 1 << 16);
		assert_int_equal(file_read(notes, 1 << 16, &w), ERR_OK);
		assert_true(w.n > n);
		assert_string_equal(wr_cstr(&w) + w.n - n, rows[i].goodbye);
		wr_free(&w);
	}
	conf->login.ca = NULL;
	host_close(&h);
}

struct seen {
	struct host h;
	unsigned times;
	enum err answer;
	struct pka_limits limits;
	char json[REQUEST_JSON_MAX + 1];
};

static enum err opened(void *ctx, const struct login_evidence *ev)
{
	struct seen *s = ctx;

	s->times++;
	s->limits = ev->limits;
	assert_int_equal(ev->login_id.n, LOGIN_ID_SIZE);
	assert_int_equal(ev->consents_n, 0);            /* statements = no */
	memcpy(s->json, ev->host_json.p, ev->host_json.n);
	s->json[ev->host_json.n] = 0;
	return s->answer;
}

/* Of a card that the PIN has opened, and that wants nobody's approval, the server's word is enough. */
static void the_caller_has_the_last_word(void **state)
{
	struct seen s = { .answer = ERR_OK };
	struct deadline dl = deadline_in(PATIENCE_MS);
	struct login_result result;
	struct pka_limits l;

	(void)state;
	host_open(&s.h);
	s.h.p.status.pka = (struct hsm_pka){ 0 };
	s.h.p.opened = opened;
	s.h.p.progress = NULL;
	s.h.p.ctx = &s;
	s.h.p.user = "somebody";
	s.h.p.reason = "because";
	conf->login.statements = false;
	card_login(s.h.card);
	assert_int_equal(run_login(&s.h, "early", &result, &dl), ERR_OK);
	assert_int_equal(s.times, 1);
	assert_int_equal(s.limits.sign, PKA_UNLIMITED);
	assert_non_null(strstr(s.json, "\"user\":\"somebody\""));
	assert_non_null(strstr(s.json, "\"reason\":\"because\""));
	assert_int_equal(card_status(s.h.card), 0x9000);
	/* What was asked for is in force; that nobody could lower it was said. */
	assert_int_equal(pka_limits_read(RD_LIT("sign=5"), &l, NULL, 0), ERR_OK);
	s.h.p.limits = &l;
	assert_int_equal(run_login(&s.h, "early", &result, &dl), ERR_OK);
	assert_int_equal(s.limits.sign, 5);
	assert_non_null(strstr(s.json, "\"budget\":\"\""));
	/* A caller that cannot begin closes the card. */
	s.answer = ERR_IO;
	assert_int_equal(run_login(&s.h, "early", &result, &dl), ERR_IO);
	assert_int_equal(s.times, 3);
	assert_non_null(strstr(result.why, "could not begin"));
	assert_non_null(strstr(result.why, err_text(ERR_IO)));
	assert_int_equal(card_status(s.h.card), 0x63c3);
	/* With statements the limits are sent; without any statement nobody is told that it is open. */
	conf->login.statements = true;
	card_login(s.h.card);
	assert_int_equal(run_login(&s.h, "early", &result, &dl), ERR_SIGNATURE);
	assert_int_equal(s.times, 3);
	assert_int_equal(card_status(s.h.card), 0x63c3);
	/* Limits that no statement could hold are said to be that, before anybody is asked. */
	l.all_keys = false;
	l.keys_n = LIMITS_KEYS_MAX;
	for (size_t i = 0; i < LIMITS_KEYS_MAX; i++)
		memset(l.keys[i].text, 'a', LIMITS_NAME_MAX);
	assert_int_equal(run_login(&s.h, "early", &result, &dl), ERR_LIMIT);
	assert_non_null(strstr(result.why, "the limits to be asked for are too long"));
	assert_false(has_children());
	host_close(&s.h);
}

static void time_passes(void *ctx, const char *text)
{
	progress(ctx, text);
	fake_clock_pass(2 * PATIENCE_MS);
}

static void time_will_and_settings(void **state)
{
	struct deadline dl = deadline_in(100);
	struct login_result result;
	char *helper = conf->module.helper;
	struct host h;
	int cancel[2];

	(void)state;
	host_open(&h);
	assert_int_equal(run_login(&h, "silent", &result, &dl), ERR_TIMEOUT);
	assert_non_null(strstr(result.why, "time allowed; ask again"));
	/* How far it came is said. */
	dl = deadline_in(PATIENCE_MS);
	h.p.progress = time_passes;
	assert_int_equal(run_login(&h, "slow", &result, &dl), ERR_TIMEOUT);
	assert_non_null(strstr(result.why, "time allowed (1 of)"));
	h.p.progress = progress;
	assert_int_equal(pipe(cancel), 0);
	assert_int_equal(write(cancel[1], "x", 1), 1);
	dl = deadline_in(PATIENCE_MS);
	dl.cancel_fd = cancel[0];
	assert_int_equal(run_login(&h, "silent", &result, &dl), ERR_CANCELLED);
	dl.cancel_fd = -1;
	conf->module.helper = NULL;
	assert_int_equal(run_login(&h, "silent", &result, &dl), ERR_CONFIG);
	assert_non_null(strstr(result.why, "[module] helper"));
	conf->module.helper = helper;
	assert_int_equal(login_run(h.hsm, &h.p, &result, &dl), ERR_CONFIG);
	assert_non_null(strstr(result.why, "[login] url"));
	assert_false(has_children());
	host_close(&h);
	(void)close(cancel[0]);
	(void)close(cancel[1]);
}

static int set_up(void **state)
{
	static char helper[] = "/proc/self/exe";
	static struct conf settings;

	settings.module.helper = helper;
	settings.login.exclusive = settings.login.statements = true;
	conf = &settings;
	return test_folder_make(state);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(helpers_that_do_not_start),
		cmocka_unit_test(a_helper_that_answers_nothing),
		cmocka_unit_test(a_host_that_reaps),
		cmocka_unit_test(every_end_is_an_error_that_says_why),
		cmocka_unit_test(the_servers_word_is_not_enough),
		cmocka_unit_test(the_server_is_told_when_we_go),
		cmocka_unit_test(the_caller_has_the_last_word),
		cmocka_unit_test(time_will_and_settings),
	};

	if (argc == 1 && strcmp(argv[0], HELPER_NAME) == 0)
		return helper_main();
	return cmocka_run_group_tests(tests, set_up, test_folder_remove);
}
