/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/audit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/line/get.h"
#include "cli/line/json.h"
#include "cli/line/say.h"
#include "cli/trust/trust.h"

#define MANIFEST_FILE_MAX (16 << 20)
#define TEXT_MAX (1 << 30)              /* a receipt of RECEIPT_FILE_MAX for people */

enum err cli_audit_budget(void *ctx, struct rd host_json, struct wr *text)
{
	json_t *o = json_loadb((const char *)host_json.p, host_json.n, JSON_REJECT_DUPLICATES, NULL), *v;
	enum err e = ERR_OK;

	(void)ctx;
	v = json_object_get(o, "budget");
	if (!json_is_object(o) || (v && !json_is_string(v)))
		e = ERR_FORMAT;
	else if (v)
		wr_put(text, rd_of(json_string_value(v), json_string_length(v)));
	json_decref(o);
	return e ? e : wr_done(text);
}

static enum err load_manifest(const char *path, struct pka_manifest **out)
{
	struct wr text;
	size_t line;
	enum err e;

	*out = NULL;
	if (!path)
		return ERR_OK;
	wr_init_heap(&text, MANIFEST_FILE_MAX);
	e = cli_get_file(path, MANIFEST_FILE_MAX, &text);
	if (!e) {
		e = pka_manifest_read(wr_view(&text), out, &line);
		if (e)
			(void)cli_fail(e, "%s, line %zu: no digest in hex", path, line);
	}
	wr_free(&text);
	return e;
}

/* A damaged receipt is judged; another file is just none. */
static bool begins_as_receipt(struct rd file)
{
	struct rd begin;

	return rd_take(&file, sizeof(RECEIPT_BEGIN) - 1, &begin) && rd_eq_str(begin, RECEIPT_BEGIN);
}

static enum err judge(struct cli_receipt *c, const struct receipt_trust *trust)
{
	struct wr file;
	enum err e;

	wr_init_heap(&file, RECEIPT_FILE_MAX);
	e = cli_get_file(c->path, RECEIPT_FILE_MAX, &file);
	if (!e)
		e = cli_fail(receipt_read(wr_view(&file), &c->r, &c->verdict), "%s", c->path);
	if (!e && !c->r->device_id.n && !begins_as_receipt(wr_view(&file)))
		e = cli_refuse(ERR_REFUSED, "%s: not a receipt (quorum11 run and agents write them)", c->path);
	if (!e)
		e = cli_fail(receipt_judge(c->r, trust, &c->judged, &c->verdict), "%s", c->path);
	wr_free(&file);
	return e;
}

/* The receipt of the same device that began last before this one and was ended. */
static const struct cli_receipt *before(const struct cli_receipt *list, size_t n, const struct cli_receipt *c)
{
	const struct cli_receipt *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct cli_receipt *o = &list[i];

		if (o != c && rd_eq(o->r->device_id, c->r->device_id) && o->r->when < c->r->when &&
		    (!best || o->r->when > best->r->when))
			best = o;
	}
	return best;
}

static void judge_order(struct cli_receipt *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct cli_receipt *last = before(list, n, &list[i]);

		if (last)
			receipt_judge_next(last->r, last->path, list[i].r, &list[i].verdict);
	}
}

static enum err print_text(const struct cli_receipt *list, size_t n)
{
	struct wr w;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && !e; i++) {
		wr_init_heap(&w, TEXT_MAX);
		cli_audit_text(&list[i], &w);
		e = cli_fail(wr_done(&w), "%s", list[i].path);
		if (!e)
			fputs(wr_cstr(&w), stdout);
		wr_free(&w);
	}
	return e;
}

static enum err print_json(const struct cli_receipt *list, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		cli_json_append(&all, cli_audit_json(&list[i]));
	return cli_json_print(all);
}

enum err verb_audit_receipt(struct cli *cli)
{
	const struct cli_args *a = cli->args;
	const struct conf_list *unverified = &cli->conf->trust.unverified;
	struct receipt_trust trust = {
		.accepted = (const char *const *)unverified->v, .accepted_n = unverified->n,
		.accept_any = a->unverified, .accept_pin = a->pin_opened, .budget = cli_audit_budget,
	};
	struct cli_receipt *list = calloc(a->n, sizeof(*list));
	struct att_anchors *anchors = NULL;
	struct pka_manifest *manifest = NULL;
	bool good = true;
	enum err e = cli_fail(list ? ERR_OK : ERR_NOMEM, "audit");

	if (!e)
		e = cli_trust_load(cli, &anchors);
	if (!e)
		e = load_manifest(a->manifest, &manifest);
	trust.anchors = anchors;
	trust.manifest = manifest;
	for (size_t i = 0; i < a->n && !e; i++) {
		list[i].path = a->v[i];
		e = judge(&list[i], &trust);
	}
	if (!e) {
		judge_order(list, a->n);
		e = (a->json ? print_json : print_text)(list, a->n);
	}
	for (size_t i = 0; i < a->n && !e; i++)
		good &= receipt_verdict_is_good(&list[i].verdict);
	for (size_t i = 0; list && i < a->n; i++)
		receipt_free(&list[i].r);
	free(list);
	pka_manifest_free(&manifest);
	att_anchors_free(&anchors);
	return e ? e : good ? ERR_OK : ERR_REFUSED;
}
