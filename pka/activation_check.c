/* SPDX-License-Identifier: Apache-2.0 */
/* IDENTIFY and CHECK: is this the enrolled device, and does it hold what was enrolled? */
#include "pka/activation_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_x509.h"
#include "base/text.h"
#include "base/tlv.h"
#include "sc-hsm/p15.h"

enum { TAG_ATTESTATION = 0x67, TAG_CERTIFICATE = 0x30 };

enum err pka_ask_identify(struct pka_activation *a, struct pka_batch *b)
{
	struct rd devaut;
	enum err e;

	if (!a->files) {
		e = pka_files_new(a, 1);
		if (e)
			return e;
		a->files[0].fid = HSM_EF_DEVAUT;
		hsm_enc_select(&b->bytes);
		pka_asked(a, b, HSM_SELECT, 0);
	}
	e = pka_ask_files(a, b);
	if (e || b->n > 0)
		return e;
	wr_put(&a->devaut, wr_view(&a->files[0].bytes));
	e = wr_done(&a->devaut);
	if (e)
		return e;
	pka_files_free(a);
	devaut = wr_view(&a->devaut);
	a->facts.devaut = devaut;
	e = att_chain_check(a->policy.anchors, devaut, a->policy.now, a->chain, a->verdict);
	if (!e)
		a->facts.chain = a->chain;
	if (e || a->chain->curve == EC_NONE)
		pka_fail(a, ERR_ATTESTATION, "the card does not prove to be a SmartCard-HSM: %s",
			 att_verdict_first_failure(a->verdict).text);
	else
		a->facts.state = PKA_LOOKUP;
	return ERR_OK;
}

enum err pka_take_select(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	(void)arg, (void)data;
	if (sw != APDU_SW_OK)
		pka_fail_sw(a, HSM_SELECT, sw, "the card has no SmartCard-HSM application");
	return ERR_OK;
}

/* Nothing to ask the card: pka_activation_target leads on. */
enum err pka_ask_lookup(struct pka_activation *a, struct pka_batch *b)
{
	(void)a, (void)b;
	return ERR_OK;
}

static enum err ask_chip(struct pka_activation *a, struct pka_batch *b)
{
	uint8_t point[EC_POINT_MAX];
	struct wr w;
	enum err e;

	if (!a->chain->is_genuine || !a->policy.chip_auth) {
		if (!a->chain->is_genuine)
			att_verdict_add(a->verdict, ATT_LIVE, ATT_NOT_MADE, "not asked of a device without a chain");
		a->phase = PHASE_STATUS;
		return ERR_OK;
	}
	e = chip_auth_new(a->chain->curve, a->chain->device.key.q, &a->chip);
	WR_ARR(&w, point);
	if (!e)
		e = chip_auth_point(a->chip, &w);
	if (e)
		return e == ERR_NOMEM ? e : ERR_BUG;    /* the point was checked with the chain */
	chip_auth_use(a->chip, a->suite);
	hsm_enc_mse_chip(&b->bytes, a->suite == CHIP_3DES ? chip_oid_3des : chip_oid_aes128);
	pka_asked(a, b, HSM_MSE_CHIP, 0);
	hsm_enc_general_auth(&b->bytes, wr_view(&w));
	pka_asked(a, b, HSM_GENERAL_AUTH, 0);
	return ERR_OK;
}

/*
 * What a card does not know is 6A80 (reference ramoverhttp 6.1): older ones know 3DES alone. A host that only says so
 * gains nothing: the key agreement is the same, and the proof is a MAC of 8 bytes either way.
 */
enum err pka_take_chip(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	bool unknown = hsm_sw_err(hsm_cmd_get(HSM_MSE_CHIP), sw, NULL) == ERR_DATA;

	(void)arg, (void)data;
	a->chip_again = unknown && a->suite == CHIP_AES128;
	if (unknown && !a->chip_again)
		pka_fail(a, ERR_ATTESTATION, "device %s knows no chip authentication, which [server] chip_auth or its "
			 "policy demands", a->chain->id);
	else if (sw != APDU_SW_OK && !unknown)
		pka_fail_sw(a, HSM_MSE_CHIP, sw, "chip authentication");
	return ERR_OK;
}

enum err pka_take_general_auth(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	enum err e;

	(void)arg;
	if (a->chip_again) {
		chip_auth_free(&a->chip);
		a->suite = CHIP_3DES;
		return ERR_OK;
	}
	if (sw != APDU_SW_OK) {
		pka_fail_sw(a, HSM_GENERAL_AUTH, sw, "chip authentication");
		return ERR_OK;
	}
	e = chip_auth_check(a->chip, data);
	chip_auth_free(&a->chip);
	if (!att_verdict_check(a->verdict, ATT_LIVE, !e, "the card has the device key (chip authentication)",
			       "whoever answers does not have the device key"))
		pka_fail(a, ERR_ATTESTATION, "whoever answers for device %s does not have its key", a->chain->id);
	a->phase = PHASE_STATUS;
	return ERR_OK;
}

