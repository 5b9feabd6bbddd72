/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process keeps of a card for the next one: it saves exchanges, it is nobody else's, it is never believed
 * against the card. C_Finalize and C_Initialize are the end of one process and the beginning of another.
 */
#include "test/p11/agent.h"

#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pkcs11/ck/vendor.h"
#include "pkcs11/interface.h"
#include "sc-hsm/cmd.h"
#include "sc-hsm/file.h"
#include "sc-hsm/key.h"

static CK_SESSION_HANDLE s;

static CK_SESSION_HANDLE enter(void)
{
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	return s;
}

/* Exchanges of a process that finds a private key. */
static uint64_t find_one(const char *label, CK_OBJECT_HANDLE *key)
{
	uint64_t before = fake_exchanges(RIG_READER);

	(void)enter();
	*key = rig_find(s, CKO_PRIVATE_KEY, label);
	return fake_exchanges(RIG_READER) - before;
}

static const char *cache_path(void)
{
	static char path[200];
	char pattern[200];
	glob_t g;

	(void)snprintf(pattern, sizeof(pattern), "%s/quorum11/objects-*", rig_folder);
	if (glob(pattern, 0, NULL, &g)) {
		globfree(&g);
		return NULL;
	}
	assert_int_equal(g.gl_pathc, 1);
	(void)snprintf(path, sizeof(path), "%s", g.gl_pathv[0]);
	globfree(&g);
	return path;
}

static struct rig_card ten_keys(void)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });

	for (uint8_t i = 1; i <= 10; i++)
		rig_card_key(&c, i, EC_SECP256R1, 0, i == 10 ? "wanted" : "other", rd_of(&i, 1));
	rig_card_insert(&c);
	return c;
}

static void test_saves(void **state)
{
	uint64_t cold, warm, n;
	CK_OBJECT_HANDLE key;
	struct stat st;

	(void)state;
	(void)ten_keys();
	assert_null(cache_path());
	cold = find_one("wanted", &key);
	assert_ok(rig_sign(s, key));
	rig_finalize();
	assert_non_null(cache_path());
	assert_int_equal(stat(cache_path(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* Two files of each key. */
	warm = find_one("wanted", &key);
	print_message("# 10 keys: %lu exchanges, then %lu\n", (unsigned long)cold, (unsigned long)warm);
	assert_int_equal(warm, cold - 20);
	/* Compared once, before the first use. */
	n = fake_exchanges(RIG_READER);
	assert_ok(rig_sign(s, key));
	assert_int_equal(fake_exchanges(RIG_READER), n + 3);
	assert_ok(rig_sign(s, key));
	assert_int_equal(fake_exchanges(RIG_READER), n + 4);
	/* The public half goes with it. */
	(void)rig_attribute(s, rig_find(s, CKO_PUBLIC_KEY, "wanted"), CKA_EC_POINT);
	assert_int_equal(fake_exchanges(RIG_READER), n + 4);
}

static void damage(const char *path, size_t at)
{
	struct wr w;

	wr_init_heap(&w, 1 << 20);
	assert_int_equal(file_read(path, 1 << 20, &w), ERR_OK);
	w.p[at % w.n] ^= 1;
	assert_int_equal(file_write(path, 0600, wr_view(&w)), ERR_OK);
	wr_free(&w);
}

static void test_damaged(void **state)
{
	uint64_t cold, n;
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)ten_keys();
	cold = find_one("wanted", &key);
	rig_finalize();
	for (size_t at = 0; at < 7000; at += 613) {
		damage(cache_path(), at);
		n = find_one("wanted", &key);
		assert_int_equal(n, cold);
		rig_finalize();
	}
	assert_int_equal(truncate(cache_path(), 40), 0);
	assert_int_equal(find_one("wanted", &key), cold);
	rig_finalize();
	/* Somebody else could have written it. */
	assert_int_equal(chmod(cache_path(), 0660), 0);
	assert_int_equal(find_one("wanted", &key), cold);
	rig_finalize();
	assert_int_equal(find_one("wanted", &key), cold - 20);
}

static void test_off(void **state)
{
	CK_OBJECT_HANDLE key;
	uint64_t cold;

	(void)state;
	(void)ten_keys();
	rig_conf("[module]\ncache = no\n");
	cold = find_one("wanted", &key);
	rig_finalize();
	assert_null(cache_path());
	assert_int_equal(find_one("wanted", &key), cold);
}

/* Nothing that needs a login stands in it. */
static void test_no_secrets(void **state)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_BYTE value[] = "between us only";
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 }, { CKA_PRIVATE, &yes, 1 },
			     { CKA_VALUE, value, sizeof(value) - 1 } };
	CK_OBJECT_HANDLE o;
	struct wr w;

	(void)state;
	(void)rig_card_simple();
	(void)enter();
	assert_ok(C_CreateObject(s, t, 4, &o));
	assert_bytes_equal(rig_attribute(s, o, CKA_VALUE), rd_of(value, sizeof(value) - 1));
	rig_finalize();
	(void)enter();
	assert_int_equal(rig_count(s, CKO_DATA), 1);
	rig_finalize();
	wr_init_heap(&w, 1 << 20);
	assert_int_equal(file_read(cache_path(), 1 << 20, &w), ERR_OK);
	assert_null(memmem(w.p, w.n, "between us", 10));
	assert_null(memmem(w.p, w.n, RIG_PIN, strlen(RIG_PIN)));
	assert_non_null(memmem(w.p, w.n, "\xC4\x01", 2));
	wr_free(&w);
}

