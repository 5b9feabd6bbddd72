/* SPDX-License-Identifier: Apache-2.0 */
/* A custodian's address book: its file, and that a key never changes quietly. */
#include "test/unit/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/book/book.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define FIRST "UTTGT0400000 " KEY_A " Board signer\n"

static char home[] = "/tmp/quorum11-test-XXXXXX";

static struct cli_book *parse(enum cli_book_kind kind, const char *text, enum err want, unsigned want_line)
{
	static struct cli_book b;
	unsigned line;

	b.kind = kind;
	assert_int_equal(cli_book_parse(rd_str(text), &b, &line), want);
	if (want)
		assert_int_equal(line, want_line);
	return &b;
}

static struct cli_book_entry entry(const char *id, uint8_t first, const char *name)
{
	struct cli_book_entry e = { .has_key = true };

	for (size_t i = 0; i < sizeof(e.key); i++)
		e.key[i] = (uint8_t)i;
	e.key[0] = first;
	memcpy(e.id, id, strlen(id) + 1);
	memcpy(e.name, name, strlen(name) + 1);
	return e;
}

static void reads_what_it_writes(void **state)
{
	static const char text[] = "# quorum11 address book 1\n" FIRST "DENK0404144 " KEY_B " K\xC3\xBC" "che, 2\n";
	struct cli_book *b = parse(BOOK_DEVICES, text, ERR_OK, 0);
	struct wr w;

	(void)state;
	assert_int_equal(b->n, 2);
	assert_string_equal(cli_book_find(b, "UTTGT0400000")->name, "Board signer");
	assert_string_equal(cli_book_named(b, "K\xC3\xBC" "che, 2")->id, "DENK0404144");
	assert_null(cli_book_find(b, "UTTGT040000"));
	wr_init_heap(&w, BOOK_FILE_MAX);
	cli_book_write(b, &w);
	assert_string_equal(wr_cstr(&w), text);
	wr_free(&w);
}

