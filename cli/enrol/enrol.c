/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/card/keys.h"
#include "cli/enrol/operator.h"
#include "cli/enrol/policy.h"
#include "cli/line/get.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/remote/api.h"
#include "cli/trust/pkafiles.h"
#include "sc-hsm/auth.h"

#define PATH_TARGETS "/api/v1/targets"

/*
 * The registered names must be those of the files: otherwise the server would wait for people whom the card does
 * not know.
 */
static enum err check_names(struct cli *cli, struct cli_card *c, const struct cli_pkafiles *files)
{
	const struct hsm_pka *pka = &c->status.pka;
	enum err e = ERR_OK;

	if (!c->status.has_pka || pka->missing)
		return cli_refuse(ERR_REFUSED, "card %s has no registered custodians yet: quorum11 register", c->id);
	if (files->n != pka->total)
		return cli_refuse(ERR_REFUSED, "card %s has %u custodians, and there are %zu PKA files", c->id,
				  pka->total, files->n);
	for (unsigned i = 0; i < pka->total && !e; i++) {
		uint8_t buf[CHR_MAX + 1];
		bool authenticated;
		struct wr chr;

		WR_ARR(&chr, buf);
		e = cli_card_fail(c, hsm_pka_key(c->hsm, (uint8_t)i, &chr, &authenticated, &cli->dl),
				  "reading the registered keys");
		if (!e && !cli_pkafiles_get(files, wr_view(&chr)))
			e = cli_refuse(ERR_REFUSED, "card %s: the %uth registered key is in none of the PKA files",
				       c->id, i + 1);
	}
	return e;
}

/*
 * The number of the key on the card that an archived attestation speaks of: the same file, or a certificate with
 * the same key.
 */
static const struct cli_key *find_key(const struct cli_keys *keys, const struct cvc_request *r)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct cli_key *k = &keys->v[i];

		if (k->kind == CE_REQUEST && rd_eq(k->attestation, r->whole))
			return k;
		if (k->kind == CE_CERTIFICATE && k->has_public && k->pub.is_rsa == r->inner.key.is_rsa &&
		    (k->pub.is_rsa ? rd_eq(k->pub.n, r->inner.key.modulus) : rd_eq(k->pub.q, r->inner.key.q)))
			return k;
	}
	return NULL;
}

static enum err add_archive(const struct cli_card *c, const struct cli_keys *keys, const struct att_chain *chain,
			    const char *path, json_t *list)
{
	struct att_verdict v = { .n = 0 };
	const struct cli_key *k;
	struct pka_file f;
	struct att_key key;
	struct wr w;
	enum err e;

	wr_init_heap(&w, FILE_SIZE_MAX);
	e = cli_get_file(path, FILE_SIZE_MAX, &w);
	if (!e && pka_file_read(wr_view(&w), &f) != ERR_OK)
		e = cli_refuse(ERR_FORMAT, "%s: not an archived attestation (quorum11 keygen makes one)", path);
	if (!e && att_key_check(chain, f.request.whole, RD_NONE, &key, &v) != ERR_OK) {
		cli_verdict_tell(path, &v);
		e = cli_refuse(ERR_ATTESTATION, "%s does not prove a key of card %s", path, c->id);
	}
	if (!e) {
		k = find_key(keys, &f.request);
		if (!k)
			e = cli_refuse(ERR_REFUSED, "%s: its key is not on card %s (any more)", path, c->id);
		else if (json_array_append_new(list, json_pack("{s:i, s:o}", "key", k->number, "attestation",
							       cli_api_from_bytes(f.request.whole))))
			e = cli_fail(ERR_NOMEM, "%s", path);
	}
	wr_free(&w);
	return e;
}

