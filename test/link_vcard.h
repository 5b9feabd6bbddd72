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
/* The same in a reader that takes the shortest commands of any that the reference knows (1.2): 478 bytes. */
MUST enum err link_vcard_open_narrow(struct vcard *v, struct apdu_link **out);

#endif
