/* SPDX-License-Identifier: Apache-2.0 */
/* Cards as INITIALIZE, registration and key generation would leave them, made in memory: a thousand a second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/file.h"
#include "pka/message.h"
#include "pka/statement.h"
#include "sc-hsm/p15.h"
#include "test/bench/load.h"
#include "test/vcard/mint.h"

#define KEY 1
#define MAKE(call) must((call), __LINE__)

static void must(enum err e, int line)
{
	char where[40];

	if (!e)
		return;
	(void)snprintf(where, sizeof(where), "load_cards.c:%d", line);
	bench_die(where, e);
}

/* ---- people ---- */

/* The request of a key made in a device: inner reference its own, as pka_file_set_check wants it. */
static void attest(const char *chr, const struct ec_key *key, const char *device_id, const struct ec_key *device,
		   struct wr *out)
{
	const struct vcard_private own = { .ec = (struct ec_key *)(uintptr_t)key };
	const struct vcard_mint m = { .car = rd_str(chr), .chr = rd_str(chr), .key = &own, .params = true };
	struct wr inner;

	wr_init_heap(&inner, CVC_MAX);
	MAKE(vcard_mint_cvc(&m, &own, &inner));
	MAKE(vcard_mint_request(wr_view(&inner), rd_str(device_id), device, out));
	wr_free(&inner);
}

static void person_make(struct load_person *p, unsigned i, const struct vcard_pki *pki)
{
	struct ec_key *device;
	char id[LOAD_ID_SIZE];
	struct wr devaut, request;

	(void)snprintf(id, sizeof(id), "UTLP%07u00000", i % 10000000);
	(void)snprintf(p->chr, sizeof(p->chr), "UTLC%07u00001", i % 10000000);
	wr_init_heap(&devaut, CVC_MAX);
	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&p->file, 2 * CVC_MAX);
	MAKE(ec_key_generate(EC_BP256R1, &device));
	MAKE(ec_key_generate(EC_BP256R1, &p->key));
	MAKE(vcard_pki_device(pki, rd_str(id), device, &devaut));
	attest(p->chr, p->key, id, device, &request);
	MAKE(pka_file_write(wr_view(&devaut), wr_view(&request), &p->file));
	wr_free(&request);
	wr_free(&devaut);
	ec_key_free(&device);
}

void load_people_make(struct load_people *p, const struct vcard_pki *pki)
{
	for (unsigned i = 0; i < LOAD_PEOPLE; i++)
		person_make(&p->v[i], i, pki);
}

void load_people_free(struct load_people *p)
{
	for (unsigned i = 0; i < LOAD_PEOPLE; i++) {
		ec_key_free(&p->v[i].key);
		wr_free(&p->v[i].file);
	}
}

static void sign(const struct load_person *p, struct rd message, struct wr *sig)
{
	uint8_t hash[SHA256_SIZE];

	MAKE(sha256(message, hash));
	MAKE(ec_key_sign(p->key, RD_ARR(hash), sig));
}

static void member(struct wr *w, const char *name, struct rd bytes)
{
	wr_printf(w, ", \"%s\": \"", name);
	wr_base64url(w, bytes);
	wr_text(w, "\"");
}

void load_person_approve(const struct load_person *p, const char *device_id, struct rd challenge, struct rd login_id,
			 struct rd host_json, struct wr *body)
{
	uint8_t m[PKA_MESSAGE_MAX], text[STATEMENT_MAX], sig[EC_SIG_MAX], statement_sig[EC_SIG_MAX];
	struct pka_statement s = { .key = rd_str(p->chr), .decision = PKA_APPROVE, .limits = RD_NONE };
	struct wr wm, wt, ws, wss;

	WR_ARR(&wm, m);
	WR_ARR(&wt, text);
	WR_ARR(&ws, sig);
	WR_ARR(&wss, statement_sig);
	if (login_id.n != sizeof(s.login_id))
		bench_die("login_id", login_id.n);
	MAKE(pka_message(rd_str(device_id), challenge, &wm));
	MAKE(sha256(wr_view(&wm), s.message));
	MAKE(sha256(host_json, s.request));
	memcpy(s.login_id, login_id.p, login_id.n);
	MAKE(pka_statement_write(&s, &wt));
	sign(p, wr_view(&wm), &ws);
	sign(p, wr_view(&wt), &wss);
	wr_printf(body, "{\"chr\": \"%s\"", p->chr);
	member(body, "signature", wr_view(&ws));
	member(body, "statement", wr_view(&wt));
	member(body, "statement_signature", wr_view(&wss));
	wr_text(body, "}");
	MAKE(wr_done(body));
}

