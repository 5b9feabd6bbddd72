/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual cards of one profile, ready for a ceremony: a target initialised n-of-m with its keys, m custodians with a
 * card and an authentication key each, all registered. Whatever cannot be made ends the program.
 */
#ifndef TEST_QUORUM_H
#define TEST_QUORUM_H

#include "pka/activation.h"
#include "sc-hsm/card.h"
#include "test/vcard/vcard.h"

#define QUORUM_KEYS_MAX 4
#define QUORUM_PIN "648219"

struct quorum_card {
	struct vcard *vcard;
	struct hsm_card *card;
	char id[CHR_MAX + 1];
	struct wr devaut;
};
struct quorum_person {
	struct quorum_card card;
	uint8_t key;                    /* its number on his card */
	struct wr file;                 /* PKA file */
};
struct quorum {
	char dir[64];
	bool is_open_firmware;
	unsigned n, m;
	struct quorum_card target;
	struct quorum_person people[PKA_CUSTODIANS_MAX];
	struct pka_custodian custodians[PKA_CUSTODIANS_MAX];
	struct att_anchors *anchors;    /* with the cards' root */
	struct wr attestations[QUORUM_KEYS_MAX];
	struct pka_archived archived[QUORUM_KEYS_MAX];
	struct pka_target enrolment;
};
/*
 * profile: its name; "+pin" behind a vendor's: the target has a PIN besides, which opens it alone as its keys do (of
 * "vendor-per-key" the status tells so, see status_pin_first).
 */
void quorum_open(struct quorum *q, const char *profile, unsigned n, unsigned m);
void quorum_close(struct quorum *q);
/* A P-256 key in the target, made in an opened card that is closed again; its attestation joins the enrolment. */
void quorum_keygen(struct quorum *q, uint8_t key, const char *label);
/* Write a file of the target, in an opened card that is closed again. */
void quorum_write(struct quorum *q, uint16_t fid, struct rd content);
/* SIGN on his own card, ECDSA with SHA-256: the card's whole answer with status word. */
void quorum_sign(struct quorum_person *p, struct rd cmd, struct wr *rsp);

#endif
