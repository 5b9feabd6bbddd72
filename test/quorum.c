/* SPDX-License-Identifier: Apache-2.0 */
#include "test/quorum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "pka/file.h"
#include "pka/message.h"
#include "sc-hsm/auth.h"
#include "sc-hsm/file.h"
#include "sc-hsm/init.h"
#include "sc-hsm/key.h"
#include "sc-hsm/p15.h"
#include "sc-hsm/pin.h"
#include "test/folder.h"
#include "test/link_vcard.h"

#define MAKE(call) must((call), __LINE__)

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

static void must(enum err e, int line)
{
	if (!e)
		return;
	fprintf(stderr, "test/quorum.c:%d: %s\n", line, err_text(e));
	abort();
}

static struct secret *secret_of(const char *text)
{
	struct secret *s;

	MAKE(secret_new(rd_str(text), &s));
	return s;
}

static void card_select(struct quorum_card *c)
{
	struct hsm_version version;

	MAKE(hsm_card_select(c->card, &version, &never));
}

static void card_verify(struct quorum_card *c)
{
	struct secret *pin = secret_of(QUORUM_PIN);

	MAKE(hsm_pin_verify(c->card, HSM_REF_USER, pin, &never));
	secret_free(&pin);
}

/* total 0: a custodian's card, with a PIN. Keys alone open the vendor's card; open firmware needs the PIN as well. */
static void card_open(struct quorum *q, const char *profile, const char *name, unsigned required, unsigned total,
		      bool has_pin, struct quorum_card *c)
{
	char dir[128], pki[128];
	struct vcard_spec spec = { .dir = dir, .profile = profile, .pki = pki };
	struct secret *pin = secret_of(QUORUM_PIN), *so_pin = secret_of("57621880");
	struct hsm_init init = {
		.options = HSM_OPT_RESET_RETRY, .so_pin = so_pin, .pin = has_pin ? pin : NULL,
		.dkek_shares = -1, .total = total, .required = required,
	};
	struct apdu_link *link;
	struct cvc device, issuer;
	bool has_issuer;

	snprintf(dir, sizeof(dir), "%s/%s", q->dir, name);
	snprintf(pki, sizeof(pki), "%s/pki", q->dir);
	MAKE(vcard_create(&spec));
	MAKE(vcard_open(dir, &c->vcard));
	MAKE(link_vcard_open(c->vcard, &link));
	MAKE(hsm_card_new(link, &c->card));
	card_select(c);
	MAKE(hsm_card_initialize(c->card, &init, true, &never));
	wr_init_heap(&c->devaut, FILE_SIZE_MAX);
	MAKE(hsm_file_devaut(c->card, &c->devaut, &never));
	MAKE(cvc_devaut_read(wr_view(&c->devaut), &device, &issuer, &has_issuer));
	memcpy(c->id, device.chr.p, device.chr.n);
	secret_free(&pin);
	secret_free(&so_pin);
}

static void card_close(struct quorum_card *c)
{
	hsm_card_free(&c->card, true);
	vcard_close(&c->vcard);
	wr_free(&c->devaut);
}

static void person_open(struct quorum *q, const char *profile, unsigned i)
{
	struct quorum_person *p = &q->people[i];
	struct pka_custodian *c = &q->custodians[i];
	struct hsm_keygen gen = { .key = 1, .curve = EC_BP256R1, .algorithms = RD_LIT("\x73") };
	struct wr request;
	struct pka_file f;
	char name[16];

	snprintf(name, sizeof(name), "person%02u", i % 100);
	card_open(q, profile, name, 0, 0, true, &p->card);
	card_select(&p->card);
	card_verify(&p->card);
	snprintf(c->chr, sizeof(c->chr), "UTCUST%03u00001", i % 1000);
	gen.car = gen.chr = rd_str(c->chr);     /* CAR = CHR: some open firmware looks parameters up along the CAR */
	p->key = gen.key;
	wr_init_heap(&request, CVC_MAX);
	wr_init_heap(&p->file, CVC_MAX);
	MAKE(hsm_key_generate(p->card.card, &gen, &request, &never));
	MAKE(pka_file_write(wr_view(&p->card.devaut), wr_view(&request), &p->file));
	MAKE(pka_file_read(wr_view(&p->file), &f));
	c->curve = f.curve;
	c->q_size = f.request.inner.key.q.n;
	memcpy(c->q, f.request.inner.key.q.p, c->q_size);
	wr_free(&request);
}

static void person_register(struct quorum *q, unsigned i)
{
	struct hsm_pka status;
	struct hsm_proof key;
	struct pka_file f;

	MAKE(pka_file_read(wr_view(&q->people[i].file), &f));
	key = pka_file_proof(&f, true);
	MAKE(hsm_pka_register(q->target.card, &key, &status, &never));
}