static json_t *make_body(const struct cli_args *a, const struct cli_card *c, const struct cli_pkafiles *files,
			 bool unverified, json_t *attestations /* taken */, json_t *policy /* may be NULL */)
{
	json_t *pka = json_array(), *o;

	for (size_t i = 0; i < files->n; i++)
		cli_json_append(&pka, cli_api_from_bytes(wr_view(&files->v[i].bytes)));
	o = json_pack("{s:o, s:i, s:o, s:o}", "devaut", cli_api_from_bytes(wr_view(&c->devaut)), "n",
		      c->status.pka.required, "pka_files", pka, "attestations", attestations);
	if (o && ((a->name && json_object_set_new(o, "name", json_string(a->name))) ||
		  (unverified && json_object_set_new(o, "unverified", json_true())) ||
		  (policy && json_object_set(o, "policy", policy)) ||
		  (a->replace && json_object_set_new(o, "replace", json_true())))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* Each check that the server did not let pass. */
static void tell_verdict(const json_t *answer)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(answer, "verdict"), i, check) {
		const char *result, *text;
		char shown[SHOWN_MAX + 1];

		if (!cli_api_text(check, "result", &result) && strcmp(result, "pass") &&
		    !cli_api_text(check, "text", &text))
			log_tell("  server: %s", text_shown(rd_str(text), shown, sizeof(shown)));
	}
}

static enum err post(struct cli *cli, const char *url, json_t *body /* taken */)
{
	struct cli_operator o;
	json_t *answer = NULL;
	int status = 0;
	enum err e = cli_operator_open(cli, url, &o);

	if (!e && !body)
		e = cli_fail(ERR_NOMEM, "enrolment");
	if (!e)
		e = cli_api_call(cli, o.api, PATH_TARGETS, json_incref(body), &status, &answer);
	if (!e)
		e = cli_api_fail(o.api, status, answer, "enrolment");
	if (e)
		tell_verdict(answer);
	if (status == 409)
		log_tell("--replace replaces the enrolment that is there");
	json_decref(answer);
	json_decref(body);
	cli_operator_close(&o);
	return e;
}

enum err verb_enrol(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const char *url = a->n && strstr(a->v[0], "://") ? a->v[0] : NULL;
	size_t first = url ? 1 : 0;
	struct cli_pkafiles *files = NULL;
	struct att_anchors *anchors = NULL;
	struct att_verdict v = { .n = 0 };
	struct cli_keys *keys = NULL;
	json_t *attestations = json_array(), *policy = NULL;
	struct cli_card card = { .hsm = NULL };
	struct att_chain chain;
	enum err e;

	if (!a->token_file || a->n == first) {
		json_decref(attestations);
		return cli_refuse(ERR_ARG, "enrol needs --token-file and the PKA files of all custodians");
	}
	e = a->policy ? cli_policy_read(a->policy, &policy) : ERR_OK;
	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e)
		e = cli_card_choose(cli, &card);
	if (!e && cli_trust_chain(cli, anchors, wr_view(&card.devaut), &chain, &v) != ERR_OK) {
		cli_verdict_tell(card.id, &v);
		e = cli_refuse(ERR_ATTESTATION, "card %s is not proved genuine; " CLI_TRUST_HELP,
			       card.id);
	}
	if (!e)
		e = cli_pkafiles_read(cli, anchors, a->v + first, a->n - first, card.id, &files);
	if (!e)
		e = cli_card_hold(cli, &card);
	if (!e)
		e = check_names(cli, &card, files);
	if (!e)
		e = cli_keys_read(cli, &card, &keys);
	cli_card_release(&card);
	for (size_t i = 0; i < a->archive.n && !e; i++)
		e = add_archive(&card, keys, &chain, a->archive.v[i], attestations);
	if (!e) {
		e = post(cli, url, make_body(a, &card, files, !chain.is_genuine, attestations, policy));
		attestations = NULL;    /* moved */
	}
	if (!e)
		printf("enrolled: card %s (%s), %u of %u custodians, %zu attested %s\n", card.id,
		       chain.is_genuine ? chain.path : "UNVERIFIED", card.status.pka.required, card.status.pka.total,
		       a->archive.n, a->archive.n == 1 ? "key" : "keys");
	json_decref(attestations);
	json_decref(policy);
	cli_card_close(cli, &card, false);
	cli_keys_free(&keys);
	cli_pkafiles_free(&files);
	att_anchors_free(&anchors);
	return e;
}
