/* SPDX-License-Identifier: Apache-2.0 */
/* quorum11 register with a card that is pulled at each of its steps: what is said, and that it goes on from there. */
#include "test/unit/vcard_pka.h"

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

/* The verb; what it says on stderr to said. */
static enum err run(void)
{
	struct cli cli = { .args = &args, .conf = conf, .dl = deadline_never() };
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), memory = memfd_create("said", MFD_CLOEXEC);
	ssize_t n;
	enum err e;

	assert_true(out >= 0 && err >= 0 && memory >= 0);
	fflush(stdout);
	assert_true(dup2(memory, STDERR_FILENO) >= 0 && freopen("/dev/null", "w", stdout));
	e = verb_register(&cli);
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

static void test_pulled(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pulled, setup, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
