/* SPDX-License-Identifier: Apache-2.0 */
/* Key domains whose key two cards agree on, reference 6.3: the bytes, and the driver with three virtual cards. */
#include "sc-hsm/card_int.h"
#include "sc-hsm/file.h"
#include "sc-hsm/wrap.h"
#include "sc-hsm/xkek.h"
#include "test/unit/rig.h"

#define EXCHANGE RD_LIT("\x83\x84")
#define DOMAIN   1

static void assert_encoded(struct wr *w, const char *hex)
{
	struct wr expected;

	wr_init_heap(&expected, 256);
	assert_int_equal(wr_done(w), ERR_OK);
	assert_bytes_equal(wr_view(w), test_unhex(&expected, hex));
	wr_free(&expected);
	wr_reset(w);
}

static void test_bytes(void **state)
{
	uint8_t point[65] = { 0x04, 0xAA, [33] = 0xBB };
	struct wr w;

	(void)state;
	wr_init_heap(&w, APDU_CMD_MAX);
	hsm_enc_domain(&w, HSM_DOMAIN_JOIN, 3, RD_LIT("\x01\x02"));
	assert_encoded(&w, "80520203020102" "00");
	hsm_enc_domain(&w, HSM_DOMAIN_JOIN, 3, RD_NONE);
	assert_encoded(&w, "8052020300");
	hsm_enc_decipher(&w, 9, HSM_ECDH_DOMAIN, RD_LIT("\x01\x02"));
	assert_encoded(&w, "80620984020102");
	hsm_enc_decipher(&w, 9, HSM_ECDH_DOMAIN, RD_NONE);
	assert_encoded(&w, "80620984");
	hsm_enc_decipher(&w, 9, HSM_ECDH_PROVED, RD_NONE);
	assert_encoded(&w, "8062098300");

	assert_int_equal(hsm_member_message(RD_ARR(point), &w), ERR_OK);
	assert_encoded(&w, "54" "AA00000000000000" "0000000000000000" "0000000000000000" "0000000000000000");
	assert_int_equal(hsm_member_message(rd_of(point, 64), &w), ERR_FORMAT);
	assert_int_equal(hsm_member_message(rd_of(point, 1), &w), ERR_FORMAT);
	point[0] = 0x02;
	assert_int_equal(hsm_member_message(RD_ARR(point), &w), ERR_FORMAT);
	wr_free(&w);
}

/* What the status says of an XKEK: two numbers that cards fill in differently, the check value, the name. */
static void test_status(void **state)
{
	uint8_t answer[2 + HSM_KCV_SIZE + HSM_UID_SIZE] = { 0xFF, 0x00 };
	struct hsm_domain d;

	(void)state;
	answer[sizeof(answer) - 1] = 0x77;
	assert_int_equal(hsm_dec_domain(RD_ARR(answer), &d), ERR_OK);
	assert_int_equal(d.kind, HSM_DOMAIN_XKEK);
	assert_false(d.is_ready);
	assert_int_equal(d.uid[HSM_UID_SIZE - 1], 0x77);
	answer[0] = answer[1] = 1;
	answer[2] = 0x12;
	assert_int_equal(hsm_dec_domain(RD_ARR(answer), &d), ERR_OK);
	assert_true(d.is_ready);
	assert_int_equal(d.kcv[0], 0x12);
	assert_int_equal(hsm_dec_domain(rd_of(answer, sizeof(answer) - 1), &d), ERR_FORMAT);
}

/* A card with its certificates, and the request of the key that others are shown. */
struct party {
	struct rig rig;
	struct wr devaut, bytes;
	struct cvc device, issuer;
	bool has_issuer;
	struct cvc_request request;
};

static void party_init(struct party *a, const struct vcard_profile *p)
{
	struct secret *so = secret(SO_PIN), *pin = secret(PIN);
	struct hsm_init i = { .so_pin = so, .pin = pin, .dkek_shares = -1, .domains = 3 };

	a->rig = rig_new(p->name);
	wr_init_heap(&a->devaut, FILE_SIZE_MAX);
	wr_init_heap(&a->bytes, CVC_MAX);
	assert_int_equal(hsm_card_initialize(a->rig.h, &i, false, NULL), ERR_OK);
	assert_int_equal(hsm_file_devaut(a->rig.h, &a->devaut, NULL), ERR_OK);
	assert_int_equal(cvc_devaut_read(wr_view(&a->devaut), &a->device, &a->issuer, &a->has_issuer), ERR_OK);
	secret_free(&so);
	secret_free(&pin);
}

