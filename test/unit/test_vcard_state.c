/* SPDX-License-Identifier: Apache-2.0 */
/* The state on disk: complete, whole after a kill, refused when damaged, one owner. */
#include <signal.h>
#include <sys/wait.h>

#include "base/file.h"
#include "test/unit/vcard.h"

#define STATE_CAP (1 << 20)

static struct rd state_bytes(const struct card *c, struct wr *w)
{
	char path[128];

	wr_reset(w);
	(void)snprintf(path, sizeof(path), "%s/state", c->dir);
	assert_int_equal(file_read(path, STATE_CAP, w), ERR_OK);
	return wr_view(w);
}

/* A card with one of everything. */
static struct card *full_card(const struct vcard_profile *p)
{
	struct card *c = card_new(p->name);

	assert_int_equal(card_init_with(c, 0x0009, PIN, 3, SO_PIN, "920100" "93020302"), 0x9000);
	card_select(c);
	card_login(c);
	if (p->pin_opens) {
		assert_int_equal(card_generate(c, 1, EC_BP256R1, 0, "UTCA00001", "UTKEY00001",
					       "9004000003E8"
					       "91027380"),
				 0x9000);
		assert_int_equal(card_generate(c, 2, EC_NONE, 1024, "UTCA00001", "UTKEY00002", ""), 0x9000);
		assert_int_equal(card_hex(c, "00D72F0309540200005303AABBCC"), 0x9000);
		assert_int_equal(card_hex(c, "00D7C4010654020000" "5300"), 0x9000);
	}
	return c;
}

/* What is written, read and written again is the same. */
EACH_WITH(test_round_trip, p->keys_limited)
{
	struct card *c = full_card(p);
	struct vcard_state *s = NULL;
	struct wr before, after;

	wr_init_heap(&before, STATE_CAP);
	wr_init_heap(&after, STATE_CAP);
	(void)state_bytes(c, &before);
	assert_int_equal(vcard_state_load(c->dir, &s), ERR_OK);
	assert_false(s->dirty);
	assert_int_equal(vcard_state_save(s, c->dir, false), ERR_OK);
	assert_bytes_equal(state_bytes(c, &after), wr_view(&before));
	vcard_state_free(&s);
	wr_free(&after);
	wr_free(&before);
	card_free(c);
}

/* Cut at any place it is not a state; nor with a byte more. */
static void test_damaged(void **state)
{
	struct card *c = full_card(vcard_profile_find("vendor-shared"));
	struct vcard_state *s = NULL;
	char path[128];
	struct wr w;

	(void)state;
	wr_init_heap(&w, STATE_CAP);
	(void)state_bytes(c, &w);
	(void)snprintf(path, sizeof(path), "%s/state", c->dir);
	/* The objects at its end may be missing as a whole: those places are no damage. */
	for (size_t n = 0; n < w.n; n += n < 600 ? 1 : 37) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		assert_int_equal(fwrite(w.p, 1, n, f), n);
		assert_int_equal(fclose(f), 0);
		if (vcard_state_load(c->dir, &s) == ERR_OK) {
			assert_true(s->keys_n < 2 || s->files_n < 4);
			vcard_state_free(&s);
		}
		assert_null(s);
	}
	wr_u8(&w, 0);
	assert_int_equal(file_write(path, 0600, wr_view(&w)), ERR_OK);
	assert_int_equal(vcard_state_load(c->dir, &s), ERR_FORMAT);
	vcard_close(&c->v);
	assert_int_equal(vcard_open(c->dir, &c->v), ERR_FORMAT);
	assert_int_equal(remove(path), 0);
	assert_int_equal(vcard_open(c->dir, &c->v), ERR_NOT_FOUND);
	wr_free(&w);
	card_free(c);
}

/* No PIN stands in the file. */
static void test_no_pin(void **state)
{
	struct card *c = full_card(vcard_profile_find("vendor-shared"));
	struct wr w;

	(void)state;
	wr_init_heap(&w, STATE_CAP);
	(void)state_bytes(c, &w);
	assert_null(memmem(w.p, w.n, "648219", 6));
	assert_null(memmem(w.p, w.n, "57621880", 8));
	wr_free(&w);
	card_free(c);
}

