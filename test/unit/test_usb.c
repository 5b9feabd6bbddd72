/* SPDX-License-Identifier: Apache-2.0 */
/* Readers by USB, over libusb's calls as test/fake/usb.c plays them; and both ways to a card together. */
#include "test/unit/vcard.h"

#include "apdu/local.h"
#include "apdu/usb/usb.h"
#include "apdu/usb/usb_find.h"
#include "base/conf.h"
#include "test/fake/scard.h"
#include "test/fake/usb.h"

#define READER "usb:DENK1"
#define OTHER  "usb:DENK2"
#define PLACE  "usb:3-1.1"
#define SELECT RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00")

static const struct fake_ccid_spec extended = { .level = CCID_EXTENDED, .features = FAKE_CCID_AUTO };
static struct card *card;
static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

static int group_setup(void **state)
{
	if (test_folder_make(state))
		return -1;
	card = card_new(NULL);
	vcard_close(&card->v);
	return 0;
}

static int group_teardown(void **state)
{
	card_free(card);
	return test_folder_remove(state);
}

static int setup(void **state)
{
	(void)state;
	fake_scard_start();
	fake_usb_start(&extended);
	fake_reader_plug(READER);
	return fake_card_insert(READER, card->dir) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return fake_usb_stop() || fake_scard_stop() ? -1 : 0;
}

static struct apdu_link *open_reader(const char *name)
{
	struct apdu_link *l = NULL;

	assert_int_equal(usb_open(name, &l), ERR_OK);
	return l;
}

static enum err select_applet(struct apdu_link *l)
{
	uint8_t room[300];
	struct wr w;

	WR_ARR(&w, room);
	return apdu_link_transmit(l, SELECT, APDU_SHOW_CMD, &w, &never);
}

static void test_list(void **state)
{
	struct apdu_readers r;
	struct apdu_link *l;
	uint32_t events;

	(void)state;
	fake_reader_plug(OTHER);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.v[0].name, READER);
	assert_true(r.v[0].has_card && !r.v[0].in_use && !r.v[0].ours);
	assert_string_equal(r.v[1].name, OTHER);
	assert_false(r.v[1].has_card);
	events = r.v[0].events;
	/* ours, which says nothing to the card */
	l = open_reader(READER);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_true(r.v[0].has_card && r.v[0].exclusive && r.v[0].ours);
	assert_int_equal(r.v[0].events, events);
	apdu_link_close(&l, true);
	/* another one's card */
	fake_card_remove(READER);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_false(r.v[0].has_card);
	assert_int_not_equal(r.v[0].events, events);
	/* this user may not */
	fake_usb_forbid(OTHER, true);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_int_equal(r.n, 1);
}

/* By its serial number it is found wherever it is plugged in, by its place whatever is plugged in there. */
static void test_names(void **state)
{
	struct apdu_link *l;

	(void)state;
	l = open_reader(READER);
	assert_string_equal(apdu_link_where(l), READER);
	assert_int_equal(select_applet(l), ERR_OK);
	apdu_link_close(&l, true);
	l = open_reader(PLACE);
	assert_string_equal(apdu_link_where(l), READER);
	apdu_link_close(&l, true);
	assert_int_equal(usb_open("usb:DENK3", &l), ERR_NO_READER);
	assert_int_equal(usb_open("usb:3-1.2", &l), ERR_NO_READER);
	fake_usb_replug(READER, true);
	l = open_reader(READER);
	apdu_link_close(&l, true);
	assert_int_equal(usb_open(PLACE, &l), ERR_NO_READER);
	assert_true(usb_is_name(READER) && !usb_is_name("Test Reader 0"));
}

static void test_use(void **state)
{
	struct apdu_link *l = open_reader(READER);
	uint64_t before;

	(void)state;
	assert_int_equal(apdu_link_present(l), ERR_OK);
	assert_int_equal(apdu_link_begin(l, &never), ERR_OK);
	before = usb_transfers(l);
	assert_int_equal(select_applet(l), ERR_OK);
	assert_int_equal(apdu_link_present(l), ERR_OK);
	/* two for the exchange, none to see that the card is there */
	assert_int_equal(usb_transfers(l) - before, 2);
	apdu_link_end(l);
	assert_int_equal(apdu_link_reset(l), ERR_OK);
	assert_int_equal(select_applet(l), ERR_OK);
	assert_false(apdu_link_has_pad(l));
	apdu_link_close(&l, true);
	assert_int_equal(fake_connections(READER), 0);
}

