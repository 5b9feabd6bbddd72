/* SPDX-License-Identifier: Apache-2.0 */
/* Is this device certificate chain genuine? Reference key-attestation 5, steps 1 to 6 and 12. */
#ifndef ATTEST_CHAIN_H
#define ATTEST_CHAIN_H

#include "attest/anchor.h"
#include "attest/verdict.h"

struct att_chain {                  /* filled as far as it can be parsed, whatever the verdict; views into devaut */
	bool has_issuer;
	bool is_genuine;            /* steps 1 to 6 passed; dates are a separate check */
	enum att_class class;       /* if genuine */
	/*
	 * Of the device key, if that can be used: of a genuine device, or of a self-signed certificate whose own
	 * signature verifies. Otherwise EC_NONE: a chain that does not hold.
	 */
	enum ec_curve curve;
	char id[CHR_MAX + 1];       /* device id: CHR of the device certificate, safe to show; "" if not parsed */
	char path[3 * CHR_MAX];     /* "/DESRCACC1/DEDINK04/DENK0404144"; "" if not genuine */
	struct cvc device, issuer;  /* last: att_chain_pack */
};
/*
 * Adds its checks to v. ERR_OK if the bytes could be parsed (read is_genuine and v!), ERR_FORMAT otherwise. now:
 * seconds since 1970; dates are checked and reported, an expired device certificate does not make it less genuine (the
 * card works on).
 */
MUST enum err att_chain_check(const struct att_anchors *anchors, struct rd devaut, int64_t now, struct att_chain *out,
			      struct att_verdict *v);
/* SHA-256 of the device key's point: by this an address book knows a device again. ERR_FORMAT: there is none. */
MUST enum err att_chain_fingerprint(const struct att_chain *chain, uint8_t out[SHA256_SIZE]);
/* Of one that stands on the heap: gives back the memory of its certificates, which may not be looked at any more. */
void att_chain_pack(struct att_chain **chain);

#endif
