/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual SmartCard-HSM. What is uncertain about the real card stands in profiles (profile.h). It shares no code
 * with the driver and keeps its persistent state in one file that is replaced atomically: a kill at any moment leaves
 * a consistent card.
 */
#ifndef VCARD_VCARD_H
#define VCARD_VCARD_H

#include "base/buf.h"

struct vcard;

struct vcard_spec {
	const char *dir;        /* folder of the new card; made if absent */
	const char *profile;    /* NULL: vendor-shared */
	const char *pki;        /* folder of the test PKI with root.cvc, made if absent; NULL: dir/pki */
	const char *id;         /* device id, a holder reference; NULL: a random one */
};
/*
 * Make a blank card. ERR_ARG (no such profile, bad id; said by log_tell), ERR_CONDITIONS (there is a card in dir),
 * ERR_FORMAT (damaged PKI), ERR_IO (errno kept), ERR_CRYPTO, ERR_NOMEM.
 */
MUST enum err vcard_create(const struct vcard_spec *spec);

/*
 * Insert the card of a folder: powered, no application selected. ERR_NOT_FOUND (no card there), ERR_SHARING (another
 * process has it), ERR_FORMAT (damaged state), ERR_IO, ERR_NOMEM. End by vcard_close, NULL-safe.
 */
MUST enum err vcard_open(const char *dir, struct vcard **out);
void vcard_close(struct vcard **v);

/* Power off or on. Both clear the volatile state; a warm reset is vcard_power(v, true). */
void vcard_power(struct vcard *v, bool on);
struct rd vcard_atr(const struct vcard *v);
struct rd vcard_id(const struct vcard *v);                     /* holder reference of the device certificate */
const char *vcard_profile_name(const struct vcard *v);

/*
 * One command. Appends data || SW; whatever the bytes, there is a status word. ERR_BUFFER or ERR_NOMEM only if rsp
 * cannot hold the answer (at most APDU_RSP_MAX bytes).
 */
MUST enum err vcard_exchange(struct vcard *v, struct rd capdu, struct wr *rsp);

/* How long a Nitrokey HSM 2 would have taken for the last command, milliseconds; 0 for all but signatures. */
unsigned vcard_delay_ms(const struct vcard *v);

#endif