static void refuses_other_files(void **state)
{
	static const char *const rows[] = {
		"UTTGT0400000\n", "UTTGT0400000 " KEY_A "\n", "UTTGT0400000 " KEY_A " \n",
		"UTTGT0400000 - Board signer\n",
		"UTTGT0400000 0001 Board signer\n", "UTTGT0400000 " KEY_A "00 Board signer\n",
		"UTTGT0400000  " KEY_A " Board signer\n", "ut " KEY_A " Board signer\n",
		"UTTGT0400000 " KEY_A " Board\tsigner\n", "UTTGT0400000 " KEY_A " a\x1b[2Jb\n",
		"UTTGT0400000 " KEY_A " a\xE2\x80\xAE" "b\n", FIRST FIRST,
		FIRST "UTTGT0400001 " KEY_A " Board signer\n",
		FIRST "UTTGT0400000 " KEY_B " other\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)parse(BOOK_DEVICES, rows[i], ERR_FORMAT, strncmp(rows[i], FIRST, sizeof(FIRST) - 1) ? 1 : 2);
	(void)parse(BOOK_PEOPLE, "UTAAAAAAAAA00001 - anna\n", ERR_OK, 0);
}

static void a_key_never_changes_quietly(void **state)
{
	struct cli_book *b = parse(BOOK_DEVICES, FIRST, ERR_OK, 0);
	struct cli_book_entry same = entry("UTTGT0400000", 0, "Board signer"), key = entry("UTTGT0400000", 9, "other"),
			      name = entry("UTTGT0400000", 0, "other"),
			      thief = entry("UTTGT0400009", 0, "Board signer"),
			      fresh = entry("UTTGT0400009", 9, "other");

	(void)state;
	assert_int_equal(cli_book_add(b, &same), ERR_OK);
	assert_int_equal(cli_book_add(b, &key), ERR_REFUSED);
	assert_int_equal(cli_book_add(b, &name), ERR_REFUSED);
	assert_int_equal(cli_book_add(b, &thief), ERR_REFUSED);
	assert_int_equal(b->n, 1);
	assert_int_equal(cli_book_add(b, &fresh), ERR_OK);
	assert_int_equal(cli_book_rename(b, "other", "Board signer"), ERR_REFUSED);
	assert_int_equal(cli_book_rename(b, "other", "a\nb"), ERR_ARG);
	assert_int_equal(cli_book_rename(b, "other", "another"), ERR_OK);
	assert_int_equal(cli_book_remove(b, "other"), ERR_NOT_FOUND);
	assert_int_equal(cli_book_remove(b, "UTTGT0400000"), ERR_OK);
	assert_int_equal(b->n, 1);
	assert_string_equal(b->v[0].name, "another");
}

static void is_bounded(void **state)
{
	struct cli_book *b = parse(BOOK_DEVICES, "", ERR_OK, 0);
	char id[CHR_MAX + 1], name[16];

	(void)state;
	for (unsigned i = 0; i <= BOOK_MAX; i++) {
		struct cli_book_entry e;

		(void)snprintf(id, sizeof(id), "UTTGT0%06u", i);
		(void)snprintf(name, sizeof(name), "name %u", i);
		e = entry(id, 0, name);
		assert_int_equal(cli_book_add(b, &e), i < BOOK_MAX ? ERR_OK : ERR_LIMIT);
	}
}

static void names_people(void **state)
{
	struct cli_book *b = parse(BOOK_PEOPLE, "UTAAAAAAAAA00001 - anna\n", ERR_OK, 0);
	struct wr w;

	(void)state;
	wr_init_heap(&w, 256);
	cli_book_wr_person(&w, b, "UTAAAAAAAAA00001");
	wr_text(&w, ", ");
	cli_book_wr_person(&w, b, "UTBBBBBBBBB00001");
	assert_string_equal(wr_cstr(&w), "anna (UTAAAAAAAAA00001), UTBBBBBBBBB00001");
	wr_free(&w);
}

static enum err put(struct cli_book *b, const void *e)
{
	return cli_book_add(b, e);
}

/* A book that cannot be read is never written over. */
static void is_kept_in_a_file(void **state)
{
	struct cli_book_entry one = entry("UTTGT0400000", 0, "Board signer"), two = entry("UTTGT0400001", 1, "two");
	struct cli_book *b = NULL;
	char path[128];
	struct stat st;

	(void)state;
	assert_int_equal(cli_book_load(BOOK_DEVICES, &b), ERR_OK);
	assert_int_equal(b->n, 0);
	free(b);
	assert_int_equal(cli_book_change(BOOK_DEVICES, put, &one), ERR_OK);
	assert_int_equal(cli_book_change(BOOK_DEVICES, put, &two), ERR_OK);
	assert_int_equal(cli_book_load(BOOK_DEVICES, &b), ERR_OK);
	assert_int_equal(b->n, 2);
	free(b);
	(void)snprintf(path, sizeof(path), "%s/deep/quorum11/devices", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_write(path, 0600, RD_LIT("nonsense\n")), ERR_OK);
	assert_int_equal(cli_book_load(BOOK_DEVICES, &b), ERR_FORMAT);
	assert_int_equal(cli_book_change(BOOK_DEVICES, put, &one), ERR_FORMAT);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/deep/quorum11", home);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/deep", home);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes), cmocka_unit_test(refuses_other_files),
		cmocka_unit_test(a_key_never_changes_quietly), cmocka_unit_test(is_bounded),
		cmocka_unit_test(names_people), cmocka_unit_test(is_kept_in_a_file),
	};
	char deep[64];
	int rc;

	if (!mkdtemp(home))
		return 1;
	(void)snprintf(deep, sizeof(deep), "%s/deep", home);
	(void)setenv("XDG_CONFIG_HOME", deep, 1);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(home);
	return rc;
}
