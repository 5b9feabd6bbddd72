/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual card as a link, without pcscd. */
#ifndef TEST_LINK_VCARD_H
#define TEST_LINK_VCARD_H

#include "apdu/link.h"
#include "test/vcard/vcard.h"

/*
 * The card stays the caller's and must outlive the link. Closing with reset_card, and reset, clear its volatile
 * state.
 */
MUST enum err link_vcard_open(struct vcard *v, struct apdu_link **out);

#endif
