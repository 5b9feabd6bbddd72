/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/status/doctor.h"

#define CHR_STANDARD_MAX 16             /* TR-03110 part 3, D */
#define CUSTODIAN_BITS   256

/* Names that makers of keys give to all of theirs (public-key-authentication 4.4). */
static const char *const constant_names[] = { "UTTM00001", "UTDUMMY00000" };
#define CONSTANT_CAR "UTCA00001"

/* As a custodian's key: what other programs have made of its names, and what comes of it. */
static void find_names(struct doctor *d, const char *id, const struct cli_key *k)
{
	const struct ec_domain *domain = ec_domain_get(k->pub.curve);
	const struct cvc *inner = &k->request.inner;
	const char *advice = "make a custodian's key by quorum11 custodian keygen";

	/* Others cannot be registered anyway, and nobody means to. */
	if (k->kind != CE_REQUEST || !domain || domain->bits != CUSTODIAN_BITS)
		return;
	for (size_t i = 0; i < sizeof(constant_names) / sizeof(constant_names[0]); i++)
		if (strcmp(k->chr, constant_names[i]) == 0)
			doctor_find(d, DOCTOR_NOTE, id, advice,
				    "key %u \"%s\" is called %s, as all keys of its maker: a second one of that name "
				    "cannot be registered",
				    k->number, k->label, k->chr);
	if (!cvc_reference_is_valid(inner->chr) || inner->chr.n > CHR_STANDARD_MAX)
		doctor_find(d, DOCTOR_NOTE, id, advice,
			    "key %u \"%s\" cannot be registered: its name %s is not 2 letters and up to 14 more "
			    "characters",
			    k->number, k->label, k->chr);
	if (rd_eq_str(inner->car, CONSTANT_CAR))
		doctor_find(d, DOCTOR_NOTE, id, advice,
			    "key %u \"%s\" names %s as its issuer: a card with open firmware registers it, and then "
			    "never accepts it",
			    k->number, k->label, CONSTANT_CAR);
}

static void find_twice(struct doctor *d, const char *id, const struct cli_keys *keys, size_t at)
{
	const struct cli_key *k = &keys->v[at];

	for (size_t i = 0; i < at; i++) {
		const struct cli_key *other = &keys->v[i];

		if (*k->id && strcmp(k->id, other->id) == 0)
			doctor_find(d, DOCTOR_PROBLEM, id, "delete one, or give it another id (C_SetAttributeValue)",
				    "keys %u and %u have the same id %s: programs take either", other->number,
				    k->number, k->id);
		else if (k->has_description && other->has_description && strcmp(k->label, other->label) == 0)
			doctor_find(d, DOCTOR_NOTE, id, "name them by their ids",
				    "keys %u and %u are both called \"%s\"", other->number, k->number, k->label);
	}
}

static bool is_whole(struct doctor *d, const struct cli_report *r, const struct cli_key *k)
{
	const char *id = r->card.id;
	bool secret = k->has_description && k->description.type == P15_AES;
	char why[SHOWN_MAX + 1];

	if (!k->has_description)
		doctor_find(d, DOCTOR_PROBLEM, id, "what was interrupted when it was made? it can only be deleted",
			    "key %u has no description, and no program sees it", k->number);
	else if (!secret && !k->has_public)
		doctor_find(d, DOCTOR_PROBLEM, id,
			    "quorum11 cert import a certificate of it, or cert delete --archive its attestation",
			    "key %u \"%s\" has no public key on the card, and programs do not see it", k->number,
			    k->label);
	else if (k->kind == CE_REQUEST && r->chain.is_genuine && !cli_report_is_attested(r, k, why, sizeof(why)))
		doctor_find(d, DOCTOR_PROBLEM, id, "do not trust this key", "the attestation of key %u \"%s\": %s",
			    k->number, k->label, why);
	else if (k->attributes.has_counter && !k->attributes.counter)
		doctor_find(d, DOCTOR_PROBLEM, id, "nothing gives a use back: another key", "key %u \"%s\" is used up",
			    k->number, k->label);
	else
		return true;
	return false;
}

void doctor_keys(struct doctor *d, const struct cli_report *r)
{
	size_t good = 0;

	for (size_t i = 0; i < r->keys->n; i++) {
		good += is_whole(d, r, &r->keys->v[i]);
		find_names(d, r->card.id, &r->keys->v[i]);
		find_twice(d, r->card.id, r->keys, i);
	}
	if (good)
		doctor_find(d, DOCTOR_OK, r->card.id, NULL, "%zu %s in order", good, good == 1 ? "key is" : "keys are");
}
