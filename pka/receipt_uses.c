/* SPDX-License-Identifier: Apache-2.0 */
/* The uses of keys in a receipt: signatures, limits, counters. */
#include "pka/receipt_check_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto_rsa.h"
#include "base/text.h"
#include "sc-hsm/digest.h"

#define INFO_MAX (DIGEST_MAX + 32)
#define RSA_MAX 1024                    /* bytes; libcrypto's limit of ours, base/crypto_rsa.c */
/* A use is written down when the card has answered, which takes as long as hsm_time_ms(T_KEYOP) at most. */
#define LATE_SECONDS 65

/* ---- one signature ---- */

static bool is_hash_of(struct rd hash, struct rd data)
{
	uint8_t own[SHA256_SIZE];

	return sha256(data, own) == ERR_OK && rd_eq(hash, RD_ARR(own));
}

/* Where the command held hash or DigestInfo, the hash of its data follows from them. */
static bool is_data_of_digest(const struct receipt_use *u, const struct hsm_sign_row *row)
{
	uint8_t bytes[INFO_MAX];
	struct wr info;

	if (row->hashes == DIGEST_SHA256)
		return rd_eq(u->data_hash, u->digest);
	if (row->hashes != DIGEST_NONE)
		return true;
	if (row->kind == HSM_SIGN_RSA_RAW)
		return true;            /* the whole block: compared when it is opened */
	if (row->kind != HSM_SIGN_RSA_PKCS)
		return is_hash_of(u->data_hash, u->digest);
	WR_ARR(&info, bytes);
	return digest_info(u->digest_alg, u->digest, &info) == ERR_OK && is_hash_of(u->data_hash, wr_view(&info));
}

/* 00 01 FF.. 00, RFC 8017 9.2: what follows, or nothing. */
static struct rd unpad(struct rd block)
{
	uint16_t start;
	uint8_t c = 0xFF;

	if (!rd_u16(&block, &start) || start != 0x0001)
		return RD_NONE;
	while (rd_u8(&block, &c) && c == 0xFF)
		;
	return c == 0 ? block : RD_NONE;
}

/* The command showed no digest, but the signature still shows its data. */
static enum err verify_rsa_data(const struct cvc_key *k, const struct receipt_use *u, enum hsm_sign_kind kind)
{
	uint8_t bytes[RSA_MAX];
	struct wr block;
	enum err e;

	WR_ARR(&block, bytes);
	e = rsa_open(k->modulus, k->exponent, u->signature, &block);
	if (!e && !is_hash_of(u->data_hash, kind == HSM_SIGN_RSA_RAW ? wr_view(&block) : unpad(wr_view(&block))))
		e = ERR_SIGNATURE;
	return e;
}

static enum err verify_rsa(const struct cvc_key *k, const struct receipt_use *u, const struct hsm_sign_row *row)
{
	enum err e;

	if (row->kind == HSM_SIGN_RSA_PSS)
		return rsa_verify_pss(k->modulus, k->exponent, u->digest_alg, u->digest, u->signature);
	if (u->digest.n == 0)
		return verify_rsa_data(k, u, row->kind);
	e = rsa_verify_pkcs1(k->modulus, k->exponent, u->digest_alg, u->digest, u->signature);
	if (!e && row->kind == HSM_SIGN_RSA_RAW)
		e = verify_rsa_data(k, u, row->kind);
	return e;
}

/* The card answers DER. */
static enum err verify_ec(const struct att_key *k, const struct receipt_use *u)
{
	const struct ec_domain *d = ec_domain_get(k->curve);
	uint8_t bytes[EC_SIG_MAX];
	struct wr plain;
	enum err e;

	if (!d)
		return ERR_UNSUPPORTED;
	WR_ARR(&plain, bytes);
	e = ec_sig_from_der(u->signature, d->n.n, &plain);
	return e ? e : ec_verify(k->curve, k->request.inner.key.q, u->digest, wr_view(&plain));
}

