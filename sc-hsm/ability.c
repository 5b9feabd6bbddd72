/* SPDX-License-Identifier: Apache-2.0 */
#include "sc-hsm/ability.h"

/*
 * Since which version. "Not 1.x" rows are of features that the first cards cannot have had (1.7, 3.1, 15.22); in which
 * 2.x or 3.x they came is not documented.
 */
static const struct {
	uint8_t major, minor;
	const char *text;
} rows[HSM_ABILITIES] = {
	[HSM_CAN_VERIFY_SO] = { 2, 0, NULL },                                   /* 3.1 */
	/* Reference 3.1: 6984 says there that the card was never initialised, and nothing else. */
	[HSM_CAN_TRANSPORT_PIN] = { 2, 0, "transport PINs" },
	[HSM_CAN_PSS] = { 2, 0, NULL },                                         /* 3.13 */
	[HSM_CAN_PKA] = { 2, 0, "public key authentication" },                  /* not 1.x */
	[HSM_CAN_DOMAINS] = { 2, 0, "key domains" },                            /* not 1.x */
	[HSM_CAN_LIMITS] = { 2, 0, "use counters, lists of algorithms or key domains" }, /* not 1.x */
	[HSM_CAN_AES] = { 2, 0, "AES keys" },                                   /* not 1.x; 3.12: from 3.x, inferred */
	[HSM_CAN_DERIVE] = { 2, 0, "keys derived of keys" },                    /* not 1.x */
	[HSM_CAN_SESSION_PIN] = { 2, 1, "session PINs" },
	[HSM_CAN_TELL_MEMORY] = { 2, 4, NULL },                                 /* 1.6 */
	[HSM_CAN_LARGE_KEYS] = { 3, 0, "keys of this size" },                   /* 3.11 */
	[HSM_CAN_END_SHORT] = { 3, 4, NULL },                                   /* 3.7 */
};

bool hsm_can(const struct hsm_version *v, enum hsm_ability a)
{
	unsigned is = v->major * 256u + v->minor, since = rows[a].major * 256u + rows[a].minor;

	return !is || v->platform == HSM_PLATFORM_OPEN || is >= since;
}

const char *hsm_ability_text(enum hsm_ability a)
{
	return rows[a].text;
}
