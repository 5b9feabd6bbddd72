/* SPDX-License-Identifier: Apache-2.0 */
/* What doctor finds of readers, the service, tokens on the USB, cards and keys, and what it advises. */
#include "test/unit/vcard_pka.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cli/status/doctor.h"
#include "sc-hsm/p15.h"
#include "test/fake/scard.h"
#include "test/fake/usb.h"

#define READER "usb:DENK1"
#define OTHER  "Test Reader 0"
#define SERVICE "PCSCLITE_CSOCK_NAME"

static const struct fake_ccid_spec extended = { .level = CCID_EXTENDED, .features = FAKE_CCID_AUTO };
static struct cli_args args = { .json = true };
static struct conf *conf;
static struct cli cli = { .args = &args };
static struct doctor doctor;
static struct card *card;
static bool is_in;                      /* the card is in OTHER */

static int group_setup(void **state)
{
	char path[128], root[128];
	FILE *f;

	if (test_folder_make(state))
		return -1;
	card = card_new(NULL);
	vcard_close(&card->v);
	(void)snprintf(path, sizeof(path), "%s/conf", test_folder);
	(void)snprintf(root, sizeof(root), "%s/pki/root.cvc", test_folder);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "[trust]\nroots = %s\n", root);
	if (fclose(f) || conf_load_file(path, &conf))
		return -1;
	cli.conf = conf;
	cli.dl = deadline_never();
	return 0;
}

static int group_teardown(void **state)
{
	card_free(card);
	json_decref(doctor.list);
	conf_free(&conf);
	return test_folder_remove(state);
}

static int setup(void **state)
{
	(void)state;
	fake_scard_start();
	fake_service(true);
	is_in = false;
	return setenv(SERVICE, "/nowhere/pcscd", 1);
}

static int setup_reader(void **state)
{
	int rc = setup(state);

	fake_reader_plug(OTHER);
	return rc;
}

static int teardown(void **state)
{
	(void)state;
	(void)fake_usb_stop();
	return fake_scard_stop() ? -1 : 0;
}

/* ---- looking ---- */

static void look(void)
{
	json_decref(doctor.list);
	doctor = (struct doctor){ .cli = &cli, .list = json_array(), .has_agent = doctor.has_agent };
	doctor_readers(&doctor);
	assert_non_null(doctor.list);
}

/* Was a finding of this level made with these words, and this advice (NULL: whatever)? */
static bool finds(const char *level, const char *text, const char *advice)
{
	json_t *item;
	size_t i;

	json_array_foreach(doctor.list, i, item) {
		const char *said = json_string_value(json_object_get(item, "advice"));

		if (strcmp(json_string_value(json_object_get(item, "level")), level) == 0 &&
		    strstr(json_string_value(json_object_get(item, "text")), text) &&
		    (!advice || (said && strstr(said, advice))))
			return true;
	}
	return false;
}

static void expect(const char *level, const char *text, const char *advice)
{
	char *all;

	if (finds(level, text, advice))
		return;
	all = json_dumps(doctor.list, JSON_INDENT(1));
	print_error("no %s \"%s\" (%s) in %s\n", level, text, advice ? advice : "-", all);
	free(all);
	fail();
}

static void expect_well(void)
{
	char *all;

	if (!doctor.problems)
		return;
	all = json_dumps(doctor.list, JSON_INDENT(1));
	print_error("problems in %s\n", all);
	free(all);
	fail();
}

/* The card as init makes it, changed by hand, in a reader of PC/SC. */
static struct vcard_state *begin(const char *profile, uint16_t options)
{
	card_free(card);
	card = card_new(profile);
	card_init(card, options);
	return card->v->state;
}

static void put_in(void)
{
	if (is_in)
		fake_card_remove(OTHER);
	is_in = true;
	assert_int_equal(vcard_state_save(card->v->state, card->dir, false), ERR_OK);
	vcard_close(&card->v);
	assert_int_equal(fake_card_insert(OTHER, card->dir), ERR_OK);
	look();
}

