/* SPDX-License-Identifier: Apache-2.0 */
/* quorum11 pin ..., so-pin ..., at a terminal and a reader with a pad. */
#include "test/p11/agent.h"

#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/line/verb.h"

#define SELECT RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00")

static char said[8192];

/*
 * What a verb says to a person who types these lines at the terminal, to said; its result. In a process of its own, as
 * there is one terminal for each. Afterwards it is checked there that the card has this PIN.
 */
static enum err at_terminal(const char *lines, enum err (*verb)(struct cli *cli), const char *pin)
{
	struct cli_args args = { .pin_fd = ARGS_NO_FD, .so_pin_fd = ARGS_NO_FD, .new_pin_fd = ARGS_NO_FD,
				 .new_so_pin_fd = ARGS_NO_FD };
	struct cli cli = { .args = &args, .dl = deadline_never() };
	int fd, status;
	size_t n = 0;
	ssize_t got;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	assert_true(pid >= 0);
	if (pid == 0) {
		uint8_t bytes[64], answer[64];
		struct wr cmd, rsp;
		enum err e = conf_load(&cli.conf);

		(void)alarm(PATIENCE_S);        /* who waits for more than is typed, waits for ever */
		e = e ? e : verb(&cli);
		(void)fflush(stdout);
		WR_ARR(&cmd, bytes);
		WR_ARR(&rsp, answer);
		if (fake_card_ask(RIG_READER, SELECT, &rsp))
			_exit(255);
		wr_reset(&rsp);
		wr_put(&cmd, RD_LIT("\x00\x20\x00\x81"));
		wr_u8(&cmd, (uint8_t)strlen(pin));
		wr_put(&cmd, rd_str(pin));
		if (fake_card_ask(RIG_READER, wr_view(&cmd), &rsp) || !rd_eq(wr_view(&rsp), RD_LIT("\x90\x00")))
			_exit(255);
		_exit((int)e);
	}
	/* A question ends so; what was typed before it does not count. */
	while (n < sizeof(said) - 1 && (got = read(fd, said + n, sizeof(said) - 1 - n)) > 0) {
		n += (size_t)got;
		said[n] = 0;
		if (n > 2 && strcmp(said + n - 2, ": ") == 0 && *lines) {
			size_t line = strcspn(lines, "\n") + 1;

			assert_int_equal(write(fd, lines, line), (ssize_t)line);
			lines += line;
		}
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(close(fd), 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 255)
		print_error("the PIN is not %s: %s\n", pin, said);
	return (enum err)WEXITSTATUS(status);
}

#define NEW "135790"

static void test_change(void **state)
{
	(void)state;
	(void)rig_card_simple();
	fake_reader_pad_change(RIG_READER, RIG_PIN, NEW, NEW);
	assert_int_equal(at_terminal("6\n", verb_pin_change, NEW), ERR_OK);
	assert_non_null(strstr(said, "Digits of the old PIN of "));
	assert_non_null(strstr(said, "type on the reader "));
	/* Nothing has changed, and no try is spent. */
	fake_reader_pad_change(RIG_READER, RIG_PIN, NEW, "135791");
	assert_int_equal(at_terminal("6\n", verb_pin_change, RIG_PIN), ERR_REFUSED);
	assert_non_null(strstr(said, "not the same"));
	fake_reader_pad_change(RIG_READER, "", NEW, NEW);
	assert_int_equal(at_terminal("6\n", verb_pin_change, RIG_PIN), ERR_CANCELLED);
	fake_reader_pad_change(RIG_READER, RIG_PIN, NEW, NEW);
	assert_int_equal(at_terminal("7\n", verb_pin_change, RIG_PIN), ERR_PIN_LENGTH);
	assert_int_equal(at_terminal("16\n", verb_pin_change, RIG_PIN), ERR_ARG);
	assert_int_equal(at_terminal("\n", verb_pin_change, RIG_PIN), ERR_REFUSED);
	fake_reader_pad_change(RIG_READER, "000000", NEW, NEW);
	assert_int_equal(at_terminal("6\n", verb_pin_change, RIG_PIN), ERR_PIN_WRONG);
	assert_non_null(strstr(said, "2 tries left"));
}

/* ---- by the SO-PIN ---- */

#define SO_TEXT RIG_SO_PIN                      /* digits that are its characters */
#define SO_HEX  "3537363231383830"              /* the same, as its hex digits */
#define SO_NEW  "10203040"
#define SO_NEW_HEX "3130323033303430"           /* the same, as its hex digits */

/* In each process the card begins as it was: what one verb does there, the next does not see. */
static void test_so_change(void **state)
{
	(void)state;
	(void)rig_card_simple();
	fake_reader_pad_change(RIG_READER, SO_TEXT, SO_NEW, SO_NEW);
	assert_int_equal(at_terminal("8\n", verb_so_pin_change, RIG_PIN), ERR_OK);
	assert_non_null(strstr(said, "has a new SO-PIN"));
	fake_reader_pad_change(RIG_READER, SO_HEX, SO_NEW_HEX, SO_NEW_HEX);
	assert_int_equal(at_terminal("16\n", verb_so_pin_change, RIG_PIN), ERR_OK);
	fake_reader_pad_change(RIG_READER, SO_TEXT, SO_NEW, "10203041");
	assert_int_equal(at_terminal("8\n", verb_so_pin_change, RIG_PIN), ERR_REFUSED);
	assert_non_null(strstr(said, "as before"));
	fake_reader_pad_change(RIG_READER, SO_NEW, SO_TEXT, SO_TEXT);
	assert_int_equal(at_terminal("8\n", verb_so_pin_change, RIG_PIN), ERR_PIN_WRONG);
	assert_non_null(strstr(said, "14 tries left"));
	assert_int_equal(at_terminal("12\n", verb_so_pin_change, RIG_PIN), ERR_ARG);
	assert_int_equal(at_terminal("17\n", verb_so_pin_change, RIG_PIN), ERR_ARG);
	/* One with letters is typed as ever. */
	assert_int_equal(at_terminal("\n" RIG_SO_PIN "\n00112233445566FF\n00112233445566FF\n", verb_so_pin_change,
				     RIG_PIN), ERR_OK);
}

static void test_unblock(void **state)
{
	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, SO_TEXT);
	assert_int_equal(at_terminal("8\n", verb_pin_unblock, RIG_PIN), ERR_OK);
	fake_reader_pad(RIG_READER, SO_HEX);
	assert_int_equal(at_terminal("16\n", verb_pin_unblock, RIG_PIN), ERR_OK);
	assert_non_null(strstr(said, "takes its PIN again"));
	fake_reader_pad(RIG_READER, SO_NEW);
	assert_int_equal(at_terminal("8\n", verb_pin_unblock, RIG_PIN), ERR_PIN_WRONG);
	fake_reader_pad(RIG_READER, "");
	assert_int_equal(at_terminal("8\n", verb_pin_unblock, RIG_PIN), ERR_CANCELLED);
	/* A pad that carries VERIFY alone has not asked the card. */
	fake_reader_pad(RIG_READER, SO_TEXT);
	fake_reader_pad_knows(RIG_READER, 0x20);
	assert_int_equal(at_terminal("8\n", verb_pin_unblock, RIG_PIN), ERR_UNSUPPORTED);
	assert_non_null(strstr(said, "has not been asked"));
	assert_int_equal(at_terminal("\n" RIG_SO_PIN "\n", verb_pin_unblock, RIG_PIN), ERR_OK);
}