static void test_held(void **state)
{
	struct fake_other *o = fake_other_connect(READER, true);
	struct usb_found found[4];
	struct apdu_readers r;
	struct apdu_link *l;
	size_t n;

	(void)state;
	assert_int_equal(usb_open(READER, &l), ERR_SHARING);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_int_equal(r.n, 1);
	assert_true(r.v[0].exclusive && !r.v[0].ours && r.v[0].has_card);
	assert_int_equal(usb_survey(found, 4, &n), ERR_OK);
	assert_int_equal(n, 1);
	assert_string_equal(found[0].name, READER);
	assert_string_equal(found[0].place, PLACE);
	assert_string_equal(found[0].what, "Nitrokey HSM, 20a0:4230");
	assert_non_null(strstr(found[0].why, "has it"));
	fake_other_disconnect(&o, true);
	assert_int_equal(usb_survey(found, 4, &n), ERR_OK);
	assert_string_equal(found[0].why, "");
	l = open_reader(READER);
	assert_null(fake_other_connect(READER, false));
	apdu_link_close(&l, true);
	fake_usb_forbid(READER, true);
	assert_int_equal(usb_open(PLACE, &l), ERR_REFUSED);
	assert_int_equal(usb_survey(found, 4, &n), ERR_OK);
	assert_non_null(strstr(found[0].why, "group quorum11"));
}

static void test_removed(void **state)
{
	struct apdu_link *l = open_reader(READER);
	struct apdu_readers r;

	(void)state;
	/* out and in again: another card, as far as anybody knows */
	fake_card_remove(READER);
	assert_int_equal(fake_card_insert(READER, card->dir), ERR_OK);
	assert_int_equal(apdu_link_present(l), ERR_REMOVED);
	apdu_link_close(&l, true);
	l = open_reader(READER);
	fake_card_remove(READER);
	assert_int_equal(select_applet(l), ERR_REMOVED);
	assert_int_equal(usb_list(false, &r), ERR_OK);
	assert_false(r.v[0].has_card);
	apdu_link_close(&l, true);
	assert_int_equal(usb_open(READER, &l), ERR_NO_CARD);
	assert_int_equal(fake_card_insert(READER, card->dir), ERR_OK);
	l = open_reader(READER);
	fake_usb_replug(READER, false);
	assert_int_equal(apdu_link_present(l), ERR_REMOVED);
	assert_int_equal(select_applet(l), ERR_REMOVED);
	apdu_link_close(&l, true);
}

/* What breaks an exchange costs the card its power: it is on again, and its user hears that. */
static void test_broken(void **state)
{
	struct apdu_link *l = open_reader(READER);

	(void)state;
	assert_int_equal(select_applet(l), ERR_OK);
	fake_fault(READER, 1, FAKE_LOST);
	assert_int_equal(select_applet(l), ERR_TRANSPORT);
	assert_int_equal(apdu_link_begin(l, &never), ERR_RESET);
	assert_int_equal(apdu_link_begin(l, &never), ERR_OK);
	assert_int_equal(select_applet(l), ERR_OK);
	apdu_link_close(&l, true);
}

static void test_wait(void **state)
{
	struct deadline soon = deadline_in(40);
	struct apdu_readers last = { .n = 0 };
	char way[] = "usb";
	struct conf conf = { .transport.order = way };

	(void)state;
	assert_int_equal(local_wait(&conf, &last, &never), ERR_OK);
	assert_int_equal(last.n, 1);
	assert_int_equal(local_wait(&conf, &last, &soon), ERR_TIMEOUT);
	fake_card_remove(READER);
	assert_int_equal(local_wait(&conf, &last, &never), ERR_OK);
	assert_false(last.v[0].has_card);
	assert_int_equal(fake_card_insert(READER, card->dir), ERR_OK);
}

