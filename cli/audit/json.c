/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "cli/audit/audit.h"
#include "cli/line/json.h"
#include "pka/message.h"
#include "sc-hsm/digest.h"

#define HEX_MAX (2 * DIGEST_MAX + 1)

static json_t *json_hex(struct rd bytes)
{
	char text[HEX_MAX];
	struct wr w;

	if (bytes.n == 0 || bytes.n > DIGEST_MAX)
		return json_null();
	WR_ARR(&w, text);
	wr_hex(&w, bytes);
	return json_stringn(text, w.n);
}

/* Foreign bytes that may be no UTF-8: made safe as for a terminal. */
static json_t *json_shown(struct rd text)
{
	char shown[SHOWN_MAX + 1];

	return json_string(text_shown(text, shown, sizeof(shown)));
}

static json_t *json_people(const struct cli_receipt *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->r->consents_n; i++) {
		const struct receipt_custodian *p = &c->judged.custodians[i];
		char code[PKA_CODE_SIZE] = "";

		if (pka_code(c->r->device_id, c->r->consents[i].c.challenge, c->r->host_json, code))
			code[0] = '\0';
		cli_json_append(&list, json_pack("{s:s, s:s, s:b, s:s, s:s}", "chr", p->chr, "device_id", p->device,
						 "proved", p->is_good, "limits", p->limits, "code", code));
	}
	return list;
}

static json_t *json_keys(const struct cli_receipt *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->r->keys_n; i++) {
		const struct receipt_read_key *k = &c->r->keys[i];

		cli_json_append(&list, json_pack("{s:i, s:o, s:o, s:b, s:o, s:o}", "key", k->k.key, "label",
						 json_shown(k->k.label), "id", json_hex(k->k.id), "attested",
						 c->judged.is_attested[k->k.key], "before",
						 k->k.has_counter ? json_integer(k->k.counter) : json_null(), "after",
						 k->left_line ? json_integer(k->left) : json_null()));
	}
	return list;
}

static json_t *json_uses(const struct cli_receipt *c)
{
	static const char *const kinds[] = { "sign", "decipher", "derive", "wrap" };
	json_t *list = json_array();

	for (size_t i = 0; i < c->r->uses_n; i++) {
		const struct receipt_use *u = &c->r->uses[i].u;
		const struct hsm_sign_row *row = u->kind == RECEIPT_SIGN ? hsm_sign_find(u->alg) : NULL;

		cli_json_append(&list, json_pack("{s:I, s:s, s:I, s:i, s:s?, s:o, s:b, s:I, s:I, s:I, s:o}", "line",
						 (json_int_t)c->r->uses[i].line, "use", kinds[u->kind], "time",
						 (json_int_t)u->when, "key", u->key, "mechanism",
						 row ? row->name : NULL, "digest", json_hex(u->digest), "again",
						 u->repeat, "uid", (json_int_t)u->uid, "gid", (json_int_t)u->gid,
						 "pid", (json_int_t)u->pid, "program_claimed",
						 json_shown(rd_str(u->program))));
	}
	return list;
}

static json_t *json_checks(const struct receipt_verdict *v)
{
	static const char *const words[] = { "not_made", "pass", "note", "fail" };
	json_t *list = json_array();

	for (size_t i = 0; i < RECEIPT_CHECKS; i++)
		cli_json_append(&list, json_pack("{s:s, s:s, s:I, s:I, s:s}", "check",
						 receipt_check_name((enum receipt_check)i), "result",
						 words[v->v[i].result], "line", (json_int_t)v->v[i].line, "count",
						 (json_int_t)v->v[i].count, "text", v->v[i].text));
	return list;
}

static json_t *json_end(const struct receipt *r)
{
	if (!r->has_end)
		return json_null();
	return json_pack("{s:I, s:o}", "time", (json_int_t)r->end_when, "why", json_shown(rd_str(r->why)));
}

json_t *cli_audit_json(const struct cli_receipt *c)
{
	const struct receipt *r = c->r;
	json_t *part[2];
	json_t *claimed = json_loadb((const char *)r->host_json.p, r->host_json.n, JSON_REJECT_DUPLICATES, NULL);

	part[0] = json_pack("{s:o, s:b, s:o, s:s?, s:b, s:I, s:i, s:i, s:o}", "file", json_shown(rd_str(c->path)),
			    "proved", receipt_verdict_is_good(&c->verdict), "device_id", json_shown(r->device_id),
			    "path", *c->judged.chain.path ? c->judged.chain.path : NULL, "genuine",
			    c->judged.chain.is_genuine, "time", (json_int_t)r->when, "n", r->n, "m", r->m,
			    "custodians", json_people(c));
	part[1] = json_pack("{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "claimed", claimed ? claimed : json_null(),
			    "limits", json_shown(r->limits), "keys", json_keys(c), "distinct",
			    (json_int_t)c->judged.distinct, "uses", json_uses(c), "end", json_end(r), "checks",
			    json_checks(&c->verdict), "last_hash", json_hex(RD_ARR(r->chain.hash)));
	if (part[0] && (!part[1] || json_object_update(part[0], part[1]))) {
		json_decref(part[0]);
		part[0] = NULL;
	}
	json_decref(part[1]);
	return part[0];
}
