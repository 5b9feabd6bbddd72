/* SPDX-License-Identifier: Apache-2.0 */
#include "pka/remote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pka/message.h"
#include "pka/read.h"
#include "pka/sign.h"

struct pka_remote {
	struct pka_remote_facts facts;
	const struct pka_remote_key *keys;
	size_t keys_n, read_size;
	bool is_asked;                  /* one command is out */
	struct wr file;                 /* being read */
	struct wr device;               /* the card's certificate */
	uint8_t numbers[KEYS_MAX];      /* of the keys in the card */
	size_t numbers_n, at;
	uint8_t message[PKA_MESSAGE_MAX];
	size_t message_n;
	uint8_t sig[EC_SIG_MAX];
};

enum err pka_remote_new(const struct pka_remote_key *keys, size_t n, size_t answer_max, struct pka_remote **out)
{
	struct pka_remote *r = calloc(1, sizeof(*r));

	*out = r;
	if (!r)
		return ERR_NOMEM;
	r->keys = keys;
	r->keys_n = n;
	r->read_size = pka_read_size(answer_max);
	wr_init_heap(&r->file, PKA_READ_MAX);
	wr_init_heap(&r->device, PKA_READ_MAX);
	return ERR_OK;
}

void pka_remote_free(struct pka_remote **r)
{
	if (!*r)
		return;
	wr_free(&(*r)->file);
	wr_free(&(*r)->device);
	free(*r);
	*r = NULL;
}

const struct pka_remote_facts *pka_remote_facts(const struct pka_remote *r)
{
	return &r->facts;
}

static bool is_over(const struct pka_remote *r)
{
	return r->facts.state == PKA_REMOTE_SIGNED || r->facts.state == PKA_REMOTE_FAILED;
}

static PRINTF(3, 4) void fail(struct pka_remote *r, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (is_over(r))
		return;
	r->facts.state = PKA_REMOTE_FAILED;
	r->facts.result = e;
	va_start(ap, fmt);
	(void)vsnprintf(r->facts.why, sizeof(r->facts.why), fmt, ap);
	va_end(ap);
}

void pka_remote_end(struct pka_remote *r, enum err result, const char *why)
{
	fail(r, result, "%s", why);
}

enum err pka_remote_sign(struct pka_remote *r, struct rd message)
{
	if (r->facts.state != PKA_REMOTE_READY)
		return ERR_CONDITIONS;
	if (!message.n || message.n > sizeof(r->message))
		return ERR_ARG;
	memcpy(r->message, message.p, message.n);
	r->message_n = message.n;
	r->facts.state = PKA_REMOTE_SIGN;
	return ERR_OK;
}

/* ---- what is asked: one command, or none ---- */

static void ask_pin(struct pka_remote *r, struct wr *cmd)
{
	(void)r;
	hsm_enc_verify_status(cmd, HSM_REF_USER);
}

static void ask_device(struct pka_remote *r, struct wr *cmd)
{
	hsm_enc_read(cmd, HSM_EF_DEVAUT, (uint16_t)r->file.n, r->read_size);
}

static void ask_list(struct pka_remote *r, struct wr *cmd)
{
	(void)r;
	hsm_enc_enumerate(cmd);
}

static void ask_key(struct pka_remote *r, struct wr *cmd)
{
	hsm_enc_read(cmd, HSM_FID(HSM_FID_EE, r->numbers[r->at]), (uint16_t)r->file.n, r->read_size);
}

static void ask_sign(struct pka_remote *r, struct wr *cmd)
{
	hsm_enc_sign(cmd, r->numbers[r->at], HSM_ECDSA_SHA256, rd_of(r->message, r->message_n));
}

/* ---- and what is made of the answer ---- */

static void take_pin(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw)
{
	(void)rsp, (void)data;
	if (sw == APDU_SW_OK)
		r->facts.state = PKA_REMOTE_DEVICE;
	else
		fail(r, ERR_AUTH, "the PIN of your card has not been verified (%04X): let your client ask for it "
		     "before it connects", sw);
}

/* One more block of a file; true: it is whole. As activation_read.c. */
static bool file_take(struct pka_remote *r, struct rd data, uint16_t sw)
{
	if (sw == APDU_SW_OK || sw == HSM_SW_END_OF_FILE)
		wr_put(&r->file, data);
	return sw != APDU_SW_OK || data.n < r->read_size || r->file.n + r->read_size > PKA_READ_MAX;
}

