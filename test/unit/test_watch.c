/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing connection, against helpers of all kinds: this program is its own helper, what it does stands in the
 * URL. The real one is in test/e2e/end.sh.
 */
#include "test/unit/test.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/limits.h"
#include "base/tlv.h"
#include "login/frame.h"
#include "login/helper.h"
#include "login/watch.h"

#define HELPER_NAME "quorum11-connect"
#define LOGIN RD_LIT("0123456789abcdef")
#define PREFIX "https://x/"

/* ---- the helper's side ---- */

static void helper_send(uint8_t type, struct rd content)
{
	struct deadline dl = deadline_never();

	if (login_frame_send(3, type, content, &dl))
		_exit(0);
}

/* A proof with the login_id as its statement, a byte at a time: each is a chance to think that it is the whole. */
static void helper_end(struct rd login_id)
{
	struct wr w;
	size_t mark;

	wr_init_heap(&w, 1000);
	wr_u32(&w, 0);
	wr_u8(&w, LOGIN_REPLY);
	wr_u16(&w, 200);
	mark = wr_tlv_open(&w, LOGIN_PROOF);
	wr_tlv(&w, LOGIN_PROOF_FILE, RD_LIT("file"));
	wr_tlv(&w, LOGIN_PROOF_STATEMENT, login_id);
	wr_tlv(&w, LOGIN_PROOF_SIG, RD_LIT("sig"));
	wr_tlv_close(&w, mark);
	w.p[3] = (uint8_t)(w.n - 4);
	for (size_t i = 0; i < w.n; i++)
		if (send(3, w.p + i, 1, MSG_NOSIGNAL) != 1)
			_exit(0);
}

static int helper_main(void)
{
	struct deadline dl = deadline_never();
	struct wr open, content;
	struct rd url, header;
	uint8_t type;
	char mode[32] = "";
	const uint8_t refusal[] = { ERR_TLS, 'n', 'o', 0x1B };

	wr_init_heap(&open, LOGIN_FRAME_MAX);
	wr_init_heap(&content, LOGIN_FRAME_MAX);
	if (login_frame_receive(3, &type, &open, &dl) || type != LOGIN_OPEN ||
	    !rd_tlv_find(wr_view(&open), LOGIN_URL, &url) || url.n >= sizeof(PREFIX) - 1 + sizeof(mode) ||
	    rd_tlv_find(wr_view(&open), LOGIN_HEADER, &header))
		return 1;
	memcpy(mode, url.p + sizeof(PREFIX) - 1, url.n - (sizeof(PREFIX) - 1));
	if (strcmp(mode, "die") == 0)
		return 0;
	if (strcmp(mode, "tls") == 0)
		helper_send(LOGIN_FAIL, RD_LIT("\x00"));
	helper_send(LOGIN_READY, RD_NONE);
	if (login_frame_receive(3, &type, &content, &dl) || type != LOGIN_WATCH)
		return 1;
	if (strcmp(mode, "end") == 0)
		helper_end(wr_view(&content));
	if (strcmp(mode, "not-yet") == 0)
		helper_send(LOGIN_REPLY, RD_LIT("\x00\xcc"));
	if (strcmp(mode, "no-proof") == 0)
		helper_send(LOGIN_REPLY, RD_LIT("\x00\xc8\xa0\x02\x80\x00"));
	if (strcmp(mode, "two-proofs") == 0)
		helper_send(LOGIN_REPLY, RD_LIT("\x00\xc8\xa0\x06\x80\x00\x81\x00\x82\x00\xa0\x06\x80\x00\x81\x00\x82"
						"\x00"));
	if (strcmp(mode, "odd-frame") == 0)
		helper_send(77, RD_NONE);
	if (strcmp(mode, "endless-frame") == 0)
		(void)send(3, "\xff\xff\xff\xff\x04", 5, MSG_NOSIGNAL);
	if (strcmp(mode, "empty-frame") == 0)
		(void)send(3, "\0\0\0\0\x04", 5, MSG_NOSIGNAL);
	if (strcmp(mode, "failing") == 0)
		helper_send(LOGIN_FAIL, RD_ARR(refusal));
	if (strcmp(mode, "half-frame") == 0) {
		(void)send(3, "\0\0\0\x09\x05", 5, MSG_NOSIGNAL);
		return 0;
	}
	/* until the owner hangs up */
	return login_frame_receive(3, &type, &content, &dl) != ERR_IO;
}

/* ---- ours ---- */

static struct conf *conf;
static struct wr file, statement, sig;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(conf_load_file("/dev/null", &conf), ERR_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	conf_free(&conf);
	return 0;
}