void quorum_open(struct quorum *q, const char *profile, unsigned n, unsigned m)
{
	char root[128], *bare;

	memset(q, 0, sizeof(*q));
	snprintf(q->dir, sizeof(q->dir), "/tmp/quorum11-test-XXXXXX");
	MAKE(mkdtemp(q->dir) ? ERR_OK : ERR_IO);
	bare = strndup(profile, strcspn(profile, "+"));
	MAKE(bare ? ERR_OK : ERR_NOMEM);
	q->is_open_firmware = strcmp(bare, "open-firmware") == 0;
	q->n = n;
	q->m = m;
	card_open(q, bare, "target", n, m, q->is_open_firmware || strstr(profile, "+pin"), &q->target);
	for (unsigned i = 0; i < m; i++)
		person_open(q, bare, i);
	free(bare);
	card_select(&q->target);
	if (q->is_open_firmware)
		card_verify(&q->target);
	for (unsigned i = 0; i < m; i++)
		person_register(q, i);
	card_select(&q->target);

	MAKE(att_anchors_new(true, &q->anchors));
	if (!q->is_open_firmware) {
		snprintf(root, sizeof(root), "%s/pki/root.cvc", q->dir);
		MAKE(att_anchors_add_file(q->anchors, root));
	}
	q->enrolment = (struct pka_target){
		.device_id = q->target.id, .unverified = q->is_open_firmware, .n = n, .m = m,
		.custodians = q->custodians, .archived = q->archived, .devaut = wr_view(&q->target.devaut),
	};
}

void quorum_close(struct quorum *q)
{
	card_close(&q->target);
	for (unsigned i = 0; i < q->m; i++) {
		card_close(&q->people[i].card);
		wr_free(&q->people[i].file);
	}
	for (size_t i = 0; i < q->enrolment.archived_n; i++)
		wr_free(&q->attestations[i]);
	att_anchors_free(&q->anchors);
	MAKE(folder_remove(q->dir) ? ERR_IO : ERR_OK);
}

void quorum_sign(struct quorum_person *p, struct rd cmd, struct wr *rsp)
{
	MAKE(vcard_exchange(p->card.vcard, cmd, rsp));
}

/* The first n sign, each a challenge of his own; where that drops the others' (reference 6.2), one for all. */
static void unlock(struct quorum *q)
{
	uint8_t challenge[PKA_CHALLENGE_SIZE], message[PKA_MESSAGE_MAX], der[160], plain[132];
	bool shared = strcmp(vcard_profile_name(q->target.vcard), "vendor-per-key") != 0;
	struct wr m, d, s;

	card_select(&q->target);
	if (q->is_open_firmware)
		card_verify(&q->target);
	for (unsigned i = 0; i < q->n; i++) {
		if (i == 0 || !shared)
			MAKE(hsm_pka_challenge(q->target.card, challenge, &never));
		WR_ARR(&m, message);
		WR_ARR(&d, der);
		WR_ARR(&s, plain);
		MAKE(pka_message(rd_str(q->target.id), RD_ARR(challenge), &m));
		MAKE(hsm_key_sign(q->people[i].card.card, q->people[i].key, HSM_ECDSA_SHA256, wr_view(&m), &d, &never));
		MAKE(ec_sig_from_der(wr_view(&d), 32, &s));
		MAKE(hsm_pka_authenticate(q->target.card, rd_str(q->custodians[i].chr), wr_view(&s), &never));
	}
}

void quorum_write(struct quorum *q, uint16_t fid, struct rd content)
{
	unlock(q);
	MAKE(hsm_file_write(q->target.card, fid, content, &never));
	card_select(&q->target);
}

void quorum_keygen(struct quorum *q, uint8_t key, const char *label)
{
	const char *chr = "UTVCARDKEY00001";
	struct hsm_keygen gen = { .key = key, .curve = EC_SECP256R1, .car = rd_str(chr), .chr = rd_str(chr) };
	struct p15_key p15 = { .type = P15_EC, .label = rd_str(label), .id = rd_of(&key, 1), .usage = P15_USE_SIGN,
			       .bits = 256 };
	struct wr *att = &q->attestations[q->enrolment.archived_n];
	struct wr description;

	wr_init_heap(att, CVC_MAX);
	wr_init_heap(&description, CVC_MAX);
	unlock(q);
	MAKE(hsm_key_generate(q->target.card, &gen, att, &never));
	MAKE(p15_key_write(&p15, &description));
	MAKE(hsm_file_write(q->target.card, HSM_FID(HSM_FID_PRKD, key), wr_view(&description), &never));
	card_select(&q->target);
	wr_free(&description);
	q->archived[q->enrolment.archived_n++] = (struct pka_archived){ .key = key, .attestation = wr_view(att) };
}
