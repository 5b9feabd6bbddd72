/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the contract tests share: a folder with configuration and virtual cards, readers by the fake PC/SC, and short
 * forms of the calls that nearly every test makes. What must work ends the test if it does not.
 */
#ifndef TEST_P11_RIG_H
#define TEST_P11_RIG_H

#include "test/unit/test.h"

#include "base/crypto_ec.h"
#include "base/limits.h"
#include "pkcs11/ck/ck.h"
#include "test/p11/reader.h"

/* QUORUM11_TEST_USB=tpdu, short or extended: the readers are on a USB of test/fake/usb.h, and there is no pcscd. */
#define RIG_READER (rig_reader)
extern const char *rig_reader, *rig_other_reader;
#define RIG_OTHER_READER (rig_other_reader)
#define RIG_PIN "648219"
#define RIG_SO_PIN "57621880"

/* Readers in place of the machine's, by pcscd or by USB, one plugged in. */
void rig_readers_start(void);
extern bool rig_usb;                                    /* they are on a USB, the agent's, too */
bool rig_is_usb(void);                                  /* the module itself goes by USB, not an agent */
bool rig_is_short(void);                                /* ... by a reader of short APDUs */
/* For cmocka: each test begins with one empty reader and an empty configuration, and ends with nothing left open. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
extern char rig_folder[];

void rig_conf(const char *text);                        /* the whole configuration */
void rig_log_start(const char *levels);                 /* into a file; with the next C_Initialize */
/* Is the text in the log file? */
bool rig_log_has(const char *text);
void rig_log_wait(const char *text);                    /* until it is */

/* ---- cards, before they are put in ---- */

struct rig_card {
	char dir[96];
	char id[CHR_MAX + 1];                           /* of the device */
};
struct rig_spec {
	const char *profile;                            /* NULL: vendor-shared */
	const char *pin;                                /* NULL: none */
	unsigned tries;                                 /* 0: as many as the PIN may have */
	uint16_t options;                               /* besides 0001, the SO-PIN sets a PIN */
	bool no_reset;                                  /* ... without it */
	unsigned total, required;                       /* n-of-m; no key is registered */
	const char *label;                              /* NULL: "test" */
	bool dkek;                                      /* keys can leave it and come back */
};
struct rig_card rig_card_new(const struct rig_spec *s);
struct rig_card rig_card_blank(void);                   /* never initialised */
/* A key made by the driver: curve EC_NONE: RSA of bits. label NULL: without description. */
void rig_card_key(const struct rig_card *c, uint8_t key, enum ec_curve curve, unsigned bits, const char *label,
		  struct rd id);
void rig_card_delete_key(const struct rig_card *c, uint8_t key);        /* and its two files */
void rig_card_write(const struct rig_card *c, uint16_t fid, struct rd content);
void rig_card_insert(const struct rig_card *c);         /* into RIG_READER */
/* A card with a PIN and one P-256 key "ec" (number 1, id 01), in its reader. */
struct rig_card rig_card_simple(void);

/* ---- calls ---- */

void rig_initialize(void);
void rig_finalize(void);
CK_SESSION_HANDLE rig_session(void);                    /* read-write, on slot 0 */
CK_SESSION_HANDLE rig_enter(void);                      /* the same, logged in on a card of rig_card_simple */
CK_RV rig_login(CK_SESSION_HANDLE s, const char *pin);  /* NULL: no PIN */
CK_FLAGS rig_token_flags(void);                         /* of slot 0 */
/* The only object of this class and label. */
CK_OBJECT_HANDLE rig_find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, const char *label);
size_t rig_count(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class);
/* The attribute's value; views into a buffer that lives until the next call. */
struct rd rig_attribute(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
CK_ULONG rig_number(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type);
CK_RV rig_sign_begin(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_OBJECT_HANDLE key);
/* One signature over 32 bytes by CKM_ECDSA with the private key "ec". */
CK_RV rig_sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key);
CK_RV rig_generate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE m, CK_ULONG bits, const char *label, CK_OBJECT_HANDLE *pub,
		   CK_OBJECT_HANDLE *priv);

#define assert_rv(call, rv) assert_int_equal((call), (rv))
#define assert_ok(call) assert_int_equal((call), CKR_OK)

#endif
