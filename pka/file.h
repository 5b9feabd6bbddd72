/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKA file: a custodian's public key with its proof, on the way to the provisioner. Both forms of reference
 * public-key-authentication 4.5 are read, the new one is written.
 */
#ifndef PKA_FILE_H
#define PKA_FILE_H

#include "attest/keyatt.h"
#include "sc-hsm/cmd.h"

struct pka_file {                       /* views into the bytes; certificates sorted by content, not by tag */
	struct cvc device, issuer;
	bool has_issuer;
	struct cvc_request request;
	enum ec_curve curve;            /* of the request's key; EC_NONE: not usable for authentication */
};
MUST enum err pka_file_read(struct rd bytes, struct pka_file *out);
/* For a card, into f; verifies: it has a chain of its own, and asks for one (open firmware does not). */
struct hsm_proof pka_file_proof(const struct pka_file *f, bool verifies);
/*
 * Key domain membership (APDU reference 6.3): the same file of the group signer's key under another identifier, with
 * the membership that he has signed.
 */
MUST enum err pka_member_read(struct rd bytes, struct pka_file *out, struct rd *sig);
MUST enum err pka_member_write(const struct pka_file *signer, struct rd sig, struct wr *out);
/* ERR_FORMAT: not a 2F02 and a 67, or the request is of another device. */
MUST enum err pka_file_write(struct rd devaut, struct rd request, struct wr *out);
/* Chain and attestation of the custodian's key. ERR_OK proven, ERR_ATTESTATION (v tells), ERR_FORMAT. */
MUST enum err pka_file_check(const struct pka_file *f, const struct att_anchors *anchors, int64_t now,
			     struct att_verdict *v);

struct pka_file_set_problem { size_t a, b; char text[200]; };
/*
 * May these keys be registered together in target (its device id, may be empty)? Refuses what reference
 * public-key-authentication 4.4 lists: no EC key of 256 bits, CHR twice or of bad form, the same public point twice,
 * two keys of one device (unless same_device), the target's own device. ERR_REFUSED with the first problem.
 */
MUST enum err pka_file_set_check(const struct pka_file *files, size_t n, struct rd target_id, bool same_device,
				 struct pka_file_set_problem *out);

#endif