static void test_one_owner(void **state)
{
	struct card *c = card_new("vendor-shared");
	struct vcard_spec again = { .dir = c->dir };
	struct vcard *second = NULL;

	(void)state;
	assert_int_equal(vcard_open(c->dir, &second), ERR_SHARING);
	assert_int_equal(vcard_open("/nonexistent", &second), ERR_NOT_FOUND);
	assert_int_equal(vcard_create(&again), ERR_CONDITIONS);
	again.profile = "no-such";
	assert_int_equal(vcard_create(&again), ERR_ARG);
	again.profile = NULL;
	again.id = "utvc";
	assert_int_equal(vcard_create(&again), ERR_ARG);
	card_free(c);
}

/*
 * Where nothing can be written, nothing happens: no try is spent in memory only, no key is made. Then the card is
 * dead.
 */
static void test_disk_gone(void **state)
{
	struct card *c = full_card(vcard_profile_find("vendor-shared"));
	char away[80];

	(void)state;
	(void)snprintf(away, sizeof(away), "%s.away", c->dir);
	assert_int_equal(rename(c->dir, away), 0);
	assert_int_equal(card_verify(c, RD_LIT("111111")), 0x6581);
	assert_int_equal(card_verify(c, PIN), 0x6F00);
	assert_int_equal(vcard_atr(c->v).n, 0);
	assert_int_equal(rename(away, c->dir), 0);
	card_again(c);
	card_select(c);
	assert_int_equal(card_hex(c, "00200088"), 0x63CF);
	card_login(c);
	card_free(c);
}

/* What the child does until it is killed: every kind of change. */
static void torment(const char *dir, int progress)
{
	struct card *c = calloc(1, sizeof(*c));

	if (!c || strlen(dir) >= sizeof(c->dir))
		_exit(1);
	memcpy(c->dir, dir, strlen(dir));
	wr_init_heap(&c->rsp, APDU_RSP_MAX);
	if (vcard_open(c->dir, &c->v))
		_exit(1);
	card_select(c);
	for (uint8_t i = 0;; i++) {
		uint8_t update[8 + 32] = { 0x54, 2, 0, 0, 0x53, 32 };

		memset(update + 6, i, 32);
		(void)card_verify(c, RD_LIT("111111"));
		(void)card_verify(c, PIN);
		(void)card_send(c, 0x00D7CF01, rd_of(update, 38), NO_LE);
		(void)card_generate(c, 1 + i % 3, EC_BP256R1, 0, "", "UTKEY00001", "");
		(void)card_send(c, 0x00E40200, rd_of((const uint8_t[]){ 0xCC, 1 + i % 3 }, 2), NO_LE);
		(void)card_init_with(c, 0x0001, PIN, 3, SO_PIN, i % 2 ? "" : "93020302");
		card_select(c);
		if (write(progress, &i, 1) != 1)
			_exit(1);
	}
}

static void test_kill(void **state)
{
	struct card *c = card_new("vendor-shared");
	uint32_t x = 7;

	(void)state;
	card_init(c, 0x0001);
	vcard_close(&c->v);
	for (int round = 0; round < 40; round++) {
		int pipes[2], status;
		uint8_t byte;
		pid_t child;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			torment(c->dir, pipes[1]);
		close(pipes[1]);
		/* After one turn, or several, and then at any moment of the next. */
		for (int turns = 1 + round % 3; turns; turns--)
			assert_int_equal(read(pipes[0], &byte, 1), 1);
		x = x * 1664525 + 1013904223;
		for (volatile uint32_t spin = 0; spin < (x >> 8) % 200000; spin++)
			;
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(pipes[0]);

		/* A whole card: PIN set, tries in range, a file entirely of one command, each key with its request. */
		card_open(c);
		card_select(c);
		assert_true(c->v->state->initialised && c->v->state->pin.left <= 3 && c->v->state->so.left >= 14);
		for (size_t i = 0; i < c->v->state->files_n; i++) {
			const struct vcard_file *f = c->v->state->files[i];

			if (f->fid == 0xCF01) {
				assert_int_equal(f->data.n, 32);
				for (size_t k = 1; k < 32; k++)
					assert_int_equal(f->data.p[k], f->data.p[0]);
			}
		}
		for (size_t i = 0; i < c->v->state->keys_n; i++)
			assert_non_null(vcard_state_file(c->v->state, (uint16_t)(0xCE00 | c->v->state->keys[i]->id)));
		card_login(c);
		vcard_close(&c->v);
	}
	card_open(c);
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_round_trip),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_no_pin),
		cmocka_unit_test(test_one_owner),
		cmocka_unit_test(test_disk_gone),
		cmocka_unit_test(test_kill),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
