/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's items demand of a request, and of the server that keeps them. */
#include "server/policy/policy_int.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/base/recipient.h"

/* As in the lists of the settings: a * at the end matches the rest. */
static bool name_fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return n && pattern[n - 1] == '*' ? !strncmp(name, pattern, n - 1) : !strcmp(name, pattern);
}

static bool names_admit(const struct srv_names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (name_fits(names->v[i], name))
			return true;
	return false;
}

/* ---- checks of a request ---- */

bool srv_check_hosts(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	char shown[SRV_POLICY_NAME_MAX + 1];
	bool ok = f->host && names_admit(&p->hosts, f->host);

	if (!f->host)
		(void)snprintf(text, cap, "the host has not proved who it is, by a client certificate or a token");
	else
		(void)snprintf(text, cap, "host %s %s for this card", text_shown(rd_str(f->host), shown, sizeof(shown)),
			       ok ? "may ask" : "may not ask");
	return ok;
}

bool srv_check_windows(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	char clock[SRV_WINDOW_TEXT], zone[SRV_ZONE_TEXT];
	bool ok = srv_windows_admit(&p->windows, f->now);

	srv_zone_clock(&p->windows.zone, f->now, clock);
	srv_zone_write(&p->windows.zone, zone);
	(void)snprintf(text, cap, "%s (%s) is %s the times in which requests may begin", clock, zone,
		       ok ? "within" : "outside");
	return ok;
}

/* The limits that the host asks for; false: it keeps none, as one without an agent, or says nothing about them. */
static bool asked_read(struct rd host_json, struct pka_limits *out)
{
	char why[100];
	json_t *j = host_json.n ? srv_json_parse(host_json, why, sizeof(why)) : NULL;
	const json_t *budget = json_object_get(j, "budget");
	struct rd text = rd_of(json_string_value(budget), json_string_length(budget));
	bool ok = text.n && !pka_limits_read(text, out, why, sizeof(why));

	json_decref(j);
	return ok;
}

bool srv_check_limits(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	const char *item = "";
	struct pka_limits asked;
	bool ok;

	if (!asked_read(f->host_json, &asked)) {
		(void)snprintf(text, cap, "limits are demanded, and the host keeps none: it needs an agent");
		return false;
	}
	ok = pka_limits_within(&p->limits, &asked, &item);
	if (ok)
		(void)snprintf(text, cap, "what is asked for is within the limits");
	else
		(void)snprintf(text, cap, "more is asked for than the limits allow: %s", item);
	return ok;
}

/* The first name of "/ROOT/ISSUER/DEVICE". */
static void root_of(const struct att_chain *c, char *out, size_t cap)
{
	const char *name = c->path[0] == '/' ? c->path + 1 : c->path;

	(void)snprintf(out, cap, "%.*s", (int)strcspn(name, "/"), name);
}

bool srv_check_roots(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	char root[sizeof(f->chain->path)];
	bool ok;

	if (!f->chain->is_genuine) {
		(void)snprintf(text, cap, "the card is not proved by any of the roots");
		return false;
	}
	root_of(f->chain, root, sizeof(root));
	ok = names_admit(&p->roots, root);
	(void)snprintf(text, cap, "the card's chain ends at %s, which is %s of the roots", root, ok ? "one" : "none");
	return ok;
}

/* The proof itself is the ceremony's work, and a card without it does not get far; here stands whether it is asked. */
bool srv_check_chip_auth(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	bool ok = !p->chip_auth || f->chain->is_genuine;

	if (!ok)
		(void)snprintf(text, cap, "the card has no chain, so its key cannot prove anything");
	else
		(void)snprintf(text, cap, "chip authentication is %s", p->chip_auth ? "demanded" : "not asked for");
	return ok;
}

/* A listed key that is not on the card signs nothing. */
bool srv_check_attested(const struct srv_policy *p, const struct srv_policy_facts *f, char *text, size_t cap)
{
	const struct pka_key_facts *k;
	size_t i, n = 0, lacking = 0, first = 0;

	for (i = 0; i < f->keys_n; i++) {
		k = &f->keys[i];
		if (p->attested == SRV_ATTESTED_LISTED && !p->attested_key[k->key])
			continue;
		n++;
		if (!k->is_attested && !lacking++)
			first = i;
	}
	if (lacking)
		(void)snprintf(text, cap, "key %u (%s) is not attested%s", f->keys[first].key, f->keys[first].label,
			       lacking > 1 ? ", and others neither" : "");
	else
		(void)snprintf(text, cap, "%zu of %zu keys must be attested, and are", n, f->keys_n);
	return !lacking;
}

void srv_policy_verdict_pack(struct srv_policy_verdict **v)
{
	struct srv_policy_verdict *less;

	if (!(*v)->n) {
		free(*v);
		*v = NULL;
		return;
	}
	less = realloc(*v, offsetof(struct srv_policy_verdict, v) + (*v)->n * sizeof((*v)->v[0]));
	if (less)
		*v = less;
}

/* ---- what fits a server ---- */

enum err srv_fit_roots(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap)
{
	size_t i;

	for (i = 0; p->has_roots && i < p->roots.n; i++)
		if (!att_anchors_find(s->anchors, rd_str(p->roots.v[i]))) {
			(void)snprintf(why, cap, "root %s is none that the server trusts: see [trust]", p->roots.v[i]);
			return ERR_REFUSED;
		}
	return ERR_OK;
}

enum err srv_fit_deadline(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap)
{
	if (p->deadline <= s->deadline)
		return ERR_OK;
	(void)snprintf(why, cap, "the server ends requests after %u seconds; a longer deadline does not help",
		       s->deadline);
	return ERR_REFUSED;
}

enum err srv_fit_tell(const struct srv_policy *p, const struct srv_policy_server *s, char *why, size_t cap)
{
	size_t i;

	for (i = 0; i < p->tell.n; i++)
		if (!srv_recipients_has(s->recipients, p->tell.v[i])) {
			(void)snprintf(why, cap, "tell: nobody is called %s in [notify] of the server's settings",
				       p->tell.v[i]);
			return ERR_REFUSED;
		}
	return ERR_OK;
}
