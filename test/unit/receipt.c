/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/receipt.h"

#include <stdlib.h>

#include "base/clock.h"
#include "pka/message.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/digest.h"
#include "sc-hsm/key.h"
#include "sc-hsm/pin.h"

#define OK(call) assert_int_equal((call), ERR_OK)
#define FILE_MAX (1 << 20)

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

struct proof {                          /* one consent, owned */
	uint8_t challenge[PKA_CHALLENGE_SIZE], sig[EC_SIG_MAX], statement[STATEMENT_MAX], statement_sig[EC_SIG_MAX];
};

static void person_sign(struct session *s, unsigned i, struct rd bytes, uint8_t out[EC_SIG_MAX], struct rd *view)
{
	struct quorum_person *p = &s->q.people[i];
	uint8_t der_bytes[160];
	struct wr der, plain;

	WR_ARR(&der, der_bytes);
	wr_init(&plain, out, EC_SIG_MAX);
	OK(hsm_key_sign(p->card.card, p->key, HSM_ECDSA_SHA256, bytes, &der, &never));
	OK(ec_sig_from_der(wr_view(&der), 32, &plain));
	*view = wr_view(&plain);
}

/* One custodian: his signature opens the card, his statement says why. */
static void approve(struct session *s, unsigned i, bool fresh_challenge, struct proof *p, struct pka_consent *c)
{
	uint8_t message[PKA_MESSAGE_MAX];
	struct pka_statement st = { .decision = s->deny && i == 1 ? PKA_DENY : PKA_APPROVE,
				    .limits = rd_str(s->limits[i]), .key = rd_str(s->q.custodians[i].chr) };
	struct wr m, text;

	if (fresh_challenge)
		OK(hsm_pka_challenge(s->q.target.card, p->challenge, &never));
	WR_ARR(&m, message);
	WR_ARR(&text, p->statement);
	OK(pka_message(rd_str(s->q.target.id), RD_ARR(p->challenge), &m));
	OK(sha256(wr_view(&m), st.message));
	OK(sha256(rd_str(s->json), st.request));
	memcpy(st.login_id, s->login_id, sizeof(st.login_id));
	st.login_id[0] ^= s->other_login && i == 1;
	OK(pka_statement_write(&st, &text));
	c->pka_file = wr_view(&s->q.people[i].file);
	c->challenge = RD_ARR(p->challenge);
	c->statement = wr_view(&text);
	person_sign(s, i, wr_view(&m), p->sig, &c->sig);
	person_sign(s, i, wr_view(&text), p->statement_sig, &c->statement_sig);
	OK(hsm_pka_authenticate(s->q.target.card, st.key, c->sig, &never));
}

static void open_card(struct session *s, struct proof proofs[2], struct pka_consent consents[2])
{
	bool per_key = strcmp(vcard_profile_name(s->q.target.vcard), "vendor-per-key") == 0;
	struct secret *pin;

	OK(hsm_card_select(s->q.target.card, NULL, &never));
	if (s->q.is_open_firmware) {
		OK(secret_new(rd_str(QUORUM_PIN), &pin));
		OK(hsm_pin_verify(s->q.target.card, HSM_REF_USER, pin, &never));
		secret_free(&pin);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (i > 0)
			memcpy(proofs[i].challenge, proofs[0].challenge, PKA_CHALLENGE_SIZE);
		approve(s, i, i == 0 || per_key, &proofs[i], &consents[i]);
	}
}

static void make_key(struct session *s, uint8_t key, uint32_t uses, const char *label)
{
	const char *chr = "UTVCARDKEY00001";
	struct hsm_keygen gen = { .key = key, .curve = key == KEY_RSA ? EC_NONE : EC_SECP256R1, .rsa_bits = 2048,
				  .car = rd_str(chr), .chr = rd_str(chr), .use_counter = uses };
	struct wr *att = &s->attestations[key - 1];

	wr_init_heap(att, CVC_MAX);
	OK(hsm_key_generate(s->q.target.card, &gen, att, &never));
	s->keys[key - 1] = (struct receipt_key){
		.key = key, .label = rd_str(label), .id = RD_LIT("\x0a\x0b"),
		.attestation = key == KEY_UNATTESTED ? RD_NONE : wr_view(att),
	};
}

