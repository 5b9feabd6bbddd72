/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a network may send to a local card. Decides by the command rows: everything not allowed is refused, with data
 * where none belongs, more often than allowed, out of order, or under a secure-messaging class byte (unless
 * vendor_sm). Bytes only.
 */
#ifndef SC_HSM_FILTER_H
#define SC_HSM_FILTER_H

#include "sc-hsm/cmd.h"

struct hsm_filter {
	unsigned profile;                  /* HSM_FOR_LOGIN */
	unsigned custodians;               /* m: at most m + 2 GET CHALLENGE */
	bool vendor_sm;                    /* admit protected commands after chip authentication, by the same headers */
	unsigned count[HSM_OPS];
	bool selected;                     /* the first command was SELECT */
	bool protected_channel;
};
void hsm_filter_init(struct hsm_filter *f, unsigned profile, unsigned custodians, bool vendor_sm);
/* May cmd go to the card? Counts it if so. why: a phrase with the header for people, may be NULL. */
bool hsm_filter_command(struct hsm_filter *f, struct rd cmd, char *why, size_t cap);

#endif