static void test_set(void **state)
{
	(void)state;
	(void)rig_card_simple();
	/* all of it, of eight digits each */
	fake_reader_pad_change(RIG_READER, SO_TEXT, "24681357", "24681357");
	assert_int_equal(at_terminal("8\n", verb_pin_set, "24681357"), ERR_OK);
	assert_non_null(strstr(said, "has a new PIN"));
	/* the SO-PIN here, the new PIN there, of any length */
	fake_reader_pad_change(RIG_READER, "", NEW, NEW);
	assert_int_equal(at_terminal("\n6\n" RIG_SO_PIN "\n", verb_pin_set, NEW), ERR_OK);
	fake_reader_pad_change(RIG_READER, "", "246813579024680", "246813579024680");
	assert_int_equal(at_terminal("\n15\n" RIG_SO_PIN "\n", verb_pin_set, "246813579024680"), ERR_OK);
	fake_reader_pad_change(RIG_READER, "", NEW, "135791");
	assert_int_equal(at_terminal("\n6\n" RIG_SO_PIN "\n", verb_pin_set, RIG_PIN), ERR_REFUSED);
	fake_reader_pad_change(RIG_READER, "", NEW, NEW);
	assert_int_equal(at_terminal("\n6\n0011223344556677\n", verb_pin_set, RIG_PIN), ERR_PIN_WRONG);
	assert_int_equal(at_terminal("\n5\n", verb_pin_set, RIG_PIN), ERR_ARG);
	assert_int_equal(at_terminal("16\n", verb_pin_set, RIG_PIN), ERR_ARG);
	/* both here */
	assert_int_equal(at_terminal("\n\n" RIG_SO_PIN "\n" NEW "\n" NEW "\n", verb_pin_set, NEW), ERR_OK);
}

/* A pad that only takes a PIN: the keyboard for what it cannot do, and why. */
static void test_keyboard(void **state)
{
	(void)state;
	(void)rig_card_simple();
	fake_reader_pad(RIG_READER, RIG_PIN);
	assert_int_equal(at_terminal(RIG_PIN "\n" NEW "\n" NEW "\n", verb_pin_change, NEW), ERR_OK);
	assert_non_null(strstr(said, "it cannot change a PIN"));
	assert_int_equal(at_terminal(RIG_SO_PIN "\n" NEW "\n" NEW "\n", verb_pin_set, NEW), ERR_OK);
	assert_non_null(strstr(said, "it cannot change a PIN"));
	assert_int_equal(at_terminal(RIG_SO_PIN "\n" "0011223344556677\n" "0011223344556677\n", verb_so_pin_change,
				     RIG_PIN), ERR_OK);
	assert_non_null(strstr(said, "it cannot change a PIN"));
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_change),  AGENT_TEST(test_so_change), AGENT_TEST(test_unblock),
		AGENT_TEST(test_set),     AGENT_TEST(test_keyboard),
	};

	return RUN_BOTH(tests);
}