/* ---- a card that another program changed, in ways that its list of files does not show ---- */

/* The key "ec" becomes another one under the same number, name and id. */
static void replace_key(struct rig_card *c)
{
	fake_card_remove(RIG_READER);
	rig_card_delete_key(c, 1);
	rig_card_key(c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_insert(c);
}

static void keep_point(CK_OBJECT_HANDLE o, CK_BYTE out[65])
{
	struct rd v = rig_attribute(s, o, CKA_EC_POINT);

	assert_int_equal(v.n, 67);
	memcpy(out, v.p + 2, 65);
}

static void test_other_key(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_BYTE old[65], fresh[65], hash[32] = { 1 }, sig[64];
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE priv, pub;
	CK_ATTRIBUTE point = { CKA_EC_POINT, NULL, 0 };
	CK_ULONG n = sizeof(sig);

	(void)state;
	(void)enter();
	keep_point(rig_find(s, CKO_PUBLIC_KEY, "ec"), old);
	rig_finalize();
	replace_key(&c);

	/* Signing, verifying and reading the key each notice it first. */
	for (int i = 0; i < 3; i++) {
		(void)enter();
		priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
		pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
		if (i == 0)
			assert_rv(C_SignInit(s, &m, priv), CKR_KEY_HANDLE_INVALID);
		else if (i == 1)
			assert_rv(C_VerifyInit(s, &m, pub), CKR_KEY_HANDLE_INVALID);
		else
			assert_rv(C_GetAttributeValue(s, pub, &point, 1), CKR_OBJECT_HANDLE_INVALID);
		assert_rv(C_GetAttributeValue(s, priv, NULL, 0), CKR_OBJECT_HANDLE_INVALID);
		/* All objects are new, and right. */
		priv = rig_find(s, CKO_PRIVATE_KEY, "ec");
		pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
		keep_point(pub, fresh);
		assert_memory_not_equal(fresh, old, 65);
		assert_ok(C_SignInit(s, &m, priv));
		assert_ok(C_Sign(s, hash, 32, sig, &n));
		assert_ok(C_VerifyInit(s, &m, pub));
		assert_ok(C_Verify(s, hash, 32, sig, n));
		rig_finalize();
		memcpy(old, fresh, 65);
		replace_key(&c);
	}
}

/* What another process changed is noticed before ours destroys or renames something else. */
static void test_other_names(void **state)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };
	CK_ATTRIBUTE name = { CKA_LABEL, (CK_BYTE[]){ 'x' }, 1 };
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE o;

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)enter();
		(void)rig_find(s, CKO_PRIVATE_KEY, "ec");
		rig_finalize();
		replace_key(&c);
		(void)enter();
		o = rig_find(s, classes[i], "ec");
		if (i == 0)
			assert_rv(C_DestroyObject(s, o), CKR_OBJECT_HANDLE_INVALID);
		else
			assert_rv(C_SetAttributeValue(s, o, &name, 1), CKR_OBJECT_HANDLE_INVALID);
		assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
		rig_finalize();
	}
	/* Names that we change ourselves are known to the next one at once. */
	(void)enter();
	assert_ok(C_SetAttributeValue(s, rig_find(s, CKO_PRIVATE_KEY, "ec"), &name, 1));
	rig_finalize();
	(void)enter();
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "x")));
}

