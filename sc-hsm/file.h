/* SPDX-License-Identifier: Apache-2.0 */
/* Elementary files, reference 3.7 to 3.10 and 7. */
#ifndef SC_HSM_FILE_H
#define SC_HSM_FILE_H

#include "sc-hsm/card.h"

/* The whole file appended to out. ERR_NOT_FOUND, ERR_AUTH, ERR_LIMIT. One exchange where the answer fits one. */
MUST enum err hsm_file_read(struct hsm_card *c, uint16_t fid, struct wr *out, struct deadline *dl);
/* EF.C_DevAut as it is; parse it with cvc_devaut_read. */
MUST enum err hsm_file_devaut(struct hsm_card *c, struct wr *out, struct deadline *dl);
/* Content becomes exactly data: deletes first if a longer file could be there (the card never truncates). */
MUST enum err hsm_file_write(struct hsm_card *c, uint16_t fid, struct rd data, struct deadline *dl);
/*
 * data, and then what describes it, without which nobody sees it. If the card refuses either (ERR_CARD_MEMORY: it is
 * full), neither stays; its answer is that of the refusal.
 */
MUST enum err hsm_file_write_both(struct hsm_card *c, uint16_t fid, struct rd data, uint16_t about_fid, struct rd about,
				  struct deadline *dl);
MUST enum err hsm_file_delete(struct hsm_card *c, uint16_t fid, struct deadline *dl);
struct hsm_fids {
	size_t n;
	uint16_t v[OBJECTS_MAX];
};
MUST enum err hsm_file_list(struct hsm_card *c, struct hsm_fids *out, struct deadline *dl);
bool hsm_fids_has(const struct hsm_fids *f, uint16_t fid);
/*
 * The lowest number from first on under which no file of these kinds (first bytes of file ids) stands on the card.
 * ERR_CARD_MEMORY: all are taken.
 */
MUST enum err hsm_file_free_number(struct hsm_card *c, struct rd kinds, uint8_t first, uint8_t *low,
				   struct deadline *dl);

#endif