static void test_memory(void **state)
{
	struct vcard_state *s = begin("vendor-shared", 0x0001);
	size_t left = VCARD_MEMORY - vcard_state_used(s);
	struct vcard_file *f;

	(void)state;
	for (uint16_t fid = 0xCF00; left > 4000; fid++) {
		size_t n = left - 4000 < 30000 ? left - 4000 : 30000;

		assert_int_equal(vcard_state_file_make(s, fid, &f), ERR_OK);
		wr_zeros(&f->data, n);
		assert_int_equal(wr_done(&f->data), ERR_OK);
		left = VCARD_MEMORY - vcard_state_used(s);
	}
	put_in();
	expect("note", "of its memory are free", "make room");
	(void)begin("vendor-shared", 0x0001);
	put_in();
	assert_false(finds("note", "of its memory are free", NULL));
}

/* ---- the service ---- */

static void test_service(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/pcscd", test_folder);
	assert_int_equal(setenv(SERVICE, at.sun_path, 1), 0);
	look();
	expect("note", "the service answers, and has no reader", "libccid");
	expect("problem", "no reader, and no token", "plug one in");
	fake_reader_plug(OTHER);
	look();
	expect("ok", "1 reader", NULL);
	expect_well();
	fake_service(false);
	look();
	expect("problem", "no smart card service: ", "pcscd");
	/* somebody listens, and says nothing that the library likes: that is how polkit's no looks */
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 8), 0);
	look();
	expect("problem", "refuses you", "journalctl -u pcscd");
	assert_int_equal(close(fd), 0);
	look();
	expect("problem", "has ended, and left ", "systemctl restart");
	assert_int_equal(unlink(at.sun_path), 0);
	/* a path through a file is neither absent nor refused */
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/conf/pcscd", test_folder);
	assert_int_equal(setenv(SERVICE, at.sun_path, 1), 0);
	look();
	expect("problem", "Not a directory", "pcscd.socket");
}

/* ---- the USB ---- */

static void plug_token(void)
{
	fake_usb_start(&extended);
	fake_reader_plug(READER);
	assert_int_equal(fake_card_insert(READER, card->dir), ERR_OK);
}

static void test_usb(void **state)
{
	struct fake_other *o;

	(void)state;
	plug_token();
	look();
	expect("ok", "Nitrokey HSM, 20a0:4230 at usb:3-1.1; used by USB, without pcscd", NULL);
	expect("note", "no smart card service", NULL);          /* which does no harm */
	expect("ok", "in usb:DENK1; version", NULL);
	expect_well();
	o = fake_other_connect(READER, true);
	look();
	expect("problem", "has it", NULL);
	assert_int_equal(doctor.problems, 1);
	/* which is what an agent is for */
	doctor.has_agent = true;
	look();
	expect("note", "has it", NULL);
	expect_well();
	doctor.has_agent = false;
	fake_other_disconnect(&o, true);
	fake_usb_forbid(READER, true);
	look();
	expect("problem", "put the udev rules in place and the user into the group quorum11", NULL);
}

static void test_usb_or_service(void **state)
{
	static char pcsc[] = "agent pcsc", usb[] = "usb";

	(void)state;
	plug_token();
	conf->transport.order = pcsc;
	look();
	expect("problem", "nobody has it, and [transport] order leaves usb out", "add usb");
	conf->transport.order = usb;
	look();
	expect("note", "not asked: [transport] order leaves it out", NULL);
	expect_well();
	conf->transport.order = NULL;
}

/* pcscd calls it by a name that has the serial number. */
static void test_usb_by_service(void **state)
{
	(void)state;
	fake_usb_start(&extended);
	fake_usb_both(true);
	fake_reader_plug(READER);
	fake_reader_plug("Nitrokey HSM (DENK1) 00 00");
	look();
	expect("ok", "used through pcscd, as Nitrokey HSM (DENK1) 00 00", NULL);
	expect_well();
}

/* ---- who holds a card ---- */

static void test_held(void **state)
{
	static char ours[] = "Another*";
	struct fake_other *o;

	(void)state;
	(void)begin(NULL, 0x0001);
	put_in();
	expect("ok", "version 4.1, PIN", NULL);
	expect("ok", "PIN: 3 tries left", NULL);
	expect("ok", "genuine", NULL);
	expect_well();
	o = fake_other_connect(OTHER, true);
	look();
	expect("problem", "held by one program alone", "disable-ccid and pcsc-shared");
	fake_other_disconnect(&o, true);
	o = fake_other_connect(OTHER, false);
	look();
	expect("note", "shared with others", NULL);
	expect_well();
	fake_other_disconnect(&o, true);
	conf->module.readers = (struct conf_list){ 1, { ours } };
	look();
	expect("note", "not ours: [module] readers does not name it", NULL);
	conf->module.readers.n = 0;
}

