/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole ceremonies through session.c and the JSON interface, on all kinds of cards: a host, people with their own
 * cards, nobody fakes anything.
 */
#include "test/unit/scene.h"

#include "pka/file.h"
#include "pka/statement.h"
#include "sc-hsm/auth.h"

struct kind {
	const char *profile;
	bool unverified, per_key;
};
static const struct kind kinds[] = {
	{ "vendor-shared", false, false }, { "vendor-per-key", false, true }, { "open-firmware", true, false },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *enrol_more(const struct kind *k)
{
	return k->unverified ? ", \"unverified\": true" : "";
}

/* How many keys the target counts as authenticated now. */
static unsigned authenticated(struct scene *s)
{
	struct deadline dl = deadline_never();
	struct hsm_pka status;

	assert_int_equal(hsm_pka_status(s->card, &status, &dl), ERR_OK);
	return status.authenticated;
}

static void close_target(struct scene *s)
{
	vcard_power(s->v, true);
}

/* What the host fetches afterwards proves n different people to a stranger. */
static void proofs_hold(struct scene *s, const struct scene_host *h, size_t want)
{
	const json_t *list, *o;
	struct pka_statement st;
	struct pka_file f;
	struct wr file, text, sig;
	uint8_t hash[SHA256_SIZE];
	char path[100];
	json_t *j;
	size_t i;

	(void)snprintf(path, sizeof(path), "/api/v1/logins/%s/proofs", h->login_id);
	assert_int_equal(scene_ask(s, "GET", path, NULL, NULL, &j), 200);
	list = json_object_get(j, "proofs");
	assert_int_equal(json_array_size(list), want);
	assert_int_equal(sha256(rd_str(h->host_json), hash), ERR_OK);
	json_array_foreach(list, i, o) {
		wr_init_heap(&file, CVC_MAX);
		wr_init_heap(&text, STATEMENT_MAX);
		wr_init_heap(&sig, 200);
		assert_int_equal(text_unbase64url(rd_str(scene_text(o, "pka_file")), &file), ERR_OK);
		assert_int_equal(text_unbase64url(rd_str(scene_text(o, "statement")), &text), ERR_OK);
		assert_int_equal(text_unbase64url(rd_str(scene_text(o, "statement_signature")), &sig), ERR_OK);
		assert_int_equal(pka_file_read(wr_view(&file), &f), ERR_OK);
		assert_true(rd_eq_str(f.request.inner.chr, scene_text(o, "chr")));
		assert_int_equal(
			pka_statement_verify(wr_view(&text), wr_view(&sig), f.curve, f.request.inner.key.q, &st),
			ERR_OK);
		assert_int_equal(st.decision, PKA_APPROVE);
		assert_bytes_equal(RD_ARR(st.request), RD_ARR(hash));
		wr_free(&file);
		wr_free(&text);
		wr_free(&sig);
	}
	json_decref(j);
}

static void ask_people(struct scene *s, struct scene_host *h, unsigned first, unsigned n)
{
	struct scene_wish w = { .host = h };
	unsigned i, count;

	for (i = first % s->m, count = 0; count < n; i = (i + 1) % s->m) {
		char id[SRV_ID_SIZE], path[100];
		json_t *j;

		scene_request(s, id);
		(void)snprintf(path, sizeof(path), "/api/v1/waiting/%s", s->people[i].chr);
		assert_int_equal(scene_ask(s, "GET", path, s->token, NULL, &j), 200);
		if (json_array_size(json_object_get(j, "requests")) == 1)
			count += scene_decide(s, i, &w, NULL) == 200;
		json_decref(j);
	}
}

static void opens(const struct kind *k, unsigned n, unsigned m)
{
	struct scene s;
	struct scene_host h;
	enum pka_challenge_mode mode;
	char id[SRV_ID_SIZE], path[100];
	json_t *j;
	unsigned round, asked;

	scene_open(&s, k->profile, n, m);
	assert_int_equal(scene_enrol(&s, enrol_more(k), NULL), 201);
	/* Twice: the second time the card's kind is known. */
	for (round = 0; round < 2; round++) {
		scene_host_open(&h, &s, true);
		assert_int_equal(scene_host_begin(&h), 200);
		assert_int_equal(scene_host_go(&h), 0);
		assert_int_equal(authenticated(&s), 0);
		/*
		 * A card of the other kind than was tried has used up one approval by then, and asks the others
		 * again.
		 */
		asked = k->per_key && !round && n > 1 ? n + (n - 1) : n;
		ask_people(&s, &h, round, asked);
		assert_int_equal(scene_host_go(&h), 204);
		assert_int_equal(h.id, 0);
		assert_true(authenticated(&s) >= n);
		assert_true(h.challenges <= m + 2);
		proofs_hold(&s, &h, n);
		scene_request(&s, id);
		(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
		assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
		assert_string_equal(scene_text(j, "state"), "open");
		assert_string_equal(scene_text(j, "result"), "ok");
		assert_int_equal(scene_number(j, "approvals"), n);
		assert_int_equal(json_is_true(json_object_get(j, "unverified")), k->unverified);
		assert_int_equal(json_is_true(json_object_get(j, "changed_mode")), asked > n);
		json_decref(j);
		scene_host_close(&h);
		close_target(&s);
	}
	assert_int_equal(s.srv->store.ops->mode(s.srv->store.ctx, s.device_id, SRV_ANY_FIRMWARE, &mode), n > 1);
	if (n > 1)
		assert_int_equal(mode, k->per_key ? PKA_PER_KEY : PKA_SHARED);
	scene_close(&s);
}

static void test_opens(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < KINDS; i++) {
		opens(&kinds[i], 2, 3);
		opens(&kinds[i], 1, 1);
		opens(&kinds[i], 3, 5);
		opens(&kinds[i], 2, 2);
	}
}

/* A host without our header: "no facts", and the server makes the login_id. */
static void test_stock_client(void **state)
{
	struct scene s;
	struct scene_host h;
	char id[SRV_ID_SIZE], path[100];
	json_t *j;

	(void)state;
	scene_open(&s, "vendor-shared", 2, 3);
	assert_int_equal(scene_enrol(&s, "", NULL), 201);
	scene_host_open(&h, &s, false);
	assert_int_equal(scene_host_begin(&h), 200);
	assert_int_equal(scene_host_go(&h), 0);
	scene_request(&s, id);
	(void)snprintf(path, sizeof(path), "/api/v1/requests/%s", id);
	assert_int_equal(scene_ask(&s, "GET", path, s.token, NULL, &j), 200);
	assert_true(json_is_null(json_object_get(j, "host_json")));
	assert_int_equal(strlen(scene_text(j, "login_id")), 32);
	json_decref(j);
	ask_people(&s, &h, 0, 2);
	assert_int_equal(scene_host_go(&h), 204);
	assert_true(authenticated(&s) >= 2);
	scene_host_close(&h);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens), cmocka_unit_test(test_stock_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