static void party_free(struct party *a)
{
	wr_free(&a->bytes);
	wr_free(&a->devaut);
	rig_free(&a->rig);
}

/* The same card in a reader of short commands, where the requests go by the file. Logged in again. */
static void party_narrow(struct party *a)
{
	struct apdu_link *link = NULL;

	hsm_card_free(&a->rig.h, false);
	assert_int_equal(link_vcard_open_narrow(a->rig.card->v, &link), ERR_OK);
	assert_int_equal(hsm_card_new(link, &a->rig.h), ERR_OK);
	assert_int_equal(hsm_card_select(a->rig.h, NULL, NULL), ERR_OK);
	assert_int_equal(rig_verify(&a->rig, PIN), ERR_OK);
}

static void party_key(struct party *a, uint8_t key, uint8_t domain, struct rd algorithms, uint32_t counter)
{
	struct hsm_keygen g = {
		.key = key, .curve = HSM_MEMBER_CURVE, .car = RD_LIT("UTCA00001"), .chr = RD_LIT("UTKEY00001"),
		.algorithms = algorithms, .use_counter = counter, .domain = domain,
	};
	struct rd r;

	wr_reset(&a->bytes);
	assert_int_equal(hsm_key_generate(a->rig.h, &g, &a->bytes, NULL), ERR_OK);
	r = wr_view(&a->bytes);
	assert_int_equal(cvc_request_read(&r, &a->request), ERR_OK);
}

static struct hsm_proof proof_of(const struct party *p)
{
	return (struct hsm_proof){ p->has_issuer ? &p->issuer : NULL, &p->device, &p->request };
}

/* By the group's signer, key 1 of his card. */
static void sign_member(struct party *signer, const struct cvc *device, struct wr *sig)
{
	struct wr m, der;

	wr_init_heap(&m, 128);
	wr_init_heap(&der, 128);
	wr_reset(sig);
	assert_int_equal(hsm_member_message(device->key.q, &m), ERR_OK);
	assert_int_equal(hsm_key_sign(signer->rig.h, 1, HSM_ECDSA_SHA256, wr_view(&m), &der, NULL), ERR_OK);
	assert_int_equal(ec_sig_from_der(wr_view(&der), 32, sig), ERR_OK);
	wr_free(&der);
	wr_free(&m);
}

static enum err join(struct party *a, uint8_t domain, const struct party *signer, struct rd sig, struct hsm_domain *d)
{
	const struct hsm_proof key = proof_of(signer);

	return hsm_domain_join(a->rig.h, domain, &key, sig, d, NULL);
}

static enum err agree(struct party *a, uint8_t key, const struct party *peer)
{
	const struct hsm_proof proof = proof_of(peer);

	return hsm_domain_agree(a->rig.h, key, &proof, NULL);
}

static enum err agree_proved(struct party *a, uint8_t key, const struct party *peer, struct wr *x)
{
	const struct hsm_proof proof = proof_of(peer);

	wr_reset(x);
	return hsm_key_agree_proved(a->rig.h, key, &proof, x, NULL);
}

/* signer, and two cards that are no members yet; all logged in. */
static void group_new(const struct vcard_profile *p, struct party *signer, struct party *a, struct party *b)
{
	party_init(signer, p);
	party_init(a, p);
	party_init(b, p);
	assert_int_equal(rig_verify(&signer->rig, PIN), ERR_OK);
	party_key(signer, 1, 0, RD_NONE, 0);
	assert_int_equal(rig_verify(&a->rig, PIN), ERR_OK);
	assert_int_equal(rig_verify(&b->rig, PIN), ERR_OK);
}

static void group_free(struct party *signer, struct party *a, struct party *b)
{
	party_free(b);
	party_free(a);
	party_free(signer);
}

