/* SPDX-License-Identifier: Apache-2.0 */
#include "server/ceremony/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pka/file.h"

#define AT_ONCE 500
#define RESTARTED "the server was restarted, and the card's connection lost; the host has to ask again"

static void text_copy(char *out, size_t cap, const char *text)
{
	(void)snprintf(out, cap, "%s", text);
}

static enum err past_take(struct srv_past *p, const struct srv_kept *r)
{
	char why[100];

	*p = (struct srv_past){ .number = r->number, .target = r->target, .created = r->created, .due = r->due,
				.ended = r->ended, .has_opened = !strcmp(r->outcome, "ok"),
				.may_return = r->may_return };
	text_copy(p->id, sizeof(p->id), r->id);
	text_copy(p->device_id, sizeof(p->device_id), r->device_id);
	text_copy(p->host, sizeof(p->host), r->host);
	text_copy(p->from, sizeof(p->from), r->from);
	if (r->login_id.n != sizeof(p->login_id))
		return ERR_FORMAT;
	memcpy(p->login_id, r->login_id.p, sizeof(p->login_id));
	p->facts = srv_json_parse(rd_str(r->facts), why, sizeof(why));
	return p->facts ? ERR_OK : ERR_FORMAT;
}

static enum err found(void *arg, const struct srv_kept *r)
{
	struct srv_past **out = arg;

	*out = calloc(1, sizeof(**out));
	return *out ? past_take(*out, r) : ERR_NOMEM;
}

enum err srv_past_find(const struct srv_store *s, const struct srv_kept_filter *f, struct srv_past **out)
{
	enum err e;

	*out = NULL;
	e = s->ops->request_each(s->ctx, f, 1, found, out);
	if (e)
		srv_past_free(out);
	return e ? e : *out ? ERR_OK : ERR_NOT_FOUND;
}

enum err srv_past_find_opened(const struct srv_store *s, struct rd login_id, const char *host, struct srv_past **out)
{
	enum err e;

	*out = NULL;
	if (!login_id.n)        /* to the filter it would mean: any */
		return ERR_NOT_FOUND;
	e = srv_past_find(s, &(struct srv_kept_filter){ .login_id = login_id }, out);
	if (!e && (!(*out)->has_opened || strcmp((*out)->host, host))) {
		srv_past_free(out);
		e = ERR_NOT_FOUND;
	}
	return e;
}

void srv_past_free(struct srv_past **p)
{
	if (!*p)
		return;
	json_decref((*p)->facts);
	free(*p);
	*p = NULL;
}

struct each {
	srv_past_take *take;
	void *arg;
};

static enum err one_of(void *arg, const struct srv_kept *r)
{
	const struct each *it = arg;
	struct srv_past p;
	enum err e = past_take(&p, r);

	if (!e)
		e = it->take(it->arg, &p);
	json_decref(p.facts);
	return e;
}

enum err srv_past_each(const struct srv_store *s, const struct srv_kept_filter *f, size_t max, srv_past_take *take,
		       void *arg)
{
	struct each it = { take, arg };

	return s->ops->request_each(s->ctx, f, max, one_of, &it);
}

/* ---- what it says ---- */

static json_t *custodian(const struct srv_past *p, const char *chr)
{
	const json_t *list = json_object_get(p->facts, "custodians");
	const char *name;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		name = json_string_value(json_object_get(one, "chr"));
		if (name && !strcmp(name, chr))
			return one;
	}
	return NULL;
}

bool srv_past_is_seen_by(const struct srv_past *p, const struct srv_identity *who)
{
	return (who->may & SRV_MAY_READ) || ((who->may & SRV_MAY_OWN) && !strcmp(who->name, p->host)) ||
	       ((who->may & SRV_MAY_INBOX) && custodian(p, who->chr));
}

enum err srv_past_host_json(const struct srv_past *p, struct wr *out)
{
	const json_t *j = json_object_get(p->facts, "host_json");

	return json_is_null(j) ? ERR_OK : srv_json_read_bytes(j, out);
}

static const char *text(const json_t *facts, const char *key)
{
	const char *it = json_string_value(json_object_get(facts, key));

	return it ? it : "";
}

void srv_past_words(const json_t *facts, const char *name, struct wr *out)
{
	const json_t *host_json = json_object_get(facts, "host_json");
	json_t *claims = NULL;
	struct wr bytes;
	char why[100];

	wr_init_heap(&bytes, REQUEST_JSON_MAX);
	if (json_is_string(host_json) && !srv_json_read_bytes(host_json, &bytes))
		claims = srv_json_parse(wr_view(&bytes), why, sizeof(why));
	wr_printf(out, "%s %s\n%s\n%s %s\n%s", text(facts, "id"), text(facts, "device_id"), name ? name : "",
		  text(facts, "result"), text(facts, "why"), text(claims, "reason"));
	json_decref(claims);
	wr_free(&bytes);
}