/* A card that is there, and is none for us, or cannot be used. */
static void test_unusable(void **state)
{
	(void)state;
	(void)begin(NULL, 0x0001);
	put_in();
	expect_well();
	fake_reader_deny(OTHER, true);
	look();
	expect("problem", "you may see the reader, and not use the card", "org.debian.pcsc-lite.access_card");
	assert_int_equal(doctor.problems, 1);
	fake_reader_deny(OTHER, false);
	fake_fault(OTHER, 3, FAKE_BROKEN);      /* SELECT, after two questions that may fail */
	look();
	assert_int_equal(doctor.problems, 1);
	expect("problem", err_text(ERR_TRANSPORT), "put it in again");
	fake_fault(OTHER, 1, FAKE_REMOVED);
	look();
	assert_int_equal(doctor.problems, 1);
	expect("problem", err_text(ERR_REMOVED), "put the card back");
	is_in = false;
	(void)begin(NULL, 0x0001);
	put_in();
	fake_card_foreign(OTHER);
	look();
	expect("note", "the card is no SmartCard-HSM", NULL);
	assert_false(finds("ok", "version", NULL));
	expect_well();
}

/* ---- PINs ---- */

static void test_pin(void **state)
{
	struct vcard_state *s = begin(NULL, 0x0001);

	(void)state;
	s->pin.left = 1;
	put_in();
	expect("problem", "PIN: one try is left", "pin unblock");
	s = begin(NULL, 0x0001);
	s->pin.left = 0;
	put_in();
	expect("problem", "PIN blocked", "pin set");
	s = begin(NULL, 0x0000);
	s->pin.left = 0;
	put_in();
	expect("problem", "PIN blocked", "the SO-PIN has no power over this PIN");
	s = begin(NULL, 0x0021);
	s->pin.left = 0;
	put_in();
	expect("problem", "PIN blocked", "pin unblock");
	s = begin("open-firmware", 0x0001);
	s->pin.left = 1;
	put_in();
	expect("problem", "PIN: one try is left", "gives all tries back");
	assert_false(finds("problem", "PIN: one try is left", "pin unblock"));
	(void)begin(NULL, 0x0003);
	put_in();
	expect("problem", "transport PIN", "quorum11 pin change");
}

static void test_so_pin(void **state)
{
	struct vcard_state *s = begin(NULL, 0x0001);

	(void)state;
	s->so.left = 5;
	put_in();
	expect("note", "SO-PIN: 5 tries left", "never be initialised again");
	expect_well();
	s = begin(NULL, 0x0001);
	s->so.left = 0;
	put_in();
	expect("problem", "SO-PIN blocked for ever", "another card");
}

/* ---- custodians ---- */

static void test_custodians(void **state)
{
	struct vcard_state *s = begin(NULL, 0x0001);

	(void)state;
	s->total = 3;
	s->required = 2;
	s->slots[0] = (struct vcard_slot){ .used = true, .key.curve = EC_BP256R1 };
	assert_true(vcard_chr_set(&s->slots[0].key.chr, RD_LIT("UTTM00001")));
	put_in();
	expect("problem", "2 of 3 custodians are not registered", "quorum11 register");
	s = begin(NULL, 0x0001);
	s->total = s->required = 2;
	for (size_t i = 0; i < 2; i++) {
		s->slots[i] = (struct vcard_slot){ .used = true, .key.curve = EC_BP256R1 };
		assert_true(vcard_chr_set(&s->slots[i].key.chr, RD_LIT("UTTM00001")));
	}
	put_in();
	expect("note", "all 2 custodians are needed", "spare");
	expect("problem", "two registered keys are called UTTM00001", "a new key");
}