EACH_WITH(test_join, p->domain_slots)
{
	struct party signer, a, b;
	struct hsm_domain d;
	struct wr sig;
	struct rd uid;

	wr_init_heap(&sig, 128);
	group_new(p, &signer, &a, &b);
	sign_member(&signer, &a.device, &sig);
	assert_int_equal(join(&a, DOMAIN, &signer, rd_of(sig.p, 63), &d), ERR_ARG);
	assert_int_equal(join(&a, 3, &signer, wr_view(&sig), &d), ERR_NOT_FOUND);
	/* The other card's membership is not its own; nor is a changed one. */
	assert_int_equal(join(&b, DOMAIN, &signer, wr_view(&sig), &d), ERR_CONDITIONS);
	sig.p[40] ^= 1;
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_CONDITIONS);
	sig.p[40] ^= 1;
	assert_int_equal(hsm_domain_status(a.rig.h, DOMAIN, &d, NULL), ERR_OK);
	assert_int_equal(d.kind, HSM_DOMAIN_EMPTY);
	assert_int_equal(hsm_card_select(a.rig.h, NULL, NULL), ERR_OK);
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d),
			 p->sw_domain_closed == 0x6982 ? ERR_AUTH : ERR_CONDITIONS);
	assert_int_equal(rig_verify(&a.rig, PIN), ERR_OK);
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_OK);
	assert_int_equal(d.kind, HSM_DOMAIN_XKEK);
	assert_false(d.is_ready);
	assert_memory_equal(d.uid, signer.request.inner.key.q.p + 1, HSM_UID_SIZE);
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_CONDITIONS);
	/* It takes no shares, is kept, and a key in it says so. */
	assert_int_equal(card_hex(a.rig.card, "8052000120" "A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5"
				  "A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5" "00"), p->sw_domain_complete);
	party_key(&a, 1, DOMAIN, EXCHANGE, 0);
	assert_true(hsm_member_domain(&a.request.inner, &uid));
	assert_bytes_equal(uid, RD_ARR(d.uid));
	assert_false(hsm_member_domain(&signer.request.inner, &uid));
	card_again(a.rig.card);
	card_select(a.rig.card);
	assert_int_equal(card_hex(a.rig.card, "8052000100"), 0x9000);
	assert_bytes_equal(rd_of(a.rig.card->data.p + 10, a.rig.card->data.n - 10), RD_ARR(d.uid));
	wr_free(&sig);
	hsm_card_abandon(&a.rig.h);     /* of the card that was pulled */
	group_free(&signer, &a, &b);
}

