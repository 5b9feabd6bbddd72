/* SPDX-License-Identifier: Apache-2.0 */
/* What an approval covers, as text, compared, and in words. */
#include "test/unit/test.h"

#include "pka/limits.h"
#include "pka/statement.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
#define TEN(s) s s s s s s s s s s

static struct pka_limits limits(const char *text)
{
	struct pka_limits l;
	char why[200];
	enum err e = pka_limits_read(rd_str(text), &l, why, sizeof(why));

	if (e)
		fail_msg("\"%s\": %s, %s", text, err_text(e), why);
	assert_string_equal(why, "");
	return l;
}

static void written_is(const struct pka_limits *l, const char *expect)
{
	char text[LIMITS_TEXT_MAX];
	struct wr w;

	WR_ARR(&w, text);
	assert_int_equal(pka_limits_write(l, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), rd_str(expect));
}

static void nothing_limited(void **state)
{
	struct pka_limits l, empty = limits("");

	(void)state;
	pka_limits_init(&l);
	assert_memory_equal(&l, &empty, sizeof(l));
	assert_int_equal(l.sign, PKA_UNLIMITED);
	assert_int_equal(l.seconds, PKA_UNLIMITED);
	assert_int_equal(l.decipher | l.derive | l.wrap, 0);
	assert_true(l.all_keys);
	assert_int_equal(l.mechs, 15);
	assert_false(l.repeats_counted || l.has_uid || l.has_gid || l.has_manifest);
	written_is(&l, "");
	/* What a program sets needs no text before it. */
	l.decipher = 3;
	l.seconds = 60;
	l.has_gid = true;
	written_is(&l, "for=60 decipher=3 gid=0");
	l.wrap = PKA_UNLIMITED;
	written_is(&l, "for=60 decipher=3 wrap=any gid=0");
}

static void every_item(void **state)
{
	struct pka_limits l = limits("manifest=" HASH " gid=1001 uid=0 repeats=counted wrap=3 derive=2 decipher=1 "
				     "mech=ecdsa,rsa-pss key=dev,0xAbCd,gr%c3%BC%c3%9F,%2Cx for=30m sign=50");

	(void)state;
	assert_int_equal(l.sign, 50);
	assert_int_equal(l.seconds, 1800);
	assert_int_equal(l.decipher, 1);
	assert_int_equal(l.derive, 2);
	assert_int_equal(l.wrap, 3);
	assert_false(l.all_keys);
	assert_int_equal(l.keys_n, 4);
	assert_string_equal(l.keys[0].text, "dev");
	assert_string_equal(l.keys[1].text, "0xabcd");
	assert_string_equal(l.keys[2].text, "gr\xc3\xbc\xc3\x9f");
	assert_string_equal(l.keys[3].text, ",x");
	assert_int_equal(l.mechs, 1u << PKA_ECDSA | 1u << PKA_RSA_PSS);
	assert_true(l.repeats_counted && l.has_uid && l.has_gid && l.has_manifest);
	assert_int_equal(l.uid, 0);
	assert_int_equal(l.gid, 1001);
	assert_int_equal(l.manifest[31], 0xff);
	written_is(&l, "sign=50 for=1800 key=dev,0xabcd,gr%C3%BC%C3%9F,%2Cx mech=rsa-pss,ecdsa decipher=1 derive=2 "
		       "wrap=3 repeats=counted uid=0 gid=1001 manifest=" HASH);
}

