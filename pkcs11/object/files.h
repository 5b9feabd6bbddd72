/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public files of a card that its objects are made of: those that an earlier process kept, others from the card.
 */
#ifndef PKCS11_OBJECT_FILES_H
#define PKCS11_OBJECT_FILES_H

#include "pkcs11/object/keep.h"
#include "sc-hsm/file.h"

#define P11_FILES_MAX (2 * OBJECTS_MAX)

struct p11_file {
	uint16_t fid;
	bool exists;
	bool old;                       /* not read from the card by us */
	struct rd bytes;
};
struct p11_files {
	struct hsm_fids fids;           /* all that the card has now */
	size_t n;
	struct p11_file v[P11_FILES_MAX];
	struct p11_chunk *bytes;
	bool news;                      /* some were read from the card */
};

MUST enum err p11_files_new(struct p11_files **out);            /* ERR_NOMEM */
void p11_files_free(struct p11_files **f);
void p11_files_forget(struct p11_files *f);                     /* all but the list of the card's files */
/* A file that the card has, or has not (exists false). ERR_NOMEM, ERR_LIMIT. */
MUST enum err p11_files_put(struct p11_files *f, const struct p11_file *file);
/*
 * A view that lives as long as f; *old becomes true if it is not from the card. Errors of hsm_file_read: ERR_NOT_FOUND
 * is remembered, too.
 */
MUST enum err p11_files_get(struct p11_files *f, struct hsm_card *card, uint16_t fid, struct rd *out, bool *old,
			    struct deadline *dl);

#endif
