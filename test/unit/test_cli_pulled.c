/* SPDX-License-Identifier: Apache-2.0 */
/* A card that is pulled at each step of a verb: what is said, what is left, and that the verb can be done again. */
#include "test/unit/vcard_pka.h"

#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/file.h"
#include "cli/line/verb.h"
#include "pka/file.h"
#include "test/fake/scard.h"

#define READER  "Test Reader 0"
#define SELECT  RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00")
#define TOTAL   2
#define STEPS   500                     /* more than it takes */

static char paths[TOTAL][128], *operands[TOTAL] = { paths[0], paths[1] };
static struct cli_args args = { .yes = true, .n = TOTAL, .v = operands, .pin_fd = ARGS_NO_FD, .so_pin_fd = ARGS_NO_FD };
static struct conf *conf;
static struct custodian *custodians[TOTAL];
static char said[8192];

static int group_setup(void **state)
{
	const struct vcard_profile *p = vcard_profile_find("vendor-shared");
	char path[128];
	struct wr w;

	if (test_folder_make(state))
		return -1;
	for (size_t i = 0; i < TOTAL; i++) {
		custodians[i] = custodian_new(p, i ? "UTBENBENBEN00001" : "UTANNAANNAA00001");
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%zu.pka", test_folder, i);
		wr_init_heap(&w, FILE_SIZE_MAX);
		if (pka_file_write(wr_view(&custodians[i]->devaut), wr_view(&custodians[i]->attestation), &w) ||
		    file_write(paths[i], 0644, wr_view(&w)))
			return -1;
		wr_free(&w);
	}
	(void)snprintf(path, sizeof(path), "%s/conf", test_folder);
	wr_init_heap(&w, 256);
	wr_printf(&w, "[trust]\nroots = %s/pki/root.cvc\n", test_folder);
	if (file_write(path, 0644, wr_view(&w)) || conf_load_file(path, &conf))
		return -1;
	wr_free(&w);
	return 0;
}

static int group_teardown(void **state)
{
	for (size_t i = 0; i < TOTAL; i++)
		custodian_free(custodians[i]);
	conf_free(&conf);
	return test_folder_remove(state);
}

static int setup(void **state)
{
	(void)state;
	fake_scard_start();
	fake_reader_plug(READER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return fake_scard_stop() ? -1 : 0;
}

/* A verb; what it says on stderr to said. */
static enum err run_with(const struct cli_args *with, enum err (*verb)(struct cli *cli))
{
	struct cli cli = { .args = with, .conf = conf, .dl = deadline_never() };
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), memory = memfd_create("said", MFD_CLOEXEC);
	ssize_t n;
	enum err e;

	assert_true(out >= 0 && err >= 0 && memory >= 0);
	fflush(stdout);
	assert_true(dup2(memory, STDERR_FILENO) >= 0 && freopen("/dev/null", "w", stdout));
	e = verb(&cli);
	fflush(stdout);
	assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
	n = pread(memory, said, sizeof(said) - 1, 0);
	assert_true(n >= 0);
	said[n] = 0;
	(void)close(memory);
	(void)close(out);
	(void)close(err);
	return e;
}

static enum err run(void)
{
	return run_with(&args, verb_register);
}

/* A card for so many custodians, in the reader. */
static struct card *target_new(void)
{
	struct card *c = card_new("vendor-shared");

	assert_int_equal(card_init_with(c, 0x0001, RD_NONE, 3, SO_PIN, "93020202"), 0x9000);
	vcard_close(&c->v);
	assert_int_equal(fake_card_insert(READER, c->dir), ERR_OK);
	return c;
}

/* What the card says that is missing. */
static unsigned missing(void)
{
	uint8_t bytes[64];
	struct wr w;

	WR_ARR(&w, bytes);
	assert_int_equal(fake_card_ask(READER, SELECT, &w), ERR_OK);
	WR_ARR(&w, bytes);
	assert_int_equal(fake_card_ask(READER, RD_LIT("\x80\x54\x00\x00\x00"), &w), ERR_OK);
	assert_true(w.n >= 4);
	return bytes[1];
}

static void test_register(void **state)
{
	bool went_on = false;
	unsigned k;
	enum err e = ERR_REMOVED;

	(void)state;
	for (k = 1; e && k < STEPS; k++) {
		struct card *c = target_new();
		char words[80];

		fake_fault(READER, k, FAKE_REMOVED);
		e = run();
		if (!e) {
			fake_card_remove(READER);
			card_free(c);
			break;
		}
		assert_int_equal(e, ERR_REMOVED);
		assert_non_null(strstr(said, "put the card back and start again"));
		assert_int_equal(fake_card_insert(READER, c->dir), ERR_OK);
		(void)snprintf(words, sizeof(words), "%u of %u are registered; the same command goes on from there",
			       TOTAL - missing(), TOTAL);
		if (missing() == 1) {
			went_on = true;
			assert_non_null(strstr(said, words));
		} else if (missing() == TOTAL) {
			assert_null(strstr(said, "goes on from there"));
		}
		assert_int_equal(run(), ERR_OK);
		assert_int_equal(missing(), 0);
		fake_card_remove(READER);
		card_free(c);
	}
	assert_int_equal(e, ERR_OK);
	assert_true(went_on);
}

