/* SPDX-License-Identifier: Apache-2.0 */
#include "server/policy/policy_int.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const struct srv_policy_item srv_policy_items[SRV_POLICY_ITEMS] = {
#define ITEM(name, fit, when, refusal, check) { #name, srv_read_##name, srv_show_##name, fit, when, refusal, check }
	ITEM(hosts, NULL, SRV_AT_IDENTIFICATION, ERR_POLICY, srv_check_hosts),
	ITEM(windows, NULL, SRV_AT_IDENTIFICATION, ERR_POLICY, srv_check_windows),
	ITEM(limits, NULL, SRV_AT_IDENTIFICATION, ERR_POLICY, srv_check_limits),
	ITEM(roots, srv_fit_roots, SRV_AT_IDENTIFICATION, ERR_ATTESTATION, srv_check_roots),
	ITEM(chip_auth, NULL, SRV_AT_IDENTIFICATION, ERR_ATTESTATION, srv_check_chip_auth),
	ITEM(attested, NULL, SRV_BEFORE_PEOPLE, ERR_ATTESTATION, srv_check_attested),
	ITEM(deadline, srv_fit_deadline, SRV_NEVER, ERR_OK, NULL),
	ITEM(tell, srv_fit_tell, SRV_NEVER, ERR_OK, NULL),
#undef ITEM
};

void srv_policy_init(struct srv_policy *p)
{
	memset(p, 0, sizeof(*p));
	pka_limits_init(&p->limits);
}

static const struct srv_policy_item *find(const char *name)
{
	size_t i;

	for (i = 0; i < SRV_POLICY_ITEMS; i++)
		if (!strcmp(srv_policy_items[i].name, name))
			return &srv_policy_items[i];
	return NULL;
}

enum err srv_policy_read(const json_t *j, struct srv_policy *out, char *why, size_t cap)
{
	const struct srv_policy_item *it;
	char shown[SRV_POLICY_NAME_MAX + 1];
	enum err e = ERR_OK;
	const char *name;
	json_t *value;

	srv_policy_init(out);
	if (!json_is_object(j)) {
		(void)snprintf(why, cap, "a policy is an object");
		return ERR_FORMAT;
	}
	json_object_foreach((json_t *)(uintptr_t)j, name, value) {
		it = find(name);
		if (!it) {
			(void)snprintf(why, cap, "a policy has no item %s",
				       text_shown(rd_str(name), shown, sizeof(shown)));
			return ERR_FORMAT;
		}
		if (!json_is_null(value))
			e = it->read(value, out, why, cap);
		if (e)
			return e;
	}
	return ERR_OK;
}

enum err srv_policy_parse(struct rd text, struct srv_policy *out, char *why, size_t cap)
{
	json_t *j = srv_json_parse(text, why, cap);
	enum err e = j ? srv_policy_read(j, out, why, cap) : ERR_FORMAT;

	json_decref(j);
	return e;
}

json_t *srv_policy_json(const struct srv_policy *p)
{
	json_t *j = json_object();
	size_t i;

	for (i = 0; j && i < SRV_POLICY_ITEMS; i++)
		if (json_object_set_new(j, srv_policy_items[i].name, srv_policy_items[i].show(p))) {
			json_decref(j);
			j = NULL;
		}
	return j;
}

enum err srv_policy_fits(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap)
{
	enum err e = ERR_OK;
	size_t i;

	for (i = 0; !e && i < SRV_POLICY_ITEMS; i++)
		if (srv_policy_items[i].fit)
			e = srv_policy_items[i].fit(p, s, why, cap);
	return e;
}

static bool is_set(const struct srv_policy_item *it, const struct srv_policy *p)
{
	json_t *shown = it->show(p);
	bool set = !shown || !json_is_null(shown);      /* without memory nothing passes unchecked */

	json_decref(shown);
	return set;
}

/* The next row of this time that is set, from *i on; NULL at the end. */
static const struct srv_policy_item *next(const struct srv_policy *p, enum srv_policy_when when, size_t *i)
{
	const struct srv_policy_item *it;

	while (*i < SRV_POLICY_ITEMS) {
		it = &srv_policy_items[(*i)++];
		if (it->when == when && is_set(it, p))
			return it;
	}
	return NULL;
}

static struct srv_policy_check *add(struct srv_policy_verdict *v, const struct srv_policy_item *it)
{
	struct srv_policy_check *c = &v->v[v->n++];

	*c = (struct srv_policy_check){ .item = it->name, .refusal = it->refusal };
	return c;
}

static const struct srv_policy_check *first_failure(const struct srv_policy_verdict *v, size_t *failures)
{
	const struct srv_policy_check *first = NULL;
	size_t i;

	*failures = 0;
	for (i = 0; i < v->n; i++)
		if (v->v[i].result == ATT_FAIL && !(*failures)++)
			first = &v->v[i];
	return first;
}

bool srv_policy_check(const struct srv_policy *p, enum srv_policy_when when, const struct srv_policy_facts *f,
		      struct srv_policy_verdict *v)
{
	const struct srv_policy_item *it;
	struct srv_policy_check *c;
	size_t i = 0, failures;

	while ((it = next(p, when, &i)) && v->n < SRV_POLICY_ITEMS) {
		c = add(v, it);
		c->result = it->check(p, f, c->text, sizeof(c->text)) ? ATT_PASS : ATT_FAIL;
	}
	return !first_failure(v, &failures);
}

void srv_policy_not_made(const struct srv_policy *p, enum srv_policy_when when, struct srv_policy_verdict *v)
{
	const struct srv_policy_item *it;
	struct srv_policy_check *c;
	size_t i = 0;

	while ((it = next(p, when, &i)) && v->n < SRV_POLICY_ITEMS) {
		c = add(v, it);
		c->result = ATT_NOT_MADE;
		(void)snprintf(c->text, sizeof(c->text), "not checked: the request was refused before");
	}
}

enum err srv_policy_refusal(const struct srv_policy_verdict *v, char *why, size_t cap)
{
	size_t failures;
	const struct srv_policy_check *c = first_failure(v, &failures);

	if (!c)
		return ERR_OK;
	if (failures > 1)
		(void)snprintf(why, cap, "the card's policy refuses it: %s; and %zu more", c->text, failures - 1);
	else
		(void)snprintf(why, cap, "the card's policy refuses it: %s", c->text);
	return c->refusal;
}