static enum err open_watch(const char *mode, struct login_watch **w)
{
	static char url[64];
	struct conf c = *conf;

	(void)snprintf(url, sizeof(url), PREFIX "%s", mode);
	c.login.url = url;
	c.module.helper = (char[]){ "/proc/self/exe" };
	return login_watch_open(&c, LOGIN, w);
}

static void begin_writers(void)
{
	wr_init_heap(&file, 100);
	wr_init_heap(&statement, 100);
	wr_init_heap(&sig, 100);
}

static void end_writers(void)
{
	wr_free(&file);
	wr_free(&statement);
	wr_free(&sig);
}

/* Steps whenever there is something, as an owner does. */
static enum err follow(struct login_watch *w, bool *ended)
{
	enum err e = ERR_OK;

	*ended = false;
	while (!e && !*ended) {
		struct pollfd fd = { .fd = login_watch_fd(w), .events = POLLIN };

		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		e = login_watch_step(w, ended, &file, &statement, &sig);
	}
	return e;
}

static bool has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

static void ends(void **state)
{
	struct login_watch *w;
	bool ended;

	(void)state;
	begin_writers();
	assert_int_equal(open_watch("end", &w), ERR_OK);
	assert_int_equal(follow(w, &ended), ERR_OK);
	assert_true(ended);
	assert_bytes_equal(wr_view(&file), RD_LIT("file"));
	assert_bytes_equal(wr_view(&statement), LOGIN);
	assert_bytes_equal(wr_view(&sig), RD_LIT("sig"));
	/* nothing more comes, and the helper stays until it is let go */
	assert_int_equal(login_watch_step(w, &ended, &file, &statement, &sig), ERR_OK);
	assert_false(ended);
	assert_true(login_watch_fd(w) >= 0);
	login_watch_close(&w);
	assert_null(w);
	assert_false(has_children());
	end_writers();
}

/* Neither opening, nor a step, nor closing waits for a helper that says nothing, ever. */
static void nobody_ends_it(void **state)
{
	struct login_watch *w;
	bool ended = true;

	(void)state;
	begin_writers();
	assert_int_equal(open_watch("silent", &w), ERR_OK);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(login_watch_step(w, &ended, &file, &statement, &sig), ERR_OK);
		assert_false(ended);
	}
	login_watch_close(&w);
	assert_false(has_children());
	login_watch_close(&w);          /* NULL-safe */
	end_writers();
}

static void helpers_that_fail(void **state)
{
	static const struct { const char *mode; enum err e; } rows[] = {
		{ "die", ERR_IO }, { "tls", ERR_PROTOCOL }, { "not-yet", ERR_PROTOCOL }, { "no-proof", ERR_PROTOCOL },
		{ "two-proofs", ERR_PROTOCOL }, { "odd-frame", ERR_PROTOCOL }, { "endless-frame", ERR_PROTOCOL },
		{ "empty-frame", ERR_PROTOCOL }, { "failing", ERR_TLS }, { "half-frame", ERR_IO },
	};
	struct login_watch *w;
	bool ended;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		enum err e;

		begin_writers();
		e = open_watch(rows[i].mode, &w);
		if (!e)
			e = follow(w, &ended);
		if (e != rows[i].e)
			fail_msg("%s: %s", rows[i].mode, err_text(e));
		assert_int_equal(file.n + statement.n + sig.n, 0);
		/* it is gone, and says so again */
		if (w) {
			assert_int_equal(login_watch_fd(w), -1);
			assert_int_equal(login_watch_step(w, &ended, &file, &statement, &sig), ERR_IO);
			assert_false(ended);
		}
		login_watch_close(&w);
		assert_false(has_children());
		end_writers();
	}
}

static void does_not_start(void **state)
{
	struct conf c = *conf;
	struct login_watch *w;

	(void)state;
	c.login.url = (char[]){ "https://x/" };
	c.module.helper = (char[]){ "/nonexistent/connect" };
	assert_int_equal(login_watch_open(&c, LOGIN, &w), ERR_CONFIG);
	assert_null(w);
	assert_int_equal(login_watch_open(&c, RD_LIT("short"), &w), ERR_ARG);
	assert_null(w);
	c.login.url = NULL;
	assert_int_equal(login_watch_open(&c, LOGIN, &w), ERR_CONFIG);
	assert_null(w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),
		cmocka_unit_test(nobody_ends_it),
		cmocka_unit_test(helpers_that_fail),
		cmocka_unit_test(does_not_start),
	};

	(void)argc;
	if (strcmp(argv[0], HELPER_NAME) == 0)
		return helper_main();
	return cmocka_run_group_tests(tests, setup, teardown);
}