void session_open(struct session *s, const char *profile)
{
	struct pka_consent consents[2];
	struct proof proofs[2];

	memset(s, 0, sizeof(*s));
	quorum_open(&s->q, profile, 2, 3);
	s->json = "{\"v\":1,\"reason\":\"release 1.2\",\"budget\":\"sign=20 for=600\"}";
	s->limits[0] = s->limits[1] = "";
	s->in_force = "sign=20 for=600";
	s->now = clock_wall_s();        /* the cards' certificates begin today */
	for (size_t i = 0; i < sizeof(s->login_id); i++)
		s->login_id[i] = (uint8_t)(0x10 + i);
	open_card(s, proofs, consents);
	make_key(s, KEY_COUNTED, 100, "fit key");
	make_key(s, KEY_PLAIN, 0, "dev");
	make_key(s, KEY_RSA, 1000, "-");
	make_key(s, KEY_UNATTESTED, 0, "");
	wr_init_heap(&s->file, FILE_MAX);
}

void session_close(struct session *s)
{
	for (size_t i = 0; i < SESSION_KEYS; i++)
		wr_free(&s->attestations[i]);
	wr_free(&s->file);
	quorum_close(&s->q);
}

static void read_counters(struct session *s)
{
	for (size_t i = 0; i < SESSION_KEYS; i++)
		OK(hsm_key_counter(s->q.target.card, s->keys[i].key, &s->keys[i].has_counter, &s->keys[i].counter,
				   &never));
}

void session_begin(struct session *s)
{
	struct pka_consent consents[2];
	struct proof proofs[2];
	struct pka_limits limits;
	struct receipt_head h = {
		.device_id = rd_str(s->q.target.id), .devaut = wr_view(&s->q.target.devaut),
		.login_id = RD_ARR(s->login_id), .host_json = rd_str(s->json), .n = 2, .m = 3, .consents = consents,
		.consents_n = 2, .limits = &limits, .keys = s->keys, .keys_n = SESSION_KEYS, .when = s->now,
	};

	open_card(s, proofs, consents);
	read_counters(s);
	OK(pka_limits_read(rd_str(s->in_force), &limits, NULL, 0));
	wr_reset(&s->file);
	receipt_chain_init(&s->chain);
	OK(receipt_write_head(&s->chain, &h, &s->file));
}

void session_sign(struct session *s, uint8_t key, uint8_t alg, struct rd data, bool repeat)
{
	uint8_t hash[SHA256_SIZE];
	struct receipt_use u = { .kind = RECEIPT_SIGN, .when = s->now, .key = key, .alg = alg, .repeat = repeat,
				 .data_hash = RD_ARR(hash), .uid = 1000, .gid = 100, .pid = 4711,
				 .program = "mkimage" };
	struct hsm_digest d;
	struct wr cmd, sig;
	struct apdu a;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&sig, APDU_RSP_MAX);
	hsm_enc_sign(&cmd, key, alg, data);
	OK(apdu_decode(wr_view(&cmd), &a));
	OK(hsm_digest_of(&a, &d));
	OK(hsm_card_exchange(s->q.target.card, HSM_SIGN, wr_view(&cmd), &sig, &never));
	OK(sha256(a.data, hash));
	u.digest_alg = d.alg;
	u.digest = rd_of(d.value, d.n);
	u.signature = wr_view(&sig);
	OK(receipt_write_use(&s->chain, &u, &s->file));
	wr_free(&cmd);
	wr_free(&sig);
	s->now++;
}

void session_end(struct session *s)
{
	struct receipt_end end = { .when = s->now, .why = "it was ended by its user", .keys = s->keys,
				   .keys_n = SESSION_KEYS };

	read_counters(s);
	OK(receipt_write_end(&s->chain, &end, &s->file));
	s->now += 60;
}

