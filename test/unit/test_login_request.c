/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says about itself when it asks. */
#include "test/unit/test.h"

#include <jansson.h>

#include "login/request.h"

static void claims(void **state)
{
	struct login_request r = { .login_id = { 1, 2 }, .reason = "nightly", .program = "mkimage", .exclusive = true };
	static char endless[5000], newlines[5000];
	const char *const reasons[] = { NULL, "", "gr\xc3\xbc\xc3\x9f", "\xff", endless, newlines };

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	memset(newlines, '\n', sizeof(newlines) - 1);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		json_t *root;
		struct wr w;

		wr_init_heap(&w, REQUEST_JSON_MAX);
		r.reason = reasons[i];
		r.program = i < 4 ? "mkimage" : reasons[i];
		assert_int_equal(login_request_json(&r, &w), ERR_OK);
		root = json_loadb((const char *)w.p, w.n, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(root);
		assert_int_equal(json_object_size(root), 10);
		assert_int_equal(json_integer_value(json_object_get(root, "v")), 1);
		assert_string_equal(json_string_value(json_object_get(root, "login_id")),
				    "01020000000000000000000000000000");
		assert_true(json_is_true(json_object_get(root, "exclusive")));
		assert_true(json_is_false(json_object_get(root, "reuse")));
		assert_true(strlen(json_string_value(json_object_get(root, "host"))) > 0);
		assert_true(strlen(json_string_value(json_object_get(root, "user"))) > 0);
		if (i == 2)
			assert_string_equal(json_string_value(json_object_get(root, "reason")), reasons[i]);
		if (i >= 4)
			assert_in_range(strlen(json_string_value(json_object_get(root, "reason"))), 60, 512);
		json_decref(root);
		wr_free(&w);
	}
}

/* The member of a request made by r. */
static void member_is(const struct login_request *r, const char *name, const char *expect)
{
	json_t *root;
	struct wr w;

	wr_init_heap(&w, REQUEST_JSON_MAX);
	assert_int_equal(login_request_json(r, &w), ERR_OK);
	root = json_loadb((const char *)w.p, w.n, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(root), 10);
	assert_string_equal(json_string_value(json_object_get(root, name)), expect);
	json_decref(root);
	wr_free(&w);
}

static void limits_and_who(void **state)
{
	static const char hash[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
	struct login_request r = { .program = "mkimage", .user = "builder (uid 1001)" };
	static char endless[5000];
	struct pka_limits l;
	char text[100];
	struct wr w;

	(void)state;
	member_is(&r, "user", "builder (uid 1001)");
	member_is(&r, "budget", "");
	member_is(&r, "manifest", "");
	/* Limits that limit nothing are not the same as none that anybody keeps. */
	pka_limits_init(&l);
	r.limits = &l;
	member_is(&r, "budget", "sign=any");
	member_is(&r, "manifest", "");
	(void)snprintf(text, sizeof(text), "for=30m sign=5 manifest=%s", hash);
	assert_int_equal(pka_limits_read(rd_str(text), &l, NULL, 0), ERR_OK);
	(void)snprintf(text, sizeof(text), "sign=5 for=1800 manifest=%s", hash);
	member_is(&r, "budget", text);
	member_is(&r, "manifest", hash);
	/* The longest of everything fits; limits are never cut. */
	memset(endless, '\n', sizeof(endless) - 1);
	r.user = r.program = r.reason = endless;
	for (size_t i = 0; i < LIMITS_KEYS_MAX; i++)
		memset(l.keys[i].text, 'a' + (int)i, LIMITS_NAME_MAX);
	l.all_keys = false;
	l.keys_n = 4;
	member_is(&r, "manifest", hash);
	l.keys_n = LIMITS_KEYS_MAX;
	wr_init_heap(&w, REQUEST_JSON_MAX);
	assert_int_equal(login_request_json(&r, &w), ERR_LIMIT);
	wr_free(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims),
		cmocka_unit_test(limits_and_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
