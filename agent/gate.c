/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/gate.h"

#include <stdio.h>
#include <string.h>

/*
 * SELECT, VERIFY and everything of public key authentication belong to the agent: they would log everybody out, or void
 * the challenge that custodians are signing. Rows that are not here are AGENT_NEVER.
 */
static const struct row {
	enum agent_class class;
	const char *word;       /* of [agent] admit, for what changes the card */
	bool needs_login;
} rows[HSM_OPS] = {
	[HSM_SELECT] = { AGENT_VIEW, NULL, false },
	[HSM_VERIFY_STATUS] = { AGENT_VIEW, NULL, false },
	[HSM_PKA_STATUS] = { AGENT_VIEW, NULL, false },
	[HSM_DEVICE_INFO] = { AGENT_PUBLIC, NULL, false },
	[HSM_ENUMERATE] = { AGENT_PUBLIC, NULL, false },
	[HSM_READ] = { AGENT_PUBLIC, NULL, false },             /* see class_of_read */
	[HSM_PKA_KEY] = { AGENT_PUBLIC, NULL, false },
	[HSM_SELECT_FILE] = { AGENT_ANYONE, NULL, false },      /* a key's attributes, its counter among them */
	[HSM_CHALLENGE] = { AGENT_ANYONE, NULL, false },        /* random numbers; no ceremony runs then */
	[HSM_SIGN] = { AGENT_USE, NULL, true },
	[HSM_DECIPHER] = { AGENT_USE, NULL, true },
	[HSM_CIPHER] = { AGENT_USE, NULL, true },
	[HSM_WRAP] = { AGENT_USE, NULL, true },
	[HSM_DERIVE_EC] = { AGENT_USE_NEW, "generate", true },
	[HSM_UPDATE] = { AGENT_CHANGE, "update", true },
	[HSM_DELETE] = { AGENT_CHANGE, "delete", true },
	[HSM_GENERATE_PAIR] = { AGENT_CHANGE, "generate", true },
	[HSM_GENERATE_AES] = { AGENT_CHANGE, "generate", true },
	[HSM_UNWRAP] = { AGENT_CHANGE, "unwrap", true },
	[HSM_UNWRAP_FILE] = { AGENT_CHANGE, "unwrap", true },
	[HSM_DOMAIN_STATUS] = { AGENT_ANYONE, NULL, false },
	[HSM_KEY_DOMAIN] = { AGENT_CHANGE, "domain", true },
	[HSM_DOMAIN_DELETE] = { AGENT_CHANGE, "domain", true },
	[HSM_DOMAIN_FORGET] = { AGENT_CHANGE, "domain", true },
	[HSM_CHANGE_PIN] = { AGENT_CHANGE, "pin", false },
	[HSM_RESET_RETRY] = { AGENT_CHANGE, "pin", false },
	[HSM_INITIALIZE] = { AGENT_CHANGE, "initialize", false },
};

/* Files that need no login to be read (reference 7.1): of these the module makes its public objects. */
static enum agent_class class_of_read(const struct apdu *a)
{
	static const uint8_t public[] = { HSM_FID_PRKD, HSM_FID_CD, HSM_FID_DCOD, HSM_FID_CA, HSM_FID_EE,
					  HSM_FID_DATA };
	uint16_t fid = HSM_FID(a->p1, a->p2);

	if (fid == HSM_EF_DEVAUT || fid == HSM_EF_TOKENINFO)
		return AGENT_PUBLIC;
	return memchr(public, a->p1, sizeof(public)) ? AGENT_PUBLIC : AGENT_USER;
}

/* Of a key: its attributes, secret to nobody. READ names its file, so nobody minds which one is current. */
static bool is_of_key(const struct apdu *a)
{
	return a->data.n == 2 && a->data.p[0] == HSM_FID_KEY;
}

static bool is_admitted(const struct conf_list *admit, const char *word)
{
	for (size_t i = 0; i < admit->n; i++)
		if (strcmp(admit->v[i], word) == 0)
			return true;
	return false;
}

enum agent_class agent_gate(const struct apdu *a, const struct conf_list *admit, const struct hsm_cmd **row,
			    bool *needs_login, char *why, size_t cap)
{
	const struct row *r;

	*row = hsm_cmd_find(a);
	*needs_login = false;
	if (!*row) {
		(void)snprintf(why, cap, "%02X %02X %02X %02X is no command that the agent knows", a->cla, a->ins,
			       a->p1, a->p2);
		return AGENT_NEVER;
	}
	r = &rows[(*row)->op];
	*needs_login = r->needs_login;
	if (r->word && !is_admitted(admit, r->word)) {
		(void)snprintf(why, cap, "%s needs the operator's leave: admit = %s in section [agent]", (*row)->name,
			       r->word);
		return AGENT_NO_LEAVE;
	}
	if (r->class == AGENT_NEVER || ((*row)->op == HSM_SELECT_FILE && !is_of_key(a))) {
		(void)snprintf(why, cap, "%s is not for clients of an agent", (*row)->name);
		return AGENT_NEVER;
	}
	if ((*row)->op != HSM_READ)
		return r->class;
	*needs_login = class_of_read(a) == AGENT_USER;
	return class_of_read(a);
}

const char *agent_gate_unknown(const struct conf_list *admit)
{
	for (size_t i = 0; i < admit->n; i++) {
		bool known = false;

		for (size_t k = 0; k < HSM_OPS && !known; k++)
			known = rows[k].word && strcmp(rows[k].word, admit->v[i]) == 0;
		if (!known)
			return admit->v[i];
	}
	return NULL;
}