void session_make(struct session *s, unsigned n)
{
	uint8_t bytes[128];
	struct wr w;

	session_begin(s);
	for (unsigned i = 0; i < n; i++) {
		WR_ARR(&w, bytes);
		wr_printf(&w, "image %u", i);
		session_sign(s, KEY_COUNTED, HSM_ECDSA_SHA256, wr_view(&w), false);
	}
	session_sign(s, KEY_PLAIN, HSM_ECDSA, RD_LIT("0123456789abcdef0123456789abcdef"), false);
	WR_ARR(&w, bytes);
	OK(digest_info(DIGEST_SHA256, RD_LIT("0123456789abcdef0123456789abcdef"), &w));
	session_sign(s, KEY_RSA, HSM_RSA_PKCS1, wr_view(&w), false);
	session_sign(s, KEY_UNATTESTED, HSM_ECDSA_SHA256, RD_LIT("image"), false);
	session_end(s);
}

enum err session_budget(void *ctx, struct rd host_json, struct wr *text)
{
	static const char member[] = "\"budget\":\"";
	const char *json, *at;
	struct wr w;

	(void)ctx;
	wr_init_heap(&w, REQUEST_JSON_MAX + 1);
	wr_put(&w, host_json);
	json = wr_cstr(&w);
	at = strstr(json, member);
	if (at) {
		at += sizeof(member) - 1;
		wr_put(text, rd_of(at, strcspn(at, "\"")));
	}
	wr_free(&w);
	return at ? wr_done(text) : ERR_FORMAT;
}

struct receipt_trust session_trust(const struct session *s)
{
	return (struct receipt_trust){ .anchors = s->q.anchors, .budget = session_budget };
}

void session_judge(const struct session *s, struct rd file, struct receipt_verdict *v)
{
	struct receipt_trust trust = session_trust(s);
	struct receipt_judged *judged = calloc(1, sizeof(*judged));
	struct receipt *r;

	assert_non_null(judged);
	memset(v, 0, sizeof(*v));
	OK(receipt_read(file, &r, v));
	OK(receipt_judge(r, &trust, judged, v));
	receipt_free(&r);
	free(judged);
}

/* ---- text ---- */

static struct rd next_line(struct rd *r)
{
	const uint8_t *end = memchr(r->p, '\n', r->n);
	struct rd line;

	assert_non_null(end);
	line = rd_of(r->p, (size_t)(end - r->p));
	*r = rd_of(end + 1, r->n - line.n - 1);
	return line;
}

static struct rd without_hash(struct rd line)
{
	assert_true(line.n > 2 * SHA256_SIZE + 1);
	return rd_of(line.p, line.n - 2 * SHA256_SIZE - 1);
}

void receipt_forge(struct rd file, size_t line, const char *text, struct wr *out)
{
	uint8_t hash[SHA256_SIZE] = { 0 };
	struct rd parts[2];

	for (size_t n = 1; file.n > 0; n++) {
		struct rd at = without_hash(next_line(&file));

		if (n == line && !text)
			continue;
		parts[0] = RD_ARR(hash);
		parts[1] = n == line ? rd_str(text) : at;
		OK(sha256_parts(parts, 2, hash));
		wr_put(out, parts[1]);
		wr_text(out, " ");
		wr_hex(out, RD_ARR(hash));
		wr_text(out, "\n");
	}
	OK(wr_done(out));
}

const char *receipt_line_text(struct rd file, size_t n, char *buf, size_t cap)
{
	struct rd line = RD_NONE;

	while (n-- > 0)
		line = next_line(&file);
	line = without_hash(line);
	assert_true(line.n < cap);
	memcpy(buf, line.p, line.n);
	buf[line.n] = '\0';
	return buf;
}

size_t receipt_find_line(struct rd file, const char *start, unsigned nth)
{
	for (size_t n = 1; file.n > 0; n++) {
		struct rd line = next_line(&file);

		if (line.n > strlen(start) && rd_eq_str(rd_of(line.p, strlen(start)), start) && nth-- == 0)
			return n;
	}
	return 0;
}

size_t receipt_count_lines(struct rd file)
{
	size_t n = 0;

	for (; file.n > 0; n++)
		(void)next_line(&file);
	return n;
}
