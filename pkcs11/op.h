/* SPDX-License-Identifier: Apache-2.0 */
/* An operation in progress in a session: signing, verifying or hashing, in one part or several. */
#ifndef PKCS11_OP_H
#define PKCS11_OP_H

#include "pkcs11/mech.h"

struct p11_op {
	const struct p11_mech *mech;            /* NULL: none active */
	const struct p11_object *key;           /* lives as long as the card is in, and so as the session is valid */
	bool in_parts;                          /* an Update was called */
	struct digest *hash;                    /* if the mechanism hashes */
	size_t n;                               /* otherwise collected in data */
	uint8_t data[P11_BLOCK_MAX];
};
void p11_op_end(struct p11_op *op);

struct p11_call;
CK_RV p11_sign_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_sign_once(struct p11_call *c, struct rd data, CK_BYTE *sig, CK_ULONG *n);
CK_RV p11_sign_part(struct p11_call *c, struct rd data);
CK_RV p11_sign_end(struct p11_call *c, CK_BYTE *sig, CK_ULONG *n);

CK_RV p11_verify_begin(struct p11_call *c, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);
CK_RV p11_verify_once(struct p11_call *c, struct rd data, struct rd sig);
CK_RV p11_verify_part(struct p11_call *c, struct rd data);
CK_RV p11_verify_end(struct p11_call *c, struct rd sig);

CK_RV p11_digest_begin(struct p11_call *c, const CK_MECHANISM *m);
CK_RV p11_digest_once(struct p11_call *c, struct rd data, CK_BYTE *hash, CK_ULONG *n);
CK_RV p11_digest_part(struct p11_call *c, struct rd data);
CK_RV p11_digest_end(struct p11_call *c, CK_BYTE *hash, CK_ULONG *n);

#endif