/* ---- any verb ---- */

#define NEW_FILE "new"

static char pin_file[128], new_pin_file[128], so_pin_file[128], new_file[128], *new_operand[1] = { new_file };
#define ARGS .yes = true, .force = true, .pin_file = pin_file, .so_pin_file = so_pin_file, .pin_fd = ARGS_NO_FD, \
	     .so_pin_fd = ARGS_NO_FD, .new_pin_fd = ARGS_NO_FD, .new_so_pin_fd = ARGS_NO_FD, .domain = ARGS_NO_FD, \
	     .dkek_shares = ARGS_NO_FD

/* Of a card with a PIN and one custodian's key; new_file: what it writes, or nothing. */
static const struct {
	const char *name;
	enum err (*verb)(struct cli *cli);
	struct cli_args args;
	bool writes, once;              /* once: what is half done cannot be done again */
} verbs[] = {
	{ "status", verb_status, { ARGS }, false, false },
	{ "custodian export", verb_custodian_export, { ARGS, .out = new_file }, true, false },
	{ "custodian keygen", verb_custodian_keygen, { ARGS, .label = "other" }, false, false },
	{ "keygen", verb_keygen,
	  { ARGS, .type = "ec:secp256r1", .label = "x", .archive = { .n = 1, .v = { new_file } } }, true, false },
	{ "attest export", verb_attest_export, { ARGS, .key = "custodian", .out = new_file }, true, false },
	{ "domain ask", verb_domain_ask, { ARGS, .n = 1, .v = new_operand }, true, false },
	{ "pin change", verb_pin_change, { ARGS, .new_pin_file = new_pin_file }, false, true },
	{ "init", verb_init, { ARGS, .label = "anew" }, false, false },
	{ "delete", verb_delete, { ARGS, .key = "custodian" }, false, true },
};

static void put_file(char path[128], const char *name, const char *text)
{
	(void)snprintf(path, 128, "%s/%s", test_folder, name);
	if (text)
		assert_int_equal(file_write(path, 0600, rd_str(text)), ERR_OK);
}

/* In the reader, and with a custodian's key. */
static struct card *card_with_key(void)
{
	static const struct cli_args keygen = { ARGS };
	struct card *c = card_new("vendor-shared");

	fake_fault(READER, UINT_MAX, FAKE_REMOVED);     /* the last one may not have come to pass */
	card_init(c, 0x0001);
	vcard_close(&c->v);
	assert_int_equal(fake_card_insert(READER, c->dir), ERR_OK);
	if (run_with(&keygen, verb_custodian_keygen))
		fail_msg("a custodian's key: %s", said);
	return c;
}

static void test_verbs(void **state)
{
	(void)state;
	put_file(pin_file, "pin", "648219\n");
	put_file(new_pin_file, "new-pin", "135790\n");
	put_file(so_pin_file, "so-pin", "3537363231383830\n");
	put_file(new_file, NEW_FILE, NULL);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		enum err e = ERR_REMOVED;
		unsigned k;

		for (k = 1; e && k < STEPS; k++) {
			struct card *c = card_with_key();

			(void)unlink(new_file);
			fake_fault(READER, k, FAKE_REMOVED);
			e = run_with(&verbs[i].args, verbs[i].verb);
			if (e && ((e != ERR_REMOVED && e != ERR_NO_CARD) || !strstr(said, READER)))
				fail_msg("%s, pulled at step %u: %s: %s", verbs[i].name, k, err_text(e), said);
			if (e && access(new_file, F_OK) == 0)
				fail_msg("%s, pulled at step %u: leaves a file", verbs[i].name, k);
			if (!e && verbs[i].writes)
				assert_int_equal(access(new_file, F_OK), 0);
			assert_int_equal(fake_connections(READER), 0);
			if (e && !verbs[i].once) {
				assert_int_equal(fake_card_insert(READER, c->dir), ERR_OK);
				if (run_with(&verbs[i].args, verbs[i].verb))
					fail_msg("%s, after step %u: %s", verbs[i].name, k, said);
			}
			fake_card_remove(READER);
			card_free(c);
		}
		assert_int_equal(e, ERR_OK);
		assert_true(k > 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_register, setup, teardown),
		cmocka_unit_test_setup_teardown(test_verbs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
