/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/keys.h"
#include "cli/say.h"
#include "cli/trust.h"
#include "sc-hsm/auth.h"

struct name {                   /* a registered key */
	char chr[SHOWN_MAX + 1];
	bool authenticated;
};
struct report {
	struct cli_card card;
	struct cli_keys *keys;
	struct name names[PKA_CUSTODIANS_MAX];
	size_t names_n;
	struct att_chain chain;
	struct att_verdict verdict;     /* of the chain */
	bool waived;                    /* named in [trust] unverified */
};

static const struct { uint16_t bit; const char *word; } options[] = {
	{ HSM_OPT_RESET_RETRY, "reset-retry" }, { HSM_OPT_TRANSPORT_PIN, "transport-pin" }, { HSM_OPT_SESSION_PIN, "session-pin" },
	{ HSM_OPT_REPLACE_PKA, "replace-pka" }, { HSM_OPT_COMBINED, "pka-and-pin" }, { HSM_OPT_RESET_ONLY, "reset-only" },
};
#define OPTIONS_N (sizeof(options) / sizeof(options[0]))

static enum err read_names(struct cli *cli, struct report *r)
{
	const struct hsm_status *s = &r->card.status;
	enum err e = ERR_OK;

	for (unsigned i = 0; s->has_pka && i < s->pka.total && i < PKA_CUSTODIANS_MAX && !e; i++) {
		struct name *n = &r->names[r->names_n];
		uint8_t buf[CHR_MAX + 1];
		struct wr chr;

		WR_ARR(&chr, buf);
		e = hsm_pka_key(r->card.hsm, (uint8_t)i, &chr, &n->authenticated, &cli->dl);
		if (e == ERR_NOT_FOUND) {
			e = ERR_OK;
		} else if (!e) {
			(void)text_shown(wr_view(&chr), n->chr, sizeof(n->chr));
			r->names_n++;
		}
	}
	/* Not every card answers this query (public-key-authentication 3): then the names are just not shown. */
	return e == ERR_UNSUPPORTED || e == ERR_INS ? ERR_OK : cli_card_fail(&r->card, e, "reading the registered keys");
}

/* "attested", or why not, for one key. */
static bool is_attested(const struct report *r, const struct cli_key *k, char *why, size_t cap)
{
	struct att_verdict v = { .n = 0 };
	struct att_key key;
	const char *text = "no attestation on the card";

	*why = 0;
	if (k->kind == CE_CERTIFICATE)
		text = "a certificate has replaced the attestation: see its archived file";
	if (k->kind == CE_REQUEST && !r->chain.is_genuine && !r->waived)
		text = "the card is not proved genuine";
	if (k->kind == CE_REQUEST && (r->chain.is_genuine || r->waived)) {
		if (att_key_check(&r->chain, k->attestation, RD_NONE, &key, &v) == ERR_OK)
			return true;
		text = att_verdict_first_failure(&v) ? att_verdict_first_failure(&v)->text : "not verified";
	}
	(void)snprintf(why, cap, "%s", text);
	return false;
}

static void print_tries(const char *what, int tries, bool blocked)
{
	if (blocked)
		printf("%-12s blocked\n", what);
	else if (tries >= 0)
		printf("%-12s %d %s left\n", what, tries, tries == 1 ? "try" : "tries");
}

static void print_report(const struct report *r)
{
	const struct hsm_status *s = &r->card.status;
	const struct att_check *bad = att_verdict_first_failure(&r->verdict);
	char type[64], why[SHOWN_MAX + 1];

	printf("%-12s %s\n%-12s %s\n%-12s \"%s\"\n", "reader", r->card.reader, "device", *r->card.id ? r->card.id : "(none)", "label",
	       r->card.label);
	if (r->card.busy) {
		printf("%-12s somebody is logged in; version and options are not asked, because that would log him out\n", "in use");
	} else {
		printf("%-12s %u.%u, platform %u\n%-12s", "version", s->version.major, s->version.minor, s->version.platform, "options");
		for (size_t i = 0; i < OPTIONS_N; i++)
			if (s->version.options & options[i].bit)
				printf(" %s", options[i].word);
		printf(" (%04X)\n", s->version.options);
	}
	printf("%-12s %s%s\n", "mode", hsm_mode_text(s->mode), s->open ? ", open" : "");
	print_tries("PIN", s->pin_tries, s->pin_blocked);
	if (s->pin_transport)
		printf("%-12s is a transport PIN, to be changed first\n", "PIN");
	print_tries("SO-PIN", s->so_tries, s->so_tries == 0);
	if (s->has_pka && s->pka.total)
		printf("%-12s %u of %u needed, %u not registered yet, %u authenticated\n", "custodians", s->pka.required, s->pka.total,
		       s->pka.missing, s->pka.authenticated);
	for (size_t i = 0; i < r->names_n; i++)
		printf("%-12s   %s%s\n", "", r->names[i].chr, r->names[i].authenticated ? "  authenticated" : "");
	if (r->chain.is_genuine)
		printf("%-12s genuine, %s%s\n", "chain", r->chain.path, r->chain.class == ATT_CONFIGURED ? " (root by configuration)" : "");
	else
		printf("%-12s %s: %s\n", "chain", r->waived ? "UNVERIFIED" : "NOT GENUINE", bad ? bad->text : "not checked");
	if (r->chain.is_genuine && bad)
		printf("%-12s   %s\n", "", bad->text);
	printf("%-12s %zu\n", "keys", r->keys->n);
	for (size_t i = 0; i < r->keys->n; i++) {
		const struct cli_key *k = &r->keys->v[i];
		bool attested = is_attested(r, k, why, sizeof(why));

		printf("%-12s   %u  %s  \"%s\"  id %s  %s%s%s%s%s\n", "", k->number, cli_key_type(k, type, sizeof(type)), k->label,
		       *k->id ? k->id : "-", *k->chr ? k->chr : "", *k->chr ? "  " : "",
		       !attested ? "NOT ATTESTED: " : r->chain.is_genuine ? "attested" : "attested by an UNVERIFIED device",
		       attested ? "" : why, "");
	}
}