static void round_trips(void **state)
{
	/* text and how it is written; NULL: the same */
	static const char *const rows[][2] = {
		{ "sign=0" }, { "sign=4294967294" }, { "sign=any" }, { "for=1" }, { "for=any" },
		{ "for=90s", "for=90" }, { "for=90" }, { "for=30m", "for=1800" }, { "for=2h", "for=7200" },
		{ "for=1193046h", "for=4294965600" }, { "decipher=0" }, { "derive=any wrap=0" },
		{ "repeats=free" }, { "uid=4294967294" }, { "mech=rsa-raw,rsa-pkcs,rsa-pss,ecdsa" },
		{ "mech=ecdsa,rsa-raw", "mech=rsa-raw,ecdsa" }, { "gid=7 sign=1", "sign=1 gid=7" },
		{ "key=0XFF", "key=0xff" }, { "key=%30xFF", "key=0xff" }, { "key=%61%2d", "key=a-" },
		{ "key=b,a", "key=b,a" }, { "key=0", "key=0" }, { "key=a%20b%25%0a", "key=a%20b%25%0A" },
		{ "key=1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g" },
		{ "manifest=FF0102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1eff",
		  "manifest=ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *expect = rows[i][1] ? rows[i][1] : rows[i][0];
		struct pka_limits l = limits(rows[i][0]), again;

		written_is(&l, expect);
		again = limits(expect);
		assert_memory_equal(&again, &l, sizeof(l));
	}
}

static void refused(const char *text, enum err e, const char *says)
{
	struct pka_limits l;
	char why[200];

	if (pka_limits_read(rd_str(text), &l, why, sizeof(why)) != e || !strstr(why, says))
		fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, why, says);
	/* nothing is allowed by what could not be read */
	assert_int_equal(l.sign | l.seconds | l.decipher | l.derive | l.wrap | l.mechs, 0);
	assert_false(l.all_keys);
	assert_int_equal(l.keys_n, 0);
	assert_int_equal(pka_limits_read(rd_str(text), &l, NULL, 0), e);
	/* however little room there is for the reason */
	assert_int_equal(pka_limits_read(rd_str(text), &l, why, 1), e);
	assert_string_equal(why, "");
}