/* Keys that did not change keep their handles, and an operation with one goes on. */
static void test_others_stay(void **state)
{
	CK_BYTE hash[32] = { 1 }, sig[64];
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_ULONG n = sizeof(sig);
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE stays, goes;
	CK_SESSION_HANDLE two;

	(void)state;
	fake_card_remove(RIG_READER);
	rig_card_key(&c, 2, EC_SECP256R1, 0, "stays", RD_LIT("\x02"));
	/* From here on it is the last one of the list. */
	replace_key(&c);
	(void)enter();
	(void)rig_find(s, CKO_PRIVATE_KEY, "stays");
	rig_finalize();
	replace_key(&c);
	(void)enter();
	stays = rig_find(s, CKO_PRIVATE_KEY, "stays");
	goes = rig_find(s, CKO_PRIVATE_KEY, "ec");
	two = rig_session();
	assert_ok(C_SignInit(two, &m, stays));
	assert_rv(C_SignInit(s, &m, goes), CKR_KEY_HANDLE_INVALID);
	assert_ok(C_Sign(two, hash, 32, sig, &n));
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "stays"), stays);
}

/* ---- the same through the agent, which holds the card: what another process kept before the agent had it ---- */

static void test_agent(void **state)
{
	struct rig_card c = rig_card_simple();
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	rig_finalize();
	fake_card_remove(RIG_READER);
	rig_card_delete_key(&c, 1);
	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	agent_process_start(c.dir, "");
	agent_only();
	(void)enter();
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_rv(rig_sign(s, key), CKR_KEY_HANDLE_INVALID);
	key = rig_find(s, CKO_PRIVATE_KEY, "ec");
	assert_ok(rig_sign(s, key));
	rig_finalize();
	/* And what was kept through the agent is good for the next one. */
	(void)enter();
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "ec")));
}

/* ---- a card that another program changes while ours is logged in ---- */

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

static enum err past_everybody(void *ctx, struct rd cmd, struct wr *rsp, struct deadline *dl)
{
	(void)ctx;
	(void)dl;
	return fake_card_ask(RIG_READER, cmd, rsp);
}

static void nothing(void *ctx, bool reset_card)
{
	(void)ctx;
	(void)reset_card;
}

/*
 * Where the card is shared, a login is everybody's: it can change what it likes, and we hear nothing of it. At an agent
 * it is a client like ours, with a login of its own.
 */
static struct hsm_card *other_program(void)
{
	static const struct apdu_link_ops ops = { .name = "other", .transmit = past_everybody, .close = nothing };
	const struct agent_at at = { .socket = agent_process_socket(), .own_only = true };
	struct apdu_link *link = NULL;
	struct hsm_version v;
	struct secret *pin;
	struct hsm_card *card;

	if (rig_is_direct())
		assert_ok(apdu_link_new(&ops, NULL, "other", RD_NONE, &link));
	else
		assert_ok(agent_open(&at, RIG_READER, &link, NULL, 0));
	assert_ok(hsm_card_new(link, &card));
	if (rig_is_direct())
		return card;
	assert_ok(hsm_card_select(card, &v, &never));
	assert_ok(secret_new(RD_LIT(RIG_PIN), &pin));
	assert_ok(agent_login(link, &(struct agent_login_params){ .pin = pin }, NULL, 0, &never));
	secret_free(&pin);
	return card;
}

static void replace_inside(void)
{
	struct hsm_keygen gen = { .key = 1, .curve = EC_SECP256R1, .car = RD_LIT("UTCA00001"),
				  .chr = RD_LIT("UTTESTKEY00001") };
	struct hsm_card *card = other_program();
	struct wr request, prkd;

	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&prkd, FILE_SIZE_MAX);
	assert_ok(hsm_file_read(card, HSM_FID(HSM_FID_PRKD, 1), &prkd, &never));
	assert_ok(hsm_key_delete(card, 1, &never));
	assert_ok(hsm_key_generate(card, &gen, &request, &never));
	assert_ok(hsm_file_write(card, HSM_FID(HSM_FID_PRKD, 1), wr_view(&prkd), &never));
	wr_free(&prkd);
	wr_free(&request);
	hsm_card_free(&card, false);
}