/* ---- with what was enrolled ---- */

/* The enrolment as the operator sent it; NULL: no memory, or it cannot be read. */
static json_t *enrolment(const struct srv_store *s, const struct srv_past *p)
{
	char why[100];
	json_t *j = NULL;
	struct wr text;

	wr_init_heap(&text, HTTP_BODY_MAX);
	if (!s->ops->enrolment(s->ctx, p->target, &text))
		j = srv_json_parse(wr_view(&text), why, sizeof(why));
	wr_free(&text);
	return j;
}

static json_t *attestation_of(const json_t *enrolled, json_int_t key)
{
	const json_t *list = json_object_get(enrolled, "attestations");
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_integer_value(json_object_get(one, "key")) == key)
			return json_object_get(one, "attestation");
	return NULL;
}

static bool attestations_add(json_t *facts, const json_t *enrolled)
{
	const json_t *list = json_object_get(facts, "keys");
	json_t *one, *attestation;
	bool ok = true;
	size_t i;

	json_array_foreach(list, i, one) {
		attestation = attestation_of(enrolled, json_integer_value(json_object_get(one, "key")));
		if (attestation)
			ok &= !json_object_set(one, "attestation", attestation);
	}
	return ok;
}

static enum err end_find(void *arg, const struct srv_kept_decision *d)
{
	json_t *facts = arg;

	return d->decision == PKA_END && json_object_set_new(facts, "ended_by", srv_json_text(d->chr)) ? ERR_NOMEM
												       : ERR_OK;
}

json_t *srv_past_json(const struct srv_store *s, const struct srv_past *p, bool in_full)
{
	json_t *j = json_deep_copy(p->facts), *enrolled = NULL;
	bool ok = j;

	if (ok && p->has_opened)
		ok = !s->ops->decisions(s->ctx, p->number, end_find, j);
	if (ok && in_full) {
		enrolled = enrolment(s, p);
		ok = enrolled && attestations_add(j, enrolled);
	} else if (ok) {
		ok = !json_object_set_new(j, "devaut", json_null()) &&
		     !json_object_set_new(j, "verdict", json_array());
	}
	json_decref(enrolled);
	if (ok)
		return j;
	json_decref(j);
	return NULL;
}

/* The file in base64url among those enrolled whose key is called chr; NULL: there is none. */
static const json_t *pka_file_find(const json_t *enrolled, const char *chr)
{
	const json_t *list = json_object_get(enrolled, "pka_files"), *it = NULL;
	struct pka_file file;
	struct wr bytes;
	json_t *one;
	size_t i;

	wr_init_heap(&bytes, HTTP_BODY_MAX);
	json_array_foreach(list, i, one) {
		wr_reset(&bytes);
		if (!srv_json_read_bytes(one, &bytes) && !pka_file_read(wr_view(&bytes), &file) &&
		    rd_eq_str(file.request.inner.chr, chr)) {
			it = one;
			break;
		}
	}
	wr_free(&bytes);
	return it;
}

enum err srv_past_pka_file(const struct srv_store *s, const struct srv_past *p, const char *chr, struct wr *out)
{
	json_t *enrolled = enrolment(s, p);
	const json_t *file = pka_file_find(enrolled, chr);
	enum err e = !enrolled ? ERR_IO : file ? srv_json_read_bytes(file, out) : ERR_NOT_FOUND;

	json_decref(enrolled);
	return e;
}

/* ---- proofs ---- */

struct proofs {
	const struct srv_past *p;
	json_t *enrolled, *by_chr;      /* by_chr: the last approval of each */
};

/* Those that the card took are those that the request shows at its end; of each the last, as older ones were dead. */
static enum err proof_take(void *arg, const struct srv_kept_decision *d)
{
	struct proofs *it = arg;
	const char *decision = json_string_value(json_object_get(custodian(it->p, d->chr), "decision"));
	const json_t *file;

	if (d->decision != PKA_APPROVE || !d->statement.n || !decision || strcmp(decision, "approve"))
		return ERR_OK;
	file = pka_file_find(it->enrolled, d->chr);
	if (!file)
		return ERR_FORMAT;
	return json_object_set_new(it->by_chr, d->chr,
				   json_pack("{s:o, s:s, s:o, s:o}", "chr", srv_json_text(d->chr), "pka_file",
					     json_string_value(file), "statement", srv_json_bytes(d->statement),
					     "statement_signature", srv_json_bytes(d->statement_sig)))
		       ? ERR_NOMEM
		       : ERR_OK;
}