static void check_signature(const struct receipt_judging *j, const struct receipt_read_use *use)
{
	const struct receipt_use *u = &use->u;
	const struct hsm_sign_row *row = hsm_sign_find(u->alg);
	const struct receipt_read_key *k = receipt_key_find(j->r, u->key);
	const struct att_key *att = k ? &j->keys[k - j->r->keys] : NULL;
	enum err e;

	if (!row || (row->hashes != DIGEST_NONE && (u->digest_alg != row->hashes || u->digest.n == 0)) ||
	    (u->digest_alg != DIGEST_NONE && u->digest.n != digest_size(u->digest_alg))) {
		receipt_fail(j->v, RECEIPT_CHECK_SIGNATURES, use->line, "the card makes no such signature (%02x)",
			     u->alg);
		return;
	}
	if (u->digest.n && !is_data_of_digest(u, row)) {
		receipt_fail(j->v, RECEIPT_CHECK_SIGNATURES, use->line, "the digest is not that of the command's data");
		return;
	}
	if (!att || !j->out->is_attested[u->key]) {
		receipt_note(j->v, RECEIPT_CHECK_SIGNATURES, use->line,
			     "the public key of key %u is not proved, so its signatures are not checked", u->key);
		return;
	}
	if (row->kind == HSM_SIGN_ECDSA && u->digest.n == 0) {
		receipt_note(j->v, RECEIPT_CHECK_SIGNATURES, use->line,
			     "the digest is too long to be shown, so the signature is not checked");
		return;
	}
	if (att->request.inner.key.is_rsa != (row->kind != HSM_SIGN_ECDSA))
		e = ERR_SIGNATURE;
	else
		e = row->kind == HSM_SIGN_ECDSA ? verify_ec(att, u) : verify_rsa(&att->request.inner.key, u, row);
	if (e)
		receipt_fail(j->v, RECEIPT_CHECK_SIGNATURES, use->line,
			     "the signature is not by key %u over this digest", u->key);
}

void receipt_check_signatures(const struct receipt_judging *j)
{
	for (size_t i = 0; i < j->r->uses_n; i++)
		if (j->r->uses[i].u.kind == RECEIPT_SIGN) {
			check_signature(j, &j->r->uses[i]);
			j->out->signatures++;
		}
	receipt_pass(j->v, RECEIPT_CHECK_SIGNATURES, "%zu signatures verify with their attested keys",
		     j->out->signatures);
}

/* ---- limits ---- */

static bool is_key_allowed(const struct receipt_judging *j, uint8_t key)
{
	const struct receipt_read_key *k = receipt_key_find(j->r, key);

	return j->out->limits.all_keys || (k && pka_limits_has_key(&j->out->limits, k->k.label, k->k.id));
}

static bool is_mech_allowed(const struct pka_limits *l, uint8_t alg)
{
	static const enum pka_mech mechs[HSM_SIGN_KINDS] = {
		[HSM_SIGN_RSA_RAW] = PKA_RSA_RAW, [HSM_SIGN_RSA_PKCS] = PKA_RSA_PKCS,
		[HSM_SIGN_RSA_PSS] = PKA_RSA_PSS, [HSM_SIGN_ECDSA] = PKA_ECDSA,
	};
	const struct hsm_sign_row *row = hsm_sign_find(alg);

	return row && l->mechs & 1u << mechs[row->kind];
}

/* Each signature of one digest is another, but for cards that derive the random number (RFC 6979). */
static bool is_mech_random(uint8_t alg)
{
	const struct hsm_sign_row *row = hsm_sign_find(alg);

	return row && (row->kind == HSM_SIGN_ECDSA || row->kind == HSM_SIGN_RSA_PSS);
}

static bool is_in_time(const struct receipt_judging *j, int64_t when)
{
	const struct pka_limits *l = &j->out->limits;

	return l->seconds == PKA_UNLIMITED || when - j->r->when <= (int64_t)l->seconds + LATE_SECONDS;
}