/* ---- cards ---- */

void load_card_id(unsigned number, char out[LOAD_ID_SIZE])
{
	(void)snprintf(out, LOAD_ID_SIZE, "UTLD%07u00000", number % 10000000);
}

unsigned load_card_number(const char *id)
{
	char digits[8];

	(void)snprintf(digits, sizeof(digits), "%.7s", strlen(id) > 4 ? id + 4 : "");
	return (unsigned)strtoul(digits, NULL, 10);
}

static void register_people(struct vcard_state *s, const struct load_people *p)
{
	struct vcard_holder *h;
	struct wr q;

	for (size_t i = 0; i < LOAD_PEOPLE; i++) {
		h = &s->slots[i].key;
		s->slots[i].used = s->slots[i].own_car = true;
		if (!vcard_chr_set(&h->chr, rd_str(p->v[i].chr)))
			bench_die(p->v[i].chr, 0);
		h->curve = EC_BP256R1;
		WR_ARR(&q, h->q);
		MAKE(ec_key_public(p->v[i].key, &q));
		h->q_n = q.n;
	}
	s->total = LOAD_PEOPLE;
	s->required = LOAD_REQUIRED;
	s->initialised = true;
}

static void file_put(struct vcard_state *s, uint16_t fid, struct rd content)
{
	struct vcard_file *f;

	MAKE(vcard_state_file_make(s, fid, &f));
	wr_put(&f->data, content);
	MAKE(wr_done(&f->data));
}

static void key_make(struct vcard_state *s, const char *id, struct wr *attestation)
{
	const struct p15_key p15 = { .type = P15_EC, .label = RD_LIT(LOAD_KEY_LABEL), .id = RD_LIT("\x01"),
				     .usage = P15_USE_SIGN, .bits = 256 };
	struct vcard_key *k = calloc(1, sizeof(*k));
	struct wr description;

	if (!k || !vcard_chr_set(&k->chr, RD_LIT("UTLOADKEY00001")))
		bench_die("key", 0);
	k->id = KEY;
	MAKE(ec_key_generate(EC_SECP256R1, &k->secret.ec));
	attest("UTLOADKEY00001", k->secret.ec, id, s->device, attestation);
	MAKE(vcard_state_key_add(s, &k));
	wr_init_heap(&description, 512);
	MAKE(p15_key_write(&p15, &description));
	file_put(s, 0xCE00 | KEY, wr_view(attestation));
	file_put(s, 0xC400 | KEY, wr_view(&description));
	wr_free(&description);
}

static void enrolment_write(const struct vcard_state *s, const struct load_people *p, struct rd attestation,
			    struct wr *out)
{
	wr_printf(out, "{\"n\": %d", LOAD_REQUIRED);
	member(out, "devaut", wr_view(&s->devaut));
	wr_text(out, ", \"pka_files\": [");
	for (size_t i = 0; i < LOAD_PEOPLE; i++) {
		wr_text(out, i ? ", \"" : "\"");
		wr_base64url(out, wr_view(&p->v[i].file));
		wr_text(out, "\"");
	}
	wr_printf(out, "], \"attestations\": [{\"key\": %d", KEY);
	member(out, "attestation", attestation);
	wr_text(out, "}]}");
	MAKE(wr_done(out));
}

struct vcard *load_card_make(unsigned number, const struct vcard_pki *pki, const struct load_people *p,
			     struct wr *enrolment)
{
	struct vcard *v = calloc(1, sizeof(*v));
	struct wr attestation;
	char id[LOAD_ID_SIZE];

	load_card_id(number, id);
	if (!v)
		bench_die("memory", 0);
	v->lock = -1;
	v->dir = strdup("");            /* nothing that a login does is kept */
	MAKE(vcard_state_new(vcard_profile_at(0), &v->state));
	if (!v->dir || !vcard_chr_set(&v->state->id, rd_str(id)))
		bench_die(id, 0);
	wr_put(&v->state->root, wr_view(&pki->root_cvc));
	MAKE(ec_key_generate(v->state->profile->device_curve, &v->state->device));
	MAKE(vcard_pki_device(pki, rd_str(id), v->state->device, &v->state->devaut));
	register_people(v->state, p);
	wr_init_heap(&attestation, CVC_MAX);
	key_make(v->state, id, &attestation);
	enrolment_write(v->state, p, wr_view(&attestation), enrolment);
	wr_free(&attestation);
	v->state->dirty = false;
	MAKE(vcard_own_load(v));
	vcard_power(v, true);
	return v;
}

void load_card_free(struct vcard **v)
{
	vcard_close(v);
}