static void bad_texts(void **state)
{
	static const struct { const char *text, *says; } rows[] = {
		{ " ", "one blank" }, { "sign=1 ", "one blank" }, { " sign=1", "one blank" },
		{ "sign=1  for=2", "one blank" }, { "sign=1\tfor=2", "sign=1" }, { "sign=1\n", "\\x0a" },
		{ "sing=1", "\"sing\"" }, { "Sign=1", "\"Sign\"" }, { "one image", "\"one\"" }, { "=1", "\"\"" },
		{ "sign", "\"sign\"" }, { "sign=", "\"sign=\"" }, { "sign=1 sign=1", "sign is given twice" },
		{ "key=a uid=1 key=b", "key is given twice" },
		{ "sign=-1", "a number" }, { "sign=+1", "a number" }, { "sign=01", "a number" },
		{ "sign=00", "a number" }, { "sign=1.0", "a number" }, { "sign=0x10", "a number" },
		{ "sign=1s", "a number" }, { "sign=4294967295", "a number" }, { "sign=99999999999", "a number" },
		{ "sign=18446744073709551617", "a number" }, { "sign=1,2", "a number" }, { "sign=Any", "or any" },
		{ "decipher=x", "decipher=x" }, { "derive=", "derive=" }, { "wrap=-", "wrap=-" },
		{ "for=0", "30m" }, { "for=0h", "30m" }, { "for=1d", "30m" }, { "for=m", "30m" }, { "for=", "30m" },
		{ "for=1h30m", "30m" }, { "for=1 m", "\"m\"" }, { "for=4294967295", "30m" },
		{ "for=1193047h", "30m" }, { "for=71582789m", "30m" }, { "for=01m", "30m" }, { "for=1M", "30m" },
		{ "key=", "ids as" }, { "key=,", "ids as" }, { "key=a,", "ids as" }, { "key=,a", "ids as" },
		{ "key=a,,b", "ids as" }, { "key=a,a", "each once" }, { "key=0xaB,0xAb", "each once" },
		{ "key=%61,a", "each once" }, { "key=a=b", "ids as" }, { "key=%", "ids as" }, { "key=%4", "ids as" },
		{ "key=%4g", "ids as" }, { "key=%00", "ids as" }, { "key=a%00b", "ids as" }, { "key=%ff", "ids as" },
		{ "key=%c3", "ids as" }, { "key=%ed%a0%80", "ids as" }, { "key=gr\xc3\xbcn", "ids as" },
		{ "key=\"a\"", "ids as" }, { "key=a/b", "ids as" }, { "key=0x", "ids as" }, { "key=0xa", "ids as" },
		{ "key=0xgg", "ids as" }, { "key=0x0a0", "ids as" }, { "key=0x0a.", "ids as" },
		{ "mech=", "rsa-raw" }, { "mech=rsa", "rsa-raw" }, { "mech=ECDSA", "rsa-raw" },
		{ "mech=ecdsa,", "rsa-raw" }, { "mech=ecdsa,ecdsa", "each once" }, { "mech=all", "rsa-raw" },
		{ "repeats=", "counted or free" }, { "repeats=no", "counted or free" },
		{ "uid=", "a number" }, { "uid=any", "a number" }, { "uid=root", "a number" },
		{ "gid=4294967295", "a number" }, { "gid=-1", "a number" },
		{ "manifest=", "64 hex" }, { "manifest=00", "64 hex" }, { "manifest=" HASH "00", "64 hex" },
		{ "manifest=g" HASH, "64 hex" }, { "sign=\x1b[2J", "\\x1b[2J" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(rows[i].text, ERR_FORMAT, rows[i].says);
}

static void ceilings(void **state)
{
	char text[2 * LIMITS_TEXT_MAX];
	struct pka_limits l;
	struct wr w;
	size_t n;

	(void)state;
	refused("key=1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h", ERR_LIMIT, "key: too many");
	refused("key=" TEN("abcdef") "ghijk", ERR_LIMIT, "key: too many");
	refused("key=" TEN("%C3%BC%C3%BC%C3%BC") "abcde", ERR_LIMIT, "key: too many");
	l = limits("key=" TEN("%C3%BC%C3%BC%C3%BC") "abcd");
	assert_int_equal(strlen(l.keys[0].text), LIMITS_NAME_MAX);
	l = limits("key=0x" TEN("0a1b2c") "d1");
	assert_true(pka_limits_has_key(&l, RD_NONE, RD_LIT(TEN("\x0a\x1b\x2c") "\xd1")));
	assert_false(pka_limits_has_key(&l, RD_NONE, RD_LIT(TEN("\x0a\x1b\x2c") "\xd1\xd1")));
	assert_false(pka_limits_has_key(&l, RD_NONE, RD_LIT(TEN("\x0a\x1b\x2c") TEN("\x0a\x1b\x2c"))));

	/* the longest text, and one byte more: it fits into a statement, too */
	(void)snprintf(text, sizeof(text), "key=");
	for (n = 4; n < LIMITS_TEXT_MAX; n++)   /* eight names of 49 bytes, the last one shorter */
		text[n] = n % 50 == 3 ? ',' : n % 50 == 4 ? (char)('a' + n / 50) : 'x';
	assert_int_equal(pka_limits_read(rd_of(text, LIMITS_TEXT_MAX), &l, NULL, 0), ERR_OK);
	assert_int_equal(l.keys_n, 8);
	text[n] = 'x';
	assert_int_equal(pka_limits_read(rd_of(text, LIMITS_TEXT_MAX + 1), &l, NULL, 0), ERR_LIMIT);
	l = limits("sign=1");
	l.all_keys = false;
	for (size_t i = 0; i < LIMITS_KEYS_MAX; i++) {
		memset(l.keys[i].text, 'a' + (int)i, LIMITS_NAME_MAX);
		l.keys_n++;
	}
	wr_init_heap(&w, 10000);
	assert_int_equal(pka_limits_write(&l, &w), ERR_LIMIT);
	wr_free(&w);
	assert_true(STATEMENT_MAX - 300 > LIMITS_TEXT_MAX);
}

static void lowering(void **state)
{
	static const struct { const char *asked, *by, *low; } rows[] = {
		{ "sign=50 for=1800 key=dev", "", "sign=50 for=1800 key=dev" },
		{ "", "sign=5", "sign=5" },
		{ "sign=50", "sign=5", "sign=5" }, { "sign=5", "sign=50", "sign=5" },
		{ "sign=5", "sign=any", "sign=5" }, { "sign=5", "sign=0", "sign=0" },
		{ "for=1800", "for=1m", "for=60" }, { "for=60", "for=1h", "for=60" },
		{ "decipher=5 derive=5 wrap=5", "decipher=1 derive=0", "decipher=1 derive=0 wrap=5" },
		{ "", "decipher=5", "decipher=0" },
		{ "key=a,b,c", "key=c,b", "key=b,c" }, { "", "key=c,b", "key=c,b" },
		{ "key=a,b", "sign=1", "sign=1 key=a,b" }, { "key=0x0A,x", "key=0x0a", "key=0x0a" },
		{ "mech=ecdsa,rsa-pss", "mech=ecdsa,rsa-pkcs", "mech=ecdsa" }, { "", "mech=rsa-raw", "mech=rsa-raw" },
		{ "repeats=counted", "repeats=free", "repeats=counted" }, { "", "repeats=counted", "repeats=counted" },
		{ "uid=5", "uid=5", "uid=5" }, { "", "uid=5 gid=6", "uid=5 gid=6" }, { "uid=5", "", "uid=5" },
		{ "manifest=" HASH, "manifest=" HASH, "manifest=" HASH }, { "", "manifest=" HASH, "manifest=" HASH },
	};
	static const char *const clashes[][2] = {
		{ "uid=5 sign=9", "sign=1 uid=6" }, { "gid=5", "gid=6" }, { "uid=0", "uid=1" },
		{ "manifest=" HASH, "manifest=ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff" },
		{ "key=a", "key=b" }, { "key=0x0a", "key=a" }, { "mech=ecdsa", "mech=rsa-pss" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pka_limits l = limits(rows[i].asked), by = limits(rows[i].by);

		assert_int_equal(pka_limits_lower(&l, &by), ERR_OK);
		written_is(&l, rows[i].low);
	}
	for (size_t i = 0; i < COUNT(clashes); i++) {
		struct pka_limits l = limits(clashes[i][0]), by = limits(clashes[i][1]), before = l;

		assert_int_equal(pka_limits_lower(&l, &by), ERR_POLICY);
		assert_memory_equal(&l, &before, sizeof(l));
	}
}

static void exceeding(void **state)
{
	static const struct { const char *asked, *by, *item; } rows[] = {
		{ "", "", NULL }, { "sign=5 for=60 uid=1 key=a", "", NULL },
		{ "sign=5", "sign=5", NULL }, { "sign=5", "sign=6", "sign" }, { "sign=5", "sign=any", "sign" },
		{ "", "sign=any", NULL }, { "", "sign=6 for=90", NULL },
		{ "for=60", "for=1m", NULL }, { "for=60", "for=61s", "for" }, { "sign=1", "sign=2 for=9", "sign" },
		{ "", "decipher=1", "decipher" }, { "", "derive=1", "derive" }, { "", "wrap=1", "wrap" },
		{ "wrap=1", "wrap=1 decipher=0", NULL }, { "wrap=any", "wrap=9", NULL },
		{ "key=a,b", "key=b,a", NULL }, { "key=a,b", "key=a", NULL }, { "key=a,b", "key=a,c", "key" },
		{ "", "key=a", NULL }, { "key=0x61", "key=a", "key" },
		{ "mech=ecdsa", "mech=ecdsa,rsa-pss", "mech" }, { "", "mech=ecdsa", NULL },
		{ "repeats=counted", "repeats=free", "repeats" }, { "", "repeats=counted", NULL },
		{ "", "repeats=free", NULL }, { "uid=5", "uid=6", "uid" }, { "uid=5", "uid=5", NULL },
		{ "", "uid=5 gid=5", NULL }, { "gid=5", "gid=0", "gid" },
		{ "", "manifest=" HASH, NULL }, { "manifest=" HASH, "manifest=" HASH, NULL },
	};
	struct pka_limits l = limits("manifest=" HASH), by = l;
	const char *item = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pka_limits asked = limits(rows[i].asked), mine = limits(rows[i].by);

		item = NULL;
		if (pka_limits_exceed(&asked, &mine, &item) != (rows[i].item != NULL) ||
		    (rows[i].item && strcmp(item, rows[i].item)))
			fail_msg("\"%s\" by \"%s\": %s", rows[i].asked, rows[i].by, item ? item : "none");
		assert_int_equal(pka_limits_exceed(&asked, &mine, NULL), rows[i].item != NULL);
	}
	by.manifest[0] ^= 1;
	assert_true(pka_limits_exceed(&l, &by, &item));
	assert_string_equal(item, "manifest");
}

static void keys(void **state)
{
	struct pka_limits l = limits("");

	(void)state;
	assert_true(pka_limits_has_key(&l, RD_LIT("dev"), RD_LIT("\x01")));
	assert_true(pka_limits_has_key(&l, RD_NONE, RD_NONE));
	l = limits("key=dev,0x0A1b,gr%c3%bc%C3%9F%20x");
	assert_true(pka_limits_has_key(&l, RD_LIT("dev"), RD_LIT("\x01")));
	assert_true(pka_limits_has_key(&l, RD_LIT("other"), RD_LIT("\x0a\x1b")));
	assert_true(pka_limits_has_key(&l, RD_LIT("gr\xc3\xbc\xc3\x9f x"), RD_NONE));
	assert_false(pka_limits_has_key(&l, RD_LIT("Dev"), RD_LIT("\x0a")));
	assert_false(pka_limits_has_key(&l, RD_LIT("de"), RD_NONE));
	assert_false(pka_limits_has_key(&l, RD_LIT("dev2"), RD_LIT("\x0a\x1b\x00")));
	/* who may choose a label cannot choose an id */
	assert_false(pka_limits_has_key(&l, RD_LIT("0x0a1b"), RD_LIT("\x01")));
	assert_false(pka_limits_has_key(&l, RD_LIT("dev\0x"), RD_NONE));
	assert_false(pka_limits_has_key(&l, RD_NONE, RD_NONE));
	l.keys_n = 0;
	assert_false(pka_limits_has_key(&l, RD_LIT("dev"), RD_LIT("\x01")));
}

static const char *words(const char *text, struct wr *w)
{
	struct pka_limits l = limits(text);

	wr_init_heap(w, 1 << 16);
	pka_limits_text(&l, "  > ", w);
	assert_int_equal(wr_done(w), ERR_OK);
	return wr_cstr(w);
}

static void in_words(void **state)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "", "  > any number of signatures\n  > for any time\n  > with every key\n" },
		{ "sign=1 for=1", "  > at most 1 signature, a digest that is signed again is free\n"
				  "  > for 1 s from the moment at which the card opens\n  > with every key\n" },
		{ "sign=50 for=90m key=dev,0x0A mech=ecdsa,rsa-pkcs decipher=1 derive=2 wrap=any repeats=counted "
		  "uid=0 gid=7",
		  "  > at most 50 signatures, a digest that is signed again counts again\n"
		  "  > for 1 h 30 min from the moment at which the card opens\n"
		  "  > with the keys \"dev\", id 0x0a\n"
		  "  > by rsa-pkcs, ecdsa only\n"
		  "  > at most 1 decryption, and every use of an AES key is one\n"
		  "  > at most 2 key derivations\n"
		  "  > any number of key exports\n"
		  "  > for processes of user id 0 only\n"
		  "  > for processes of group id 7 only\n" },
		{ "sign=0 for=3601 manifest=" HASH,
		  "  > at most 0 signatures, a digest that is signed again is free\n"
		  "  > for 1 h 1 s from the moment at which the card opens\n"
		  "  > with every key\n"
		  "  > only what the manifest lists, SHA-256 " HASH "\n" },
	};
	struct pka_limits none;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_string_equal(words(rows[i].text, &w), rows[i].words);
		wr_free(&w);
	}
	assert_int_equal(pka_limits_read(RD_LIT("?"), &none, NULL, 0), ERR_FORMAT);
	wr_init_heap(&w, 1 << 16);
	pka_limits_text(&none, "", &w);
	assert_string_equal(wr_cstr(&w), "at most 0 signatures, a digest that is signed again is free\n"
					 "for 0 s from the moment at which the card opens\nwith no key\n"
					 "by no mechanism\n");
	wr_free(&w);
}

