/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inbox/travel.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto_ec.h"

#define VERSION 1
#define TIME_MAX INT64_C(253402300799)  /* the end of the year 9999 */

/* An object of these members and no other, of our kind and version. */
static json_t *open_object(struct rd text, const char *kind, const char *const *names, size_t n, const char **bad)
{
	json_t *o = text.n > TRAVEL_MAX ? NULL
					: json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const char *is;
	int64_t v;

	*bad = "quorum11";
	if (json_is_object(o) && !cli_api_text(o, "quorum11", &is) && strcmp(is, kind) == 0) {
		*bad = "v";
		if (!cli_api_number(o, "v", VERSION, VERSION, &v)) {
			const char *name;
			json_t *value;
			size_t known = 2;

			json_object_foreach(o, name, value)
				for (size_t i = 0; i < n; i++)
					known += strcmp(names[i], name) == 0;
			*bad = "(one that is not known)";
			if (known == json_object_size(o))
				return o;
		}
	}
	json_decref(o);
	return NULL;
}

static enum err read_copy(const json_t *o, const char *name, char *out, size_t cap, const char **bad)
{
	const char *text;

	*bad = name;
	if (cli_api_text(o, name, &text) || strlen(text) >= cap)
		return ERR_PROTOCOL;
	memcpy(out, text, strlen(text) + 1);
	return ERR_OK;
}

static enum err read_chr(const json_t *o, const char *name, char out[CHR_MAX + 1], const char **bad)
{
	enum err e = read_copy(o, name, out, CHR_MAX + 1, bad);

	return !e && !cvc_reference_is_valid(rd_str(out)) ? ERR_PROTOCOL : e;
}

static enum err read_time(const json_t *o, int64_t *out, const char **bad)
{
	*bad = "valid_until";
	return cli_api_number(o, *bad, 0, TIME_MAX, out);
}

static enum err read_bytes(const json_t *o, const char *name, size_t min, struct wr *out, const char **bad)
{
	enum err e;

	*bad = name;
	if (!json_is_string(json_object_get(o, name)))
		return ERR_PROTOCOL;
	e = cli_api_bytes(o, name, out);
	return e ? e : wr_view(out).n < min ? ERR_PROTOCOL : ERR_OK;
}

/* Of a card that wants a challenge for each key: all of the turn, or nothing. */
static enum err read_turn(const json_t *turn, struct cli_travel_request *out, const char **bad)
{
	struct wr w;
	enum err e;

	*bad = "turn";
	if (json_is_null(turn))
		return ERR_OK;
	if (!json_is_object(turn) || json_object_size(turn) != 2)
		return ERR_PROTOCOL;
	WR_ARR(&w, out->challenge);
	e = read_chr(turn, "chr", out->turn, bad);
	return e ? e : read_bytes(turn, "challenge", sizeof(out->challenge), &w, bad);
}

enum err cli_travel_request_parse(struct rd text, struct cli_travel_request *out, const char **bad)
{
	static const char *const names[] = { "server", "valid_until", "turn", "request" };
	json_t *o = open_object(text, "request", names, sizeof(names) / sizeof(names[0]), bad);
	enum err e;

	*out = (struct cli_travel_request){ .request = NULL };
	if (!o)
		return ERR_PROTOCOL;
	e = read_copy(o, "server", out->server, sizeof(out->server), bad);
	if (!e)
		e = read_time(o, &out->until, bad);
	if (!e)
		e = read_turn(json_object_get(o, "turn"), out, bad);
	if (!e)
		e = cli_request_read(json_object_get(o, "request"), &out->request, bad);
	if (!e && (!cli_request_is_waiting(out->request) || (*out->turn && !cli_request_is_per_key(out->request)))) {
		*bad = "state";
		e = ERR_PROTOCOL;
	}
	if (e)
		cli_travel_request_free(out);
	json_decref(o);
	return e;
}

void cli_travel_request_free(struct cli_travel_request *t)
{
	cli_request_free(&t->request);
}

enum err cli_travel_decision_parse(struct rd text, struct cli_travel_decision *out, const char **bad)
{
	static const char *const names[] = { "server", "valid_until", "request", "chr", "signature", "statement",
					     "statement_signature" };
	json_t *o = open_object(text, "decision", names, sizeof(names) / sizeof(names[0]), bad);
	enum err e;

	*out = (struct cli_travel_decision){ .server = "" };
	if (!o)
		return ERR_PROTOCOL;
	wr_init_heap(&out->sig, EC_SIG_MAX);
	wr_init_heap(&out->statement, STATEMENT_MAX);
	wr_init_heap(&out->statement_sig, EC_SIG_MAX);
	e = read_copy(o, "server", out->server, sizeof(out->server), bad);
	if (!e)
		e = read_time(o, &out->until, bad);
	if (!e)
		e = read_copy(o, "request", out->id, sizeof(out->id), bad);
	if (!e && !cli_api_is_id(out->id))
		e = ERR_PROTOCOL;
	if (!e)
		e = read_chr(o, "chr", out->chr, bad);
	if (!e)
		e = read_bytes(o, "statement", STATEMENT_MIN, &out->statement, bad);
	if (!e)
		e = read_bytes(o, "statement_signature", 1, &out->statement_sig, bad);
	if (!e && !json_is_null(json_object_get(o, "signature")))
		e = read_bytes(o, "signature", 1, &out->sig, bad);
	if (e)
		cli_travel_decision_free(out);
	json_decref(o);
	return e;
}

void cli_travel_decision_free(struct cli_travel_decision *t)
{
	wr_free(&t->sig);
	wr_free(&t->statement);
	wr_free(&t->statement_sig);
}

/* o is taken. */
static enum err write_object(json_t *o, struct wr *out)
{
	char *text = o ? json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;

	json_decref(o);
	if (!text)
		return ERR_NOMEM;
	wr_text(out, text);
	wr_text(out, "\n");
	free(text);
	return wr_done(out);
}

enum err cli_travel_request_write(const struct cli_travel_request *t, json_t *request, struct wr *out)
{
	json_t *turn = *t->turn ? json_pack("{s:s, s:o}", "chr", t->turn, "challenge",
					    cli_api_from_bytes(RD_ARR(t->challenge)))
				: json_null();

	return write_object(json_pack("{s:s, s:i, s:s, s:I, s:o, s:O}", "quorum11", "request", "v", VERSION, "server",
				      t->server, "valid_until", (json_int_t)t->until, "turn", turn, "request",
				      request), out);
}

enum err cli_travel_decision_write(const struct cli_travel_decision *t, struct wr *out)
{
	json_t *sig = wr_view(&t->sig).n ? cli_api_from_bytes(wr_view(&t->sig)) : json_null();

	return write_object(json_pack("{s:s, s:i, s:s, s:I, s:s, s:s, s:o, s:o, s:o}", "quorum11", "decision", "v",
				      VERSION, "server", t->server, "valid_until", (json_int_t)t->until, "request",
				      t->id, "chr", t->chr, "signature", sig, "statement",
				      cli_api_from_bytes(wr_view(&t->statement)), "statement_signature",
				      cli_api_from_bytes(wr_view(&t->statement_sig))), out);
}
