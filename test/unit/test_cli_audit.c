/* SPDX-License-Identifier: Apache-2.0 */
/* `audit receipt`: what people and programs are shown, and the exit status. */
#include "test/unit/receipt.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "cli/audit/audit.h"
#include "cli/line/say.h"
#include "cli/verb.h"

static struct session s;
static char conf_path[200], path[2][200], out_path[200];
static struct conf *conf;

static void write_file(const char *to, struct rd content)
{
	assert_int_equal(file_write(to, 0600, content), ERR_OK);
}

static int make(void **state)
{
	char text[400];

	(void)state;
	session_open(&s, "vendor-shared");
	session_make(&s, 2);
	(void)snprintf(conf_path, sizeof(conf_path), "%s/conf", s.q.dir);
	(void)snprintf(path[0], sizeof(path[0]), "%s/one.receipt", s.q.dir);
	(void)snprintf(path[1], sizeof(path[1]), "%s/two.receipt", s.q.dir);
	(void)snprintf(out_path, sizeof(out_path), "%s/out", s.q.dir);
	(void)snprintf(text, sizeof(text), "[trust]\nroots = %s/pki/root.cvc\n", s.q.dir);
	write_file(conf_path, rd_str(text));
	write_file(path[0], wr_view(&s.file));
	assert_int_equal(conf_load_file(conf_path, &conf), ERR_OK);
	session_make(&s, 1);
	write_file(path[1], wr_view(&s.file));
	return 0;
}

static int drop(void **state)
{
	(void)state;
	conf_free(&conf);
	session_close(&s);
	return 0;
}

/* The verb with these arguments; what it prints goes to out, which is emptied before. */
static enum err audit(const char *const *operands, struct wr *out)
{
	char copies[8][200], *argv[8];
	struct cli_args args;
	struct cli cli = { .args = &args, .conf = conf, .dl = deadline_never() };
	const struct cli_verb *verb;
	int words, argc = 0, saved, fd;
	enum err e;

	for (; operands[argc]; argc++) {
		(void)snprintf(copies[argc], sizeof(copies[argc]), "%s", operands[argc]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	verb = cli_verb_find(argc, argv, &words);
	assert_non_null(verb);
	assert_string_equal(verb->name, "audit receipt");
	assert_int_equal(cli_args_parse(verb, argc - words + 1, argv + words - 1, &args), ERR_OK);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	e = verb->run(&cli);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	close(fd);
	wr_reset(out);
	assert_int_equal(file_read(out_path, 1 << 20, out), ERR_OK);
	return e;
}
#define AUDIT(out, ...) audit((const char *const[]){ "audit", "receipt", __VA_ARGS__, NULL }, (out))

static void has(struct wr *out, const char *text)
{
	if (!strstr(wr_cstr(out), text))
		fail_msg("no \"%s\" in:\n%s", text, wr_cstr(out));
}

static void test_text(void **state)
{
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1 << 20);
	assert_int_equal(AUDIT(&out, path[0], path[1]), ERR_OK);
	assert_int_equal(cli_exit_status(ERR_OK), 0);
	has(&out, s.q.target.id);
	has(&out, "genuine: /");
	has(&out, s.q.custodians[0].chr);
	has(&out, s.q.custodians[1].chr);
	has(&out, ", code ");
	has(&out, "claimed by the host, checked by nobody");
	has(&out, "\"release 1.2\"");
	has(&out, "key 1 \"fit key\" ecdsa-sha256 sha256 ");
	has(&out, "key 3 \"-\" rsa-pkcs sha256 3031323334353637383961626364656630313233343536373839616263646566 "
		  "for uid 1000, claimed: \"mkimage\"");
	has(&out, "it was ended by its user");
	has(&out, "PROVED: all checks hold");
	wr_free(&out);
}

static void test_refused(void **state)
{
	struct wr file, forged, out;

	(void)state;
	wr_init_heap(&file, 1 << 20);
	wr_init_heap(&forged, 1 << 20);
	wr_init_heap(&out, 1 << 20);
	assert_int_equal(file_read(path[0], 1 << 20, &file), ERR_OK);
	/* A byte. */
	file.p[file.n - 100] ^= 1;
	write_file(path[0], wr_view(&file));
	assert_int_equal(cli_exit_status(AUDIT(&out, path[0])), 3);
	has(&out, "NOT PROVED: ");
	has(&out, "chain       FAILED    line ");
	file.p[file.n - 100] ^= 1;
	/* A use that is in no receipt: only seen with both. */
	receipt_forge(wr_view(&file), receipt_find_line(wr_view(&file), "sign ", 0), NULL, &forged);
	wr_reset(&out);
	receipt_forge(wr_view(&forged), receipt_find_line(wr_view(&forged), "left 1 ", 0), "left 1 99", &out);
	write_file(path[0], wr_view(&out));
	assert_int_equal(AUDIT(&out, path[0]), ERR_OK);
	assert_int_equal(cli_exit_status(AUDIT(&out, path[1], path[0])), 3);
	has(&out, "no receipt lists them");
	/* No receipt at all, and none there. */
	write_file(path[0], RD_LIT("hello\n"));
	assert_int_equal(cli_exit_status(AUDIT(&out, path[0])), 3);
	assert_int_equal(out.n, 0);
	write_file(path[0], RD_LIT("quorum11 receipt v9\n"));
	assert_int_equal(cli_exit_status(AUDIT(&out, path[0])), 3);
	has(&out, "format      FAILED    line 1:");
	assert_int_equal(cli_exit_status(AUDIT(&out, "/nowhere/receipt")), 1);
	write_file(path[0], wr_view(&file));
	wr_free(&file);
	wr_free(&forged);
	wr_free(&out);
}

static void test_json(void **state)
{
	json_t *all, *r, *use, *checks;
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1 << 20);
	assert_int_equal(AUDIT(&out, "--json", path[0]), ERR_OK);
	all = json_loadb((const char *)out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_array_size(all), 1);
	r = json_array_get(all, 0);
	assert_true(json_is_true(json_object_get(r, "proved")));
	assert_string_equal(json_string_value(json_object_get(r, "device_id")), s.q.target.id);
	assert_int_equal(json_array_size(json_object_get(r, "custodians")), 2);
	assert_string_equal(json_string_value(json_object_get(json_object_get(r, "claimed"), "reason")), "release 1.2");
	assert_string_equal(json_string_value(json_object_get(r, "limits")), "sign=20 for=600");
	assert_int_equal(json_array_size(json_object_get(r, "keys")), SESSION_KEYS);
	assert_int_equal(json_array_size(json_object_get(r, "uses")), 5);
	use = json_array_get(json_object_get(r, "uses"), 0);
	assert_string_equal(json_string_value(json_object_get(use, "mechanism")), "ecdsa-sha256");
	assert_string_equal(json_string_value(json_object_get(use, "program_claimed")), "mkimage");
	assert_int_equal(json_integer_value(json_object_get(use, "uid")), 1000);
	checks = json_object_get(r, "checks");
	assert_int_equal(json_array_size(checks), RECEIPT_CHECKS);
	for (size_t i = 0; i < RECEIPT_CHECKS; i++)
		assert_string_not_equal(json_string_value(json_object_get(json_array_get(checks, i), "result")),
					"fail");
	json_decref(all);
	wr_free(&out);
}

