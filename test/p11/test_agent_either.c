/* SPDX-License-Identifier: Apache-2.0 */
/* A card that opens by people or by its PIN alone, at an agent: what people say is not the answer to a PIN. */
#include "test/p11/agent.h"

#include <unistd.h>

#include "base/fd.h"

#define EITHER "vendor-per-key+pin"

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

static int setup(void **state)
{
	return rig_setup(state);
}

static int teardown(void **state)
{
	agent_rig_stop();
	if (agent_people)
		people_free(agent_people);
	agent_people = NULL;
	return rig_teardown(state);
}

static void start(const char *what)
{
	agent_people = people_new(EITHER);
	agent_rig_start(people_conf_text(what, ""));
}

static void test_cool_down(void **state)
{
	struct agent_user a, b;

	(void)state;
	start("deny");
	agent_user_come(&a);
	agent_user_come(&b);
	assert_int_equal(agent_user_login(&a, NULL, NULL), ERR_DENIED);
	assert_int_equal(agent_user_login(&b, NULL, NULL), ERR_DENIED);
	assert_non_null(strstr(b.why, "cooldown"));
	assert_int_equal(people_asked(agent_people), 1);
	/* A wrong PIN is what the card says of it, and neither answer is the other's. */
	assert_int_equal(agent_user_login(&a, "000000", NULL), ERR_PIN_WRONG);
	assert_int_equal(agent_user_login(&a, NULL, NULL), ERR_DENIED);
	assert_int_equal(agent_user_login(&a, QUORUM_PIN, NULL), ERR_OK);
	assert_int_equal(agent_user_sign(&a, 1), ERR_OK);
	assert_int_equal(people_asked(agent_people), 0);
	/* It is open by the PIN: who does not know it does not ride on it. */
	assert_int_equal(agent_user_login(&b, NULL, NULL), ERR_ARG);
	agent_user_go(&a);
	agent_user_go(&b);
}

/* ---- several who wait ---- */

struct waiter {
	pthread_t thread;
	struct agent_user u;
	const char *pin;
	int heard;                      /* its first progress */
	enum err e;
};

static void on_progress(void *ctx, const char *text)
{
	const struct waiter *w = ctx;
	const uint64_t one = 1;

	(void)text;
	assert_int_equal(write(w->heard, &one, sizeof(one)), sizeof(one));
}

static void *wait_for_login(void *arg)
{
	struct waiter *w = arg;
	struct secret *pin = NULL;

	if (w->pin)
		assert_int_equal(secret_new(rd_str(w->pin), &pin), ERR_OK);
	w->e = agent_login(hsm_card_link(w->u.card),
			   &(struct agent_login_params){ .pin = pin, .progress = on_progress, .ctx = w },
			   w->u.why, sizeof(w->u.why), &never);
	secret_free(&pin);
	return NULL;
}

/* It is waiting when this returns: the agent tells how far the login is that runs. */
static void waiter_start(struct waiter *w, const char *pin)
{
	struct deadline dl = deadline_in(PATIENCE_MS);

	w->pin = pin;
	w->heard = fd_event();
	agent_user_come(&w->u);
	assert_int_equal(pthread_create(&w->thread, NULL, wait_for_login, w), 0);
	assert_int_equal(deadline_wait(&dl, w->heard), ERR_OK);
}

static enum err waiter_result(struct waiter *w)
{
	assert_int_equal(pthread_join(w->thread, NULL), 0);
	(void)close(w->heard);
	return w->e;
}

static void test_waiting(void **state)
{
	struct waiter owner, joiner, wrong, wrong_too, right;

	(void)state;
	start("hold");
	waiter_start(&owner, NULL);
	waiter_start(&joiner, NULL);
	waiter_start(&wrong, "000000");
	waiter_start(&wrong_too, "000000");
	waiter_start(&right, QUORUM_PIN);
	people_let_go();
	assert_int_equal(waiter_result(&owner), ERR_DENIED);
	assert_int_equal(waiter_result(&joiner), ERR_DENIED);
	assert_int_equal(waiter_result(&wrong), ERR_PIN_WRONG);
	assert_int_equal(waiter_result(&wrong_too), ERR_PIN_WRONG);
	/* The second one with the same wrong PIN cost no try. */
	assert_string_equal(wrong.u.why, wrong_too.u.why);
	assert_int_equal(waiter_result(&right), ERR_OK);
	assert_int_equal(agent_user_sign(&right.u, 1), ERR_OK);
	assert_int_equal(people_asked(agent_people), 1);
	agent_user_go(&owner.u);
	agent_user_go(&joiner.u);
	agent_user_go(&wrong.u);
	agent_user_go(&wrong_too.u);
	agent_user_go(&right.u);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cool_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting, setup, teardown),
	};

	if (people_is_helper(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
