/* SPDX-License-Identifier: Apache-2.0 */
#include "server/target/enrol.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pka/file.h"
#include "server/base/json.h"

/* What is being enrolled, on its way through the checks. */
struct work {
	const struct att_anchors *anchors;
	int64_t now;
	struct srv_target *t;
	struct pka_file *files;         /* m */
	struct wr arena;                /* into t->arena */
	struct att_chain chain;
	bool may_be_unverified;
	struct srv_enrol_report *r;
};

static PRINTF(3, 4) enum err refuse(struct work *w, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->r->why, sizeof(w->r->why), fmt, ap);
	va_end(ap);
	return e;
}

/* The bytes of a base64url member, kept in the arena. */
static enum err bytes_take(struct work *w, const json_t *j, struct rd *out)
{
	size_t start = w->arena.n;
	enum err e = srv_json_read_bytes(j, &w->arena);

	*out = rd_of(w->arena.p + start, w->arena.n - start);
	return !e && !out->n ? ERR_FORMAT : e;
}

static enum err files_take(struct work *w, const json_t *list)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; !e && i < w->t->m; i++) {
		e = bytes_take(w, json_array_get(list, i), &w->t->pka_files[i]);
		if (!e)
			e = pka_file_read(w->t->pka_files[i], &w->files[i]);
		if (e)
			e = refuse(w, ERR_FORMAT, "pka_files[%zu] is no PKA file in base64url", i);
	}
	return e;
}

static enum err attestations_take(struct work *w, json_t *list)
{
	struct srv_target *t = w->t;
	enum err e = ERR_OK;
	json_t *attestation;
	int key;
	size_t i, k;

	for (i = 0; !e && i < t->archived_n; i++) {
		if (json_unpack(json_array_get(list, i), "{s:i, s:o !}", "key", &key, "attestation", &attestation) ||
		    key < 0 || key > KEYS_MAX)
			return refuse(w, ERR_FORMAT,
				      "attestations[%zu] is no {\"key\": 0..%d, \"attestation\": \"...\"}", i,
				      KEYS_MAX);
		t->archived[i].key = (uint8_t)key;
		e = bytes_take(w, attestation, &t->archived[i].attestation);
		if (e)
			e = refuse(w, ERR_FORMAT, "attestations[%zu] is not base64url", i);
		for (k = 0; !e && k < i; k++)
			if (t->archived[k].key == key)
				e = refuse(w, ERR_FORMAT, "key %d has two attestations", key);
	}
	return e;
}

/* The members, decoded; nothing is believed yet. */
static enum err members_take(struct work *w, json_t *j, size_t size)
{
	json_t *devaut, *files, *attestations, *policy = NULL;
	const char *name = "";
	int n, unverified = 0, replace = 0;
	json_error_t at;
	char shown[SRV_NAME_MAX + 1];
	enum err e;

	if (json_unpack_ex(j, &at, 0, "{s:o, s:i, s:o, s:o, s?s, s?b, s?b, s?o !}", "devaut", &devaut, "n", &n,
			   "pka_files", &files, "attestations", &attestations, "name", &name, "unverified", &unverified,
			   "replace", &replace, "policy", &policy))
		return refuse(w, ERR_FORMAT, "%s", at.text);
	if (!json_is_array(files) || !json_is_array(attestations))
		return refuse(w, ERR_FORMAT, "pka_files and attestations are lists");
	if (!json_array_size(files) || json_array_size(files) > PKA_CUSTODIANS_MAX)
		return refuse(w, ERR_REFUSED, "a card registers 1 to %d keys, not %zu", PKA_CUSTODIANS_MAX,
			      json_array_size(files));
	if (n < 1 || (size_t)n > json_array_size(files))
		return refuse(w, ERR_REFUSED, "%d of %zu is not possible", n, json_array_size(files));
	if (json_array_size(attestations) > KEYS_MAX + 1)
		return refuse(w, ERR_REFUSED, "more attestations than a card has keys");
	if (strlen(name) > SRV_NAME_MAX || strcmp(name, text_shown(rd_str(name), shown, sizeof(shown))))
		return refuse(w, ERR_FORMAT, "name is over %d bytes or not printable", SRV_NAME_MAX);

	if (policy && srv_policy_read(policy, &w->r->policy, w->r->why, sizeof(w->r->why)))
		return ERR_FORMAT;
	w->r->has_policy = policy != NULL;
	w->r->replace = replace;
	w->may_be_unverified = unverified;
	e = srv_target_new((unsigned)json_array_size(files), json_array_size(attestations), size, &w->t);
	if (e)
		return e;
	w->files = calloc(w->t->m, sizeof(*w->files));
	if (!w->files)
		return ERR_NOMEM;
	wr_init(&w->arena, w->t->arena, size);  /* decoded bytes are fewer than the text's, so it never is too small */
	w->t->n = (unsigned)n;
	memcpy(w->t->name, name, strlen(name) + 1);
	if (bytes_take(w, devaut, &w->t->devaut))
		return refuse(w, ERR_FORMAT, "devaut is not base64url");
	e = files_take(w, files);
	return e ? e : attestations_take(w, attestations);
}

