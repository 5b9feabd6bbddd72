/* SPDX-License-Identifier: Apache-2.0 */
/* Slots, tokens and their flags in each mode, events. */
#include "test/p11/agent.h"

#include <pthread.h>

#include "base/clock.h"
#include "sc-hsm/cmd.h"
#include "test/quorum.h"

static CK_ULONG slots(CK_BBOOL with_token, CK_SLOT_ID *list, CK_ULONG room)
{
	CK_ULONG n = room;

	assert_ok(C_GetSlotList(with_token, list, &n));
	return n;
}

/* Filled up with blanks. */
static bool is_description(const CK_SLOT_INFO *info, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n; i < sizeof(info->slotDescription); i++)
		if (info->slotDescription[i] != ' ')
			return false;
	return memcmp(info->slotDescription, name, n) == 0;
}

static void test_list(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SLOT_ID list[8];
	CK_SLOT_INFO info;
	CK_ULONG n = 0;

	(void)state;
	rig_initialize();
	assert_rv(C_GetSlotList(CK_FALSE, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_int_equal(slots(CK_FALSE, list, 8), 1);
	assert_int_equal(slots(CK_TRUE, list, 8), 0);
	assert_rv(C_GetSlotInfo(1, &info), CKR_SLOT_ID_INVALID);
	assert_rv(C_GetSlotInfo(0, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_GetSlotInfo(0, &info));
	assert_true(is_description(&info, RIG_READER));
	assert_int_equal(info.flags, CKF_REMOVABLE_DEVICE | CKF_HW_SLOT);

	/* A new reader gets a new number, an old one keeps its own while others come and go. */
	rig_plug(RIG_OTHER_READER);
	rig_other_put(c.dir);
	/*
	 * Seen only with the next question for the length: one that comes between it and the list does not make the
	 * list longer (PKCS#11 2.40 5.5).
	 */
	assert_int_equal(slots(CK_FALSE, list, 1), 1);
	assert_ok(C_GetSlotList(CK_FALSE, NULL, &n));
	assert_int_equal(n, 2);
	n = 1;
	assert_rv(C_GetSlotList(CK_FALSE, list, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 2);
	assert_int_equal(slots(CK_TRUE, list, 8), 1);
	assert_int_equal(list[0], 1);
	rig_unplug(RIG_READER);
	assert_int_equal(slots(CK_FALSE, list, 8), 2);
	assert_ok(C_GetSlotInfo(1, &info));
	assert_int_equal(info.flags, CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | CKF_TOKEN_PRESENT);
	assert_true(is_description(&info, RIG_OTHER_READER));
	rig_plug(RIG_READER);
	assert_int_equal(slots(CK_FALSE, list, 8), 2);
	rig_other_remove();
	rig_card_insert(&c);
	assert_int_equal(slots(CK_TRUE, list, 8), 1);
	assert_int_equal(list[0], 0);
}

/* Who knows a slot's number, from his settings as Java may, does not ask for the list. */
static void test_no_list(void **state)
{
	CK_SLOT_INFO info;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	assert_ok(C_GetSlotInfo(0, &info));
	assert_int_equal(info.flags, CKF_REMOVABLE_DEVICE | CKF_HW_SLOT | CKF_TOKEN_PRESENT);
	assert_rv(C_GetSlotInfo(1, &info), CKR_SLOT_ID_INVALID);
	/* That was the first look: a reader that comes now shows when the list is asked for. */
	rig_plug(RIG_OTHER_READER);
	assert_rv(C_GetSlotInfo(1, &info), CKR_SLOT_ID_INVALID);
	assert_int_equal(slots(CK_FALSE, NULL, 0), 2);
	assert_ok(C_GetSlotInfo(1, &info));
}

/* The list without tokens asks readers only; a card is asked once while it is in, and an agent has done that. */
static void test_traffic(void **state)
{
	CK_SLOT_ID list[8];
	CK_TOKEN_INFO info;
	uint64_t before, asked;

	(void)state;
	(void)rig_card_simple();
	before = rig_exchanges();
	rig_initialize();
	(void)slots(CK_FALSE, list, 8);
	assert_int_equal(rig_exchanges(), before);
	assert_ok(C_GetTokenInfo(0, &info));
	asked = rig_exchanges();
	assert_in_range(asked - before, rig_is_direct(), rig_is_direct() ? 8 : 0);
	assert_ok(C_GetTokenInfo(0, &info));
	(void)slots(CK_TRUE, list, 8);
	assert_int_equal(rig_exchanges(), asked);
	/* Nobody has a session: the reader is free for others, but for the agent that holds it. */
	assert_int_equal(rig_connections(), !rig_is_direct());
}

static void test_no_service(void **state)
{
	CK_SLOT_ID list[8];
	CK_TOKEN_INFO info;

	(void)state;
	(void)rig_card_simple();
	rig_service(false);
	rig_initialize();
	/* A reader on the USB needs none. */
	assert_int_equal(slots(CK_FALSE, list, 8), rig_is_usb() ? 1 : 0);
	if (!rig_is_usb())
		assert_rv(C_WaitForSlotEvent(0, list, NULL), CKR_FUNCTION_FAILED);
	rig_service(true);
	assert_int_equal(slots(CK_FALSE, NULL, 0), 1);
	assert_ok(C_GetTokenInfo(0, &info));
}

static void test_wanted_readers(void **state)
{
	CK_SLOT_INFO info;
	CK_SLOT_ID list[8];
	char conf[128];

	(void)state;
	rig_plug(RIG_OTHER_READER);
	(void)snprintf(conf, sizeof(conf), "[module]\nreaders = %s*\n", RIG_OTHER_READER);
	rig_conf(conf);
	rig_initialize();
	assert_int_equal(slots(CK_FALSE, list, 8), 1);
	assert_ok(C_GetSlotInfo(list[0], &info));
	assert_true(is_description(&info, RIG_OTHER_READER));
	rig_finalize();
	(void)snprintf(conf, sizeof(conf), "[module]\nreaders = %s\n", RIG_READER);
	rig_conf(conf);
	rig_initialize();
	assert_int_equal(slots(CK_FALSE, list, 8), 1);
	assert_ok(C_GetSlotInfo(list[0], &info));
	assert_true(is_description(&info, RIG_READER));
}

static void test_token_info(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){
		/* 31 bytes, then a character of two: it does not fit and is not cut in half */
		.pin = RIG_PIN, .label = "a label that is 31 bytes long..\xc3\xa9 and more" });
	CK_TOKEN_INFO info;

	(void)state;
	rig_initialize();
	assert_rv(C_GetTokenInfo(0, &info), CKR_TOKEN_NOT_PRESENT);
	rig_card_insert(&c);
	assert_rv(C_GetTokenInfo(0, NULL), CKR_ARGUMENTS_BAD);
	assert_ok(C_GetTokenInfo(0, &info));
	assert_memory_equal(info.label, "a label that is 31 bytes long.. ", 32);
	assert_memory_equal(info.model, "SmartCard-HSM   ", 16);
	/* The serial number is the device id without its sequence number. */
	assert_memory_equal(info.serialNumber, c.id, strlen(c.id) - 5);
	assert_int_equal(info.serialNumber[strlen(c.id) - 5], ' ');
	assert_int_equal(info.ulMinPinLen, 6);
	assert_int_equal(info.ulMaxPinLen, 16);
	assert_int_equal(info.firmwareVersion.major, 4);
}

/* Asked of a card that a session holds; each object makes it less. */
static void test_memory(void **state)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE value[500] = { 1 };
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_PRIVATE, &no, 1 },
		{ CKA_LABEL, value, 1 }, { CKA_VALUE, value, sizeof(value) },
	};
	CK_OBJECT_HANDLE o;
	CK_TOKEN_INFO info;
	CK_ULONG before;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	(void)slots(CK_FALSE, NULL, 0);
	assert_ok(C_GetTokenInfo(0, &info));
	assert_int_equal(info.ulFreePublicMemory, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(info.ulTotalPublicMemory, CK_UNAVAILABLE_INFORMATION);
	CK_SESSION_HANDLE s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_GetTokenInfo(0, &info));
	before = info.ulFreePublicMemory;
	assert_in_range(before, 200000, 215512);
	assert_int_equal(info.ulFreePrivateMemory, before);
	assert_ok(C_CreateObject(s, t, 5, &o));
	assert_ok(C_GetTokenInfo(0, &info));
	assert_in_range(info.ulFreePublicMemory, 200000, before - sizeof(value));
	assert_int_equal(rig_count(s, CKO_PRIVATE_KEY), 1);     /* still logged in */
}

