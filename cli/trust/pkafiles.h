/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The custodians' PKA files that were named as operands, checked one by one and together; used by register and
 * enrol.
 */
#ifndef CLI_TRUST_PKAFILES_H
#define CLI_TRUST_PKAFILES_H

#include "cli/trust/trust.h"

struct cli_pkafile {
	const char *path;
	struct wr bytes;
	struct pka_file file;           /* views into bytes */
	char chr[CHR_MAX + 1], device[CHR_MAX + 1];
	bool genuine;                   /* otherwise UNVERIFIED, and waived */
};
struct cli_pkafiles {
	size_t n;
	struct cli_pkafile v[PKA_CUSTODIANS_MAX];
};
/*
 * Read, check each up to a trusted root (cli_trust_pka_file), and all together against the target
 * (pka_file_set_check). Everything that is wrong is said. ERR_REFUSED, ERR_ATTESTATION, ERR_FORMAT, ERR_IO.
 */
MUST enum err cli_pkafiles_read(const struct cli *cli, const struct att_anchors *anchors, char *const *paths,
				size_t n, const char *target, struct cli_pkafiles **out);
void cli_pkafiles_free(struct cli_pkafiles **f);
/* The file of the key with this holder reference; NULL. */
const struct cli_pkafile *cli_pkafiles_get(const struct cli_pkafiles *f, struct rd chr);

#endif