/* The whole way: two members, one key, and a key of a's that b has then. */
EACH_WITH(test_exchange, p->domain_slots)
{
	struct party signer, a, b;
	struct hsm_domain d, e;
	struct wr sig, x, y;

	wr_init_heap(&sig, 128);
	wr_init_heap(&x, 4096);
	wr_init_heap(&y, 4096);
	group_new(p, &signer, &a, &b);
	sign_member(&signer, &a.device, &sig);
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_OK);
	sign_member(&signer, &b.device, &sig);
	party_narrow(&b);
	assert_int_equal(join(&b, 0, &signer, wr_view(&sig), &d), ERR_OK);
	assert_int_equal(hsm_file_read(b.rig.h, HSM_EF_BUFFER, &x, NULL), ERR_NOT_FOUND);

	/* A key that may not agree, one outside the domain, and a peer outside of it. */
	party_key(&b, 2, 0, EXCHANGE, 2);
	party_key(&a, 9, DOMAIN, RD_LIT("\x80"), 0);
	assert_int_equal(agree(&a, 9, &b), p->sw_key_algorithm == 0x6A81 ? ERR_ALGORITHM : ERR_CONDITIONS);
	party_key(&a, 8, 0, EXCHANGE, 0);
	assert_int_equal(agree(&a, 8, &b), ERR_CONDITIONS);
	assert_int_equal(agree(&b, 2, &a), ERR_CONDITIONS);
	assert_int_equal(agree(&a, 7, &b), ERR_NOT_FOUND);

	party_key(&a, 1, DOMAIN, EXCHANGE, 0);
	assert_int_equal(agree(&a, 1, &b), ERR_OK);
	assert_int_equal(hsm_domain_status(a.rig.h, DOMAIN, &d, NULL), ERR_OK);
	assert_true(d.is_ready);
	assert_int_equal(agree(&b, 2, &a), ERR_OK);
	assert_int_equal(hsm_file_read(b.rig.h, HSM_EF_BUFFER, &x, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_domain_status(b.rig.h, 0, &e, NULL), ERR_OK);
	assert_true(e.is_ready);
	assert_memory_equal(d.kcv, e.kcv, sizeof(d.kcv));

	/* For the host: the same x for both, each a use of the key. */
	if (p->agree_signed) {
		assert_int_equal(agree_proved(&a, 1, &b, &x), ERR_OK);
		assert_int_equal(agree_proved(&b, 2, &a, &y), ERR_OK);
		assert_int_equal(x.n, 32);
		assert_bytes_equal(wr_view(&x), wr_view(&y));
		assert_int_equal(agree_proved(&b, 2, &a, &y), p->xkek_counts ? ERR_USE_COUNTER : ERR_OK);
	} else {
		assert_int_equal(agree_proved(&a, 1, &b, &x), ERR_ALGORITHM);
	}

	/* A key of the domain crosses, and not into another. */
	wr_reset(&x);
	wr_reset(&y);
	party_key(&a, 4, DOMAIN, RD_NONE, 0);
	assert_int_equal(hsm_key_wrap(a.rig.h, 4, &x, NULL), ERR_OK);
	assert_int_equal(hsm_key_unwrap(b.rig.h, 5, wr_view(&x), NULL), ERR_OK);
	assert_int_equal(hsm_key_sign(b.rig.h, 5, HSM_ECDSA_SHA256, RD_LIT("x"), &y, NULL), ERR_OK);
	assert_int_equal(hsm_key_unwrap(signer.rig.h, 5, wr_view(&x), NULL), ERR_NOT_FOUND);

	/* Forgotten: nothing leaves any more, until it is agreed on again. */
	assert_int_equal(hsm_domain_forget(a.rig.h, DOMAIN, NULL), ERR_OK);
	assert_int_equal(hsm_domain_status(a.rig.h, DOMAIN, &d, NULL), ERR_OK);
	assert_int_equal(d.kind, HSM_DOMAIN_XKEK);
	assert_false(d.is_ready);
	assert_int_equal(hsm_key_wrap(a.rig.h, 4, &x, NULL), ERR_NOT_FOUND);
	assert_int_equal(hsm_domain_delete(a.rig.h, DOMAIN, NULL), ERR_CONDITIONS);
	wr_free(&y);
	wr_free(&x);
	wr_free(&sig);
	group_free(&signer, &a, &b);
}

/* A card of the vendor's believes nobody whose chain it has not seen, or whose request was changed. */
static void test_chain(void **state)
{
	const struct vcard_profile *p = vcard_profile_at(0);
	struct party signer, a, b;
	const struct hsm_proof alone = { .request = &signer.request };
	const struct hsm_proof others = { &b.issuer, &b.device, &signer.request };
	struct hsm_domain d;
	struct wr sig;

	(void)state;
	wr_init_heap(&sig, 128);
	group_new(p, &signer, &a, &b);
	sign_member(&signer, &a.device, &sig);
	assert_int_equal(hsm_domain_join(a.rig.h, DOMAIN, &alone, wr_view(&sig), &d, NULL), ERR_NOT_FOUND);
	/* b's certificates, the signer's request. */
	assert_int_equal(hsm_domain_join(a.rig.h, DOMAIN, &others, wr_view(&sig), &d, NULL), ERR_NOT_FOUND);
	signer.bytes.p[signer.bytes.n - 1] ^= 1;        /* the device's signature */
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_CONDITIONS);
	signer.bytes.p[signer.bytes.n - 1] ^= 1;
	assert_int_equal(join(&a, DOMAIN, &signer, wr_view(&sig), &d), ERR_OK);
	wr_free(&sig);
	group_free(&signer, &a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_status), each(test_join),
		each(test_exchange),          cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