#define PIN_LOGIN (CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED)
#define PEOPLE_LOGIN (PIN_LOGIN | CKF_PROTECTED_AUTHENTICATION_PATH)

static void test_flags_pin(void **state)
{
	struct rig_card blank = rig_card_blank(), c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN, .tries = 3 });
	CK_SESSION_HANDLE s;

	(void)state;
	rig_initialize();
	rig_card_insert(&blank);
	assert_int_equal(rig_token_flags(), CKF_RNG);
	rig_card_remove();
	rig_card_insert(&c);
	assert_int_equal(rig_token_flags(), PIN_LOGIN);
	s = rig_session();
	assert_rv(rig_login(s, "111111"), CKR_PIN_INCORRECT);
	assert_int_equal(rig_token_flags(), PIN_LOGIN | CKF_USER_PIN_COUNT_LOW);
	assert_rv(rig_login(s, "111111"), CKR_PIN_INCORRECT);
	assert_int_equal(rig_token_flags(), PIN_LOGIN | CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
	assert_ok(rig_login(s, RIG_PIN));
	assert_int_equal(rig_token_flags(), PIN_LOGIN);
	assert_ok(C_Logout(s));
	rig_end_approval();
	for (int i = 0; i < 2; i++)
		assert_rv(rig_login(s, "111111"), CKR_PIN_INCORRECT);
	/* The try that reaches 0 answers 6983 on this card (reference 3.1). */
	assert_rv(rig_login(s, "111111"), CKR_PIN_LOCKED);
	assert_int_equal(rig_token_flags(), PIN_LOGIN | CKF_USER_PIN_LOCKED);
	assert_rv(rig_login(s, RIG_PIN), CKR_PIN_LOCKED);
	/* The same after the card was out. */
	assert_ok(C_CloseSession(s));
	rig_card_remove();
	rig_card_insert(&c);
	assert_int_equal(rig_token_flags(), PIN_LOGIN | CKF_USER_PIN_LOCKED);
}