/* A label makes no line of its own, moves no cursor and does not look like two. */
static void hostile_labels(void **state)
{
	const char *text;
	struct wr w;

	(void)state;
	text = words("key=a%0A%20%20%3E%20with%20every%20key,%1B%5B2J,x%22%2C%20%22y,%E2%80%AE,%C2%85", &w);
	assert_non_null(strstr(text, "\n  > with the keys \"a\\x0a  > with every key\", \"\\x1b[2J\", "
				     "\"x\\x22, \\x22y\", \"\\u{202e}\", \"\\u{0085}\"\n"));
	wr_free(&w);
	/* many go on in the next lines, and none is left out or cut */
	text = words("key=" TEN("a") "1," TEN("abc") "2," TEN("abc") "3," TEN("abc") "4," TEN("abcdef") "5,"
		     TEN("%C2%85%C2%85"), &w);
	assert_non_null(strstr(text, TEN("abc") "2\", \"" TEN("abc") "3\",\n  >    \"" TEN("abc") "4\", \""
				     TEN("abcdef") "5\",\n  >    \"\\u{"));
	assert_non_null(strstr(text, TEN("\\u{0085}") TEN("\\u{0085}") "\"\n"));
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_limited), cmocka_unit_test(every_item), cmocka_unit_test(round_trips),
		cmocka_unit_test(bad_texts), cmocka_unit_test(ceilings), cmocka_unit_test(lowering),
		cmocka_unit_test(exceeding), cmocka_unit_test(keys), cmocka_unit_test(in_words),
		cmocka_unit_test(hostile_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
