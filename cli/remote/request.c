/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remote/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/remote/api.h"

#define SECONDS_MAX (7 * 24 * 3600)

/*
 * The members of one value, one row each. A word of the interface is short and lower case; a reference that base/cvc.h
 * accepts is printable, so both can be shown as they are.
 */
enum kind { ID, WORD, WORD_OR_NULL, SHOWN_OR_NULL, CHR, BYTES, HEX, NUMBER, NUMBER_OR_NULL, BOOL };

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
	unsigned max;           /* numbers: largest; WORD, SHOWN: size of the array; HEX: exact size in bytes */
	bool always;            /* also in a request that nobody can decide or end */
};

#define ROW(name, kind, max, always) { #name, kind, offsetof(struct cli_request, name), max, always }
#define SIZE(name) sizeof(((struct cli_request *)0)->name)

static const struct member members[] = {
	ROW(id, ID, SIZE(id), true),
	ROW(state, WORD, SIZE(state), true),
	ROW(result, WORD_OR_NULL, SIZE(result), true),
	ROW(why, SHOWN_OR_NULL, SIZE(why), true),
	ROW(n, NUMBER, PKA_CUSTODIANS_MAX, true),
	ROW(m, NUMBER, PKA_CUSTODIANS_MAX, true),
	ROW(approvals, NUMBER, PKA_CUSTODIANS_MAX, true),
	ROW(mode, WORD, SIZE(mode), true),
	ROW(changed_mode, BOOL, 0, true),
	ROW(seconds_left, NUMBER, SECONDS_MAX, true),
	ROW(host_name, SHOWN_OR_NULL, SIZE(host_name), true),
	ROW(hold_seconds, NUMBER_OR_NULL, SECONDS_MAX, true),
	ROW(device_id, CHR, SIZE(device_id), false),
	ROW(devaut, BYTES, 0, false),
	ROW(challenge, BYTES, 0, false),
	ROW(login_id, HEX, LOGIN_ID_SIZE, false),
	ROW(host_json, BYTES, 0, false),
};

static bool word_is_good(const char *word, size_t cap)
{
	size_t n = strlen(word);

	return n > 0 && n < cap && strspn(word, "abcdefghijklmnopqrstuvwxyz_-") == n;
}

static enum err read_text(const json_t *o, const struct member *m, char *out)
{
	const char *text;

	if (cli_api_text(o, m->name, &text))
		return ERR_PROTOCOL;
	if (m->kind == SHOWN_OR_NULL) {
		(void)text_shown(rd_str(text), out, m->max);
		return ERR_OK;
	}
	if (m->kind == ID ? !cli_api_is_id(text) : m->kind == CHR ? !cvc_reference_is_valid(rd_str(text))
								     : !word_is_good(text, m->max))
		return ERR_PROTOCOL;
	memcpy(out, text, strlen(text) + 1);
	return ERR_OK;
}

static enum err read_hex(const json_t *o, const struct member *m, struct wr *out)
{
	const char *text;

	if (cli_api_text(o, m->name, &text) || text_unhex(rd_str(text), out) || wr_view(out).n != m->max)
		return ERR_PROTOCOL;
	return ERR_OK;
}

static enum err read_bool(const json_t *o, const char *key, bool *out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_is_true(v);
	return json_is_boolean(v) ? ERR_OK : ERR_PROTOCOL;
}

static enum err read_number(const json_t *o, const char *key, unsigned min, unsigned max, unsigned *out)
{
	int64_t v;
	enum err e = cli_api_number(o, key, min, max, &v);

	*out = (unsigned)v;
	return e;
}

static enum err read_member(const json_t *o, const struct member *m, struct cli_request *r)
{
	bool is_null = json_is_null(json_object_get(o, m->name));
	void *at = (char *)r + m->offset;

	switch (m->kind) {
	case WORD_OR_NULL:
	case SHOWN_OR_NULL:
		return is_null ? ERR_OK : read_text(o, m, at);
	case ID:
	case WORD:
	case CHR:
		return read_text(o, m, at);
	case BYTES:
		return cli_api_bytes(o, m->name, at);
	case HEX:
		return read_hex(o, m, at);
	case NUMBER_OR_NULL:
		return is_null ? ERR_OK : read_number(o, m->name, 1, m->max, at);
	case NUMBER:
		return read_number(o, m->name, 0, m->max, at);
	case BOOL:
		return read_bool(o, m->name, at);
	}
	return ERR_BUG;
}