static void test_flags_keys_missing(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .total = 3, .required = 2 });

	(void)state;
	rig_card_insert(&c);
	rig_initialize();
	assert_int_equal(rig_token_flags(), CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED);
	assert_rv(rig_login(rig_session(), NULL), CKR_USER_PIN_NOT_INITIALIZED);
}

/* A target of the quorum's moves from its link into the reader. */
static void insert_target(struct quorum *q)
{
	char dir[128];

	hsm_card_free(&q->target.card, true);
	vcard_close(&q->target.vcard);
	(void)snprintf(dir, sizeof(dir), "%s/target", q->dir);
	rig_card_put(dir);
}

static void test_flags_people(void **state)
{
	static const struct {
		const char *profile;
		CK_FLAGS flags;
	} rows[] = {
		{ "vendor-shared", PEOPLE_LOGIN },
		{ "vendor-per-key", PEOPLE_LOGIN },
		/* its keys need the PIN besides */
		{ "open-firmware", PIN_LOGIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quorum *q = test_malloc(sizeof(*q));

		quorum_open(q, rows[i].profile, 2, 3);
		insert_target(q);
		rig_initialize();
		assert_int_equal(rig_token_flags(), rows[i].flags);
		rig_finalize();
		rig_card_remove();
		quorum_close(q);
		test_free(q);
	}
}

/*
 * A card on which another program is logged in stays logged in while we look at it, or, where two cannot look, cannot
 * be looked at.
 */
static void test_card_in_use(void **state)
{
	struct fake_other *o;
	CK_TOKEN_INFO info;
	uint8_t room[300];
	struct wr w;

	(void)state;
	(void)rig_card_simple();
	o = fake_other_connect(RIG_READER, false);
	WR_ARR(&w, room);
	assert_ok(
		fake_other_send(o, RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00"), &w));
	assert_ok(fake_other_send(o, RD_LIT("\x00\x20\x00\x81\x06" RIG_PIN), &w));
	rig_initialize();
	if (rig_is_usb()) {
		(void)slots(CK_FALSE, NULL, 0);
		assert_rv(C_GetTokenInfo(0, &info), CKR_FUNCTION_FAILED);
	} else {
		assert_int_equal(rig_token_flags(), PIN_LOGIN);
		assert_ok(C_GetTokenInfo(0, &info));
		assert_int_equal(info.firmwareVersion.major, 4);
		assert_int_equal(rig_count(rig_session(), CKO_PUBLIC_KEY), 1);
	}
	wr_reset(&w);
	assert_ok(fake_other_send(o, RD_LIT("\x00\x20\x00\x81"), &w));
	assert_bytes_equal(wr_view(&w), RD_LIT("\x90\x00"));
	fake_other_disconnect(&o, false);
}

static void test_card_held(void **state)
{
	struct fake_other *o;
	CK_SLOT_INFO info;
	CK_SLOT_ID list[8];

	(void)state;
	(void)rig_card_simple();
	o = fake_other_connect(RIG_READER, true);
	rig_initialize();
	assert_int_equal(slots(CK_TRUE, list, 8), 0);
	assert_ok(C_GetSlotInfo(0, &info));
	assert_int_equal(info.flags & CKF_TOKEN_PRESENT, 0);
	fake_other_disconnect(&o, false);
	assert_int_equal(slots(CK_TRUE, list, 8), 1);
}

/*
 * Another program resets the card while it is asked: no login is lost, as there was none. On the USB there is no other
 * one: a card without power has been put in just now.
 */
static void test_reset_inside(void **state)
{
	CK_TOKEN_INFO info;

	(void)state;
	(void)rig_card_simple();
	rig_initialize();
	(void)slots(CK_FALSE, NULL, 0);
	rig_fault(2, FAKE_RESET);
	assert_rv(C_GetTokenInfo(0, &info), rig_is_usb() ? CKR_DEVICE_REMOVED : CKR_DEVICE_ERROR);
	assert_ok(C_GetTokenInfo(0, &info));
}

/* ---- events ---- */

static void test_events(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	CK_SLOT_ID id = 99;

	(void)state;
	rig_initialize();
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, &id), CKR_ARGUMENTS_BAD);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL), CKR_ARGUMENTS_BAD);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
	rig_card_insert(&c);
	assert_ok(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL));
	assert_int_equal(id, 0);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
	rig_card_remove();
	/* A reader that is plugged in with its card: a new slot. Both are told, one after the other. */
	rig_plug(RIG_OTHER_READER);
	rig_other_put(c.dir);
	assert_ok(C_WaitForSlotEvent(0, &id, NULL));
	assert_int_equal(id, 0);
	assert_ok(C_WaitForSlotEvent(0, &id, NULL));
	assert_int_equal(id, 1);
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
}