static json_t *json_keys(const struct report *r)
{
	json_t *list = json_array();
	char type[64], why[SHOWN_MAX + 1];

	for (size_t i = 0; i < r->keys->n; i++) {
		const struct cli_key *k = &r->keys->v[i];
		bool attested = is_attested(r, k, why, sizeof(why));

		if (json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:s, s:s?, s:b, s:s?}", "key", k->number, "label", k->label,
							  "id", k->id, "type", cli_key_type(k, type, sizeof(type)), "chr",
							  *k->chr ? k->chr : NULL, "attested", attested, "why", *why ? why : NULL)))
			goto fail;
	}
	return list;
fail:
	json_decref(list);
	return NULL;
}

static json_t *json_pka(const struct report *r)
{
	const struct hsm_status *s = &r->card.status;
	json_t *names = json_array();

	if (!s->has_pka || !s->pka.total) {
		json_decref(names);
		return json_null();
	}
	for (size_t i = 0; i < r->names_n; i++)
		if (json_array_append_new(names, json_pack("{s:s, s:b}", "chr", r->names[i].chr, "authenticated", r->names[i].authenticated))) {
			json_decref(names);
			return NULL;
		}
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "m", s->pka.total, "n", s->pka.required, "missing", s->pka.missing,
			 "authenticated", s->pka.authenticated, "names", names);
}

static json_t *json_verdict(const struct att_verdict *v)
{
	static const char *const words[] = { [ATT_PASS] = "pass", [ATT_FAIL] = "fail", [ATT_NOT_MADE] = "not_made" };
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++)
		if (json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "check", att_step_name(v->v[i].step), "result",
							  words[v->v[i].result], "text", v->v[i].text))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_options(uint16_t bits)
{
	json_t *list = json_array();

	for (size_t i = 0; i < OPTIONS_N; i++)
		if (bits & options[i].bit && json_array_append_new(list, json_string(options[i].word))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_report(const struct report *r)
{
	const struct hsm_status *s = &r->card.status;
	char version[16];

	(void)snprintf(version, sizeof(version), "%u.%u", s->version.major, s->version.minor);
	return json_pack("{s:s, s:s?, s:s, s:b, s:s?, s:i, s:o, s:s, s:b, s:{s:i, s:b, s:b, s:b}, s:{s:i}, s:o, s:b, s:b, s:s?, s:o, s:o}",
			 "reader", r->card.reader, "device_id", *r->card.id ? r->card.id : NULL, "label", r->card.label, "busy",
			 r->card.busy, "version", r->card.busy ? NULL : version, "platform", s->version.platform, "options",
			 json_options(s->version.options), "mode", cli_mode_word(s->mode), "open", s->open, "pin", "tries", s->pin_tries,
			 "blocked", s->pin_blocked, "transport", s->pin_transport, "verified", s->pin_verified, "so_pin", "tries",
			 s->so_tries, "pka", json_pka(r), "genuine", r->chain.is_genuine, "unverified", r->waived && !r->chain.is_genuine,
			 "path", *r->chain.path ? r->chain.path : NULL, "verdict", json_verdict(&r->verdict), "keys", json_keys(r));
}

static enum err fill(struct cli *cli, struct report *r)
{
	struct att_anchors *anchors = NULL;
	enum err e;

	e = cli_trust_load(cli, &anchors);
	if (!e && wr_view(&r->card.devaut).n)
		/* A malformed file is in the verdict. */
		(void)!att_chain_check(anchors, wr_view(&r->card.devaut), clock_wall_s(), &r->chain, &r->verdict);
	r->waived = !r->chain.has_issuer && *r->chain.id && cli_trust_is_waived(cli, r->chain.id);
	att_anchors_free(&anchors);
	if (!e)
		e = cli_card_hold(cli, &r->card);
	if (e)
		return e;
	e = read_names(cli, r);
	if (!e)
		e = cli_keys_read(cli, &r->card, &r->keys);
	cli_card_release(&r->card);
	return e;
}

enum err verb_status(struct cli *cli)
{
	struct report *r = calloc(1, sizeof(*r));
	char reader[PCSC_NAME_MAX];
	enum err e;

	if (!r)
		return cli_fail(ERR_NOMEM, "status");
	e = cli_card_pick(cli, reader);
	if (!e)
		e = cli_fail(cli_card_look(cli, reader, &r->card), "card in %s", r->card.reader);
	if (e) {
		free(r);
		return e;
	}
	e = fill(cli, r);
	if (!e && cli->args->json)
		e = cli_json_print(json_report(r));
	else if (!e)
		print_report(r);
	cli_keys_free(&r->keys);
	cli_card_close(cli, &r->card, false);
	free(r);
	return e;
}