/* A card that nobody vouches for, and one that has nothing at all. */
static void test_chain(void **state)
{
	static char id[CHR_MAX + 1];

	(void)state;
	(void)begin("open-firmware", 0x0001);
	put_in();
	expect("problem", "not proved genuine", "unverified");
	(void)snprintf(id, sizeof(id), "%s",
		       json_string_value(json_object_get(json_array_get(doctor.list, 1), "about")));
	conf->trust.unverified = (struct conf_list){ 1, { id } };
	look();
	expect("note", "without a chain, accepted by [trust] unverified", NULL);
	expect_well();
	conf->trust.unverified.n = 0;
}

/* ---- keys ---- */

/* label NULL: without a description. */
static void add_key(uint8_t number, enum ec_curve curve, const char *car, const char *chr, const char *label,
		    const char *key_id)
{
	struct p15_key k = { .type = P15_EC, .usage = P15_USE_SIGN, .bits = 256 };
	struct vcard_file *f;

	card_select(card);
	card_login(card);
	assert_int_equal(card_generate(card, number, curve, 0, car, chr, ""), 0x9000);
	if (!label)
		return;
	k.label = rd_str(label);
	k.id = rd_str(key_id);
	assert_int_equal(vcard_state_file_make(card->v->state, (uint16_t)(0xC400 | number), &f), ERR_OK);
	wr_reset(&f->data);
	assert_int_equal(p15_key_write(&k, &f->data), ERR_OK);
}

static void test_keys(void **state)
{
	struct vcard_state *s = begin(NULL, 0x0001);
	struct vcard_key *k;

	(void)state;
	add_key(1, EC_BP256R1, "UTAAA00001", "UTAAA00001", "good", "1");
	put_in();
	expect("ok", "1 key is in order", NULL);
	expect_well();
	s = begin(NULL, 0x0001);
	add_key(1, EC_BP256R1, "UTAAA00001", "UTAAA00001", NULL, NULL);
	put_in();
	expect("problem", "key 1 has no description", "it can only be deleted");
	s = begin(NULL, 0x0001);
	add_key(1, EC_BP256R1, "UTAAA00001", "UTAAA00001", "blind", "1");
	assert_true(vcard_state_delete(s, 0xCE01));
	put_in();
	expect("problem", "\"blind\" has no public key on the card", "cert import");
	s = begin(NULL, 0x0001);
	add_key(1, EC_BP256R1, "UTAAA00001", "UTAAA00001", "spent", "1");
	k = vcard_state_key(s, 1);
	k->counted = true;
	k->uses = 0;
	put_in();
	expect("problem", "\"spent\" is used up", "another key");
	s = begin(NULL, 0x0001);
	add_key(1, EC_BP256R1, "UTAAA00001", "UTAAA00001", "forged", "1");
	/* the last byte of the card's signature over it */
	vcard_state_file(s, 0xCE01)->data.p[vcard_state_file(s, 0xCE01)->data.n - 1] ^= 1;
	put_in();
	expect("problem", "the attestation of key 1 \"forged\"", "do not trust");
}

/* Names that are known to break registration, and those that programs mix up. */
static void test_names(void **state)
{
	(void)state;
	(void)begin(NULL, 0x0001);
	add_key(1, EC_BP256R1, "UTTM00001", "UTTM00001", "a", "1");
	add_key(2, EC_BP256R1, "UTCA00001", "UTBBB00001", "b", "1");
	add_key(3, EC_BP256R1, "UTCCCCCCCCCCC00001", "UTCCCCCCCCCCC00001", "b", "3");
	add_key(4, EC_SECP521R1, "UTTM00001", "UTTM00001", "no custodian's", "4");
	put_in();
	expect("note", "key 1 \"a\" is called UTTM00001, as all keys of its maker", "custodian keygen");
	expect("note", "key 2 \"b\" names UTCA00001 as its issuer", "custodian keygen");
	expect("note", "key 3 \"b\" cannot be registered", "custodian keygen");
	assert_false(finds("note", "key 4", NULL));
	expect("problem", "keys 1 and 2 have the same id 31", "give it another id");
	expect("note", "keys 2 and 3 are both called \"b\"", "by their ids");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_memory, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_service, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usb_or_service, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usb_by_service, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_unusable, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_pin, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_so_pin, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_custodians, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_chain, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup_reader, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup_reader, teardown),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