/* A device that was made before there was a class is found if it is listed, and only then; and several slots. */
static void test_kinds(void **state)
{
	static const struct { uint8_t class; uint16_t product; uint8_t slots; const char *what; } rows[] = {
		{ LIBUSB_CLASS_VENDOR_SPEC, 0, 0, "Nitrokey HSM, 20a0:4230" },
		{ LIBUSB_CLASS_VENDOR_SPEC, 0x9999, 0, NULL },
		{ 0, 0x9999, 0, "20a0:9999" },
		{ LIBUSB_CLASS_HID, 0, 0, NULL },
		{ 0, 0, 2, "Nitrokey HSM, 20a0:4230, only its first slot" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fake_ccid_spec s = extended;
		struct usb_found found[2];
		struct apdu_readers r;
		struct apdu_link *l;
		size_t n;

		s.interface_class = rows[i].class;
		s.product = rows[i].product;
		s.slots = rows[i].slots;
		fake_card_remove(READER);
		fake_reader_unplug(READER);
		assert_int_equal(fake_usb_stop(), 0);
		fake_usb_start(&s);
		fake_reader_plug(READER);
		assert_int_equal(fake_card_insert(READER, card->dir), ERR_OK);
		assert_int_equal(usb_survey(found, 2, &n), ERR_OK);
		assert_int_equal(n, rows[i].what != NULL);
		assert_int_equal(usb_list(false, &r), ERR_OK);
		assert_int_equal(r.n, n);
		if (!n) {
			assert_int_equal(usb_open(READER, &l), ERR_NO_READER);
			continue;
		}
		assert_string_equal(found[0].what, rows[i].what);
		l = open_reader(READER);
		assert_int_equal(select_applet(l), ERR_OK);
		apdu_link_close(&l, true);
	}
}

/* ---- both ways ---- */

static void names_of(struct conf *conf, const char *names)
{
	char text[512] = "";
	struct apdu_readers r;
	enum err e = local_list(conf, &r);
	struct wr w;

	WR_ARR(&w, text);
	for (size_t i = 0; !e && i < r.n; i++)
		wr_printf(&w, "%s%s", i ? ", " : "", r.v[i].name);
	assert_string_equal(e == ERR_NO_SERVICE ? "no service" : wr_cstr(&w), names);
}

/* pcscd's name for a token has its serial number. Here that is a reader of its own, at the same time on the USB. */
static void test_order(void **state)
{
	char one[] = "DENK1 usb", two[] = "DENK1 pcsc", pcsc[] = "pcsc", agent[] = "agent", usb_pcsc[] = "usb pcsc";
	struct conf conf = { .transport.order = NULL };

	(void)state;
	/* no pcscd */
	names_of(&conf, READER);
	conf.transport.order = pcsc;
	names_of(&conf, "no service");
	conf.transport.order = agent;
	names_of(&conf, "");
	conf.transport.token = (struct conf_list){ 1, { one } };
	names_of(&conf, READER);
	conf.transport.order = usb_pcsc;
	conf.transport.token.v[0] = two;
	names_of(&conf, "no service");
	conf.transport.token.n = 0;
	names_of(&conf, READER);
	assert_true(!local_has_agent(&conf));
	conf.transport.order = NULL;
	assert_true(local_has_agent(&conf));
}

static void test_order_both(void **state)
{
	static const char name[] = "Nitrokey Nitrokey HSM (DENK1                   ) 00 00";
	struct conf conf = { .transport.order = NULL };
	char only[] = "DENK1 usb", pcsc[] = "pcsc", usb_pcsc[] = "usb pcsc";

	(void)state;
	fake_usb_both(true);
	fake_reader_plug(name);
	names_of(&conf, name);
	conf.transport.order = usb_pcsc;
	names_of(&conf, READER);
	conf.transport.order = NULL;
	conf.transport.token = (struct conf_list){ 1, { only } };
	names_of(&conf, READER);
	conf.transport.token.n = 0;
	conf.transport.order = pcsc;
	names_of(&conf, name);
	fake_usb_both(false);
}

static void test_words(void **state)
{
	enum conf_transport o[CONF_TRANSPORTS];

	(void)state;
	assert_int_equal(conf_transports("agent pcsc usb", o), 3);
	assert_int_equal(o[2], CONF_USB);
	assert_int_equal(conf_transports(" usb\tagent ", o), 2);
	assert_int_equal(o[0], CONF_USB);
	assert_int_equal(o[1], CONF_AGENT);
	assert_int_equal(conf_transports("", o), 0);
	assert_int_equal(conf_transports("usb usb", o), 0);
	assert_int_equal(conf_transports("pcsc,usb", o), 0);
	assert_int_equal(conf_transports("pcscd", o), 0);
}

/* The table is made from udev/devices.list. */
static void test_devices(void **state)
{
	(void)state;
	assert_string_equal(usb_device_name(0x20A0, 0x4230), "Nitrokey HSM");
	assert_null(usb_device_name(0x20A0, 0x4231));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_list), TEST(test_names), TEST(test_use), TEST(test_held), TEST(test_removed),
		TEST(test_broken), TEST(test_wait), TEST(test_kinds), TEST(test_order), TEST(test_order_both),
		cmocka_unit_test(test_words), cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