static enum err ask_status(struct pka_activation *a, struct pka_batch *b)
{
	hsm_enc_pka_status(&b->bytes);
	pka_asked(a, b, HSM_PKA_STATUS, 0);
	return ERR_OK;
}

enum err pka_take_status(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	const struct pka_target *t = &a->target;
	struct att_verdict *v = a->verdict;
	const char *id = a->chain->id;
	struct hsm_pka s;

	(void)arg;
	if (sw != APDU_SW_OK || hsm_dec_pka(data, &s) != ERR_OK) {
		att_verdict_add(v, ATT_PKA_NAMES, ATT_FAIL, "the card does not tell its n-of-m status (%04X)", sw);
		pka_fail(a, ERR_POLICY, "device %s has no public key authentication (%04X)", id, sw);
		return ERR_OK;
	}
	a->facts.authenticated = s.authenticated;
	if (!att_verdict_check(v, ATT_PKA_NAMES, s.total == t->m && s.required == t->n, "n and m are the enrolled ones",
			       "n and m are not the enrolled ones"))
		pka_fail(a, ERR_POLICY, "device %s wants %u of %u, enrolled are %u of %u", id, s.required, s.total,
			 t->n, t->m);
	else if (s.missing > 0)
		pka_fail(a, ERR_POLICY, "device %s: %u of %u keys are not registered yet", id, s.missing, s.total);
	/* SELECT has just cleared it; approvals that nobody here saw are not built upon. */
	else if (s.authenticated > 0)
		pka_fail(a, ERR_POLICY, "device %s says that %u keys are authenticated already", id, s.authenticated);
	a->phase = PHASE_NAMES;
	return ERR_OK;
}

static enum err ask_names(struct pka_activation *a, struct pka_batch *b)
{
	for (; a->names_next < a->target.m && b->n < PKA_BATCH_MAX; a->names_next++) {
		hsm_enc_pka_key(&b->bytes, (uint8_t)a->names_next);
		pka_asked(a, b, HSM_PKA_KEY, a->names_next);
	}
	if (b->n == 0)
		a->phase = PHASE_LIST;
	return ERR_OK;
}

static void name_check(struct pka_activation *a, size_t slot, struct rd chr)
{
	const struct pka_custodian *c = pka_custodian_find(a, chr);
	bool *seen = c ? &a->name_seen[c - a->target.custodians] : NULL;
	char shown[64];

	if (seen && !*seen) {
		*seen = true;
		return;
	}
	a->names_differ = true;
	att_verdict_add(a->verdict, ATT_PKA_NAMES, ATT_FAIL, "registered key %zu is %s, which is %s", slot,
			text_shown(chr, shown, sizeof(shown)), c ? "registered twice" : "not enrolled");
}

/*
 * The query is known from open firmware and one vendor's tool only (reference public-key-authentication 3). Firmware
 * without it is not refused: every signature is verified here with the enrolled key, and the card with its own.
 */
enum err pka_take_name(struct pka_activation *a, size_t slot, struct rd data, uint16_t sw)
{
	struct att_verdict *v = a->verdict;
	enum err e = hsm_sw_err(hsm_cmd_get(HSM_PKA_KEY), sw, NULL);

	if (sw == APDU_SW_OK || sw == HSM_SW_AUTHENTICATED) {
		name_check(a, slot, data);
	} else if (slot == 0 && e != ERR_NOT_FOUND) {
		att_verdict_add(v, ATT_PKA_NAMES, ATT_NOT_MADE, "this firmware does not tell the names (%04X)", sw);
		a->phase = PHASE_LIST;
	} else if (a->phase == PHASE_NAMES) {
		a->names_differ = true;
		att_verdict_add(v, ATT_PKA_NAMES, ATT_FAIL, "registered key %zu cannot be read (%04X)", slot, sw);
	}
	if (slot + 1 < a->target.m || a->phase != PHASE_NAMES)
		return ERR_OK;
	if (a->names_differ)
		pka_fail(a, ERR_POLICY, "the keys registered in device %s are not the enrolled ones", a->chain->id);
	else
		att_verdict_add(v, ATT_PKA_NAMES, ATT_PASS, "the %u names are the enrolled ones", a->target.m);
	return ERR_OK;
}

static enum err ask_list(struct pka_activation *a, struct pka_batch *b)
{
	hsm_enc_enumerate(&b->bytes);
	pka_asked(a, b, HSM_ENUMERATE, 0);
	return ERR_OK;
}

enum err pka_take_list(struct pka_activation *a, size_t arg, struct rd data, uint16_t sw)
{
	uint16_t fids[OBJECTS_MAX];
	bool present[KEYS_MAX + 1] = { false };
	size_t n, keys = 0;
	enum err e;

