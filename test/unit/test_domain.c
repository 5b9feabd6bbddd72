/* SPDX-License-Identifier: Apache-2.0 */
/* Key domains and wrapped keys: the driver's bytes as the reference has them, and the driver with virtual cards. */
#include "sc-hsm/file.h"
#include "sc-hsm/wrap.h"
#include "test/unit/rig.h"

static const uint8_t share_a[HSM_SHARE_SIZE] = { 0xA5, 1, 2, 3 }, share_b[HSM_SHARE_SIZE] = { 0x5A, 4, 5, 6 };

static void assert_encoded(struct wr *w, const char *hex)
{
	struct wr expected;

	wr_init_heap(&expected, 4096);
	assert_int_equal(wr_done(w), ERR_OK);
	assert_bytes_equal(wr_view(w), test_unhex(&expected, hex));
	wr_free(&expected);
	wr_reset(w);
}

/* Reference 14.4 and 3.17 to 3.19. */
static void test_bytes(void **state)
{
	static const uint8_t shares = 2;
	struct wr w;

	(void)state;
	wr_init_heap(&w, APDU_CMD_MAX);
	hsm_enc_domain_status(&w, 0);
	assert_encoded(&w, "8052000000");
	hsm_enc_domain(&w, HSM_DOMAIN_IMPORT, 0, RD_ARR(share_a));
	assert_encoded(&w, "8052000020"
			   "A501020300000000000000000000000000000000000000000000000000000000" "00");
	hsm_enc_domain(&w, HSM_DOMAIN_CREATE, 3, rd_of(&shares, 1));
	assert_encoded(&w, "80520103010200");
	hsm_enc_domain_delete(&w, 3);
	assert_encoded(&w, "80520303");
	hsm_enc_domain_forget(&w, 3);
	assert_encoded(&w, "8052040300");
	hsm_enc_wrap(&w, 1);
	assert_encoded(&w, "80720192000000");
	hsm_enc_unwrap(&w, 1, RD_NONE);
	assert_encoded(&w, "80740193");
	hsm_enc_unwrap(&w, 1, RD_LIT("\x01\x02"));
	assert_encoded(&w, "80740193020102");
	wr_free(&w);
}

/* What can be seen of the reference's AES key, 10.1, and of what is none. */
static void test_wrapped(void **state)
{
	struct hsm_wrapped v;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 512);
	(void)test_unhex(&w, "630DCD2966C433660F0008608648016503040100041011189900000000"
			     "1129CF25C8EB2F0FEB82F6036EE3B334F0640F61CF9DDB3C39FC2C0312372AE8"
			     "93DB74B0038897C2F2FBB0AF17D4A1F5");
	assert_int_equal(w.n, 77);
	assert_int_equal(hsm_wrapped_read(wr_view(&w), &v), ERR_OK);
	assert_bytes_equal(v.kcv, RD_LIT("\x63\x0D\xCD\x29\x66\xC4\x33\x66"));
	assert_int_equal(v.type, P15_AES);
	assert_bytes_equal(v.algorithms, RD_LIT("\x10\x11\x18\x99"));
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(hsm_wrapped_read(rd_of(w.p, i), &v), i == 77 - 16 ? ERR_OK : ERR_FORMAT);
	w.p[8] = 7;
	assert_int_equal(hsm_wrapped_read(wr_view(&w), &v), ERR_UNSUPPORTED);
	wr_free(&w);
}

static void test_file(void **state)
{
	const struct hsm_backup b = {
		.blob = RD_LIT("blob"), .description = RD_LIT("\x30\x02\x0C\x00"),
		.certificate = RD_LIT("\x67\x01\x00"),
	};
	struct hsm_backup back;
	struct wr w;

	(void)state;
	wr_init_heap(&w, 512);
	assert_int_equal(hsm_backup_write(&b, &w), ERR_OK);
	assert_bytes_equal(wr_view(&w), RD_LIT("\x30\x0D\x04\x04" "blob" "\x30\x02\x0C\x00\x67\x01\x00"));
	assert_int_equal(hsm_backup_read(wr_view(&w), &back), ERR_OK);
	assert_bytes_equal(back.blob, b.blob);
	assert_bytes_equal(back.description, b.description);
	assert_bytes_equal(back.certificate, b.certificate);
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(hsm_backup_read(rd_of(w.p, i), &back), ERR_FORMAT);
	/* Without a certificate. */
	wr_reset(&w);
	assert_int_equal(hsm_backup_write(&(struct hsm_backup){ .blob = b.blob, .description = b.description }, &w),
			 ERR_OK);
	assert_int_equal(hsm_backup_read(wr_view(&w), &back), ERR_OK);
	assert_int_equal(back.certificate.n, 0);
	wr_u8(&w, 0);
	assert_int_equal(hsm_backup_read(wr_view(&w), &back), ERR_FORMAT);
	wr_free(&w);
}

