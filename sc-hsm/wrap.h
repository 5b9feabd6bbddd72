/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapped keys: how they leave a card and come back (reference 3.17, 3.18), what can be seen of one (10.1), and the
 * file in which sc-hsm-tool keeps one with its descriptions (10.2).
 */
#ifndef SC_HSM_WRAP_H
#define SC_HSM_WRAP_H

#include "sc-hsm/domain.h"
#include "sc-hsm/p15.h"

#define HSM_ALG_WRAP 0x92               /* must stand in the list of a key that has one */

struct hsm_wrapped {                    /* views into the blob */
	struct rd kcv;                  /* of the key encryption key */
	enum p15_type type;
	unsigned bits;                  /* of modulus, field or key; 0: its length does not tell, as of AES over 128 */
	struct rd algorithms;           /* allowed ones; empty: all */
};
/* The secret part is as closed to us as to anybody. ERR_FORMAT, ERR_UNSUPPORTED (another kind of key). */
MUST enum err hsm_wrapped_read(struct rd blob, struct hsm_wrapped *out);

struct hsm_backup {                     /* views into the file; description and certificate are whole elements */
	struct rd blob;
	struct rd description;          /* EF C4nn */
	struct rd certificate;          /* EF CEnn; empty: none */
};
MUST enum err hsm_backup_read(struct rd file, struct hsm_backup *out);
MUST enum err hsm_backup_write(const struct hsm_backup *b, struct wr *file);

/*
 * Could a key of this domain with this algorithm list (empty: none) be wrapped? Nobody needs to be logged in. One
 * exchange, or none.
 */
MUST enum err hsm_key_may_leave(struct hsm_card *c, uint8_t domain, struct rd algorithms, bool *may,
				struct deadline *dl);
/* One exchange. ERR_NOT_FOUND: no such key, or its domain is not ready; ERR_ALGORITHM: its list forbids it. */
MUST enum err hsm_key_wrap(struct hsm_card *c, uint8_t key, struct wr *blob, struct deadline *dl);
/*
 * Makes CCnn only. key: a free number. It becomes a key of the domain whose check value it has. ERR_DATA: wrapped under
 * another key encryption key, or changed; ERR_NOT_FOUND: no domain is ready.
 */
MUST enum err hsm_key_unwrap(struct hsm_card *c, uint8_t key, struct rd blob, struct deadline *dl);

#endif
