/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/rig.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "sc-hsm/init.h"
#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"
#include "sc-hsm/pin.h"
#include "test/fake/usb.h"
#include "test/folder.h"
#include "test/link_vcard.h"

char rig_folder[] = "/tmp/quorum11-p11.XXXXXX";
const char *rig_reader = "Test Reader 0", *rig_other_reader = "Test Reader 1";
bool rig_usb;
static unsigned cards;
static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

#define MAKE(call) assert_int_equal((call), ERR_OK)

static void path_of(char *out, size_t cap, const char *name)
{
	(void)snprintf(out, cap, "%s/%s", rig_folder, name);
}

static void write_conf(const char *text)
{
	char path[96];

	path_of(path, sizeof(path), "conf");
	MAKE(file_write(path, 0600, rd_str(text)));
	assert_int_equal(setenv("QUORUM11_CONF", path, 1), 0);
}

void rig_conf(const char *text)
{
	write_conf(text);
}

void rig_log_start(const char *levels)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "[module]\nlog = %s\nlog_file = %s/log\n", levels, rig_folder);
	write_conf(text);
}

bool rig_log_has(const char *text)
{
	char path[96];
	struct wr w;
	bool found;

	path_of(path, sizeof(path), "log");
	wr_init_heap(&w, 1 << 24);
	MAKE(file_read(path, 1 << 24, &w));
	found = strstr(wr_cstr(&w), text) != NULL;
	wr_free(&w);
	return found;
}

