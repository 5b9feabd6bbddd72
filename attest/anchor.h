/* SPDX-License-Identifier: Apache-2.0 */
/* Root certificates we trust. Never from a card. */
#ifndef ATTEST_ANCHOR_H
#define ATTEST_ANCHOR_H

#include "base/crypto_digest.h"
#include "base/cvc.h"

enum att_class {
	ATT_PRODUCTION,             /* the built-in DESRCACC100001 */
	ATT_CONFIGURED              /* one named in [trust] roots */
};

struct att_anchor {
	enum att_class class;
	struct rd bytes;            /* the whole CVC */
	struct cvc cvc;
	enum ec_curve curve;
	uint8_t hash[SHA256_SIZE];
};
struct att_anchors;
/* With or without the built-in root. ERR_BUG: its bytes do not have the hash that stands beside them. */
MUST enum err att_anchors_new(bool production, struct att_anchors **out);
/*
 * Checks that it is a self-signed root, and copies it. The same root again is no error. ERR_FORMAT, ERR_SIGNATURE,
 * ERR_CONDITIONS (another root of that name is there).
 */
MUST enum err att_anchors_add(struct att_anchors *a, struct rd cvc);
MUST enum err att_anchors_add_file(struct att_anchors *a, const char *path);   /* says what is wrong by log_tell */
const struct att_anchor *att_anchors_find(const struct att_anchors *a, struct rd chr);
/* Each becomes what the other was: whoever holds a asks the new roots from now on. */
void att_anchors_swap(struct att_anchors *a, struct att_anchors *b);
void att_anchors_free(struct att_anchors **a);

#endif