/* Names that programs and people chose: no escape sequence reaches the terminal, no broken text the JSON. */
static void test_foreign_text(void **state)
{
	struct wr file, forged, out;
	char text[8192], *program;
	json_t *all;

	(void)state;
	wr_init_heap(&file, 1 << 20);
	wr_init_heap(&forged, 1 << 20);
	wr_init_heap(&out, 1 << 20);
	assert_int_equal(file_read(path[0], 1 << 20, &file), ERR_OK);
	(void)receipt_line_text(wr_view(&file), receipt_find_line(wr_view(&file), "sign ", 0), text, sizeof(text));
	program = strstr(text, "mkimage");
	(void)snprintf(program, 40, "%%1B%%5B2Ja%%FFb%%0APROVED");
	receipt_forge(wr_view(&file), receipt_find_line(wr_view(&file), "sign ", 0), text, &forged);
	write_file(path[0], wr_view(&forged));
	assert_int_equal(AUDIT(&out, path[0]), ERR_OK);
	assert_null(memchr(out.p, 0x1B, out.n));
	assert_null(memchr(out.p, 0xFF, out.n));
	assert_null(strstr(wr_cstr(&out), "\nPROVED\""));
	assert_int_equal(AUDIT(&out, "--json", path[0]), ERR_OK);
	all = json_loadb((const char *)out.p, out.n, 0, NULL);
	assert_int_equal(json_array_size(all), 1);
	json_decref(all);
	write_file(path[0], wr_view(&file));
	wr_free(&file);
	wr_free(&forged);
	wr_free(&out);
}

static void test_options(void **state)
{
	char manifest[200];
	struct wr out;

	(void)state;
	(void)snprintf(manifest, sizeof(manifest), "%s/manifest", s.q.dir);
	wr_init_heap(&out, 1 << 20);
	assert_int_equal(AUDIT(&out, "--manifest", manifest, path[0]), ERR_NOT_FOUND);
	write_file(manifest, RD_LIT("no digest\n"));
	assert_int_equal(AUDIT(&out, "--manifest", manifest, path[0]), ERR_FORMAT);
	/* Not asked for, so nothing is compared with it. */
	write_file(manifest, RD_LIT("da39a3ee5e6b4b0d3255bfef95601890afd80709\n"));
	assert_int_equal(AUDIT(&out, "--manifest", manifest, path[0]), ERR_OK);
	wr_free(&out);
}

static void test_budget(void **state)
{
	static const struct { const char *json, *text; } rows[] = {
		{ "{\"budget\":\"sign=5\"}", "sign=5" }, { "{\"v\":1}", "" }, { "{\"budget\":\"\"}", "" },
		{ "{\"budget\":5}", NULL }, { "[]", NULL }, { "", NULL },
		{ "{\"budget\":\"a\",\"budget\":\"b\"}", NULL },
		{ "{\"budget\":null}", NULL },
	};
	struct wr out;

	(void)state;
	wr_init_heap(&out, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wr_reset(&out);
		assert_int_equal(cli_audit_budget(NULL, rd_str(rows[i].json), &out),
				 rows[i].text ? ERR_OK : ERR_FORMAT);
		if (rows[i].text)
			assert_string_equal(wr_cstr(&out), rows[i].text);
	}
	wr_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_foreign_text),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