void rig_log_wait(const char *text)
{
	struct deadline all = deadline_in(PATIENCE_MS), slice;

	while (!rig_log_has(text)) {
		assert_int_equal(deadline_check(&all), ERR_OK);
		slice = deadline_within(&all, 5);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
}

void rig_readers_start(void)
{
	fake_scard_start();
	rig_usb = fake_usb_start_env();
	if (rig_usb) {
		rig_reader = "usb:TEST0";
		rig_other_reader = "usb:TEST1";
	}
	fake_reader_plug(RIG_READER);
}

bool rig_is_usb(void)
{
	return rig_usb && rig_is_direct();
}

bool rig_is_short(void)
{
	const char *kind = getenv("QUORUM11_TEST_USB");

	return kind && strcmp(kind, "short") == 0;
}

int rig_setup(void **state)
{
	(void)state;
	memcpy(strrchr(rig_folder, '.'), ".XXXXXX", 8);
	if (!mkdtemp(rig_folder))
		return -1;
	cards = 0;
	/* Nobody's own settings are part of a test. */
	(void)unsetenv("QUORUM11_URL");
	(void)unsetenv("QUORUM11_LOG");
	(void)setenv("XDG_CONFIG_HOME", rig_folder, 1);
	(void)setenv("XDG_CACHE_HOME", rig_folder, 1);
	write_conf("");
	rig_readers_start();
	return 0;
}

int rig_teardown(void **state)
{
	unsigned left;

	(void)state;
	/* A test that failed may not have come to it. */
	(void)C_Finalize(NULL);
	left = fake_usb_stop();
	left += fake_scard_stop();
	if (left)
		print_error("%u contexts, handles or transfers of PC/SC or libusb are left open\n", left);
	return folder_remove(rig_folder) || left ? -1 : 0;
}

/* ---- cards ---- */

struct lab {                    /* a card with the driver on it, outside any reader */
	struct vcard *v;
	struct hsm_card *card;
};

static struct lab lab_open(const struct rig_card *c)
{
	struct hsm_version version;
	struct apdu_link *link;
	struct lab l;

	MAKE(vcard_open(c->dir, &l.v));
	MAKE(link_vcard_open(l.v, &link));
	MAKE(hsm_card_new(link, &l.card));
	MAKE(hsm_card_select(l.card, &version, &never));
	return l;
}

static void lab_close(struct lab *l)
{
	hsm_card_free(&l->card, true);
	vcard_close(&l->v);
}

static struct secret *secret_of(const char *text)
{
	struct secret *s;

	MAKE(secret_new(rd_str(text), &s));
	return s;
}

static void lab_login(struct lab *l)
{
	struct secret *pin = secret_of(RIG_PIN);

	MAKE(hsm_pin_verify(l->card, HSM_REF_USER, pin, &never));
	secret_free(&pin);
}

static struct rig_card card_make(const char *profile)
{
	struct vcard_spec spec = { .profile = profile };
	struct rig_card c = { .id = "" };
	struct lab l;
	char pki[96];

	path_of(pki, sizeof(pki), "pki");
	/* Forked children make cards of their own. */
	(void)snprintf(c.dir, sizeof(c.dir), "%s/card%u.%ld", rig_folder, cards++, (long)getpid());
	spec.dir = c.dir;
	spec.pki = pki;
	MAKE(vcard_create(&spec));
	l = lab_open(&c);
	assert_true(vcard_id(l.v).n < sizeof(c.id));
	memcpy(c.id, vcard_id(l.v).p, vcard_id(l.v).n);
	lab_close(&l);
	return c;
}

struct rig_card rig_card_blank(void)
{
	return card_make(NULL);
}

struct rig_card rig_card_new(const struct rig_spec *s)
{
	struct rig_card c = card_make(s->profile);
	struct secret *so = secret_of(RIG_SO_PIN), *pin = s->pin ? secret_of(s->pin) : NULL;
	struct hsm_init init = {
		.options = (uint16_t)(s->options | (s->no_reset ? 0 : HSM_OPT_RESET_RETRY)),
		.so_pin = so,
		.pin = pin,
		.pin_tries = s->tries,
		.dkek_shares = s->dkek ? 0 : -1,
		.total = s->total,
		.required = s->required,
		.label = rd_str(s->label ? s->label : "test"),
	};
	struct lab l = lab_open(&c);

	MAKE(hsm_card_initialize(l.card, &init, true, &never));
	lab_close(&l);
	secret_free(&pin);
	secret_free(&so);
	return c;
}

void rig_card_key(const struct rig_card *c, uint8_t key, enum ec_curve curve, unsigned bits, const char *label,
		  struct rd id)
{
	struct hsm_keygen gen = { .key = key, .curve = curve, .rsa_bits = bits, .car = RD_LIT("UTCA00001"),
				  .chr = RD_LIT("UTTESTKEY00001") };
	struct p15_key about = { .type = curve == EC_NONE ? P15_RSA : P15_EC, .label = rd_str(label), .id = id,
				 .usage = P15_USE_SIGN | (curve == EC_NONE ? P15_USE_DECRYPT : P15_USE_DERIVE),
				 .bits = curve == EC_NONE ? bits : ec_domain_get(curve)->bits };
	struct lab l = lab_open(c);
	struct wr request, prkd;

	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&prkd, CVC_MAX);
	lab_login(&l);
	MAKE(hsm_key_generate(l.card, &gen, &request, &never));
	if (label) {
		MAKE(p15_key_write(&about, &prkd));
		MAKE(hsm_file_write(l.card, HSM_FID(HSM_FID_PRKD, key), wr_view(&prkd), &never));
	}
	wr_free(&prkd);
	wr_free(&request);
	lab_close(&l);
}

void rig_card_delete_key(const struct rig_card *c, uint8_t key)
{
	struct lab l = lab_open(c);

	lab_login(&l);
	MAKE(hsm_file_delete(l.card, HSM_FID(HSM_FID_KEY, key), &never));
	MAKE(hsm_file_delete(l.card, HSM_FID(HSM_FID_PRKD, key), &never));
	MAKE(hsm_file_delete(l.card, HSM_FID(HSM_FID_EE, key), &never));
	lab_close(&l);
}

void rig_card_write(const struct rig_card *c, uint16_t fid, struct rd content)
{
	struct lab l = lab_open(c);

	lab_login(&l);
	MAKE(hsm_file_write(l.card, fid, content, &never));
	lab_close(&l);
}

void rig_card_insert(const struct rig_card *c)
{
	rig_card_put(c->dir);
}

struct rig_card rig_card_simple(void)
{
	struct rig_card c = rig_card_new(&(struct rig_spec){ .pin = RIG_PIN });

	rig_card_key(&c, 1, EC_SECP256R1, 0, "ec", RD_LIT("\x01"));
	rig_card_insert(&c);
	return c;
}