struct waiter {
	CK_RV rv;
	CK_SLOT_ID id;
};

static void *wait_for_event(void *arg)
{
	struct waiter *w = arg;

	w->rv = C_WaitForSlotEvent(0, &w->id, NULL);
	return NULL;
}

static void test_events_block(void **state)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });
	struct waiter w = { CKR_GENERAL_ERROR, 99 };
	pthread_t thread;
	uint64_t began;

	(void)state;
	rig_initialize();
	assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &w.id, NULL), CKR_NO_EVENT);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_event, &w), 0);
	rig_card_insert(&c);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(w.rv);
	assert_int_equal(w.id, 0);

	/* C_Finalize ends the wait. */
	assert_int_equal(pthread_create(&thread, NULL, wait_for_event, &w), 0);
	began = clock_boot_ms();
	rig_finalize();
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_rv(w.rv, CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_in_range(clock_boot_ms() - began, 0, PATIENCE_MS);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_list),
		RIG_TEST(test_no_list),
		RIG_TEST(test_traffic),
		AGENT_TEST(test_no_service),
		RIG_TEST(test_wanted_readers),
		RIG_TEST(test_token_info),
		RIG_TEST(test_memory),
		RIG_TEST(test_flags_pin),
		RIG_TEST(test_flags_keys_missing),
		RIG_TEST(test_flags_people),
		AGENT_TEST(test_card_in_use),
		AGENT_TEST(test_card_held),
		AGENT_TEST(test_reset_inside),
		RIG_TEST(test_events),
		RIG_TEST(test_events_block),
	};

	return RUN_BOTH(tests);
}