static bool is_of(const struct pka_remote *r, const struct pka_remote_key *key)
{
	return key->device.n && rd_eq(key->device, wr_view(&r->device));
}

static void take_device(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw)
{
	struct cvc device, issuer;
	bool has_issuer;
	size_t i;

	(void)rsp;
	if (!file_take(r, data, sw))
		return;
	if (!cvc_devaut_read(wr_view(&r->file), &device, &issuer, &has_issuer))
		wr_put(&r->device, device.whole);
	wr_reset(&r->file);
	for (i = 0; i < r->keys_n; i++)
		if (is_of(r, &r->keys[i]))
			r->facts.state = PKA_REMOTE_LIST;
	if (r->facts.state == PKA_REMOTE_DEVICE)
		fail(r, ERR_NOT_ENROLLED, "this card is none of a custodian of the card that shall be opened");
}

static void take_list(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw)
{
	uint16_t fids[OBJECTS_MAX];
	size_t i, n;

	(void)rsp;
	if (sw != APDU_SW_OK || hsm_dec_enumerate(data, fids, &n)) {
		fail(r, ERR_CARD, "your card does not list its keys (%04X)", sw);
		return;
	}
	for (i = 0; i < n && r->numbers_n < sizeof(r->numbers); i++)
		if (fids[i] >> 8 == HSM_FID_KEY && (fids[i] & 0xFF) != 0)
			r->numbers[r->numbers_n++] = (uint8_t)fids[i];
	r->facts.state = PKA_REMOTE_KEYS;
}

/* The custodian whose key this file describes; NULL: nobody's. */
static const struct pka_custodian *owner_find(const struct pka_remote *r)
{
	struct rd file = wr_view(&r->file);
	struct cvc_request request;
	const struct pka_custodian *c;
	size_t i;

	if (cvc_request_read(&file, &request))
		return NULL;
	for (i = 0; i < r->keys_n; i++) {
		c = r->keys[i].custodian;
		if (is_of(r, &r->keys[i]) && rd_eq_str(request.inner.chr, c->chr) &&
		    rd_eq(request.inner.key.q, rd_of(c->q, c->q_size)))
			return c;
	}
	return NULL;
}

static void take_key(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw)
{
	(void)rsp;
	if (!file_take(r, data, sw))
		return;
	r->facts.who = owner_find(r);
	wr_reset(&r->file);
	if (r->facts.who)
		r->facts.state = PKA_REMOTE_READY;
	else
		r->at++;
}

static void take_sign(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw)
{
	const struct pka_custodian *c = r->facts.who;
	enum err e = pka_sign_take(rsp, rd_of(r->message, r->message_n), c->curve, rd_of(c->q, c->q_size), r->sig,
				   &r->facts.sig);

	(void)data;
	if (e)
		fail(r, e, "your card has not signed with the registered key (%04X): %s", sw, err_text(e));
	else
		r->facts.state = PKA_REMOTE_SIGNED;
}

static const struct {
	void (*ask)(struct pka_remote *r, struct wr *cmd);      /* NULL: nothing */
	void (*take)(struct pka_remote *r, struct rd rsp, struct rd data, uint16_t sw);
} states[] = {
	[PKA_REMOTE_PIN]    = { ask_pin, take_pin },
	[PKA_REMOTE_DEVICE] = { ask_device, take_device },
	[PKA_REMOTE_LIST]   = { ask_list, take_list },
	[PKA_REMOTE_KEYS]   = { ask_key, take_key },
	[PKA_REMOTE_SIGN]   = { ask_sign, take_sign },
	[PKA_REMOTE_FAILED] = { NULL, NULL },
};

enum err pka_remote_step(struct pka_remote *r, const struct pka_answers *in, struct pka_batch *out)
{
	struct rd data = RD_NONE;
	uint16_t sw = 0;

	pka_batch_reset(out);
	if (in->n != r->is_asked || (in->n && apdu_answer(in->v[0], &data, &sw)))
		fail(r, ERR_PROTOCOL, "your client's answers do not fit the commands");
	r->is_asked = false;
	if (in->n && !is_over(r))
		states[r->facts.state].take(r, in->v[0], data, sw);
	if (r->facts.state == PKA_REMOTE_KEYS && r->at == r->numbers_n)
		fail(r, ERR_NOT_FOUND, "the registered key is not in this card");
	if (states[r->facts.state].ask) {
		states[r->facts.state].ask(r, &out->bytes);
		pka_batch_close(out);
		r->is_asked = true;
	}
	return wr_done(&out->bytes);
}
