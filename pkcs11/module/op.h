/* SPDX-License-Identifier: Apache-2.0 */
/* An operation in progress in a session: what all kinds of them have in common. */
#ifndef PKCS11_MODULE_OP_H
#define PKCS11_MODULE_OP_H

#include "pkcs11/mech/mech.h"

struct p11_op {
	struct p11_use use;                     /* mech NULL: none active */
	CK_OBJECT_HANDLE handle;                /* of the key, which may be gone at the next call; 0: none */
	bool is_private;                        /* ... and was seen by a login */
	bool in_parts;                          /* an Update was called */
	bool done;                              /* data is the result, and waits for a buffer that is large enough */
	struct digest *hash;                    /* if the mechanism hashes; from one operation to the next */
	struct wr more;                         /* otherwise collected here, if it may be more than the following */
	size_t n;
	uint8_t data[P11_BLOCK_MAX];            /* the last: who hashes has nothing here */
};
struct p11_token;

/* A key that may be seen now; before it is used p11_op_confirm asks whether it is what the card has. */
CK_RV p11_op_key(struct p11_token *t, CK_OBJECT_HANDLE h, const struct p11_object **out);
CK_RV p11_op_confirm(struct p11_token *t, const struct p11_object *o);
/*
 * Is the key one for the mechanism, and do its attributes allow what flag says (CKF_SIGN, VERIFY, ENCRYPT, DECRYPT or
 * DERIVE)? class: of a key that is no secret one.
 */
CK_RV p11_op_may(const struct p11_mech *mech, const struct p11_object *o, CK_OBJECT_CLASS class, CK_FLAGS flag);
/*
 * Mechanism and parameters; flag: as above, or CKF_DIGEST, and key NULL. m NULL: an active operation ends (PKCS#11 3.0
 * 5.8.1, and the same of each other kind).
 */
CK_RV p11_op_begin(struct p11_token *t, struct p11_op *op, const CK_MECHANISM *m, CK_FLAGS flag,
		   const struct p11_object *key);
/* All of these. */
CK_RV p11_op_begin_key(struct p11_token *t, struct p11_op *op, const CK_MECHANISM *m, CK_OBJECT_HANDLE key,
		       CK_OBJECT_CLASS class, CK_FLAGS flag);
void p11_op_end(struct p11_op *op);                  /* ready for the next one */
void p11_op_free(struct p11_op *op);
/*
 * May a call finish this operation: once as a whole, or after parts? If not, there is none of its kind, and the one in
 * parts goes on (PKCS#11 2.40 5.11: C_Sign cannot end it).
 */
CK_RV p11_op_check(struct p11_token *t, struct p11_op *op, bool once);
/* More data: hashed, or collected up to max bytes. */
CK_RV p11_op_absorb(struct p11_op *op, struct rd data, size_t max);
/* The same as an Update, which ends the operation when it fails. */
CK_RV p11_op_part(struct p11_token *t, struct p11_op *op, struct rd data, size_t (*max)(const struct p11_use *u));
/*
 * The last call of an operation that writes its result to the caller, once as a whole (data: all of it) or after parts
 * (NULL). The result's size is known before it is made: who asks for it, or has too little room, may call again;
 * otherwise the operation is over.
 */
struct p11_op_output {
	size_t (*size)(const struct p11_op *op);
	size_t (*data_max)(const struct p11_op *op);    /* the most that is collected of data that is not hashed */
	CK_RV (*make)(struct p11_token *t, struct p11_op *op, struct wr *out);
};
CK_RV p11_op_finish(struct p11_token *t, struct p11_op *op, const struct p11_op_output *how, const struct rd *data,
		    CK_BYTE *out, CK_ULONG *n);
/* The hash, written to room, or the collected data. */
MUST enum err p11_op_result(struct p11_op *op, struct wr *room, struct rd *out);

#endif