/* ---- calls ---- */

void rig_initialize(void)
{
	assert_ok(C_Initialize(NULL));
}

void rig_finalize(void)
{
	assert_ok(C_Finalize(NULL));
}

CK_SESSION_HANDLE rig_session(void)
{
	CK_SESSION_HANDLE s = 0;
	CK_ULONG n = 0;

	assert_ok(C_GetSlotList(CK_FALSE, NULL, &n));
	assert_true(n > 0);
	assert_ok(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
	assert_int_not_equal(s, 0);
	return s;
}

CK_SESSION_HANDLE rig_enter(void)
{
	CK_SESSION_HANDLE s;

	(void)rig_card_simple();
	rig_initialize();
	s = rig_session();
	assert_ok(rig_login(s, RIG_PIN));
	return s;
}

CK_RV rig_login(CK_SESSION_HANDLE s, const char *pin)
{
	CK_UTF8CHAR copy[300];
	size_t n = pin ? strlen(pin) : 0;

	assert_true(n < sizeof(copy));
	memcpy(copy, pin ? pin : "", n);
	return C_Login(s, CKU_USER, pin ? copy : NULL, n);
}

CK_FLAGS rig_token_flags(void)
{
	CK_TOKEN_INFO info;
	CK_ULONG n = 0;

	assert_ok(C_GetSlotList(CK_FALSE, NULL, &n));
	assert_ok(C_GetTokenInfo(0, &info));
	return info.flags;
}

CK_OBJECT_HANDLE rig_find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, const char *label)
{
	char text[64];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, text, strlen(label) } };
	CK_OBJECT_HANDLE found[2] = { 0, 0 };
	CK_ULONG n = 0;

	memcpy(text, label, strlen(label));
	assert_ok(C_FindObjectsInit(s, t, 2));
	assert_ok(C_FindObjects(s, found, 2, &n));
	assert_ok(C_FindObjectsFinal(s));
	assert_int_equal(n, 1);
	return found[0];
}

size_t rig_count(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0;

	assert_ok(C_FindObjectsInit(s, &t, 1));
	assert_ok(C_FindObjects(s, found, 64, &n));
	assert_ok(C_FindObjectsFinal(s));
	return n;
}

struct rd rig_attribute(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	static uint8_t value[4096];
	CK_ATTRIBUTE a = { type, value, sizeof(value) };

	assert_ok(C_GetAttributeValue(s, o, &a, 1));
	return rd_of(value, a.ulValueLen);
}

CK_ULONG rig_number(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	struct rd v = rig_attribute(s, o, type);
	CK_ULONG n = 0;

	assert_int_equal(v.n, sizeof(n));
	memcpy(&n, v.p, sizeof(n));
	return n;
}

CK_RV rig_sign_begin(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mech = { m, NULL, 0 };

	return C_SignInit(s, &mech, key);
}

CK_RV rig_sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_BYTE data[32] = { 1, 2, 3 }, sig[64];
	CK_ULONG n = sizeof(sig);
	CK_RV rv = rig_sign_begin(s, CKM_ECDSA, key);

	if (!rv)
		rv = C_Sign(s, data, sizeof(data), sig, &n);
	return rv;
}

CK_RV rig_generate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_ULONG bits, const char *label, CK_OBJECT_HANDLE *pub,
		   CK_OBJECT_HANDLE *priv)
{
	static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_MECHANISM mech = { m, NULL, 0 };
	CK_BYTE params[sizeof(p256)];
	CK_BBOOL yes = CK_TRUE;
	char text[64];
	CK_ATTRIBUTE pub_t[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_LABEL, text, strlen(label) },
		{ CKA_EC_PARAMS, params, sizeof(params) },
	};
	CK_ATTRIBUTE priv_t[] = { { CKA_TOKEN, &yes, sizeof(yes) }, { CKA_LABEL, text, strlen(label) } };

	memcpy(params, p256, sizeof(params));
	memcpy(text, label, strlen(label));
	if (bits)
		pub_t[2] = (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits, sizeof(bits) };
	return C_GenerateKeyPair(s, &mech, pub_t, 3, priv_t, 2, pub, priv);
}
