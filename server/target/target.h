/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolment after all its checks: immutable, counted references, one owner thread. */
#ifndef SERVER_TARGET_TARGET_H
#define SERVER_TARGET_TARGET_H

#include "pka/activation.h"

#define SRV_NAME_MAX 64

struct srv_target {
	unsigned refs;
	char device_id[CHR_MAX + 1];
	char path[3 * CHR_MAX];         /* of the chain; "" if unverified */
	char name[SRV_NAME_MAX + 1];    /* the operator's; safe to show */
	bool unverified;
	int64_t row;                    /* the store's name for this enrolment; 0: not kept */
	unsigned n, m;
	struct rd devaut;               /* this and all views below: into arena */
	const struct pka_custodian *custodians; /* m; packed: server/target/shared.h's */
	struct pka_custodian *own;              /* the same, to be filled in; NULL when packed */
	struct rd *pka_files;                   /* m, in the same order; packed: server/target/shared.h's */
	struct pka_archived *archived;
	size_t archived_n;
	uint8_t *arena;
	bool is_packed;
};
/* A new target with one reference, arrays for m and archived_n entries and an arena of that many bytes. */
MUST enum err srv_target_new(unsigned m, size_t archived_n, size_t arena, struct srv_target **out);
/*
 * It is complete: an arena no larger than needed, and PKA files and custodians that other targets have, too, are kept
 * once. Views into the old arena are void. ERR_NOMEM: nothing has changed.
 */
MUST enum err srv_target_pack(struct srv_target *t);
struct srv_target *srv_target_ref(struct srv_target *t);
void srv_target_unref(struct srv_target **t);           /* NULL-safe */
/* The registered key with this holder reference: its index, or m if there is none. */
size_t srv_target_find(const struct srv_target *t, const char *chr);

#endif
