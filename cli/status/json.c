/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/key/algorithms.h"
#include "cli/line/json.h"
#include "cli/status/status.h"

/* Null: all are allowed. */
static json_t *json_algorithms(const struct cli_key *k)
{
	json_t *list = k->attributes.n ? json_array() : json_null();

	for (size_t i = 0; i < k->attributes.n; i++) {
		char name[32];
		struct wr w;

		WR_ARR(&w, name);
		cli_algorithms_wr(&w, rd_of(&k->attributes.algorithms[i], 1));
		cli_json_append(&list, json_string(wr_cstr(&w)));
	}
	return list;
}

static json_t *json_keys(const struct cli_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->keys->n; i++) {
		const struct cli_key *k = &r->keys->v[i];
		char type[64], why[SHOWN_MAX + 1];
		bool attested = cli_report_is_attested(r, k, why, sizeof(why));

		cli_json_append(&list, json_pack("{s:i, s:s, s:s, s:s, s:s?, s:b, s:s?, s:o, s:i, s:o}", "key",
						 k->number, "label", k->label, "id", k->id, "type",
						 cli_key_type(k, type, sizeof(type)), "chr", *k->chr ? k->chr : NULL,
						 "attested", attested, "why", *why ? why : NULL, "uses_left",
						 k->attributes.has_counter ? json_integer(k->attributes.counter) :
									     json_null(), "key_domain",
						 k->attributes.domain, "algorithms", json_algorithms(k)));
	}
	return list;
}

static json_t *json_certs(const struct cli_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->certs->n; i++) {
		const struct cli_cert *c = &r->certs->v[i];
		struct cli_cert_text t;
		bool readable = cli_report_cert(c, &t);

		cli_json_append(&list, json_pack("{s:s, s:s, s:o, s:s?, s:s?}", "label", c->label, "id", c->id, "key",
						 c->key ? json_integer(c->key->number) : json_null(), "subject",
						 readable ? t.subject : NULL, "until", readable ? t.day : NULL));
	}
	return list;
}

static json_t *json_pka(const struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;
	json_t *names;

	if (!s->has_pka)
		return json_null();
	names = json_array();
	for (size_t i = 0; i < r->names_n; i++)
		cli_json_append(&names, json_pack("{s:s, s:b}", "chr", r->names[i].chr, "authenticated",
						  r->names[i].authenticated));
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "m", s->pka.total, "n", s->pka.required, "missing",
			 s->pka.missing, "authenticated", s->pka.authenticated, "names", names);
}

static json_t *json_options(uint16_t bits)
{
	json_t *list = json_array();

	for (const struct cli_option_word *w = cli_option_words; w->word; w++)
		if (bits & w->bit)
			cli_json_append(&list, json_string(w->word));
	return list;
}

static json_t *json_pin(const struct hsm_status *s)
{
	return json_pack("{s:i, s:b, s:b, s:b}", "tries", s->pin_tries, "blocked", s->pin_blocked, "transport",
			 s->pin_transport, "verified", s->pin_verified);
}

json_t *cli_report_json(const struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;
	char version[16];
	json_t *part[3];

	(void)snprintf(version, sizeof(version), "%u.%u", s->version.major, s->version.minor);
	/* Three parts, so that a format and its arguments can be compared at a glance. */
	part[0] = json_pack("{s:s, s:s?, s:s, s:b, s:s?, s:i, s:o}", "reader", r->card.reader, "device_id",
			    *r->card.id ? r->card.id : NULL, "label", r->card.label, "busy", r->card.busy, "version",
			    r->card.busy ? NULL : version, "platform", s->version.platform, "options",
			    json_options(s->version.options));
	part[1] = json_pack("{s:s, s:b, s:o, s:{s:i}, s:o}", "mode", cli_mode_word(s->mode), "open", s->open, "pin",
			    json_pin(s), "so_pin", "tries", s->so_tries, "pka", json_pka(r));
	part[2] = json_pack("{s:o, s:b, s:b, s:s?, s:o, s:o, s:o}", "memory_free",
			    r->has_memory ? json_integer(r->memory) : json_null(), "genuine", r->chain.is_genuine,
			    "unverified", r->waived && !r->chain.is_genuine, "path",
			    *r->chain.path ? r->chain.path : NULL, "verdict", cli_verdict_json(&r->verdict), "keys",
			    json_keys(r), "certificates", json_certs(r));
	for (size_t i = 1; i < sizeof(part) / sizeof(part[0]); i++) {
		if (part[0] && (!part[i] || json_object_update(part[0], part[i]))) {
			json_decref(part[0]);
			part[0] = NULL;
		}
		json_decref(part[i]);
	}
	return part[0];
}