static enum err device_check(struct work *w)
{
	struct srv_target *t = w->t;
	enum err e = att_chain_check(w->anchors, t->devaut, w->now, &w->chain, &w->r->verdict);

	if (e == ERR_FORMAT || (!e && !w->chain.id[0]))
		return refuse(w, ERR_FORMAT, "devaut is no device certificate file");
	if (e)
		return e;
	if (!w->chain.is_genuine && !w->may_be_unverified)
		return refuse(w, ERR_ATTESTATION, "the chain of device %s is not proved", w->chain.id);
	t->unverified = !w->chain.is_genuine;
	memcpy(t->device_id, w->chain.id, sizeof(t->device_id));
	memcpy(t->path, w->chain.path, sizeof(t->path));
	return ERR_OK;
}

/* Nothing but the chain is missing: what an unverified target's custodians have, too. */
static bool lacks_chain_only(const struct att_verdict *v)
{
	struct att_check c = { .number = 0 };

	while (att_verdict_next(v, &c))
		if (c.result != ATT_PASS && c.step > ATT_TIME)
			return false;
	return true;
}

static enum err custodians_check(struct work *w)
{
	struct srv_target *t = w->t;
	struct pka_file_set_problem problem;
	struct att_verdict v;
	enum err e;
	size_t i;

	for (i = 0; i < t->m; i++) {
		v = (struct att_verdict){ 0 };
		e = pka_file_check(&w->files[i], w->anchors, w->now, &v);
		if (e && (e == ERR_NOMEM || !t->unverified || !lacks_chain_only(&v))) {
			w->r->verdict = v;
			return refuse(w, e == ERR_NOMEM ? e : ERR_ATTESTATION, "pka_files[%zu] is not proved", i);
		}
	}
	if (pka_file_set_check(w->files, t->m, rd_str(t->device_id), false, &problem))
		return refuse(w, ERR_REFUSED, "pka_files[%zu]: %s", problem.b, problem.text);
	return ERR_OK;
}

static enum err keys_check(struct work *w)
{
	struct srv_target *t = w->t;
	struct att_verdict v;
	struct att_key key;
	enum err e;
	size_t i;

	for (i = 0; i < t->archived_n; i++) {
		v = (struct att_verdict){ 0 };
		e = att_key_check(&w->chain, t->archived[i].attestation, RD_NONE, &key, &v);
		if (e) {
			w->r->verdict = v;
			return refuse(w, e == ERR_NOMEM ? e : ERR_ATTESTATION,
				      "the attestation of key %u is not proved", t->archived[i].key);
		}
	}
	return ERR_OK;
}

/* After the checks: the references are short and the points fit. */
static enum err custodians_fill(struct work *w)
{
	struct pka_custodian *c;
	const struct cvc *cvc;
	size_t i;

	for (i = 0; i < w->t->m; i++) {
		c = &w->t->own[i];
		cvc = &w->files[i].request.inner;
		if (cvc->chr.n >= sizeof(c->chr) || cvc->key.q.n > sizeof(c->q))
			return ERR_BUG;
		memcpy(c->chr, cvc->chr.p, cvc->chr.n);
		memcpy(c->q, cvc->key.q.p, cvc->key.q.n);
		c->q_size = cvc->key.q.n;
		c->curve = w->files[i].curve;
	}
	return ERR_OK;
}

enum err srv_enrol(const struct att_anchors *anchors, struct rd json, int64_t now, struct srv_target **out,
		   struct srv_enrol_report *r)
{
	struct work w = { .anchors = anchors, .now = now, .r = r };
	json_t *j;
	enum err e;

	*r = (struct srv_enrol_report){ 0 };
	*out = NULL;
	j = srv_json_parse(json, r->why, sizeof(r->why));
	if (!j)
		return ERR_FORMAT;
	e = members_take(&w, j, json.n);
	if (!e)
		e = device_check(&w);
	if (!e)
		e = custodians_check(&w);
	if (!e)
		e = keys_check(&w);
	if (!e)
		e = custodians_fill(&w);
	if (!e)
		e = srv_target_pack(w.t);
	if (e)
		goto out;
	*out = w.t;
	w.t = NULL;
out:
	free(w.files);
	srv_target_unref(&w.t);
	json_decref(j);
	return e;
}

enum err srv_enrol_json(const struct srv_target *t, struct wr *out)
{
	json_t *files = json_array(), *attestations = json_array();
	size_t i;

	for (i = 0; i < t->m; i++)
		srv_json_append(&files, srv_json_bytes(t->pka_files[i]));
	for (i = 0; i < t->archived_n; i++)
		srv_json_append(&attestations, json_pack("{s:i, s:o}", "key", t->archived[i].key, "attestation",
							 srv_json_bytes(t->archived[i].attestation)));
	srv_json_write(json_pack("{s:s, s:b, s:i, s:o, s:o, s:o}", "name", t->name, "unverified", t->unverified, "n",
				 t->n, "devaut", srv_json_bytes(t->devaut), "pka_files", files, "attestations",
				 attestations),
		       out);
	return wr_done(out);
}