/* What was read before a login is compared after it, at its first use: nobody knows what was in between. */
static void test_replaced_before_login(void **state)
{
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE pub;
	CK_BYTE name[] = "same";
	CK_ATTRIBUTE label = { CKA_LABEL, name, 4 };

	(void)state;
	(void)rig_card_simple();
	(void)enter();
	pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_ok(C_VerifyInit(s, &m, pub));
	(void)C_SessionCancel(s, CKF_VERIFY);
	replace_inside();
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, RIG_PIN));
	assert_rv(C_VerifyInit(s, &m, pub), CKR_KEY_HANDLE_INVALID);
	/* What we changed ourselves is what the card has: no handle ends for that. */
	pub = rig_find(s, CKO_PUBLIC_KEY, "ec");
	assert_ok(C_SetAttributeValue(s, pub, &label, 1));
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, RIG_PIN));
	assert_ok(C_VerifyInit(s, &m, pub));
	assert_ok(rig_sign(s, rig_find(s, CKO_PRIVATE_KEY, "same")));
}

/* How each use of a key begins. */
static CK_RV begin_sign(CK_OBJECT_HANDLE key)
{
	return rig_sign_begin(s, CKM_ECDSA, key);
}

static CK_BYTE point[65];

static CK_RV begin_derive(CK_OBJECT_HANDLE key)
{
	CK_ECDH1_DERIVE_PARAMS p = { .kdf = 1, .public_data = point, .public_data_len = sizeof(point) };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE out;

	return C_DeriveKey(s, &m, key, NULL, 0, &out);
}

static CK_RV begin_rename(CK_OBJECT_HANDLE key)
{
	CK_ATTRIBUTE label = { CKA_LABEL, (CK_BYTE[]){ 'e', 'c' }, 2 };

	return C_SetAttributeValue(s, key, &label, 1);
}

static CK_RV begin_destroy(CK_OBJECT_HANDLE key)
{
	return C_DestroyObject(s, key);
}

/*
 * Nobody resets the card, both programs are logged in, and ours has read it itself: at the first use of a key it
 * is compared all the same.
 */
static void test_replaced_before_use(void **state)
{
	static const struct {
		CK_RV (*begin)(CK_OBJECT_HANDLE key);
		CK_RV rv;
	} uses[] = {
		{ begin_sign, CKR_KEY_HANDLE_INVALID }, { begin_derive, CKR_KEY_HANDLE_INVALID },
		{ begin_rename, CKR_OBJECT_HANDLE_INVALID }, { begin_destroy, CKR_OBJECT_HANDLE_INVALID },
	};
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)rig_card_simple();
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		(void)enter();
		key = rig_find(s, CKO_PRIVATE_KEY, "ec");
		keep_point(rig_find(s, CKO_PUBLIC_KEY, "ec"), point);
		replace_inside();
		assert_rv(uses[i].begin(key), uses[i].rv);
		key = rig_find(s, CKO_PRIVATE_KEY, "ec");
		assert_ok(rig_sign(s, key));
		assert_ok(begin_rename(key));
		assert_ok(rig_sign(s, key));
		rig_finalize();
	}
}

/* A description that we made shorter ourselves is still what the card has. */
static void test_own_names(void **state)
{
	CK_ATTRIBUTE name = { CKA_LABEL, (CK_BYTE[]){ 'x' }, 1 };
	CK_OBJECT_HANDLE key;

	(void)state;
	(void)rig_card_simple();
	(void)enter();
	assert_ok(C_SetAttributeValue(s, rig_find(s, CKO_PRIVATE_KEY, "ec"), &name, 1));
	assert_ok(C_Logout(s));
	assert_ok(rig_login(s, RIG_PIN));
	key = rig_find(s, CKO_PRIVATE_KEY, "x");
	assert_ok(rig_sign(s, key));
	assert_int_equal(rig_find(s, CKO_PRIVATE_KEY, "x"), key);
}

int main(int argc, char **argv)
{
	agent_process_main(argc, argv);
	const struct CMUnitTest tests[] = {
		AGENT_TEST(test_saves), AGENT_TEST(test_damaged), AGENT_TEST(test_off), AGENT_TEST(test_no_secrets),
		AGENT_TEST(test_other_key), AGENT_TEST(test_other_names), AGENT_TEST(test_others_stay),
		AGENT_TEST(test_agent), RIG_TEST(test_replaced_before_login), RIG_TEST(test_replaced_before_use),
		RIG_TEST(test_own_names),
	};

	return RUN_BOTH(tests);
}