json_t *srv_past_proofs(const struct srv_store *s, const struct srv_past *p)
{
	struct proofs it = { p, enrolment(s, p), json_object() };
	json_t *list = json_array(), *one;
	const char *chr;

	if (!it.enrolled || !it.by_chr || s->ops->decisions(s->ctx, p->number, proof_take, &it)) {
		json_decref(list);
		list = NULL;
	}
	json_object_foreach(it.by_chr, chr, one)
		srv_json_append(&list, json_incref(one));
	json_decref(it.enrolled);
	json_decref(it.by_chr);
	return list ? json_pack("{s:o}", "proofs", list) : NULL;
}

/* ---- a server begins ---- */

struct lost {
	size_t n;
	char id[AT_ONCE][SRV_ID_SIZE];
};

static enum err lost_take(void *arg, const struct srv_kept *r)
{
	struct lost *l = arg;

	text_copy(l->id[l->n++], SRV_ID_SIZE, r->id);
	return ERR_OK;
}

static enum err decision_show(void *arg, const struct srv_kept_decision *d)
{
	json_t *one = custodian(arg, d->chr);
	const char *decision = d->decision == PKA_APPROVE ? "approve" : "deny";

	if (one && (json_object_set_new(one, "decision", json_string(decision)) ||
		    json_object_set_new(one, "stock", json_boolean(!d->statement.n)) ||
		    json_object_set_new(one, "when", json_integer(d->when))))
		return ERR_NOMEM;
	return ERR_OK;
}

static json_int_t approvals_count(const struct srv_past *p)
{
	const json_t *list = json_object_get(p->facts, "custodians");
	const char *decision;
	json_int_t k = 0;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		decision = json_string_value(json_object_get(one, "decision"));
		k += decision && !strcmp(decision, "approve");
	}
	return k;
}

static enum err ending_write(void *ctx, const struct srv_store *store)
{
	return store->ops->request_put(store->ctx, ctx, RD_NONE, NULL);
}

/* How it stands now: what was decided is shown, and that it came to nothing. */
static enum err facts_end(const struct srv_store *s, struct srv_past *p, struct wr *out)
{
	enum err e = s->ops->decisions(s->ctx, p->number, decision_show, p);
	json_t *end;

	if (e)
		return e;
	end = json_pack("{s:s, s:s, s:s, s:I}", "state", "failed", "result", "server", "why", RESTARTED, "approvals",
			approvals_count(p));
	if (!end || json_object_update(p->facts, end))
		e = ERR_NOMEM;
	json_decref(end);
	if (!e)
		srv_json_write(json_incref(p->facts), out);
	return e ? e : wr_done(out);
}

static enum err lost_end(const struct srv_store *s, struct srv_events *events, const char *instance, const char *id)
{
	struct srv_past *p;
	struct srv_event ev;
	struct srv_kept kept;
	struct wr facts, words;
	json_t *enrolled;
	enum err e = srv_past_find(s, &(struct srv_kept_filter){ .id = id }, &p);

	if (e)
		return e;
	wr_init_heap(&facts, SRV_FACTS_MAX);
	wr_init_heap(&words, SRV_WORDS_MAX);
	enrolled = enrolment(s, p);
	e = facts_end(s, p, &facts);
	if (e)
		goto out;
	srv_past_words(p->facts, json_string_value(json_object_get(enrolled, "name")), &words);
	kept = (struct srv_kept){ .id = p->id, .device_id = p->device_id, .host = p->host, .from = p->from,
				  .login_id = RD_ARR(p->login_id), .target = p->target, .instance = instance,
				  .created = p->created, .due = p->due, .ended = clock_wall_s(), .outcome = "server",
				  .may_return = true, .words = wr_cstr(&words), .facts = wr_cstr(&facts) };
	srv_event_init(&ev, "end", p->id, p->device_id);
	srv_event_word(&ev, "from", p->from);
	srv_event_word(&ev, "result", "failed");
	srv_event_number(&ev, "approvals", json_integer_value(json_object_get(p->facts, "approvals")));
	srv_event_text(&ev, "why", RESTARTED);
	e = srv_event_commit(events, &ev, ending_write, &kept);
out:
	json_decref(enrolled);
	wr_free(&facts);
	wr_free(&words);
	srv_past_free(&p);
	return e;
}

enum err srv_past_restart(const struct srv_store *s, struct srv_events *events, const char *instance)
{
	const struct srv_kept_filter gone = { .not_of = instance };
	struct lost *l = calloc(1, sizeof(*l));
	enum err e = l ? s->ops->begin(s->ctx) : ERR_NOMEM;
	size_t i;

	if (e)
		goto out;
	do {
		l->n = 0;
		e = s->ops->request_each(s->ctx, &gone, AT_ONCE, lost_take, l);
		for (i = 0; i < l->n && !e; i++)
			e = lost_end(s, events, instance, l->id[i]);
	} while (!e && l->n == AT_ONCE);
	e = s->ops->end(s->ctx, e);
out:
	free(l);
	return e;
}