static enum err read_custodians(const json_t *list, struct cli_request *r)
{
	const json_t *o;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) != r->m)
		return ERR_PROTOCOL;
	json_array_foreach(list, i, o) {
		const char *chr, *decision = "";

		if (cli_api_text(o, "chr", &chr) || !cvc_reference_is_valid(rd_str(chr)))
			return ERR_PROTOCOL;
		if (!json_is_null(json_object_get(o, "decision")) && cli_api_text(o, "decision", &decision))
			return ERR_PROTOCOL;
		memcpy(r->custodians[i].chr, chr, strlen(chr) + 1);
		if (strcmp(decision, "approve") == 0)
			r->custodians[i].decision = DECISION_APPROVE;
		else if (strcmp(decision, "deny") == 0)
			r->custodians[i].decision = DECISION_DENY;
		else if (*decision)
			return ERR_PROTOCOL;
		r->custodians_n++;
	}
	return ERR_OK;
}

static enum err read_keys(const json_t *list, struct cli_request *r)
{
	const json_t *o;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > KEYS_MAX)
		return ERR_PROTOCOL;
	json_array_foreach(list, i, o) {
		struct pka_key_facts *k = &r->keys[i];
		struct wr *att = &r->attestations[i];
		const char *label;
		unsigned number;
		enum err e;

		wr_init_heap(att, CVC_MAX);
		r->keys_n++;
		e = read_number(o, "key", 1, KEYS_MAX, &number);
		if (!e)
			e = cli_api_text(o, "label", &label);
		if (!e)
			e = read_bool(o, "attested", &k->is_attested);
		if (!e)
			e = cli_api_bytes(o, "attestation", att);
		if (e)
			return e;
		k->key = (uint8_t)number;
		(void)text_shown(rd_str(label), k->label, sizeof(k->label));
		k->attestation = wr_view(att);
	}
	return ERR_OK;
}

/* Two custodians of one name: then it could not be said who has approved. */
static bool names_are_distinct(const struct cli_request *r)
{
	for (size_t i = 0; i < r->custodians_n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(r->custodians[i].chr, r->custodians[j].chr) == 0)
				return false;
	return true;
}

/* There is something to decide, or to end: then all members count. */
static bool is_whole(const struct cli_request *r)
{
	return cli_request_is_waiting(r) || cli_request_is_open(r);
}

enum err cli_request_read(const json_t *o, struct cli_request **out, const char **bad)
{
	struct cli_request *r = calloc(1, sizeof(*r));
	enum err e = ERR_OK;

	*out = NULL;
	*bad = "";
	if (!r)
		return ERR_NOMEM;
	wr_init_heap(&r->devaut, CVC_MAX);
	wr_init_heap(&r->login_id, LOGIN_ID_SIZE);
	wr_init_heap(&r->host_json, REQUEST_JSON_MAX);
	wr_init_heap(&r->challenge, PKA_CHALLENGE_SIZE);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && !e; i++) {
		*bad = members[i].name;
		if (members[i].always || is_whole(r))
			e = read_member(o, &members[i], r);
	}
	if (!e && is_whole(r)) {
		*bad = "n";
		if (r->n == 0 || r->n > r->m || r->approvals > r->m)
			e = ERR_PROTOCOL;
	}
	if (!e && is_whole(r)) {
		*bad = "custodians";
		e = read_custodians(json_object_get(o, "custodians"), r);
		if (!e && !names_are_distinct(r))
			e = ERR_PROTOCOL;
	}
	if (!e && is_whole(r)) {
		*bad = "keys";
		e = read_keys(json_object_get(o, "keys"), r);
	}
	if (e)
		cli_request_free(&r);
	*out = r;
	return e;
}

bool cli_request_is_waiting(const struct cli_request *r)
{
	return strcmp(r->state, "waiting") == 0;
}

bool cli_request_is_open(const struct cli_request *r)
{
	return strcmp(r->state, "open") == 0;
}

bool cli_request_is_per_key(const struct cli_request *r)
{
	return strcmp(r->mode, "per-key") == 0;
}

void cli_request_free(struct cli_request **r)
{
	if (!*r)
		return;
	for (size_t i = 0; i < (*r)->keys_n; i++)
		wr_free(&(*r)->attestations[i]);
	wr_free(&(*r)->challenge);
	wr_free(&(*r)->host_json);
	wr_free(&(*r)->login_id);
	wr_free(&(*r)->devaut);
	free(*r);
	*r = NULL;
}

struct pka_request cli_request_view(const struct cli_request *r)
{
	return (struct pka_request){
		.login_id = wr_view(&r->login_id), .host_json = wr_view(&r->host_json), .devaut = wr_view(&r->devaut),
		.device_id = r->device_id, .n = r->n, .m = r->m, .keys_n = r->keys_n, .keys = r->keys,
		.challenge = wr_view(&r->challenge),
	};
}