static void check_use(const struct receipt_judging *j, const struct receipt_read_use *use, int64_t before)
{
	const struct pka_limits *l = &j->out->limits;
	const struct receipt_use *u = &use->u;
	const char *why = NULL, *note = NULL;

	if (!is_key_allowed(j, u->key))
		why = "this key was not approved";
	else if (u->kind == RECEIPT_SIGN && !is_mech_allowed(l, u->alg))
		why = "this mechanism was not approved";
	else if (!is_in_time(j, u->when))
		why = "the time that was approved was over";
	else if (l->has_uid && u->uid != l->uid)
		why = "it was not approved for this user";
	else if (u->kind == RECEIPT_SIGN && j->trust->manifest && l->has_manifest &&
		 !pka_manifest_has(j->trust->manifest, u->digest))
		why = "its digest is not in the manifest that was approved";
	else if (l->has_gid && u->gid != l->gid)
		note = "the client's first group is not the one that was approved; it may be another of its groups";
	else if (u->when < before)
		note = "the time goes back: the clock was set during the session";
	if (why)
		receipt_fail(j->v, RECEIPT_CHECK_USES, use->line, "key %u: %s", u->key, why);
	else if (note)
		receipt_note(j->v, RECEIPT_CHECK_USES, use->line, "key %u: %s", u->key, note);
}

static void check_manifest(const struct receipt_judging *j)
{
	const struct pka_limits *l = &j->out->limits;

	if (!l->has_manifest)
		return;
	if (!j->trust->manifest)
		receipt_note(j->v, RECEIPT_CHECK_USES, j->r->limits_line,
			     "only digests of a manifest were approved, and that is not at hand to compare them with");
	else if (!rd_eq(pka_manifest_hash(j->trust->manifest), RD_ARR(l->manifest)))
		receipt_fail(j->v, RECEIPT_CHECK_USES, j->r->limits_line,
			     "another manifest was approved than the one at hand");
}