	(void)arg;
	if (sw != APDU_SW_OK || hsm_dec_enumerate(data, fids, &n) != ERR_OK) {
		pka_fail_sw(a, HSM_ENUMERATE, sw, "the card does not list its keys");
		return ERR_OK;
	}
	for (size_t i = 0; i < n; i++)          /* CC00 is the device key; the list is a set, an entry may come twice */
		if (fids[i] >> 8 == HSM_FID_KEY && (fids[i] & 0xFF) != 0)
			present[fids[i] & 0xFF] = true;
	for (size_t k = 1; k <= KEYS_MAX; k++)
		keys += present[k];
	e = pka_files_new(a, 2 * keys);
	if (e)
		return e;
	a->keys = calloc(keys + 1, sizeof(*a->keys));
	if (!a->keys)
		return ERR_NOMEM;
	a->facts.keys = a->keys;
	for (size_t k = 1; k <= KEYS_MAX; k++) {
		if (!present[k])
			continue;
		n = a->facts.keys_n++;
		a->keys[n].key = (uint8_t)k;
		a->files[2 * n].fid = HSM_FID(HSM_FID_PRKD, k);
		a->files[2 * n + 1].fid = HSM_FID(HSM_FID_EE, k);
	}
	a->phase = PHASE_FILES;
	return ERR_OK;
}

/*
 * The card's CE file against the archived attestation: what is wrong, or "" if the key is attested. A write never
 * truncates a file, so only its first element counts (reference sc-hsm-apdu 3.8).
 */
static void key_check(const struct pka_activation *a, struct rd ce, struct rd archived, char *why, size_t cap)
{
	struct att_verdict v = { .n = 0 };
	struct att_key key;
	struct x509 x;
	struct rd whole, content, spki = RD_NONE;
	uint32_t tag;

	if (archived.n == 0)
		snprintf(why, cap, "no attestation is enrolled for it");
	else if (!rd_tlv_any(&ce, &tag, &whole, &content) || (tag != TAG_ATTESTATION && tag != TAG_CERTIFICATE))
		snprintf(why, cap, "the card has neither attestation nor certificate for it");
	else if (tag == TAG_ATTESTATION && !rd_eq(whole, archived))
		snprintf(why, cap, "the card's attestation is not the enrolled one");
	else if (tag == TAG_CERTIFICATE && x509_parse(whole, &x) != ERR_OK)
		snprintf(why, cap, "its certificate cannot be read");
	else
		why[0] = '\0';
	if (why[0])
		return;
	if (tag == TAG_CERTIFICATE)
		spki = x.spki;
	if (att_key_check(a->chain, archived, spki, &key, &v) != ERR_OK)
		snprintf(why, cap, "%s", att_verdict_first_failure(&v).text);
}

static void key_judge(struct pka_activation *a, struct pka_key_facts *k, struct rd description, struct rd ce)
{
	struct p15_key p15;
	char why[ATT_TEXT_MAX + 1];

	if (p15_key_read(description, &p15) == ERR_OK)
		text_shown(p15.label, k->label, sizeof(k->label));
	for (size_t i = 0; i < a->target.archived_n; i++)
		if (a->target.archived[i].key == k->key)
			k->attestation = a->target.archived[i].attestation;
	key_check(a, ce, k->attestation, why, sizeof(why));
	k->is_attested = why[0] == '\0';
	if (k->is_attested)
		att_verdict_add(a->verdict, ATT_ARCHIVE, ATT_PASS, "key %u (%s): attested", k->key, k->label);
	else
		att_verdict_add(a->verdict, ATT_ARCHIVE, ATT_FAIL, "key %u (%s): %s", k->key, k->label, why);
}

static enum err ask_keys(struct pka_activation *a, struct pka_batch *b)
{
	enum err e = pka_ask_files(a, b);

	if (e || b->n > 0)
		return e;
	if (!a->has_host)
		return ERR_BUG;         /* statements would hold nobody's request */
	for (size_t i = 0; i < a->facts.keys_n; i++)
		key_judge(a, &a->keys[i], wr_view(&a->files[2 * i].bytes), wr_view(&a->files[2 * i + 1].bytes));
	pka_files_free(a);
	pka_collect_begin(a);
	return ERR_OK;
}

enum err pka_ask_check(struct pka_activation *a, struct pka_batch *b)
{
	static pka_ask *const by_phase[] = {
		[PHASE_CHIP] = ask_chip,
		[PHASE_STATUS] = ask_status,
		[PHASE_NAMES] = ask_names,
		[PHASE_LIST] = ask_list,
		[PHASE_FILES] = ask_keys,
	};
	enum err e = ERR_OK;

	while (!e && b->n == 0 && a->facts.state == PKA_CHECK)
		e = by_phase[a->phase](a, b);
	return e;
}
