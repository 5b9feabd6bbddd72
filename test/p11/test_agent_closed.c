/* SPDX-License-Identifier: Apache-2.0 */
/* fake: clock */
/*
 * Whatever ends an approval closes the card: a SIGN command that is sent to it then, past the agent and without a
 * login, is refused by the card itself; and the program that had logged in is told so by C_Sign.
 */
#include "test/p11/agent.h"

#include "base/clock.h"
#include "test/fake/clock.h"

#define SW_CLOSED      0x6982
#define SW_NOT_CHOSEN  0x6E00           /* after a reset, until its applet is selected */

static uint16_t card_ask(const struct wr *cmd)
{
	struct wr rsp;
	struct rd data;
	uint16_t sw;

	wr_init_heap(&rsp, APDU_RSP_MAX);
	assert_int_equal(wr_done(cmd), ERR_OK);
	assert_int_equal(fake_card_ask(RIG_READER, wr_view(cmd), &rsp), ERR_OK);
	assert_int_equal(apdu_answer(wr_view(&rsp), &data, &sw), ERR_OK);
	wr_free(&rsp);
	return sw;
}

/* The card's own answer to one SIGN command, whoever holds it. */
static uint16_t card_signs(void)
{
	uint8_t hash[SHA256_SIZE] = { 0 };
	struct wr cmd;
	uint16_t sw;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	hsm_enc_sign(&cmd, 1, HSM_ECDSA, RD_ARR(hash));
	sw = card_ask(&cmd);
	wr_free(&cmd);
	return sw;
}

static void card_select(void)
{
	uint8_t bytes[32];
	struct wr cmd;

	WR_ARR(&cmd, bytes);
	hsm_enc_select(&cmd);
	assert_int_equal(card_ask(&cmd), APDU_SW_OK);
}

static void wait_until(bool (*is_so)(void))
{
	struct deadline all = deadline_in(PATIENCE_MS);

	while (!is_so()) {
		struct deadline slice = deadline_within(&all, 5);

		assert_int_equal(deadline_check(&all), ERR_OK);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
}

static bool agent_says(const char *state)
{
	struct agent_at at = agent_rig_at();
	char why[AGENT_TEXT_MAX];
	struct wr w;
	bool said;

	wr_init_heap(&w, AGENT_MESSAGE_MAX);
	assert_int_equal(agent_status(&at, &w, why, sizeof(why)), ERR_OK);
	said = strstr(wr_cstr(&w), state) != NULL;
	wr_free(&w);
	return said;
}

static bool is_closed(void) { return agent_says("\"state\":\"closed\""); }
static bool is_empty(void) { return agent_says("\"state\":\"empty\""); }

/* ---- what ends it ---- */

static void by_time(void)
{
	fake_clock_pass(3600 * 1000);
	wait_until(is_closed);
}

static void by_hand(void)
{
	struct agent_at at = agent_rig_at();
	char why[AGENT_TEXT_MAX];

	assert_int_equal(agent_end(&at, NULL, why, sizeof(why)), ERR_OK);
}

static void by_custodian(void)
{
	people_say_end(agent_people, 2);
	wait_until(is_closed);
	assert_true(agent_says("ended by custodian UT"));
}

static void put_back(void)
{
	assert_int_equal(fake_card_insert(RIG_READER, people_target(agent_people)), ERR_OK);
}

static void by_removal(void)
{
	fake_card_remove(RIG_READER);
	put_back();
}

static void by_removal_noticed(void)
{
	fake_card_remove(RIG_READER);
	wait_until(is_empty);
	put_back();
	wait_until(is_closed);
}

static void by_agents_end(void)
{
	agent_rig_stop();
}

static const struct row {
	void (*end)(void);
	bool agent_goes;
	uint16_t sw;                            /* the card says then; 0: the agent may have chosen it again */
	CK_RV rv;                               /* and C_Sign */
} rows[] = {
	{ by_time, false, SW_CLOSED, CKR_FUNCTION_REJECTED },
	{ by_hand, false, SW_CLOSED, CKR_USER_NOT_LOGGED_IN },
	{ by_custodian, false, SW_CLOSED, CKR_USER_NOT_LOGGED_IN },
	{ by_removal, false, 0, CKR_DEVICE_REMOVED },
	/* The agent has chosen it again, and read what is public. */
	{ by_removal_noticed, false, SW_CLOSED, CKR_DEVICE_REMOVED },
	{ by_agents_end, true, SW_NOT_CHOSEN, CKR_DEVICE_REMOVED },
};

static void test_ends(void **state)
{
	const struct row *r = *state;
	CK_BYTE data[32] = { 1 }, sig[64];
	CK_ULONG n = sizeof(sig);
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	uint16_t sw;

	agent_people = people_new("vendor-shared");
	agent_rig_start(people_conf_text("approve", "[agent]\nlimits = for=1h\n"));
	agent_only();
	rig_initialize();
	session = rig_session();
	assert_ok(rig_login(session, NULL));
	key = rig_find(session, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(session, key));
	assert_int_equal(card_signs(), APDU_SW_OK);
	(void)people_watcher(1);
	/* A signature that has begun is none that would still be made. */
	assert_ok(rig_sign_begin(session, CKM_ECDSA, key));
	r->end();
	sw = card_signs();
	assert_true(r->sw ? sw == r->sw : sw == SW_CLOSED || sw == SW_NOT_CHOSEN);
	assert_rv(C_Sign(session, data, sizeof(data), sig, &n), r->rv);
	if (sw == SW_NOT_CHOSEN)
		card_select();
	assert_int_equal(card_signs(), SW_CLOSED);
	rig_finalize();
	if (!r->agent_goes)
		agent_rig_stop();
}

/* The agent's process is killed: the card is nobody's, and closed for who comes next (with pcscd: test/e2e/agent-*). */
static void test_death(void **state)
{
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	(void)state;
	agent_start_people("vendor-shared", "approve", "");
	rig_initialize();
	session = rig_session();
	assert_ok(rig_login(session, NULL));
	key = rig_find(session, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(session, key));
	agent_process_kill();
	put_back();
	assert_int_equal(card_signs(), SW_NOT_CHOSEN);
	assert_rv(rig_sign(session, key), CKR_DEVICE_REMOVED);
	card_select();
	assert_int_equal(card_signs(), SW_CLOSED);
}

#define ENDS(i, name) { name, test_ends, agent_test_setup, agent_test_teardown, (void *)(uintptr_t)&rows[i] }

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ENDS(0, "time"), ENDS(1, "agent end"), ENDS(2, "a custodian"), ENDS(3, "removal"),
		ENDS(4, "removal that was noticed"), ENDS(5, "the agent's end"), AGENT_TEST(test_death),
	};

	if (people_is_helper(argc, argv))
		return 0;
	agent_process_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