static enum err init(struct rig *r, int shares, unsigned domains)
{
	struct secret *so = secret(SO_PIN), *pin = secret(PIN);
	struct hsm_init i = { .so_pin = so, .pin = pin, .dkek_shares = shares, .domains = domains };
	enum err e = hsm_card_initialize(r->h, &i, false, NULL);

	secret_free(&pin);
	secret_free(&so);
	return e;
}

static void import(struct rig *r, uint8_t domain, struct hsm_domain *d)
{
	struct secret *a = secret(RD_ARR(share_a)), *b = secret(RD_ARR(share_b));

	assert_int_equal(hsm_domain_import(r->h, domain, a, d, NULL), ERR_OK);
	assert_int_equal(d->missing, 1);
	assert_false(d->is_ready);
	assert_int_equal(hsm_domain_import(r->h, domain, b, d, NULL), ERR_OK);
	assert_true(d->is_ready);
	assert_int_equal(hsm_domain_import(r->h, domain, b, d, NULL), ERR_CONDITIONS);
	secret_free(&b);
	secret_free(&a);
}

EACH_WITH(test_domains, p->domain_slots)
{
	uint8_t kek[HSM_SHARE_SIZE], kcv[HSM_KCV_SIZE];
	struct hsm_domain d[HSM_DOMAINS_MAX], one;
	struct rig r = rig_new(p->name);
	struct secret *short_share = secret(RD_LIT("short"));
	struct wr request;
	size_t n;

	assert_int_equal(init(&r, -1, 0), ERR_OK);
	assert_int_equal(hsm_domain_list(r.h, d, &n, NULL), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(hsm_domain_create(r.h, 0, 1, NULL), ERR_UNSUPPORTED);
	assert_int_equal(init(&r, 1, 1), ERR_ARG);
	assert_int_equal(init(&r, -1, 17), ERR_ARG);

	assert_int_equal(init(&r, -1, 3), ERR_OK);
	assert_int_equal(hsm_domain_list(r.h, d, &n, NULL), ERR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(d[2].kind, HSM_DOMAIN_EMPTY);
	assert_int_equal(hsm_domain_create(r.h, 1, 2, NULL), p->sw_domain_closed == 0x6982 ? ERR_AUTH : ERR_CONDITIONS);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	assert_int_equal(hsm_domain_create(r.h, 1, 0, NULL), ERR_ARG);
	assert_int_equal(hsm_domain_create(r.h, 3, 2, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_domain_create(r.h, 1, 2, NULL), ERR_OK);
	assert_int_equal(hsm_domain_create(r.h, 1, 2, NULL), ERR_CONDITIONS);
	assert_int_equal(hsm_domain_import(r.h, 1, short_share, &one, NULL), ERR_ARG);
	import(&r, 1, &one);
	for (size_t i = 0; i < sizeof(kek); i++)
		kek[i] = share_a[i] ^ share_b[i];
	assert_int_equal(hsm_domain_check_value(RD_ARR(kek), kcv), ERR_OK);
	assert_memory_equal(one.kcv, kcv, sizeof(kcv));
	assert_int_equal(hsm_domain_list(r.h, d, &n, NULL), ERR_OK);
	assert_int_equal(d[1].kind, HSM_DOMAIN_DKEK);
	assert_int_equal(d[1].shares, 2);
	assert_memory_equal(d[1].kcv, kcv, sizeof(kcv));

	/* A domain with keys stays. */
	wr_init_heap(&request, CVC_MAX);
	assert_int_equal(card_generate(r.card, 1, EC_SECP256R1, 0, "", "UTKEY00001", "920101"), 0x9000);
	assert_int_equal(hsm_domain_delete(r.h, 1, NULL), ERR_CONDITIONS);
	assert_int_equal(hsm_file_delete(r.h, 0xCC01, NULL), ERR_OK);
	assert_int_equal(hsm_domain_forget(r.h, 1, NULL), ERR_OK);
	import(&r, 1, &one);
	assert_int_equal(hsm_domain_delete(r.h, 1, NULL), ERR_OK);
	assert_int_equal(hsm_domain_status(r.h, 1, &one, NULL), ERR_OK);
	assert_int_equal(one.kind, HSM_DOMAIN_EMPTY);
	assert_int_equal(hsm_domain_delete(r.h, 1, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_domain_delete(r.h, 9, NULL), ERR_NOT_FOUND);
	wr_free(&request);
	secret_free(&short_share);
	rig_free(&r);
}

static struct rig with_dkek(const struct vcard_profile *p)
{
	struct rig r = rig_new(p->name);
	struct hsm_domain d;

	assert_int_equal(init(&r, 2, 0), ERR_OK);
	import(&r, 0, &d);
	assert_int_equal(rig_verify(&r, PIN), ERR_OK);
	return r;
}

/* From card to card; the long one through the file, of which nothing is left. */
EACH_WITH(test_travel, p->keys_large)
{
	static const struct {
		enum ec_curve curve;
		unsigned bits;
		size_t size;
	} keys[] = { { EC_SECP256R1, 0, 363 }, { EC_NONE, 2048, 587 }, { EC_NONE, 4096, 1099 } };
	struct rig a = with_dkek(p), b = with_dkek(p), c = rig_new(p->name);
	struct wr blob, request, file;

	wr_init_heap(&blob, 4096);
	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&file, 4096);
	assert_int_equal(init(&c, 0, 0), ERR_OK);
	assert_int_equal(rig_verify(&c, PIN), ERR_OK);
	assert_int_equal(hsm_key_wrap(a.h, 1, &blob, NULL), ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		uint8_t id = (uint8_t)(i + 1);

		/* Such a key takes its time, and the way through the file is the same on every card. */
		if (keys[i].bits == 4096 && p != vcard_profile_at(0))
			continue;
		wr_reset(&blob);
		wr_reset(&request);
		assert_int_equal(rig_generate(&a, id, keys[i].curve, keys[i].bits, RD_NONE, 0, &request), ERR_OK);
		assert_int_equal(hsm_key_wrap(a.h, id, &blob, NULL), ERR_OK);
		assert_int_equal(blob.n, keys[i].size);
		assert_int_equal(hsm_key_unwrap(b.h, id, wr_view(&blob), NULL), ERR_OK);
		assert_int_equal(hsm_file_read(b.h, HSM_EF_BUFFER, &file, NULL), ERR_NOT_FOUND);
		assert_int_equal(hsm_key_unwrap(c.h, id, wr_view(&blob), NULL), ERR_DATA);
		assert_int_equal(hsm_file_read(c.h, HSM_EF_BUFFER, &file, NULL), ERR_NOT_FOUND);
		/* It is the same key. */
		wr_reset(&blob);
		assert_int_equal(hsm_key_wrap(b.h, id, &blob, NULL), ERR_OK);
		assert_int_equal(blob.n, keys[i].size);
	}
	assert_int_equal(hsm_key_unwrap(b.h, 0, wr_view(&blob), NULL), ERR_ARG);
	assert_int_equal(hsm_key_unwrap(b.h, 9, RD_NONE, NULL), ERR_ARG);
	assert_int_equal(rig_generate(&a, 9, EC_SECP256R1, 0, RD_LIT("\x73"), 0, &request), ERR_OK);
	assert_int_equal(hsm_key_wrap(a.h, 9, &blob, NULL), ERR_ALGORITHM);
	wr_free(&file);
	wr_free(&request);
	wr_free(&blob);
	rig_free(&c);
	rig_free(&b);
	rig_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_wrapped), cmocka_unit_test(test_file),
		each(test_domains),           each(test_travel),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