/* By key and digest, then by their order in the file. */
static int compare(const void *a, const void *b)
{
	const struct receipt_read_use *x = *(const struct receipt_read_use *const *)a;
	const struct receipt_read_use *y = *(const struct receipt_read_use *const *)b;
	int c;

	if (x->u.key != y->u.key)
		return x->u.key < y->u.key ? -1 : 1;
	if (x->u.digest.n != y->u.digest.n)
		return x->u.digest.n < y->u.digest.n ? -1 : 1;
	c = x->u.digest.n ? memcmp(x->u.digest.p, y->u.digest.p, x->u.digest.n) : 0;
	return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

/*
 * A digest counts once for a key, one that is not shown each time. Which of two signatures is called the repeat does
 * not change their number, but a digest that was never signed before is not one.
 */
static enum err count_distinct(const struct receipt_judging *j)
{
	const struct receipt_read_use **list = calloc(j->r->uses_n + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return ERR_NOMEM;
	for (size_t i = 0; i < j->r->uses_n; i++)
		if (j->r->uses[i].u.kind == RECEIPT_SIGN)
			list[n++] = &j->r->uses[i];
	qsort(list, n, sizeof(*list), compare);
	for (size_t i = 0; i < n; i++) {
		const struct receipt_use *u = &list[i]->u, *before = i ? &list[i - 1]->u : NULL;
		bool known = before && u->digest.n && before->key == u->key && rd_eq(before->digest, u->digest);

		j->out->distinct += !known;
		if (known && is_mech_random(u->alg) && rd_eq(before->signature, u->signature))
			receipt_note(j->v, RECEIPT_CHECK_USES, list[i]->line, "key %u: the same signature twice: few "
				     "cards make that, it may stand in another's place", u->key);
		if (u->repeat && !known)
			receipt_fail(j->v, RECEIPT_CHECK_USES, list[i]->line,
				     "key %u: called a repetition, but this digest was not signed before", u->key);
	}
	free(list);
	return ERR_OK;
}

static void check_counts(const struct receipt_judging *j)
{
	const struct pka_limits *l = &j->out->limits;
	const uint32_t most[] = {
		[RECEIPT_SIGN] = l->sign, [RECEIPT_DECIPHER] = l->decipher, [RECEIPT_DERIVE] = l->derive,
		[RECEIPT_WRAP] = l->wrap,
	};
	static const char *const what[] = { "signatures", "decryptions", "derivations", "wrapped keys" };
	size_t used[] = { l->repeats_counted ? j->out->signatures : j->out->distinct, 0, 0, 0 };

	for (size_t i = 0; i < j->r->uses_n; i++)
		if (j->r->uses[i].u.kind != RECEIPT_SIGN)
			used[j->r->uses[i].u.kind]++;
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (most[i] != PKA_UNLIMITED && used[i] > most[i])
			receipt_fail(j->v, RECEIPT_CHECK_USES, 0, "%zu %s, but %" PRIu32 " were approved", used[i],
				     what[i], most[i]);
}

enum err receipt_check_uses(const struct receipt_judging *j)
{
	enum err e = count_distinct(j);
	int64_t before = j->r->when;

	if (e || !j->out->has_limits)   /* then the check counts as not made */
		return e;
	for (size_t i = 0; i < j->r->uses_n; i++) {
		check_use(j, &j->r->uses[i], before);
		before = j->r->uses[i].u.when;
	}
	check_manifest(j);
	check_counts(j);
	receipt_pass(j->v, RECEIPT_CHECK_USES, "all uses are within the limits in force");
	return ERR_OK;
}

/* ---- counters ---- */

static void check_counter(const struct receipt_judging *j, const struct receipt_read_key *k)
{
	uint64_t uses = 0, wraps = 0, gone;

	for (size_t i = 0; i < j->r->uses_n; i++)
		if (j->r->uses[i].u.key == k->k.key)
			*(j->r->uses[i].u.kind == RECEIPT_WRAP ? &wraps : &uses) += 1;
	if (k->left > k->k.counter) {
		receipt_fail(j->v, RECEIPT_CHECK_COUNTERS, k->left_line, "key %u has more uses left than before",
			     k->k.key);
		return;
	}
	gone = k->k.counter - k->left;
	/* Whether wrapping counts is not known (reference sc-hsm-apdu 16, 14). */
	if (gone > uses + wraps)
		receipt_fail(j->v, RECEIPT_CHECK_COUNTERS, k->left_line, "the card counted %" PRIu64 " uses of key %u, "
			     "the receipt lists %" PRIu64 ": %" PRIu64 " missing", gone, k->k.key, uses + wraps,
			     gone - uses - wraps);
	else if (gone < uses)
		receipt_fail(j->v, RECEIPT_CHECK_COUNTERS, k->left_line, "the card counted %" PRIu64 " uses of key %u, "
			     "the receipt lists %" PRIu64, gone, k->k.key, uses);
}

void receipt_check_counters(const struct receipt_judging *j)
{
	size_t counted = 0;

	for (size_t i = 0; i < j->r->keys_n; i++) {
		const struct receipt_read_key *k = &j->r->keys[i];

		if (k->k.has_counter && k->left_line) {
			check_counter(j, k);
			counted++;
		} else if (k->k.has_counter) {
			receipt_note(j->v, RECEIPT_CHECK_COUNTERS, k->line,
				     "the counter of key %u was not read at the end: uses may be missing", k->k.key);
		}
	}
	if (counted < j->r->keys_n)
		receipt_note(j->v, RECEIPT_CHECK_COUNTERS, 0, "%zu of %zu keys have no use counter that was read "
			     "twice: nothing shows whether uses of them are missing", j->r->keys_n - counted,
			     j->r->keys_n);
	receipt_pass(j->v, RECEIPT_CHECK_COUNTERS, "the card counted exactly the uses that are listed");
}

void receipt_judge_next(const struct receipt *before, const char *before_name, const struct receipt *r,
			struct receipt_verdict *v)
{
	char shown[SHOWN_MAX / 2];

	(void)text_shown(rd_str(before_name), shown, sizeof(shown));
	for (size_t i = 0; i < r->keys_n; i++) {
		const struct receipt_read_key *k = &r->keys[i], *was = receipt_key_find(before, k->k.key);

		if (!was || !was->left_line || !k->k.has_counter || was->left == k->k.counter)
			continue;
		if (was->left > k->k.counter)
			receipt_fail(v, RECEIPT_CHECK_COUNTERS, k->line, "key %u was used %" PRIu32 " times after %s "
				     "was ended and before this one: no receipt lists them", k->k.key,
				     was->left - k->k.counter, shown);
		else
			receipt_fail(v, RECEIPT_CHECK_COUNTERS, k->line, "key %u has more uses left than when %s was "
				     "ended: another key, or a forged counter", k->k.key, shown);
	}
}
